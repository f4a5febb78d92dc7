"""The database: one way to open it, one way to begin. Commits are durable before they return.

How each server is set for that is engines.py's. It knows no table. What an operator can mend is a StoreError in a
sentence; a broken rule of ours (a key, a type) is raised as it is.

SQLite lets one write at a time. On PostgreSQL rows are locked as they are changed: a mail, then its case, then that
one's deadlines and letters, then seals, of which none waits in a circle. The sender begins with its letter, and mails
that share a commit hold several cases: where that makes a circle, one of them is undone and begins again (Overtaken).
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, inspect, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, OperationalError, ProgrammingError

from bot.model.errors import Overtaken, StoreError
from bot.store import schema
from bot.store.server import engines
from bot.store.server.glance import Ask, in_words

MIGRATIONS = Path(__file__).parent / "migrations"
#: Half of what PostgreSQL lets pass before it looks for a circle (deadlock_timeout).
_GIVE_WAY = "SET LOCAL lock_timeout = '500ms'"
_GIVEN_AS = (
    "the database is given as sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME; where several servers have it, as"
    " postgresql+psycopg://USER@/NAME?host=H1:PORT&host=H2:PORT&target_session_attrs=read-write"
)
_OVERTAKEN = ("40P01", "55P03")  # deadlock_detected, lock_not_available


class Database:
    """One database. Threads share it; each `begin` has a connection of its own."""

    engine: Engine
    #: What each write transaction asks first, inside itself, where several lives share it: see server/lives.py.
    guard: Callable[[Connection], None] | None = None

    def __init__(self, url: str, *, check: bool = True, called: str = "challenge-bot") -> None:
        """Opens and creates the file and folder (0700/0600) if new. `check` False leaves out SQLite's `quick_check`,
        which reads the whole file; `called`: how PostgreSQL lists its connections. Raises StoreError in a sentence."""
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise StoreError(_GIVEN_AS) from None
        self.url = parsed
        self.file: Path | None = None
        if parsed.get_backend_name() == "sqlite":
            self.file = engines.prepared(parsed)
            self.engine = engines.sqlite(parsed)
        elif parsed.get_backend_name() == "postgresql":
            self.engine = engines.postgresql(parsed, called)
        else:
            raise StoreError(f"{self.name}: only SQLite and PostgreSQL can be used")
        try:
            self._look(check)
        except StoreError:
            self.close()
            raise

    @property
    def name(self) -> str:
        """The database as messages name it: without a password."""
        return f"the database {self.file or self.url.render_as_string(hide_password=True)}"

    @property
    def is_sqlite(self) -> bool:
        return self.file is not None

    def migrate(self) -> None:
        """Brings the schema to head (Alembic, in process). Raises StoreError for a database newer than this program."""
        with self.begin() as tx:
            before = self._revision(tx)
        if before == schema.HEAD:
            return
        try:
            with self.begin() as tx:
                self._upgrade(tx)
            if before is not None:
                self.scrub()  # what a migration rewrote leaves no trace
        except (IntegrityError, ProgrammingError):
            # Two daemons may start at once on PostgreSQL; the slower finds the tables made.
            with self.begin() as tx:
                if self._revision(tx) != schema.HEAD:
                    raise

    def is_behind(self) -> bool:
        """Whether another version of this program made the schema; False also where there is none yet."""
        with self.read() as tx:
            return self._revision(tx) not in (None, schema.HEAD)

    @contextmanager
    def begin(self, *, gives_way: bool = False) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back on an exception. What it changed is sealed last.

        Raises LifeOver, see `guard`; Overtaken in a circle of locks and, if it `gives_way`, before others that wait for
        it would be undone."""
        with self._in_words(), self.engine.begin() as tx:
            if self.guard is not None:
                self.guard(tx)
            if gives_way and not self.is_sqlite:
                tx.exec_driver_sql(_GIVE_WAY)
            tx.info[schema.LAST] = {}  # an earlier one may have been rolled back
            yield tx
            for do, what in tx.info.pop(schema.LAST).items():
                do(tx, what)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent read that takes no write lock."""
        with self._in_words(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection = connection.execution_options(is_read=True)
            else:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    def tidy(self) -> None:
        """Checkpoint and truncate the WAL (SQLite); nothing elsewhere."""
        if self.is_sqlite:
            with self._in_words(), self.engine.connect() as connection:
                _dbapi(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def scrub(self) -> bool:
        """Writes the file anew without what was deleted (SQLite; PostgreSQL does so by itself, in time). False: others
        are reading, so that the write-ahead log keeps old pages until the next time."""
        if not self.is_sqlite:
            return True
        with self._in_words(), self.engine.connect() as connection:
            _dbapi(connection).execute("VACUUM")
            busy: int = _dbapi(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy

    def faults(self) -> list[str]:
        """What SQLite finds wrong with its file, each index held against its table too; [] for another database."""
        if not self.is_sqlite:
            return []
        with self._in_words(), self.engine.connect() as connection:
            found = [row[0] for row in _dbapi(connection).execute("PRAGMA integrity_check(20)")]
        return [f"{self.name}: the file is damaged ({said})" for said in found if said != "ok"]

    def close(self) -> None:
        self.engine.dispose()

    def _look(self, check: bool) -> None:
        with self._in_words(), self.engine.connect() as connection:
            if not self.is_sqlite:
                return
            mode = _dbapi(connection).execute("PRAGMA journal_mode").fetchone()[0]
            if mode != "wal":
                raise StoreError(f"{self.name}: its disk cannot keep a write-ahead log; put it on a local disk")
            if check:
                quick_check(_dbapi(connection), self.name)

    def _revision(self, tx: Connection) -> str | None:
        if not inspect(tx).has_table("alembic_version"):
            return None
        return tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()

    def _upgrade(self, tx: Connection) -> None:
        # Imported late: Alembic costs a tenth of a second, and nearly every start finds the schema at head.
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config(attributes={"connection": tx})
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        revision = self._revision(tx)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if revision is not None and revision not in known:
            raise StoreError(
                f"{self.name} was written by a newer version of this program (schema {revision}, this one knows "
                f"{schema.HEAD}): install that version again, or restore a backup made before the upgrade"
            )
        command.upgrade(config, "head")

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            if not isinstance(error, OperationalError) and type(error) is not DatabaseError:
                raise
            kind = Overtaken if getattr(error.orig, "sqlstate", "") in _OVERTAKEN else StoreError
            raise kind(f"{self.name}: {in_words(error.orig)}") from error
        except sqlite3.DatabaseError as error:  # of a PRAGMA: it is put to the driver itself
            raise StoreError(f"{self.name}: {in_words(error)}") from error


def file_of(url: str) -> Path | None:
    """The file of a SQLite database, by the one path that has no link in it; None for any other address."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return None  # opening it says why
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    return Path(parsed.database).resolve()


def asking(tx: Connection) -> Ask:
    """Plain SQL on this transaction, as a look at the database asks it."""
    return lambda sql: tx.exec_driver_sql(sql).all()


def quick_check(connection: sqlite3.Connection, name: str) -> None:
    """Raises StoreError when SQLite finds the file damaged."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreError(f"{name}: the file is damaged ({found}): restore the last backup, then start again")


def _dbapi(connection: Connection) -> Any:
    """The driver's own connection: a PRAGMA must run outside the transaction that SQLAlchemy would begin."""
    return connection.connection.driver_connection


# --- statements in this database's own words --------------------------------------------------------------------------


def insert_into(tx: Connection, table: Table) -> sqlite.Insert:
    """An INSERT that knows ON CONFLICT, in the words of this database (both dialects spell it alike)."""
    return insert_for(tx.dialect.name, table)


@cache
def new_rows(dialect: str, table: Table) -> sqlite.Insert:
    """An INSERT that leaves out rows whose key is there already, in that database's words."""
    return insert_for(dialect, table).on_conflict_do_nothing()


@cache
def insert_for(dialect: str, table: Table) -> sqlite.Insert:
    """The same, by the dialect's name."""
    if dialect == "postgresql":
        return postgresql.insert(table)  # type: ignore[return-value]
    return sqlite.insert(table)
