"""The public edition: counts that no sum, difference or comparison of what is shown makes smaller than five.

It speaks only of challenges received in its period, and has one table for each kind of fact: who challenges whom, and
how it was answered and how far it went. Its rows share nothing, so that none can be taken from another. What is small
stands with the smallest that is not, and with all that is as large, as one row of five or more; who knows this rule,
and which rows there can be, cannot tell either which of them is the small one, since only counts decide and each of
them may have been any of these. tests/unit/test_published.py tries every small world. No school is named, nor an agency
of which the directory does not say what it is. A sum of quarters, be it of a year or of the year so far, stands only
where each quarter in it may stand, for the quarters may have been published; and where that of a year does not, there
are no tables that add up to it. It does not know what else other reports show: the method says it to who publishes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from bot.model import Case
from bot.records import plain
from bot.records.register import Sheet, Value
from bot.records.report.periods import Quarter
from bot.records.report.source import Source

SMALL = 5
HIDDEN = "not published"
OTHERS = "Other agencies"
#: Sectors whose agencies are small and many: they stand as one.
AS_ONE = {
    "school": "Schools",
    "college": "Colleges",
    "early_years": "Early years settings",
    "general_practice": "General practices",
}
IN_TIME, LATE, NONE, NOT_OVER = "In time", "Late", "No reply in time", "Not over, or ended before its time"
BEGAN, LATER, PARTNERSHIP = "The stage it began at", "A later stage of the agencies", "A stage of the partnership"

Row = tuple[str, str]
REST: Row = ("All others", "")
COURSE = "Answer at the first stage, and stage reached"


def published(source: Source, quarter: Quarter) -> tuple[Sheet, ...]:
    """The tables of a public edition. Of no challenges, or where their number is hidden, there is only the first."""
    cases = source.received(quarter)
    received = _received(source, quarter)
    if not cases or not all(map(may_stand, _each(source, quarter.parts))):
        return (received,)
    pairs = together(Counter((_named(source, c.raiser.agency), _named(source, c.responder_agency)) for c in cases))
    courses = together(Counter((_answered(c), _reached(source, c)) for c in cases))
    return (
        received,
        _sheet("Who challenges whom", ("Raised by", "Challenged"), pairs),
        _sheet(COURSE, ("Answer", "Furthest"), courses),
    )


def _sheet(title: str, what: tuple[str, str], counts: Mapping[Row, int]) -> Sheet:
    """The largest first, what stands together last."""
    ordered = sorted(counts.items(), key=lambda one: (one[0] == REST, -one[1], one[0]))
    return Sheet(title, (*what, "Challenges"), tuple((*row, count) for row, count in ordered))


def may_stand(count: int) -> bool:
    return count == 0 or count >= SMALL


def periods(*each: Sequence[int]) -> tuple[Value, ...]:
    """For each period, by the counts of its quarters: their sum, where each of them may stand."""
    return tuple(sum(quarters) if all(map(may_stand, quarters)) else HIDDEN for quarters in each)


def together(counts: Mapping[Row, int]) -> Mapping[Row, int]:
    """The counts, the small ones (and what is none) in one row with the smallest of the others and its equals. Of fewer
    than five in all nothing may be said, and this is not for them."""
    if all(map(may_stand, counts.values())):
        return {row: n for row, n in counts.items() if n}
    least = min((n for n in counts.values() if n >= SMALL), default=0)
    alone = {row: n for row, n in counts.items() if least and n > least}
    return alone | {REST: sum(counts.values()) - sum(alone.values())}


def _received(source: Source, quarter: Quarter) -> Sheet:
    before = quarter.year_before
    to_date = {f"{quarter.year} to date": quarter.to_date} if quarter.n else {}
    spans = {str(quarter): quarter.parts} | to_date | {str(before): before.parts}
    values = periods(*(_each(source, span) for span in spans.values()))
    return Sheet("Headline", ("Figure", *spans), (("Challenges received", *values),))


def _each(source: Source, quarters: Sequence[Quarter]) -> list[int]:
    return [len(source.received(one)) for one in quarters]


def _named(source: Source, agency: str) -> str:
    """As what an agency stands: by its name only where the directory says what kind of agency it is."""
    sector = source.sectors.get(agency, "")
    return AS_ONE.get(sector, agency) if sector else OTHERS


def _answered(case: Case) -> str:
    said = plain.in_time(case.runs[0]) if case.runs else ""
    return {"in time": IN_TIME, "late": LATE, "no reply in time": NONE}.get(said, NOT_OVER)


def _reached(source: Source, case: Case) -> str:
    if source.is_at_partnership(case):
        return PARTNERSHIP
    return LATER if len({run.stage for run in plain.told(case)}) > 1 else BEGAN
