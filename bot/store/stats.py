"""The few counts that `status` shows. Numbers only: no ref, no address, no text."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from bot.store import schema


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
