"""Agreed actions out of an outcome: what, who and by when, and no day that the words do not give."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.mail.words.actions import LONGEST, MOST, Action, actions

SENT = datetime(2027, 1, 12, 10, 5, tzinfo=UTC)  # a Tuesday
FIFTEENTH = date(2027, 1, 15)

LINES = [
    ("- joint visit, Fay Marsh, by 15 January", Action("joint visit", "Fay Marsh", FIFTEENTH)),
    ("- joint visit, Fay Marsh, 15/01/2027", Action("joint visit", "Fay Marsh", FIFTEENTH)),
    ("• joint visit, Fay Marsh, by Friday", Action("joint visit", "Fay Marsh", FIFTEENTH)),
    ("2. joint visit, Fay Marsh, by Friday, 15 January 2027", Action("joint visit", "Fay Marsh", FIFTEENTH)),
    ("OUTCOME: joint visit, Fay Marsh, by 15 January", Action("joint visit", "Fay Marsh", FIFTEENTH)),
    ("joint visit, Fay Marsh, by 15 January", Action("joint visit", "Fay Marsh", FIFTEENTH)),
    ("- visit, with school, Fay Marsh, by Friday 15 January", Action("visit, with school", "Fay Marsh", FIFTEENTH)),
    ("- joint visit by 15 January", Action("joint visit", "", FIFTEENTH)),
    ("- joint visit, by 15 January", Action("joint visit", "", FIFTEENTH)),
    ("- joint visit, Fay Marsh", Action("joint visit", "Fay Marsh", None)),
    ("- joint visit", Action("joint visit", "", None)),
    ("- joint visit, Fay Marsh, next Friday", Action("joint visit", "Fay Marsh", None)),
    ("- joint visit, Fay Marsh, by Monday 15 January", Action("joint visit", "Fay Marsh", None)),
    ("- joint visit, Fay Marsh, by 3 January", Action("joint visit", "Fay Marsh", None)),
    ("- joint visit, Fay Marsh, by 30 February", Action("joint visit", "Fay Marsh", None)),
    ("- joint visit, Fay Marsh, 15 January or 18 January", Action("joint visit", "Fay Marsh", None)),
    ("- joint visit, Fay Marsh, within 2 weeks", Action("joint visit", "Fay Marsh", None)),
    ("- joint visit, Fay Marsh, as soon as possible", Action("joint visit", "Fay Marsh", None)),
]  # fmt: skip


@pytest.mark.parametrize(("line", "action"), LINES, ids=[line for line, _ in LINES])
def test_a_line_is_read_or_left_open(line: str, action: Action) -> None:
    """A day stands only where the words leave no doubt about it."""
    assert actions(f"{line}\n", SENT) == (action,)


@pytest.mark.parametrize(
    "line", ["Thank you, all, Fay", "We met, talked, and agreed.", "", "-", "Kind regards, Fay Marsh"]
)
def test_ordinary_lines_are_no_actions(line: str) -> None:
    """A sentence with commas is not taken for an action."""
    assert actions(line, SENT) == ()


@given(st.text(max_size=400))
def test_any_text_gives_bounded_actions(text: str) -> None:
    """Whatever is written, the actions are few and short and none is due before it was agreed."""
    found = actions(f"- {text}\n{text}", SENT)
    assert len(found) <= MOST
    assert all(len(a.what) <= LONGEST and (a.day is None or a.day >= SENT.date()) for a in found)
