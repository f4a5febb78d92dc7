"""By whom an open case is found stands in a table of its own: a mail that cites nothing is held against the cases of its
people, no longer against every open one. Closed cases have no row; nothing else changes."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = op.create_table(
        "involved",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("case_number", sa.Integer(), sa.ForeignKey("cases.number"), nullable=False),
        sa.Column("is_raiser", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("address", "case_number"),
    )
    op.create_index("ix_involved_case", "involved", ["case_number"])
    tx = op.get_bind()
    found = sa.text("SELECT number, snapshot FROM cases WHERE state NOT IN ('', 'closed') ORDER BY number")
    for number, snapshot in tx.execute(found).all():
        case = json.loads(snapshot)
        people = {_stored(who["email"]): False for _, _, who in case.get("people", ())}
        people[_stored(case["raiser"]["email"])] = True
        rows = [{"address": who, "case_number": number, "is_raiser": raises} for who, raises in people.items()]
        tx.execute(table.insert(), rows)


def _stored(address: str) -> str:
    """Lower case, as a column of plain text holds it: what no database takes stands as an escape."""
    escaped = address.lower().replace("\\", "\\\\").encode("utf-8", "backslashreplace").decode("utf-8")
    return escaped.replace("\0", "\\u0000")
