"""Opening, migrating, backing up: what an operator meets, on both databases."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from sqlalchemy.engine.interfaces import CacheStats
from sqlalchemy.exc import IntegrityError

from bot.model.errors import Overtaken, StoreError
from bot.store import cases, meta, schema
from bot.store.db import MIGRATIONS, Database, asking, file_of
from bot.store.keep import backup, restore
from bot.store.server import glance, lives
from tests.servers.postgres import Cluster
from tests.unit.store_samples import save_new


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def sqlite_at(path: Path) -> Database:
    return Database(f"sqlite:///{path}")


def filled(path: Path) -> Path:
    """A closed SQLite database with one case."""
    db = sqlite_at(path)
    db.migrate()
    with db.begin() as tx:
        save_new(tx)
    db.close()
    return path


# --- opening --------------------------------------------------------------------------------------------------------


def test_a_statement_is_put_together_once_for_every_file(tmp_path: Path) -> None:
    """What one SQLite database ran is not put together again for another that this process opens."""
    hits = []
    for n in range(2):
        db = sqlite_at(tmp_path / f"{n}.db")
        db.migrate()
        with db.read() as tx:
            hits.append(tx.execute(select(schema.cases.c.number).where(schema.cases.c.area == "CE")).context.cache_hit)
        db.close()
    assert hits[1] is CacheStats.CACHE_HIT


def test_the_folder_and_files_are_the_owner_s_alone(tmp_path: Path) -> None:
    """A new folder is 0700, every file in it 0600, the log too; a file left wider is narrowed."""
    path = tmp_path / "var" / "bot.db"
    db = sqlite_at(path)
    db.migrate()
    assert mode(path.parent) == 0o700
    assert {p.name: mode(p) for p in path.parent.iterdir()} == dict.fromkeys(
        ("bot.db", "bot.db-wal", "bot.db-shm"), 0o600
    )
    db.close()
    path.chmod(0o644)
    sqlite_at(path).close()
    assert mode(path) == 0o600


def test_sqlite_is_opened_for_durability(tmp_path: Path) -> None:
    """Write-ahead log, full sync, foreign keys, secure delete, and thirty seconds of patience."""
    db = sqlite_at(tmp_path / "bot.db")
    with db.begin() as tx:
        wanted = {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "secure_delete": 1,
            "busy_timeout": 30_000,
        }
        assert {name: tx.execute(text(f"PRAGMA {name}")).scalar() for name in wanted} == wanted
    db.close()


@pytest.mark.parametrize(
    ("given", "used"), [("off", "on"), ("local", "on"), ("remote_write", "remote_write"), ("remote_apply",) * 2]
)
def test_postgresql_answers_only_when_the_disk_has_it(postgres_url: str, given: str, used: str) -> None:
    """A server set to answer earlier is overruled, connection by connection; and so is one that waits for its own disk
    alone, since a standby could be promoted without what it was answered. What waits for a standby stays."""
    with closing(Database(postgres_url)) as db:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as admin:
            admin.execute(text(f"ALTER DATABASE {db.url.database} SET synchronous_commit = {given}"))
        db.close()
        with db.begin() as tx:
            assert tx.execute(text("SHOW synchronous_commit")).scalar() == used


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("bot.db", "sqlite:///FILE or postgresql"),
        (
            "postgresql+psycopg://u:hidden@h1:1,h2:2/bot",
            "/NAME[?]host=H1:PORT&host=H2:PORT&target_",
        ),
        ("postgresql+psycopg://u:hidden@h1:port/bot", "sqlite:///FILE or postgresql"),
        ("mysql+pymysql://u:hidden@db.example/bot", "only SQLite and PostgreSQL"),
        ("sqlite://", "in memory would lose every mail"),
        ("sqlite:///:memory:", "in memory would lose every mail"),
        ("sqlite:////proc/bot/bot.db", "cannot be written"),
        ("sqlite:////dev/null/bot.db", "cannot be written"),
    ],
)
def test_an_unusable_address_is_a_sentence(url: str, sentence: str) -> None:
    """What cannot be a database is refused with a reason and without a password."""
    with pytest.raises(StoreError, match=sentence) as error:
        Database(url)
    assert "hidden" not in str(error.value)


def test_an_address_that_cannot_be_read_has_no_file() -> None:
    """Who asks which file a database lies in is told of none; opening it says why."""
    assert file_of("postgresql+psycopg://u@h1:1,h2:2/bot") is None
    assert file_of("bot.db") is None


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A text file given by mistake is named and not written to."""
    path = tmp_path / "notes.txt"
    path.write_text("minutes of the meeting\n" * 100)
    with pytest.raises(StoreError, match=r"notes\.txt: the file is no SQLite database"):
        sqlite_at(path)
    assert path.read_text() == "minutes of the meeting\n" * 100


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """Pages overwritten anywhere behind the head: it says so and names the backup, at whatever page it is."""
    path = filled(tmp_path / "bot.db")
    whole = path.read_bytes()
    for page in range(1, len(whole) // 4096):
        path.write_bytes(whole[: page * 4096] + b"\xa5" * 4096 + whole[(page + 1) * 4096 :])
        with pytest.raises(StoreError, match="damaged"):
            sqlite_at(path)
    path.write_bytes(whole)
    sqlite_at(path).close()


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    """Half a file, as a full disk leaves it, is never taken for a whole one."""
    path = filled(tmp_path / "bot.db")
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)
    with pytest.raises(StoreError, match="damaged"):
        sqlite_at(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write")
def test_a_folder_that_may_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    """Started as a user without the right, it ends with the path and no traceback of its own making."""
    path = filled(tmp_path / "bot.db")
    script = (
        "import os, sys; from bot.store.db import Database; from bot.model.errors import StoreError; os.setuid(65534)\n"
        f"try: Database('sqlite:///{path}')\n"
        "except StoreError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.startswith(f"the database {path} cannot be")


def test_a_wrong_password_is_a_sentence(postgres: Cluster, postgres_url: str) -> None:
    """It says what the server said, on one line, and not the password that was tried."""
    with pytest.raises(StoreError, match="password authentication failed") as error:
        Database(postgres.url("postgres", password="guessed"))
    assert "\n" not in str(error.value)
    assert "guessed" not in str(error.value)


def test_a_server_that_is_not_there_is_a_sentence() -> None:
    """A port where nobody listens: a StoreError, at once."""
    with pytest.raises(StoreError, match="refused"):
        Database("postgresql+psycopg://bot@127.0.0.1:1/bot")


# --- migrating ------------------------------------------------------------------------------------------------------


def test_the_migrations_make_what_the_schema_says(database: Database) -> None:
    """A migrated database and the tables in schema.py are the same; the newest migration is the one it names."""
    with database.begin() as tx:
        assert {"lives", "lease"} <= set(lives.metadata.tables)
        assert compare_metadata(MigrationContext.configure(tx), schema.metadata) == []
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == schema.HEAD


def test_migrating_twice_changes_nothing(database: Database) -> None:
    """A second start finds the schema at head and keeps the data."""
    with database.begin() as tx:
        stored = save_new(tx)
    database.migrate()
    with database.read() as tx:
        assert cases.load(tx, stored.case.number) == stored


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_several_daemons_may_migrate_at_once(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Three started together on an empty database all find it ready."""
    url = f"sqlite:///{tmp_path}/bot.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    script = f"from bot.store.db import Database; Database({url!r}).migrate()"
    started = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]
    db = Database(url)
    with db.read() as tx:
        assert cases.verify(tx) == []
    db.close()


def test_a_newer_database_is_refused(database: Database) -> None:
    """Written by a newer program: both versions are named, nothing is changed."""
    with database.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    with pytest.raises(StoreError, match=r"newer version .* 0999"):
        database.migrate()


# --- transactions ---------------------------------------------------------------------------------------------------


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    """An exception anywhere in it takes everything back, and comes out as it is."""
    with pytest.raises(ZeroDivisionError), database.begin() as tx:
        meta.put(tx, "a", "1")
        raise ZeroDivisionError
    with database.read() as tx:
        assert meta.get(tx, "a") is None


def test_a_read_is_consistent_and_blocks_nobody(database: Database) -> None:
    """While somebody reads others write; the reader sees one moment, and its successor the next."""
    with database.begin() as tx:
        meta.put(tx, "a", "before")
    with database.read() as reader:
        assert meta.get(reader, "a") == "before"
        with database.begin() as tx:
            meta.put(tx, "a", "after")
        assert meta.get(reader, "a") == "before"
    with database.read() as reader:
        assert meta.get(reader, "a") == "after"


def test_a_broken_rule_of_ours_is_not_dressed_up(database: Database) -> None:
    """A key violated is a fault of the program and shows as one, without the values."""
    with pytest.raises(IntegrityError) as error, database.begin() as tx:
        tx.execute(schema.policies.insert().values(hash="h", text="secret words"))
        tx.execute(schema.policies.insert().values(hash="h", text="secret words"))
    assert "secret words" not in str(error.value)


def test_a_database_without_tables_is_a_sentence(tmp_path: Path) -> None:
    """Asked before it was ever migrated, it says so."""
    db = sqlite_at(tmp_path / "bot.db")
    with pytest.raises(StoreError, match="no tables of ours"), db.read() as tx:
        cases.verify(tx)
    db.close()


def test_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path: Path) -> None:
    """The write that does not fit fails whole; what was there stays and later writes go on."""
    db = sqlite_at(tmp_path / "bot.db")
    db.migrate()
    with pytest.raises(StoreError, match="no space left"), db.begin() as tx:
        pages = tx.execute(text("PRAGMA page_count")).scalar_one()
        tx.execute(text(f"PRAGMA max_page_count = {pages}"))
        meta.put(tx, "big", "x" * 100_000)
    with db.begin() as tx:
        tx.execute(text("PRAGMA max_page_count = 1000000"))
        assert meta.get(tx, "big") is None
        meta.put(tx, "big", "y")
    db.close()


def test_tidying_empties_the_log(database: Database) -> None:
    """SQLite's write-ahead log has no bytes afterwards; elsewhere there is nothing to do."""
    with database.begin() as tx:
        meta.put(tx, "a", "1")
    database.tidy()
    if database.file:
        assert Path(f"{database.file}-wal").stat().st_size == 0
    with database.read() as tx:
        assert meta.get(tx, "a") == "1"


# --- what it knows of itself ----------------------------------------------------------------------------------------


def test_the_secret_is_made_once(database: Database) -> None:
    """Thirty-two bytes, the same for ever, and of each database its own."""
    with database.begin() as tx:
        first = meta.secret(tx)
    with database.read() as tx:
        assert meta.secret(tx) == first
    assert len(first) == 32
    assert len(set(first)) > 8


def test_small_values_and_the_last_configuration_are_kept(database: Database) -> None:
    """A value is replaced by the next; a configuration by the next whole one, dropped files too."""
    with database.begin() as tx:
        meta.put(tx, "mode", "live")
        meta.put(tx, "mode", "shadow")
        assert meta.get(tx, "mode") == "shadow"
        assert meta.kept_texts(tx) == {}
        meta.keep_texts(tx, {"bot.yaml": "a: 1\n", "directory.csv": "área\n"})
        meta.keep_texts(tx, {"bot.yaml": "a: 2\n"})
        assert meta.kept_texts(tx) == {"bot.yaml": "a: 2\n"}


def test_the_counts_of_status(database: Database) -> None:
    """Reserved refs are no cases; every other row is counted where it stands."""
    with database.begin() as tx:
        save_new(tx)
        cases.new_ref(tx, "CE", 2027)
        assert glance.cases_by_state(asking(tx)) == {"awaiting_response": 1}
        assert glance.letters_by_status(asking(tx)) == {}
        assert glance.mails_by_disposition(asking(tx)) == {}


# --- backup ---------------------------------------------------------------------------------------------------------


def test_a_backup_is_a_whole_database_of_its_own(tmp_path: Path) -> None:
    """Taken while a writer is at work: 0600, opens, verifies, and holds what was committed and no more."""
    db = sqlite_at(tmp_path / "var" / "bot.db")
    db.migrate()
    with db.begin() as tx:
        stored = save_new(tx)
    target = tmp_path / "copy.db"
    with db.begin() as tx:
        save_new(tx)
        backup(db, target)
    assert mode(target) == 0o600
    assert [p.name for p in tmp_path.glob("copy*")] == ["copy.db"]
    copy = sqlite_at(target)
    with copy.read() as tx:
        assert cases.all_cases(tx) == [stored.case]
        assert cases.verify(tx) == []
    copy.close()
    db.close()


def test_a_backup_is_never_written_over_and_never_half(tmp_path: Path) -> None:
    """An existing file and an unusable place are refused; a damaged database leaves no file called a backup."""
    path = filled(tmp_path / "bot.db")
    db = sqlite_at(path)
    (tmp_path / "there.db").write_text("precious")
    with pytest.raises(StoreError, match="exists already"):
        backup(db, tmp_path / "there.db")
    with pytest.raises(StoreError, match="cannot be written"):
        backup(db, tmp_path / "no such folder" / "copy.db")
    assert (tmp_path / "there.db").read_text() == "precious"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * 8192 + whole[4096 * 3 :])
    with pytest.raises(StoreError, match="damaged"):
        backup(db, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    db.close()


def test_only_a_database_of_this_program_is_put_back(tmp_path: Path) -> None:
    """Another program's sound database is refused by its name, and what stood there stands as it was."""
    path, other = filled(tmp_path / "bot.db"), tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as made:
        made.execute("CREATE TABLE cases (number INTEGER)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"other\.db is no database of this program"):
        restore(other, path, datetime(2027, 1, 11, 9, 0, tzinfo=UTC))
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bot.db", "other.db"]


def test_postgresql_is_backed_up_with_its_own_tool(postgres_url: str, tmp_path: Path) -> None:
    """The sentence names pg_dump and shows no password."""
    db = Database(postgres_url)
    with pytest.raises(StoreError, match="pg_dump") as error:
        backup(db, tmp_path / "copy")
    assert "loopback" not in str(error.value)
    db.close()


def test_a_locked_database_is_waited_for(tmp_path: Path) -> None:
    """A second program that holds the lock for a moment delays a write and loses nothing."""
    db = sqlite_at(tmp_path / "bot.db")
    db.migrate()
    other = sqlite3.connect(tmp_path / "bot.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    letting_go = threading.Timer(0.2, other.execute, ["COMMIT"])
    letting_go.start()
    with db.begin() as tx:
        meta.put(tx, "a", "1")
    letting_go.join()
    other.close()
    db.close()


@pytest.mark.postgres
def test_of_two_in_a_circle_one_begins_again(postgres_url: str) -> None:
    """Each holds what the other wants: one is told so in a sentence and does it again, and both are done."""
    db, met = rowed(postgres_url), threading.Barrier(2, timeout=30)
    said: list[str] = []

    def cross(mine: str, other: str) -> None:
        try:
            with db.begin() as tx:
                meta.put(tx, mine, mine)
                met.wait()
                meta.put(tx, other, mine)
        except Overtaken as error:
            said.append(str(error))
            with db.begin() as tx:
                meta.put(tx, f"{mine} again", mine)

    second = threading.Thread(target=cross, args=("b", "a"))
    second.start()
    cross("a", "b")
    second.join(30)
    assert [glance.CROSSED in one for one in said] == [True]
    with db.read() as tx:
        one = meta.get(tx, "a")
        assert one == meta.get(tx, "b")
        assert len(meta.with_prefix(tx, "")) == 3
    db.close()


@pytest.mark.postgres
def test_who_gives_way_waits_for_nobody_for_long(postgres_url: str) -> None:
    """It is undone before a circle is looked for, so that it is it and not the other."""
    db = rowed(postgres_url)
    with db.begin() as other:
        meta.put(other, "a", "other")
        with pytest.raises(Overtaken), db.begin(gives_way=True) as tx:
            meta.put(tx, "b", "mine")
            meta.put(tx, "a", "mine")
    with db.read() as tx:
        assert (meta.get(tx, "a"), meta.get(tx, "b")) == ("other", "")
    with db.begin() as tx:  # the next on that connection waits as ever
        assert tx.exec_driver_sql("SHOW lock_timeout").scalar_one() == "0"
    db.close()


def rowed(url: str) -> Database:
    """A database with two values, of which each is a row to be locked."""
    db = Database(url)
    db.migrate()
    with db.begin() as tx:
        for key in ("a", "b"):
            meta.put(tx, key, "")
    return db
