"""A configuration of the first release can still be used: `configurations/first_release/` is its config/ as it was."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from bot.case.table import decide
from bot.engine.contacts.books import Books
from bot.model import Arrival, ClosedAs, Inbox, Opening, State
from bot.settings import settings
from tests.unit.case_samples import START, mail

FOLDER = Path(__file__).parents[1] / "configurations/first_release"
POLICIES = sorted(path.stem for path in (FOLDER / "policies").glob("*.yaml"))

RAISING = ("practitioner", "line_manager")


@cache
def first() -> settings.Settings:
    """As it is read today."""
    return settings.load(FOLDER, {})


def test_it_loads_without_a_fault() -> None:
    """One policy file of each kind, one on top of another, with forms, bot.yaml and the directory: `load` refuses
    nothing, and warns of the same as where it was shipped (numbers that are fictional, reviews long past)."""
    assert sorted(first().policies) == POLICIES
    assert len(POLICIES) == 5
    assert {box.policy for box in first().config.mailboxes} == set(POLICIES)
    assert all(one.is_warning for one in first().warnings)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_case_that_was_kept_with_it_opens_and_goes_on(policy: str) -> None:
    """The policy's text as it stands beside a case in the database is read afresh, as where another is configured."""
    kept = f"{Books(first()).text(policy)}\n# as it stood\n"
    book = Books(first(), strict=True).rules(policy, kept, code=str)
    box = next(one for one in first().config.mailboxes if one.policy == policy)
    assert book.policy is not first().policies[policy]
    assert book.policy.stages == first().policies[policy].stages
    raiser = next(row for row in book.directory.rows if row.area == box.area and row.role in RAISING)
    challenge = mail(raiser.email, title=book.policy.intake.subjects[0], to=(box.address,))
    opening = Opening(challenge, Inbox(box.area, box.address, policy, box.team), 7, f"{box.area}-2027-0007")
    case = decide(None, opening, book, START).case
    assert (case.policy, case.state) == (policy, State.AWAITING_RESPONSE)
    assert case.stage in [stage.id for stage in book.policy.stages]
    after = decide(case, Arrival(mail(raiser.email, "WITHDRAW", to=(box.address,)), "our letter"), book, START).case
    assert after.closed_as is ClosedAs.WITHDRAWN
