"""The mode `approve`: an escalation caused by a lapse waits for the business unit's GO, and goes anyway after a while.

The unit is asked at the last reminder before it; acknowledgements, notices and reminders go as ever, and the clock
knows nothing of it. What waits is held in the outbox (engine/turn.py reads the flag).
"""

from datetime import datetime, time, timedelta

from bot.case.making.draft import Draft
from bot.model import AlarmKind, Contact, EventKind, Flag, Hold
from bot.model.letters import Question
from bot.rules import workdays
from bot.rules.book import Mode

#: How long a GO is waited for: on an hours window, and else in office hours, where the policy does not say.
URGENT = timedelta(minutes=30)
ORDINARY = timedelta(hours=2)
OPENS, CLOSES = workdays.MORNING, time(17)


def asks(d: Draft) -> bool:
    """Whether the business unit is still to be asked for its GO."""
    return d.rules.mode == Mode.APPROVE and not d.is_stranger and not d.case.has(Flag.GO_ASKED) and bool(d.following)


def ask(d: Draft, *, less: tuple[Contact, ...] = ()) -> None:
    """Once for each stage, with the last reminder: may the next stage be called in if no reply comes? `less`: who reads
    the question in that reminder."""
    if asks(d):
        had = {c.email for c in less}
        d.write(Question.Approve(), [c for c in d.unit if c.email not in had])
        d.flag(Flag.GO_ASKED)


def keeps(d: Draft, *, is_lapse: bool) -> bool:
    """Whether an escalation waits: a lapse causes it, and its GO was not given before."""
    return d.rules.mode == Mode.APPROVE and is_lapse and not d.case.has(Flag.GO_GIVEN) and not d.is_stranger


def wait(d: Draft, *, is_lapse: bool) -> None:
    """The escalation just decided waits where it must; what waited before goes."""
    is_kept = keeps(d, is_lapse=is_lapse)
    if d.case.has(Flag.AWAITING_GO):
        go(d, "clock")
    for flag in (Flag.GO_GIVEN, Flag.GO_ASKED):
        d.unflag(flag)
    if is_kept:
        d.flag(Flag.AWAITING_GO)
        d.alarm(AlarmKind.GO, until(d), "the escalation goes without a GO")


def until(d: Draft) -> datetime:
    own = d.rules.policy.approve_timeout
    if d.case.urgent:
        return d.now + URGENT
    return workdays.due(own, d.now, d.rules.calendar).at if own else office_hours(d.now, ORDINARY, d.rules.calendar)


def go(d: Draft, by: str) -> None:
    """GO, or the time is over: what waits goes; before the lapse it is remembered."""
    if d.case.has(Flag.AWAITING_GO):
        d.unflag(Flag.AWAITING_GO)
        d.quiet(AlarmKind.GO)
        d.frees += (Hold.APPROVAL,)
        d.event(EventKind.RELEASED, by=by, note="GO")
    elif by != "clock" and d.rules.mode == Mode.APPROVE:
        d.flag(Flag.GO_GIVEN)


def office_hours(start: datetime, span: timedelta, cal: workdays.Calendar) -> datetime:
    """`span` of office hours after `start`: 09:00 to 17:00 of working days."""
    at, left = start, span
    while True:
        local = at.astimezone(cal.zone)
        opens = workdays.at_local(local.date(), OPENS, cal)
        closes = workdays.at_local(local.date(), CLOSES, cal)
        begins = max(at, opens)
        if cal.is_working(local.date()) and begins < closes:
            if begins + left <= closes:
                return begins + left
            left -= closes - begins
        at = workdays.next_morning(at, cal, OPENS)
