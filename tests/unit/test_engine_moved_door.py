"""An inbox behind another door: what the former gave does nothing again, and what is new is not lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.engine.reading import moved_door
from bot.store import mailboxes, mails
from tests.unit.case_samples import CREWE, FAY, HELEN, START
from tests.unit.engine_samples import CREWE_BOX, WORDS, House, eml, migrated, running
from tests.unit.store_samples import a_raw

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
BOX, MARGIN = "a box", 3 * DAY


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Connection]:
    database = migrated(tmp_path)
    with database.begin() as connection:
        yield connection
    database.close()


def listed(tx: Connection, at: datetime) -> None:
    """The box was read whole at that instant."""
    mails.receive(tx, BOX, [a_raw("1")], "read up to here", at, None)
    mailboxes.listed_at(tx, BOX, at)


def test_the_first_door_is_no_move(tx: Connection) -> None:
    """A mailbox that was never read is seen for the first time, whatever door was noted before."""
    moved_door.arrive(tx, BOX, "one", MARGIN, START)
    moved_door.arrive(tx, BOX, "two", MARGIN, START)
    assert mailboxes.moves(tx) == {}
    assert not mailboxes.watched(tx, BOX).is_moving


def test_the_same_door_is_no_move(tx: Connection) -> None:
    """A restart reads on from where the life before it stopped."""
    moved_door.arrive(tx, BOX, "one", MARGIN, START)
    listed(tx, START)
    moved_door.arrive(tx, BOX, "one", MARGIN, START + DAY)
    assert (mailboxes.cursor(tx, BOX), mailboxes.moves(tx)) == ("read up to here", {})


def test_another_door_is_read_from_its_beginning_until_it_was_listed_whole(tx: Connection) -> None:
    """The time between is when mails come a second time; it ends once."""
    moved_door.arrive(tx, BOX, "one", MARGIN, START)
    listed(tx, START)
    moved_door.arrive(tx, BOX, "two", MARGIN, START + DAY)
    assert mailboxes.cursor(tx, BOX) == ""
    assert mailboxes.watched(tx, BOX).is_moving
    assert mailboxes.moves(tx) == {BOX: (START + DAY, None)}
    mailboxes.caught_up(tx, BOX, START + DAY + MINUTE)
    mailboxes.caught_up(tx, BOX, START + 9 * DAY)
    assert not mailboxes.watched(tx, BOX).is_moving
    assert mailboxes.moves(tx) == {BOX: (START + DAY, START + DAY + MINUTE)}


def test_keys_of_the_former_door_may_be_given_anew(tx: Connection) -> None:
    """The new door's first message is another than the old door's, though both are called 1."""
    moved_door.arrive(tx, BOX, "one", MARGIN, START)
    listed(tx, START)
    moved_door.arrive(tx, BOX, "two", MARGIN, START + DAY)
    assert mails.receive(tx, BOX, [a_raw("1", b"Subject: another\r\n\r\n")], "", START + DAY, None) == 1


# --- a whole move -----------------------------------------------------------------------------------------------------


def moved(house: House, address: str = "elsewhere") -> House:
    """The same bot after a restart, Crewe's inbox behind another door."""
    house.close()
    (house.folder / CREWE).rename(house.folder / address)
    boxes = tuple(
        box.model_copy(update={"receive": box.receive.model_copy(update={"path": str(house.folder / address)})})
        if box.address == CREWE
        else box
        for box in house.settings.config.mailboxes
    )
    return House(house.folder, mailboxes=boxes)


@pytest.fixture
def before(tmp_path: Path) -> Iterator[House]:
    """A bot that has read a challenge through the first door."""
    house = House(tmp_path)
    house.put(eml(name="known"))
    house.take_in(START)
    yield house
    house.close()


def test_what_was_read_through_the_former_door_does_nothing_again(before: House) -> None:
    """Other bytes under the same Message-ID included: many servers rewrite what they take over."""
    after = moved(before)
    after.put(eml(name="known", X_Moved="yes"), START, "elsewhere")
    after.take_in(START + DAY)
    assert len(after.cases()) == 1
    assert [row.why for row in after.listed("ignored")] == [moved_door.AGAIN] * 2
    assert len(after.case().mails) == 1
    after.close()


def test_a_challenge_that_only_the_new_door_gave_opens_its_case(before: House) -> None:
    """It came between the last listing and the move, and nobody has read it yet."""
    after = moved(before)
    after.put(eml(at=START + MINUTE, text=f"{WORDS} Nor the twins.", name="new"), START + MINUTE, "elsewhere")
    after.take_in(START + DAY)
    assert len(after.cases()) == 2
    after.close()


@pytest.mark.parametrize(("age", "opens"), [(MARGIN, True), (MARGIN + MINUTE, False)])
def test_what_is_older_than_the_last_listing_opens_nothing(before: House, age: timedelta, opens: bool) -> None:
    """The floor rises to the last listing through the former door, less the margin of a first sight."""
    before.receive(START + 30 * DAY)
    at = START + 30 * DAY - age
    after = moved(before)
    after.put(eml(at=at, text=f"{WORDS} Nor the twins.", name="new"), at, "elsewhere")
    after.take_in(START + 31 * DAY)
    assert len(after.cases()) == 1 + opens
    after.close()


def test_the_floor_is_never_lowered(before: House) -> None:
    """A move just after the first sight lets nothing in that the first sight kept out."""
    after = moved(before)
    old = START - MARGIN - MINUTE
    after.put(eml(at=old, text=f"{WORDS} Nor the twins.", name="old"), old, "elsewhere")
    after.take_in(START + MINUTE)
    assert len(after.cases()) == 1
    after.close()


def test_after_the_catching_up_a_second_mail_of_that_id_is_a_mail(before: House) -> None:
    """From then on it is what it would be anywhere: not the former door's."""
    after = moved(before)
    after.take_in(START + DAY)
    at = START + 2 * DAY
    after.put(eml(at=at, text=f"{WORDS} Nor the twins.", name="known"), at, "elsewhere")
    after.take_in(at)
    assert len(after.cases()) == 2
    after.close()


def test_a_reply_that_moved_as_well_is_no_second_reply(before: House) -> None:
    """What belongs to a case is known behind the new door as the challenge is."""
    reply = eml(FAY, "RE: it", "I am looking into it.", to=(HELEN,), answers="known@health.example", name="reply")
    before.put(reply, START + MINUTE)
    before.take_in(START + MINUTE)
    after = moved(before)
    after.take_in(START + DAY)
    assert len(after.case().mails) == 2
    assert [row.mailbox for row in after.listed("case")] == [CREWE_BOX] * 2
    after.close()


def test_two_moves_in_a_row_are_one(tmp_path: Path) -> None:
    """A door that was entered and never listed to its end is left behind like any other."""
    for house in running(tmp_path):
        house.put(eml(name="known"))
        house.take_in(START)
    first = moved(house)
    second = moved_again(first)
    second.take_in(START + DAY)
    assert len(second.cases()) == 1
    second.close()


def moved_again(house: House) -> House:
    """Moved once more before anything was read."""
    with house.db.begin() as tx:
        moved_door.arrive(tx, CREWE_BOX, "a door between", MARGIN, START + MINUTE)
    house.close()
    boxes = house.settings.config.mailboxes
    return House(house.folder, mailboxes=boxes)
