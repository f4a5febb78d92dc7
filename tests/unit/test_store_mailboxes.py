"""What is noted of each watched mailbox and of who was away, on both databases; and how strings and overloaded columns
of earlier schemas became these rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from bot.model import Deadline
from bot.store import cases, deadlines, mailboxes, mails, meta, schema
from bot.store.db import MIGRATIONS, Database
from bot.store.mailboxes import Watched
from tests.unit.store_samples import HOUR, NOW, a_raw, save_new

MONTH = timedelta(days=30)


def test_a_mailbox_remembers_each_thing_beside_the_others(database: Database) -> None:
    """Cursor, door, floor and listing are noted one by one and none takes another away; another mailbox has none."""
    with database.begin() as tx:
        assert mailboxes.watched(tx, "crewe") == Watched()
        mailboxes.enter(tx, "crewe", "imap://one")
        mailboxes.set_floor(tx, "crewe", NOW)
        mails.receive(tx, "crewe", [a_raw("1")], "after-1", NOW, None)
        mailboxes.listed_at(tx, "crewe", NOW + HOUR)
        assert mailboxes.watched(tx, "crewe") == Watched("after-1", "imap://one", NOW, NOW + HOUR)
        assert mailboxes.watched(tx, "bot") == Watched()
        assert mailboxes.moves(tx) == {}


def test_a_folder_has_a_floor_of_its_own(database: Database) -> None:
    """Names with colons are no other folder's: mailbox and folder are two columns."""
    with database.begin() as tx:
        for name in ("a", "a:b"):
            mailboxes.read_up_to(tx, name, "")
        mailboxes.set_folder_floor(tx, "a", "b:c", NOW)
        mailboxes.set_folder_floor(tx, "a", "b:c", NOW + HOUR)
        assert mailboxes.folder_floor(tx, "a", "b:c") == NOW + HOUR
        assert mailboxes.folder_floor(tx, "a:b", "c") is None


def test_a_move_lasts_until_the_new_door_is_listed_to_its_end(database: Database) -> None:
    """The cursor begins anew and known keys may come again; a mailbox that never moved catches up with nothing; what
    was caught up stays so; a second move begins it anew."""
    with database.begin() as tx:
        mails.receive(tx, "crewe", [a_raw("1")], "after-1", NOW, None)
        mailboxes.caught_up(tx, "crewe", NOW)
        assert not mailboxes.watched(tx, "crewe").is_moving
        mailboxes.begin_anew(tx, "crewe", NOW)
        assert mailboxes.watched(tx, "crewe").is_moving
        assert mailboxes.cursor(tx, "crewe") == ""
        assert mails.receive(tx, "crewe", [a_raw("1")], "new-1", NOW, None) == 1
        for hours in (1, 2):
            mailboxes.caught_up(tx, "crewe", NOW + hours * HOUR)
        assert mailboxes.moves(tx) == {"crewe": (NOW, NOW + HOUR)}
        mailboxes.begin_anew(tx, "crewe", NOW + 3 * HOUR)
        assert mailboxes.moves(tx) == {"crewe": (NOW + 3 * HOUR, None)}


def test_who_was_away_is_counted_once_for_each_case_and_stage(database: Database) -> None:
    """Of one contact, within the time that is asked for, and no longer; others are counted for themselves."""
    with database.begin() as tx:
        one, two = save_new(tx).case.number, save_new(tx).case.number
        assert cases.note_absence(tx, "fay", one, "step-1", NOW, MONTH) == (1, False)
        assert cases.note_absence(tx, "fay", one, "step-1", NOW + HOUR, MONTH) == (1, False)
        assert cases.note_absence(tx, "fay", two, "step-1", NOW + HOUR, MONTH) == (2, False)
        assert cases.note_absence(tx, "dev", two, "step-1", NOW + HOUR, MONTH) == (1, False)
        assert cases.note_absence(tx, "fay", two, "step-2", NOW + MONTH, MONTH) == (2, False)


def test_that_somebody_is_never_there_is_told_once_within_the_time(database: Database) -> None:
    """What was told stays so for that time, though older absences no longer count; then it may be told again."""
    with database.begin() as tx:
        one = save_new(tx).case.number
        cases.note_absence(tx, "fay", one, "step-1", NOW, MONTH)
        cases.absence_told(tx, "fay", NOW + HOUR)
        assert cases.note_absence(tx, "fay", one, "step-1", NOW + 2 * HOUR, MONTH) == (1, True)
        assert cases.note_absence(tx, "fay", one, "step-1", NOW + MONTH, MONTH) == (1, True)
        assert cases.note_absence(tx, "fay", one, "step-1", NOW + MONTH + HOUR, MONTH) == (1, False)
        assert cases.note_absence(tx, "dev", one, "step-1", NOW, MONTH) == (1, False)


# --- from strings to rows -------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def earlier(request: pytest.FixtureRequest, tmp_path: object) -> Iterator[Database]:
    """An empty database as the schema before left it."""
    is_sqlite = request.param == "sqlite"
    database = Database(f"sqlite:///{tmp_path}/bot.db" if is_sqlite else request.getfixturevalue("postgres_url"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, "0003")
    yield database
    database.close()


def test_what_meta_kept_of_mailboxes_becomes_rows(earlier: Database) -> None:
    """Doors, floors, folders' floors and moves, finished or not; only what is no mailbox's stays in `meta`."""
    with earlier.begin() as tx:
        for name, cursor in (("CE Crewe: north", "c"), ("CE Crewe", "b"), ("Größe", "g")):
            row = {"name": name, "cursor": cursor, "at": "2027-01-15T16:45:00.000000Z"}
            tx.execute(text("INSERT INTO mailboxes (name, cursor, last_listed) VALUES (:name, :cursor, :at)"), row)
        later = (NOW + HOUR).isoformat()
        for key, value in {
            "door:CE Crewe": "imap://one", "door:never read": "", "floor:CE Crewe": NOW.isoformat(),
            "floor:CE Crewe:Junk:old": later, "floor:CE Crewe: north": later, "floor:CE Crewe: north:Junk": later,
            "moved:CE Crewe": NOW.isoformat(), "moved:Größe": f"{NOW.isoformat()} {later}", "digest": "2027-01-15",
        }.items():  # fmt: skip
            meta.put(tx, key, value)
    earlier.migrate()
    with earlier.read() as tx:
        assert mailboxes.watched(tx, "CE Crewe") == Watched("b", "imap://one", NOW, NOW, NOW, None)
        assert mailboxes.watched(tx, "CE Crewe: north") == Watched("c", None, NOW + HOUR, NOW)
        assert mailboxes.watched(tx, "Größe") == Watched("g", None, None, NOW, NOW, NOW + HOUR)
        assert mailboxes.watched(tx, "never read") == Watched(door="")
        assert mailboxes.folder_floor(tx, "CE Crewe", "Junk:old") == NOW + HOUR
        assert mailboxes.folder_floor(tx, "CE Crewe: north", "Junk") == NOW + HOUR
        assert tx.execute(select(func.count()).select_from(schema.folder_floors)).scalar() == 2
        assert meta.with_prefix(tx, "") == {"digest": "2027-01-15"}


def test_what_meta_kept_of_absences_becomes_rows(earlier: Database) -> None:
    """A line for each case and stage, and that it was told; a line of a case that never came to be is let go."""
    with earlier.begin() as tx:
        number, _ = cases.new_ref(tx, "CE", 2027)
        lines = [f"{NOW.isoformat()} {number}/step-1", f"{NOW.isoformat()} told", f"{NOW.isoformat()} 999/step-1"]
        meta.put(tx, "absent:fay", "\n".join(lines))
    earlier.migrate()
    with earlier.begin() as tx:
        assert cases.note_absence(tx, "fay", number, "step-2", NOW + HOUR, MONTH) == (2, True)
        assert meta.with_prefix(tx, "") == {}


def test_the_number_of_an_alarm_becomes_a_count_or_an_item(earlier: Database) -> None:
    """By its kind; a lease that runs goes on, rows of today stand beside those of before, and none stands twice."""
    with earlier.begin() as tx:
        number, _ = cases.new_ref(tx, "CE", 2027)
        ready = "2027-01-15T17:45:00.000000Z"
        for kind, n in (("chaser", 2), ("clock", 0), ("clock", 1), ("action", 3), ("prompt", 1), ("prompt_late", 1)):
            columns = "case_number, kind, stage, n, at, why, ready, owner"
            values = f"{number}, '{kind}', 'step-1', {n}, '2027-01-15T16:45:00.000000Z', 'why', '{ready}', 'one'"
            tx.execute(text(f"INSERT INTO deadlines ({columns}) VALUES ({values})"))
    earlier.migrate()
    with earlier.begin() as tx:
        rows = deadlines.of_case(tx, number)
        assert [(row.kind, row.nth, row.item) for row in rows] == [
            ("chaser", 2, 0), ("clock", 0, 0), ("clock", 0, 1),
            ("action", 0, 3), ("prompt", 0, 1), ("prompt_late", 0, 1),
        ]  # fmt: skip
        assert deadlines.count_due(tx, NOW) == 0
        assert deadlines.free(tx, "one") == 6
        new = Deadline("chaser", NOW, "why", 3, "step-1")
        deadlines.keep(tx, number, (*rows, new))
        assert deadlines.of_case(tx, number) == [*rows, new]
    with pytest.raises(IntegrityError), earlier.begin() as tx:
        tx.execute(insert(schema.deadlines).from_select(COPIED, select(*(schema.deadlines.c[name] for name in COPIED))))


COPIED = ("case_number", "kind", "stage", "nth", "item", "at", "why", "ready", "owner")
