"""The ways of rows that no journal holds: where a mail went and why; what became of a letter, and who took it when.

Whoever changes such a row says so (`changed`); at the end of the transaction each is sealed as it stands then, a row
that is gone as rightly taken away. Left out is what tells of work and not of its end: leases, tries, the statuses
of a letter between queue and end, a mailbox's own keys. It holds nothing against anything: that is beside.py's.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, select

from bot.model import Reach, Sending
from bot.model.mails import Disposition
from bot.store import schema
from bot.store.proof import chain

LETTER, MAIL = "way of a letter", "way of a mail"
#: Statuses that are told apart; the others are one: the letter is on its way.
_TOLD = (Sending.SENT, Sending.REFUSED, Sending.WITHHELD, Sending.HELD)
_WAITING = ("waiting", "", "")
_out, _to, _ledger = schema.outbox.c, schema.recipients.c, schema.ledger.c
_SERVED = select(_to.letter, _to.address, _to.status, _to.words, _to.at)
_LETTERS = select(
    _out.id, _out.status, _out.held_for, _out.last_error, _out.case_number, _out.key, _out.queued, _out.letter
)
_MAILS = select(
    *(_ledger.id, _ledger.mailbox, _ledger.folder, _ledger.digest, _ledger.message_id_hash, _ledger.size),
    *(_ledger.is_old, _ledger.is_truncated, _ledger.disposition, _ledger.why, _ledger.case_number, _ledger.guesses),
    *(_ledger.received, _ledger.arrived, _ledger.disposed),
)
#: Of some alone. Built once: to put a statement together takes longer than to run it.
_ONLY: BindParameter[int] = bindparam("only", expanding=True)
_SERVED_ONLY = _SERVED.where(_to.letter.in_(_ONLY))
_LETTERS_ONLY, _MAILS_ONLY = _LETTERS.where(_out.id.in_(_ONLY)), _MAILS.where(_ledger.id.in_(_ONLY))


def changed(tx: Connection, kind: str, now: datetime, *numbers: int) -> None:
    """These letters (ids) or mails (entries) are sealed at the end of the transaction."""
    for number in numbers:
        chain.seal(tx, kind, number, _READ[kind], now)


def letters(tx: Connection, only: Sequence[int] | None = None) -> Iterator[tuple[int, list[Any]]]:
    """Id and values of these letters, or of all."""
    served: dict[int, list[tuple[str, ...]]] = defaultdict(list)
    for number, address, status, words, at in _rows(tx, _SERVED, _SERVED_ONLY, only):
        end = _WAITING if status == Reach.WAITING else (status, words, at.isoformat() if at else "")
        served[number].append((address, *end))
    for number, status, held_for, why, case, key, queued, letter in _rows(tx, _LETTERS, _LETTERS_ONLY, only):
        said = _status(status, held_for or "", why)
        yield number, [*said, case, key, queued.isoformat(), letter, sorted(served[number])]


def _status(status: str, held_for: str, why: str) -> tuple[str, str, str]:
    """Status, what holds it, and why; of one on its way no more than that."""
    return (status, held_for, why) if status in _TOLD else ("on its way", held_for, "")


def mails(tx: Connection, only: Sequence[int] | None = None) -> Iterator[tuple[int, list[Any]]]:
    """Entry and values of these mails, or of all."""
    for number, *values, received, arrived, disposed in _rows(tx, _MAILS, _MAILS_ONLY, only):
        times = [at.isoformat() if at else "" for at in (received, arrived, disposed)]
        yield number, [*values, *times]


def _rows(tx: Connection, every: Select[Any], some: Select[Any], only: Sequence[int] | None) -> Iterable[Any]:
    return tx.execute(every) if only is None else tx.execute(some, {"only": only})


_READ: dict[str, chain.Read] = {LETTER: letters, MAIL: mails}


def undecided(tx: Connection) -> set[int]:
    """Entries of mails that were not read yet: nothing was sealed of those that never were."""
    return set(tx.execute(select(_ledger.id).where(_ledger.disposition == Disposition.UNREAD)).scalars())
