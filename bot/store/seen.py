"""Whether a mail of a mailbox lay in its ledger already, under another key: the same bytes, or the same Message-ID.

It only looks, and decides nothing: the caller compares digests to tell a copy from an impostor.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, case, func, or_, select

from bot.store import schema
from bot.store.mails import UNREAD, Listed, select_listed

_ledger = schema.ledger


def seen(
    tx: Connection, mailbox: str, digest: str, message_id_hash: str, entry: int, before: datetime
) -> Listed | None:
    """A row of this mailbox other than `entry`, fetched before that instant and disposed of, with the same digest or
    the same Message-ID; one of the same digest first."""
    same = _ledger.c.digest == digest
    if message_id_hash:
        same = or_(same, _ledger.c.message_id_hash == message_id_hash)
    rows = select_listed(
        same,
        # Put so that no index leads through the whole mailbox: it is asked once for each mail of a moved one.
        _ledger.c.mailbox.concat("") == mailbox,
        _ledger.c.id != entry,
        _ledger.c.arrived < before,
        _ledger.c.disposition != UNREAD,
    )
    first = rows.order_by(case((_ledger.c.digest == digest, 0), else_=1), _ledger.c.id).limit(1)
    row = tx.execute(first).one_or_none()
    return None if row is None else Listed(*row)


# The few counts that `status` shows. Numbers only: no ref, no address, no text.


def cases_by_state(tx: Connection) -> dict[str, int]:
    c = schema.cases.c
    return dict(iter(tx.execute(select(c.state, func.count()).where(c.state != "").group_by(c.state))))


def letters_by_status(tx: Connection) -> dict[str, int]:
    c = schema.outbox.c
    return dict(iter(tx.execute(select(c.status, func.count()).group_by(c.status))))


def mails_by_disposition(tx: Connection) -> dict[str, int]:
    """unread, case, holding_pen, ignored, set_aside."""
    c = schema.ledger.c
    return dict(iter(tx.execute(select(c.disposition, func.count()).group_by(c.disposition))))
