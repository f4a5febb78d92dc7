"""Changes of the directory that were told by mail: who has said YES, and which of them stand.

What is proposed stands in the letter that asks about it; beside it are kept two words and no name. What both have said
is right stands over the file from then on; the file is the operator's and is changed by nobody here. What words mean
and who is asked is reading/spoc.py's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from bot.engine.contacts.books import Books
from bot.model.letters import Answer, Question
from bot.model.letters.parts import Proposal
from bot.rules import directory_file
from bot.rules.answering.over import Change, laid
from bot.rules.directory import Directory
from bot.store import meta, outbox

_PREFIX = "spoc/"
#: A side that has not answered; one that nobody stands on has said what the other says.
OPEN, YES, NO = "-", "YES", "NO"


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the business unit has said of a proposal, and who was asked besides. `letter`: id of the unit's letter."""

    letter: str
    unit: str = OPEN
    other: str = OPEN

    @property
    def is_confirmed(self) -> bool:
        return (self.unit, self.other) == (YES, YES)

    @property
    def is_refused(self) -> bool:
        return NO in (self.unit, self.other)


def keep(tx: Connection, digest: str, said: Agreed) -> None:
    """`digest`: of the mail that told of the change."""
    meta.put(tx, _PREFIX + digest, f"{said.letter} {said.unit} {said.other}")


def of(tx: Connection, digest: str) -> Agreed | None:
    kept = meta.get(tx, _PREFIX + digest)
    return Agreed(*kept.split(" ")) if kept else None


def proposal(values: object) -> Proposal | None:
    """What a letter asks about, if it is one of these."""
    return values.proposal if isinstance(values, (Answer.Proposed, Question.Proposed)) else None


def standing(books: Books, area: str) -> Iterator[Proposal]:
    """What stands over the file, of one area, and was not followed by a later change."""
    today = books.settings.directory.rows
    for one in laid(books.file, books.changes):
        if one.change.area == area and one.new in today:
            it = one.change
            yield Proposal(it.area, it.agency, it.team, it.role, it.name, it.email, phone=it.phone)


def without_effect(tx: Connection, directory: Directory, area: str, on: date) -> Iterator[Proposal]:
    """What both have confirmed, of one area, and that today's directory would take, but does not hold: it was confirmed
    under an earlier release, for which the file alone counted, or when the directory named somebody else for a time."""
    for kept in meta.with_prefix(tx, _PREFIX).values():
        said = Agreed(*kept.split(" "))
        asked = outbox.by_message_id(tx, (said.letter,)) if said.is_confirmed else []
        found = proposal(asked[0].letter.values) if asked else None
        if found is not None and found.area == area and csv_line(directory, agreed(found, on))[0]:
            yield found


def agreed(one: Proposal, on: date) -> Change:
    """The change that a proposal becomes on that day."""
    before = tuple(who.email.lower() for who in one.before)
    return Change(one.area, one.agency, one.team, one.role, one.name, one.email.lower(), before, on, one.phone)


def csv_line(directory: Directory, change: Change) -> tuple[str, tuple[int, ...]]:
    """The line for directory.csv, and the lines of the file in whose place it stands, () for a new one; "" where that
    directory does not take the change."""
    (one,) = laid(directory, (change,))
    if one.new is None:
        return "", ()
    return directory_file.as_line(one.new), tuple(row.line for row in one.old)
