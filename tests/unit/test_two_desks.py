"""Two lives that read one mail at once: one of them disposes of it, and the other finds that done."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from bot.daemon.app import build, reading_of
from bot.engine.reading.reader.sandbox import InProcess
from bot.model import Disposition, LetterKind, Mail
from bot.store import cases, mails
from bot.store.db import Database
from tests.unit.case_samples import DAY, FAY, HELEN, START
from tests.unit.engine_samples import House, eml, running
from tests.unit.store_samples import NOW, a_raw
from tests.unit.test_store_mails import received

MINUTE = timedelta(minutes=1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from running(tmp_path)


class Overtaken(InProcess):
    """A reader of a desk whose neighbour reads the same mails and disposes of them, before this one has its answers."""

    def __init__(self, desk: House, neighbour: House) -> None:
        super().__init__(reading_of(desk.settings))
        self._neighbour = neighbour
        self.seen = 0  # rows of the journal when the neighbour had done

    def read(self, raw: bytes, received: datetime, *, opens_files: bool = True) -> Mail:
        while self._neighbour.app.intake.read(START):
            pass
        with self._neighbour.db.read() as tx:
            self.seen = len(cases.journal(tx, 1))
        return super().read(raw, received, opens_files=opens_files)


def test_a_mail_that_another_desk_has_disposed_of_is_let_be(house: House, tmp_path: Path) -> None:
    """A challenge opens one case, an answer joins it once, and what is none of our business is nobody's: no fact, no
    letter and no row comes of them a second time."""
    house.put(eml(name="c1"))
    house.put(
        eml(FAY, f"RE: {DAY}", "We saw the baby at noon.", answers="c1@health.example", name="r1"), START + MINUTE
    )
    house.put(eml(HELEN, "Lunch", "Soup.", name="n1"), START + 2 * MINUTE)
    house.receive(START + 2 * MINUTE)
    neighbour = House(tmp_path)
    house.app.intake.reader = reader = Overtaken(house, neighbour)
    while house.app.intake.read(START):
        pass
    assert [case.number for case in house.cases()] == [1]
    assert len(house.listed("case")) == 2
    assert len(house.letters(LetterKind.NOTICE)) == 1
    with house.db.read() as tx:
        assert len(cases.journal(tx, 1)) == reader.seen
    assert (len(house.listed("ignored")), house.listed("unread", "set_aside")) == (1, [])
    neighbour.close()


def test_of_two_desks_one_holds_a_mail(database: Database) -> None:
    """The second waits until the first has committed, and finds the mail disposed of."""
    with database.begin() as tx:
        (row,) = received(tx, "crewe", a_raw("1"))
    asked, found = threading.Event(), list[bool]()

    def second() -> None:
        asked.set()
        with database.begin() as tx:
            found.append(mails.is_unread(tx, row.entry))

    with database.begin() as tx:
        assert mails.is_unread(tx, row.entry)
        other = threading.Thread(target=second)
        other.start()
        assert asked.wait(10)
        mails.dispose(tx, row.entry, Disposition.IGNORED, "lunch", NOW)
    other.join(30)
    assert found == [False]


@pytest.mark.postgres
def test_mails_that_share_a_commit_give_way(tmp_path: Path, postgres_url: str) -> None:
    """Who changes one of their cases and then wants another is not undone for their sake: they are, and are then
    decided one by one."""
    house = on(postgres_url, tmp_path)
    for n, words in enumerate(("the baby at home", "Maisie at school"), 1):
        house.put(
            eml(text=f"The assessment was closed without anybody seeing {words}.", name=f"c{n}"), START + n * MINUTE
        )
    house.take_in(START + 2 * MINUTE)
    assert [case.number for case in house.cases()] == [1, 2]
    for n in (1, 2):
        reply = eml(FAY, f"RE: {DAY}", f"Seen at {n}.", answers=f"c{n}@health.example", name=f"r{n}")
        house.put(reply, START + (n + 2) * MINUTE)
    house.receive(START + 4 * MINUTE)
    is_held, is_wanted, undone = threading.Event(), threading.Event(), list[Exception]()

    def wants(_: object, __: object, statement: str, values: dict[str, object], *____: object) -> None:
        if "FROM cases" in statement and "FOR UPDATE" in statement and values.get("of") == 2:
            is_wanted.set()

    def other() -> None:
        db = Database(postgres_url)
        try:
            with db.begin() as tx:
                tx.exec_driver_sql("SET LOCAL deadlock_timeout = '700ms'")
                tx.exec_driver_sql("SELECT FROM cases WHERE number = 2 FOR UPDATE")
                is_held.set()
                is_wanted.wait(60)
                tx.exec_driver_sql("SELECT FROM cases WHERE number = 1 FOR UPDATE")
        except Exception as error:
            undone.append(error)
        db.close()

    holder = threading.Thread(target=other)
    holder.start()
    assert is_held.wait(60)
    event.listen(house.db.engine, "before_cursor_execute", wants)
    while house.app.intake.read(START + 4 * MINUTE):
        pass
    holder.join(60)
    assert (is_wanted.is_set(), undone) == (True, [])
    assert sorted(row.case or 0 for row in house.listed("case")) == [1, 1, 2, 2]
    assert house.listed("unread", "set_aside") == []
    house.close()


def on(url: str, folder: Path) -> House:
    """A House on that database."""
    house = House(folder)
    house.db.close()
    house.db = Database(url)
    house.db.migrate()
    house.app = build(house.settings, read_now=house.clock, in_process=True, database=house.db)
    house.turn = house.app.turn
    return house
