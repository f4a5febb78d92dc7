"""Mails that are set aside: only what is their own is held against them, together and with one alert for a batch."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from bot.daemon.app import reading_of
from bot.engine.reading.aside import FAILED, read_again
from bot.engine.reading.reader.sandbox import InProcess, Job, NoReader, SandboxDied
from bot.model import LetterKind, Mail
from bot.model.errors import StoreError
from bot.store import mails
from bot.store.mails import Listed
from tests.unit.case_samples import DAY, FAY, HELEN, START, UNIT
from tests.unit.engine_samples import CREWE_BOX, WORDS, House, eml, running, to

MINUTE = timedelta(minutes=1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from running(tmp_path)


class Dying(InProcess):
    """A reader that dies of mails that say so."""

    def read(self, raw: bytes, received: datetime, *, opens_files: bool = True) -> Mail:
        if b"X-Test: kills" in raw:
            raise SandboxDied("the reading process died")
        return super().read(raw, received, opens_files=opens_files)

    def read_each(self, jobs: Sequence[Job]) -> Iterator[Mail | SandboxDied]:
        for raw, received in jobs:
            try:
                yield self.read(raw, received)
            except SandboxDied as died:
                yield died


class Refusing:
    """A database in which one statement is refused: no ledger row of these mails can be changed."""

    def __init__(self, house: House, *names: str) -> None:
        self.house = house
        with house.db.begin() as tx:
            for n, name in enumerate(names):
                tx.exec_driver_sql(
                    f"CREATE TRIGGER refuse{n} BEFORE INSERT ON ids WHEN NEW.message_id LIKE '%{name}%' "
                    "BEGIN SELECT RAISE(ABORT, 'refused'); END"
                )
        self.count = len(names)

    def mend(self) -> None:
        with self.house.db.begin() as tx:
            for n in range(self.count):
                tx.exec_driver_sql(f"DROP TRIGGER refuse{n}")


def strikes(house: House) -> list[int]:
    with house.db.read() as tx:
        return [one.attempts for one in mails.waiting(tx, 100, START)]


def only(house: House, disposition: str) -> Listed:
    (row,) = house.listed(disposition)
    return row


def challenge(name: str, words: str = "") -> bytes:
    return eml(name=name, text=f"{WORDS} {words or name * 3}")


def read_all(house: House) -> None:
    while house.app.intake.read(START):
        pass


def test_a_reading_that_was_begun_and_never_ended_is_no_strike(house: House) -> None:
    """A program that is killed while it reads a backlog, however often, costs no mail anything."""
    for n in range(3):
        house.put(eml(title="Lunch", name=f"m{n}"), START + n * MINUTE)
    house.receive(START)

    class Killed(Exception):
        pass

    class Cut(InProcess):
        def read_each(self, jobs: Sequence[Job]) -> Iterator[Mail | SandboxDied]:
            raise Killed

    for _ in range(5):
        house.app.intake.reader = Cut(reading_of(house.settings))
        with pytest.raises(Killed):
            house.app.intake.read(START)
    assert strikes(house) == [0, 0, 0]


@pytest.mark.parametrize("count", [1, 3])
def test_where_there_is_no_reader_no_mail_pays(house: House, count: int) -> None:
    """A machine that cannot start one stops the reading; every mail waits as it was, alone or in a batch."""

    class Away(InProcess):
        def read(self, raw: bytes, received: datetime, *, opens_files: bool = True) -> Mail:
            raise NoReader("none gets ready")

    house.app.intake.reader = Away(reading_of(house.settings))
    for n in range(count):
        house.put(eml(title="Lunch", name=f"m{n}"), START + n * MINUTE)
    house.receive(START + count * MINUTE)
    for _ in range(4):
        with pytest.raises(NoReader):
            house.app.intake.read(START)
    assert strikes(house) == [0] * count


def test_a_mail_that_ends_the_reader_costs_its_neighbours_no_strike(house: House) -> None:
    """The one that it died of has one strike; those before and behind it are read in the same batch."""
    house.app.intake.reader = Dying(reading_of(house.settings))
    for n, header in enumerate(({}, {"X_Test": "kills"}, {})):
        house.put(eml(title="Lunch", name=f"m{n}", **header), START + n * MINUTE)
    house.receive(START + MINUTE)
    house.app.intake.read(START)
    assert (strikes(house), len(house.listed("ignored"))) == ([1], 2)


def test_many_unreadable_mails_are_one_alert(house: House) -> None:
    """All that one batch sets aside is told in one letter that names each."""
    house.app.intake.reader = Dying(reading_of(house.settings))
    for n in range(4):
        house.put(eml(title="Lunch", name=f"m{n}", X_Test="kills"), START + n * MINUTE)
    house.receive(START + MINUTE)
    read_all(house)
    assert len(house.listed("set_aside")) == 4
    (alert,) = house.letters(LetterKind.ALERT)
    assert alert.letter.subject == "4 mails were set aside"
    assert to(alert.letter) == (house.settings.config.operator,)


def test_a_mail_whose_decision_fails_is_set_aside_alone(house: House) -> None:
    """Those before and behind it are read and settled in the same batch, and none of them pays."""
    Refusing(house, "poison")
    house.put(eml(title="Lunch", name="before"))
    house.put(challenge("poison"), START + MINUTE)
    house.put(challenge("behind"), START + 2 * MINUTE)
    house.receive(START + 2 * MINUTE)
    house.app.intake.read(START)
    assert only(house, "set_aside").why.startswith(FAILED)
    assert (len(house.listed("ignored")), len(house.cases()), strikes(house)) == (1, 1, [])


def test_a_failed_decision_is_told_to_operator_and_business_unit(house: House) -> None:
    """One letter each for the batch; the business unit is told where to look, and neither reads a word of the mail."""
    Refusing(house, "poison")
    for n in range(3):
        house.put(challenge(f"poison{n}"), START + n * MINUTE)
    house.receive(START + 2 * MINUTE)
    house.app.intake.read(START)
    told = {to(one.letter)[0]: one.letter for one in house.letters(LetterKind.ALERT)}
    assert set(told) == {house.settings.config.operator, UNIT}
    assert all(WORDS not in str(letter.values) for letter in told.values())
    assert CREWE_BOX in str(told[UNIT].values)


def test_a_reply_whose_decision_fails_names_its_case(house: House) -> None:
    """Its case is told of by ref, and what the case says of silence knows that a mail of it waits unread."""
    house.put(challenge("first"))
    house.take_in(START)
    Refusing(house, "poison")
    reply = eml(FAY, "RE: it", "We shall visit.", to=(HELEN,), answers="first@health.example", name="poison")
    house.put(reply, START + MINUTE)
    house.take_in(START + MINUTE)
    ref = house.case().ref
    assert only(house, "set_aside").guesses == ref
    (told,) = (one.letter for one in house.letters(LetterKind.ALERT) if to(one.letter) == (UNIT,))
    assert ref in str(told.values)


def test_what_failed_is_read_again_once_the_fault_is_mended(house: House) -> None:
    """Put back by `review retry`, it opens its case as if nothing had been."""
    refusing = Refusing(house, "poison")
    house.put(challenge("poison"))
    house.take_in(START)
    refusing.mend()
    with house.db.begin() as tx:
        assert read_again(tx, START) == 1
    read_all(house)
    assert (len(house.cases()), house.listed("set_aside")) == (1, [])


def test_a_database_that_takes_nothing_is_no_mails_fault(house: House) -> None:
    """Full or locked, it stops the reading; every mail waits as it was."""
    full(house, "cases")
    for n in range(3):
        house.put(challenge(f"m{n}"), START + n * MINUTE)
    house.receive(START + 2 * MINUTE)
    with pytest.raises(StoreError):
        house.app.intake.read(START)
    assert (strikes(house), house.listed("set_aside")) == ([0, 0, 0], [])


def full(house: House, table: str) -> None:
    """From here on the database says that it is full wherever this table is written."""

    def refuse(tx: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(f"INSERT INTO {table} "):
            raise OperationalError(statement, (), sqlite3.OperationalError("database or disk is full"))

    event.listen(house.db.engine, "before_cursor_execute", refuse)


def test_a_mail_that_is_held_is_not_held_twice(house: House) -> None:
    """The same bytes in the same inbox wait once, whatever brings them a second time."""
    raw = eml(FAY, f"RE: {DAY}", "As I said.", to=(HELEN,), answers="nobody@knows.example", name="w1")
    house.put(raw)
    house.take_in(START)
    house.put(raw, START + MINUTE)
    house.take_in(START + MINUTE)
    assert len(house.listed("holding_pen")) == 1
    assert [row.why for row in house.listed("ignored")] == ["the same mail waits for a person already"]


def test_a_mailbox_that_is_watched_no_longer_holds_up_nothing(house: House) -> None:
    """Its unread mail is set aside, and that behind it flows."""
    house.put(challenge("first"))
    house.put(challenge("second"), START + MINUTE)
    house.receive(START + MINUTE)
    with house.db.begin() as tx:
        tx.exec_driver_sql("UPDATE ledger SET mailbox = 'gone' WHERE id = (SELECT min(id) FROM ledger)")
    house.app.intake.read(START)
    assert only(house, "set_aside").mailbox == "gone"
    assert len(house.cases()) == 1
