"""Working days and first due times, reckoned from the policies' documents: nothing of the bot's code is asked.

The bank holidays of England and Wales are written out. Only the first stage of a case is reckoned: what follows hangs
on what people do.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
BANK_HOLIDAYS = frozenset(
    map(
        date.fromisoformat,
        (
            "2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31", "2027-08-30", "2027-12-27",
            "2027-12-28", "2028-01-03", "2028-04-14", "2028-04-17", "2028-05-01", "2028-05-29", "2028-08-28",
            "2028-12-25", "2028-12-26",
        ),
    )
)  # fmt: skip
#: Days that the first stage has where the subject names no time; None: 24 hours.
FIRST = {"cheshire-east": None, "pan-cheshire": 5, "sandwell": 3, "salford": 5, "cumberland": 5}


def is_working(day: date) -> bool:
    return day.weekday() < 5 and day not in BANK_HOLIDAYS


def after(start: datetime, days: int) -> datetime:
    """The end, at 17:00, of the working day that many after the day of `start`."""
    day = start.astimezone(LONDON).date()
    while days:
        day += timedelta(days=1)
        days -= is_working(day)
    return datetime.combine(day, time(17), LONDON)


def first_due(policy: str, asked: str, opened: datetime) -> datetime | None:
    """When the first window of a challenge ends at the earliest. `asked`: the window in its subject, or "none"."""
    named = asked.split()
    if asked == "24 hours" or (asked == "none" and FIRST[policy] is None):
        return opened + timedelta(hours=24)
    days = FIRST[policy] if asked == "none" else int(named[0])
    return after(opened, days) if days else None
