"""The alarm table: what falls due when. Rows are written by cases.save; here they are claimed. Fires late, never early,
and each row once: the row and the save that answers it are one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.model import Deadline


@dataclass(frozen=True, slots=True)
class DueRow:
    id: int
    case: int
    deadline: Deadline


def claim_due(tx: Connection, now: datetime, owner: str, lease: timedelta, limit: int = 1) -> list[DueRow]:
    """The oldest due rows nobody else holds (FOR UPDATE SKIP LOCKED where the database has it), leased to `owner`."""
    ...


def next_due(tx: Connection) -> datetime | None: ...


def done(tx: Connection, row: DueRow) -> None:
    """Deletes the row (in the transaction that saves what followed)."""
    ...


def count_due(tx: Connection, now: datetime) -> int: ...
