"""What holds a letter, and what ends that: each decision frees only what it names.

A HOLD and a GO end by themselves, an hour or a day has room again, and what a restore holds waits for `outbox release`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.engine.contacts.books import Books
from bot.engine.flood import LETTERS_A_DAY
from bot.engine.turn import Turn
from bot.model import Alarm, Arrival, Command, Correction, CorrectionKind, Hold, LetterKind, LetterServed, Word
from bot.store import cases, meta, outbox
from bot.store.db import Database
from tests.unit.case_samples import CREWE, DAY, FAY, HELEN, INBOX, START, UNIT, mail, shipped

FIRST_RELEASE = Path(__file__).parents[1] / "databases/first_release.sqlite"


@pytest.fixture
def tx(database: Database) -> Iterator[Connection]:
    with database.begin() as connection:
        yield connection


def turn_in(tx: Connection, mode: str = "live") -> Turn:
    settings = shipped()
    config = settings.config.model_copy(update={"mode": mode})
    return Turn(Books(replace(settings, config=config), strict=True), meta.secret(tx))


def opened(tx: Connection, turn: Turn) -> int:
    return turn.open(tx, mail(HELEN, title=DAY, to=(FAY,), cc=(CREWE,)), INBOX, START).case.number


def held(tx: Connection, number: int) -> dict[str, Hold | None]:
    """Letters that wait, and for what."""
    return {q.letter.key: q.held_for for q in outbox.of_case(tx, number) if q.status == "held"}


def asks_status(tx: Connection, turn: Turn, number: int, minutes: int) -> None:
    at = START + timedelta(minutes=minutes)
    turn.take(tx, number, Arrival(mail(HELEN, "STATUS", at=at), "our letter"), at)


def gives_time(tx: Connection, turn: Turn, number: int, minutes: int) -> None:
    at = START + timedelta(minutes=minutes)
    said = mail(HELEN, "EXTEND 2 working days", at=at, command=Command(Word.EXTEND, "2 working days"))
    turn.take(tx, number, Arrival(said, "our letter"), at)


def alarm(tx: Connection, turn: Turn, number: int, kind: str) -> None:
    row = next(d for d in cases.load(tx, number).case.deadlines if d.kind == kind)
    turn.take(tx, number, Alarm(row), row.at)


def all_served(tx: Connection, turn: Turn, number: int) -> None:
    at = START + timedelta(minutes=1)
    for q in outbox.of_case(tx, number):
        to = tuple(address for address, _, _ in q.recipients)
        fact = LetterServed(q.letter.key, q.letter.kind, q.letter.stage, to, at, q.letter.starts_clock)
        turn.take(tx, number, fact, at)


def lapsed(tx: Connection, turn: Turn) -> int:
    """A case in the mode `approve` whose first stage has lapsed: its escalation waits for a GO."""
    number = opened(tx, turn)
    all_served(tx, turn, number)
    while all(d.kind != "go" for d in cases.load(tx, number).case.deadlines):
        row = min(cases.load(tx, number).case.deadlines, key=lambda d: d.at)
        turn.take(tx, number, Alarm(row), row.at)
    return number


@pytest.mark.parametrize("ends", ["hold_end", "release"])
def test_the_end_of_a_hold_frees_what_the_hold_held_and_nothing_else(tx: Connection, ends: str) -> None:
    """A letter that a restore holds may have gone already, and one too many is too many after a HOLD as before it."""
    turn = turn_in(tx)
    number = opened(tx, turn)
    outbox.hold_all(tx, "put back from a backup", START)
    for minute in range(1, LETTERS_A_DAY + 2):
        asks_status(tx, turn, number, minute)
    turn.take(tx, number, Correction(CorrectionKind.HOLD, UNIT, "looking into it"), START + timedelta(minutes=30))
    gives_time(tx, turn, number, 40)
    before = held(tx, number)
    assert set(before.values()) == {Hold.RESTORED, Hold.FLOOD, Hold.HOLD}
    if ends == "release":
        turn.take(tx, number, Correction(CorrectionKind.RELEASE, UNIT, "all is right"), START + timedelta(minutes=50))
    else:
        alarm(tx, turn, number, "hold_end")
    assert held(tx, number) == {key: why for key, why in before.items() if why is not Hold.HOLD}


@pytest.mark.parametrize("ends", ["go", "GO"])
def test_a_go_frees_what_waits_for_it_and_nothing_else(tx: Connection, ends: str) -> None:
    """The business unit's GO, or its time that is over, is about the escalation alone."""
    turn = turn_in(tx, "approve")
    number = lapsed(tx, turn)
    outbox.hold_all(tx, "put back from a backup", START)
    before = held(tx, number)
    assert set(before.values()) == {Hold.RESTORED, Hold.APPROVAL}
    if ends == "GO":
        at = next(d.at for d in cases.load(tx, number).case.deadlines if d.kind == "go") - timedelta(minutes=1)
        turn.take(tx, number, Arrival(mail(UNIT, "GO", at=at), "our letter"), at)
    else:
        alarm(tx, turn, number, "go")
    assert held(tx, number) == {key: why for key, why in before.items() if why is not Hold.APPROVAL}


def test_a_go_lets_an_escalation_go_though_a_hold_runs(tx: Connection) -> None:
    """No HOLD keeps an escalation back."""
    turn = turn_in(tx, "approve")
    number = lapsed(tx, turn)
    (key,) = held(tx, number)
    at = next(d.at for d in cases.load(tx, number).case.deadlines if d.kind == "go") - timedelta(minutes=5)
    turn.take(tx, number, Correction(CorrectionKind.HOLD, UNIT, "looking into it"), at)
    turn.take(tx, number, Arrival(mail(UNIT, "GO", at=at), "our letter"), at)
    assert key not in held(tx, number)


def test_a_hold_keeps_no_answer_and_nothing_untrue(tx: Connection) -> None:
    """Who asks is answered while letters wait; a reminder that is untrue when they go again goes to nobody."""
    turn = turn_in(tx)
    number = opened(tx, turn)
    all_served(tx, turn, number)
    row = min((d for d in cases.load(tx, number).case.deadlines if d.kind == "chaser"), key=lambda d: d.at)
    turn.take(tx, number, Correction(CorrectionKind.HOLD, UNIT, "looking into it"), row.at - timedelta(minutes=9))
    turn.take(tx, number, Alarm(row), row.at)
    at = row.at + timedelta(minutes=1)
    turn.take(tx, number, Arrival(mail(HELEN, "STATUS", at=at), "our letter"), at)
    assert {key.split("/")[-2] for key in held(tx, number)} == {"chaser"}
    turn.take(tx, number, Arrival(mail(HELEN, "RESOLVED", at=at, command=Command(Word.RESOLVED)), "our letter"), at)
    turn.take(tx, number, Correction(CorrectionKind.RELEASE, UNIT, "all is right"), at)
    untrue = [q for q in outbox.of_case(tx, number) if q.letter.kind is LetterKind.CHASER]
    assert {(q.status, q.last_error) for q in untrue} == {("withheld", "no longer true when it could go")}
    assert held(tx, number) == {}


def test_a_person_frees_whatever_is_held(tx: Connection) -> None:
    """`outbox release` ends every hold of one letter, and nothing else ends a restore's."""
    turn = turn_in(tx)
    number = opened(tx, turn)
    outbox.hold_all(tx, "put back from a backup", START)
    first, *others = [q.id for q in outbox.of_case(tx, number)]
    outbox.release(tx, first, START)
    assert (outbox.get(tx, first).status, outbox.get(tx, first).held_for) == ("queued", None)
    assert {outbox.get(tx, other).held_for for other in others} == {Hold.RESTORED}


def test_letters_that_the_first_release_held_say_what_holds_them(tmp_path: Path) -> None:
    """Of its HOLD and of a GO that waits it is known; of all others a person decides."""
    shutil.copy(FIRST_RELEASE, tmp_path / "bot.db")
    database = Database(f"sqlite:///{tmp_path / 'bot.db'}")
    database.migrate()
    with database.read() as tx:
        found = [(q.case, q.letter.kind, q.held_for) for q in outbox.open_letters(tx) if q.status == "held"]
    database.close()
    assert found == [
        (9, LetterKind.ACKNOWLEDGEMENT, Hold.RESTORED),
        (9, LetterKind.NOTICE, Hold.RESTORED),
        (9, LetterKind.ANSWER, Hold.HOLD),
        (10, LetterKind.ESCALATION, Hold.APPROVAL),
    ]
