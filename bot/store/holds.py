"""What holds a letter back, and what lets it go. outbox.py offers these functions as its own.

It does not know why a letter must wait, nor which hold a decision ends: that is engine/turn.py's.
"""

from __future__ import annotations

from sqlalchemy import Connection, update

from bot.model import Hold
from bot.store import schema
from bot.store.letters import GOING

_out = schema.outbox


def hold(tx: Connection, letter_id: int, why: str) -> None:
    """It waits for `release`; a letter already handed over or finished is left alone."""
    may = _out.c.status.in_(["queued", "deferred"])
    tx.execute(
        update(_out).where(_out.c.id == letter_id, may).values(status="held", last_error=why, held_for=Hold.OPERATOR)
    )


def hold_all(tx: Connection, why: str) -> int:
    """After a restore: every letter on its way waits for `release`, those in other hands too; how many."""
    rows = update(_out).where(_out.c.status.in_(GOING))
    restored = {"status": "held", "held_for": Hold.RESTORED, "last_error": why, "owner": ""}
    return tx.execute(rows.values(**restored, fence=_out.c.fence + 1)).rowcount


def held_longer(tx: Connection, letter_id: int, held_for: Hold) -> None:
    """What held it has ended, and something else holds it still."""
    tx.execute(update(_out).where(_out.c.id == letter_id, _out.c.status == "held").values(held_for=held_for))


def release(tx: Connection, letter_id: int) -> None:
    """Held, for whatever reason, or withheld: it goes at the next claim."""
    may = _out.c.status.in_(["held", "withheld"])
    tx.execute(update(_out).where(_out.c.id == letter_id, may).values(status="queued", last_error="", held_for=None))
