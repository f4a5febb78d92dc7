"""Registers: what a partnership keeps of every escalation, and nothing that names a person or that somebody wrote."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest

from bot.engine import registers
from bot.model import Case, Flag, Flagged, Task
from bot.records import register
from bot.records.register import Sheet
from bot.rules.policy.forms import Log
from bot.rules.workdays import calendar
from tests.unit.case_samples import FAY, HELEN, START, arrived, mail, opened, served, shipped

CAL = calendar()
POLICIES = shipped().policies
DANGER = ("=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", "http://x.example")


def ended() -> Case:
    """Answered, resolved, and the outcome written with an action."""
    case = served(opened())
    case = arrived(case, mail(FAY, "We have looked again and will visit.", at=START + timedelta(hours=2))).case
    case = arrived(case, mail(HELEN, "RESOLVED", at=START + timedelta(hours=3))).case
    written = mail(FAY, "OUTCOME: a visit\n- visit, Fay Marsh, by 20 January", at=START + timedelta(hours=4))
    return arrived(case, written).case


def row_of(sheet: Sheet, n: int = 0) -> dict[str, Any]:
    return dict(zip(sheet.headings, sheet.rows[n], strict=True))


def test_an_escalation_is_one_row() -> None:
    """Ref, agencies, stages, times, outcome, actions and the child's own record of each side."""
    row = row_of(register.escalations([ended()], POLICIES))
    assert row["Ref"] == "CE-2027-0007"
    assert (row["Raising agency"], row["Challenged agency"]) == ("Cheshire Health", "CSC")
    assert row["Stages and how each ended"] == "Frontline manager response: resolved"
    assert row["In time at the first stage"] == "in time"
    assert (row["Outcome in writing"], row["Actions agreed"], row["Actions said to be done"]) == ("yes", 1, 0)
    assert (row["On file: raising"], row["On file: challenged"]) == ("not confirmed", "not confirmed")


def test_no_person_and_nobodys_words_stand_in_a_register() -> None:
    """Not in any log of it, in no form of file."""
    cases = [ended(), served(opened())]
    sheets = [s for log in registers.LOGS for s in registers.sheets(log, cases, POLICIES, CAL, START)]
    text = register.as_csv(sheets, CAL).decode()
    assert "CE-2027-0007" in text
    assert [name for name in ("Visser", "Marsh", "Reid", "@", "visit", "baby") if name in text] == []


def test_the_register_begins_at_the_policys_stage() -> None:
    """A case that has not reached it is not in; one that has, is, wherever it stands now."""
    policy = POLICIES["pan-cheshire"]
    case = replace(served(opened()), policy="pan-cheshire", stage="step-1")
    run = case.runs[0]
    before = replace(case, runs=(replace(run, stage="step-1"), replace(run, stage="step-2")), stage="step-2")
    after = replace(case, runs=(replace(run, stage="step-1"), replace(run, stage="step-3")), stage="step-3")
    assert [register.reached(c, policy) for c in (before, after)] == [False, True]
    assert len(register.escalations([before, after], POLICIES).rows) == 1


def test_an_agencys_log_has_the_documents_columns() -> None:
    """Each under its own heading; the child's details are left to the agency."""
    (log,) = POLICIES["sandwell"].logs
    case = replace(served(opened()), policy="sandwell", stage="stage-1", flags=(Flagged(Flag.CHILD_PROTECTION),))
    case = replace(case, runs=(replace(case.runs[0], stage="stage-1"),))
    (sheet,) = register.agency_log([case], {"sandwell": POLICIES["sandwell"]}, "CSC")
    assert sheet.headings == log.columns
    assert sheet.above.endswith("CSC")
    row = row_of(sheet)
    assert row["Escalation Number"] == case.ref
    assert row["Child Details: Name: DOB: Age:"] == ""
    assert row["Level of Need"] == "child protection"
    assert row["Concern Level of Need"] == f"{row['Concern']}; {row['Level of Need']}"
    assert register.agency_log([case], {"sandwell": POLICIES["sandwell"]}, "Nobody")[0].rows == ()


def test_a_log_is_never_filled_past_its_columns() -> None:
    """More words than columns are a fault of the file."""
    with pytest.raises(ValueError, match="fill has 2 words for 1 columns"):
        Log(id="a", title="A", columns=("One",), fill=("ref", "level"))


@pytest.mark.parametrize(
    ("said", "today", "state"),
    [
        ("", date(2027, 2, 15), "open"),
        ("", date(2027, 2, 16), "its day has passed"),
        ("yes", date(2027, 2, 16), "done"),
    ],
)
def test_learning_has_a_day_and_a_state(said: str, today: date, state: str) -> None:
    """Open until its day is over, done when the unit has said so."""
    words = (("unit", said, START),) if said else ()
    task = Task("learning", date(2027, 2, 15), said=words)
    case = replace(ended(), policy="sandwell", tasks=(task,))
    row = row_of(register.learning([case], POLICIES, today))
    assert (row["By"], row["State"]) == (date(2027, 2, 15), state)


def test_no_cell_becomes_a_formula() -> None:
    """In CSV a quote stands before it; in a workbook it is written as text."""
    sheet = Sheet("T", ("A",), tuple((value,) for value in DANGER), above="=1")
    lines = register.as_csv([sheet], CAL).decode("utf-8-sig").split("\r\n")
    assert all(line.lstrip('"').startswith(("'", "A", "http")) for line in lines if line)
    page = openpyxl.load_workbook(io.BytesIO(register.as_xlsx([sheet], CAL))).worksheets[0]
    cells = [cell for row in page.iter_rows() for cell in row]
    assert [cell.value for cell in cells] == ["=1", "A", *DANGER]
    assert {(cell.data_type, cell.hyperlink) for cell in cells} == {("s", None)}


def test_times_are_the_offices() -> None:
    """And the same cases give the same bytes, with title and language."""
    sheets = registers.sheets("escalations", [ended()], POLICIES, CAL, START)
    raw = register.as_xlsx(sheets, CAL)
    assert raw == register.as_xlsx(sheets, CAL)
    book = openpyxl.load_workbook(io.BytesIO(raw))
    assert (book.properties.title, book.properties.language) == (sheets[0].title, "en-GB")
    page = book.worksheets[0]
    assert (page["D2"].value.hour, page["D2"].value.minute) == (10, 5)
    assert b"2027-01-12 10:05" in register.as_csv(sheets, CAL)


def test_a_workbook_prints_on_a4_and_cuts_no_text() -> None:
    """A row is as high as its longest text needs in its column, whatever the program makes of heights by itself."""
    long = "A sentence of a method that goes on for some time. " * 8
    sheets = [Sheet("Words", ("In words",), ((long,),)), Sheet("Many", tuple("ABCDEFGHIJ"), ((long, *"bcdefghij"),))]
    book = openpyxl.load_workbook(io.BytesIO(register.as_xlsx(sheets, CAL)))
    for page in book.worksheets:
        assert page.page_setup.paperSize == "9" or page.page_setup.paperSize == 9
        width, height = page.column_dimensions["A"].width, page.row_dimensions[2].height
        assert height / 15 * width >= len(long)
