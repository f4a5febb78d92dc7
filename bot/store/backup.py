"""A copy of the database that can be put back: taken while the daemon runs, checked before it is called one.

SQLite only; PostgreSQL has pg_dump, which knows it better. It removes nothing and rotates nothing.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.errors import StoreError
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
