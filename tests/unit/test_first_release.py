"""A database that the first release wrote can be opened, read and gone on with.

`databases/first_release.sqlite` was made by that release's own turn: ten cases of the shipped policy cheshire-east, all
opened by Helen Visser. 1 is open. 2 and 3 have a delayed delivery; 3 is closed. 4 was corrected twice; 5 had somebody
copied in from outside and was forwarded outside; 6 bounced; 7 went to another team; all four are closed. 8 is what 4
and 5 are, and was purged. 9 is on HOLD: one letter is held for that, one as after a restore, one without a word. 10
stands in the mode `approve` and waits for a GO. Letters of the closed ones were taken out, pages are of 1 kB.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.model import State
from bot.store import cases
from bot.store.db import Database

FILE = Path(__file__).parents[1] / "databases/first_release.sqlite"


@pytest.fixture
def first_release(tmp_path: Path) -> Iterator[Database]:
    """A copy of it, brought to today's schema."""
    shutil.copy(FILE, tmp_path / "bot.db")
    database = Database(f"sqlite:///{tmp_path / 'bot.db'}")
    database.migrate()
    yield database
    database.close()


def test_every_case_of_the_first_release_can_be_read(first_release: Database) -> None:
    """Snapshots and journals alike: each case is what its journal makes it, and the chain holds."""
    with first_release.read() as tx:
        assert cases.verify(tx) == []
        found = {case.number: case for case in cases.all_cases(tx)}
        assert [n for n, case in found.items() if case.state is State.CLOSED] == [3, 4, 5, 6, 7, 8]
        assert all(cases.fold(tx, n) == case for n, case in found.items())
        assert all(cases.journal(tx, n) for n in found)
        assert cases.is_purged(tx, 8)
