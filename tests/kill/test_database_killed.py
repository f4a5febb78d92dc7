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
from tests.kill.power import MOST, images_of, put
from tests.unit.test_first_release import FILE


def test_killed_while_it_migrates(tmp_path: Path) -> None:
    """A database of the first release is as that release left it, or as this one wants it; the next start goes on."""
    shutil.copy(FILE, tmp_path / "bot.db")
    before, _ = cut_short("migrates", tmp_path)
    db = Database(f"sqlite:///{before}")
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
    for file in cut_short("purges", tmp_path):
        db = Database(f"sqlite:///{file}")
        with db.read() as tx:
            assert cases.verify(tx) == []
        db.close()


def cut_short(work: str, folder: Path) -> tuple[Path, Path]:
    """Does that work and looks at what it leaves wherever it is cut short: all as before, or all as after. A file that
    was left as it was before, and one as after."""
    before = rows(folder / "bot.db")
    images = images_of(work, folder)
    after = rows(folder / "bot.db")
    assert before != after
    assert len(images) > 20
    different = {tuple(sorted(files.items())): files for _, files in images}
    found: dict[tuple[str, ...], Path] = {}
    for number, files in enumerate(different.values()):
        file = put(files, folder / "images" / str(number))
        Database(f"sqlite:///{file}").close()  # which looks whether it is sound
        left = rows(file)
        assert left in (before, after), f"{len(set(left) ^ set(before))} rows are of neither"
        found.setdefault(left, file)
    assert len(images) < MOST, "there is more than was looked at"
    return found[before], found[after]


def rows(file: Path) -> tuple[str, ...]:
    with closing(sqlite3.connect(file)) as opened:
        return tuple(sorted(opened.iterdump()))  # VACUUM puts them in another order
