"""Due dates against the law's own list of bank holidays, typed in here, and an independent way of counting."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest

from bot.model import Due, Unit, Window
from bot.rules import workdays
from bot.rules.workdays import LONDON, calendar

#: England and Wales 2024-2033, month and day, worked out by hand from the rules: Easter from the church's tables,
#: first and last Mondays of May, last Monday of August, substitutes for weekends at Christmas and New Year.
BANK_HOLIDAYS = {
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    2028: "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
    2029: "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26",
    2030: "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26",
    2031: "01-01 04-11 04-14 05-05 05-26 08-25 12-25 12-26",
    2032: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    2033: "01-03 04-15 04-18 05-02 05-30 08-29 12-26 12-27",
}
OFF = [date.fromisoformat(f"{year}-{day}") for year, days in BANK_HOLIDAYS.items() for day in days.split()]
CAL = calendar()

#: Received, then the due days of 1, 2, 3, 5, 7, 8, 10, 13 and 20 working days ("-": not given).
ANNEX = [
    "2026-12-18 12-21 12-22 12-23 12-29 12-31 01-04 01-06 01-11 01-20",
    "2026-12-24 12-29 12-30 12-31 01-05 01-07 01-08 01-12 01-15 01-26",
    "2027-01-11 01-12 01-13 01-14 01-18 01-20 01-21 01-25 01-28 02-08",
    "2027-03-19 03-22 03-23 03-24 03-30 04-01 04-02 04-06 04-09 04-20",
    "2027-03-25 03-30 03-31 04-01 04-05 04-07 04-08 04-12 04-15 04-26",
    "2027-04-26 04-27 04-28 04-29 05-04 05-06 05-07 05-11 05-14 05-25",
    "2027-05-27 05-28 06-01 06-02 06-04 06-08 - 06-11 - -",
]


def wd(n: int) -> Window:
    return Window(n, Unit.WORKING_DAYS)


def hours(n: int) -> Window:
    return Window(n, Unit.HOURS)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def shown(moment: datetime) -> str:
    return f"{moment.astimezone(LONDON):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("row", ANNEX)
def test_annex_calendar(row: str) -> None:
    """Every row of the published test calendar is met, at 17:00, whatever the hour of receipt."""
    received, *dues = row.split()
    for n, expected in zip((1, 2, 3, 5, 7, 8, 10, 13, 20), dues, strict=True):
        if expected != "-":
            year = int(received[:4]) + (expected < received[5:])
            for hour in ("00:00", "14:20", "23:59"):
                due = workdays.due(wd(n), local(f"{received} {hour}"), CAL)
                assert shown(due.at) == f"{year}-{expected} 17:00"


@pytest.mark.parametrize(
    ("window", "start", "end"),
    [
        (hours(24), "2027-01-12 10:05", "2027-01-13 10:05"),
        (hours(24), "2027-01-15 16:45", "2027-01-16 16:45"),
        (wd(6), "2027-01-16 16:45", "2027-01-25 17:00"),
        (hours(24), "2027-03-27 18:00", "2027-03-28 19:00"),
        (wd(10), "2027-03-25 11:00", "2027-04-12 17:00"),
        (wd(5), "2027-03-25 11:00", "2027-04-05 17:00"),
        (hours(24), "2027-10-30 18:00", "2027-10-31 17:00"),
        (wd(10), "2026-12-18 14:20", "2027-01-06 17:00"),
        (hours(24), "2026-12-24 14:30", "2026-12-25 14:30"),
        (wd(7), "2027-01-22 16:10", "2027-02-02 17:00"),
        (wd(3), "2027-01-11 09:00", "2027-01-14 17:00"),
        (wd(7), "2027-01-27 17:00", "2027-02-05 17:00"),
        (wd(2), "2027-02-04 12:00", "2027-02-08 17:00"),
        (Window(1, Unit.MONTHS), "2027-02-04 12:00", "2027-03-04 17:00"),
        (Window(1, Unit.MONTHS), "2027-01-31 12:00", "2027-02-28 17:00"),
        (Window(1, Unit.MONTHS), "2028-01-31 12:00", "2028-02-29 17:00"),
        (Window(13, Unit.MONTHS), "2027-12-15 12:00", "2029-01-15 17:00"),
        (wd(6), "2027-04-23 15:00", "2027-05-04 17:00"),
        (wd(2), "2027-06-07 10:00", "2027-06-09 17:00"),
        (Window(5, Unit.CALENDAR_DAYS), "2027-01-14 10:05", "2027-01-19 10:05"),
        (Window(1, Unit.CALENDAR_DAYS), "2027-03-27 18:00", "2027-03-28 18:00"),
        (Window(1, Unit.CALENDAR_DAYS), "2027-03-27 01:30", "2027-03-28 02:00"),
    ],
)
def test_scenario_dates(window: Window, start: str, end: str) -> None:
    """The due times of the field's own scenarios come out to the minute, over holidays and clock changes."""
    assert shown(workdays.due(window, local(start), CAL).at) == end


@pytest.mark.parametrize(
    ("opened", "limit", "used", "end"),
    [
        ("2027-04-12", 7, 2, "2027-04-19"),
        ("2027-04-12", 13, 2, "2027-04-27"),
        ("2027-04-12", 19, 2, "2027-05-06"),
        ("2027-03-19", 7, 2, "2027-03-30"),
        ("2027-03-19", 13, 2, "2027-04-07"),
        ("2027-03-19", 19, 2, "2027-04-15"),
        ("2027-01-11", 20, 0, "2027-02-08"),
        ("2027-01-11", 2, 5, "2027-01-11"),
    ],
)
def test_ceilings_count_from_receipt_less_the_days_used(opened: str, limit: int, used: int, end: str) -> None:
    """A ceiling counts from the opening mail less the days the policy says are used, and never before that day."""
    found = workdays.ceiling(wd(limit), wd(used), local(f"{opened} 10:00"), CAL)
    assert shown(found.at) == f"{end} 17:00"
    assert f"ceiling of {limit} working days" in found.why


def test_a_ceiling_and_days_used_in_other_units_are_refused() -> None:
    """Hours are never taken from working days in silence."""
    with pytest.raises(ValueError, match="same unit"):
        workdays.ceiling(wd(7), hours(48), local("2027-01-11 10:00"), CAL)


def test_ten_years_agree_with_an_independent_count() -> None:
    """Every start day of 2024-2033 with every window of 1 to 30 agrees with numpy over the holidays typed in above."""
    holidays = np.array(OFF, dtype="datetime64[D]")
    start, last = date(2024, 1, 1), date(2033, 11, 1)
    wrong = []
    for i in range((last - start).days):
        day = start + timedelta(days=i)
        received = datetime.combine(day, time(12), LONDON)
        ours = [workdays.working_day(received, n, CAL) for n in range(1, 31)]
        theirs = np.busday_offset(np.datetime64(day), np.arange(1, 31), roll="backward", holidays=holidays)
        if ours != list(theirs.astype(object)):
            wrong.append(day)
    assert wrong == []


@pytest.mark.parametrize("sunday", ["2027-03-28", "2027-10-31", "2026-03-29", "2026-10-25"])
def test_hours_are_elapsed_over_a_change_of_the_clocks(sunday: str) -> None:
    """From every minute of a weekend on which the clocks change, 24 hours are 24 hours."""
    first = local(f"{sunday} 00:00").astimezone(UTC) - timedelta(days=1)
    for minute in range(2 * 24 * 60):
        at = first + timedelta(minutes=minute)
        assert workdays.due(hours(24), at, CAL).at - at == timedelta(hours=24)


@pytest.mark.parametrize("sunday", ["2027-03-28", "2027-10-31"])
def test_working_days_end_at_local_five_over_a_change_of_the_clocks(sunday: str) -> None:
    """From every minute of such a weekend, the next working day's end is 17:00 on the wall of that Monday or later."""
    first = local(f"{sunday} 00:00").astimezone(UTC) - timedelta(days=1)
    for minute in range(2 * 24 * 60):
        due = workdays.due(wd(1), first + timedelta(minutes=minute), CAL).at.astimezone(LONDON)
        assert (due.hour, due.minute) == (17, 0)
        assert due.date() not in CAL.holidays
        assert due.weekday() < 5


@pytest.mark.parametrize(
    ("day", "wall", "utc"),
    [
        ("2027-03-28", "00:59", "2027-03-28T00:59:00+00:00"),
        ("2027-03-28", "01:00", "2027-03-28T01:00:00+00:00"),
        ("2027-03-28", "01:30", "2027-03-28T01:00:00+00:00"),
        ("2027-03-28", "02:00", "2027-03-28T01:00:00+00:00"),
        ("2027-10-31", "01:30", "2027-10-31T00:30:00+00:00"),
        ("2027-07-01", "09:00", "2027-07-01T08:00:00+00:00"),
    ],
)
def test_wall_times_that_do_not_exist_or_exist_twice(day: str, wall: str, utc: str) -> None:
    """A skipped wall time is the end of the gap, a doubled one its first pass."""
    at = workdays.at_local(date.fromisoformat(day), time.fromisoformat(wall), CAL)
    assert at.astimezone(UTC).isoformat() == utc


@pytest.mark.parametrize(
    ("window", "start", "why"),
    [
        (
            wd(10),
            "2024-08-23 16:40",
            "received Fri 23 Aug 2024, 4:40pm; Mon 26 Aug is a bank holiday (Late Summer Bank Holiday), so day 1 is "
            "Tue 27 Aug; 10 working days end Mon 9 Sep 2024, 5pm",
        ),
        (
            wd(1),
            "2027-01-16 09:00",
            "received Sat 16 Jan 2027, 9am; day 1 is Mon 18 Jan; 1 working day ends Mon 18 Jan 2027, 5pm",
        ),
        (
            wd(3),
            "2026-12-23 12:00",
            "received Wed 23 Dec 2026, 12 noon; day 1 is Thu 24 Dec; Fri 25 Dec is a bank holiday (Christmas Day), "
            "Mon 28 Dec is a bank holiday (substitute day for Boxing Day); 3 working days end Wed 30 Dec 2026, 5pm",
        ),
        (
            hours(24),
            "2027-03-27 18:00",
            "received Sat 27 Mar 2027, 6pm; 24 hours, nights and weekends too, end Sun 28 Mar 2027, 7pm; "
            "the clocks go forward in between",
        ),
        (
            hours(24),
            "2027-10-30 18:00",
            "received Sat 30 Oct 2027, 6pm; 24 hours, nights and weekends too, end Sun 31 Oct 2027, 5pm; "
            "the clocks go back in between",
        ),
    ],
)
def test_every_due_date_explains_itself(window: Window, start: str, why: str) -> None:
    """The explanation names the start, what was not counted and why, and the end."""
    assert workdays.due(window, local(start), CAL).why == why


def test_the_explanation_says_what_the_clock_began_with() -> None:
    """A stage that began when its letter was served does not claim that anything was received then."""
    assert workdays.due(wd(1), local("2027-01-11 09:00"), CAL, "served").why.startswith("served Mon 11 Jan")


def test_configured_days_are_added_and_removed() -> None:
    """Closure days of the configuration stop the count and are called so; a removed bank holiday is worked."""
    closed = calendar(closures=(date(2026, 12, 29), date(2026, 12, 25)), remove=(date(2026, 12, 28),))
    due = workdays.due(wd(2), local("2026-12-24 10:00"), closed)
    assert shown(due.at) == "2026-12-30 17:00"
    assert "Tue 29 Dec is a closure day" in due.why
    assert "Fri 25 Dec is a bank holiday (Christmas Day)" in due.why
    assert closed.is_working(date(2026, 12, 28))
    assert not CAL.is_working(date(2026, 12, 28))


def test_a_bank_holiday_that_the_configuration_adds_is_called_so() -> None:
    """One that was proclaimed is a bank holiday, also where an office calls the day a closure."""
    day = date(2026, 12, 29)
    proclaimed = calendar(closures=(day,), bank_holidays=(day,))
    why = workdays.due(wd(2), local("2026-12-24 10:00"), proclaimed).why
    assert "Tue 29 Dec is a bank holiday (as the configuration says)" in why


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2027-02-05 10:00", "2027-02-05 17:00", "the same working day ends Fri 5 Feb 2027, 5pm"),
        ("2027-02-05 15:00", "2027-02-05 17:00", "the same working day ends"),
        ("2027-02-05 15:01", "2027-02-08 17:00", "less than two working hours before 5pm, so the next working day"),
        ("2027-02-05 18:30", "2027-02-08 17:00", "less than two working hours before 5pm"),
        ("2027-02-06 11:00", "2027-02-08 17:00", "on no working day, so the next working day counts"),
        ("2027-03-26 09:00", "2027-03-30 17:00", "on no working day (Fri 26 Mar is a bank holiday (Good Friday)), so"),
        ("2027-02-08 06:00", "2027-02-08 17:00", "the same working day ends"),
    ],
)
def test_the_same_working_day_has_two_working_hours_at_least(start: str, end: str, said: str) -> None:
    """Else, and on a day that nobody works, it is the end of the next."""
    due = workdays.due(wd(0), local(start), CAL)
    assert (shown(due.at), said in due.why) == (end, True)


@pytest.mark.parametrize(
    ("part", "start", "due"),
    [
        ("scotland", "2026-12-30 10:00", "2027-01-05 17:00"),  # 1 January, and Monday the 4th for the 2nd
        ("england-and-wales", "2026-12-30 10:00", "2027-01-04 17:00"),
        ("scotland", "2027-03-25 10:00", "2027-03-30 17:00"),  # Easter Monday is worked
        ("england-and-wales", "2027-03-25 10:00", "2027-03-31 17:00"),
        ("northern-ireland", "2027-07-09 10:00", "2027-07-14 17:00"),  # the twelfth of July is not
        ("scotland", "2027-11-29 10:00", "2027-12-02 17:00"),  # nor Saint Andrew's day
    ],
)
def test_each_part_of_the_kingdom_has_its_own_bank_holidays(part: str, start: str, due: str) -> None:
    """Two working days, by hand, over a day that one part works and another does not."""
    assert shown(workdays.due(wd(2), local(start), calendar(part=part)).at) == due


def test_the_day_end_is_the_offices() -> None:
    """A day end of 16:30 moves working days and months, and no hours."""
    early = calendar(day_end=time(16, 30))
    assert shown(workdays.due(wd(1), local("2027-01-11 10:00"), early).at) == "2027-01-12 16:30"
    assert shown(workdays.due(hours(24), local("2027-01-11 10:00"), early).at) == "2027-01-12 10:00"


def test_the_earliest_limit_wins_and_says_so() -> None:
    """Of window, ceiling and requested time the earliest binds; alone it is given as it stands."""
    early, late = Due(local("2027-01-12 10:00"), "24 hours"), Due(local("2027-01-13 10:00"), "the ceiling")
    assert workdays.earliest(late, None, early) == early
    assert workdays.earliest(None, late) is late
    with pytest.raises(ValueError, match="never"):
        workdays.earliest(None)


@pytest.mark.parametrize(("n", "expected"), [(1, "2027-01-05 09:00"), (5, "2026-12-29 09:00"), (0, "2027-01-06 09:00")])
def test_chasers_stand_at_nine_some_working_days_before(n: int, expected: str) -> None:
    """Points before a due time are counted in working days, over Christmas too."""
    assert shown(workdays.before(local("2027-01-06 17:00"), n, CAL)) == expected


@pytest.mark.parametrize(
    ("moment", "n", "expected"),
    [
        ("2027-01-16 16:45", 1, "2027-01-18 09:00"),
        ("2026-12-25 14:30", 1, "2026-12-29 09:00"),
        ("2027-01-18 08:00", 1, "2027-01-19 09:00"),
        ("2027-03-25 17:00", 5, "2027-04-05 09:00"),
    ],
)
def test_repeats_go_at_nine_on_working_mornings(moment: str, n: int, expected: str) -> None:
    """The next morning is the next one worked, never the same day."""
    assert shown(workdays.next_morning(local(moment), CAL, n=n)) == expected


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2027-01-13T10:05:00+00:00", "Wednesday 13 January 2027, 10:05am"),
        ("2027-07-15T15:45:00+00:00", "Thursday 15 July 2027, 4:45pm"),
        ("2027-01-06T17:00:00+00:00", "Wednesday 6 January 2027, 5pm"),
        ("2027-01-06T12:00:00+00:00", "Wednesday 6 January 2027, 12 noon"),
        ("2027-01-06T00:00:00+00:00", "Wednesday 6 January 2027, midnight at the start of the day"),
        ("2027-10-31T00:30:00+00:00", "Sunday 31 October 2027, 1:30am BST"),
        ("2027-10-31T01:30:00+00:00", "Sunday 31 October 2027, 1:30am GMT"),
    ],
)
def test_letters_write_instants_in_office_time(moment: str, words: str) -> None:
    """An instant is written with weekday and year, in local time, and cannot be taken for another."""
    assert workdays.say(datetime.fromisoformat(moment), CAL) == words


def test_naive_instants_are_refused() -> None:
    """An instant without a zone would be an hour wrong half of the year."""
    with pytest.raises(ValueError, match="time zone"):
        workdays.due(wd(1), datetime(2027, 1, 1), CAL)  # noqa: DTZ001
