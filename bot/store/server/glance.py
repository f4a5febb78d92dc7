"""A look at the database that costs no library but its driver: what `status` tells and alerts are made of.

Plain SQL without a value in it, read alike through the driver (`looking`) or on a transaction (db.asking). It changes
nothing and migrates nothing; what is counted names no person. Counts are numbers by a word.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from bot.model.errors import StoreError

#: The newest migration: a database at this revision needs no look at the migrations.
HEAD = "0009"
BUSY_SECONDS = 30
CONNECT_SECONDS = 10
#: A line to PostgreSQL that is cut without a word is given up within half a minute, not within hours.
KEPT_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
SQLITE, POSTGRESQL = "sqlite:///", "postgresql+psycopg://"

CROSSED = "others were changing the same at that moment, and nothing was changed: do it again"

#: What a database says, and what it means to the person who must mend it.
SENTENCES = (
    ("deadlock", CROSSED),  # it says "blocked" as well
    ("lock timeout", CROSSED),
    ("locked", f"another program has kept it locked for {BUSY_SECONDS} seconds: end that program, or wait"),
    ("full", "there is no space left for it: make room, then start again"),
    ("readonly", "it cannot be written: give this user the right to write the file and its folder"),
    ("unable to open", "it cannot be opened: give this user the right to write the file and its folder"),
    ("disk i/o", "its disk gives errors: look at the disk before anything else"),
    ("not a database", "the file is no SQLite database: check `database:` in bot.yaml"),
    ("malformed", "the file is damaged: restore the last backup, then start again"),
    ("no such table", "it has no tables of ours: start the daemon once, or check `database:` in bot.yaml"),
)

#: The rows of a statement that has no values.
Ask = Callable[[str], Sequence[Sequence[Any]]]


@contextmanager
def looking(url: str) -> Iterator[Ask]:
    """One consistent read of that database, which must be there. Raises StoreError in a sentence."""
    path = file(url)
    if path is None and not url.startswith(POSTGRESQL):
        raise StoreError("the database is given as sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME")
    with _postgresql(url) if path is None else _sqlite(url, path) as ask:
        yield ask


@contextmanager
def _sqlite(url: str, path: Path) -> Iterator[Ask]:
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            yield lambda sql: connection.execute(sql).fetchall()
    except sqlite3.DatabaseError as error:
        if type(error) not in (sqlite3.OperationalError, sqlite3.DatabaseError):
            raise
        raise StoreError(f"{name(url)}: {in_words(error)}") from error


@contextmanager
def _postgresql(url: str) -> Iterator[Ask]:
    import psycopg  # only where it is asked for

    address, _, query = url.replace(POSTGRESQL, "postgresql://", 1).partition("?")
    given: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, **KEPT_ALIVE, **dict(parse_qsl(query))}
    if hosts := [value.partition(":") for key, value in parse_qsl(query) if key == "host"]:  # several servers
        given |= {"host": ",".join(host for host, _, _ in hosts)}
        given |= {"port": ",".join(port for _, _, port in hosts)} if any(port for _, _, port in hosts) else {}
    try:
        with closing(psycopg.connect(address, **given)) as connection:
            connection.read_only, connection.isolation_level = True, psycopg.IsolationLevel.REPEATABLE_READ
            yield lambda sql: connection.execute(sql).fetchall()
    except psycopg.Error as error:
        raise StoreError(f"{name(url)}: {in_words(error)}") from error


def file(url: str) -> Path | None:
    """The file of an SQLite database; None of one that a server has."""
    return Path(url.removeprefix(SQLITE).partition("?")[0]) if url.startswith(SQLITE) else None


def name(url: str) -> str:
    """The database as messages name it: without a password."""
    without_password = re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", url)
    return f"the database {file(url) or without_password}"


def in_words(error: object) -> str:
    """A driver's message as a sentence that says what to do."""
    said = " ".join(str(error).split())
    return next((words for sign, words in SENTENCES if sign in said.lower()), said)


# --- what is asked ----------------------------------------------------------------------------------------------------


def is_behind(ask: Ask) -> bool:
    """Whether another version of this program made the schema. Raises StoreError where there is none yet."""
    return [row[0] for row in ask("SELECT version_num FROM alembic_version")] != [HEAD]


def cases_by_state(ask: Ask) -> dict[str, int]:
    return _counted(ask("SELECT state, count(*) FROM cases WHERE state <> '' GROUP BY state"))


def letters_by_status(ask: Ask) -> dict[str, int]:
    return _counted(ask("SELECT status, count(*) FROM outbox GROUP BY status"))


def mails_by_disposition(ask: Ask) -> dict[str, int]:
    """unread, case, holding_pen, ignored, set_aside."""
    return _counted(ask("SELECT disposition, count(*) FROM ledger GROUP BY disposition"))


def _counted(rows: Sequence[Sequence[Any]]) -> dict[str, int]:
    return dict(map(tuple, rows))


def last_listed(ask: Ask) -> dict[str, datetime]:
    """Mailbox -> when it was last listed whole; those never listed are missing."""
    rows = ask("SELECT name, last_listed FROM mailboxes WHERE last_listed IS NOT NULL")
    return {plain(mailbox): instant(at) for mailbox, at in rows}


def closed(ask: Ask) -> list[tuple[str, datetime, str]]:
    """(mailbox, since, why): those that cannot be read."""
    rows = ask("SELECT mailbox, since, why FROM gaps WHERE until IS NULL ORDER BY since, id")
    return [(plain(mailbox), instant(since), plain(why)) for mailbox, since, why in rows]


def oldest_failing(ask: Ask) -> tuple[datetime, str] | None:
    """When the oldest letter that still cannot be sent first failed, and why it failed last."""
    rows = ask(
        "SELECT first_failed, last_error FROM outbox WHERE first_failed IS NOT NULL"
        " AND status IN ('queued', 'claimed', 'in_data', 'deferred', 'unknown') ORDER BY first_failed, id LIMIT 1"
    )
    return next(((instant(since), plain(why)) for since, why in rows), None)


def doubtful(ask: Ask) -> list[tuple[int, str, int, str, datetime]]:
    """(id, status, resends, last error, since when) of every letter on its way that failed, is held or was re-sent."""
    rows = ask(
        "SELECT id, status, resends, last_error, coalesce(claimed, queued) FROM outbox"
        " WHERE status IN ('queued', 'claimed', 'in_data', 'deferred', 'unknown', 'held')"
        " AND (last_error <> '' OR resends > 0) ORDER BY queued, id"
    )
    return [(number, status, resends, plain(why), instant(since)) for number, status, resends, why, since in rows]


def open_under(ask: Ask) -> list[tuple[str, str, str, str]]:
    """(ref, policy, its version, its text "" where none is kept) of every open case, in order of opening."""
    rows = ask(
        "SELECT c.ref, c.policy, c.policy_version, p.text FROM cases c LEFT JOIN policies p ON p.hash = c.policy_hash"
        " WHERE c.state NOT IN ('', 'closed') ORDER BY c.number"
    )
    return [(plain(ref), plain(policy), plain(version), text or "") for ref, policy, version, text in rows]


#: After so many seconds without a sign of itself a life is silent.
QUIET = 60
_LIVES = (
    "SELECT v.owner, v.host, v.pid, v.version, v.started, v.seen, v.since,"
    " v.fence > 0 AND v.fence = l.fence AND l.until >= now.at, v.fence > 0, now.at - v.seen"
    " FROM lives v CROSS JOIN lease l CROSS JOIN (SELECT extract(epoch FROM clock_timestamp())::float8 AS at) now"
    " ORDER BY v.fence DESC, v.started"
)


@dataclass(frozen=True, slots=True)
class Life:
    """A life as its row has it: it works or stands by `since` then; `silent`: for how many seconds it has given no
    sign. `has_worked` where it works no more: its lease lapsed."""

    owner: str
    host: str
    pid: int
    version: str
    started: datetime
    seen: datetime
    since: datetime
    is_active: bool
    has_worked: bool
    silent: float

    @property
    def is_silent(self) -> bool:
        return self.silent > QUIET

    @property
    def name(self) -> str:
        return f"process {self.pid} on {self.host}"


def lives(ask: Ask) -> list[Life]:
    """The one that works first; [] on SQLite, where none has a row."""
    if not ask("SELECT 1 FROM lives LIMIT 1"):
        return []
    return [_life(*row) for row in ask(_LIVES)]


def _life(owner: str, host: str, pid: int, version: str, started: float, seen: float, since: float, *now: Any) -> Life:
    began, last, then = (datetime.fromtimestamp(at, UTC) for at in (started, seen, since))
    return Life(plain(owner), plain(host), pid, plain(version), began, last, then, *now)


# --- what a column holds ----------------------------------------------------------------------------------------------


def instant(text: str) -> datetime:
    """`2027-01-15T16:45:00.000000Z`. Raises ValueError for a text that is not in UTC."""
    if not text.endswith("Z"):
        raise ValueError(f"a stored instant is not in UTC: {text!r}")
    return datetime.fromisoformat(text).astimezone(UTC)


def plain(text: str) -> str:
    """Text as people see it: a NUL or a lone surrogate, which no database takes, is stored as an escape."""
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


_ESCAPE = re.compile(r"\\(\\|u[0-9a-f]{4})")


def _unescaped(escape: re.Match[str]) -> str:
    said = escape[1]
    return said if said == "\\" else chr(int(said[1:], 16))
