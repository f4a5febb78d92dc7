"""A stage's other clocks (contact, meeting, the raiser's own): how long each is, and when it ends.

They stand beside the clock of the answer and never call in a stage. It computes and changes nothing:
course/subclocks.py starts and stops them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.model import AlarmKind, Case, Due, EndedAs, Side, Unit, Unproven
from bot.model.letters.standing import ClockLine
from bot.rules import workdays
from bot.rules.book import Rules
from bot.rules.policy.blocks import Clock

#: How a stage ends that nobody answered: the time asked for runs on.
SILENT = (EndedAs.RUNNING, EndedAs.LAPSED, EndedAs.ASKED, EndedAs.CORRECTED, EndedAs.TOLD_AFRESH)
#: The kind of alarm that a clock's end is; its number is the clock's place in the stage.
KIND = AlarmKind.CLOCK


def ends(case: Case, rules: Rules, clock: Clock, start: datetime) -> Due:
    """When a clock that starts then ends: where a track shortens the stage, by the track's window if that is sooner."""
    own = workdays.due(clock.window, start, rules.calendar, "began")
    track = rules.policy.track(case.flags, case.stage)
    short = track.at(case.stage) if track else None
    return workdays.earliest(own, workdays.due(short, start, rules.calendar, "began") if short else None)


def runs(case: Case, clock: Clock) -> bool:
    """Whether it is anybody's to keep: who wrote the opening mail to this stage has written already."""
    is_first = len(case.runs) == 1 and clock.starts == "enter"
    has_written = is_first and Side(clock.side) is Side.RAISING and clock.until == "mail"
    return case.unproven is not Unproven.STRANGER and not has_written


def lines(case: Case, rules: Rules, now: datetime) -> Iterator[ClockLine]:
    """What letters say of them: those that run, and before the stage has begun those that will."""
    clocks = rules.policy.stage(case.stage).clocks
    running = {a.item: a.at for a in case.deadlines if a.kind is KIND}
    has_begun = case.run is not None and case.run.began is not None
    for n, clock in enumerate(clocks):
        by = running.get(n)
        if by is None and clock.starts == "enter" and not has_begun and runs(case, clock):
            by = ends(case, rules, clock, now).at
        if by is not None:
            yield ClockLine(clock.says, clock.side, by, clock.source)


def over_since(case: Case, now: datetime) -> datetime | None:
    """When the time that was asked for ended: of the first stage that had it, as the raiser's side last set it. None
    while it runs, and once an answer was recorded."""
    own = [r for r in case.runs if r.by or (r.window and r.window.unit is Unit.HOURS)] if case.urgent else case.runs
    asked = next((run.due for run in own if run.due), None)
    is_silent = all(run.responded is None and run.ended_as in SILENT for run in case.runs)
    return asked if asked is not None and asked <= now and is_silent else None


def hours_over(case: Case, now: datetime) -> int:
    """Whole hours since then, of a challenge with hours; else 0."""
    over = over_since(case, now) if case.urgent else None
    return (now - over) // timedelta(hours=1) if over else 0
