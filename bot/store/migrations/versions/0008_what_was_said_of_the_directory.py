"""What people said of the directory stands in a table of its own: changes that both sides agreed to are laid over the
file, which nobody but the operator writes. What was agreed before stays in the letters that asked about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directory_facts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
