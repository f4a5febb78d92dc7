"""The ledger of every message seen, the raw bytes of those that matter, and where each mailbox was read up to.

Every message of a watched mailbox has one ledger row (mailbox, key). Its bytes live in `raw` until it has been read;
they stay only for a case, the holding pen or set aside. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.ports import RawMail


@dataclass(frozen=True, slots=True)
class Waiting:
    """A received mail that has not been read. `entry`: ledger id; `attempts`: how often reading was begun."""

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
    disposition: str
    why: str
    case: int | None
    guesses: str


def cursor(tx: Connection, mailbox: str) -> str: ...


def receive(
    tx: Connection, mailbox: str, mails: Sequence[RawMail], cursor: str, now: datetime, floor: datetime | None
) -> int:
    """Ledger rows, raw bytes and the cursor, in the caller's transaction. Known (mailbox, key) are skipped; a digest
    that is already known to be none of our business is entered as ignored. `floor`: mails received before it are old.
    Returns how many rows are new."""
    ...


def waiting(tx: Connection, limit: int, now: datetime) -> list[Waiting]:
    """Unread mails, oldest arrival at the server first."""
    ...


def attempt(tx: Connection, entry: int, now: datetime) -> int:
    """Counts one reading begun, in a transaction of its own, and returns the count."""
    ...


def raw(tx: Connection, digest: str) -> bytes:
    """The bytes. Raises KeyError when they are not kept."""
    ...


def seen(tx: Connection, digest: str, message_id_hash: str, entry: int) -> Listed | None:
    """Another ledger row (not `entry`) with the same digest, or the same Message-ID, that was already disposed of;
    rows of the same digest first. The caller compares digests to tell a copy from an impostor."""
    ...


def dispose(
    tx: Connection,
    entry: int,
    disposition: str,
    why: str,
    now: datetime,
    *,
    case: int | None = None,
    message_id_hash: str = "",
    guesses: str = "",
) -> None:
    """case | holding_pen | ignored | set_aside. Ignored: the raw bytes are deleted here unless another row needs them,
    and the row keeps mailbox, key, the hash of its Message-ID and the reason."""
    ...


def replace(tx: Connection, entry: int, disposition: str, why: str, now: datetime, case: int | None = None) -> None:
    """A human placed it: out of the pen (or set aside) into a case, ignored, or back to unread ("retry")."""
    ...


def listed(tx: Connection, disposition: str) -> list[Listed]: ...


def of_case(tx: Connection, case: int) -> list[Listed]: ...


def unread(tx: Connection) -> int: ...


def gap_opened(tx: Connection, mailbox: str, now: datetime, why: str) -> None:
    """The mailbox cannot be read from now on (kept once while it lasts)."""
    ...


def gap_closed(tx: Connection, mailbox: str, now: datetime) -> None: ...


def gaps(tx: Connection, since: datetime, until: datetime) -> list[tuple[str, datetime, datetime | None, str]]:
    """(mailbox, from, to or None, why): all time in which a mailbox could not be read."""
    ...


def listed_at(tx: Connection, mailbox: str, now: datetime) -> None:
    """A listing of the whole mailbox succeeded at `now`."""
    ...


def last_listed(tx: Connection) -> dict[str, datetime]: ...
