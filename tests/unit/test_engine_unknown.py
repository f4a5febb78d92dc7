"""Letters whose answer was lost: proof is looked for, the same bytes go once more at most, and a person hears of it.

The ways through a real SMTP server are test_sender's; here each step of the doubt stands alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.doors.ports import Outcome, Refusal
from bot.engine.sending.unknown import Unknown, commit, served, waiting
from bot.model import LetterServed, LetterUndelivered
from bot.model.errors import CaseMoved, DoorClosed
from bot.store import outbox
from bot.store.db import Database
from bot.store.outbox import Queued
from tests.unit.engine_samples import migrated
from tests.unit.store_samples import FAY, HELEN, NOW, a_letter

MINUTE, PATIENCE = timedelta(minutes=1), timedelta(minutes=15)
LEASE = 5 * MINUTE


@dataclass
class Desk:
    """An outbox, its doubt, and a mailbox that is searched for proof."""

    db: Database
    proof: str = ""
    is_shut: bool = False
    moved: int = 0  # how often the case moves before it can be told
    looked: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    facts: list[LetterServed | LetterUndelivered] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.unknown = Unknown(self.db, self.tell, self.find, PATIENCE)

    def tell(self, tx: Connection, queued: Queued, fact: LetterServed | LetterUndelivered, now: object) -> None:
        if self.moved:
            self.moved -= 1
            raise CaseMoved("the case moved")
        self.facts.append(fact)

    def find(self, message_ids: tuple[str, ...], offer_id: str) -> str:
        self.looked.append((message_ids, offer_id))
        if self.is_shut:
            raise DoorClosed("the mailbox cannot be read")
        return self.proof

    def lost(self, n: int = 1, why: str = "the answer was lost", assigned: str = "") -> int:
        """A letter to two that was claimed at NOW and handed over; its answer was lost ("": the program died)."""
        with self.db.begin() as tx:
            number = outbox.queue(tx, a_letter(occasion=f"mail/{n}", to=(FAY,), cc=(HELEN,)), None, NOW)
            claimed = outbox.claim(tx, NOW, "a life", LEASE)
            assert claimed is not None
            assert claimed.id == number
            made = outbox.make(tx, claimed, claimed.letter, b"its bytes")
            outbox.in_data(tx, made, f"offer-{n}", NOW, assigned)
            if why:
                outbox.unknown(tx, made, why, NOW)
        return claimed.id

    def step(self, now: datetime) -> bool:
        """As the sender does: the doubtful ones of now, and a look at the first whose time has come."""
        with self.db.read() as tx:
            doubtful = outbox.unknowns(tx, now)
        return self.unknown.step(doubtful, now)

    def row(self, number: int = 1) -> Queued:
        with self.db.read() as tx:
            return outbox.get(tx, number)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    db = migrated(tmp_path)
    yield Desk(db)
    db.close()


def test_without_a_doubtful_letter_nothing_is_looked_for(desk: Desk) -> None:
    """The sender goes on to its next letter."""
    assert desk.step(NOW) is False
    assert desk.looked == []
    with desk.db.read() as tx:
        assert desk.unknown.next_look(tx) is None


def test_proof_marks_the_letter_and_tells_its_case_when_it_was_handed_over(desk: Desk) -> None:
    """The clock counts from the claim, not from the minute in which proof was found."""
    number = desk.lost(assigned="given@mx.example")
    desk.proof = "a copy lies in our mailbox"
    assert desk.step(NOW + 9 * MINUTE) is True
    row = desk.row(number)
    assert (row.status, {status for _, status, _ in row.recipients}) == ("sent", {"accepted"})
    assert desk.looked == [((row.letter.message_id, "given@mx.example"), "offer-1")]
    (fact,) = desk.facts
    assert isinstance(fact, LetterServed)
    assert (fact.at, fact.recipients) == (NOW, (FAY.email, HELEN.email))


def test_the_looks_grow_apart_and_end_in_one_second_copy(desk: Desk) -> None:
    """At once, then ever later until the patience is over; then the same bytes are queued again."""
    number = desk.lost()
    times = []
    for second in range(16 * 60):
        if desk.row(number).status != "unknown":
            break
        if desk.step(NOW + timedelta(seconds=second)):
            times.append(second)
    assert times == [0, 9, 27, 63, 117, 243, 477, 900]
    row = desk.row(number)
    assert (row.status, row.resends, row.raw, desk.facts) == ("queued", 1, b"its bytes", [])


def test_when_the_next_look_is_due_is_told(desk: Desk) -> None:
    """So that nobody polls; after the second copy it is looked for once a patience."""
    desk.lost()
    with desk.db.read() as tx:
        assert desk.unknown.next_look(tx) == NOW
    desk.step(NOW)
    with desk.db.read() as tx:
        assert desk.unknown.next_look(tx) == NOW + PATIENCE * 0.01


def twice(desk: Desk) -> int:
    """A letter whose second answer was lost as well, a patience after the first."""
    number = desk.lost()
    later = NOW + PATIENCE
    desk.step(later)
    with desk.db.begin() as tx:
        claimed = outbox.claim(tx, later, "a life", LEASE)
        assert claimed is not None
        outbox.in_data(tx, claimed, "offer-2", later)
        outbox.unknown(tx, claimed, "lost again", later)
    return number


def test_there_is_no_third_copy(desk: Desk) -> None:
    """It stays unknown, which calls a person; proof is still looked for, once a patience."""
    number = twice(desk)
    desk.looked.clear()
    for minute in range(121):
        desk.step(NOW + PATIENCE + minute * MINUTE)
    assert (desk.row(number).status, desk.row(number).resends) == ("unknown", 1)
    assert 10 <= len(desk.looked) <= 15
    desk.proof = "found"
    assert desk.step(NOW + 5 * 60 * MINUTE)
    assert desk.row(number).status == "sent"


def test_a_letter_whose_program_died_is_doubtful_when_its_lease_is_over(desk: Desk) -> None:
    """Until then somebody may still be at it."""
    number = desk.lost(why="")
    assert desk.step(NOW + LEASE - MINUTE) is False
    assert desk.step(NOW + LEASE) is True
    row = desk.row(number)
    assert (row.status, row.last_error) == ("unknown", "the program stopped while the letter was handed over")


def test_a_letter_whose_program_died_long_ago_goes_again_at_once(desk: Desk) -> None:
    """The patience counts from the hand-over: after a night's standstill nobody waits a quarter of an hour more."""
    number = desk.lost(why="")
    desk.step(NOW + PATIENCE)
    assert (desk.row(number).status, desk.row(number).resends) == ("queued", 1)


def test_a_mailbox_that_cannot_be_searched_proves_nothing(desk: Desk) -> None:
    """The letter goes again when the patience is over: never zero copies."""
    number = desk.lost()
    desk.is_shut = True
    desk.step(NOW)
    assert desk.row(number).status == "unknown"
    desk.step(NOW + PATIENCE)
    assert desk.row(number).status == "queued"


def test_one_doubt_a_step_and_none_starves(desk: Desk) -> None:
    """Each letter is looked for when its own time has come."""
    first, second = desk.lost(1), desk.lost(2)
    assert [desk.step(NOW) for _ in range(3)] == [True, True, False]
    assert [ids[0] for ids, _ in desk.looked] == [desk.row(n).letter.message_id for n in (first, second)]


def test_a_case_that_moved_is_told_all_the_same(desk: Desk) -> None:
    """Twice it may; a third time leaves the letter doubtful, and nothing half done."""
    number = desk.lost()
    desk.proof, desk.moved = "found", 2
    desk.step(NOW)
    assert (desk.row(number).status, len(desk.facts)) == ("sent", 1)
    other = desk.lost(2)
    desk.moved = 3
    desk.step(NOW)
    assert (desk.row(other).status, len(desk.facts)) == ("unknown", 1)


# --- before the second copy -------------------------------------------------------------------------------------------


def claimed_again(desk: Desk) -> Queued:
    """A letter that is claimed for its second copy."""
    desk.lost()
    desk.step(NOW + PATIENCE)
    with desk.db.begin() as tx:
        queued = outbox.claim(tx, NOW + PATIENCE, "a life", LEASE)
    assert queued is not None
    return queued


def test_proof_found_late_saves_the_second_copy(desk: Desk) -> None:
    """The mailbox was away for a quarter of an hour, and now it shows the first copy."""
    queued = claimed_again(desk)
    assert desk.unknown.is_settled(queued, NOW + PATIENCE) is False
    desk.proof = "found"
    assert desk.unknown.is_settled(queued, NOW + PATIENCE) is True
    assert (desk.row().status, len(desk.facts)) == ("sent", 1)


def test_a_first_copy_is_never_looked_for(desk: Desk) -> None:
    """A letter that was not handed over yet cannot have arrived."""
    desk.proof = "found"
    with desk.db.begin() as tx:
        outbox.queue(tx, a_letter(), None, NOW)
        queued = outbox.claim(tx, NOW, "a life", LEASE)
    assert queued is not None
    assert desk.unknown.is_settled(queued, NOW) is False
    assert desk.looked == []


def test_a_proven_letter_whose_case_cannot_be_told_does_not_go_again(desk: Desk) -> None:
    """It stays claimed: proof is sought again when the claim has run out."""
    queued = claimed_again(desk)
    desk.proof, desk.moved = "found", 3
    assert desk.unknown.is_settled(queued, NOW + PATIENCE) is True
    assert (desk.row().status, desk.facts) == ("claimed", [])


def test_a_copy_proves_nothing_for_those_who_were_put_off(desk: Desk) -> None:
    """Where one of two has it for long, only the server's own word counts for the other."""
    number = desk.lost(why="")
    with desk.db.begin() as tx:
        queued = outbox.get(tx, number)
        refusal = Refusal(HELEN.email, "4.2.2", "later", is_hard=False)
        outbox.sent(tx, queued, Outcome((FAY.email,), (refusal,)), NOW)
        outbox.deferred(tx, queued, "later", NOW, NOW)
        again = outbox.claim(tx, NOW, "a life", LEASE)
        assert again is not None
        outbox.in_data(tx, again, "offer-2", NOW)
        outbox.unknown(tx, again, "lost", NOW)
    desk.step(NOW)
    assert desk.looked == [((), "offer-2")]
    assert waiting(desk.row(number)) == (HELEN.email,)


def test_proof_counts_only_for_those_whom_the_attempt_was_for(desk: Desk) -> None:
    """The server put one of two off, then the answer for the other was lost: a copy is found, and the letter goes on to
    the one who does not have it."""
    with desk.db.begin() as tx:
        outbox.queue(tx, a_letter(to=(FAY,), cc=(HELEN,)), None, NOW)
        claimed = outbox.claim(tx, NOW, "a life", LEASE)
        assert claimed is not None
        made = outbox.make(tx, claimed, claimed.letter, b"its bytes")
        later = Refusal(HELEN.email, "4.7.1", "later", is_hard=False)
        outbox.in_data(tx, made, "offer-1", NOW, put_off=(later,))
        outbox.unknown(tx, made, "the answer was lost", NOW)
    desk.proof = "a copy lies in our mailbox"
    desk.step(NOW)
    row = desk.row()
    assert (row.status, waiting(row)) == ("deferred", (HELEN.email,))
    assert [fact.recipients for fact in desk.facts if isinstance(fact, LetterServed)] == [(FAY.email,)]


def test_served_says_who_has_the_letter_and_whether_a_clock_starts() -> None:
    """As the letter itself says it."""
    letter = a_letter(stage="step-1", starts_clock=True)
    assert served(letter, (FAY.email,), NOW) == LetterServed(
        letter.key, letter.kind, "step-1", (FAY.email,), NOW, starts_clock=True
    )


# --- a commit ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("moves", "calls"), [(0, 1), (2, 3), (3, 3)])
def test_a_commit_is_tried_three_times(desk: Desk, moves: int, calls: int) -> None:
    """From its beginning each time; what a failed try wrote is gone."""
    done: list[int] = []

    def work(tx: Connection) -> str:
        done.append(len(done))
        outbox.queue(tx, a_letter(occasion=f"try/{len(done)}"), None, NOW)
        if len(done) <= moves:
            raise CaseMoved("moved")
        return "done"

    if moves < calls:
        assert commit(desk.db, "a test", work) == "done"
    else:
        with pytest.raises(CaseMoved):
            commit(desk.db, "a test", work)
    assert len(done) == calls
    with desk.db.read() as tx:
        assert len(outbox.of_status(tx, "queued")) == (moves < calls)
