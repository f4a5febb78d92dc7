"""The engine: one way to open SQLite or PostgreSQL, one way to begin. Commits are durable before they return.

SQLite: WAL, synchronous=FULL, BEGIN IMMEDIATE, busy timeout, secure_delete (what is none of our business leaves no
trace), files 0600. PostgreSQL: psycopg 3. It knows no table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine


class Database:
    """One database. Threads share it; each `begin` has a connection of its own."""

    engine: Engine

    def __init__(self, url: str) -> None:
        """Opens and creates the file and folder (0700/0600) if new. Raises StoreError in a sentence."""

    def migrate(self) -> None:
        """Brings the schema to head (Alembic, in process). Raises StoreError for a database newer than this program."""

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back on an exception."""
        raise NotImplementedError
        yield

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent read that takes no write lock."""
        raise NotImplementedError
        yield

    def tidy(self) -> None:
        """Checkpoint and truncate the WAL (SQLite); nothing elsewhere."""

    def close(self) -> None: ...
