"""What no journal holds is chained from now on: when a mailbox could not be read, and the bytes of letters. What stands
there already is not sealed: `sealed_after` in meta says up to which row. Journals and their heads stay as they are."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seals",
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    tx = op.get_bind()
    if tx.dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seals "
            "FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()"
        )
    else:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER seals_no_{verb.lower()} BEFORE {verb} ON seals "
                "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
            )
    after = {
        kind: tx.execute(sa.text(f"SELECT COALESCE(MAX(id), 0) FROM {table}")).scalar()
        for kind, table in (("gap", "gaps"), ("letter", "outbox"))
    }
    if not any(after.values()):
        return
    note = json.dumps(after, sort_keys=True, separators=(",", ":"))
    tx.execute(sa.text("INSERT INTO meta (key, value) VALUES ('sealed_after', :note)"), {"note": note})
