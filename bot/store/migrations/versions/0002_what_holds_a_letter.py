"""A held letter says what holds it. Of those that are held already: a HOLD or a missing GO where the case says so, and
in any doubt a restore, for then a person decides."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("held_for", sa.String(16)))
    tx = op.get_bind()
    rows = "SELECT id, case_number, letter, last_error, queued FROM outbox WHERE status = 'held'"
    for number, case, letter, last_error, queued in tx.execute(sa.text(rows)).all():
        held_for = "restored" if last_error else _by_case(tx, case, json.loads(letter)["kind"], queued)
        tx.execute(sa.text("UPDATE outbox SET held_for = :why WHERE id = :id"), {"why": held_for, "id": number})


def _by_case(tx: Any, number: int, kind: str, queued: str) -> str:
    snapshot = tx.execute(sa.text("SELECT snapshot FROM cases WHERE number = :n"), {"n": number}).scalar()
    case = json.loads(snapshot or "{}")
    if case.get("hold_until") and queued > _held_since(tx, number):
        return "hold"
    return "approval" if kind == "escalation" and "awaiting_go" in case.get("flags", ()) else "restored"


def _held_since(tx: Any, number: int) -> str:
    """When the HOLD that runs was said: letters decided until then were held by something else."""
    rows = sa.text("SELECT at, body FROM journal WHERE case_number = :n ORDER BY seq DESC")
    for at, body in tx.execute(rows, {"n": number}):
        if any(event["kind"] == "held" for event in json.loads(body)["events"]):
            return str(at)
    return "9999"
