"""Each quarter contacts say that they still answer: who is asked, once, and what follows where nobody does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.engine.contacts import facts, quarter
from bot.model import LetterKind
from bot.model.letters import Answer, Question
from bot.rules.answering import quarter as rules
from bot.rules.book import Mode
from bot.rules.directory import Directory, Row
from bot.store import meta
from bot.store.proof import beside
from tests.unit.case_samples import BOT, CREWE, FAY, UNIT, shipped
from tests.unit.engine_samples import House, eml, texts, to

MARCH, APRIL = datetime(2027, 3, 31, 9, tzinfo=UTC), datetime(2027, 4, 1, 8, tzinfo=UTC)  # nine on the office's wall
DAYS = timedelta(days=1)
LEAD, DUTY = "dev.patel@csc.example", "csc.dsl.duty@csc.example"


def questions(house: House) -> dict[str, Question.Still]:
    """Whom a question went to -> the latest."""
    found = house.letters(LetterKind.QUESTION, "still")
    return {to(q.letter)[0]: q.letter.values for q in found if isinstance(q.letter.values, Question.Still)}


@pytest.fixture
def quarter_began(house: House) -> House:
    """A house whose contacts were asked on the first of April."""
    house.app.quarterly.post(MARCH)
    house.app.quarterly.post(APRIL)
    house.send(APRIL)
    return house


def reply(house: House, sender: str, text: str, at: datetime, proof: str = "pass") -> str:
    """What the sender of an answer to their question is told."""
    (letter,) = [q for q in house.letters(LetterKind.QUESTION, "still") if to(q.letter) == (sender,)]
    cited = letter.letter.message_id
    raw = eml(sender, "Re: you", text, at=at, to=(BOT,), cc=(), answers=cited, proof=proof)
    before = {m["Message-ID"] for m in house.send(at)}
    house.put(raw, at, BOT)
    house.take_in(at)
    (told,) = [m for m in house.send(at) if sender in str(m["To"]) and m["Message-ID"] not in before]
    return texts([told])[0]


def words(house: House) -> dict[str, str]:
    with house.db.read() as tx:
        return dict(facts.of_quarter(tx, "2027Q2").words)


# --- who is asked -----------------------------------------------------------------------------------------------------


def test_each_contact_of_a_stage_is_asked_once_for_all_they_hold() -> None:
    """Managers, leads and partners, not inboxes and not the unit."""
    of = shipped()
    boxes = [(of.policies[box.policy], box.area, box.team) for box in of.config.mailboxes]
    held = rules.duties(boxes, of.directory, date(2027, 4, 1))
    assert {FAY, LEAD} <= set(held)
    assert UNIT not in held
    assert not {who.role for who, _ in held.values()} & rules.NOBODY
    assert [(duty.whose, duty.role) for duty in held[FAY][1]] == [("Crewe Assessment Team", "line_manager")]


def test_nobody_is_asked_in_the_quarter_of_the_first_start(house: House) -> None:
    """Whoever sets it up has just written the file."""
    for n in range(5):
        house.app.quarterly.post(MARCH - n * DAYS)
    assert questions(house) == {}


def test_a_quarter_begins_on_its_first_working_morning(house: House) -> None:
    """Not at night, and once however often it is looked at."""
    house.app.quarterly.post(MARCH)
    house.app.quarterly.post(APRIL - timedelta(hours=2))
    assert questions(house) == {}
    for n in range(4):
        house.app.quarterly.post(APRIL + timedelta(hours=n))
    assert len(house.letters(LetterKind.QUESTION, "still")) == len(questions(house))
    assert questions(house)[FAY].until == datetime(2027, 4, 15, 16, tzinfo=UTC)


@pytest.mark.parametrize("changes", [{"mode": Mode.SHADOW}, {"ask_contacts": "never"}])
def test_nobody_is_asked_where_letters_do_not_go(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, str]
) -> None:
    """While the service only watches, and where the operator wants none."""
    house = House(tmp_path_factory.mktemp("quiet"), (CREWE,), **changes)
    house.app.quarterly.post(MARCH)
    house.app.quarterly.post(APRIL)
    assert questions(house) == {}
    house.close()


# --- what they say ----------------------------------------------------------------------------------------------------


def test_yes_is_noted_and_sealed(quarter_began: House) -> None:
    """And its writer hears so."""
    assert "still right" in reply(quarter_began, FAY, "YES", APRIL + DAYS)
    assert words(quarter_began) == {FAY: facts.YES}
    with quarter_began.db.read() as tx:
        assert beside.faults(tx) == []


@pytest.mark.parametrize(("text", "proof"), [("YES", "none"), ("Perhaps so", "pass"), ("NAME Gwen", "pass")])
def test_what_is_unproven_or_unread_notes_nothing(quarter_began: House, text: str, proof: str) -> None:
    """Its writer is told why."""
    assert "Nothing was done" in reply(quarter_began, FAY, text, APRIL + DAYS, proof)
    assert words(quarter_began) == {}


def test_no_is_told_to_the_unit_and_takes_nobody_out(quarter_began: House) -> None:
    """Letters go there until somebody else is named."""
    assert "until somebody else is named" in reply(quarter_began, FAY, "No", APRIL + DAYS)
    told = [q for q in quarter_began.letters(LetterKind.ANSWER) if to(q.letter) == (UNIT,)]
    assert len(told) == 1
    held = quarter_began.turn.books.settings.directory.holders("line_manager", "CE", "CSC", "Crewe Assessment Team")
    assert FAY in {contact.email for contact in held}
    with quarter_began.db.read() as tx:
        (one,) = quarter.unsaid(tx, quarter_began.turn, "CE", APRIL + DAYS)
    assert (one.who.email, one.said_no) == (FAY, True)


def rows(house: House, change: Callable[[Row], Row]) -> None:
    """The file's rows as `change` makes them."""
    settings = house.turn.books.settings
    made = Directory(tuple(change(row) for row in settings.directory.rows))
    house.turn.books.settings = replace(settings, directory=made)


def test_a_number_beside_the_name_is_put_to_the_unit_and_a_second_address_is_said_to_be_left_out(
    quarter_began: House,
) -> None:
    """Nothing of what they wrote is dropped in silence."""
    text = "NAME Gwen Hall, gwen.hall@csc.example, tel 01632 960777, deputy ida.moss@csc.example"
    told = reply(quarter_began, FAY, text, APRIL + DAYS)
    assert "Noted: Gwen Hall, 01632 960777. The business unit is asked" in told
    assert "Only one address is taken here, so ida.moss@csc.example was not" in told
    (asked,) = [q for q in quarter_began.letters(LetterKind.QUESTION, "proposed") if UNIT in to(q.letter)]
    assert isinstance(asked.letter.values, Question.Proposed)
    found = asked.letter.values.proposal
    assert (found.name, found.email, found.phone) == ("Gwen Hall", "gwen.hall@csc.example", "01632 960777")


@pytest.mark.parametrize("text", ["YES", "NO", "NAME Gwen Hall, gwen.hall@csc.example"])
def test_who_left_a_post_says_nothing_of_it(quarter_began: House, text: str) -> None:
    """They hold another one by now: it is said to them, noted nowhere and told to nobody."""
    rows(quarter_began, lambda row: replace(row, role="practitioner") if row.email == FAY else row)
    told = reply(quarter_began, FAY, text, APRIL + DAYS)
    assert "does not name you there any more" in told
    assert words(quarter_began) == {}
    assert quarter_began.letters(LetterKind.QUESTION, "proposed") == []
    assert [q for q in quarter_began.letters(LetterKind.ANSWER) if to(q.letter) == (UNIT,)] == []


def test_no_of_a_post_at_no_stage_is_told_to_the_unit(quarter_began: House) -> None:
    """Whoever was named just now is asked whatever the role, and what they are told of the unit is so."""
    with quarter_began.db.begin() as tx:
        held = (rules.Duty("CE", "CSC", "Crewe Assessment Team", "team_inbox"),)
        who = quarter_began.turn.books.settings.directory.person(CREWE)
        assert who is not None
        quarter.ask(quarter_began.turn, tx, who, held, APRIL, until=APRIL, occasion="still/x", is_new=True)
    assert "the business unit is told" in reply(quarter_began, CREWE, "NO", APRIL + DAYS)
    (told,) = [q for q in quarter_began.letters(LetterKind.ANSWER) if to(q.letter) == (UNIT,)]
    assert isinstance(told.letter.values, Answer.Office)
    assert "team inbox of Crewe Assessment Team" in told.letter.values.done[0]


def test_who_deputises_no_more_says_nothing_of_the_post(quarter_began: House) -> None:
    """Though it was they who were asked."""
    quarter_began.app.quarterly.post(APRIL + 15 * DAYS)
    other = "tom.lee@csc.example"
    rows(quarter_began, lambda row: replace(row, deputy_email=other) if row.email == LEAD else row)
    rows(quarter_began, lambda row: replace(row, email=DUTY) if row.email == "anil.rao@csc.example" else row)
    quarter_began.send(APRIL + 15 * DAYS)
    told = reply(quarter_began, DUTY, "NAME Gwen Hall, gwen.hall@csc.example", APRIL + 16 * DAYS)
    assert "does not name you there any more" in told
    assert quarter_began.letters(LetterKind.QUESTION, "proposed") == []


def test_a_deputy_is_promised_to_who_has_one(quarter_began: House) -> None:
    """The letter to whom nobody stands in for names the unit alone."""
    sent = {str(m["To"]): texts([m])[0] for m in quarter_began.send(APRIL)}
    assert [("your deputy is asked" in text) for who, text in sent.items() if LEAD in who] == [True]
    assert [("your deputy is asked" in text) for who, text in sent.items() if "dsp@cescp" in who] == [False]


def test_a_post_of_the_area_and_an_address_of_another_agency_are_named(quarter_began: House) -> None:
    """The unit reads whose post it is to give, and whose address it would go to."""
    reply(quarter_began, "dsp@cescp.example", "NAME Gwen, gwen@csc.example", APRIL + DAYS)
    reply(quarter_began, FAY, "NAME Ida, ida@health.example", APRIL + 2 * DAYS)
    put = texts([m for m in quarter_began.send(APRIL + 2 * DAYS) if UNIT in str(m["To"])], "A change")
    (one,) = [text for text in put if "For: CE. Role: delegated safeguarding partner" in text]
    (other,) = [text for text in put if "Ida (ida@health.example)" in text]
    assert "an address of" not in one
    assert "Ida (ida@health.example), an address of Cheshire Health" in other


# --- what the unit says -----------------------------------------------------------------------------------------------


def agree(house: House, at: datetime, sender: str = UNIT) -> list[str]:
    """What is told to whom once the unit's address has said YES to what it was asked: "who: letter"."""
    (put,) = house.letters(LetterKind.QUESTION, "proposed")
    house.send(at)
    house.put(eml(sender, "Re: A change", "YES", at=at, to=(BOT,), cc=(), answers=put.letter.message_id), at, BOT)
    before = {q.id for q in house.letters(LetterKind.ANSWER)}
    house.take_in(at)
    with house.db.read() as tx:
        house.turn.books.look(tx)
    return [f"{to(q.letter)[0]}: {q.letter.values}" for q in house.letters(LetterKind.ANSWER) if q.id not in before]


def test_whose_post_goes_to_another_hears_it(quarter_began: House) -> None:
    """In the minute of the YES: they may never have been asked."""
    reply(quarter_began, FAY, "NAME Gwen Hall, gwen.hall@csc.example", APRIL + DAYS)
    told = agree(quarter_began, APRIL + 2 * DAYS)
    (theirs,) = [one for one in told if one.startswith(FAY)]
    assert "line manager of Crewe Assessment Team go to Gwen Hall" in theirs
    assert [one.name for one in quarter_began.turn.books.changes] == ["Gwen Hall"]


def test_who_left_the_unit_says_nothing_for_it(quarter_began: House) -> None:
    """Though it was they who were asked, and are known elsewhere."""
    reply(quarter_began, FAY, "NAME Gwen Hall, gwen.hall@csc.example", APRIL + DAYS)
    ended = APRIL.date()
    rows(quarter_began, lambda row: replace(row, valid_to=ended) if row.email == UNIT else row)
    (told,) = agree(quarter_began, APRIL + 2 * DAYS)
    assert "names others there today" in told
    assert quarter_began.turn.books.changes == ()


def test_a_name_is_put_to_the_unit(quarter_began: House) -> None:
    """And nothing has changed until it says YES."""
    assert "once it says YES" in reply(quarter_began, FAY, "Name: Gwen Hall, gwen.hall@csc.example", APRIL + DAYS)
    (put,) = quarter_began.letters(LetterKind.QUESTION, "proposed")
    assert isinstance(put.letter.values, Question.Proposed)
    assert (to(put.letter), put.letter.values.proposal.name) == ((UNIT,), "Gwen Hall")
    assert quarter_began.turn.books.changes == ()


def test_a_name_outside_the_allowed_domains_is_refused(quarter_began: House) -> None:
    """Letters could not go there."""
    assert "Nothing was done" in reply(quarter_began, FAY, "NAME Gwen Hall, gwen@elsewhere.example", APRIL + DAYS)
    assert quarter_began.letters(LetterKind.QUESTION, "proposed") == []


# --- who says nothing -------------------------------------------------------------------------------------------------


def test_the_deputy_is_asked_once_about_who_says_nothing(quarter_began: House) -> None:
    """On the working morning after the last day, of those alone who have said nothing; their word counts for them."""
    reply(quarter_began, FAY, "YES", APRIL + DAYS)
    quarter_began.app.quarterly.post(APRIL + 14 * DAYS)
    assert "tom.lee@csc.example" not in questions(quarter_began)
    for n in range(15, 20):
        quarter_began.app.quarterly.post(APRIL + n * DAYS)
    whom = questions(quarter_began)[DUTY].whom
    assert whom is not None
    assert whom.email == LEAD
    assert "tom.lee@csc.example" not in questions(quarter_began)
    with quarter_began.db.read() as tx:
        assert LEAD in {one.who.email for one in quarter.unsaid(tx, quarter_began.turn, "CE", APRIL + 15 * DAYS)}
    quarter_began.send(APRIL + 20 * DAYS)
    reply(quarter_began, DUTY, "YES", APRIL + 20 * DAYS)
    assert words(quarter_began)[LEAD] == facts.YES


def test_a_new_quarter_forgets_what_was_said_in_the_last(quarter_began: House) -> None:
    """Who answered stands nowhere longer than it is needed."""
    reply(quarter_began, FAY, "YES", APRIL + DAYS)
    quarter_began.app.quarterly.post(datetime(2027, 7, 1, 8, tzinfo=UTC))
    with quarter_began.db.read() as tx:
        assert {values["quarter"] for _, _, _, values in meta.facts(tx)} == {"2027Q3"}
        assert beside.faults(tx) == []
