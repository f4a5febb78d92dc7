"""The outbox: queued -> claimed -> in_data -> sent | deferred | refused | unknown (and held, withheld in shadow mode).

One function per change of status; each checks the fence of the claim, so that a paused daemon that wakes late can
change nothing. At most one letter per (case, occasion, kind, first addressee): a second is a normal outcome, not an
error. Per recipient: waiting, accepted, refused, bounced. What is read of it, and what holds one back, stands in
letters.py; it sends nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from bot.doors.ports import Outcome, Refusal
from bot.model import Hold, Letter, LetterKind, Reach, Sending
from bot.model.errors import CaseMoved
from bot.store import codec, db, schema
from bot.store.codec import Instant
from bot.store.letters import FINISHED as FINISHED
from bot.store.letters import Queued as Queued
from bot.store.letters import answers_to as answers_to
from bot.store.letters import bare as bare
from bot.store.letters import by_message_id as by_message_id
from bot.store.letters import drop as drop
from bot.store.letters import forget as forget
from bot.store.letters import forget_case as forget_case
from bot.store.letters import get as get
from bot.store.letters import hold_all as hold_all
from bot.store.letters import must_wait, reached
from bot.store.letters import next_retry as next_retry
from bot.store.letters import of_case as of_case
from bot.store.letters import of_status as of_status
from bot.store.letters import open_letters as open_letters
from bot.store.letters import release as release
from bot.store.letters import times_of as times_of
from bot.store.letters import undelivered_last as undelivered_last
from bot.store.letters import unknowns as unknowns
from bot.store.proof import chain, ways

_out, _to, _waits = schema.outbox, schema.recipients, schema.waits

_LIVE = (Sending.CLAIMED, Sending.IN_DATA, Sending.SENT)  # an attempt under this claim's fence
_ASKED = (Sending.IN_DATA, Sending.UNKNOWN)  # handed over, its answer not there yet

#: Which letter goes first when several may; the rest share the last place.
_URGENCY = {
    kind: n
    for n, kind in enumerate(
        (LetterKind.ESCALATION, LetterKind.REDIRECT, LetterKind.NOTICE, LetterKind.ACKNOWLEDGEMENT)
    )
}


# --- queueing -------------------------------------------------------------------------------------------------------


def queue(
    tx: Connection,
    letter: Letter,
    case: int | None,
    now: datetime,
    status: Sending = Sending.QUEUED,
    held_for: Hold | None = None,
) -> int | None:
    """Returns the row id, or None when this occasion already has its letter. `held_for`: what holds it, if held."""
    row = {
        "case_number": case or 0,
        "key": letter.key,
        "status": status,
        "urgency": _URGENCY.get(letter.kind, len(_URGENCY)),
        "letter": codec.dumps(letter),
        "message_id": bare(letter.message_id),
        "assigned_id": "",
        "digest": "",
        "fence": 0,
        "owner": "",
        "ready": now,
        "attempts": 0,
        "resends": 0,
        "queued": now,
        "was_in_data": False,
        "offer_id": "",
        "last_error": "",
        "held_for": held_for,
        "changed": now,
    }
    new = db.new_rows(tx.dialect.name, _out).returning(_out.c.id)
    number: int | None = tx.execute(new, row).scalar()
    if number is not None:
        _address(tx, number, letter)
        ways.changed(tx, ways.LETTER, now, number)
        if letter.after:
            tx.execute(insert(_waits), [{"letter": number, "key": key} for key in dict.fromkeys(letter.after)])
    return number


def _address(tx: Connection, number: int, letter: Letter) -> None:
    """One row per address; those that stay keep what is known of them."""
    addresses = dict.fromkeys(contact.email.lower() for contact in (*letter.to, *letter.cc))
    tx.execute(_NAMED_NO_MORE, {"of": number, "named": list(addresses)})
    new = {"letter": number, "status": Reach.WAITING, "words": ""}
    rows = [{**new, "n": n, "address": address} for n, address in enumerate(addresses)]
    if rows:
        tx.execute(db.new_rows(tx.dialect.name, _to), rows)


# --- claiming and handing over --------------------------------------------------------------------------------------


def is_quiet(tx: Connection, now: datetime) -> bool:
    """Whether no letter could be claimed now, by its status alone: asked without a write lock, before `claim`."""
    return tx.execute(_LOOK, {"now": now}).first() is None


def claim(tx: Connection, now: datetime, owner: str, lease: timedelta) -> Queued | None:
    """The most urgent letter that may go now: status queued or deferred with its time come, or claimed with its lease
    over; every letter named in `after` served or undeliverable. Escalation, redirect, notice first, then by age."""
    fresh = _first(tx, _FRESH, now)
    again = _first(tx, _AGAIN, now)
    if not (fresh or again):
        return None
    number = min(filter(None, (fresh, again)))[-1]
    taken = {"status": Sending.CLAIMED, "owner": owner, "ready": now + lease, "claimed": now, "changed": now}
    tx.execute(_CLAIM, {"of": number, **taken})
    return get(tx, number)


def _first(tx: Connection, statement: Select[Any], now: datetime) -> tuple[int, datetime, int] | None:
    """(urgency, queued, id) of the first of these, locked."""
    row = tx.execute(statement, {"now": now}).one_or_none()
    return None if row is None else (row.urgency, row.queued, row.id)


def _claimable(*may: ColumnElement[bool]) -> Select[Any]:
    """The first of these by urgency and age; each status is asked for alone, in the index's own order."""
    c = _out.c
    rows = select(c.urgency, c.queued, c.id).where(*may, ~must_wait()).order_by(c.urgency, c.queued, c.id).limit(1)
    return rows.with_for_update(skip_locked=True, of=_out)


#: Built once: to put such a statement together takes longer than to run it.
_NOW = bindparam("now", type_=Instant())
_LATER = and_(_out.c.status.in_([Sending.DEFERRED, Sending.CLAIMED]), _out.c.ready <= _NOW)
_FRESH = _claimable(_out.c.status == Sending.QUEUED)
_AGAIN = _claimable(_LATER)
_LOOK = select(_out.c.id).where(or_(_out.c.status == Sending.QUEUED, _LATER)).limit(1)
_CLAIM = update(_out).where(_out.c.id == bindparam("of")).values(fence=_out.c.fence + 1, attempts=_out.c.attempts + 1)
_NAMED_NO_MORE = delete(_to).where(
    _to.c.letter == bindparam("of"), _to.c.address.not_in(bindparam("named", expanding=True, type_=_to.c.address.type))
)


def make(tx: Connection, queued: Queued, letter: Letter, raw: bytes) -> Queued:
    """Stores the finished letter and its bytes under the claim's fence; refused once an attempt reached in_data:
    ValueError, for the bytes of a letter that may have arrived never change. Raises CaseMoved."""
    if queued.was_in_data:
        raise ValueError(f"letter {queued.id} was handed over once: its bytes never change")
    digest = hashlib.sha256(raw).hexdigest()
    stored = {"letter": codec.dumps(letter), "message_id": bare(letter.message_id), "raw": raw, "digest": digest}
    _move(tx, queued, (Sending.CLAIMED,), _NEVER_IN_DATA, **stored)
    _address(tx, queued.id, letter)
    now = queued.claimed or queued.queued
    chain.seal(tx, "letter", queued.id, [digest, stored["letter"]], now)
    ways.changed(tx, ways.LETTER, now, queued.id)
    return replace(queued, letter=letter, raw=raw, digest=digest, recipients=tuple(reached(tx, [queued.id])[queued.id]))


def in_data(
    tx: Connection, queued: Queued, offer_id: str, now: datetime, assigned_id: str = "", put_off: Sequence[Refusal] = ()
) -> None:
    """Commits that the step that cannot be taken back begins. Raises CaseMoved when the fence is not ours.

    `offer_id`: what to ask the server for if its answer is lost. `assigned_id`: the Message-ID that it gave already.
    `put_off`: addresses that it does not take now; what proves this attempt proves nothing of them.
    """
    given: dict[str, Any] = {"offer_id": offer_id} | ({"assigned_id": bare(assigned_id)} if assigned_id else {})
    _move(tx, queued, (Sending.CLAIMED,), status=Sending.IN_DATA, was_in_data=True, changed=now, **given)
    tx.execute(_WAITING, {"of": queued.id, "words": ""})
    for refusal in put_off:
        _mark_refusal(tx, queued.id, refusal, now)
    ways.changed(tx, ways.LETTER, now, *([queued.id] if put_off else []))


def free(tx: Connection, owner: str, now: datetime) -> int:
    """Ends the leases that an earlier life of `owner` left behind: its claimed letters may be claimed at once, those
    in_data are found by `unknowns`."""
    held = update(_out).where(_out.c.owner == owner, _out.c.status.in_([Sending.CLAIMED, Sending.IN_DATA]))
    return tx.execute(held.values(ready=now, fence=_out.c.fence + 1)).rowcount


# --- what became of it ----------------------------------------------------------------------------------------------


def sent(tx: Connection, queued: Queued, outcome: Outcome, now: datetime) -> None:
    """Accepted for some. Addresses refused for now stay waiting: `deferred` may follow under the same fence, and the
    next claim is for them alone."""
    given: dict[str, Any] = {"assigned_id": bare(outcome.assigned_id)} if outcome.assigned_id else {}
    _move(tx, queued, _ASKED, status=Sending.SENT, last_error="", changed=now, **given)
    for address in outcome.accepted:
        _mark(tx, queued.id, address, Reach.ACCEPTED, outcome.reply, now)
    for refusal in outcome.refused:
        _mark_refusal(tx, queued.id, refusal, now)
    ways.changed(tx, ways.LETTER, now, queued.id)


def deferred(tx: Connection, queued: Queued, why: str, retry_at: datetime, now: datetime) -> None:
    """Surely not sent (or not to all); tried again at `retry_at`."""
    values = {"status": Sending.DEFERRED, "ready": retry_at, "owner": ""}
    _move(tx, queued, _LIVE, _FAILED, last_error=why, now=now, changed=now, **values)
    ways.changed(tx, ways.LETTER, now, queued.id)


def refused(tx: Connection, queued: Queued, refusals: Sequence[Refusal], now: datetime) -> None:
    """Marks these addresses. The letter is refused when no address is left that took it or may yet take it; until
    then it stays as it is (sent, when the rest already has it)."""
    _move(tx, queued, _LIVE, changed=now)
    for refusal in refusals:
        _mark_refusal(tx, queued.id, refusal, now)
    statuses = set(tx.execute(select(_to.c.status).where(_to.c.letter == queued.id)).scalars())
    if Reach.WAITING not in statuses:
        words = "; ".join(f"{refusal.status} {refusal.words}" for refusal in refusals)
        status = Sending.SENT if Reach.ACCEPTED in statuses else Sending.REFUSED
        _move(tx, queued, _LIVE, status=status, last_error=words)
    ways.changed(tx, ways.LETTER, now, queued.id)


def unknown(tx: Connection, queued: Queued, why: str, now: datetime) -> None:
    """Handed over and the answer lost."""
    _move(tx, queued, _ASKED, _FAILED, last_error=why, now=now, changed=now, status=Sending.UNKNOWN)


def proven(tx: Connection, queued: Queued, how: str, now: datetime) -> None:
    """Proof was found that it was sent, perhaps when it was claimed for its second time: to all whom its attempt was
    for. Addresses put off at it stay waiting: `deferred` may follow under the same fence."""
    of = (Sending.CLAIMED, *_ASKED)
    _move(tx, queued, of, _ONCE_IN_DATA, status=Sending.SENT, last_error="", changed=now)
    tx.execute(_WAITING.where(_to.c.words == ""), {"of": queued.id, "status": Reach.ACCEPTED, "words": how, "at": now})
    ways.changed(tx, ways.LETTER, now, queued.id)


def resend(tx: Connection, queued: Queued, now: datetime) -> None:
    """Back to queued, once, with identical bytes and Message-ID. Raises CaseMoved the second time."""
    _move(tx, queued, _ASKED, _NEVER_AGAIN, status=Sending.QUEUED, resends=1, owner="", changed=now)


def bounced(tx: Connection, letter_id: int, recipient: str, status: str, words: str, now: datetime) -> bool:
    """True when this recipient was not yet known to have bounced; False also for an address the letter never had."""
    to = update(_to).where(_to.c.letter == letter_id, _to.c.address == recipient.lower())
    row = to.where(_to.c.status != Reach.BOUNCED)
    ways.changed(tx, ways.LETTER, now, letter_id)
    return tx.execute(row.values(status=Reach.BOUNCED, words=f"{status} {words}".strip(), at=now)).rowcount > 0


#: The row, if it is still this claim's and in one of these statuses.
_OURS = update(_out).where(
    _out.c.id == bindparam("of"),
    _out.c.fence == bindparam("hand"),
    _out.c.status.in_(bindparam("may", expanding=True)),
)
_NEVER_IN_DATA, _ONCE_IN_DATA = _OURS.where(_out.c.was_in_data.is_(False)), _OURS.where(_out.c.was_in_data)
_NEVER_AGAIN = _OURS.where(_out.c.resends == 0)
_FAILED = _OURS.values(first_failed=func.coalesce(_out.c.first_failed, _NOW))
#: Of its addresses those that neither took it nor refused it for good.
_WAITING = update(_to).where(_to.c.letter == bindparam("of"), _to.c.status == Reach.WAITING)
_OF_THEM = _WAITING.where(_to.c.address == bindparam("whom"))


def _move(tx: Connection, queued: Queued, of: Sequence[Sending], row: Update = _OURS, **values: Any) -> None:
    """Changes the row. Raises CaseMoved."""
    if not tx.execute(row, {"of": queued.id, "hand": queued.fence, "may": of, **values}).rowcount:
        raise CaseMoved(f"letter {queued.id} is no longer in these hands")


def _mark_refusal(tx: Connection, letter: int, refusal: Refusal, now: datetime) -> None:
    status = Reach.REFUSED if refusal.is_hard else Reach.WAITING
    _mark(tx, letter, refusal.recipient, status, f"{refusal.status} {refusal.words}".strip(), now)


def _mark(tx: Connection, letter: int, address: str, status: Reach, words: str, now: datetime) -> None:
    values = {"status": status, "words": words, "at": now}
    tx.execute(_OF_THEM, {"of": letter, "whom": address.lower(), **values})
