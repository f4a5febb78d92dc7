"""Killed, or without power, while it migrates a database or purges a case: the next start finds it as before or after.

What lies on the disk then is drawn at one write of ten, and at every sync (power.py).
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.store import cases, schema
from bot.store.db import Database
from tests.kill.power import images_of, put
from tests.unit.test_first_release import FILE


def test_killed_while_it_migrates(tmp_path: Path) -> None:
    """A database of the first release is as that release left it, or as this one wants it; the next start goes on."""
    shutil.copy(FILE, tmp_path / "bot.db")
    before = rows(tmp_path / "bot.db")
    found = cut_short("migrates", tmp_path)
    after = rows(tmp_path / "bot.db")
    assert set(found) == {before, after}
    db = Database(f"sqlite:///{found[before]}")
    db.migrate()
    with db.read() as tx:
        assert cases.verify(tx) == []
        assert tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == schema.HEAD
    db.close()


def test_killed_while_it_purges(tmp_path: Path) -> None:
    """A closed case is known as it was, or forgotten as a purge forgets it; the journals hold either way."""
    shutil.copy(FILE, tmp_path / "bot.db")
    db = Database(f"sqlite:///{tmp_path / 'bot.db'}")
    db.migrate()
    db.close()
    before = rows(tmp_path / "bot.db")
    found = cut_short("purges", tmp_path)
    after = rows(tmp_path / "bot.db")
    assert set(found) == {before, after}
    for file in found.values():
        db = Database(f"sqlite:///{file}")
        with db.read() as tx:
            assert cases.verify(tx) == []
        db.close()


def cut_short(work: str, folder: Path) -> dict[tuple[str, ...], Path]:
    """Every set of rows that the next start may find, and a file where it does."""
    images = images_of(work, folder)
    assert len(images) > 20
    different = {tuple(sorted(files.items())): files for _, files in images}
    found: dict[tuple[str, ...], Path] = {}
    for number, files in enumerate(different.values()):
        file = put(files, folder / "images" / str(number))
        Database(f"sqlite:///{file}").close()  # which looks whether it is sound
        found.setdefault(rows(file), file)
    return found


def rows(file: Path) -> tuple[str, ...]:
    with closing(sqlite3.connect(file)) as opened:
        return tuple(sorted(opened.iterdump()))  # VACUUM puts them in another order
