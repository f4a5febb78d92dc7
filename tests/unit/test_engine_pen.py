"""The holding pen: what an answer to the digest, or the operator's command, does with the mails that wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.engine.reading.pen import undo
from bot.engine.reading.pen.answers import BY_HAND, FRESH
from bot.model import Inbox, LetterKind, Mail
from bot.model.errors import StoreError
from bot.store import mails
from bot.store.mails import Listed
from bot.store.proof import beside
from tests.unit.case_samples import BOT, CREWE, DAY, FAY, HELEN, INBOX, MANAGER, START, STRANGER, UNIT, mail
from tests.unit.engine_samples import CHESTER, CREWE_BOX, WORDS, House, attached, eml, texts, to

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NINE = datetime(2027, 1, 13, 9, tzinfo=UTC)
UNIT_CW = "unit@cwscp.example"
WAITS = "an answer to the holding pen from somebody who may not place mail, or without proof"


@pytest.fixture
def pen(house: House) -> Iterator[House]:
    """A challenge from the team itself waits, as entry 1; the digest that shows it has gone to Crewe's unit."""
    house.put(eml(FAY, name="own"))
    house.take_in(START)
    house.app.digests.post(NINE)
    house.send(NINE)
    yield house


def digest_id(house: House, unit: str = UNIT) -> str:
    return next(q.letter.message_id for q in house.letters(LetterKind.DIGEST) if unit in to(q.letter))


def says(
    house: House,
    text: str,
    sender: str = UNIT,
    at: datetime = NINE + HOUR,
    proof: str = "pass",
    cites: str | None = None,
) -> None:
    """The sender answers the digest (or cites what else is given, "" for nothing) in our own mailbox."""
    cited = digest_id(house) if cites is None else cites
    house.put(eml(sender, "RE: today", text, at=at, to=(BOT,), cc=(), answers=cited, proof=proof), at, BOT)
    house.take_in(at)


def told(house: House) -> str:
    """What the sender was told, in one text."""
    return " ".join(texts(house.send(NINE + 2 * HOUR), "Mails that you placed"))


def where(house: House, entry: int = 1) -> Listed:
    every = house.listed("holding_pen", "case", "ignored", "set_aside")
    return next(row for row in every if row.entry == entry)


# --- by an answer to the digest ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["A", "1"])
def test_new_opens_a_case(pen: House, name: str) -> None:
    """By the letter beside it or by its number; its time counts from its receipt."""
    says(pen, f"{name} new")
    (case,) = pen.cases()
    assert (case.area, case.inbox, case.opened, case.raiser.email) == ("CE", CREWE, START, FAY)
    assert "adopted" in case.flags
    assert (where(pen).disposition, where(pen).case, where(pen).why) == ("case", 1, "placed by the answer in mail 2")
    assert "Mail 1 opened CE-2027-0001; its time counts from its receipt" in told(pen)
    assert (where(pen, 2).disposition, where(pen, 2).why) == ("ignored", "an answer to the holding pen")


@pytest.mark.parametrize(("waited", "fresh"), [(FRESH - MINUTE, True), (FRESH, False)])
def test_what_has_waited_for_long_counts_from_the_answer(pen: House, waited: timedelta, fresh: bool) -> None:
    """Its time would be over before anybody knew of it."""
    at = START + waited
    says(pen, "1 new", at=at)
    assert pen.case().opened == (START if fresh else at)
    said = "its receipt" if fresh else "your answer, since it has waited for more than three days"
    assert f"its time counts from {said}" in " ".join(texts(pen.send(at), "Mails that you placed"))


@pytest.mark.parametrize("ref", ["CE-2027-0001", "0001", "1"])
def test_a_ref_puts_the_mail_into_its_case(pen: House, ref: str) -> None:
    """It takes effect as if it had found its case; the last number of the ref will do."""
    pen.open()
    says(pen, f"A {ref}")
    assert (where(pen).disposition, where(pen).case) == ("case", 1)
    assert where(pen).digest in pen.case().mails
    assert "Mail 1 belongs to CE-2027-0001 now" in told(pen)


@pytest.mark.parametrize("ref", ["CE-2027-0009", "CW-2027-0001", "0009"])
def test_a_case_that_is_not_there_is_asked_about(pen: House, ref: str) -> None:
    """Nor one of another area: the mail waits on, and so does the answer."""
    with pen.db.begin() as tx:
        other = mail(HELEN, WORDS, title=DAY, to=(CHESTER,))
        pen.turn.open(tx, other, Inbox("CW", CHESTER, "pan-cheshire", "Chester Assessment Team"), START)
    says(pen, f"A {ref}")
    assert where(pen).disposition == where(pen, 2).disposition == "holding_pen"
    assert f"A: there is no case {ref} in your area" in told(pen)


def test_a_number_that_two_open_cases_bear_is_asked_about(pen: House) -> None:
    """Of two years, say; the whole ref tells them apart. A closed one is not meant where another is open."""
    pen.open()
    pen.open(mail(HELEN, f"{WORDS} Later.", title=DAY, to=(FAY,), cc=(CREWE,), at=datetime(2028, 1, 11, 9, tzinfo=UTC)))
    assert [case.ref for case in pen.cases()] == ["CE-2027-0001", "CE-2028-0001"]
    says(pen, "A 0001")
    assert where(pen).disposition == "holding_pen"
    assert "0001 may be CE-2027-0001 or CE-2028-0001; please write the whole ref" in told(pen)


def test_not_ours_deletes_the_mail_a_day_later(pen: House) -> None:
    """Its row stays with the reason; its bytes are kept for an UNDO, which `verify` knows, and go then."""
    says(pen, "A not ours")
    row = where(pen)
    assert (row.disposition, row.why) == ("ignored", "not ours: placed by the answer in mail 2")
    assert "none of our business. Its text is gone in 24 hours; until then UNDO 1 takes that back" in told(pen)
    undo.forget(pen.db, NINE + HOUR + timedelta(hours=23))
    with pen.db.read() as tx:
        assert mails.raw(tx, row.digest)
        assert not list(beside.faults(tx))
    undo.forget(pen.db, NINE + HOUR + timedelta(hours=24))
    with pen.db.read() as tx, pytest.raises(KeyError):
        mails.raw(tx, row.digest)


def test_undo_puts_a_mail_back_where_it_waited(pen: House) -> None:
    """In the pen, for the reason it was there, and its bytes do not go when the day is over."""
    was = where(pen)
    says(pen, "A not ours")
    says(pen, "UNDO 0001", at=NINE + HOUR + MINUTE)
    assert where(pen) == was
    undo.forget(pen.db, NINE + timedelta(days=3))
    with pen.db.read() as tx:
        assert mails.raw(tx, was.digest)


@pytest.mark.parametrize(("sender", "proof"), [(UNIT, "fail"), (UNIT_CW, "pass"), (HELEN, "pass")])
def test_undo_is_the_units_own_word(pen: House, sender: str, proof: str) -> None:
    """Of that area, and proven."""
    says(pen, "A not ours")
    says(pen, "UNDO 1", sender, NINE + HOUR + MINUTE, proof=proof)
    assert where(pen).disposition == "ignored"


def test_one_answer_may_do_some_of_what_it_says(pen: House) -> None:
    """What was done and what was not are told in one letter; a letter of no mail means nothing."""
    says(pen, "A new\nZ new\nplease ring me")
    said = told(pen)
    assert "Mail 1 opened CE-2027-0001" in said
    assert "Z: no mail of that name waits." in said
    assert "“please ring me”" in said
    assert where(pen, 2).disposition == "ignored"


def test_an_answer_that_does_nothing_waits_itself(pen: House) -> None:
    """A person may have to read it; its sender was asked."""
    says(pen, "please ring me")
    assert where(pen, 2).disposition == "holding_pen"
    assert where(pen, 2).why.startswith("an answer to the holding pen that could not be followed")
    (letter,) = pen.letters(LetterKind.ANSWER, "pen")
    assert to(letter.letter) == (UNIT,)


def test_a_letter_of_the_digest_counts_in_an_answer_to_that_digest_alone(pen: House) -> None:
    """Tomorrow's A is another mail; a number means the same for ever."""
    says(pen, "A new", cites="")
    assert pen.cases() == []
    says(pen, "1 new", at=NINE + 2 * HOUR, cites="")
    assert len(pen.cases()) == 1


def test_what_was_placed_already_is_not_placed_again(pen: House) -> None:
    """Two people of the unit answer the same digest."""
    says(pen, "A new")
    says(pen, "A not ours", at=NINE + 2 * HOUR)
    assert (where(pen).disposition, len(pen.cases())) == ("case", 1)


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "proof", "cites", "may"),
    [
        (UNIT, "pass", None, True),
        (MANAGER, "pass", None, True),
        (UNIT, "none", None, True),  # the digest went to that very address
        (MANAGER, "none", None, False),
        (UNIT, "fail", None, False),
        (FAY, "pass", None, False),
        (STRANGER, "pass", None, False),
    ],
)
def test_who_may_place_mail(pen: House, sender: str, proof: str, cites: str | None, may: bool) -> None:
    """The area's business unit, proven, or citing the digest that went to that very address; nobody else."""
    says(pen, "1 new", sender, proof=proof, cites=cites)
    assert len(pen.cases()) == may
    assert (where(pen, 2).why == WAITS) is not may
    assert bool(pen.letters(LetterKind.ANSWER)) is may


def test_without_proof_no_mail_is_thrown_away(pen: House) -> None:
    """The digest's id may have leaked: what only adds acts by it, what ends a mail's way needs proof."""
    says(pen, "1 not ours", proof="none")
    assert where(pen).disposition == "holding_pen"
    assert "1: it could not be proven that you wrote this, so that mail waits on" in told(pen)


def test_what_nothing_proves_is_said_back_to_nobody(pen: House) -> None:
    """A line that is no order is repeated to whoever is proven to have written it: others' words stand in no letter."""
    says(pen, "1 not ours\nAsk Maisie's aunt instead", proof="none")
    assert "A line that nobody understands" in told(pen)
    assert "Maisie" not in told(pen)
    says(pen, "1 not ours\nAsk whom else?", at=NINE + 3 * HOUR)
    assert "Ask whom else?" in told(pen)


def test_an_answer_to_another_days_digest_places_nothing(pen: House) -> None:
    """Signed before this digest was written: its letters meant other mails."""
    old = eml(UNIT, "RE: today", "A not ours", at=NINE - 2 * HOUR, to=(BOT,), cc=(), answers=digest_id(pen))
    pen.put(old, NINE + HOUR, BOT)
    pen.take_in(NINE + HOUR)
    assert (where(pen).disposition, where(pen, 2).why) == ("holding_pen", WAITS)


def test_without_proof_a_number_alone_does_nothing(pen: House) -> None:
    """It is an ordinary mail to our own mailbox, which waits like any other."""
    says(pen, "1 new", UNIT, proof="none", cites="")
    assert (pen.cases(), where(pen, 2).disposition) == ([], "holding_pen")
    (told,) = pen.letters(LetterKind.ANSWER)
    assert (told.letter.variant, to(told.letter)) == ("office", (UNIT,))


def test_another_areas_unit_places_no_mail_of_this_one(pen: House) -> None:
    """It may not even learn what became of it."""
    says(pen, "1 new\n1 not ours", UNIT_CW, cites="")
    says(pen, "1 not ours", UNIT_CW, at=NINE + 2 * HOUR, cites="")
    assert where(pen).disposition == "holding_pen"
    assert "1: that mail lies in a mailbox of another area" in told(pen)


def test_only_what_comes_to_our_own_mailbox_is_an_answer(pen: House) -> None:
    """A copy of it in a team's inbox does nothing there."""
    pen.put(eml(UNIT, "RE: today", "1 new", at=NINE, to=(CREWE,), cc=(), answers=digest_id(pen)), NINE, CREWE)
    pen.take_in(NINE + HOUR)
    assert pen.cases() == []


def test_a_machines_answer_places_nothing(pen: House) -> None:
    """An absence note quotes anything."""
    machine = {"Auto_Submitted": "auto-replied"}
    raw = eml(UNIT, "Automatic reply", "1 new", at=NINE, to=(BOT,), cc=(), answers=digest_id(pen), **machine)
    pen.put(raw, NINE, BOT)
    pen.take_in(NINE + HOUR)
    assert (pen.cases(), pen.letters(LetterKind.ANSWER)) == ([], [])


def test_a_mail_that_answers_a_cases_letter_as_well_is_that_cases(pen: House) -> None:
    """It speaks of the case; nothing is placed by it."""
    pen.open()
    letter = pen.letters(LetterKind.ACKNOWLEDGEMENT)[0].letter.message_id
    says(pen, "1 not ours", cites=letter)
    assert where(pen).disposition == "holding_pen"


# --- a mail in our own mailbox ----------------------------------------------------------------------------------------


def test_a_mail_of_no_team_is_placed_by_either_unit(house: House) -> None:
    """A challenge to our own mailbox that names nobody: it opens under the unit's own policy."""
    house.put(eml(to=(BOT,), cc=()), START, BOT)
    house.take_in(START)
    says(house, "1 new", UNIT_CW, cites="")
    (case,) = house.cases()
    assert (case.area, case.policy) == ("CW", "pan-cheshire")


def test_a_mail_of_a_team_is_placed_by_its_own_unit(house: House) -> None:
    """One that names Crewe's manager is Crewe's, though it lies in our own mailbox."""
    house.put(eml(FAY, to=(BOT, FAY), cc=()), START, BOT)
    house.take_in(START)
    says(house, "1 not ours", UNIT_CW, cites="")
    says(house, "1 new", UNIT_CW, at=NINE + 2 * HOUR, cites="")
    assert (house.cases(), where(house).disposition) == ([], "holding_pen")
    says(house, "1 new", UNIT, at=NINE + 3 * HOUR, cites="")
    assert [case.area for case in house.cases()] == ["CE"]


def test_a_strangers_challenge_out_of_the_pen_is_asked_about_once_more(house: House) -> None:
    """Nobody knows its sender: that it is one says the unit, whether it may run says its YES."""
    house.put(eml(STRANGER, f"RE: {DAY}", cc=(CREWE,)))
    house.take_in(START)
    says(house, "1 new", cites="")
    assert house.case().unproven == "stranger"
    assert "nobody knows its sender, so please answer YES to its notice as well" in told(house)


# --- what the unit asks for -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "carries"),
    [
        ("REGISTER", ["register-CE-2027-01-13.xlsx"]),
        ("REPORT", ["report-CE-2026Q4.pdf", "report-CE-2026Q4.xlsx"]),
        ("OPEN", []),
    ],
)
def test_the_unit_is_handed_what_it_asks_for(house: House, word: str, carries: list[str]) -> None:
    """Of its own area, as things are when the letter goes; its mail leaves nothing but a row."""
    house.open()
    says(house, word, cites="")
    (letter,) = [
        m for m in house.send(NINE + HOUR) if UNIT in str(m["To"]) and "rofessional challenges" in m["Subject"]
    ]
    assert list(attached(letter)) == carries
    assert (word != "OPEN") or "CE-2027-0001" in texts([letter])[0]
    assert (where(house).disposition, where(house).why) == ("ignored", word)


def test_nobody_else_is_handed_anything(house: House) -> None:
    """A professional who asks for the register is shown to a person, and told that nothing was done."""
    says(house, "REGISTER", HELEN, cites="")
    (told,) = house.letters(LetterKind.ANSWER)
    assert (told.letter.variant, told.letter.attach) == ("elsewhere", ())
    assert where(house).disposition == "holding_pen"


# --- by the operator's command ----------------------------------------------------------------------------------------


def penned(house: House) -> tuple[Listed, Mail]:
    row = where(house)
    return row, house.app.intake.penned.reread(row)


def test_the_operator_places_a_mail(pen: House) -> None:
    """It takes effect as if it had found its case, and the row says that a person did it."""
    pen.open()
    row, read = penned(pen)
    pen.app.intake.penned.place(row, read, 1, NINE)
    assert (where(pen).disposition, where(pen).case, where(pen).why) == ("case", 1, BY_HAND)
    assert row.digest in pen.case().mails


def test_the_operator_adopts_a_mail_at_a_stage_and_from_a_day(pen: House) -> None:
    """A challenge that began on paper runs on from where it stands; its copy later is a copy."""
    row, read = penned(pen)
    began = START - timedelta(days=2)
    stage = pen.turn.books.policy("cheshire-east").stages[1].id
    decision = pen.app.intake.penned.adopt(row, read, INBOX, NINE, stage, began)
    assert (decision.case.stage, decision.case.opened, "adopted" in decision.case.flags) == (stage, began, True)
    assert (where(pen).disposition, where(pen).why) == ("case", "adopted by hand")
    pen.put(eml(FAY, name="own", X_Copy="yes"), NINE)
    pen.take_in(NINE)
    assert len(pen.cases()) == 1


def test_a_mail_whose_bytes_are_gone_cannot_be_placed(pen: House) -> None:
    """It is said, and nothing is half done."""
    pen.open()
    row, read = penned(pen)
    with pen.db.begin() as tx:
        mails.replace(tx, row.entry, "ignored", "not ours", NINE)
    before = pen.case()
    with pytest.raises(KeyError):
        pen.app.intake.penned.reread(row)
    with pytest.raises(StoreError):
        pen.app.intake.penned.place(row, read, 1, NINE)
    assert pen.case() == before


def test_a_fresh_reading_finds_what_the_first_found(pen: House, tmp_path: Path) -> None:
    """The same reader: a mail in the pen is a mail."""
    row, read = penned(pen)
    assert (read.digest, read.subject, read.sender and read.sender.email) == (row.digest, DAY, FAY)
    assert row.mailbox == CREWE_BOX


def test_what_the_unit_s_machine_writes_hands_nothing_in(pen: House) -> None:
    """Its out-of-office to the digest, whose subject is nearly a policy's, opens nothing and is answered to nobody."""
    title = "Automatic reply: Professional challenges: 0 open, 1 to place"
    machine = eml(UNIT, title, "I am away.", at=NINE + HOUR, to=(BOT,), cc=(), answers=digest_id(pen),
                  Auto_Submitted="auto-replied")  # fmt: skip
    pen.put(machine, NINE + HOUR, BOT)
    pen.take_in(NINE + HOUR)
    assert pen.cases() == []
    assert pen.letters(LetterKind.ANSWER) == []
