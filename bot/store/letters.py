"""Letters as stored, every way to look at them, what holds one back, and the end of all. What else moves
a letter stands in outbox.py, which offers these functions as its own.

It does not know why a letter must wait, nor which hold a decision ends: that is engine/turn.py's.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from bot.model import Hold, Letter, LetterKind, Reach, Sending
from bot.store import codec, schema
from bot.store.codec import Instant
from bot.store.migrations.earlier import letter_as_now
from bot.store.proof import chain, ways

#: Nothing more will be tried.
FINISHED = (Sending.SENT, Sending.REFUSED, Sending.WITHHELD)

#: Statuses in which sending is still to happen, and with `held` all that are open: asked for by name, so that the
#: index is used however many letters were ever sent.
GOING = (Sending.QUEUED, Sending.CLAIMED, Sending.IN_DATA, Sending.DEFERRED, Sending.UNKNOWN)

_out, _to, _waits = schema.outbox, schema.recipients, schema.waits


@dataclass(frozen=True, slots=True)
class Queued:
    """A letter as stored. `fence` grows with each claim; `raw` is None until bytes were made."""

    id: int
    case: int | None
    letter: Letter
    status: Sending
    fence: int
    attempts: int
    queued: datetime
    claimed: datetime | None
    raw: bytes | None
    digest: str
    was_in_data: bool
    assigned_id: str
    offer_id: str  # what the server called it when it was offered, "" where it gave no name
    recipients: tuple[tuple[str, Reach, str], ...]  # (address, status, words), as the letter names them
    last_error: str
    held_for: Hold | None
    resends: int
    first_failed: datetime | None
    ready: datetime  # deferred: when it may be tried again; claimed: when its lease ends


_COLUMNS = tuple(_out.c["case_number" if name == "case" else name] for name in Queued.__slots__ if name != "recipients")


def get(tx: Connection, letter_id: int) -> Queued:
    """Raises KeyError."""
    found = _queued(tx, _ONE, number=letter_id)
    if not found:
        raise KeyError(letter_id)
    return found[0]


def of_case(tx: Connection, case: int) -> list[Queued]:
    """In order of queueing."""
    return _queued(tx, _OF_CASE, case=case)


def of_status(tx: Connection, status: Sending) -> list[Queued]:
    """In order of queueing."""
    return _queued(tx, _by_age(_out.c.status == status))


def withheld(tx: Connection, since: datetime | None, until: datetime) -> list[Queued]:
    """Letters that shadow mode kept back from `since` on and before `until`; in order of queueing."""
    ahead = [_out.c.queued >= since] if since else []
    # One with a reason was kept back by a HOLD until it was untrue.
    kept_back = and_(_out.c.status == Sending.WITHHELD, _out.c.last_error == "")
    return _queued(tx, _by_age(and_(kept_back, _out.c.queued < until, *ahead)))


def open_letters(tx: Connection) -> list[Queued]:
    """Everything not yet sent or refused, withheld letters left out; in order of queueing."""
    return _queued(tx, _OPEN)


def unknowns(tx: Connection, now: datetime) -> list[Queued]:
    """Letters in `unknown`, and those found `in_data` whose lease is over at `now` (a crash in the middle)."""
    return _queued(tx, _UNKNOWN, now=now)


def by_message_id(tx: Connection, message_ids: tuple[str, ...]) -> list[Queued]:
    """Letters with one of these ids, as we wrote them or as the server re-assigned them."""
    known = [m for m in map(bare, message_ids) if m]
    return _queued(tx, _OF_IDS, known=known) if known else []


def bare(message_id: str) -> str:
    """A message id without its angle brackets."""
    return message_id.strip().removeprefix("<").removesuffix(">")


def times_of(tx: Connection, case: int, recipient: str, since: datetime) -> list[datetime]:
    """When letters of the case were queued or let go for this address since then, the first one first (held ones not
    counted)."""
    return list(tx.execute(_SENT, {"recipient": recipient.lower(), "case": case, "since": since}).scalars())


def answers_to(tx: Connection, recipient: str, since: datetime) -> int:
    """How many letters of the kind answer were queued for this address since then, of whatever case or none."""
    rows = select(func.count()).select_from(_out.join(_to)).where(_to.c.address == recipient.lower())
    kind = _out.c.key.contains(f"/{LetterKind.ANSWER.value}/")
    return tx.execute(rows.where(kind, _out.c.queued >= since)).scalar_one()


def undelivered_last(tx: Connection, addresses: Collection[str]) -> frozenset[str]:
    """Those of the addresses whose last letter that is settled was refused or came back."""
    last: dict[str, Reach] = {}
    for some in schema.chunks(sorted(addresses)):
        for address, status in tx.execute(_ENDED, {"addresses": some}):
            last[address] = Reach(status)
    return frozenset(address for address, status in last.items() if status is not Reach.ACCEPTED)


def next_retry(tx: Connection) -> datetime | None:
    """When the next deferred letter may be tried, or the next lease is over."""
    return tx.execute(_LATER).scalar()


def _by_age(*where: ColumnElement[bool]) -> Select[Any]:
    return select(*_COLUMNS).where(*where).order_by(_out.c.queued, _out.c.id)


#: Built once: to put a statement together takes longer than to run it.
_ONE = select(*_COLUMNS).where(_out.c.id == bindparam("number"))
_OF_CASE = _by_age(_out.c.case_number == bindparam("case"))
_OPEN = _by_age(_out.c.status.in_([*GOING, Sending.HELD]))
_LEFT = and_(_out.c.status == Sending.IN_DATA, _out.c.ready <= bindparam("now", type_=Instant()))
_UNKNOWN = _by_age(or_(_out.c.status == Sending.UNKNOWN, _LEFT))
_KNOWN: BindParameter[str] = bindparam("known", expanding=True, type_=_out.c.message_id.type)
_OF_IDS = _by_age(or_(_out.c.message_id.in_(_KNOWN), _out.c.assigned_id.in_(_KNOWN)))
_SENT = (
    select(_out.c.queued)
    .select_from(_out.join(_to))
    .where(_to.c.address == bindparam("recipient"), _out.c.case_number == bindparam("case"))
    .where(_out.c.queued >= bindparam("since"), _out.c.status != Sending.HELD)
    .order_by(_out.c.queued)
)
_LATER = select(func.min(_out.c.ready, type_=Instant())).where(
    _out.c.status.in_((Sending.DEFERRED, Sending.CLAIMED, Sending.IN_DATA))
)
_REACHED = (
    select(_to.c.letter, _to.c.address, _to.c.status, _to.c.words)
    .where(_to.c.letter.in_(bindparam("letters", expanding=True)))
    .order_by(_to.c.letter, _to.c.n)
)
_ENDED = (
    select(_to.c.address, _to.c.status)
    .where(_to.c.address.in_(bindparam("addresses", expanding=True)), _to.c.status != Reach.WAITING)
    .order_by(_to.c.letter)
)


def _queued(tx: Connection, rows: Select[Any], **values: Any) -> list[Queued]:
    found = tx.execute(rows, values).mappings().all()
    if not found:
        return []
    recipients = reached(tx, [row["id"] for row in found])
    return [
        Queued(
            case=row["case_number"] or None,
            letter=read(row["letter"]),
            status=Sending(row["status"]),
            recipients=tuple(recipients[row["id"]]),
            held_for=Hold(row["held_for"]) if row["held_for"] else None,
            **{k: v for k, v in row.items() if k not in ("case_number", "letter", "status", "held_for")},
        )
        for row in found
    ]


def reached(tx: Connection, letters: list[int]) -> dict[int, list[tuple[str, Reach, str]]]:
    """Letter -> its addresses in their order, each with how far it came and what was said to it."""
    known: dict[int, list[tuple[str, Reach, str]]] = defaultdict(list)
    for some in schema.chunks(letters):
        for letter, address, status, words in tx.execute(_REACHED, {"letters": some}):
            known[letter].append((address, Reach(status), words))
    return known


# --- what holds one back, and lets it go ------------------------------------------------------------------------------


def must_wait() -> ColumnElement[bool]:
    """Whether a letter that must go first is still to be served. One re-sent in vain is waited for no longer."""
    before = _out.alias("before")
    is_over = or_(before.c.status.in_(FINISHED), and_(before.c.status == Sending.UNKNOWN, before.c.resends > 0))
    is_served = exists().where(_to.c.letter == before.c.id, _to.c.status == Reach.ACCEPTED)
    # One EXISTS in another, not a join: few letters wait for any, so that is asked first.
    named = and_(before.c.key == _waits.c.key, before.c.case_number == _out.c.case_number)
    is_open = exists(select(before.c.id).where(named, ~is_over, ~is_served).correlate(_out, _waits))
    return exists(select(_waits.c.key).where(_waits.c.letter == _out.c.id, is_open).correlate(_out))


def hold_all(tx: Connection, why: str, now: datetime) -> int:
    """After a restore: every letter on its way waits for `release`, those in other hands and those that an hour or a
    day with room would let go too; how many."""
    by_itself = _out.c.held_for.in_([Hold.STRANGERS, Hold.FLOOD])
    rows = update(_out).where(or_(_out.c.status.in_(GOING), by_itself))
    restored = {"status": Sending.HELD, "held_for": Hold.RESTORED, "last_error": why, "owner": ""}
    held = tx.execute(rows.values(**restored, fence=_out.c.fence + 1).returning(_out.c.id)).scalars().all()
    ways.changed(tx, ways.LETTER, now, *held)
    return len(held)


def drop(tx: Connection, letter_id: int, why: str, now: datetime, of: Sending = Sending.HELD) -> None:
    """What it says is true no more, and what held it has ended, or it was taken up just now (`of`): it is kept, and
    goes to nobody."""
    untrue = update(_out).where(_out.c.id == letter_id, _out.c.status == of)
    tx.execute(untrue.values(status=Sending.WITHHELD, last_error=why, held_for=None))
    ways.changed(tx, ways.LETTER, now, letter_id)


def release(tx: Connection, letter_id: int, now: datetime, *, counts: bool = False) -> None:
    """Held, for whatever reason, or withheld: it goes at the next claim. `counts`: as a letter of this moment."""
    may = _out.c.status.in_([Sending.HELD, Sending.WITHHELD])
    held = update(_out).where(_out.c.id == letter_id, may)
    dated = {"queued": now} if counts else {}
    tx.execute(held.values(status=Sending.QUEUED, last_error="", held_for=None, **dated))
    ways.changed(tx, ways.LETTER, now, letter_id)


def forget_case(tx: Connection, number: int, now: datetime) -> None:
    """Deletes the case's letters: they name people."""
    forget(tx, tx.execute(select(_out.c.id).where(_out.c.case_number == number)).scalars().all(), now)


def forget(tx: Connection, letter_ids: Sequence[int], now: datetime) -> None:
    for some in schema.chunks(letter_ids):
        tx.execute(delete(_to).where(_to.c.letter.in_(some)))
        tx.execute(delete(_waits).where(_waits.c.letter.in_(some)))
        tx.execute(delete(_out).where(_out.c.id.in_(some)))
    for number in letter_ids:
        chain.seal(tx, "letter", number, None, now)
    ways.changed(tx, ways.LETTER, now, *letter_ids)


@lru_cache(maxsize=256)  # one is looked at at each step of its way, and nothing of it can be changed
def read(text: str) -> Letter:
    """A letter as it is stored, today or before. Raises ValueError for anything else."""
    stored = json.loads(text)
    return codec.decode(Letter, letter_as_now(stored) if "about" in stored else stored)
