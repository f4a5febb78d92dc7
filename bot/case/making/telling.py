"""A stage that no other follows has ended: those who can act are told, until a person closes it.

Told as of a lapse where nobody answered, and where an answer is not confirmed. It calls in no stage and closes
nothing: that is course/stages.py's and course/closing.py's.
"""

from bot.case.making import awaited, claims
from bot.case.making.draft import Draft
from bot.model import AlarmKind, State
from bot.model.letters import Information, Question, person
from bot.rules import workdays

TELLING_DAYS = 5


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
