"""A stage's other clocks (contact, meeting, the raiser's own): how long each is, and when it ends.

They stand beside the clock of the answer and never call in a stage. It computes and changes nothing:
course/subclocks.py starts and stops them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.model import WAITING, AlarmKind, Case, Due, EndedAs, Side, StageRun, Unit, Unproven
from bot.model.letters.standing import ClockLine
from bot.rules import workdays
from bot.rules.book import Rules
from bot.rules.policy.blocks import Clock
from bot.rules.workdays import Calendar

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


def time_wanted(case: Case, cal: Calendar) -> str:
    """How long the challenge was raised as having: the time it named, unless the policy's own ends sooner."""
    by = case.requested_by
    if by is not None and (case.window is None or by < workdays.due(case.window, case.opened, cal).at):
        return f"by {workdays.named(by, cal)}"
    return str(case.window or "")


def over_since(case: Case, now: datetime) -> datetime | None:
    """When the time that was asked for ended, or else that of the running stage. None while they run, and while an
    answer counts: until NOT RESOLVED, ESCALATE, REOPEN, or the next stage called in without a word of the raiser's."""
    if case.state not in WAITING or case.run is None:
        return None
    ends = (_unkept(case)[0].due, case.run.due)
    return min((end for end in ends if end is not None and end <= now), default=None)


def hours_over(case: Case, now: datetime) -> int:
    """Whole hours since what the raiser's side asked for, of a challenge with hours; else 0."""
    if not case.urgent or case.state not in WAITING or case.run is None:
        return 0
    run, is_theirs = _unkept(case)
    return (now - run.due) // timedelta(hours=1) if is_theirs and run.due is not None and run.due <= now else 0


def _unkept(case: Case) -> tuple[StageRun, bool]:
    """The run whose time nobody has kept, as the raiser's side last set it, and whether they did: the first since a
    stage began afresh, of an urgent challenge the first with hours; or a later one with an EXTEND."""
    runs = case.runs[_afresh(case) :]
    with_hours = (n for n, run in enumerate(runs) if run.by or (run.window and run.window.unit is Unit.HOURS))
    first = next(with_hours, None) if case.urgent else 0
    set_later = [run for run in runs[(first or 0) + 1 :] if run.by or (run.window and run.window.source == "requested")]
    return (set_later[-1], True) if set_later else (runs[first or 0], first is not None)


def _afresh(case: Case) -> int:
    """The run since when nobody has kept the time: after an answer the next, but hours asked for run on unless the same
    stage began again."""
    for n in range(len(case.runs) - 1, 0, -1):
        before, run = case.runs[n - 1 : n + 1]
        runs_on = case.urgent and before.ended_as is EndedAs.RESPONDED and before.stage != run.stage
        if before.ended_as not in SILENT and not runs_on:
            return n
    return 0
