"""The day of something that has happened, in somebody's words: read where they leave no doubt, else asked for."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from bot.rules.instants import LONDON
from bot.rules.past_day import past_day

MONDAY = datetime(2027, 2, 8, 12, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("I dissent from the conference of Thursday 4 February that no plan is needed.", date(2027, 2, 4)),
        ("The conference was on 4th February 2027.", date(2027, 2, 4)),
        ("The Conference (4/2/27) decided that no plan is needed.", date(2027, 2, 4)),
        ("At the conference on the 4th we were alone.", date(2027, 2, 4)),
        ("At the conference on the 28th we were alone.", date(2027, 1, 28)),
        ("The conference was held on Friday. We meet on 12 February.", date(2027, 2, 5)),
        ("The conference was yesterday.", date(2027, 2, 7)),
        ("The conference of 20 November decided it.", date(2026, 11, 20)),
        ("The conference on 4 February heard us, and the core group meets on 12 February.", None),  # two days
        ("The conference is on 12 February.", None),  # it has not been
        ("The conference of 31 February decided it.", None),
        ("We met on 4 February. The conference was wrong.", None),
        ("The conference was wrong.", None),
    ],
)
def test_the_day_beside_its_name(text: str, day: date | None) -> None:
    """One day in a sentence that names what happened; two, none, or one that lies ahead are no answer."""
    assert past_day(text, "conference", MONDAY) == day


def test_an_answer_to_the_question_needs_no_name() -> None:
    """Who is asked for the day writes the day."""
    assert past_day("Thursday 4 February\n\nBen", "", MONDAY) == date(2027, 2, 4)
