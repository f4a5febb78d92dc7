"""Due dates: working days, bank holidays, day end, ceilings; each with its explanation in words.

Hours are elapsed time. Working days are Monday to Friday less England and Wales bank holidays; day 0 is the day of
receipt in the office's zone; due at the day end of day N (R1-R5). It knows no policy and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.model import Due, Window

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked and when a day ends. `holidays`: dates that are not worked, with their names."""

    holidays: dict[date, str]
    day_end: time = time(17)
    zone: ZoneInfo = LONDON

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays


def calendar(add: tuple[date, ...] = (), remove: tuple[date, ...] = (), day_end: time = time(17)) -> Calendar:
    """England and Wales bank holidays from the library `holidays`, 2015 to 2045, plus `add`, less `remove`."""
    return Calendar({}, day_end)


def working_day(start: datetime, n: int, cal: Calendar) -> date:
    """The n-th working day after the local day of `start` (n=0: that day itself; negative n: before it)."""
    return start.date()


def at_local(day: date, at: time, cal: Calendar) -> datetime:
    """That local wall time as an instant."""
    return datetime.combine(day, at, cal.zone)


def due(window: Window, start: datetime, cal: Calendar) -> Due:
    """When `window` that began at `start` ends, and why."""
    return Due(start, "")


def ceiling(limit: Window, used: Window | None, opened: datetime, cal: Calendar) -> Due:
    """The latest end of a stage: `limit` less the days `used` before the opening, counted from receipt."""
    return Due(opened, "")


def earliest(*dues: Due | None) -> Due:
    """The earliest of those given; its explanation says which limit won."""
    return min((d for d in dues if d is not None), key=lambda d: d.at)


def before(moment: datetime, n: int, cal: Calendar, at: time = time(9)) -> datetime:
    """`at` o'clock local, `n` working days before the local day of `moment`."""
    return moment


def next_morning(moment: datetime, cal: Calendar, at: time = time(9), n: int = 1) -> datetime:
    """`at` o'clock local of the n-th working day after the local day of `moment`."""
    return moment


def say(moment: datetime, cal: Calendar) -> str:
    """"Wednesday 13 January 2027, 10:05am": an instant as letters write it, in the office's zone."""
    return moment.isoformat()
