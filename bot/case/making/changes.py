"""The case as a decision changes it: every change has its name here, and a state is changed nowhere else.

It knows no rule: when something changes, and what people are told of it, is course/'s and said/'s. It writes no letter
and no event.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.model import AlarmKind, Case, Contact, Deadline, Question
from bot.model.flags import Flag, Flagged

#: Alarms that do not belong to the running stage: `quiet()` leaves them.
LASTING = frozenset(
    {
        AlarmKind.HOLD_END,
        AlarmKind.WORD_MANAGER,
        AlarmKind.CHILD_FILE,
        AlarmKind.ACTION,
        AlarmKind.PROMPT,
        AlarmKind.PROMPT_LATE,
    }
)


class Changing:
    """A case, and what may become of it at `now`."""

    def __init__(self, case: Case, now: datetime) -> None:
        self.case = case
        self.now = now

    def set(self, **changes: Any) -> None:
        self.case = replace(self.case, **changes)

    def run(self, **changes: Any) -> None:
        """Changes the running stage."""
        self.set(runs=(*self.case.runs[:-1], replace(self.case.runs[-1], **changes)))

    def unflag(self, flag: Flag, of: str = "") -> None:
        self.set(flags=tuple(f for f in self.case.flags if f != Flagged(flag, of)))

    def alarm(self, kind: AlarmKind, at: datetime, why: str, n: int = 0) -> None:
        row = Deadline(kind, at, why, n, self.case.stage)
        others = tuple(d for d in self.case.deadlines if d.key != row.key)
        self.set(deadlines=tuple(sorted((*others, row), key=lambda d: d.at)))

    def quiet(self, *kinds: AlarmKind) -> None:
        """Takes away the alarms of these kinds; without any, those of the running stage."""
        gone = kinds or {d.kind for d in self.case.deadlines} - LASTING
        self.set(deadlines=tuple(d for d in self.case.deadlines if d.kind not in gone))

    def ask(self, letter_key: str, about: str, asked: str, mail: str = "", word: str = "", note: str = "") -> None:
        question = Question(letter_key, about, asked, mail, word, note, self.now)
        self.set(questions=(*self.case.questions, question))

    def joined(self, side: str, *contacts: Contact) -> None:
        """Remembers who was involved, once for each stage and side."""
        known = {(stage, where, c.email) for stage, where, c in self.case.people}
        new = [(self.case.stage, side, c) for c in contacts if c.email]
        self.set(people=(*self.case.people, *(row for row in new if (row[0], row[1], row[2].email) not in known)))
