"""What was kept as strings in `meta` becomes rows: of each mailbox its door, its floor and its move; the floors of
folders first seen later; and how often somebody was away at which case and stage, which a purge of the case reaches.
And a deadline's `n`, which counted or named one of several, becomes a column for each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column, kind in (
        ("door", sa.Text()),
        ("floor", sa.String(27)),
        ("moved", sa.String(27)),
        ("caught_up", sa.String(27)),
    ):
        op.add_column("mailboxes", sa.Column(column, kind))
    op.create_table(
        "folder_floors",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("floor", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["mailbox"], ["mailboxes.name"]),
        sa.PrimaryKeyConstraint("mailbox", "folder"),
    )
    op.create_table(
        "absences",
        sa.Column("who", sa.String(32), nullable=False),
        sa.Column("case_number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("told", sa.String(27)),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"]),
        sa.PrimaryKeyConstraint("who", "case_number", "stage"),
    )
    tx = op.get_bind()
    _deadlines()
    _mailboxes(tx)
    _absences(tx)
    for prefix in ("door", "floor", "moved", "absent"):
        tx.execute(sa.text("DELETE FROM meta WHERE key LIKE :key"), {"key": f"{prefix}:%"})


def _deadlines() -> None:
    occasion, made = "ux_deadlines_occasion", {"sqlite_autoincrement": True}
    with op.batch_alter_table("deadlines", table_kwargs=made) as rows:
        rows.add_column(sa.Column("item", sa.Integer(), nullable=False, server_default="0"))
        rows.alter_column("n", new_column_name="nth")
        rows.drop_constraint(occasion, type_="unique")
    op.execute("UPDATE deadlines SET item = nth, nth = 0 WHERE kind IN ('clock', 'action', 'prompt', 'prompt_late')")
    with op.batch_alter_table("deadlines", table_kwargs=made) as rows:
        rows.alter_column("item", server_default=None)
        # Not beside the drop of the one before: on SQLite the later of the two of one name would be lost.
        rows.create_unique_constraint(occasion, ["case_number", "kind", "stage", "nth", "item", "at"])


def _mailboxes(tx: Any) -> None:
    doors, moves, floors = _kept(tx, "door:"), _kept(tx, "moved:"), _kept(tx, "floor:")
    names = {*tx.execute(sa.text("SELECT name FROM mailboxes")).scalars(), *doors, *moves}
    folders = {}
    for key, at in floors.items():
        # A name or a folder may hold a colon itself: the longest mailbox that is known is meant.
        name = max((n for n in names if key.startswith(f"{n}:")), key=len, default="") if key not in names else ""
        if name:
            folders[name, key.removeprefix(f"{name}:")] = _instant(at)
    general = {key: at for key, at in floors.items() if key in names}
    for name in sorted(names):
        moved, _, caught_up = moves.get(name, "").partition(" ")
        row = {"name": name, "door": doors.get(name), "floor": _instant(general.get(name))}
        row |= {"moved": _instant(moved), "caught_up": _instant(caught_up)}
        known = sa.text("SELECT 1 FROM mailboxes WHERE name = :name")
        if tx.execute(known, {"name": name}).first() is None:
            tx.execute(sa.text("INSERT INTO mailboxes (name, cursor) VALUES (:name, '')"), {"name": name})
        values = "door = :door, floor = :floor, moved = :moved, caught_up = :caught_up"
        tx.execute(sa.text(f"UPDATE mailboxes SET {values} WHERE name = :name"), row)
    for (name, folder), floor in folders.items():
        insert = sa.text("INSERT INTO folder_floors (mailbox, folder, floor) VALUES (:mailbox, :folder, :floor)")
        tx.execute(insert, {"mailbox": name, "folder": folder, "floor": floor})


def _absences(tx: Any) -> None:
    """One line for each case and stage, `INSTANT NUMBER/STAGE`, and one, `INSTANT told`, once the unit was told."""
    known = set(tx.execute(sa.text("SELECT number FROM cases")).scalars())
    for who, value in _kept(tx, "absent:").items():
        lines = [line.partition(" ") for line in value.split("\n") if line]
        told = next((_instant(at) for at, _, place in lines if place == "told"), None)
        for at, _, place in lines:
            number, _, stage = place.partition("/")
            if place != "told" and int(number) in known:
                row = {"who": who, "n": int(number), "stage": stage, "at": _instant(at), "told": told}
                columns = "(who, case_number, stage, at, told) VALUES (:who, :n, :stage, :at, :told)"
                tx.execute(sa.text(f"INSERT INTO absences {columns}"), row)


def _kept(tx: Any, prefix: str) -> dict[str, str]:
    rows = tx.execute(sa.text("SELECT key, value FROM meta WHERE key LIKE :key"), {"key": f"{prefix}%"})
    return {key.removeprefix(prefix): value for key, value in rows}


def _instant(said: str | None) -> str | None:
    if not said:
        return None
    return datetime.fromisoformat(said).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
