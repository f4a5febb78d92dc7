"""The power goes: what was synced is there, of the rest nothing, some or all, in any moment of a row of commits.

The file system below SQLite that knows which is which is power.py's.
"""

from __future__ import annotations

from pathlib import Path

from bot.store import meta
from bot.store.db import Database
from tests.kill.power import COMMITS, images_of, put


def test_what_was_committed_survives(tmp_path: Path) -> None:
    """Every commit that returned before the cut is found whole in a sound file, and of the one under way all or
    nothing."""
    images = images_of("commits", tmp_path)
    assert len(images) > 4 * COMMITS
    assert {promised for promised, _ in images} == set(range(COMMITS + 1))
    for number, (promised, files) in enumerate(images):
        found = kept(put(files, tmp_path / str(number)))
        assert found[:promised] == list(range(1, promised + 1)), f"of {promised} commits {found} are left"
        assert found in (list(range(1, promised + 1)), list(range(1, promised + 2)))


def kept(file: Path) -> list[int]:
    """Which commits the file holds; opening it looks whether it is sound."""
    db = Database(f"sqlite:///{file}")
    with db.read() as tx:
        found = [n for n in range(1, COMMITS + 1) if meta.get(tx, f"kept/{n}") == "x" * 3000]
    db.close()
    return found
