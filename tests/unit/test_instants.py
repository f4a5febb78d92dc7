"""Instants in subjects, as a table: "by 5pm Friday", "by 15/01/27", "COP tomorrow", and those that have passed."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.model import Unit, Window
from bot.rules.instants import LONDON
from bot.rules.windows import Requested, granted, requested

TIERS = (Window(24, Unit.HOURS), Window(10, Unit.WORKING_DAYS))
TUESDAY = datetime(2027, 1, 12, 10, 5, tzinfo=LONDON)
DAY_AND_NIGHT = Window(24, Unit.HOURS, "requested")
ODD = ("nonstandard_window",)


def ask(text: str, sent: datetime = TUESDAY) -> Requested:
    return requested(text, sent, TIERS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("by 5pm Friday", "2027-01-15 17:00"),
        ("by 5 p.m. on Friday", "2027-01-15 17:00"),
        ("by Friday 5pm", "2027-01-15 17:00"),
        ("by Friday at 10.30am", "2027-01-15 10:30"),
        ("by 17:00 on Fri 15 January", "2027-01-15 17:00"),
        ("by 1700 Friday", "2027-01-15 17:00"),
        ("by 1700hrs 15/01/27", "2027-01-15 17:00"),
        ("by noon tomorrow", "2027-01-13 12:00"),
        ("by 12 noon tomorrow", "2027-01-13 12:00"),
        ("by 12pm tomorrow", "2027-01-13 12:00"),
        ("by 12am tomorrow", "2027-01-13 00:00"),
        ("by tomorrow", "2027-01-13 17:00"),
        ("by 15/01/27", "2027-01-15 17:00"),
        ("by 15.1.2027", "2027-01-15 17:00"),
        ("by 15-01-2027", "2027-01-15 17:00"),
        ("by 2027-01-15", "2027-01-15 17:00"),
        ("by 15/1", "2027-01-15 17:00"),
        ("by 4/1/28", "2028-01-04 17:00"),
        ("by 1/2", "2027-02-01 17:00"),
        ("by 15th of January", "2027-01-15 17:00"),
        ("by January 15th 2027", "2027-01-15 17:00"),
        ("by Fri 15th Jan, 5pm", "2027-01-15 17:00"),
        ("by 5pm, Friday 15 January 2027", "2027-01-15 17:00"),
        ("by the 15th", "2027-01-15 17:00"),
        ("by the 5th", "2027-02-05 17:00"),
        ("by 30 November", "2027-11-30 17:00"),
        ("by 15/7/27 9am", "2027-07-15 09:00"),
        ("by Monday", "2027-01-18 17:00"),
        ("by next Friday", "2027-01-15 17:00"),
        ("by Tuesday", "2027-01-12 17:00"),
        ("by 9am Tuesday", "2027-01-19 09:00"),
        ("by 9am", "2027-01-13 09:00"),
        ("by 5pm", "2027-01-12 17:00"),
        ("by 5 o'clock Friday", "2027-01-15 17:00"),
        ("by midnight Friday", "2027-01-16 00:00"),
        ("by midnight", "2027-01-13 00:00"),
        ("no later than Wednesday", "2027-01-13 17:00"),
        ("deadline: 15 January", "2027-01-15 17:00"),
        ("before 5pm on Friday", "2027-01-15 17:00"),
        ("COP Friday", "2027-01-15 17:00"),
        ("COB Fri", "2027-01-15 17:00"),
        ("EOD Friday", "2027-01-15 17:00"),
        ("by close of play Friday", "2027-01-15 17:00"),
        ("close of business on Friday", "2027-01-15 17:00"),
        ("by Friday COP", "2027-01-15 17:00"),
        ("Friday COB", "2027-01-15 17:00"),
        ("by end of Friday", "2027-01-15 17:00"),
        ("by the end of the week", "2027-01-15 17:00"),
        ("by COP", "2027-01-12 17:00"),
        ("COP today", "2027-01-12 17:00"),
    ],
)
def test_instants_are_read_day_first_in_london(text: str, expected: str) -> None:
    """A stated day and hour are placed after the day of sending, in office time, and flagged as no tier."""
    found = ask(f"response needed {text} please")
    assert found.by is not None
    assert (found.window, f"{found.by.astimezone(LONDON):%Y-%m-%d %H:%M}", found.flags) == (None, expected, ODD)


@pytest.mark.parametrize(
    "text", ["by 01/01/27", "by 5pm on 11 January 2027", "COP 8/1/27", "by COP today", "by 5pm today", "by COP", "EOD"]
)
def test_a_time_in_the_past_is_dropped_and_said(text: str) -> None:
    """What has passed when the mail is sent asks for nothing: the shortest tier is for whoever knows it."""
    evening = datetime(2027, 1, 12, 18, 0, tzinfo=LONDON)
    assert ask(text, evening) == Requested(flags=("time_in_the_past",))


def test_a_window_beside_a_past_time_stands() -> None:
    """One dead time does not take the living one with it."""
    assert ask("24 hours, by 01/01/27") == Requested(DAY_AND_NIGHT, flags=("time_in_the_past",))


@pytest.mark.parametrize(
    "note", ["Friday", "to Friday 5pm", "until 15 January", "till 5pm Friday", "15/01/27", "by Friday"]
)
def test_a_commands_note_may_name_a_date_without_by(note: str) -> None:
    """After EXTEND a date at the head is a limit by itself; "today" beside an hour is that hour."""
    assert granted(note, TUESDAY, TIERS).by == datetime(2027, 1, 15, 17, tzinfo=LONDON)
    assert granted("to 5pm today", TUESDAY, TIERS).by == datetime(2027, 1, 12, 17, tzinfo=LONDON)


def test_an_instant_sooner_than_the_window_wins() -> None:
    """The shorter of a window and an instant may be the instant."""
    found = ask("10 working days but by noon tomorrow")
    assert (found.window, found.flags) == (None, ("nonstandard_window", "two_times"))
    assert found.by == datetime(2027, 1, 13, 12, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("text", "expected"), [("by 5/1", "2027-01-05"), ("by 5 January", "2027-01-05"), ("by the 5th", "2027-01-05")]
)
def test_a_date_without_a_year_is_the_next_one(text: str, expected: str) -> None:
    """Before Christmas "5 January" is next year's; only what has just passed counts as past."""
    christmas = datetime(2026, 12, 20, 10, 5, tzinfo=LONDON)
    assert ask(text, christmas).by == datetime.fromisoformat(f"{expected} 17:00").replace(tzinfo=LONDON)
    assert ask("by 5/12", christmas) == Requested(flags=("time_in_the_past",))
