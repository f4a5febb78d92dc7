"""Bad input and bad days through the whole App: whatever comes, no mail is lost, no case falls silent, nobody is told
a thing that is not so."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from bot.engine.reading.reader.sandbox import InProcess, Sandbox
from bot.model import ClosedAs, State
from bot.rules import workdays
from bot.store import mails
from bot.store.outbox import Queued
from tests.integration.office import DAY, SECOND, Office, raw_mail
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer
from tests.some import some
from tests.unit.case_samples import BOT, CREWE, DEV, FAY, HELEN, MANAGER, START, STRANGER, UNIT

HOUR = timedelta(hours=1)
OPERATOR = "bot-operator@council.example"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    made.once(START - HOUR)
    yield made
    made.close()
    assert made.faults() == []


def come(office: Office, raw: bytes, at: datetime = START) -> None:
    office.put(raw, at)
    office.once(at)


# --- ugly mail --------------------------------------------------------------------------------------------------------


def multipart(raw: bytes, boundary: bytes) -> bytes:
    """The headers of a mail, for a body of parts."""
    head = raw.split(b"\r\n\r\n")[0]
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-")]
    return b"\r\n".join([*kept, b'Content-Type: multipart/mixed; boundary="%s"' % boundary, b"", b""])


PLAIN = raw_mail()
TRICK = b"From: helen.visser@health.example <x@evil.example>\r\nSubject:"
DEEP = b"".join(b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (n, n + 1) for n in range(1000))
ROWS = b"".join(b"X-Row-%d: x\r\n" % n for n in range(100_000))
UGLY = {
    "no From": raw_mail(From=None),
    "two Froms": b"From: mo.reid@health.example\r\n" + PLAIN,
    "two addresses in From": raw_mail(From="helen.visser@health.example, mo.reid@health.example"),
    "an address as a name": raw_mail(From=None).replace(b"Subject:", TRICK, 1),
    "broken charset": PLAIN.replace(b'charset="utf-8"', b'charset="klingon"').replace(b"baby", b"b\xff\xfeby"),
    "MIME a thousand deep": multipart(PLAIN, b"b0") + DEEP,
    "a hundred thousand header lines": PLAIN.replace(b"\r\n\r\n", b"\r\n" + ROWS + b"\r\n", 1),
    "fifty megabytes": PLAIN + b"a line of words\r\n" * 3_000_000,
    "no blank line": PLAIN.split(b"\r\n\r\n")[0] + b"\r\n",
    "no Message-ID": raw_mail(Message_ID=None),
}
#: Where the sender is no single address, nobody is believed to have written it.
NOBODY = {"no From", "two Froms", "two addresses in From", "an address as a name"}


@pytest.mark.parametrize("name", UGLY)
def test_ugly_challenge_opens_a_case(name: str, office: Office) -> None:
    """It opens one case whatever is wrong with it, and the mail behind it flows in the same pass."""
    office.put(UGLY[name])
    office.put(raw_mail(number="next", subject="Professional Safeguarding Challenge – 10 working days", text="Two."))
    office.once(START)
    ugly, ordinary = sorted(office.cases(), key=lambda c: c.window.n if c.window else 0, reverse=True)
    assert ordinary.state is not State.CLOSED
    assert {ugly.window and ugly.window.n, ordinary.window and ordinary.window.n} == {24, 10}
    if name in NOBODY:
        assert (ugly.state, ugly.unproven, ugly.raiser.email) == (State.PROVISIONAL, "stranger", "")
        assert office.addressees() >= {CREWE, UNIT}
        with office.app.db.read() as tx:
            assert len(mails.of_case(tx, ugly.number)) == 1
    else:
        assert ugly.raiser.email == HELEN
        assert FAY in office.addressees()
    if name == "no Message-ID":
        assert "no_message_id" in ugly.flags


def test_same_id_with_another_body_is_another_mail(office: Office) -> None:
    """Both open; the second is flagged, and a reply that cites the shared id waits for a person."""
    come(office, raw_mail())
    come(office, raw_mail(text="Another child, another family: the plan was never shared with us at all.\n"))
    one, other = office.cases()
    assert "duplicate_message_id" not in one.flags
    assert "duplicate_message_id" in other.flags
    come(office, raw_mail(FAY, "The visit was made today.\n", number="r1", subject=f"RE: {DAY}", to=HELEN,
                          answers="m1@health.example", at=START + HOUR), START + HOUR)  # fmt: skip
    (waits,) = office.listed("holding_pen")
    assert (waits.why, waits.guesses) == ("it cites more than one case", f"{one.ref} {other.ref}")
    assert {c.state for c in office.cases()} == {State.AWAITING_RESPONSE}


def test_same_mail_in_two_watched_inboxes_is_one_case(tmp_path: Path) -> None:
    """Delivered by two ways, with other Received headers, it is one mail seen twice."""
    office = Office(tmp_path, watched=(CREWE, SECOND))
    office.once(START - HOUR)
    raw = raw_mail(cc=f"{CREWE}, {SECOND}")
    office.put(raw)
    office.put(b"Received: from relay.csc.example by store2.csc.example; Tue, 12 Jan 2027 10:06:00 +0000\r\n" + raw,
               address=SECOND)  # fmt: skip
    office.once(START)
    assert office.case().inbox == CREWE
    assert [(row.disposition, row.case) for row in office.listed("case")] == [("case", 1), ("case", 1)]
    assert len(office.letters("notice")) == 1
    office.close()


# --- mail that kills the reader ---------------------------------------------------------------------------------------


def killer(subject: str, number: str) -> bytes:
    """Small for a mail, and more than this sandbox lets a reader have."""
    return multipart(raw_mail(number=number, subject=subject), b"q") + b"--q\r\n\r\n" + b"\n" * 35_000_000


def test_mail_that_kills_the_reader_is_set_aside_and_others_flow(office: Office) -> None:
    """After three strikes: one that is no challenge waits for a person and the operator is told; one whose subject
    is a challenge opens a case from its headers. The mails behind both are read in the same pass."""
    office.app.reader = office.app.intake.reader = Sandbox(office.app.intake.reading, wall=1.0, memory=200 << 20)
    office.put(killer("Holiday photographs", "k1"), START)
    office.put(killer(DAY, "k2"), START + timedelta(seconds=1))
    for n in range(3):
        text = f"Number {n} of three challenges that wait behind it.\n"
        office.put(raw_mail(number=f"good{n}", text=text), START + timedelta(seconds=2 + n))
    office.once(START + timedelta(minutes=1))
    assert len(office.cases()) == 4
    (unread,) = [c for c in office.cases() if "unreadable" in c.flags]
    assert (unread.raiser.email, unread.state) == (HELEN, State.AWAITING_RESPONSE)
    assert len(office.listed("set_aside")) == 1
    assert [to for q in office.letters("alert") for to, _, _ in q.recipients] == [OPERATOR]
    office.app.reader.close()
    office.app.reader = office.app.intake.reader = InProcess(office.app.intake.reading)


# --- first sight ------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
def test_first_start_on_an_old_inbox_writes_to_nobody_but_operator_and_unit(tmp_path: Path) -> None:
    """Ten thousand old mails and forty old challenges: listed once, no case, no letter to anybody else; and a new
    challenge among them runs."""
    office = Office(tmp_path)
    old = some(10_000)
    for n in range(old):
        at = START - timedelta(days=4 + n % 300)
        plain(
            office.folder,
            n,
            f"From: {FAY}\nSubject: Team meeting {n}\nMessage-ID: <o{n}@csc.example>\n\nAt noon.\n",
            at,
        )
    for n in range(40):
        at = START - timedelta(days=4 + n)
        plain(office.folder, old + n, raw_mail(number=f"old{n}", at=at, text=f"Old challenge {n}.\n").decode(), at)
    office.once(START)
    office.once(START + timedelta(days=1))
    assert office.cases() == []
    assert len(office.listed("ignored")) == old
    assert {row.why.partition(":")[0] for row in office.listed("holding_pen")} == {"already in flight"}
    assert len(office.listed("holding_pen")) == 40
    assert office.addressees() <= {OPERATOR, UNIT, MANAGER}
    assert len(office.letters("information")) == 1
    come(office, raw_mail(number="new", at=START + timedelta(days=1)), START + timedelta(days=1))
    assert office.case().raiser.email == HELEN
    office.close()


def plain(folder: Path, n: int, text: str, at: datetime) -> None:
    """A file in the Maildir, without the care for power cuts that makes ten thousand slow."""
    for part in ("tmp", "new", "cur"):
        (folder / "in" / CREWE / part).mkdir(parents=True, exist_ok=True)
    path = folder / "in" / CREWE / "new" / f"{n}.M{n}.old"
    path.write_text(text, "utf-8", newline="")
    os.utime(path, (at.timestamp(), at.timestamp()))


# --- time -------------------------------------------------------------------------------------------------------------


def test_clock_that_jumps_three_days_moves_a_case_one_stage(office: Office) -> None:
    """Replies that came meanwhile count as in time; an unanswered case goes one stage, says how late, and no missed
    reminder is sent."""
    come(office, raw_mail())
    come(office, raw_mail(number="m2", text="A second family: the plan was never shared with us at all.\n"))
    reply = START + 5 * HOUR
    office.put(raw_mail(FAY, "The visit was made today and the child was seen.\n", number="r1", to=HELEN,
                        subject=f"RE: {DAY}", answers="m1@health.example", at=reply), reply)  # fmt: skip
    office.once(START + timedelta(days=3))
    answered, silent = office.cases()
    assert answered.state is State.AWAITING_CONFIRMATION
    assert (silent.state, silent.stage) == (State.AWAITING_RESPONSE, "step-2")
    assert office.letters("chaser") == []
    (escalation,) = office.letters("escalation")
    assert "should have gone on" in text_of(escalation)
    assert silent.due is not None
    assert silent.due > START + timedelta(days=3 + 6)


def test_down_past_several_windows_moves_one_stage_with_its_whole_time(office: Office) -> None:
    """Three weeks, in which two stages would have ended: the case goes one stage, and that one has all of its time from
    when its letter was served."""
    come(office, raw_mail())
    office.close()
    office.open()
    back = START + timedelta(days=21)
    for minutes in range(3):
        office.once(back + timedelta(minutes=minutes))
    case = office.case()
    assert (case.state, case.stage) == (State.AWAITING_RESPONSE, "step-2")
    assert len(office.letters("escalation")) == 1
    assert case.run is not None
    assert case.run.window is not None
    assert (case.run.began, case.due) == (back, workdays.due(case.run.window, back, office.settings.calendar).at)


def test_a_holiday_that_is_added_moves_no_time_that_was_told(office: Office) -> None:
    """While a case is open a day is taken out of the working ones: the running stage ends when its letters said; the
    next counts without that day."""
    come(office, raw_mail(subject="Professional Safeguarding Challenge – 10 working days"))
    told = office.case().due
    assert told is not None
    before = office.settings.calendar
    after = workdays.working_day(told, 2, before)
    office.settings = replace(
        office.settings, calendar=workdays.calendar(closures=(workdays.working_day(told, -1, before), after))
    )
    office.close()
    office.open()
    office.once(START + timedelta(days=1))
    assert office.case().due == told
    office.course(told)
    case = office.case()
    assert (case.stage, case.run is not None and case.run.began) == ("step-2", told)
    assert case.run is not None
    assert case.run.window is not None
    assert case.due == workdays.due(case.run.window, told, office.settings.calendar).at
    assert case.due > workdays.due(case.run.window, told, before).at
    assert "closure day" in case.due_why


def test_clock_that_jumps_back_repeats_nothing(office: Office) -> None:
    """What has been sent is sent: nothing goes twice, nothing early."""
    come(office, raw_mail())
    office.once(START + 12 * HOUR)
    sent = len(office.letters())
    for back in (2, 10, 12):
        office.once(START + 12 * HOUR - back * HOUR)
    office.once(START + 12 * HOUR)
    assert len(office.letters()) == sent
    assert office.letters("escalation") == []


def test_down_over_a_weekend_with_replies_waiting(office: Office) -> None:
    """Friday's challenge was answered and resolved on Saturday while nobody was up: on Monday nobody is chased, nor
    asked whether it is."""
    friday = datetime(2027, 1, 15, 16, 45, tzinfo=UTC)
    come(office, raw_mail(at=friday), friday)
    saturday = friday + 20 * HOUR
    office.put(raw_mail(FAY, "The visit was made today and the child was seen.\n", number="r1", to=HELEN,
                        subject=f"RE: {DAY}", answers="m1@health.example", at=saturday), saturday)  # fmt: skip
    office.put(raw_mail(HELEN, "RESOLVED\n", number="r2", to=BOT, cc="", subject=f"RE: {DAY}",
                        answers="m1@health.example", at=saturday + HOUR), saturday + HOUR, BOT)  # fmt: skip
    office.close()
    office.open()
    office.once(datetime(2027, 1, 18, 8, 30, tzinfo=UTC))
    assert office.case().state is State.AWAITING_OUTCOME
    kinds = {q.letter.kind.value for q in office.letters()} - {"digest"}
    assert kinds == {"acknowledgement", "notice", "question", "information"}  # both sides hear of the word


def test_unreadable_inbox_does_not_stop_the_clock_for_ever(office: Office) -> None:
    """A team's inbox that is gone is a trouble of its own; the case escalates all the same, once it is known that
    the inbox stays deaf."""
    come(office, raw_mail())
    inbox = office.folder / "in" / CREWE
    inbox.rename(inbox.with_name("gone"))
    inbox.write_text("no folder")
    troubles = office.once(START + 24 * HOUR)
    assert len(troubles) == 1
    for minutes in (6, 12, 18, 24):
        office.once(START + 24 * HOUR + timedelta(minutes=minutes))
    assert office.case().stage == "step-2"
    inbox.unlink()
    inbox.with_name("gone").rename(inbox)
    assert office.once(START + 25 * HOUR) == []


def text_of(queued: Queued) -> str:
    """A letter's plain text in one line, as it left."""
    body = message_from_bytes(queued.raw or b"", policy=default).get_body(("plain",))
    return " ".join(body.get_content().split()) if body else ""


# --- servers ----------------------------------------------------------------------------------------------------------


@pytest.mark.dovecot
def test_uidvalidity_change_opens_nothing_twice(tmp_path: Path, dovecot: Dovecot) -> None:
    """A server that numbers its mails anew has them all read again, the operator is told, and nothing else follows."""
    user = dovecot.new_user()
    office = Office(tmp_path, doors={CREWE: dovecot.door(user)})
    office.once(START - HOUR)
    dovecot.deliver(user, raw_mail(), received=START)
    dovecot.deliver(user, raw_mail(FAY, "At noon.\n", number="lunch", subject="Lunch"), received=START)
    office.once(START)
    sent = len(office.letters())
    assert office.case().number == 1
    dovecot.set_uidvalidity(user, "INBOX", 4711, step=7)
    office.once(START + HOUR)
    office.once(START + 2 * HOUR)
    assert office.case().number == 1
    assert len(office.letters()) - len(office.letters("alert")) == sent
    assert len(office.letters("alert")) == 1
    dovecot.deliver(user, raw_mail(number="m2", text="Another family, after the change: not seen.\n"),
                    received=START + 3 * HOUR)  # fmt: skip
    office.once(START + 3 * HOUR)
    assert len(office.cases()) == 2
    office.close()


@pytest.fixture
def post(tmp_path: Path, smtp_server: SmtpServer) -> Iterator[tuple[Office, SmtpServer]]:
    made = Office(tmp_path, doors={"send": smtp_server.door()})
    made.once(START - HOUR)
    yield made, smtp_server
    made.close()


def came(server: SmtpServer, words: bytes) -> list[tuple[str, ...]]:
    return [mail.recipients for mail in server.mails if words in mail.raw]


def test_smtp_refuses_a_manager(post: tuple[Office, SmtpServer]) -> None:
    """Refused for good: her deputy is written to at once, and the unit is told that the directory is wrong."""
    office, server = post
    server.answer("RCPT", "550 5.1.1 nobody", who=FAY)
    come(office, raw_mail())
    assert {"tom.lee@csc.example"} == {to for q in office.letters("redirect") for to, _, _ in q.recipients}
    assert any(UNIT in one.recipients for one in server.mails)
    assert FAY not in {to for one in server.mails for to in one.recipients}
    assert office.case().due == START + 24 * HOUR


def test_smtp_defers(post: tuple[Office, SmtpServer]) -> None:
    """Put off at every stage, the letters go with the next pass that may, each once."""
    office, server = post
    for stage in ("MAIL", "RCPT", "DATA", "DOT"):
        server.answer(stage, "451 4.3.0 later", times=2)
    come(office, raw_mail())
    for minutes in (1, 3, 8, 18, 38, 68, 98):
        office.once(START + timedelta(minutes=minutes))
    ids = [message_from_bytes(mail.raw)["Message-ID"] for mail in server.mails]
    assert len(ids) == len(set(ids)) == len(office.letters())
    assert {q.letter.kind.value for q in office.letters()} == {"acknowledgement", "notice"}


@pytest.mark.parametrize(("stage", "copies"), [("MAIL", 1), ("RCPT", 1), ("DATA", 1), ("BODY", 1), ("DOT", 2)])
def test_smtp_drops(stage: str, copies: int, post: tuple[Office, SmtpServer]) -> None:
    """Never none: where the answer was lost after the final dot one identical copy more, else one."""
    office, server = post
    server.drop(stage, times=1)
    come(office, raw_mail())
    for minutes in (1, 5, 16, 20, 40):
        office.once(START + timedelta(minutes=minutes))
    bodies: dict[str, list[bytes]] = {}
    for mail in server.mails:
        bodies.setdefault(str(message_from_bytes(mail.raw)["Message-ID"]), []).append(mail.raw)
    assert len(bodies) == len(office.letters()) == 2
    assert sorted(map(len, bodies.values())) == [1, copies]
    assert all(len(set(raws)) == 1 for raws in bodies.values())


def test_smtp_is_away_for_a_day(post: tuple[Office, SmtpServer]) -> None:
    """Nothing is lost while the way out is closed; the next stage's window starts when its letter is served."""
    office, server = post
    come(office, raw_mail())
    server.answer("CONNECT", "drop")
    server.hang_up()
    office.course(START + 30 * HOUR)
    assert office.letters("escalation") == []
    assert (office.case().stage, office.case().run is not None) == ("step-2", True)
    server.behave()
    office.course(START + 32 * HOUR)
    assert came(server, b"X-Auto-Response-Suppress: DR, RN, NRN, AutoReply")
    run = office.case().run
    assert run is not None
    assert run.began is not None
    assert run.began > START + 30 * HOUR


def test_smtp_gives_letters_other_ids(post: tuple[Office, SmtpServer]) -> None:
    """People's programs cite the id that the server wrote into our letter; by that alone an answer finds its case."""
    office, server = post
    server.renames = True
    come(office, raw_mail())
    (notice,) = office.letters("notice")
    given = next(message_from_bytes(mail.raw)["Message-ID"] for mail in server.mails if FAY in mail.recipients)
    assert given.strip("<>") != notice.letter.message_id
    at = START + HOUR
    answer = raw_mail(FAY, "Yes.\n", number="r1", subject="Thank you", to=BOT, cc="", answers=given.strip("<>"), at=at)
    come(office, answer, at)
    assert [(row.case, row.why) for row in office.listed("case")] == [(1, "it opened the case"), (1, "our letter")]


# --- the wrong people -------------------------------------------------------------------------------------------------


def test_word_of_a_stranger_in_copy_does_nothing(office: Office) -> None:
    """Somebody outside who was copied in can attach a mail by its ids, and neither close nor be written to."""
    come(office, raw_mail(cc=f"{CREWE}, {STRANGER}"))
    come(office, raw_mail(STRANGER, "RESOLVED\n", number="x1", to=BOT, cc="", subject=f"RE: {DAY}", proof="pass",
                          answers="m1@health.example", Reply_To=STRANGER, at=START + HOUR), START + HOUR)  # fmt: skip
    assert office.case().state is State.AWAITING_RESPONSE
    office.course(START + 26 * HOUR)
    assert STRANGER not in office.addressees()
    assert DEV in office.addressees()


@pytest.mark.parametrize(("says", "most"), [("We have your mail, and somebody will see to it.", 3), ("STATUS", 10)])
def test_a_service_that_answers_every_letter_is_written_to_no_more(says: str, most: int, office: Office) -> None:
    """A ticket system in the raiser's place answers each letter within a minute, and bears no sign of a machine: it
    gets a few letters in a day, whatever it writes, and the case goes on."""
    come(office, raw_mail())
    answered: set[str] = set()
    for minute in range(1, 60):
        at = START + timedelta(minutes=minute)
        new = [q for q in office.letters() if q.letter.message_id not in answered and HELEN in to_of(q)]
        for n, queued in enumerate(new):
            answered.add(queued.letter.message_id)
            office.put(raw_mail(HELEN, f"{says}\n", number=f"t{minute}.{n}", to=BOT, cc="", subject="RE: your mail",
                                answers=queued.letter.message_id, at=at), at, BOT)  # fmt: skip
        office.once(at)
    assert 1 <= len(answered) <= most
    assert (office.case().state, office.case().due) == (State.AWAITING_RESPONSE, START + timedelta(days=1))


def to_of(queued: Queued) -> set[str]:
    return {address for address, _, _ in queued.recipients}


def test_withdrawn_case_is_filed(office: Office) -> None:
    """The end of a case sends outcome and record in one pass, with the record as a PDF."""
    come(office, raw_mail())
    come(office, raw_mail(HELEN, "WITHDRAW\nwrong team\n", number="w1", to=BOT, subject=f"RE: {DAY}",
                          answers="m1@health.example", at=START + HOUR), START + HOUR)  # fmt: skip
    assert office.case().closed_as is ClosedAs.WITHDRAWN
    (record,) = office.letters("record")
    assert re.search(rb'filename="?CE-2027-0001-record\.pdf', record.raw or b"")
