"""Who else is told when a stage has ended: of the next, the raiser's side and those who had it before; where no stage
follows, those who can act, until a person closes it.

Told as of a lapse where nobody answered, and where an answer is not confirmed. It calls in no stage and closes
nothing: that is course/stages.py's and course/closing.py's.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from bot.case.making import awaited, claims
from bot.case.making.draft import Draft
from bot.case.making.forms import Wanted
from bot.model import AlarmKind, Contact, State
from bot.model.letters import Information, Person, Question, person
from bot.model.letters.parts import Holding, Representation
from bot.rules import book, workdays

TELLING_DAYS = 5


class _Passing(TypedDict):
    """What both letters say."""

    cause: str
    sent: datetime | None
    who: Person | None
    when: datetime | None
    holding: tuple[Holding, ...]
    unread: bool


@dataclass(frozen=True, slots=True)
class Left:
    """How a stage was left. `cause` and `by`: as the next was entered; `earlier`: who had it; `wanted`: of the raiser's
    side; `view`: asked of both; `sent`: when the next stage's letter goes, None while that waits for a GO."""

    cause: str
    by: Contact | None
    earlier: tuple[Contact, ...]
    wanted: Wanted
    view: Representation | None
    sent: datetime | None


def pass_on(d: Draft, left: Left, after: tuple[str, ...]) -> None:
    """The raiser and their manager are told to whom it was sent and whom to ring; those who had it before, that it has
    passed. `after`: the letter that must have gone first."""
    who, when = awaited.answered(d) if left.cause == "unconfirmed" else (left.by, None)
    cal, line = d.rules.calendar, book.emergency_of(d.rules.policy, d.case.area)
    both: _Passing = {
        "cause": left.cause,
        "sent": left.sent,
        "who": person(who) if who else None,
        "when": when,
        "holding": tuple(one for one in claims.what_we_have(d) if one.when != when),
        "unread": claims.is_partly_unread(d),
    }
    is_shut = left.sent is not None and not book.is_open(line.front_door, left.sent, cal)
    told = Information.SentOn(**both, read_from=workdays.opens(d.now, cal) if is_shut else None, forms=left.wanted.rows)
    theirs = (d.case.raiser, *((d.manager,) if d.manager else ()))
    d.write(told, theirs, human=d.first_responder, attach=left.wanted.attach, after=after)
    own = {c.email for c in theirs}
    earlier = (c for c in left.earlier if c.email not in own)
    passed = Information.PassedOn(**both, representation=left.view, answered=claims.was_answered(d))
    d.write(passed, earlier, human=d.first_responder, after=after)


def tell(d: Draft) -> None:
    """No stage follows: those who can act are told, now and every five working days until a human closes."""
    case, directory = d.case, d.rules.directory
    d.count_telling()
    run, is_answered = case.runs[-1], case.state is State.AWAITING_CONFIRMATION
    decider = d.cast.deciders(d.stage)
    managers = [
        c
        for agency, team in ((case.responder_agency, case.team), (case.raiser.agency, case.raiser.team))
        if agency
        for c in directory.holders("service_manager", case.area, agency, team)
    ]
    again = workdays.next_morning(d.now, d.rules.calendar, n=TELLING_DAYS)
    if case.state is not State.AWAITING_CONFIRMATION:
        d.next_due(again, "no stage follows; those who can act are told again every five working days")
    if d.is_stranger:
        d.write(Question.Provisional(), d.unit)
    else:
        told = Information.Telling(
            n=d.case.tellings,
            decider=person(decider[0]) if decider else None,
            lapsed=(run.due if run.responded else run.ended) or d.now,
            due=again,
            who=person(awaited.answered(d)[0]) if is_answered else None,
            answered=run.responded if is_answered else None,
            holding=claims.what_we_have(d),
            unread=claims.is_partly_unread(d),
        )
        d.write(told, (*decider, *d.unit, *managers, case.raiser))
    d.quiet(AlarmKind.TELLING, AlarmKind.LAPSE, AlarmKind.CHASER, AlarmKind.UNCONFIRMED)
    d.alarm(AlarmKind.TELLING, again, "no stage follows: told again every five working days until a person closes it")
    awaited.confirm_later(d)
    awaited.wait_for_next(d)
