"""The report as it is handed out: its sentences, page, PDF, charts and editions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pypdf
import pytest
from lxml import etree, html
from openpyxl import load_workbook

from bot.model import Case, ClosedAs, State
from bot.records.report.made import Report, made
from bot.records.report.periods import Quarter
from bot.records.report.source import Source
from tests.unit.case_samples import shipped
from tests.unit.test_report import FIRST, NOW, SECTORS, case, source


def answered(n: int, **changes: Any) -> Case:
    one = case(n, **changes)
    return replace(one, runs=(replace(one.runs[0], responded=one.runs[0].entered),))


def dozen() -> Source:
    """Nine that were answered in time, and three that nobody answered; one of those is resolved and written down."""
    late = [replace(c, runs=(replace(c.runs[0], ended=c.opened + timedelta(days=9)),)) for c in map(case, range(9, 12))]
    late[0] = replace(late[0], state=State.CLOSED, closed_as=ClosedAs.RESOLVED, closed=NOW - timedelta(3), outcome="ab")
    return replace(source(*map(answered, range(9)), *late), sectors=SECTORS)


def full(**changes: Any) -> Report:
    return made(replace(dozen(), **changes), FIRST, public=False)


def test_the_headline_is_sentences() -> None:
    """Of what was received, answered, reached, closed, written down, and is open."""
    assert full().sentences == (
        "12 challenges were received in the first quarter of 2027; 0 in the first quarter of 2026.",
        "9 were answered in the time asked for, of 12 whose first stage is over.",
        "0 of 12 reached a stage of the partnership.",
        "1 challenge was closed in the first quarter of 2027.",
        "1 of 1 resolved or decided has the outcome in writing.",
        "11 challenges are open now, the oldest since 2 March 2027; 11 are past the time given.",
    )


def test_the_published_headline_says_no_more_than_its_tables() -> None:
    """Who were not answered are too few beside those who were; below five not even the number is said."""
    public = made(dozen(), FIRST, public=True)
    assert public.sentences == ("12 challenges were received in the first quarter of 2027.",)
    few = made(source(case(1)), FIRST, public=True)
    assert few.sentences == (
        "Fewer than 5 challenges were received in the first quarter of 2027: no more is published.",
    )
    year = made(source(*map(case, range(5)), case(9, opened_at=NOW + timedelta(91))), Quarter(2027, 0), public=True)
    assert year.sentences == (
        "No figures of the year 2027 are published: at least one of its quarters had fewer than 5 challenges, and they "
        "could give it away.",
    )
    assert [sheet.title for sheet in year.sheets] == ["Headline"]
    many = made(replace(source(*map(answered, range(9))), sectors=SECTORS), FIRST, public=True)
    assert many.sentences[1:] == ("9 were answered in the time asked for.",)


@pytest.mark.parametrize(
    ("policy", "to", "first"),
    [("salford", "the Executive", ("received", "reached", "open")),
     ("cumberland", "the Partnership", ("received", "outcome", "closed"))],
)  # fmt: skip
def test_an_edition_is_addressed_and_says_first_what_it_is_for(policy: str, to: str, first: tuple[str, ...]) -> None:
    """Salford's to the Executive, Cumberland's to the Partnership, as their policies say."""
    edition = shipped().policies[policy].report
    assert edition is not None
    assert (edition.to, edition.first) == (to, first)
    told = full(edition=edition, partnership="The Partnership of Somewhere")
    assert f"Report to {to}. The Partnership of Somewhere." in told.html().decode()
    begins = {"received": "12 challenges were received", "reached": "0 of 12 reached", "open": "11 challenges are open",
              "outcome": "1 of 1 resolved", "closed": "1 challenge was closed"}  # fmt: skip
    assert [said[: len(begins[key])] for said, key in zip(told.sentences, first, strict=False)] == [
        begins[key] for key in first
    ]
    assert sorted(told.sentences) == sorted(full().sentences)


def test_the_page_is_whole_by_itself() -> None:
    """One main landmark, a title and a language, a heading for each table; no script, and nothing fetched."""
    page = html.document_fromstring(full().html())
    assert page.get("lang") == "en-GB"
    assert len(page.findall(".//main")) == len(page.findall(".//h1")) == 1
    assert not page.findall(".//script")
    assert not [one for one in page.iter() for name in ("src", "href", "action") if one.get(name)]
    assert "url(" not in full().html().decode()
    headings = {one.get("id") for one in page.findall(".//h2")}
    assert all(table.get("aria-labelledby") in headings for table in page.findall(".//table"))


def test_each_chart_has_words_and_its_numbers_beside_it() -> None:
    """What a chart shows stands in its alternative text and in the table under it, of ten and more only."""
    page = html.document_fromstring(full().html())
    drawn = page.findall(".//section/div/svg")
    assert [one.get("aria-label") for one in drawn] == [
        "Bar chart, Who challenges whom: Cheshire Health 12.",
        "Bar chart, Stage reached: Professional Challenge and Escalation: Frontline manager response 12.",
    ]
    assert all(one.get("role") == "img" and one.getparent().getparent().find(".//table") is not None for one in drawn)
    nine = made(source(*map(answered, range(9))), FIRST, public=False)
    assert "<svg" not in nine.html().decode()


def test_a_line_is_drawn_between_quarters_of_ten_and_more() -> None:
    """And says them in words."""
    year_ago = [answered(n, opened_at=NOW - timedelta(days=365)) for n in range(20, 30)]
    told = made(source(*dozen().cases, *year_ago), FIRST, public=False).html().decode()
    assert "Line chart, Answered in time, quarter by quarter, per cent: 2026Q1 100; 2027Q1 75." in told


def tags(node: Any, parent: str = "") -> Iterator[tuple[str, str, str]]:
    """Each tag of a PDF with the one above it and its alternative text."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for one in node:
            yield from tags(one, parent)
    elif isinstance(node, dict):
        name = str(node.get("/S", ""))
        if name:
            yield name, parent, str(node.get("/Alt", ""))
        yield from tags(node.get("/K", []), name or parent)


def test_the_pdf_declares_pdf_ua_and_its_tags_say_what_is_what() -> None:
    """Title, language, headings, header cells of each table, and words for each chart."""
    pdf = pypdf.PdfReader(BytesIO(full().pdf()))
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and str(root["/Lang"]) == "en-GB"
    assert b"pdfuaid:part" in root["/Metadata"].get_object().get_data()
    assert pdf.metadata is not None and pdf.metadata.title == "Professional challenges, the first quarter of 2027"
    found = list(tags(root["/StructTreeRoot"]))
    names = [name for name, _, _ in found]
    assert names.count("/H1") == 1
    assert names.count("/H2") == len(full().sheets) + 1
    assert names.count("/Table") == names.count("/THead") == sum(bool(sheet.rows) for sheet in full().sheets)
    assert {above for name, above, _ in found if name == "/TH"} == {"/TR"}
    assert [alt.partition(":")[0] for name, _, alt in found if name == "/Figure"] == [
        "Bar chart, Who challenges whom", "Bar chart, Stage reached",
    ]  # fmt: skip


def test_the_same_cases_give_the_same_bytes_and_all_forms_the_same_sentences() -> None:
    """Page, PDF, workbook and CSV, under one name."""
    first, again = full().files("report-2027Q1"), full().files("report-2027Q1")
    assert first == again
    assert [file.name for file in first] == [f"report-2027Q1.{end}" for end in ("html", "pdf", "xlsx", "csv")]
    book = load_workbook(BytesIO(first[2].content))
    words = "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(first[1].content)).pages).split()
    for sentence in full().sentences:
        assert sentence in first[0].content.decode()
        assert sentence in first[3].content.decode().replace('"', "")
        assert sentence in [row[0].value for row in book.worksheets[0].iter_rows()]
        assert " ".join(sentence.split()) in " ".join(words)


def test_no_person_is_named() -> None:
    """Neither in the working copy nor in what is published."""
    people = {c.name for one in dozen().cases for _, _, c in one.people} | {c.raiser.name for c in dozen().cases}
    assert people - {""}
    for public in (False, True):
        said = etree.tostring(html.document_fromstring(made(dozen(), FIRST, public=public).html())).decode()
        assert not [name for name in people - {""} if name in said]
