"""Deadlines that have come: each is answered once, late rather than early, and never in ignorance of the mail."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.engine.alarms import DEAF, LEASE
from bot.engine.turn import Turn
from bot.model import Correction, CorrectionKind, Deadline, Decision, Fact, LetterKind
from bot.model.errors import CaseMoved
from bot.store import deadlines, mailboxes, mails
from tests.unit.case_samples import CREWE, DAY, FAY, HELEN, START, UNIT, mail
from tests.unit.engine_samples import CHESTER_BOX, CREWE_BOX, WORDS, House, eml, texts

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
OWN = "bot"


def opened(house: House, n: int = 0) -> Deadline:
    """A case whose letters have reached everybody; what it is reminded of first."""
    number = house.open(mail(HELEN, f"{WORDS} {n}", title=DAY, to=(FAY,), cc=(CREWE,)))
    house.serve(START + MINUTE)
    return min(house.case(number).deadlines, key=lambda d: d.at)


def listed(house: House, at: datetime, *names: str) -> None:
    with house.db.begin() as tx:
        for name in names or (CREWE_BOX, CHESTER_BOX, OWN):
            mailboxes.listed_at(tx, name, at)


def fired(house: House, at: datetime, limit: int = 100) -> int:
    house.clock.now = at
    return house.app.alarms.fire(at, limit)


def chasers(house: House) -> int:
    return len(house.letters(LetterKind.CHASER))


def test_a_deadline_is_answered_at_its_time_and_once(house: House) -> None:
    """Not a second before it, and not a second time."""
    row = opened(house)
    listed(house, row.at)
    assert (fired(house, row.at - SECOND), chasers(house)) == (0, 0)
    assert (fired(house, row.at), chasers(house)) == (1, 1)
    assert (fired(house, row.at + LEASE), chasers(house)) == (0, 1)
    assert row not in house.case().deadlines


def test_a_clock_that_goes_back_answers_nothing_again(house: House) -> None:
    """What was answered is answered, however often its hour comes again; and what is not yet due waits for its own."""
    row, stage = opened(house), house.case().stage
    listed(house, row.at)
    assert (fired(house, row.at), chasers(house)) == (1, 1)
    for at in (row.at - timedelta(hours=2), row.at - SECOND, row.at, row.at + LEASE):
        assert (fired(house, at), chasers(house)) == (0, 1)
    assert house.case().stage == stage


def test_a_deadline_whose_inbox_was_not_read_waits(house: House) -> None:
    """An answer may lie there: until the inbox was read up to the deadline nobody is reminded."""
    row = opened(house)
    listed(house, row.at - SECOND)
    assert fired(house, row.at) == 0
    with house.db.read() as tx:
        assert deadlines.next_due(tx) == row.at + LEASE
    listed(house, row.at)
    assert fired(house, row.at + LEASE - SECOND) == 0
    assert (fired(house, row.at + LEASE), chasers(house)) == (1, 1)


@pytest.mark.parametrize("read", [(CREWE_BOX,), (OWN,), (CREWE_BOX, CHESTER_BOX)])
def test_both_inboxes_of_a_case_must_have_been_read(house: House, read: tuple[str, ...]) -> None:
    """The team's and our own: an answer comes to either."""
    row = opened(house)
    listed(house, row.at, *read)
    assert fired(house, row.at) == 0


def test_another_teams_inbox_is_not_waited_for(house: House) -> None:
    """Chester's door may be shut for weeks: Crewe's clock runs."""
    row = opened(house)
    listed(house, row.at, CREWE_BOX, OWN)
    assert fired(house, row.at) == 1


@pytest.mark.parametrize(("late", "answered"), [(timedelta(), 0), (SECOND, 1)])
def test_a_mail_of_before_the_deadline_is_read_first(house: House, late: timedelta, answered: int) -> None:
    """It may be the answer; one that came later stops nothing."""
    row = opened(house)
    house.put(eml(FAY, "Lunch", to=(HELEN,)), row.at + late)
    house.receive(row.at + MINUTE)
    assert fired(house, row.at + MINUTE) == answered


@pytest.mark.parametrize(("deaf", "answered"), [(DEAF - SECOND, 0), (DEAF, 1)])
def test_an_inbox_that_cannot_be_read_for_long_does_not_stop_the_clock(
    house: House, deaf: timedelta, answered: int
) -> None:
    """After ten minutes what is due is said all the same."""
    row = opened(house)
    listed(house, row.at, OWN)
    with house.db.begin() as tx:
        mailboxes.gap_opened(tx, CREWE_BOX, row.at - deaf, "the server is away")
    assert (fired(house, row.at), chasers(house)) == (answered, answered)


def test_what_is_said_while_the_inbox_is_deaf_says_so(house: House) -> None:
    """With since when it has not been read, in the office's time."""
    row = opened(house)
    with house.db.begin() as tx:
        mailboxes.gap_opened(tx, CREWE_BOX, row.at - DEAF, "the server is away")
    fired(house, row.at)
    said = [text for text in texts(house.send(row.at)) if "The inbox has not been readable since" in text]
    assert len(said) == chasers(house) == 1


@pytest.mark.parametrize("name", [CHESTER_BOX, CREWE_BOX])
def test_only_a_gap_that_lasts_and_concerns_the_case_makes_it_deaf(house: House, name: str) -> None:
    """Another team's gap, or one that has ended, excuses nothing: the mailbox can be read, and must be."""
    row = opened(house)
    with house.db.begin() as tx:
        mailboxes.gap_opened(tx, name, row.at - 2 * DEAF, "the server is away")
        if name == CREWE_BOX:
            mailboxes.gap_closed(tx, name, row.at - MINUTE)
    assert fired(house, row.at) == 0


def held(house: House, number: int) -> Deadline:
    """The case is held; when the HOLD ends."""
    with house.db.begin() as tx:
        house.turn.take(tx, number, Correction(CorrectionKind.HOLD, UNIT, "looking into it"), START + MINUTE)
    return next(d for d in house.case(number).deadlines if d.kind == "hold_end")


def test_what_says_nothing_of_silence_waits_for_no_inbox(house: House) -> None:
    """The end of a HOLD comes whether or not anybody's mail can be read."""
    opened(house)
    row = held(house, 1)
    assert fired(house, row.at) == 1
    assert house.case().hold_until is None


def test_a_deadline_that_waits_holds_up_no_other(house: House) -> None:
    """The reminder of one case waits for its inbox; the end of another's HOLD comes all the same."""
    opened(house)
    opened(house, 1)
    row = held(house, 2)
    assert fired(house, row.at) == 1
    assert (house.case(2).hold_until, chasers(house)) == (None, 0)


def test_no_more_are_answered_at_once_than_asked_for(house: House) -> None:
    """The daemon has other things to do in between; the next call goes on."""
    row = opened(house)
    assert opened(house, 1).at == row.at
    listed(house, row.at)
    assert [fired(house, row.at, limit=1) for _ in range(3)] == [1, 1, 0]
    assert chasers(house) == 2


def test_an_alarm_that_is_late_is_answered_when_its_inbox_was_read_to_the_deadline(house: House) -> None:
    """After a standstill the first whole reading is enough: nobody waits for one of this very minute."""
    row = opened(house)
    listed(house, row.at + MINUTE)
    assert (fired(house, row.at + 5 * MINUTE), chasers(house)) == (1, 1)


@pytest.mark.parametrize(
    ("disposition", "guesses", "told"),
    [
        ("set_aside", "", True),
        ("holding_pen", "CE-2027-0001", True),
        ("holding_pen", "CE-2027-0002", False),
        ("ignored", "", False),
    ],
)
def test_what_waits_for_a_person_is_told_of(house: House, disposition: str, guesses: str, told: bool) -> None:
    """A mail that may be of the case and could not be placed or opened: the reminder says so."""
    row = opened(house)
    house.put(eml(FAY, "Lunch", to=(HELEN,)), row.at - MINUTE)
    house.receive(row.at)
    with house.db.begin() as tx:
        entry = mails.waiting(tx, 1, row.at)[0].entry
        mails.dispose(tx, entry, disposition, "for a person", row.at, guesses=guesses)
    fired(house, row.at)
    assert any("Not everything that came could be read" in text for text in texts(house.send(row.at))) is told


class Losing(Turn):
    """A turn whose case was saved by somebody else meanwhile, the first time."""

    has_lost = False

    def take(self, tx: Connection, number: int, fact: Fact, now: datetime) -> Decision:
        if not self.has_lost:
            self.has_lost = True
            raise CaseMoved("saved meanwhile")
        return super().take(tx, number, fact, now)


def test_a_deadline_whose_case_moved_meanwhile_is_answered_all_the_same(house: House) -> None:
    """At once, and once; the desk goes on."""
    row = opened(house)
    listed(house, row.at)
    house.app.alarms.turn = Losing(house.turn.books, house.turn.secret)
    assert (fired(house, row.at), chasers(house)) == (1, 1)
    assert row not in house.case().deadlines
