"""Instants, windows, due dates and deadlines as values. It computes nothing: that is rules/workdays.py.

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


class AlarmKind(StrEnum):
    """What a deadline is for; each is a row of the state table (case/table.py), which says what follows."""

    CHASER = "chaser"
    LAPSE = "lapse"
    REPEAT = "repeat"
    FORM = "form"
    TELLING = "telling"
    CLOCK = "clock"
    PARENT_NOTE = "parent_note"
    DELAYED = "delayed"
    ASK = "ask"
    UNCONFIRMED = "unconfirmed"
    DOUBTFUL = "doubtful"
    OUTCOME_CHASER = "outcome_chaser"
    OUTCOME_DUE = "outcome_due"
    GO = "go"
    WORD_MANAGER = "word_manager"
    CHILD_FILE = "child_file"
    ACTION = "action"
    ACTION_LATE = "action_late"
    PROMPT = "prompt"
    PROMPT_LATE = "prompt_late"
    MEETING_RECORD = "meeting_record"
    HOLD_END = "hold_end"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A row of the alarm table. (case, kind, stage, nth, item, at) is unique: it is the occasion of what it causes.
    Raises ValueError for a kind that is none."""

    kind: AlarmKind
    at: datetime
    why: PlainText  # never who: that stands in the event
    nth: int = 0  # chaser, repeat, ask, form: how often by then, from 1; a chaser of the raiser alone is 0
    stage: PlainText = ""
    item: int = 0  # which of several: a clock by its place in the stage, an agreed action or a prompt by its number

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", AlarmKind(self.kind))  # a row of the database gives its text
        object.__setattr__(self, "at", aware(self.at))

    @property
    def key(self) -> str:
        """Names it in letters that it causes. A kind counts or names one of several, never both."""
        return f"{self.kind}/{self.stage}/{self.nth or self.item}/{self.at:%Y%m%dT%H%M%SZ}"
