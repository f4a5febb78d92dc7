"""A report as it is handed out: sentences, tables, charts and method, as a page, a PDF, a workbook and CSV.

The page holds all of itself: no script, no font and no picture comes from elsewhere. The PDF is laid out by report.typ
and declares PDF/UA. The same values give the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import NamedTuple

import jinja2

from bot.letters.wording import clean
from bot.records import register
from bot.records.pdf import pdf
from bot.records.register import Sheet
from bot.records.report.charts import charts
from bot.records.report.periods import Quarter
from bot.records.report.published import published
from bot.records.report.source import Source
from bot.records.report.tables import tables
from bot.records.report.words import as_sheets, method, ordered, published_sentences, sentences
from bot.rules import workdays
from bot.rules.workdays import Calendar

HTML, PDF, CSV = "text/html", "application/pdf", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class File(NamedTuple):
    """A file to hand out."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """`to`: whom the edition is for, "" for nobody in particular."""

    title: str
    partnership: str
    to: str
    edition: str
    sentences: tuple[str, ...]
    sheets: tuple[Sheet, ...]
    method: tuple[tuple[str, str], ...]
    made: datetime
    calendar: Calendar

    @property
    def pages(self) -> tuple[Sheet, ...]:
        """All of it as tables."""
        first, last = as_sheets(self.sentences, self.method)
        return (first, *self.sheets, last)

    def files(self, stem: str) -> tuple[File, ...]:
        """Page, PDF, workbook and CSV."""
        return (
            File(f"{stem}.html", HTML, self.html()),
            File(f"{stem}.pdf", PDF, self.pdf()),
            File(f"{stem}.xlsx", XLSX, register.as_xlsx(self.pages, self.calendar)),
            File(f"{stem}.csv", CSV, register.as_csv(self.pages, self.calendar)),
        )

    def html(self) -> bytes:
        shapes = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
        layout = shapes.from_string(_layout("report.html.j2").decode())
        return (layout.render(self._values()) + "\n").encode()

    def pdf(self) -> bytes:
        """Raises typst.TypstError if it cannot be laid out."""
        inputs = {"report": json.dumps(self._values(), sort_keys=True)}
        return pdf(_layout("report.typ"), inputs, self.made)

    def _values(self) -> dict[str, object]:
        drawn = {chart.of: {"svg": chart.svg, "alt": chart.alt} for chart in charts(self.sheets)}
        return {
            "title": self.title,
            "partnership": clean(self.partnership),
            "to": clean(self.to),
            "edition": self.edition,
            "sentences": list(self.sentences),
            "tables": [
                {
                    "title": sheet.title,
                    "headings": [clean(heading) for heading in sheet.headings],
                    "rows": [[clean(self._shown(value)) for value in row] for row in sheet.rows],
                    "chart": drawn.get(sheet.title),
                }
                for sheet in self.sheets
            ],
            "method": [list(row) for row in self.method],
            "made": workdays.say(self.made, self.calendar),
        }

    def _shown(self, value: register.Value) -> str:
        if isinstance(value, datetime):
            return workdays.say(value, self.calendar)
        return "" if value is None else str(value)


def _layout(name: str) -> bytes:
    return files("bot.records.report").joinpath(name).read_bytes()


def report(source: Source, quarter: Quarter, *, public: bool) -> tuple[Sheet, ...]:
    """Its tables in their order: the working copy, or the edition that may be published."""
    return published(source, quarter) if public else tables(source, quarter)


def made(source: Source, quarter: Quarter, *, public: bool) -> Report:
    """The report of these months, in the edition that the policy asks for."""
    sheets = report(source, quarter, public=public)
    said = published_sentences(sheets, quarter) if public else sentences(source, quarter)
    return Report(
        f"Professional challenges, {quarter.words}",
        source.partnership,
        source.edition.to if source.edition else "",
        "For publication" if public else "Working copy, not for publication",
        ordered(said, source.edition.first if source.edition else ()),
        sheets,
        method(public=public),
        source.now,
        source.calendar,
    )
