"""The headline of a report in sentences, and how its figures are counted.

Of the working copy the sentences come out of the cases; of the public edition out of its own tables alone, so that they
say nothing more. It colours nothing, ranks nobody and explains nothing: what changed, and why, is the reader's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.model import Case, ClosedAs
from bot.records.register import Sheet
from bot.records.report.periods import Quarter
from bot.records.report.published import COURSE, HIDDEN, IN_TIME, PARTNERSHIP, REST, SMALL
from bot.records.report.source import Source
from bot.records.report.tables import FEW, in_time

Lines = Mapping[str, str]  # by what it is about, in the usual order


def ordered(lines: Lines, first: Sequence[str]) -> tuple[str, ...]:
    """The sentences, those first that the edition wants first."""
    return tuple(lines[key] for key in sorted(lines, key=lambda key: first.index(key) if key in first else len(first)))


def _some(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


# --- the working copy -------------------------------------------------------------------------------------------------


def sentences(source: Source, quarter: Quarter) -> Lines:
    cases = source.received(quarter)
    before = len(source.received(quarter.year_before))
    said = {
        "received": f"{_some(len(cases), 'challenge was', 'challenges were')} received in {quarter.words}; "
        f"{before} in {quarter.year_before.words}."
    }
    met, over = in_time(cases)
    if over:
        said["answered"] = (
            f"{_some(met, 'was', 'were')} answered in the time asked for, of {over} whose first stage is over."
        )
    reached = [c for c in cases if source.is_at_partnership(c)]
    if cases:
        said["reached"] = f"{len(reached)} of {len(cases)} reached a stage of the partnership."
    return said | dict(_ended(source, quarter)) | dict(_open(source))


def _ended(source: Source, quarter: Quarter) -> Iterator[tuple[str, str]]:
    closed = source.closed(quarter.first, quarter.last)
    ended = [c for c in closed if c.closed_as in (ClosedAs.RESOLVED, ClosedAs.DECIDED)]
    written = sum(bool(c.outcome) for c in ended)
    if closed:
        yield "closed", f"{_some(len(closed), 'challenge was', 'challenges were')} closed in {quarter.words}."
    if ended:
        yield (
            "outcome",
            f"{written} of {len(ended)} resolved or decided {'has' if written == 1 else 'have'} "
            + ("the outcome in writing."),
        )


def _open(source: Source) -> Iterator[tuple[str, str]]:
    found: list[Case] = [c for c in source.cases if c.is_open]
    if not found:
        yield "open", "None is open now."
        return
    late = sum(c.due is not None and c.due < source.now for c in found)
    oldest = min(source.day(c.opened) for c in found)
    yield (
        "open",
        (
            f"{_some(len(found), 'challenge is', 'challenges are')} open now, the oldest since {oldest:%-d %B %Y}; "
            f"{_some(late, 'is', 'are')} past the time given."
        ),
    )


# --- the public edition -----------------------------------------------------------------------------------------------


def published_sentences(sheets: Sequence[Sheet], quarter: Quarter) -> Lines:
    """Out of the tables of a public edition, and of nothing else."""
    received = sheets[0].rows[0][1]
    if received == HIDDEN and not quarter.n:
        return {
            "received": f"No figures of {quarter.words} are published: at least one of its quarters had fewer than "
            f"{SMALL} challenges, and they could give it away."
        }
    if received == HIDDEN:
        return {"received": f"Fewer than {SMALL} challenges were received in {quarter.words}: no more is published."}
    said = {"received": f"{received} challenges were received in {quarter.words}."}
    rows = next((sheet.rows for sheet in sheets if sheet.title == COURSE), ())
    counted = [(str(row[0]), str(row[1]), row[2]) for row in rows]
    about = "At least " if any((one, other) == REST for one, other, _ in counted) else ""
    met = sum(n for answer, _, n in counted if answer == IN_TIME and isinstance(n, int))
    reached = sum(n for _, stage, n in counted if stage == PARTNERSHIP and isinstance(n, int))
    if met:
        said["answered"] = f"{about}{met} were answered in the time asked for."
    if reached:
        said["reached"] = f"{about}{reached} reached a stage of the partnership."
    return said


# --- how it is counted ------------------------------------------------------------------------------------------------

_ALL = (
    (
        "What is counted",
        "Challenges, each in the months of its receipt; those closed, by the day of closing. What was a duplicate, or "
        "turned out to be no challenge, is left out.",
    ),
    (
        "In time",
        "A reply, or an agreed end, before the stage was over. A stage that somebody ended before anybody had to "
        "answer counts neither way, and so does one that was only watched.",
    ),
    ("Few", f"A share, a median, a 90th percentile and a chart are given of {FEW} or more only."),
    (
        "Not here",
        "Level of need, and the difference for those it was about in their own words: nobody is asked for them, and "
        "nothing is inferred. Please add what people said.",
    ),
    ("How to read it", "A rise can mean that more people speak up. No figure is about a person."),
)
_FULL = (
    (
        "Silence",
        "Agencies that the directory knows and that raised none, or were asked none. It may be a reason to ask; it is "
        "no finding.",
    ),
    (
        "Themes, what changed",
        "Asked in the letters of the end, and as they were answered: themes by the business unit, what changed by the "
        "raising side, else by the business unit. One challenge may have several themes.",
    ),
    ("Process quality", "How challenges were written and handled, as the service noticed it."),
    ("Who may read it", "It holds refs and small numbers: it is not for publication."),
)
_PUBLIC = (
    (
        "Small numbers",
        f"What is under {SMALL} stands in one row with the smallest of the others, so that it cannot be worked out. A "
        "total is left out where it would give a quarter away, and a year's tables with it. Agencies "
        "of which the directory does not say what they are have no name; schools, colleges, early "
        "years settings and general practices stand as one each.",
    ),
    (
        "Before it is published",
        "Publish the quarters or the year, not both, and one edition of each: small numbers can be worked out of two "
        "tables that overlap.",
    ),
)


def method(*, public: bool) -> tuple[tuple[str, str], ...]:
    """What is counted and how: (what, how)."""
    return (*_ALL, *(_PUBLIC if public else _FULL))


def as_sheets(said: Iterable[str], how: Iterable[tuple[str, str]]) -> tuple[Sheet, Sheet]:
    """The words as tables, for a workbook."""
    return Sheet("In words", ("In words",), tuple((one,) for one in said)), Sheet("Method", ("What", "How"), tuple(how))
