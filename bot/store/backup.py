"""A copy of the database that can be put back: taken while the daemon runs, checked before it is called one; and that
copy put back in its place.

SQLite only; PostgreSQL has pg_dump and pg_restore, which know it better. It removes nothing and rotates nothing: what
stood where a copy is put back is moved aside.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from bot.model.errors import StoreError
from bot.store import outbox
from bot.store.db import Database, in_words, quick_check


def backup(db: Database, target: Path) -> None:
    """Copies the database to the new file `target` (0600). Raises StoreError when it exists, cannot be written, or the
    copy is damaged, and then leaves no file behind."""
    if not db.is_sqlite:
        raise StoreError(
            f"{db.place} is backed up with its own tool: pg_dump --format=custom --file={target} {db.url.database}"
        )
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise StoreError(f"{target} exists already: a backup is never written over") from None
    except OSError as error:
        raise StoreError(f"the backup {target} cannot be written: {error.strerror}") from error
    try:
        _copy(db, target)
    except BaseException:
        target.unlink()
        raise


def _copy(db: Database, target: Path) -> None:
    try:
        with closing(sqlite3.connect(str(db.file))) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            quick_check(copy, f"the backup {target}")
    except sqlite3.Error as error:
        raise StoreError(f"the backup {target} failed: {in_words(error)}") from error


def restore(source: Path, target: Path, now: datetime) -> tuple[Path | None, int]:
    """Puts the backup `source` where the database `target` stands; nobody may have it open. Letters that the copy
    holds unsent are held: they may have gone since it was taken.

    Returns where the former database was moved (None: there was none) and how many letters are held. Raises StoreError
    for a file that is damaged, no database of this program, or newer than it; then nothing has changed.
    """
    fresh = target.with_name(f"{target.name}.restoring")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _take(source, fresh)
        held = _held(fresh)
        aside = _aside(target, now)
        fresh.rename(target)
    except OSError as error:
        raise StoreError(f"{source} cannot be put back at {target}: {error.strerror}") from error
    finally:
        for path in _family(fresh):
            path.unlink(missing_ok=True)
    return aside, held


def _take(source: Path, fresh: Path) -> None:
    """A whole copy beside the place it is for: the rename that follows is then one step."""
    with source.open("rb") as old, fresh.open("wb") as new:
        fresh.chmod(0o600)
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())
    try:
        with closing(sqlite3.connect(fresh)) as copy:
            quick_check(copy, f"the backup {source}")
            tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error as error:
        raise StoreError(f"{source} cannot be put back: {in_words(error)}") from error
    if not {"alembic_version", "cases", "journal"} <= tables:
        raise StoreError(f"{source} is no database of this program: give a file that `backup` made")


def _held(fresh: Path) -> int:
    """Brings the copy to this program's schema and holds its letters."""
    db = Database(f"sqlite:///{fresh}")
    try:
        db.migrate()
        with db.begin() as tx:
            held = outbox.hold_all(tx, "put back from a backup: it may have gone since")
        db.tidy()
    finally:
        db.close()
    return held


def _aside(target: Path, now: datetime) -> Path | None:
    """The former database under a name that says when, with its WAL: nothing is lost by putting back the wrong one."""
    if not target.exists():
        return None
    aside = target.with_name(f"{target.name}.before-{now:%Y%m%dT%H%M%SZ}")
    for old, new in zip(_family(target), _family(aside), strict=True):
        if old.exists():
            old.rename(new)
    return aside


def _family(file: Path) -> tuple[Path, Path, Path]:
    return (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm"))
