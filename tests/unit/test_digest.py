"""Which business unit is shown a mail that came to no team."""

from __future__ import annotations

import pytest

from bot.engine.digest import areas_of

BOTH = ("CE", "SF")
TABLE: dict[str, tuple[str, set[str], set[str]]] = {
    "a case that it may belong to settles it": ("CE-2027-0007", {"SF"}, {"CE"}),
    "cases of two areas": ("CE-2027-0007, SF-2027-0001", set(), {"CE", "SF"}),
    "a sender whom one area knows": ("", {"SF"}, {"SF"}),
    "a sender whom both know": ("", {"CE", "SF"}, {"CE", "SF"}),
    "a stranger who cites nothing": ("", set(), set()),
    "a guess that is no ref of ours": ("XX-2027-0001", set(), set()),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_areas_that_a_mail_may_be_of(name: str) -> None:
    """Those of the cases it may belong to, else those that know its sender, else none that can be named."""
    guesses, known, shown = TABLE[name]
    assert areas_of(guesses, known, BOTH) == shown
