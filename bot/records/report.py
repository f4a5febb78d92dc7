"""The quarterly report: figures out of cases, as tables with their definitions. All figures count cases.

Values in, tables out (register.Sheet). A public edition shows no count between 1 and 4, no ref and no team; a share is
given of ten cases or more. A rise is no fault: nothing here is coloured or judged, and what changed is the reader's to
say. It knows nothing of themes or of a child: these are for a person to add. It reads no database and no clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

import re2

from bot.model import Case, ClosedAs, Side, StageRun
from bot.model.flags import OF_WRITING
from bot.records import plain
from bot.records.register import Sheet, Value, learning, parties
from bot.rules.policy.policy import Policy
from bot.rules.workdays import Calendar

SMALL = 5
FEW = 10
_NTH = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "last": 4}
_SPANS = (
    re2.compile(r"(?P<year>20\d\d)[ -]*q(?P<n>[1-4])"),
    re2.compile(r"q(?P<n>[1-4])[ ,-]*(?:of )?(?P<year>20\d\d)"),
    re2.compile(rf"(?P<nth>{'|'.join(_NTH)}) quarter,? ?(?:of )?(?P<year>20\d\d)"),
    re2.compile(r"(?:year )?(?P<year>20\d\d)"),
)
NO_CHALLENGE = (ClosedAs.DUPLICATE, ClosedAs.NOT_A_CHALLENGE)


@dataclass(frozen=True, slots=True)
class Quarter:
    """Three months of the calendar year, in the office's days; `n` 0: the whole year."""

    year: int
    n: int

    @classmethod
    def parse(cls, words: str) -> Quarter:
        """ "2026Q4", "Q4 2026", "fourth quarter of 2026"; "2026" is the year. Raises ValueError with what to write."""
        said = " ".join(words.casefold().split())
        for pattern in _SPANS:
            if found := pattern.fullmatch(said):
                named = found.groupdict()
                return cls(int(named["year"]), int(named.get("n") or _NTH.get(named.get("nth", ""), 0)))
        raise ValueError(f'"{words}" is no quarter: write it as 2026Q4')

    @classmethod
    def before(cls, day: date) -> Quarter:
        """The last one that was over on that day."""
        n = (day.month - 1) // 3
        return cls(day.year, n) if n else cls(day.year - 1, 4)

    def __str__(self) -> str:
        return f"{self.year}Q{self.n}" if self.n else str(self.year)

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.n - 2 if self.n else 1, 1)

    @property
    def last(self) -> date:
        return (
            (self.first + timedelta(days=93)).replace(day=1) - timedelta(days=1) if self.n else date(self.year, 12, 31)
        )

    @property
    def year_before(self) -> Quarter:
        """The same months a year earlier."""
        return Quarter(self.year - 1, self.n)


@dataclass(frozen=True, slots=True)
class Source:
    """What a report is made of. `agencies`: all that the directory knows, for those that nobody named."""

    cases: Sequence[Case]
    policies: Mapping[str, Policy]
    agencies: Sequence[str]
    calendar: Calendar
    now: datetime

    def day(self, at: datetime) -> date:
        return at.astimezone(self.calendar.zone).date()

    def opened(self, start: date, end: date) -> list[Case]:
        """Challenges received in these days, the last one included; what turned out to be none is left out."""
        return [c for c in self.cases if start <= self.day(c.opened) <= end and c.closed_as not in NO_CHALLENGE]

    def closed(self, start: date, end: date) -> list[Case]:
        kept = (c for c in self.cases if c.closed and c.closed_as not in NO_CHALLENGE)
        return [c for c in kept if c.closed and start <= self.day(c.closed) <= end]

    def stage(self, case: Case, stage: str) -> str:
        policy = self.policies[case.policy]
        return f"{policy.title}: {next((s.name for s in policy.stages if s.id == stage), stage)}"


def report(source: Source, quarter: Quarter, *, public: bool) -> tuple[Sheet, ...]:
    """The tables in their order."""
    cases = source.opened(quarter.first, quarter.last)
    tables = [
        _headline(source, quarter),
        _who(cases),
        _reached(source, cases),
        _timeliness(source, cases),
        _silence(source, cases),
        _quality(cases),
    ]
    if public:
        return tuple(_suppressed(table) for table in tables)
    today = source.day(source.now)
    asked = learning([c for c in source.cases if c.closed], source.policies, today)
    return (*tables, _open(source), Sheet("Learning by its day", asked.headings, asked.rows))


# --- the tables -------------------------------------------------------------------------------------------------------


def _headline(source: Source, quarter: Quarter) -> Sheet:
    before = quarter.year_before
    to_date = ((f"{quarter.year} to date", (date(quarter.year, 1, 1), quarter.last)),) if quarter.n else ()
    columns = (
        (str(quarter), (quarter.first, quarter.last)), *to_date, (str(before), (before.first, before.last))
    )  # fmt: skip
    spans = tuple(span for _, span in columns)
    headings = ("Figure", *(name for name, _ in columns), "What is counted")
    rows = tuple(
        (name, *(figure(source, *span) for span in spans), definition) for name, definition, figure in _FIGURES
    )
    return Sheet("Headline", headings, rows)


def _share(part: int, whole: int) -> Value:
    """A percentage of ten or more, else the count of how many."""
    return f"{round(100 * part / whole)}% of {whole}" if whole >= FEW else f"{part} of {whole}" if whole else ""


def _in_time(source: Source, start: date, end: date) -> Value:
    """Of the first stages that are over, less those that somebody ended before anybody had to answer."""
    how = [plain.in_time(c.runs[0]) for c in source.opened(start, end) if c.runs]
    over = [one for one in how if one not in ("running", plain.CUT_SHORT, plain.WATCHED)]
    return _share(over.count("in time"), len(over))


def _partnership(source: Source, start: date, end: date) -> Value:
    cases = source.opened(start, end)
    reached = [
        c
        for c in cases
        if any(
            s.level == "partnership" and s.id in {r.stage for r in plain.told(c)}
            for s in source.policies[c.policy].stages
        )
    ]
    return _share(len(reached), len(cases))


def _written(source: Source, start: date, end: date) -> Value:
    ended = [c for c in source.closed(start, end) if c.closed_as in (ClosedAs.RESOLVED, ClosedAs.DECIDED)]
    return _share(sum(bool(c.outcome) for c in ended), len(ended))


def _filed(source: Source, start: date, end: date) -> Value:
    ended = [c for c in source.closed(start, end) if any(t.id == "child_file" for t in c.tasks)]
    asked = [t for c in ended for t in c.tasks if t.id == "child_file"]
    both = [t for t in asked if t.said_by(Side.RAISING) and t.said_by(Side.RESPONDING)]
    return _share(len(both), len(ended))


def _lowest(source: Source, start: date, end: date) -> Value:
    ended = [c for c in source.closed(start, end) if c.closed_as is ClosedAs.RESOLVED]
    stages = [{r.stage for r in plain.told(c)} for c in ended]
    return _share(sum(len(one) == 1 for one in stages), sum(bool(one) for one in stages))


Figure = Callable[[Source, date, date], Value]
_FIGURES: tuple[tuple[str, str, Figure], ...] = (
    ("Challenges received", "by the day of receipt", lambda s, a, b: len(s.opened(a, b))),
    ("Challenges closed", "by the day of closing, in whatever way", lambda s, a, b: len(s.closed(a, b))),
    ("Answered in the requested time", "a reply, or an agreed end, before the first stage was over", _in_time),
    ("Reached the partnership", "of those received", _partnership),
    ("Resolved at the stage they began at", "of those closed as resolved", _lowest),
    ("Outcome in writing", "of those closed as resolved or decided", _written),
    ("On the person's own record, both sides", "confirmed by both, of those that were asked", _filed),
)


def _who(cases: Sequence[Case]) -> Sheet:
    """Raising agency by challenged agency, with totals."""
    pairs = Counter((c.raiser.agency or "not known", c.responder_agency or "not known") for c in cases)
    across = sorted({challenged for _, challenged in pairs})
    rows: list[tuple[Value, ...]] = []
    for raising in sorted({one for one, _ in pairs}):
        counts = [pairs[raising, challenged] for challenged in across]
        rows.append((raising, *counts, sum(counts)))
    rows.append(("All", *(sum(pairs[r, c] for r in {one for one, _ in pairs}) for c in across), len(cases)))
    return Sheet("Who challenges whom", ("Raised by", *across, "All"), tuple(rows))


def _reached(source: Source, cases: Sequence[Case]) -> Sheet:
    """The last stage of each challenge, and how it stands now."""
    ends = ("resolved", "decided", "withdrawn", "open")
    found = Counter((source.stage(c, c.stage), c.closed_as.value if c.closed_as else "open") for c in cases)
    stages = list(dict.fromkeys(stage for stage, _ in found))
    rows: list[tuple[Value, ...]] = [(stage, *(found[stage, end] for end in ends)) for stage in sorted(stages)]
    return Sheet("Stage reached", ("Stage", *(end.capitalize() for end in ends)), tuple(rows))


def _timeliness(source: Source, cases: Sequence[Case]) -> Sheet:
    """For each stage and time: how many, in time, late, none, cut short; the median hours to the reply."""
    runs: dict[tuple[str, str], list[StageRun]] = {}
    for case in cases:
        for run in plain.told(case):
            runs.setdefault((source.stage(case, run.stage), str(run.window or "")), []).append(run)
    rows: list[tuple[Value, ...]] = []
    for (stage, window), these in sorted(runs.items()):
        how = Counter(plain.in_time(run) for run in these)
        hours = [(r.responded - (r.began or r.entered)) / timedelta(hours=1) for r in these if r.responded]
        middle: Value = round(median(hours)) if len(hours) >= SMALL else ""
        rows.append(
            (
                stage,
                window,
                len(these),
                how["in time"],
                how["late"],
                how["no reply in time"],
                how[plain.CUT_SHORT],
                middle,
            )
        )
    results = ("Runs", "In time", "Late", "No reply in time", "Ended before its time")
    headings = ("Stage", "Time", *results, "Median hours to a reply")
    return Sheet("Timeliness", headings, tuple(rows))


def _silence(source: Source, cases: Sequence[Case]) -> Sheet:
    """Agencies of the directory that raised none, and those that were asked none."""
    raised, asked = {c.raiser.agency for c in cases}, {c.responder_agency for c in cases}
    names = sorted({*source.agencies, *parties(cases)})
    rows = tuple(
        (name, "" if name in raised else "none raised", "" if name in asked else "none received")
        for name in names
        if name not in raised or name not in asked
    )
    return Sheet("Silence", ("Agency", "Raised", "Received"), rows)


def _quality(cases: Sequence[Case]) -> Sheet:
    """How challenges were written and handled, by the flags their cases bear."""
    found = Counter(one.flag for case in cases for one in case.flags)
    rows: list[tuple[Value, ...]] = [(flag.words, found[flag]) for flag in OF_WRITING if found[flag]]
    again = sum(any(a.stage == b.stage for a, b in pairwise(plain.told(c))) for c in cases)
    return Sheet("Quality", ("What", "Cases"), (*rows, ("entered a stage again", again)))


def _open(source: Source) -> Sheet:
    """What is open now: no names."""
    rows = tuple(
        (c.ref, c.raiser.agency, c.responder_agency, c.team, source.stage(c, c.stage), c.opened, c.due)
        for c in source.cases
        if c.is_open
    )
    headings = ("Ref", "Raised by", "Challenged", "Team", "Stage", "Received", "Next due")
    return Sheet("Open now", headings, rows)


def _suppressed(sheet: Sheet) -> Sheet:
    """No number from 1 to 4, and no total that would give one away."""
    rows = tuple(tuple(_hidden(value) for value in row) for row in sheet.rows)
    hides = any(value == f"under {SMALL}" for row in rows for value in row)
    if hides and sheet.rows and sheet.rows[-1][0] == "All":
        rows = tuple(row[:-1] for row in rows[:-1])
        return Sheet(sheet.title, sheet.headings[:-1], rows, sheet.above)
    return Sheet(sheet.title, sheet.headings, rows, sheet.above)


def _hidden(value: Value) -> Value:
    if isinstance(value, int):
        return f"under {SMALL}" if 0 < value < SMALL else value
    if isinstance(value, str) and (found := _OF.fullmatch(value)) is not None:
        return "too few to say" if int(found.group(1)) < FEW else value
    return value


_OF = re2.compile(r"\d+ of (\d+)")
