"""What an hour of strangers brings: whose challenges are counted, and what becomes of the letters that wait."""

from datetime import datetime, timedelta

import pytest

from bot.engine import strangers
from bot.model import Arrival, Command, Flag, Hold, LetterKind, Proof, Sending, Word
from bot.store import outbox
from bot.store.outbox import Queued
from tests.unit.case_samples import CREWE, DAY, FAY, HELEN, INBOX, START, UNIT, mail
from tests.unit.engine_samples import House

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
MOST = 5


def comes(house: House, n: int, at: datetime = START, sender: str = "", **more: object) -> int:
    """The n-th challenge of an hour, from somebody whom nobody knows; the number of its case."""
    sender = sender or f"p{n}@home{n}.example"
    flags = tuple(more.pop("flags", ()))  # type: ignore[call-overload]
    one = mail(sender, f"Nobody asked us about family {n}.", title=DAY, to=(FAY,), cc=(CREWE,), at=at, **more)
    with house.db.begin() as tx:
        return house.turn.open(tx, one, INBOX, at, flags).case.number


def flood(house: House, many: int = 12) -> list[int]:
    return [comes(house, n, START + n * MINUTE) for n in range(many)]


def waiting(house: House) -> list[Queued]:
    with house.db.read() as tx:
        return [one for one in outbox.of_status(tx, Sending.HELD) if one.held_for is Hold.STRANGERS]


def acknowledged(house: House) -> list[str]:
    """The strangers who have a letter that may go or has gone."""
    of = house.letters(LetterKind.ACKNOWLEDGEMENT, "stranger")
    return [one.letter.to[0].email for one in of if one.status is Sending.QUEUED]


def test_what_waits_goes_by_itself_the_oldest_first_in_the_room_of_an_hour(house: House) -> None:
    """No hour has letters about more than five; nobody is left without one, and the operator is told once."""
    flood(house)
    everyone = [f"p{n}@home{n}.example" for n in range(12)]
    assert acknowledged(house) == everyone[:MOST]
    house.app.daily(START + HOUR - MINUTE)
    assert acknowledged(house) == everyone[:MOST]
    house.app.daily(START + HOUR + 20 * MINUTE)
    assert acknowledged(house) == everyone[: 2 * MOST]
    house.app.daily(START + HOUR + 30 * MINUTE)
    assert acknowledged(house) == everyone[: 2 * MOST]
    house.app.daily(START + 3 * HOUR)
    assert (acknowledged(house), waiting(house)) == (everyone, [])
    notices = house.letters(LetterKind.NOTICE)
    assert [one.status for one in notices] == [Sending.QUEUED] * 12
    assert len([one for one in house.letters(LetterKind.ALERT) if one.letter.subject == strangers.SUBJECT]) == 1


def test_it_is_known_when_what_waits_may_go(house: House) -> None:
    """The room of an hour comes when its first of five is an hour old; where nothing waits there is none to come."""
    with house.db.read() as tx:
        assert strangers.next_at(tx, MOST, START) is None
    flood(house, 6)
    with house.db.read() as tx:
        assert strangers.next_at(tx, MOST, START + 6 * MINUTE) == START + HOUR + MINUTE
    assert strangers.free(house.db, MOST, START + HOUR) == 0
    assert strangers.free(house.db, MOST, START + HOUR + MINUTE) == 2


@pytest.mark.parametrize(
    "known",
    [
        {"flags": (Flag.ADOPTED,)},
        {"flags": (Flag.BROUGHT_IN,)},
        {"sender": HELEN},
        {"sender": HELEN, "proof": Proof.UNPROVEN},
        {"sender": UNIT},
    ],
)
def test_who_is_known_and_what_the_business_unit_stands_for_are_no_strangers(
    house: House, known: dict[str, object]
) -> None:
    """They take nobody's place in the hour, and their letters never wait."""
    for n in range(MOST + 1):
        comes(house, n, START + n * MINUTE, **known)  # type: ignore[arg-type]
    comes(house, 9, START + 9 * MINUTE)
    assert waiting(house) == []
    flood(house, MOST + 1)
    before = waiting(house)
    assert before
    number = comes(house, 30, START + 30 * MINUTE, **known)  # type: ignore[arg-type]
    assert waiting(house) == before
    with house.db.read() as tx:
        assert {one.status for one in outbox.of_case(tx, number)} == {Sending.QUEUED}


def test_a_forged_name_of_the_directory_is_counted(house: House) -> None:
    """What the border refuses is nobody's whom we know."""
    for n in range(MOST + 2):
        comes(house, n, START + n * MINUTE, HELEN, proof=Proof.FAILED)
    assert waiting(house) != []


def answers(house: House, number: int, word: Word, at: datetime) -> None:
    said = mail(UNIT, word.value, at=at, command=Command(word))
    with house.db.begin() as tx:
        house.turn.take(tx, number, Arrival(said, "the ref"), at)


def test_a_challenge_that_the_business_unit_confirms_counts_no_longer(house: House) -> None:
    """Its place in the hour is free again, and what waited of it and is true no more goes to nobody."""
    numbers = flood(house, MOST + 1)
    at = START + 20 * MINUTE
    answers(house, numbers[-1], Word.YES, at)
    assert [one.case for one in waiting(house)] == [None]
    (untrue,) = [one for one in house.letters(LetterKind.NOTICE) if one.status is Sending.WITHHELD]
    assert untrue.case == numbers[-1]
    answers(house, numbers[0], Word.YES, at)
    house.app.daily(at + MINUTE)
    assert waiting(house) == []
    comes(house, 20, at + 2 * MINUTE)
    assert waiting(house) == []


def test_what_was_no_challenge_is_written_about_to_nobody(house: House) -> None:
    """A case that has ended while its letters waited has none to send."""
    numbers = flood(house, MOST + 2)
    answers(house, numbers[-2], Word.NOT_OURS, START + 20 * MINUTE)
    house.app.daily(START + 2 * HOUR)
    assert waiting(house) == []
    assert f"p{MOST}@home{MOST}.example" not in acknowledged(house)
    assert f"p{MOST + 1}@home{MOST + 1}.example" in acknowledged(house)


def test_a_restore_holds_what_an_hour_would_let_go(house: House) -> None:
    """It may have gone since the backup was made: a person lets it go."""
    flood(house, MOST + 1)
    with house.db.begin() as tx:
        outbox.hold_all(tx, "put back from a backup", START + HOUR)
    house.app.daily(START + 2 * HOUR)
    assert waiting(house) == []
    with house.db.read() as tx:
        assert {one.held_for for one in outbox.of_status(tx, Sending.HELD)} == {Hold.RESTORED}
    assert acknowledged(house) == []
