"""How SQLite and PostgreSQL are opened, so that what was committed is on the disk before anybody hears of it.

SQLite: WAL, synchronous=FULL, BEGIN IMMEDIATE, busy timeout, secure_delete (what is none of our business leaves no
trace), files 0600. PostgreSQL: psycopg 3, never answering before its disk has it. It knows no table and begins no
transaction.
"""

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import LRUCache

from bot.model.errors import StoreError
from bot.store.server.glance import BUSY_SECONDS, CONNECT_SECONDS, KEPT_ALIVE


def prepared(url: URL) -> Path:
    """The file, made for its owner alone where there was none. Raises StoreError."""
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StoreError("a database in memory would lose every mail: give a file, as in sqlite:///var/bot.db")
    path = Path(url.database)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its WAL the mode of the main file, so the file is made before SQLite could make it wider.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise StoreError(f"the database {path} cannot be written: {error.strerror}") from error
    return path


class Alike(SQLiteDialect_pysqlite):
    """Each as good as any other: a statement put together for one database serves the next that a process opens."""

    supports_statement_cache = True

    def __eq__(self, other: object) -> bool:
        return type(other) is Alike

    def __hash__(self) -> int:
        return hash(Alike)


registry.register("sqlite.alike", __name__, Alike.__name__)
_SHARED = {"compiled_cache": LRUCache[Any, Any](1000)}


def sqlite(url: URL) -> Engine:
    url, patient = url.set(drivername="sqlite+alike"), {"timeout": BUSY_SECONDS}
    engine = create_engine(url, hide_parameters=True, connect_args=patient, execution_options=_SHARED)

    @event.listens_for(engine, "connect")
    def opened(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # this module says BEGIN, nobody else
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # IMMEDIATE: a writer waits at BEGIN, where waiting is safe, not at its first write, where it would fail.
        is_read = connection.get_execution_options().get("is_read", False)
        connection.exec_driver_sql("BEGIN" if is_read else "BEGIN IMMEDIATE")

    return engine


def postgresql(url: URL, called: str) -> Engine:
    """`called`: how the server lists these connections, whatever the address says: who takes over cuts them by it. All
    else that the address says of them holds."""
    own = {"connect_timeout": CONNECT_SECONDS, **KEPT_ALIVE}
    patient = {name: value for name, value in own.items() if name not in url.query} | {"application_name": called}
    url = url.set(drivername="postgresql+psycopg")
    afresh = "READ COMMITTED"  # who waited for a lock sees what was written meanwhile
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, isolation_level=afresh, connect_args=patient)

    @event.listens_for(engine, "connect")
    def opened(connection: Any, _: ConnectionPoolEntry) -> None:
        # A server set to answer before the disk has it would break the one promise of this file; so would one that
        # leaves out the disk of a standby that it has, and that may be promoted.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE"
            " current_setting('synchronous_commit') IN ('off', 'local')"
        )
        connection.commit()

    return engine
