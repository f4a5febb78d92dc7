"""The ledger of every message seen, and the raw bytes of those that matter.

Every message of a watched mailbox has one ledger row (mailbox, key). Its bytes live in `raw` until it has been read;
they stay only for a case, the holding pen or set aside. It decides nothing.
"""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, exists, func, insert, or_, select, update

from bot.doors.ports import RawMail
from bot.model.errors import StoreError
from bot.model.mails import Disposition
from bot.store import db, mailboxes, schema
from bot.store.proof import ways

_ledger, _raw = schema.ledger, schema.raw
#: The digest of every mail that its server lists and does not give: no such mail is known by it.
NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A received mail that has not been read. `entry`: ledger id; `attempts`: of how many readings the reader died."""

    entry: int
    mailbox: str
    key: str
    folder: str
    digest: str
    received: datetime
    arrived: datetime  # when we fetched it
    attempts: int
    is_old: bool  # older than the floor at first sight: opens nothing
    size: int
    is_truncated: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A ledger row for people: the holding pen, set aside, one case's mails."""

    entry: int
    mailbox: str
    digest: str
    received: datetime
    disposition: str  # a Disposition, as its column gives it
    why: str
    case: int | None
    guesses: str


#: Built once: to put a statement together takes longer than to run it.
_KNOWN_IGNORED = select(_ledger.c.digest, _ledger.c.why, _ledger.c.message_id_hash).where(
    _ledger.c.digest.in_(bindparam("digests", expanding=True)), _ledger.c.disposition == Disposition.IGNORED
)
_UNREAD = (
    select(_ledger.c.id.label("entry"), *(_ledger.c[name] for name in list(Waiting.__slots__)[1:]))
    .where(_ledger.c.disposition == Disposition.UNREAD)
    .limit(bindparam("most", type_=_ledger.c.id.type))
)
_OLDEST_FIRST = _UNREAD.order_by(_ledger.c.received, _ledger.c.id)
_FRESH_FIRST = _UNREAD.order_by(_ledger.c.attempts > 0, _ledger.c.received, _ledger.c.id)
_BODIES = select(_raw.c.digest, _raw.c.body, _raw.c.is_packed).where(
    _raw.c.digest.in_(bindparam("digests", expanding=True))
)
_NEW = insert(_ledger)
_SETTLE = update(_ledger).where(_ledger.c.id == bindparam("entry")).returning(_ledger.c.digest)


# --- receiving ------------------------------------------------------------------------------------------------------


def receive(
    tx: Connection, mailbox: str, mails: Sequence[RawMail], cursor: str, now: datetime, floor: datetime | None
) -> int:
    """Ledger rows, raw bytes and the cursor, in the caller's transaction. Known (mailbox, key) are skipped; a digest
    that is already known to be none of our business is entered as ignored. `floor`: mails received before it are old.
    Returns how many rows are new."""
    known = mailboxes.known_keys(tx, mailbox, [m.key for m in mails])
    fresh = [m for key, m in {m.key: m for m in mails}.items() if key not in known]
    digests = [hashlib.sha256(m.raw).hexdigest() for m in fresh]
    ignored = _known_ignored(tx, digests)
    rows = [_row(mailbox, m, d, now, floor, ignored.get(d)) for m, d in zip(fresh, digests, strict=True)]
    _enter(tx, rows, now)
    bodies = {d: _pack(m.raw, d) for m, d in zip(fresh, digests, strict=True) if d not in ignored}
    if bodies:
        tx.execute(_keep(tx.dialect.name), [bodies[d] for d in sorted(bodies)])
    mailboxes.read_up_to(tx, mailbox, cursor)
    return len(rows)


def _enter(tx: Connection, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    unread = [row for row in rows if row["disposition"] == Disposition.UNREAD]
    known = [row for row in rows if row["disposition"] != Disposition.UNREAD]
    if unread:
        tx.execute(_NEW, unread)
    if known:
        ways.changed(tx, ways.MAIL, now, *tx.execute(_NEW.returning(_ledger.c.id), known).scalars())


def _known_ignored(tx: Connection, digests: Sequence[str]) -> dict[str, Any]:
    """Digest -> (why, message_id_hash) of those that were found to be none of our business."""
    chunks = schema.chunks([digest for digest in digests if digest != NOTHING])
    return {row.digest: row for some in chunks for row in tx.execute(_KNOWN_IGNORED, {"digests": some})}


@cache
def _keep(dialect: str) -> Any:
    body = db.insert_for(dialect, _raw)
    # DO UPDATE, not DO NOTHING: it locks the row against a `dispose` that is about to delete it.
    return body.on_conflict_do_update(index_elements=["digest"], set_={"size": body.excluded.size})


def _row(
    mailbox: str, mail: RawMail, digest: str, now: datetime, floor: datetime | None, ignored: Any
) -> dict[str, Any]:
    return {
        "mailbox": mailbox,
        "key": mail.key,
        "folder": mail.folder,
        "digest": digest,
        "message_id_hash": ignored.message_id_hash if ignored else "",
        "received": mail.received,
        "arrived": now,
        "attempts": 0,
        "is_old": floor is not None and mail.received < floor,
        "size": mail.size or len(mail.raw),
        "is_truncated": mail.is_truncated,
        "disposition": Disposition.IGNORED if ignored else Disposition.UNREAD,
        "why": ignored.why if ignored else "",
        "guesses": "",
        "disposed": now if ignored else None,
    }


def _pack(body: bytes, digest: str) -> dict[str, Any]:
    packed = zlib.compress(body, 1)
    is_packed = len(packed) < len(body)
    return {"digest": digest, "size": len(body), "is_packed": is_packed, "body": packed if is_packed else body}


# --- reading --------------------------------------------------------------------------------------------------------


def waiting(tx: Connection, limit: int, now: datetime, *, fresh_first: bool = False) -> list[Waiting]:  # noqa: ARG001
    """Unread mails, oldest arrival at the server first: a reply is never read before the mail it answers; with
    `fresh_first` those of which the reader died come last. `now` is when they are taken; the leases of several daemons
    will hang on it."""
    return [Waiting(*row) for row in tx.execute(_FRESH_FIRST if fresh_first else _OLDEST_FIRST, {"most": limit})]


def is_unread(tx: Connection, entry: int) -> bool:
    """Whether nobody has disposed of it yet. Whoever asks holds it to the end of the transaction: of two desks that
    have read one mail, one disposes of it."""
    mine = select(_ledger.c.id).where(_ledger.c.id == entry, _ledger.c.disposition == Disposition.UNREAD)
    return tx.execute(mine.with_for_update()).first() is not None


def attempt(tx: Connection, entry: int, now: datetime) -> int:
    """Counts one reading of which the reader died, and returns the count. Raises KeyError."""
    begun = update(_ledger).where(_ledger.c.id == entry).values(attempts=_ledger.c.attempts + 1, attempted=now)
    count: int | None = tx.execute(begun.returning(_ledger.c.attempts)).scalar()
    if count is None:
        raise KeyError(entry)
    return count


def raws(tx: Connection, digests: Sequence[str]) -> dict[str, bytes]:
    """The bytes of each that is kept."""
    found: dict[str, bytes] = {}
    for some in schema.chunks(digests):
        rows = tx.execute(_BODIES, {"digests": some})
        found |= {row.digest: zlib.decompress(row.body) if row.is_packed else bytes(row.body) for row in rows}
    return found


def raw(tx: Connection, digest: str) -> bytes:
    """The bytes. Raises KeyError when they are not kept."""
    return raws(tx, [digest])[digest]


def head(tx: Connection, digest: str, most: int) -> bytes:
    """The first `most` bytes, b"" when they are not kept. A packed mail is unpacked no further."""
    row = tx.execute(select(_raw.c.body, _raw.c.is_packed).where(_raw.c.digest == digest)).one_or_none()
    if row is None:
        return b""
    return zlib.decompressobj().decompress(row.body, most) if row.is_packed else bytes(row.body[:most])


# --- what became of it ----------------------------------------------------------------------------------------------


def dispose(
    tx: Connection,
    entry: int,
    disposition: Disposition,
    why: str,
    now: datetime,
    *,
    case: int | None = None,
    message_id_hash: str = "",
    guesses: str = "",
) -> None:
    """case | holding_pen | ignored | set_aside. Ignored: the raw bytes are deleted here unless another row needs them,
    and the row keeps mailbox, key, the hash of its Message-ID and the reason. Raises KeyError, ValueError."""
    if disposition not in list(Disposition) or disposition == Disposition.UNREAD:
        raise ValueError(disposition)
    values: dict[str, Any] = {"why": why, "disposed": now, "case_number": case, "message_id_hash": message_id_hash}
    kept = "" if disposition == Disposition.IGNORED else guesses
    _settle(tx, entry, now, disposition=disposition, guesses=kept, **values)


def replace(
    tx: Connection, entry: int, disposition: Disposition, why: str, now: datetime, case: int | None = None,
    guesses: str = "", *, keeps: bool = False,
) -> None:  # fmt: skip
    """A human placed it: into a case, ignored (`keeps`: its bytes stay for now), back into the pen, or back to unread
    ("retry"). Raises StoreError when its bytes are gone and it would need them."""
    if disposition not in list(Disposition):
        raise ValueError(disposition)
    values: dict[str, Any] = {"disposition": disposition, "why": why, "case_number": case, "guesses": guesses}
    values |= {"disposed": None, "attempts": 0} if disposition == Disposition.UNREAD else {"disposed": now}
    digest = _settle(tx, entry, now, keeps=keeps, **values)
    if disposition != Disposition.IGNORED and not tx.execute(select(exists().where(_raw.c.digest == digest))).scalar():
        raise StoreError(f"mail {entry} was none of our business and its bytes are gone: it can only be sent again")


def _settle(tx: Connection, entry: int, now: datetime, *, keeps: bool = False, **values: Any) -> str:
    digest: str | None = tx.execute(_SETTLE, {"entry": entry, **values}).scalar()
    if digest is None:
        raise KeyError(entry)
    ways.changed(tx, ways.MAIL, now, entry)
    if values["disposition"] == Disposition.IGNORED and not keeps:
        forget(tx, digest)
    return digest


def forget(tx: Connection, digest: str) -> None:
    """Deletes the bytes unless a row that is unread or kept needs them."""
    # Locked first, looked at second: a `receive` of the same bytes that is under way elsewhere is then seen.
    tx.execute(select(_raw.c.digest).where(_raw.c.digest == digest).with_for_update())
    needed = exists().where(_ledger.c.digest == digest, _ledger.c.disposition != Disposition.IGNORED)
    tx.execute(delete(_raw).where(_raw.c.digest == digest, ~needed))


# --- lists ----------------------------------------------------------------------------------------------------------


def select_listed(*where: ColumnElement[bool]) -> Any:
    """What a Listed is made of."""
    c = _ledger.c
    return select(c.id, c.mailbox, c.digest, c.received, c.disposition, c.why, c.case_number, c.guesses).where(*where)


def listed(tx: Connection, disposition: str) -> list[Listed]:
    """Every row so disposed of, oldest first."""
    return _oldest_first(tx, _ledger.c.disposition == disposition)


def of_case(tx: Connection, case: int) -> list[Listed]:
    """The case's mails, oldest first."""
    return _oldest_first(tx, _ledger.c.case_number == case)


def _oldest_first(tx: Connection, where: ColumnElement[bool]) -> list[Listed]:
    return [Listed(*row) for row in tx.execute(select_listed(where).order_by(_ledger.c.received, _ledger.c.id))]


def held(tx: Connection, mailbox: str, digest: str, entry: int) -> bool:
    """Whether another row of this mailbox with the same bytes waits for a person."""
    same = (_ledger.c.digest == digest, _ledger.c.mailbox.concat("") == mailbox, _ledger.c.id != entry)
    waits = _ledger.c.disposition.in_([Disposition.PEN, Disposition.ASIDE])
    return bool(tx.execute(select(exists().where(*same, waits))).scalar())


def unread(tx: Connection) -> int:
    return tx.execute(select(func.count()).where(_ledger.c.disposition == Disposition.UNREAD)).scalar_one()


def seen(
    tx: Connection, mailbox: str, digest: str, message_id_hash: str, entry: int, before: datetime
) -> Listed | None:
    """Whether a mail lay in this mailbox already, under another key (the caller tells a copy from an impostor by its
    digest): a row of it other than `entry`, fetched before that instant and disposed of, with the same digest or
    the same Message-ID; one of the same digest first."""
    named = [_ledger.c.message_id_hash == message_id_hash] if message_id_hash else []
    is_it = or_(_ledger.c.digest == digest, *named)
    # The mailbox is put so that no index leads through all of it: it is asked once for each mail of a moved one.
    here, other = _ledger.c.mailbox.concat("") == mailbox, _ledger.c.id != entry
    rows = select_listed(is_it, here, other, _ledger.c.arrived < before, _ledger.c.disposition != Disposition.UNREAD)
    first = rows.order_by(case((_ledger.c.digest == digest, 0), else_=1), _ledger.c.id).limit(1)
    return next((Listed(*row) for row in tx.execute(first)), None)
