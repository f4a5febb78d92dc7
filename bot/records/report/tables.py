"""The tables of the working copy: figures out of cases, with refs and small numbers. All figures count cases.

Values in, tables out (register.Sheet). A share, a median and a 90th percentile are given of ten or more only. A rise is
no fault: nothing here is coloured or judged, and what changed is the reader's to say. Themes and what changed are
as people said them, never inferred. The public edition is published.py's. It reads no database and no clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median, quantiles

from bot.model import Case, ClosedAs, Side, StageRun
from bot.model.flags import OF_WRITING
from bot.records import plain
from bot.records.register import Sheet, Value, learning, parties
from bot.records.report.periods import Quarter
from bot.records.report.source import Source
from bot.rules.policy.follow_up import IMPACTS

FEW = 10
UNSAID = "nobody said"


def tables(source: Source, quarter: Quarter) -> tuple[Sheet, ...]:
    """The tables in their order."""
    cases = source.opened(quarter.first, quarter.last)
    made = [
        _headline(source, quarter),
        _who(cases),
        _reached(source, cases),
        _timeliness(source, cases),
        _run(source, quarter),
        _silence(source, cases),
        _quality(cases),
        _themes(cases),
        _impact(cases),
    ]
    today = source.day(source.now)
    asked = learning([c for c in source.cases if c.closed], source.policies, today)
    return (*made, _open(source), Sheet("Learning by its day", asked.headings, asked.rows))


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


def in_time(cases: Sequence[Case]) -> tuple[int, int]:
    """How many were answered in time, of how many first stages that are over, less those that somebody ended before
    anybody had to answer."""
    how = [plain.in_time(c.runs[0]) for c in cases if c.runs]
    over = [one for one in how if one not in ("running", plain.CUT_SHORT, plain.WATCHED)]
    return over.count("in time"), len(over)


def _in_time(source: Source, start: date, end: date) -> Value:
    return _share(*in_time(source.opened(start, end)))


def _partnership(source: Source, start: date, end: date) -> Value:
    cases = source.opened(start, end)
    reached = [c for c in cases if source.is_at_partnership(c)]
    return _share(len(reached), len(cases))


def _written(source: Source, start: date, end: date) -> Value:
    ended = _ended(source.closed(start, end))
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
    """For each stage and time: how many, in time, late, none, cut short; the hours to the reply."""
    runs: dict[tuple[str, str], list[StageRun]] = {}
    for case in cases:
        for run in plain.told(case):
            runs.setdefault((source.stage(case, run.stage), str(run.window or "")), []).append(run)
    rows: list[tuple[Value, ...]] = []
    for (stage, window), these in sorted(runs.items()):
        how = Counter(plain.in_time(run) for run in these)
        counts = (how["in time"], how["late"], how["no reply in time"], how[plain.CUT_SHORT])
        rows.append((stage, window, len(these), *counts, *_hours(these)))
    results = ("Runs", "In time", "Late", "No reply in time", "Ended before its time")
    headings = ("Stage", "Time", *results, "Median hours to a reply", "90th percentile")
    return Sheet("Timeliness", headings, tuple(rows))


def _hours(runs: Sequence[StageRun]) -> tuple[Value, Value]:
    """Median and 90th percentile of the hours to the reply, of ten replies or more."""
    hours = [(r.responded - (r.began or r.entered)) / timedelta(hours=1) for r in runs if r.responded]
    if len(hours) < FEW:
        return "", ""
    return round(median(hours)), round(quantiles(hours, n=10, method="inclusive")[8])


RUN = "Answered in time, quarter by quarter"


def _run(source: Source, quarter: Quarter) -> Sheet:
    """Eight quarters: first stages that are over, those answered in time, and their share."""
    rows: list[tuple[Value, ...]] = []
    for one in quarter.run:
        met, over = in_time(source.received(one))
        rows.append((str(one), over, met, round(100 * met / over) if over >= FEW else ""))
    return Sheet(RUN, ("Quarter", "First stages over", "In time", "Per cent"), tuple(rows))


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


def _ended(cases: Sequence[Case]) -> list[Case]:
    return [c for c in cases if c.closed_as in (ClosedAs.RESOLVED, ClosedAs.DECIDED)]


def _themes(cases: Sequence[Case]) -> Sheet:
    """What challenges were about, as the business unit said; one may be about several things."""
    named = [{word for t in c.tasks if t.id == "theme" for _, word, _ in t.said} for c in cases]
    found = Counter(word for one in named for word in one)
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    rows: list[tuple[Value, ...]] = list(ordered)
    return Sheet("Themes", ("Theme", "Cases"), (*rows, (UNSAID, sum(not one for one in named))) if cases else ())


def _impact(cases: Sequence[Case]) -> Sheet:
    """What changed, of those resolved or decided, as the raising side said, else the business unit."""
    asked = [next((t for t in c.tasks if t.id == "impact"), None) for c in _ended(cases)]
    found = Counter((t.said_by(Side.RAISING) or t.said_by(Side.UNIT)) if t else "" for t in asked)
    rows: list[tuple[Value, ...]] = [(f"{word}: {means}", found[word]) for word, means in IMPACTS.items()]
    return Sheet("What changed", ("What", "Cases"), (*rows, (UNSAID, found[""])) if asked else ())


def _open(source: Source) -> Sheet:
    """What is open now: no names."""
    rows = tuple(
        (c.ref, c.raiser.agency, c.responder_agency, c.team, source.stage(c, c.stage), c.opened, c.due)
        for c in source.cases
        if c.is_open
    )
    headings = ("Ref", "Raised by", "Challenged", "Team", "Stage", "Received", "Next due")
    return Sheet("Open now", headings, rows)
