"""The quarterly report: figures of cases, definitions beside them, and nothing small in what is published."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Case, ClosedAs, State
from bot.records.register import Sheet
from bot.records.report.made import report
from bot.records.report.periods import Quarter
from bot.records.report.published import HIDDEN, OTHERS, SMALL
from bot.records.report.source import Source
from bot.rules.workdays import calendar
from tests.unit.case_samples import opened, served, shipped

NOW = datetime(2027, 4, 1, 9, tzinfo=UTC)
FIRST = Quarter(2027, 1)


@cache
def begun() -> Case:
    return served(opened())


def case(n: int, *, raised_by: str = "Cheshire Health", opened_at: datetime = NOW, **changes: Any) -> Case:
    base = begun()
    when = opened_at - timedelta(days=30)
    raiser = replace(base.raiser, agency=raised_by)
    return replace(base, number=n, ref=f"CE-2027-{n:04}", opened=when, raiser=raiser, **changes)


def source(*cases: Case) -> Source:
    return Source(cases, shipped().policies, ("CSC", "Cheshire Health", "Elm Primary"), calendar(), NOW)


def table(sheets: tuple[Sheet, ...], title: str) -> list[dict[str, Any]]:
    (sheet,) = [one for one in sheets if one.title == title]
    return [dict(zip(sheet.headings, row, strict=True)) for row in sheet.rows]


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("2026Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2027 q1", date(2027, 1, 1), date(2027, 3, 31)),
        ("2028-Q2", date(2028, 4, 1), date(2028, 6, 30)),
        ("Q3 2026", date(2026, 7, 1), date(2026, 9, 30)),
        ("fourth quarter of 2026", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_quarter_has_its_days(words: str, first: date, last: date) -> None:
    """From the first day of its first month to the last of its third."""
    quarter = Quarter.parse(words)
    assert (quarter.first, quarter.last) == (first, last)


@pytest.mark.parametrize("words", ["", "2026-27", "Q4", "2026Q5", "1999Q1", "2026Q44"])
def test_what_is_no_quarter_is_said(words: str) -> None:
    """With how to write one."""
    with pytest.raises(ValueError, match="write it as 2026Q4"):
        Quarter.parse(words)


def test_without_a_name_it_is_the_last_that_is_over() -> None:
    """On the first of a quarter that is the one before."""
    assert [str(Quarter.before(day)) for day in (date(2027, 1, 1), date(2027, 3, 31), date(2027, 4, 1))] == [
        "2026Q4", "2026Q4", "2027Q1",
    ]  # fmt: skip


def test_a_case_counts_in_the_quarter_of_its_receipt() -> None:
    """Beside the year to date and the same quarter a year before; what was no challenge is left out."""
    earlier = case(2, opened_at=NOW - timedelta(days=365))
    none = case(3, state=State.CLOSED, closed_as=ClosedAs.NOT_A_CHALLENGE)
    received = table(report(source(case(1), earlier, none), FIRST, public=False), "Headline")[0]
    assert (received["2027Q1"], received["2027 to date"], received["2026Q1"]) == (1, 1, 1)


def test_who_challenges_whom_has_totals() -> None:
    """A row for each raising agency, a column for each challenged one."""
    rows = table(report(source(case(1), case(2), case(3, raised_by="Elm Primary")), FIRST, public=False),
                 "Who challenges whom")  # fmt: skip
    assert [(r["Raised by"], r["CSC"], r["All"]) for r in rows] == [
        ("Cheshire Health", 2, 2), ("Elm Primary", 1, 1), ("All", 3, 3),
    ]  # fmt: skip


def test_silence_names_who_raised_none_and_who_was_asked_none() -> None:
    """Agencies of the directory, with whatever of the two they are missing from."""
    rows = table(report(source(case(1)), FIRST, public=False), "Silence")
    assert {(r["Agency"], r["Raised"], r["Received"]) for r in rows} == {
        ("CSC", "none raised", ""),
        ("Cheshire Health", "", "none received"),
        ("Elm Primary", "none raised", "none received"),
    }


SECTORS = {"Cheshire Health": "health_visiting", "CSC": "social_care", "Elm Primary": "school", "Oak": "school"}


@settings(deadline=None)
@given(st.lists(st.sampled_from(["Cheshire Health", "CSC", "Elm Primary", "Oak", "Ash"]), max_size=24))
def test_what_is_published_holds_no_small_number(agencies: list[str]) -> None:
    """No count from 1 to 4, no ref, no team and no school, however the cases fall."""
    cases = [case(n, raised_by=agency) for n, agency in enumerate(agencies, 1)]
    sheets = report(replace(source(*cases), sectors=SECTORS), FIRST, public=True)
    values = [value for sheet in sheets for row in sheet.rows for value in row]
    assert [v for v in values if isinstance(v, int) and 0 < v < SMALL] == []
    assert [v for v in values if isinstance(v, str) and ("CE-2027-" in v or "Crewe" in v)] == []
    assert not {"Elm Primary", "Oak", "Ash"} & set(values)
    received = sheets[0].rows[0][1]
    assert received == (HIDDEN if 0 < len(cases) < SMALL else len(cases))
    for sheet in sheets[1:]:
        assert sum(row[-1] for row in sheet.rows if isinstance(row[-1], int)) == len(cases)


def test_schools_stand_together_and_what_the_directory_does_not_know_has_no_name() -> None:
    """In the edition that is published; each by its name in the working copy."""
    cases = [case(n, raised_by=by) for n, by in enumerate(["Elm Primary"] * 3 + ["Oak"] * 4 + ["Ash"] * 6)]
    rows = table(report(replace(source(*cases), sectors=SECTORS), FIRST, public=True), "Who challenges whom")
    assert [(r["Raised by"], r["Challenges"]) for r in rows] == [("Schools", 7), (OTHERS, 6)]


@pytest.mark.parametrize(
    ("quarters", "own", "beside", "tables"),
    [
        ((5, 5, 5, 3), HIDDEN, HIDDEN, 1),  # the last quarter is the year without the year to date
        ((3, 6, 0, 9), HIDDEN, HIDDEN, 1),
        ((1, 1, 1, 1), HIDDEN, HIDDEN, 1),
        ((5, 0, 6, 9), 20, 20, 3),
        ((0, 0, 0, 0), 0, 0, 1),
    ],
)
def test_a_year_says_nothing_that_gives_a_quarter_away(
    quarters: tuple[int, ...], own: object, beside: object, tables: int
) -> None:
    """Neither in its own edition, nor beside the next year; nor do its tables, which add up to it."""
    months = [NOW.replace(year=2026, month=3 * n + 3, day=20) for n, count in enumerate(quarters) for _ in range(count)]
    told = replace(source(*(case(n, opened_at=at) for n, at in enumerate(months, 1))), sectors=SECTORS)
    year, later = (report(told, Quarter(n, 0), public=True) for n in (2026, 2027))
    assert (year[0].rows[0][1], len(year)) == (own, tables)
    assert table(later, "Headline")[0]["2026"] == beside


def test_hours_have_a_median_and_a_90th_percentile_from_ten_up() -> None:
    """Of fewer replies there is neither."""

    def replied(n: int) -> Case:
        one = case(n)
        run = replace(one.runs[0], began=one.opened, responded=one.opened + timedelta(hours=n))
        return replace(one, runs=(run,))

    ten = table(report(source(*map(replied, range(1, 11))), FIRST, public=False), "Timeliness")[0]
    nine = table(report(source(*map(replied, range(1, 10))), FIRST, public=False), "Timeliness")[0]
    assert (ten["Median hours to a reply"], ten["90th percentile"]) == (6, 9)
    assert (nine["Median hours to a reply"], nine["90th percentile"]) == ("", "")


def test_quarter_by_quarter_a_share_is_given_of_ten_and_more() -> None:
    """Eight quarters, the reported one last; its numbers stand beside it."""
    answered = [replace(c, runs=(replace(c.runs[0], responded=c.runs[0].entered),)) for c in map(case, range(10))]
    rows = table(report(source(*answered), FIRST, public=False), "Answered in time, quarter by quarter")
    assert [r["Quarter"] for r in rows][::7] == ["2025Q2", "2027Q1"]
    assert [(r["First stages over"], r["In time"], r["Per cent"]) for r in rows][-1] == (10, 10, 100)
    assert rows[0]["Per cent"] == ""
