"""Runs migrations on the connection it is handed, inside the caller's transaction. It opens nothing itself."""

from __future__ import annotations

from alembic import context

from bot.store import schema

context.configure(connection=context.config.attributes["connection"], target_metadata=schema.metadata)
with context.begin_transaction():
    context.run_migrations()
