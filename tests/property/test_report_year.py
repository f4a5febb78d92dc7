"""The figures of a report are those of the journal: counted here from its events alone, by code that knows no report.

YEAR=500 counts that many cases (`make year`); 60 else.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from bot.records.report.made import report
from bot.records.report.periods import Quarter
from bot.records.report.source import Source
from bot.rules.workdays import calendar
from tests.property.year import Lived, year
from tests.unit.case_samples import shipped

COUNT = int(os.environ.get("YEAR", "60"))
UNTIL = datetime(2028, 1, 3, 9, tzinfo=UTC)
CONFIG = Path(__file__).parents[2] / "config/policies"
FILES = {path.stem: YAML(typ="safe").load(path.read_text("utf-8")) for path in CONFIG.glob("*.yaml")}
TITLES = {name: file["title"] for name, file in FILES.items()}
NAMES = {
    name: {
        s["id"]: s["name"]
        for one in (FILES.get(file.get("parent"), {}), file)
        for s in one.get("stages", ())
        if "name" in s
    }
    for name, file in FILES.items()
}
#: The partnership's own stage, where the document has one.
THEIRS = {
    "cheshire-east": "step-3", "pan-cheshire": "step-3", "sandwell": "stage-4", "cumberland": "stage-three",
}  # fmt: skip
#: Of whom each address is, as the sample directory has it.
AGENCIES = {
    "mo.reid@health.example": "Cheshire Health", "fay.marsh@csc.example": "CSC",
    "nia.bowen@health.example": "Cheshire Health", "tess.byrne@wacsc.example": "Warrington CSC",
    "sam.cole@oak.example": "Oak Primary", "jo.ford@sct.example": "SCT",
    "adam.voss@health.example": "Salford Health", "beth.lowe@sacsc.example": "Salford CSC",
    "ken.relph@health.example": "Cumbria Health", "ivy.nixon@cucsc.example": "Cumberland CSC",
}  # fmt: skip

SECTORS = dict.fromkeys(AGENCIES.values(), "hospital") | {"Oak Primary": "school"}


def day(at: datetime) -> date:
    return at.astimezone(ZoneInfo("Europe/London")).date()


class Told:
    """What the journal of one case tells, event by event."""

    def __init__(self, lived: Lived) -> None:
        self.received = day(lived.journal[0][0])
        self.pair = (AGENCIES[lived.raiser], AGENCIES[lived.responder])
        self.stages = [lived.journal[0][1].stage]
        self.ended, self.closed = "", None
        self.first, self.has_left = "", False  # what came of the first stage
        for at, event in lived.journal:
            kind = event.kind.value
            if kind == "stage_entered":
                self.stages.append(event.stage)
                self.has_left = True
            if kind == "closed":
                self.ended, self.closed = event.note, day(at)
            if kind == "reopened":
                self.ended, self.closed = "", None
            if kind in ENDS and not self.first and not self.has_left:
                self.first = ENDS[kind]
        self.is_at_partnership = THEIRS.get(lived.policy) in self.stages
        self.last = f"{TITLES[lived.policy]}: {NAMES[lived.policy][self.stages[-1]]}"


ENDS = {"responded": "in time", "reported": "in time", "lapsed": "none", "closed": "in time"}

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def lives() -> list[Lived]:
    return list(year(COUNT, 1, UNTIL))


@pytest.fixture(scope="module")
def source(lives: list[Lived]) -> Source:
    cases = [lived.case for lived in lives if lived.case is not None]
    return Source(cases, shipped().policies, sorted(set(AGENCIES.values())), calendar(), UNTIL, SECTORS)


PERIODS = [Quarter(2027, n) for n in range(5)]


def within(quarter: Quarter, at: date | None) -> bool:
    months = range(3 * quarter.n - 2, 3 * quarter.n + 1) if quarter.n else range(1, 13)
    return at is not None and at.year == quarter.year and at.month in months


def share(part: int, whole: int) -> str:
    """Of ten or more in hundredths, of fewer as it is."""
    said = f"{part}" if whole < 10 else f"{round(100 * part / whole)}%"
    return f"{said} of {whole}" if whole else ""


@pytest.mark.parametrize("quarter", PERIODS, ids=str)
def test_the_figures_are_those_of_the_journal(quarter: Quarter, lives: list[Lived], source: Source) -> None:
    """Received, closed, who challenged whom, how far it went and how it stands, and who reached the partnership."""
    told = [Told(lived) for lived in lives]
    sheets = {sheet.title: sheet for sheet in report(source, quarter, public=False)}
    own = [one for one in told if within(quarter, one.received)]
    figures = {row[0]: row[1] for row in sheets["Headline"].rows}
    assert figures["Challenges received"] == len(own)
    assert figures["Challenges closed"] == sum(within(quarter, one.closed) for one in told)
    reached = sum(one.is_at_partnership for one in own)
    assert figures["Reached the partnership"] == share(reached, len(own))

    who, across = sheets["Who challenges whom"], sheets["Who challenges whom"].headings[1:-1]
    pairs = Counter({(r[0], name): n for r in who.rows[:-1] for name, n in zip(across, r[1:-1], strict=True) if n})
    assert pairs == Counter(one.pair for one in own)
    assert who.rows[-1][-1] == len(own)

    stands: Counter[tuple[str, str]] = Counter()
    for row in sheets["Stage reached"].rows:
        for end, n in zip(("resolved", "decided", "withdrawn", ""), row[1:], strict=True):
            stands[str(row[0]), end] += n
    assert +stands == Counter((one.last, one.ended) for one in own)


@pytest.mark.parametrize("quarter", PERIODS, ids=str)
def test_what_was_answered_in_time_is_what_the_journal_says(
    quarter: Quarter, lives: list[Lived], source: Source
) -> None:
    """A reply or an agreed end before the first stage lapsed."""
    told = [Told(lived) for lived in lives]
    figures = {row[0]: row[1] for row in report(source, quarter, public=False)[0].rows}
    over = [one.first for one in told if within(quarter, one.received) and one.first]
    met = over.count("in time")
    assert figures["Answered in the requested time"] == share(met, len(over))


@pytest.mark.parametrize("quarter", PERIODS, ids=str)
def test_what_is_published_is_what_the_journal_says(quarter: Quarter, lives: list[Lived], source: Source) -> None:
    """Each row that stands by itself, schools as one; and the whole, of a year where each of its quarters may stand."""
    own = [told for told in map(Told, lives) if within(quarter, told.received)]
    pairs = Counter(tuple("Schools" if name == "Oak Primary" else name for name in one.pair) for one in own)
    first, *others = report(source, quarter, public=True)
    each = Counter((told.received.month - 1) // 3 for told in own if told.received)
    assert first.rows[0][1] == (len(own) if min(each.values(), default=5) >= 5 else "not published")
    assert len(others) == (2 if own and first.rows[0][1] != "not published" else 0)
    assert all(sum(row[2] for row in sheet.rows) == len(own) for sheet in others)
    alone = {row[:2]: row[2] for sheet in others[:1] for row in sheet.rows if row[0] != "All others"}
    assert alone == {pair: pairs[pair] for pair in alone}
