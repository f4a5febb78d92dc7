"""A letter's bytes at the moment it goes: its times as they are now, and what it carries."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.engine import registers
from bot.engine.reading import place
from bot.engine.sending.compose import MAX_LETTER, Composer, _sender, files, fitting, where_kept
from bot.letters.render import Templates
from bot.model import Alarm, Arrival, Contact, Letter, LetterKind, LetterServed
from bot.model.letters import TheMail
from bot.rules.workdays import say
from bot.store import cases, keep, mails, outbox, schema
from tests.unit.case_samples import BOT, CREWE, DAY, FAY, HELEN, START, UNIT, mail
from tests.unit.engine_samples import House, attached, eml, parsed, post, texts

MINUTE, HOUR, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def opened(house: House) -> House:
    """A case whose challenge was read from its inbox."""
    house.put(eml())
    house.take_in(START)
    return house


def test_a_letter_states_the_times_it_will_have_if_it_goes_now(opened: House) -> None:
    """The letter of the next stage waited for three days: the time that it states begins when it leaves."""
    opened.serve(START + MINUTE)
    while not opened.letters(LetterKind.ESCALATION):
        row = min(opened.case().deadlines, key=lambda d: d.at)
        with opened.db.begin() as tx:
            opened.turn.take(tx, 1, Alarm(row), row.at)
    soon, late = (made(opened, LetterKind.ESCALATION, row.at + wait) for wait in (MINUTE, 3 * DAYS))
    with opened.db.begin() as tx:
        for queued in opened.letters(LetterKind.ESCALATION):
            letter, everybody = queued.letter, tuple(address for address, _, _ in queued.recipients)
            fact = LetterServed(
                letter.key, letter.kind, letter.stage, everybody, row.at + 3 * DAYS, letter.starts_clock
            )
            opened.turn.tell(tx, queued, fact, row.at + 3 * DAYS)
    due = opened.case().due
    assert due is not None
    said = say(due, opened.settings.calendar)
    assert said in late
    assert said not in soon


def made(house: House, kind: LetterKind, now: datetime) -> str:
    """The text of the first such letter as it would be made now; it does not go."""
    with house.db.read() as tx:
        _, raw, _ = house.app.composer(tx, house.letters(kind)[0], now)
    return texts([parsed(raw)])[0]


def test_the_recipients_are_all_whom_it_names(opened: House) -> None:
    """Copied ones too, each once."""
    with opened.db.read() as tx:
        for queued in outbox.of_status(tx, "queued"):
            letter, raw, recipients = opened.app.composer(tx, queued, START)
            assert set(recipients) == {c.email for c in (*letter.to, *letter.cc)}
            assert len(set(recipients)) == len(recipients)
            assert str(letter.message_id).strip("<>").encode() in raw


def test_nothing_is_changed_by_making_a_letter(opened: House) -> None:
    """A letter may be made again and again before it goes."""
    before = opened.case()
    made(opened, LetterKind.NOTICE, START + HOUR)
    assert opened.case() == before


def test_a_letter_of_no_case_needs_none(house: House) -> None:
    """An alert is made of itself."""
    number = post(house, house.settings.config.operator)
    with house.db.read() as tx:
        _, raw, recipients = house.app.composer(tx, outbox.get(tx, number), START)
    assert (recipients, b"A line." in raw) == ((house.settings.config.operator,), True)


# --- templates that fail ----------------------------------------------------------------------------------------------


def test_a_template_that_fails_costs_no_letter(opened: House) -> None:
    """It goes in a plain form, and who mends templates hears which and why."""
    broken = {
        path.name: "{{ nothing.of.that.name }}" if path.name == "notice-opened.txt.j2" else path.read_text("utf-8")
        for path in opened.settings.templates.glob("*.j2")
    }
    faults: list[str] = []
    composer = Composer(opened.settings, opened.turn, Templates(broken), lambda name, fault: faults.append(name))
    with opened.db.read() as tx:
        queued = next(q for q in outbox.of_status(tx, "queued") if q.letter.kind is LetterKind.NOTICE)
        _, raw, recipients = composer(tx, queued, START)
    assert faults == ["mail_templates/notice-opened.txt.j2"]
    assert FAY in recipients
    assert b"CE-2027-0001" in raw


def test_templates_that_work_are_no_fault(opened: House) -> None:
    """The shipped ones never need the plain form."""
    faults: list[str] = []
    opened.app.composer.on_fault = lambda name, fault: faults.append(name)
    for kind in (LetterKind.NOTICE, LetterKind.ACKNOWLEDGEMENT):
        made(opened, kind, START)
    assert faults == []


# --- what a letter carries --------------------------------------------------------------------------------------------


@pytest.fixture
def closed(opened: House) -> House:
    """The case after it was withdrawn: its record is on its way."""
    withdraw = eml(HELEN, f"RE: {DAY}", "WITHDRAW\nthe plan has come", at=START + HOUR, to=(BOT,), cc=(), name="gone")
    raw = withdraw.replace(b"Subject:", b"In-Reply-To: <" + ours(opened).encode() + b">\r\nSubject:", 1)
    opened.put(raw, START + HOUR, BOT)
    opened.take_in(START + HOUR)
    return opened


def ours(house: House) -> str:
    return outbox.bare(house.letters(LetterKind.ACKNOWLEDGEMENT)[0].letter.message_id)


def test_a_record_carries_its_files_and_names_each_with_its_sum(closed: House) -> None:
    """Under names that hold the ref and nothing else; whoever files it can check that it is whole."""
    assert not closed.case().is_open
    records = [m for m in closed.send(START + HOUR) if any("record" in name for name in attached(m))]
    assert records != []
    for one in records:
        found, text = attached(one), texts([one])[0].replace(" ", "")
        assert all(name.startswith("CE-2027-0001-") for name in found)
        assert "CE-2027-0001-record.pdf" in found
        assert json.loads(found["CE-2027-0001-journal.json"])
        for name, content in found.items():
            assert hashlib.sha256(content).hexdigest() in text, name


def test_a_full_record_holds_the_mails_and_a_minimal_one_does_not(closed: House) -> None:
    """What people wrote leaves us only where the policy files it."""
    with closed.db.read() as tx:
        stored = cases.load(tx, 1)
        full = closed.app.composer.record(tx, stored, START + HOUR, full=True)
        minimal = closed.app.composer.record(tx, stored, START + HOUR, full=False)
    assert len(full.zip_parts) == 1
    assert minimal.zip_parts == ()


def test_a_record_says_who_sent_each_mail_and_after_a_purge_by_their_token(closed: House) -> None:
    """Each mail has its sender; once names and bytes are gone, what stands for them in the journal."""
    named = senders(closed)
    closed.send(START + HOUR)
    assert [who for who in named if who] == named and HELEN in named
    with closed.db.begin() as tx:
        keep.purge(tx, 1, START + 30 * DAYS)
    tokens = senders(closed)
    assert len(tokens) == len(named)
    assert not any("@" in who for who in tokens) and all(tokens)


def test_a_mail_for_a_case_that_was_forgotten_is_placed_by_a_person(closed: House) -> None:
    """It cites our letter as before; nobody of that case can be written to, and no letter names a token."""
    closed.send(START + HOUR)
    cited = closed.letters(LetterKind.ACKNOWLEDGEMENT)[0].letter.message_id
    with closed.db.begin() as tx:
        keep.purge(tx, 1, START + 30 * DAYS)
    later = START + 31 * DAYS
    said = eml(HELEN, f"RE: {DAY}", "Could you tell me what came of this?", at=later, to=(BOT,), cc=(), name="late")
    closed.put(said.replace(b"Subject:", b"In-Reply-To: <" + cited.encode() + b">\r\nSubject:", 1), later, BOT)
    closed.take_in(later)
    assert [(one.case, one.why) for one in closed.listed("holding_pen")] == [(None, place.FORGOTTEN)]
    with closed.db.read() as tx:
        texts = tx.scalars(select(schema.outbox.c.letter)).all()
    assert not [text for text in texts if '"t:' in text]


def senders(house: House) -> list[str]:
    with house.db.read() as tx:
        journal = cases.journal(tx, 1)
        return [_sender(tx, listed.digest, journal) for listed in mails.of_case(tx, 1)]


def test_a_record_too_large_for_a_letter_stays_with_us(closed: House) -> None:
    """The letter carries the record and its journal, and says where the mails lie."""
    with closed.db.read() as tx:
        made = closed.app.composer.record(tx, cases.load(tx, 1), START + HOUR, full=True)
    case = closed.case()
    assert where_kept(made, case)[1] == 1
    rest = MAX_LETTER - len(made.pdf) - len(made.journal_json)
    just, over = (replace(made, zip_parts=(bytes(size),)) for size in (rest, rest + 1))
    assert [len(fitting(files(one, case))) for one in (just, over)] == [3, 2]
    assert where_kept(just, case)[1] == 1
    where, parts = where_kept(over, case)
    assert parts == 0
    assert "too large for one mail" in where
    assert "challenge-bot record CE-2027-0001 --full" in where


def test_a_letter_carries_the_challenge_as_it_came(opened: House) -> None:
    """Where the policy sends it on: the whole mail, byte for byte, under a name that says nothing."""
    with opened.db.begin() as tx:
        plan = opened.turn.plan(tx, 1, Arrival(mail(HELEN, "STATUS"), "the ref"), START)
        (answer,) = plan.decision.letters
        carrying = replace(plan.decision, letters=(carries_original(answer, opened),))
        opened.turn.save(tx, replace(plan, decision=carrying), START)
        (queued,) = [q for q in outbox.of_case(tx, 1) if q.letter.kind is LetterKind.ANSWER]
        _, raw, _ = opened.app.composer(tx, queued, START)
    (name, content), *more = attached(parsed(raw)).items()
    assert (name, more) == ("CE-2027-0001-original.eml", [])
    assert b"seeing the baby" in content


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("REGISTER", {"register-CE-2027-01-12.xlsx": b"PK"}),
        ("REPORT", {"report-CE-2026Q4.pdf": b"%P", "report-CE-2026Q4.xlsx": b"PK"}),
        ("HELP", {"one-page-guide-cheshire-east.pdf": b"%P", "one-page-guide-cheshire-east.docx": b"PK"}),
    ],
)
def test_what_is_handed_out_is_made_when_the_letter_goes(opened: House, word: str, names: dict[str, bytes]) -> None:
    """The register of the area as a workbook, its report as a page to read besides, the page to hand out."""
    asked = registers.letter(mail(UNIT, word), Contact(UNIT, "CESCP", "business_unit"), "CE", START)
    with opened.db.begin() as tx:
        opened.turn.post(tx, asked, START)
        (queued,) = [q for q in outbox.of_status(tx, "queued") if q.letter.kind is LetterKind.ANSWER]
        _, raw, _ = opened.app.composer(tx, queued, START)
    assert {name: content[:2] for name, content in attached(parsed(raw)).items()} == names


def carries_original(letter: Letter, house: House) -> Letter:
    """The same letter, with the opening mail attached as the opening's own letters attach it."""
    notice = next(q.letter for q in house.letters(LetterKind.NOTICE))
    digest = house.case().opening_mail
    return replace(letter, attach=notice.attach or (TheMail(digest),))


def test_a_reply_to_a_held_letter_is_made_as_the_case_is_now(opened: House) -> None:
    """STATUS asked before the notice has gone is answered with the case as it stands when the answer goes."""
    with opened.db.begin() as tx:
        opened.turn.take(tx, 1, Arrival(mail(HELEN, "STATUS", to=(CREWE,)), "the ref"), START + MINUTE)
    answer = texts(opened.send(START + MINUTE), "CE-2027-0001")
    assert any("Frontline manager response" in text for text in answer)
