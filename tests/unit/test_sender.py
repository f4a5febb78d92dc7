"""The outbox on a real database, a real SMTP server and a hand-moved clock: every way a letter can go, or not go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.daemon.standing import conditions
from bot.doors.imap_smtp.smtp import SmtpTransport
from bot.engine.sending.sender import Sender, backoff
from bot.engine.sending.unknown import PATIENCE
from bot.model import Contact, Letter, LetterKind, LetterServed, LetterUndelivered
from bot.model.errors import FAULT, CaseMoved, DoorClosed, StoreError
from bot.store import outbox
from bot.store.db import Database, asking
from bot.store.outbox import Queued
from tests.letters import sample
from tests.servers.smtp import SmtpServer

START = datetime(2027, 1, 15, 16, 45, tzinfo=UTC)
LEASE = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)

Fact = LetterServed | LetterUndelivered


@dataclass
class Office:
    """An outbox, its sender, and everything the sender is given."""

    db: Database
    server: SmtpServer
    now: datetime = START
    facts: list[Fact] = field(default_factory=list)
    made: int = 0  # how often bytes were made
    looks: list[datetime] = field(default_factory=list)
    proof: str = ""
    is_shut: bool = False  # whether proof can be looked for at all
    at_finish: Callable[[Queued], None] = lambda queued: None
    at_tell: Callable[[Fact], None] = lambda fact: None

    def __post_init__(self) -> None:
        self.transport = SmtpTransport(self.server.door(), lambda a: a.endswith("@csc.example"), answer=5)
        self.sender = self.another("first")

    def another(self, owner: str, per_minute: int | None = None) -> Sender:
        return Sender(
            self.db,
            self.transport,
            self.finish,
            self.tell,
            self.find_proof,
            lambda: self.now,
            owner,
            LEASE,
            address="clock@csc.example",
            per_minute=per_minute,
        )

    def finish(self, tx: Connection, queued: Queued, now: datetime) -> tuple[Letter, bytes, tuple[str, ...]]:
        self.made += 1
        self.at_finish(queued)
        letter = replace(queued.letter, decided=now)
        raw = f"Message-ID: <{letter.message_id}>\r\n\r\nmade at {now.isoformat()}\r\n".encode()
        return letter, raw, tuple(c.email for c in (*letter.to, *letter.cc))

    def tell(self, tx: Connection, queued: Queued, fact: Fact, now: datetime) -> None:
        self.at_tell(fact)
        self.facts.append(fact)

    def find_proof(self, message_ids: tuple[str, ...], offer_id: str) -> str:
        assert all(one.endswith("@csc.example") for one in message_ids)
        self.looks.append(self.now)
        if self.is_shut:
            raise DoorClosed("the Sent folder cannot be read")
        return self.proof if message_ids else ""

    def post(self, *to: str, n: int = 1, kind: LetterKind = LetterKind.NOTICE, stranger: bool = False) -> int:
        letter = Letter(
            values=sample(kind).values,
            occasion=f"occasion-{n}",
            to=tuple(Contact(a) for a in to or ("fay@csc.example",)),
            stage="step-1",
            message_id=f"m{n}@csc.example",
            starts_clock=True,
            to_stranger=stranger,
        )
        with self.db.begin() as tx:
            number = outbox.queue(tx, letter, None, self.now)
        assert number is not None
        return number

    def run(self, after: timedelta = timedelta(0)) -> int:
        self.now += after
        return self.sender.drain(self.now)

    def row(self, number: int = 1) -> Queued:
        with self.db.read() as tx:
            return outbox.get(tx, number)

    def recipients(self, number: int = 1) -> dict[str, str]:
        return {address: status for address, status, _ in self.row(number).recipients}

    def served(self) -> list[tuple[str, ...]]:
        return [f.recipients for f in self.facts if isinstance(f, LetterServed)]

    def undelivered(self) -> list[str]:
        return [f.recipient for f in self.facts if isinstance(f, LetterUndelivered)]

    def alerts(self) -> list[str]:
        with self.db.read() as tx:
            return [c.subject for c in conditions(asking(tx))]


@pytest.fixture
def office(tmp_path: Path, smtp_server: SmtpServer) -> Iterator[Office]:
    db = Database(f"sqlite:///{tmp_path}/var/bot.db")
    db.migrate()
    office = Office(db, smtp_server)
    yield office
    office.transport.close()
    db.close()


# --- as it should be -------------------------------------------------------------------------------------------------


def test_a_letter_goes_and_its_case_is_told_once(office: Office) -> None:
    """Sent, accepted per recipient, and one fact that counts from the claim."""
    office.post("fay@csc.example", "tom@csc.example")
    assert office.run() == 1
    assert (office.row().status, office.recipients()) == (
        "sent",
        {"fay@csc.example": "accepted", "tom@csc.example": "accepted"},
    )
    assert office.facts == [
        LetterServed(
            "occasion-1/notice/fay@csc.example",
            LetterKind.NOTICE,
            "step-1",
            ("fay@csc.example", "tom@csc.example"),
            START,
            starts_clock=True,
        )
    ]
    assert [m.recipients for m in office.server.mails] == [("fay@csc.example", "tom@csc.example")]
    assert office.server.mails[0].sender == "clock@csc.example"


def test_nothing_to_do(office: Office) -> None:
    """An empty outbox is no work."""
    assert office.run() == 0
    assert office.sender.wake_at() is None


def test_the_id_a_server_assigns_leads_back_to_the_letter(office: Office) -> None:
    """Replies will cite that one."""
    office.server.renames = True
    number = office.post()
    office.run()
    with office.db.read() as tx:
        assert [q.id for q in outbox.by_message_id(tx, ("renamed-0@mx.test.example",))] == [number]


def test_only_the_letter_to_a_stranger_leaves_the_allow_list(office: Office) -> None:
    """An ordinary letter to the same address is refused by the transport's own gate."""
    office.post("eve@outside.example", n=1)
    office.post("eve@outside.example", n=2, stranger=True)
    office.run()
    assert (office.undelivered(), office.served()) == (["eve@outside.example"], [("eve@outside.example",)])
    assert len(office.server.mails) == 1


def test_no_more_letters_leave_in_a_minute_than_may(office: Office) -> None:
    """The others wait in the outbox, which is no failure and no alert, and go as soon as they may."""
    office.sender = office.another("paced", per_minute=3)
    for n in range(7):
        office.post(n=n)
    assert [office.run(after) for after in (timedelta(0), timedelta(seconds=59))] == [3, 0]
    assert office.sender.wake_at() == office.now + timedelta(seconds=1)
    assert (office.row(4).status, office.row(4).attempts, office.alerts()) == ("queued", 0, [])
    assert [office.run(timedelta(seconds=s)) for s in (1, 60, 60)] == [3, 1, 0]
    assert len(office.server.mails) == 7
    assert office.sender.wake_at() is None


def test_where_letters_are_paced_the_urgent_go_first(office: Office) -> None:
    """What waits for the next minute is what can wait, however long it has; nothing is lost."""
    office.sender = office.another("paced", per_minute=3)
    for n, kind in enumerate([LetterKind.INFORMATION] * 4 + [LetterKind.NOTICE, LetterKind.ESCALATION]):
        office.post(n=n, kind=kind)
        office.now += timedelta(seconds=1)
    assert sum(office.run(after) for after in (timedelta(0), MINUTE)) == 6
    gone = [int(m.raw.partition(b"<m")[2].partition(b"@")[0]) for m in office.server.mails]
    assert gone == [5, 4, 0, 1, 2, 3]


def test_a_server_that_says_slow_down_gets_the_letter_later(office: Office) -> None:
    """Microsoft's own words for too many at once put a letter off: none is lost, none is refused, nobody is told so."""
    office.server.answer("MAIL", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", times=1)
    office.server.answer("DOT", "451 4.7.500 Server busy. Please try again later", times=1)
    office.post()
    office.run()
    for _ in range(2):
        assert office.row().status == "deferred"
        assert (office.served(), office.undelivered()) == ([], [])
        office.run(timedelta(minutes=2))
    assert (office.row().status, len(office.server.mails)) == ("sent", 1)


# --- refused ---------------------------------------------------------------------------------------------------------


def test_one_refused_the_others_served(office: Office) -> None:
    """Each is told as it is; the letter counts as sent."""
    office.server.answer("RCPT", "550 5.1.1 nobody", who="gone@")
    office.post("fay@csc.example", "gone@csc.example")
    office.run()
    assert (office.served(), office.undelivered()) == ([("fay@csc.example",)], ["gone@csc.example"])
    assert office.recipients() == {"fay@csc.example": "accepted", "gone@csc.example": "refused"}
    assert office.row().status == "sent"
    assert [f.status for f in office.facts if isinstance(f, LetterUndelivered)] == ["5.1.1"]


@pytest.mark.parametrize("stage", ["RCPT", "DATA", "DOT"])
def test_all_refused(office: Office, stage: str) -> None:
    """At whatever stage: refused, told for each, tried no more."""
    office.server.answer(stage, "554 5.7.1 no")
    office.post("a@csc.example", "b@csc.example")
    office.run()
    assert (office.row().status, office.undelivered()) == ("refused", ["a@csc.example", "b@csc.example"])
    assert office.run(timedelta(days=2)) == 0
    assert office.server.mails == []


def test_one_put_off_is_tried_again_alone(office: Office) -> None:
    """The others are not written to twice, and the bytes are the same."""
    office.server.answer("RCPT", "451 4.7.1 greylisted", who="slow@", times=2)
    office.post("fay@csc.example", "slow@csc.example")
    office.run()
    assert (office.row().status, office.served()) == ("deferred", [("fay@csc.example",)])
    assert office.run(timedelta(seconds=59)) == 0
    assert office.run(timedelta(seconds=1)) == 1
    assert office.run(2 * MINUTE) == 1
    assert office.served() == [("fay@csc.example",), ("slow@csc.example",)]
    assert [m.recipients for m in office.server.mails] == [("fay@csc.example",), ("slow@csc.example",)]
    assert office.server.mails[0].raw == office.server.mails[1].raw
    assert office.row().status == "sent"


def test_refused_put_off_and_served_at_once(office: Office) -> None:
    """Three addresses, three fates, each told once."""
    office.server.answer("RCPT", "550 5.1.1 nobody", who="gone@")
    office.server.answer("RCPT", "451 4.7.1 later", who="slow@", times=1)
    office.post("gone@csc.example", "slow@csc.example", "fay@csc.example")
    office.run()
    office.run(MINUTE)
    assert (office.served(), office.undelivered()) == (
        [("fay@csc.example",), ("slow@csc.example",)],
        ["gone@csc.example"],
    )


def test_an_address_put_off_for_a_day_is_undelivered(office: Office) -> None:
    """After 24 hours of "later" the case hears it, so that the next contact is tried."""
    office.server.answer("RCPT", "451 4.2.1 later", who="slow@")
    office.post("fay@csc.example", "slow@csc.example")
    while office.row().status != "sent":
        assert office.now - START < timedelta(hours=25)
        office.run(30 * MINUTE)
    assert office.now - START >= timedelta(hours=24)
    assert (office.undelivered(), office.recipients()["slow@csc.example"]) == (["slow@csc.example"], "refused")
    assert office.served() == [("fay@csc.example",)]
    assert len(office.server.mails) == 1


# --- put off ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 2), (3, 5), (4, 10), (5, 20), (6, 30), (7, 30), (60, 30)]
)
def test_backoff(attempts: int, minutes: int) -> None:
    """Soon at first, then every half hour."""
    assert backoff(attempts) == minutes * MINUTE


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "DOT"])
def test_retries_come_when_they_should(office: Office, stage: str) -> None:
    """Put off at any stage, a letter is tried exactly at the backoff's instants."""
    office.server.answer(stage, "451 4.3.0 later", times=6)
    office.post()
    office.run()
    for minutes in (1, 2, 5, 10, 20, 30):
        wake = office.sender.wake_at()
        assert wake == office.now + minutes * MINUTE
        assert office.run(minutes * MINUTE - timedelta(seconds=1)) == 0
        assert office.run(timedelta(seconds=1)) == 1
    assert (office.row().status, len(office.server.mails)) == ("sent", 1)
    assert [f.at for f in office.facts if isinstance(f, LetterServed)] == [office.now]


@pytest.mark.parametrize("line", ["421 4.3.2 busy", "450 4.2.1 later", "451 4.7.1 greylisted", "452 4.3.1 no room"])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "DOT"])
def test_not_now_is_never_no(office: Office, stage: str, line: str) -> None:
    """In whatever words and at whatever stage: it is seen to be late, nobody is told a no, and it goes at the retry."""
    office.server.answer(stage, line, times=1)
    office.post()
    office.run()
    assert (office.row().status, office.facts, office.server.mails) == ("deferred", [], [])
    assert office.row().last_error
    office.run(MINUTE)
    assert (office.row().status, office.served()) == ("sent", [("fay@csc.example",)])
    assert len(office.server.mails) == 1


def test_a_closed_door_is_waited_for_as_long_as_it_takes(office: Office) -> None:
    """Our own server being away for days tells nobody that they cannot be reached."""
    office.server.stop()
    office.post()
    for _ in range(5):
        assert office.run(timedelta(hours=12)) == 1
    assert (office.row().status, office.facts) == ("deferred", [])
    assert "letters cannot be sent" in office.alerts()
    office.server.start()
    office.run(timedelta(hours=1))
    assert (office.row().status, len(office.server.mails)) == ("sent", 1)
    assert office.alerts() == []


def test_bytes_are_made_anew_until_they_were_handed_over(office: Office) -> None:
    """A letter states the due time of the claim that succeeds."""
    office.server.answer("MAIL", "451 4.3.0 later", times=1)
    office.post()
    office.run()
    office.run(MINUTE)
    assert office.made == 2
    assert (START + MINUTE).isoformat().encode() in office.server.mails[0].raw
    assert office.row().letter.decided == START + MINUTE


def test_bytes_handed_over_never_change(office: Office) -> None:
    """From `in_data` on the same bytes go, whatever the time."""
    office.server.answer("DOT", "451 4.3.0 later", times=1)
    office.post()
    office.run()
    before = office.row().raw
    office.run(MINUTE)
    assert (office.made, office.server.mails[0].raw) == (1, before)


# --- lost answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stage", "copies"), [("DATA", 1), ("BODY", 1), ("DOT", 2)])
def test_a_lost_answer_costs_no_letter_and_at_most_one_copy(office: Office, stage: str, copies: int) -> None:
    """Without proof the same bytes go once more when the patience is over, never sooner."""
    office.server.drop(stage)
    office.post()
    office.run()
    assert (office.row().status, office.facts) == ("unknown", [])
    office.run(timedelta(minutes=14, seconds=59))
    assert len(office.server.mails) == copies - 1
    office.run(timedelta(seconds=1))
    assert len(office.server.mails) == copies
    assert len({m.raw for m in office.server.mails}) == 1
    assert (office.row().status, office.served()) == ("sent", [("fay@csc.example",)])
    assert office.run(timedelta(days=1)) == 0


def test_proof_ends_the_doubt(office: Office) -> None:
    """A copy in Sent: served since the claim, no second copy."""
    office.server.drop("DOT")
    office.post()
    office.run()
    office.proof = "in the Sent folder"
    office.run(2 * MINUTE)
    assert (office.row().status, len(office.server.mails)) == ("sent", 1)
    assert office.recipients() == {"fay@csc.example": "accepted"}
    assert [f.at for f in office.facts if isinstance(f, LetterServed)] == [START]


def test_proof_is_looked_for_at_growing_intervals(office: Office) -> None:
    """At once, within seconds, then more seldom; seven looks in a quarter of an hour, not nine hundred."""
    office.server.drop("BODY")
    office.post()
    for _ in range(900):
        office.run()
        office.now += timedelta(seconds=1)
    gaps = [b - a for a, b in zip(office.looks, office.looks[1:], strict=False)]
    assert office.looks[0] == START
    assert gaps == sorted(gaps)
    assert 6 <= len(office.looks) <= 8


def test_a_second_lost_answer_is_for_a_human(office: Office) -> None:
    """Two copies at the most, ever; the operator hears of it, and proof that comes later still counts."""
    office.server.drop("DOT", times=None)
    office.post()
    for _ in range(200):
        office.run(MINUTE)
    assert (len(office.server.mails), office.row().status, office.facts) == (2, "unknown", [])
    assert "letter 1 may not have arrived" in office.alerts()
    office.proof = "a reply cites it"
    office.run(timedelta(minutes=15))
    assert (office.row().status, office.served()) == ("sent", [("fay@csc.example",)])
    assert office.alerts() == []


def test_a_mailbox_that_cannot_be_searched_proves_nothing(office: Office) -> None:
    """The letter is neither forgotten nor sent early."""
    office.is_shut = True
    office.server.drop("BODY")
    office.post()
    office.run()
    office.run(timedelta(minutes=14))
    assert office.server.mails == []
    office.run(MINUTE)
    assert len(office.server.mails) == 1


def test_proof_is_looked_for_once_more_before_the_second_copy(office: Office) -> None:
    """A server that took the letter, went away for longer than the patience and is back keeps the proof: no second
    copy goes."""
    office.server.drop("DOT")
    office.post()
    office.run()
    office.server.stop()
    office.is_shut, office.proof = True, "in the Sent folder"
    for _ in range(4):
        office.run(timedelta(minutes=8))
    assert (office.row().status, office.row().resends) == ("deferred", 1)
    office.server.start()
    office.is_shut = False
    office.run(timedelta(minutes=30))
    assert (office.row().status, len(office.server.mails)) == ("sent", 1)
    assert office.served() == [("fay@csc.example",)]


def test_a_copy_of_the_first_hand_over_proves_nothing_about_the_second(office: Office) -> None:
    """Who was put off while the others were served gets the letter, although a copy of it lies in Sent."""
    office.server.answer("RCPT", "451 4.7.1 greylisted", who="slow@", times=1)
    office.post("fay@csc.example", "slow@csc.example")
    office.run()
    office.proof = "in the Sent folder"
    office.server.drop("BODY")
    office.run(MINUTE)
    assert office.recipients()["slow@csc.example"] == "waiting"
    office.run(timedelta(minutes=15))
    assert [m.recipients for m in office.server.mails] == [("fay@csc.example",), ("slow@csc.example",)]
    assert office.served() == [("fay@csc.example",), ("slow@csc.example",)]


# --- crashes and rivals ----------------------------------------------------------------------------------------------


def test_a_claim_left_behind_is_taken_up_when_its_lease_is_over(office: Office) -> None:
    """A daemon that died before `in_data` costs the lease, no letter."""
    office.post()
    with office.db.begin() as tx:
        outbox.claim(tx, office.now, "died", LEASE)
    assert office.run(LEASE - timedelta(seconds=1)) == 0
    assert office.run(timedelta(seconds=1)) == 1
    assert len(office.server.mails) == 1


def test_a_hand_over_left_behind_is_doubtful(office: Office) -> None:
    """A daemon that died in `in_data`: proof is sought first, then one copy goes, of the bytes it had made."""
    office.post()
    with office.db.begin() as tx:
        queued = outbox.claim(tx, office.now, "died", LEASE)
        assert queued is not None
        queued = outbox.make(tx, queued, queued.letter, b"Subject: as it was made\r\n\r\n.\r\n")
        outbox.in_data(tx, queued, "", office.now)
    office.run(LEASE)
    assert (office.row().status, len(office.looks), office.server.mails) == ("unknown", 1, [])
    office.run(timedelta(minutes=15))
    assert [m.raw for m in office.server.mails] == [b"Subject: as it was made\r\n\r\n.\r\n"]
    assert office.made == 0


def test_a_sender_that_wakes_late_sends_nothing(office: Office) -> None:
    """Its lease was over and another has sent the letter: the fence stops it before DATA."""
    office.post()

    def sleep_long(queued: Queued) -> None:
        office.at_finish = lambda queued: None
        office.now += LEASE
        assert office.another("second").step(office.now)
        assert len(office.server.mails) == 1

    office.at_finish = sleep_long
    office.run()
    assert (len(office.server.mails), office.row().status, len(office.facts)) == (1, "sent", 1)


def test_a_case_that_moved_meanwhile_is_told_once(office: Office) -> None:
    """Marking and telling are one transaction, done again from its beginning."""
    moves = iter([CaseMoved("first"), CaseMoved("second")])

    def moved(fact: Fact) -> None:
        error = next(moves, None)
        if error:
            raise error

    office.at_tell = moved
    office.post()
    office.run()
    assert (office.row().status, len(office.facts), len(office.server.mails)) == ("sent", 1, 1)


def test_a_case_that_cannot_be_told_keeps_its_letter_open(office: Office) -> None:
    """The letter went but is not marked: the fact is not lost, and proof spares the second copy."""

    def broken(fact: Fact) -> None:
        raise ZeroDivisionError

    office.at_tell = broken
    office.post()
    office.run()
    assert (office.row().status, office.facts) == ("in_data", [])
    office.at_tell = lambda fact: None
    office.proof = "in the Sent folder"
    office.run(LEASE)
    assert (office.row().status, office.served(), len(office.server.mails)) == ("sent", [("fay@csc.example",)], 1)


def test_a_letter_that_went_while_the_database_was_away_is_marked_when_it_is_back(office: Office) -> None:
    """The server took it and said so: no second copy goes, however long that took, and its case is told once. Nothing
    else is begun before."""

    def away(fact: Fact) -> None:
        raise StoreError("the database is away")

    office.at_tell = away
    office.post(n=1)
    office.post("tom@csc.example", n=2)
    for _ in range(2):
        with pytest.raises(StoreError):
            office.run(PATIENCE)
    assert [office.row(n).status for n in (1, 2)] == ["in_data", "queued"]
    office.at_tell = lambda fact: None
    office.run(PATIENCE)
    assert [office.row(n).status for n in (1, 2)] == ["sent", "sent"]
    assert office.served() == [("fay@csc.example",), ("tom@csc.example",)]
    assert (len(office.server.mails), office.looks) == (2, [])


def test_a_letter_that_did_not_go_while_the_database_was_away_waits_for_its_minute(office: Office) -> None:
    """It was offered and not handed over, which is written when the database is back: no claim has to run out."""

    def refuse(_: Connection) -> None:
        raise StoreError("the database is away")

    def goes_away(_: Queued) -> None:
        office.db.guard = refuse

    office.at_finish = goes_away
    office.post()
    with pytest.raises(StoreError):
        office.run()
    office.db.guard, office.at_finish = None, lambda queued: None
    office.run()
    assert (office.row().status, office.row().last_error) == ("deferred", f"{FAULT}StoreError")
    office.run(MINUTE)
    assert (office.row().status, len(office.server.mails)) == ("sent", 1)


def test_a_letter_that_cannot_be_made_delays_no_other(office: Office) -> None:
    """It waits, the operator hears of it at once, the next letter goes."""

    def broken(queued: Queued) -> None:
        if queued.id == 1:
            raise KeyError("no such value")

    office.at_finish = broken
    office.post(n=1)
    office.post(n=2)
    assert office.run() == 2
    assert (office.row(1).status, office.row(1).last_error) == ("deferred", f"{FAULT}KeyError")
    assert (office.row(2).status, len(office.server.mails)) == ("sent", 1)
    assert "letter 1 cannot be made" in office.alerts()
    office.at_finish = lambda queued: None
    office.run(MINUTE)
    assert (office.row(1).status, office.alerts()) == ("sent", [])
