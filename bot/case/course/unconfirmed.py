"""An answer that the raiser's side does not confirm: its silence relaxes nothing, and the stage's time stands.

At the due time the raiser's manager and both sides' leads are asked whether the child can wait; then the next stage is
called in. EXTEND sets the time anew, RESOLVED ends it (said/acts.py). Whether a mail is an answer is said/'s to judge.
"""

from datetime import datetime, time, timedelta

from bot.case.course import approval
from bot.case.course.stages import deputies, enter
from bot.case.making import awaited
from bot.case.making.draft import Draft
from bot.case.making.telling import tell
from bot.model import AlarmKind, Contact, Due, EventKind, Side, State, Unit, Window
from bot.model.letters import Question, Response, person
from bot.rules import workdays
from bot.rules.policy.policy import Stage

#: On an hours window: how long after the answer nobody else is asked, and how long after that question it can wait.
GRACE, WAIT = timedelta(hours=4), timedelta(hours=24)
#: Where that question is asked between these hours, it counts from the morning.
EVENING, DAWN = time(18), time(8)
#: Where the window is days: how long after the question.
DAYS = Window(2, Unit.WORKING_DAYS)


def begin(d: Draft) -> None:
    """An answer is recorded, or more time is given: what follows if nobody confirms it. A last stage whose time was
    over before is told of already."""
    run, cal = d.case.run, d.rules.calendar
    if run is None or run.responded is None or d.is_stranger:
        return
    at = run.due or d.now
    if _is_hours(d):
        at = max(at, run.responded + GRACE)
    elif at <= d.now:
        at = workdays.due(Window(1, Unit.WORKING_DAYS), d.now, cal).at
    d.quiet(AlarmKind.UNCONFIRMED)
    if not any(row.kind is AlarmKind.TELLING for row in d.case.deadlines):
        d.alarm(AlarmKind.UNCONFIRMED, at, f"the time of {d.stage.name} ends, answered and not confirmed", 1)
    awaited.wait_for_next(d)


def extend(d: Draft, due: Due) -> None:
    """The raiser's side gives more time after an answer: nobody else is asked before that."""
    d.fall_due(due)
    begin(d)


def on_unconfirmed(d: Draft, n: int) -> None:
    """The first time managers and leads are asked, the second time the next stage is called in; at a last stage those
    who can act are told as of a lapse."""
    following = approval.next_stage(d)
    if n == 1:
        d.event(EventKind.UNCONFIRMED)
    if following is None:
        tell(d)
    elif n > 1:
        enter(d, following, "unconfirmed")
    else:
        _ask(d, following)
    awaited.wait_for_next(d)


def _ask(d: Draft, following: Stage) -> None:
    at, why = _entered(d)
    enters = at if d.stage.unconfirmed == "enter" else None
    raising, responding = _lead(d, following, Side.RAISING), _lead(d, following, Side.RESPONDING)
    d.joined(Side.RAISING_LEAD, *raising)
    d.joined(Side.RESPONDING_LEAD, *responding)
    manager = (d.manager,) if d.manager else ()
    who, when = awaited.answered(d)
    asked = Question.Unconfirmed(who=person(who), when=when, enters=enters)
    d.write(asked, (*manager, *raising, *responding) or (d.case.raiser, *d.unit), human=d.case.raiser)
    d.event(EventKind.ASKED_MANAGERS)
    if manager and any(row.nth == 2 for row in awaited.due_now(d, AlarmKind.ASK)):
        awaited.confirm_later(d)
    if enters is not None:
        d.alarm(AlarmKind.UNCONFIRMED, enters, why, 2)
        approval.ask(d)


def _entered(d: Draft) -> tuple[datetime, str]:
    """When the next stage is called in, counted from now, and why then."""
    cal = d.rules.calendar
    if not _is_hours(d):
        due = workdays.due(DAYS, d.now, cal, "asked whether it can wait")
        return due.at, f"answered and not confirmed: {due.why}"
    local = d.now.astimezone(cal.zone)
    start, said = d.now, ""
    if local.time() >= EVENING or local.time() < DAWN:
        day = local.date() + timedelta(days=1 if local.time() >= EVENING else 0)
        start, said = workdays.at_local(day, workdays.MORNING, cal), ", counted from the morning"
    return start + WAIT, f"answered and not confirmed: 24 hours after it was asked whether it can wait{said}"


def _lead(d: Draft, following: Stage, side: str) -> tuple[Contact, ...]:
    """The next stage's contacts of that side, who may wait to act; without any, its manager."""
    agency, team = (d.case.raiser.agency, d.case.raiser.team)
    if side == Side.RESPONDING:
        agency, team = d.case.responder_agency, d.case.team
    if following.level == "agency" and (found := d.cast.acting(following, side)):
        return found
    return d.holders(("service_manager",), agency, team) if agency else ()


def _is_hours(d: Draft) -> bool:
    """Whether the running window counts hours: EXTEND in days makes it one of days."""
    window = d.case.run.window if d.case.run else None
    return window is None or window.unit is Unit.HOURS


def raiser_away(d: Draft) -> None:
    """The raiser's mailbox says that they are not there: whoever stands in for them is asked at once, once for each
    answer."""
    case = d.case
    if case.state is not State.AWAITING_CONFIRMATION or case.raiser.email == "":
        return
    who, when = awaited.answered(d)
    if any(one.what == "away" and one.at >= when for one in case.heard):
        return
    d.hear(d.now, str(case.raiser), "away")
    known = d.rules.directory.person(case.raiser.email) or case.raiser
    to = deputies(known) or ([d.manager] if d.manager else [])
    if to:
        asked = Response.Manager(who=person(who), when=when, away=True, until=awaited.until(d))
        d.write(asked, to[:1], human=who)
