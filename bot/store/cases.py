"""Cases, their journal and the ids that lead to them. The state is the fold of the journal; the chain of hashes
shows any change. Personal text stands in `texts` under a salted hash; journal rows hold only the hash, so that a purge
leaves the chain whole. It decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.model import Case, Decision, Fact


@dataclass(frozen=True, slots=True)
class Stored:
    """A case as loaded: `version` grows with every save."""

    case: Case
    version: int
    policy_text: str


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One row as people and records read it: hashes resolved to text where it was not purged."""

    seq: int
    at: datetime
    fact: str  # kind of fact: Opening, Arrival, Alarm ...
    events: tuple[tuple[str, str, str, str], ...]  # (kind, stage, by, note)
    letters: tuple[str, ...]  # keys
    why: str
    hash: str
    body: str  # canonical JSON as stored


def new_ref(tx: Connection, area: str, year: int) -> tuple[int, str]:
    """Reserves a case row and its ref, `CE-2027-0007`. Returns (number, ref)."""
    ...


def load(tx: Connection, number: int) -> Stored:
    """Raises KeyError."""
    ...


def by_ref(tx: Connection, ref: str) -> int | None: ...


def save(
    tx: Connection, decision: Decision, fact: Fact, now: datetime, version: int, policy_text: str = ""
) -> Stored:
    """Saves the case if its version is still `version` (0: new) and appends the journal row; replaces its deadline
    rows by `case.deadlines`. Raises CaseMoved when it is not."""
    ...


def open_cases(tx: Connection) -> list[Case]: ...


def all_cases(tx: Connection) -> list[Case]: ...


def journal(tx: Connection, number: int) -> list[JournalRow]: ...


def fold(tx: Connection, number: int) -> Case:
    """The case made again from its journal rows alone."""
    ...


def verify(tx: Connection) -> list[str]:
    """Every fault of the chain and of state = fold, in words; [] when all is well."""
    ...


def head(tx: Connection) -> str:
    """One hash over the heads of all journals."""
    ...


def note_ids(tx: Connection, case: int, message_ids: dict[str, str]) -> None:
    """Message ids that lead to the case: id -> what it is ("original", "mail", or a letter's key). Ids keep their
    first meaning: (message_id, case) is unique."""
    ...


def find_ids(tx: Connection, message_ids: tuple[str, ...]) -> list[tuple[str, int, str]]:
    """(message_id, case, what) for each known id."""
    ...


def find_refs(tx: Connection, refs: tuple[str, ...]) -> list[tuple[str, int]]: ...


def purge(tx: Connection, number: int) -> None:
    """Forgets the personal texts and raw mails of a closed case; the chain stays whole."""
    ...
