"""Instants, windows and due dates as values. It computes nothing: that is rules/workdays.py.

Instants are always aware; naive ones are refused here, at the border.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from bot.model.marks import PlainText

#: What days and months are called, by the beginning that every longer form has; in Welsh the months.
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WELSH_MONTHS = ("ion", "chw", "maw", "ebr", "mai", "meh", "gor", "aws", "med", "hyd", "tac", "rha")


def aware(at: datetime) -> datetime:
    """`at` in UTC. Raises ValueError for a naive instant: it would be an hour wrong half of the year."""
    if at.tzinfo is None:
        raise ValueError(f"an instant without a time zone: {at!r}")
    return at.astimezone(UTC)


class Unit(StrEnum):
    HOURS = "hours"
    WORKING_DAYS = "working days"
    CALENDAR_DAYS = "days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Window:
    """The time a stage allows. `source`: policy, local (the policy gives none) or requested (by the mail).

    No working days are the same working day: its end, or the end of the next where little of it is left (workdays.py).
    """

    n: int
    unit: Unit
    source: PlainText = "policy"

    def __str__(self) -> str:
        if not self.n and self.unit is Unit.WORKING_DAYS:
            return "the same working day"
        unit = self.unit.value
        return f"{self.n} {unit[:-1] if self.n == 1 else unit}"


@dataclass(frozen=True, slots=True)
class Due:
    """An instant and, in words, how it was worked out."""

    at: datetime
    why: PlainText

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", aware(self.at))
