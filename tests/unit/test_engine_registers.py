"""What is handed out of the store: whose rows, in which sheets, and what an answer carries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import openpyxl
import pytest

from bot.case.making import clocks
from bot.engine import registers
from bot.model import Case, Command, Contact, EndedAs, Inbox, LetterKind, State, Unit, Window
from bot.model.letters import TheRegister, TheReport
from tests.unit.case_samples import CREWE, DAY, FAY, HELEN, MANAGER, START, UNIT, mail, opened, served, shipped
from tests.unit.engine_samples import CHESTER, WORDS, House, post, texts, to

NOW = datetime(2027, 4, 6, 9, tzinfo=UTC)
POLICIES, CALENDAR = shipped().policies, shipped().calendar


@pytest.fixture
def two(house: House) -> House:
    """A case of Crewe's and one of Chester's."""
    house.open()
    other = mail(HELEN, f"{WORDS} There.", title=DAY, to=(CHESTER,), at=START + timedelta(minutes=1))
    with house.db.begin() as tx:
        house.turn.open(tx, other, Inbox("CW", CHESTER, "pan-cheshire", "Chester Assessment Team"), other.received)
    return house


def held(house: House, policy: str = "", area: str = "") -> list[str]:
    with house.db.read() as tx:
        return [case.ref for case in registers.held(tx, POLICIES, policy, area)]


def test_a_register_is_of_a_policy_or_an_area(two: House) -> None:
    """Of all without either; a policy that is configured no more is in none."""
    assert held(two) == ["CE-2027-0001", "CW-2027-0001"]
    assert held(two, policy="cheshire-east") == held(two, area="CE") == ["CE-2027-0001"]
    assert held(two, "cheshire-east", "CW") == []
    with two.db.read() as tx:
        assert registers.held(tx, {"salford": POLICIES["salford"]}) == []


def logged(policy: str, raising: str, challenged: str) -> Case:
    """A case of that policy between two agencies."""
    case = served(opened())
    run = replace(case.runs[0], stage=POLICIES[policy].first.id)
    raiser = replace(case.raiser, agency=raising)
    return replace(case, policy=policy, stage=run.stage, runs=(run,), raiser=raiser, responder_agency=challenged)


def test_an_agencys_log_is_that_agencys() -> None:
    """A sheet for each party, titled with it, or for the one that was asked for; of nobody's log there is none."""
    found = [logged("sandwell", "Oak Primary", "SCT"), logged("cheshire-east", "Cheshire Health", "CSC")]
    every = registers.sheets("agency", found, POLICIES, CALENDAR, NOW)
    assert [(sheet.title, len(sheet.rows)) for sheet in every] == [("Oak Primary", 1), ("SCT", 1)]
    (only,) = registers.sheets("agency", found, POLICIES, CALENDAR, NOW, "SCT")
    assert (only.title, len(only.rows)) == (POLICIES["sandwell"].logs[0].title, 1)
    assert registers.sheets("agency", found, POLICIES, CALENDAR, NOW, "Nobody") == ()


@pytest.mark.parametrize(("agency", "rows"), [("", 2), ("CSC", 1), ("SCT", 2), ("Nobody", 0)])
def test_escalations_of_an_agency_are_those_it_is_a_side_of(agency: str, rows: int) -> None:
    """The raising side as well as the challenged one."""
    found = [logged("cheshire-east", "SCT", "CSC"), logged("cheshire-east", "Cheshire Health", "SCT")]
    (sheet,) = registers.sheets("escalations", found, POLICIES, CALENDAR, NOW, agency)
    assert len(sheet.rows) == rows


def test_a_log_that_is_not_known_is_an_error() -> None:
    """No empty sheet is handed out for a misspelt name."""
    with pytest.raises(KeyError):
        registers.sheets("agencies", [], POLICIES, CALENDAR, NOW)
    assert all(isinstance(registers.sheets(log, [], POLICIES, CALENDAR, NOW), tuple) for log in registers.LOGS)


def test_a_registers_workbook_is_named_by_area_and_day(two: House) -> None:
    """It can be opened, and holds a sheet of escalations and one of learning."""
    late = datetime(2027, 7, 1, 23, 30, tzinfo=UTC)  # past midnight on the office's clock
    with two.db.read() as tx:
        name, kind, content = registers.attached(tx, TheRegister("CE"), POLICIES, CALENDAR, late)
    assert (name, kind) == ("register-CE-2027-07-02.xlsx", registers.XLSX)
    assert len(openpyxl.load_workbook(BytesIO(content)).sheetnames) == 2
    with two.db.read() as tx:
        name, _, content = registers.attached(tx, TheRegister("CE", "learning"), POLICIES, CALENDAR, late)
    assert name == "register-learning-CE-2027-07-02.xlsx"
    assert len(openpyxl.load_workbook(BytesIO(content)).sheetnames) == 1


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (TheReport("CE"), "2027Q1"),
        (TheReport("CE", "2026Q4"), "2026Q4"),
        (TheReport("CE", "2026", public=True), "2026-public"),
    ],
)
def test_a_report_is_of_a_quarter_and_else_of_the_last_full_one(two: House, wanted: TheReport, name: str) -> None:
    """On the sixth of April that is the first of the year; a year and the public edition are named in the file."""
    with two.db.read() as tx:
        pdf, workbook = registers.reported(tx, wanted, two.settings, NOW)
    assert (pdf.name, workbook.name) == (f"report-CE-{name}.pdf", f"report-CE-{name}.xlsx")
    assert (pdf.content[:5], workbook.content[:2]) == (b"%PDF-", b"PK")


def test_an_open_case_says_whose_move_it_is(two: House) -> None:
    """The first who must answer and can be reached, by name; nobody where none can."""
    case = two.case(1)
    assert registers.waiting_for(case) == "Fay Marsh"
    line = registers.open_line(case, POLICIES)
    assert (line.ref, line.stage, line.asks, line.watched) == (
        "CE-2027-0001",
        POLICIES["cheshire-east"].first.name,
        0,
        False,
    )


def test_an_answer_ends_what_is_over_the_time_asked(house: House) -> None:
    """From the minute that the hours asked for end, through the stages that follow, until an answer is recorded; they
    run on where it is said not to be resolved."""
    house.open()
    house.serve(START)
    case, end = house.case(), START + timedelta(hours=24)
    assert clocks.over_since(case, end - timedelta(minutes=1)) is None
    assert clocks.over_since(case, end) == end
    lapsed = replace(case.runs[0], ended=end, ended_as=EndedAs.LAPSED)
    second = replace(case.runs[0], stage="step-2", entered=end, due=end + timedelta(days=9), window=None)
    assert clocks.over_since(replace(case, runs=(lapsed, second)), end + timedelta(days=2)) == end
    answered = replace(second, responded=end + timedelta(days=1), ended_as=EndedAs.RESPONDED)
    told = replace(case, runs=(lapsed, answered), state=State.AWAITING_CONFIRMATION)
    assert clocks.over_since(told, end + timedelta(days=2)) is None
    assert clocks.hours_over(told, end + timedelta(days=2)) == 0
    early = replace(lapsed, responded=START + timedelta(hours=1), ended_as=EndedAs.RESPONDED)
    called_in = replace(case, runs=(early, second))
    assert clocks.over_since(called_in, end - timedelta(hours=1)) is None
    assert clocks.over_since(called_in, end + timedelta(days=2)) == end
    assert clocks.hours_over(called_in, end + timedelta(days=2)) == 48


def test_a_stage_that_began_afresh_is_over_by_its_own_time(house: House) -> None:
    """After REOPEN, and after an answer of a challenge without hours, silence counts from there; a last stage that was
    answered and said not to be resolved is over when its time is."""
    house.open()
    case, day = house.case(), timedelta(days=1)
    first = replace(case.runs[0], due=START + day, responded=START, ended=START, ended_as=EndedAs.RESPONDED)
    again = replace(case.runs[0], entered=START + 20 * day, due=START + 29 * day, window=Window(7, Unit.WORKING_DAYS))
    reopened = replace(case, runs=(first, again))
    assert clocks.over_since(reopened, START + 28 * day) is None
    assert clocks.over_since(reopened, START + 30 * day) == again.due
    assert clocks.hours_over(reopened, START + 30 * day) == 0
    ended, last = replace(again, stage="step-2", ended_as=EndedAs.LAPSED), replace(again, stage="step-3", due=None)
    calm = replace(case, urgent=False, runs=(first, ended, last))
    assert clocks.over_since(calm, START + 28 * day) is None
    assert clocks.over_since(calm, START + 30 * day) == ended.due
    assert clocks.over_since(replace(case, urgent=False, runs=(first,)), START + 2 * day) == first.due


def test_more_time_at_a_later_stage_counts(house: House) -> None:
    """Of what the raiser's side gave there it is over, once that has ended; the policy's own time there changes
    nothing."""
    house.open()
    case, end, day = house.case(), START + timedelta(hours=24), timedelta(days=1)
    lapsed = replace(case.runs[0], due=end, ended=end, ended_as=EndedAs.LAPSED)
    second = replace(lapsed, stage="step-2", due=end + 9 * day, ended=None, ended_as=EndedAs.RUNNING)
    for window, by in ((Window(9, Unit.CALENDAR_DAYS, "requested"), None), (None, end + 9 * day)):
        longer = replace(case, runs=(lapsed, replace(second, window=window, by=by)))
        assert clocks.over_since(longer, end + 2 * day) is None
        assert clocks.hours_over(longer, end + 2 * day) == 0
        assert clocks.hours_over(longer, end + 10 * day) == 24
    policys = replace(case, runs=(lapsed, replace(second, window=Window(9, Unit.CALENDAR_DAYS))))
    assert clocks.hours_over(policys, end + 2 * day) == 48


@pytest.mark.parametrize(
    ("note", "period", "public", "unread"),
    [
        ("Q3 2026", "2026Q3", False, ""),
        ("2026", "2026", False, ""),
        ("2026 public", "2026", True, ""),
        ("for the third quarter of 2026, please", "2026Q3", False, ""),
        ("", "2027Q1", False, ""),
        ("of the last quarter", "2027Q1", False, ""),
        ("2026-27", "2027Q1", False, "2026-27"),
        ("summer 2026 public", "2027Q1", True, "summer 2026 public"),
    ],
)
def test_what_stands_behind_report_is_read_or_said(note: str, period: str, public: bool, unread: str) -> None:
    """A quarter, a year, the public edition; words that say none of these come back to their writer."""
    quarter, is_public, left = registers.report_named(note, NOW)
    assert (str(quarter), is_public, left) == (period, public, unread)


# --- answers to words that cite no case -------------------------------------------------------------------------------

UNIT_CONTACT = Contact(UNIT, "CESCP", "business_unit")


@pytest.mark.parametrize("word", ["REGISTER", "REPORT", "OPEN", "SPOC", "HELP"])
def test_an_answer_goes_to_who_asked_and_cites_the_mail(word: str) -> None:
    """It is its own occasion: a mail is answered once."""
    asked = mail(UNIT, word, references=tuple(f"r{n}@x.example" for n in range(9)))
    assert asked.command == Command(word)
    answer = registers.letter(asked, UNIT_CONTACT, "CE", NOW)
    assert (answer.kind, answer.variant, answer.occasion) == (LetterKind.ANSWER, word.lower(), asked.digest)
    assert (to(answer), answer.in_reply_to) == ((UNIT,), asked.message_id)
    assert answer.references == (*(f"r{n}@x.example" for n in range(4, 9)), asked.message_id)


def answered(house: House, word: str, area: str = "CE") -> str:
    """The text of the answer to that word, sent now."""
    with house.db.begin() as tx:
        house.turn.post(tx, registers.letter(mail(UNIT, word, title=area), UNIT_CONTACT, area, NOW), NOW)
    return next(text for text in texts(house.send(NOW)) if f"area {area}" in text)


def test_open_lists_the_areas_cases_as_they_are_when_it_goes(two: House) -> None:
    """Not those of another area."""
    text = answered(two, "OPEN")
    assert "CE-2027-0001" in text
    assert "CW-2027-0001" not in text
    assert "None is." in answered(two, "OPEN", "SW")


def test_spoc_says_who_answers_each_stage_of_the_areas_teams(two: House) -> None:
    """As the directory stands on the day it goes."""
    text = answered(two, "SPOC")
    assert "Crewe Assessment Team, " in text
    assert "Fay Marsh" in text
    assert "Chester" not in text
    assert CREWE not in text.partition("Crewe Assessment Team, ")[0]


def test_other_letters_go_as_they_are(two: House) -> None:
    """Nothing is put into a letter that answers no such word."""
    post(two, MANAGER)
    (queued,) = two.letters(LetterKind.ALERT)
    with two.db.read() as tx:
        assert registers.told(tx, queued.letter, two.settings, NOW) is queued.letter


def test_the_team_that_answers_is_named_stage_by_stage() -> None:
    """Manager, then lead, then those who decide; each with the stage's own name."""
    box = next(box for box in shipped().config.mailboxes if box.address == CREWE)
    rows = list(registers.answering(shipped(), box, START.date()))
    first = POLICIES["cheshire-east"].first.name
    assert (first, "answers", FAY) in [(stage, does, who.email) for stage, does, who in rows]
    assert {does for _, does, _ in rows} == {"answers", "decides"}
