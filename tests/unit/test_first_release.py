"""A database that the first release wrote can be opened, read and gone on with.

`databases/first_release.sqlite` was made by that release's own turn: ten cases of the shipped policy cheshire-east, all
opened by Helen Visser. 1 is open. 2 and 3 have a delayed delivery; 3 is closed. 4 was corrected twice; 5 had somebody
copied in from outside and was forwarded outside; 6 bounced; 7 went to another team; all four are closed. 8 is what 4
and 5 are, and was purged. 9 is on HOLD: one letter is held for that, one as after a restore, one without a word. 10
stands in the mode `approve` and waits for a GO. Letters of the closed ones were taken out, pages are of 1 kB.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Boolean, MetaData, Table, insert, select, text
from sqlalchemy.exc import DatabaseError

from bot.model import Outsider, State
from bot.store import cases, codec, meta, schema
from bot.store.db import MIGRATIONS, Database
from tests.unit.case_samples import FAY

FILE = Path(__file__).parents[1] / "databases/first_release.sqlite"
HEAD = "3672f59f87875bad406de78d10e838d3319a73d56409f1f4c630187019f439ef"  # of its journals, as that release said it
COPIED, FORWARDED = "parent@home.example", "aunt@elsewhere.example"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def first_release(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A copy of it, on each kind of database, brought to today's schema."""
    if request.param == "sqlite":
        shutil.copy(FILE, tmp_path / "bot.db")
        url = f"sqlite:///{tmp_path / 'bot.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    database = Database(url)
    if not database.is_sqlite:
        copy_rows(database)
    database.migrate()
    yield database
    database.close()


def copy_rows(database: Database) -> None:
    """Makes the first release's tables and fills them with the file's rows."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.begin() as tx, closing(sqlite3.connect(FILE)) as file:
        config.attributes["connection"] = tx
        command.upgrade(config, "0001")
        found = MetaData()
        found.reflect(tx)
        for table in found.sorted_tables:
            if table.name != "alembic_version":
                cursor = file.execute(f"SELECT * FROM {table.name}")
                names = [column[0] for column in cursor.description]
                rows = [dict(zip(names, row, strict=True)) for row in cursor]
                tx.execute(insert(table), [_typed(table, row) for row in rows]) if rows else None


def _typed(table: Table, row: dict[str, object]) -> dict[str, object]:
    """SQLite keeps a truth as a number."""
    return {n: bool(v) if isinstance(table.c[n].type, Boolean) and v is not None else v for n, v in row.items()}


def test_its_open_cases_are_found_by_their_people(first_release: Database) -> None:
    """Each by its raiser and by whoever is involved, as one that was saved today; there are some."""
    with first_release.read() as tx:
        found = cases.open_cases(tx)
        rows = tx.execute(select(schema.involved.c.case_number).distinct()).scalars().all()
        assert sorted(rows) == [case.number for case in found] != []
        for case in found:
            assert case in cases.raised_by(tx, [case.raiser.email.lower()])
            for _, _, who in case.people:
                assert case.ref in cases.refs_of(tx, [who.email.lower()], len(found))


def test_every_case_of_the_first_release_can_be_read(first_release: Database) -> None:
    """Snapshots and journals alike: each case is what its journal makes it, and the chain holds."""
    with first_release.read() as tx:
        assert cases.verify(tx) == []
        found = {case.number: case for case in cases.all_cases(tx)}
        assert [n for n, case in found.items() if case.state is State.CLOSED] == [3, 4, 5, 6, 7, 8]
        assert all(cases.fold(tx, n) == case for n, case in found.items())
        assert all(cases.journal(tx, n) for n in found)
        assert cases.is_purged(tx, 8)


def test_nobody_stands_in_clear_where_a_purge_does_not_reach(first_release: Database) -> None:
    """Flags, reasons and alarms that named somebody are rewritten, and the case says the same as a value."""
    with first_release.read() as tx:
        found = {case.number: case for case in cases.all_cases(tx)}
        bodies = "\n".join(tx.execute(text("SELECT body FROM journal")).scalars())
        reasons = " ".join(tx.execute(text("SELECT why FROM deadlines")).scalars())
    assert "@" not in bodies + reasons
    assert not any(":" in flag for case in found.values() for flag in case.flags)
    for email in (COPIED, FORWARDED, FAY):
        assert hashlib.sha256(email.encode()).hexdigest()[:12] not in bodies
    (delayed,) = found[2].delayed
    assert (delayed.address, f"{delayed.since:%H:%M}", "delayed" in found[2].flags) == (FAY, "10:25", True)
    assert found[4].runs[0].why == "a person corrected it"
    assert ("incident" in found[5].flags, "copied_outside" in found[5].flags) == (True, True)
    assert Outsider(FORWARDED, "incident") in found[5].outsiders


def test_a_case_that_was_purged_long_ago_names_nobody(first_release: Database) -> None:
    """What the purge of that release left of it is gone from the whole file, but for who lives on in other cases."""
    if first_release.file is not None:
        assert hashlib.sha256(COPIED.encode()).hexdigest()[:12].encode() not in first_release.file.read_bytes()
    with first_release.read() as tx:
        case = cases.load(tx, 8).case
        ids = tx.execute(text("SELECT DISTINCT what FROM ids WHERE case_number = 8")).scalars().all()
    assert "@" not in codec.dumps(case)
    assert (case.runs[0].why, len(case.delayed)) == ("a person corrected it", 1)
    assert ids == ["letter"]
    with first_release.begin() as tx:
        assert cases.fold(tx, 8) == case


def test_the_rewrite_is_noted_and_happens_once(first_release: Database) -> None:
    """The note holds the head before, the head after and the number of rows; a second migration finds nothing."""
    with first_release.read() as tx:
        note = json.loads(meta.with_prefix(tx, "rewrite/")["0003"])
        assert (note["old"], note["new"]) == (HEAD, cases.head(tx))
        assert 0 < note["rows"] <= 33
    first_release.migrate()
    with first_release.read() as tx:
        assert cases.head(tx) == note["new"]
    with pytest.raises(DatabaseError, match="append-only"), first_release.engine.begin() as tx:
        tx.execute(text("UPDATE journal SET body = '{}'"))


def test_a_head_from_before_the_rewrite_is_never_called_intact(first_release: Database) -> None:
    """What that release printed says when it was rewritten; the head of today is intact; any other may be older."""
    with first_release.read() as tx:
        day = json.loads(meta.with_prefix(tx, "rewrite/")["0003"])["at"]
        assert cases.judged(tx, cases.head(tx))[0]
        for head, begins in ((HEAD, f"before the rewrite of {day}: "), ("ab" * 32, "not the head of today")):
            is_intact, said = cases.judged(tx, head)
            assert not is_intact
            assert said.startswith(begins)
            assert f"before the rewrite of {day}" in said
            assert not said.startswith("intact")


def test_letters_of_no_case_that_told_of_a_purged_one_go(tmp_path: Path) -> None:
    """A daily letter that named it and has gone is forgotten; one that names another case, or has not gone, stays."""
    shutil.copy(FILE, tmp_path / "bot.db")
    with closing(sqlite3.connect(tmp_path / "bot.db")) as file, file:
        columns = [row[1] for row in file.execute("PRAGMA table_info(outbox)") if row[1] not in ("id", "case_number")]
        others = ", ".join(columns)
        file.execute(f"INSERT INTO outbox (case_number, {others}) SELECT 0, {others} FROM outbox LIMIT 3")
        for n, (ref, status) in enumerate(
            (("CE-2027-0008", "sent"), ("CE-2027-0008", "queued"), ("CE-2027-0001", "sent"))
        ):
            letter = "(SELECT max(id) FROM outbox) - ?"
            changed = f"UPDATE outbox SET status = ?, letter = replace(letter, 'CE-2027-0001', ?) WHERE id = {letter}"
            file.execute(changed, (status, ref, 2 - n))
    database = Database(f"sqlite:///{tmp_path / 'bot.db'}")
    database.migrate()
    with database.read() as tx:
        rows = tx.execute(text("SELECT status, letter FROM outbox WHERE case_number = 0 ORDER BY id")).all()
    database.close()
    assert [(status, "CE-2027-0008" in letter) for status, letter in rows] == [("queued", True), ("sent", False)]
