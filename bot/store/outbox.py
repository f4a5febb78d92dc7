"""The outbox: queued -> claimed -> in_data -> sent | deferred | refused | unknown (and held, withheld in shadow mode).

One function per change of status; each checks the fence of the claim, so that a paused daemon that wakes late can
change nothing. At most one letter per (case, occasion, kind, first addressee): a second is a normal outcome, not an
error. Per recipient: waiting, accepted, refused, bounced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.model import Letter
from bot.ports import Outcome, Refusal


@dataclass(frozen=True, slots=True)
class Queued:
    """A letter as stored. `fence` grows with each claim; `raw` is None until bytes were made."""

    id: int
    case: int | None
    letter: Letter
    status: str
    fence: int
    attempts: int
    queued: datetime
    claimed: datetime | None
    raw: bytes | None
    digest: str
    was_in_data: bool
    assigned_id: str
    recipients: tuple[tuple[str, str, str], ...]  # (address, status, words)
    last_error: str
    resends: int
    first_failed: datetime | None


def queue(tx: Connection, letter: Letter, case: int | None, now: datetime, status: str = "queued") -> int | None:
    """Returns the row id, or None when this occasion already has its letter."""
    ...


def sent_today(tx: Connection, case: int, recipient: str, since: datetime) -> int:
    """How many letters of the case were queued for this address since then (held ones not counted)."""
    ...


def claim(tx: Connection, now: datetime, owner: str, lease: timedelta) -> Queued | None:
    """The most urgent letter that may go now: status queued or deferred with its time come, or claimed with its lease
    over; every letter named in `after` served or undeliverable. Escalation, redirect, notice first, then by age."""
    ...


def make(tx: Connection, queued: Queued, letter: Letter, raw: bytes) -> Queued:
    """Stores the finished letter and its bytes under the claim's fence; refused once an attempt reached in_data."""
    ...


def in_data(tx: Connection, queued: Queued, offer_id: str, now: datetime) -> None:
    """Commits that the step that cannot be taken back begins. Raises CaseMoved when the fence is not ours."""
    ...


def sent(tx: Connection, queued: Queued, outcome: Outcome, now: datetime) -> None: ...


def deferred(tx: Connection, queued: Queued, why: str, retry_at: datetime, now: datetime) -> None:
    """Surely not sent; tried again at `retry_at`."""
    ...


def refused(tx: Connection, queued: Queued, refusals: Sequence[Refusal], now: datetime) -> None: ...


def unknown(tx: Connection, queued: Queued, why: str, now: datetime) -> None:
    """Handed over and the answer lost."""
    ...


def unknowns(tx: Connection) -> list[Queued]:
    """Letters in `unknown`, and those found `in_data` whose lease is over (a crash in the middle)."""
    ...


def proven(tx: Connection, queued: Queued, how: str, now: datetime) -> None:
    """Proof was found that it was sent."""
    ...


def resend(tx: Connection, queued: Queued, now: datetime) -> None:
    """Back to queued, once, with identical bytes and Message-ID."""
    ...


def bounced(tx: Connection, letter_id: int, recipient: str, status: str, words: str, now: datetime) -> bool:
    """True when this recipient was not yet known to have bounced."""
    ...


def hold(tx: Connection, letter_id: int, why: str) -> None: ...


def release(tx: Connection, letter_id: int) -> None: ...


def by_message_id(tx: Connection, message_ids: tuple[str, ...]) -> list[Queued]:
    """Letters with one of these ids, as we wrote them or as the server re-assigned them."""
    ...


def get(tx: Connection, letter_id: int) -> Queued: ...


def of_case(tx: Connection, case: int) -> list[Queued]: ...


def open_letters(tx: Connection) -> list[Queued]:
    """Everything not yet sent or refused."""
    ...


def next_retry(tx: Connection) -> datetime | None: ...


def failing_since(tx: Connection) -> datetime | None:
    """When the oldest letter that still cannot be sent first failed."""
    ...
