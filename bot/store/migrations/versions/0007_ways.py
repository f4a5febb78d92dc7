"""Where a mail went, what became of a letter and who took it when are sealed from now on. What stands there already is
sealed when it changes: `sealed_after` in meta says up to which row. Heads stay as they are."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    tx = op.get_bind()
    kept = tx.execute(sa.text("SELECT value FROM meta WHERE key = 'sealed_after'")).scalar()
    after = {
        kind: tx.execute(sa.text(f"SELECT COALESCE(MAX(id), 0) FROM {table}")).scalar()
        for kind, table in (("way of a letter", "outbox"), ("way of a mail", "ledger"))
    }
    if not any(after.values()):
        return
    note = json.dumps({**json.loads(kept or "{}"), **after}, sort_keys=True, separators=(",", ":"))
    tx.execute(sa.text("DELETE FROM meta WHERE key = 'sealed_after'"))
    tx.execute(sa.text("INSERT INTO meta (key, value) VALUES ('sealed_after', :note)"), {"note": note})
