"""What an answer leaves open: who gave it, what the case waits for next, when others hear of it.

It changes only what the case waits for; who is asked, and when, is course/unconfirmed.py's and said/answers.py's.
"""

from datetime import datetime

from bot.case.making.draft import Draft
from bot.model import AlarmKind, Contact, State


def answered(d: Draft) -> tuple[Contact, datetime]:
    """Who answered last, and when; before any answer whoever is to, and now."""
    run = next((r for r in reversed(d.case.runs) if r.responded is not None), None)
    by = d.known(run.answered_by) if run and run.answered_by else d.first_responder or Contact("")
    return by, run.responded if run and run.responded else d.now


def until(d: Draft) -> datetime | None:
    """When others are asked, or told, that an answer is not confirmed."""
    rows = (r for r in d.case.deadlines if r.kind in (AlarmKind.UNCONFIRMED, AlarmKind.TELLING))
    return next((row.at for row in rows), None)


def wait_for_next(d: Draft) -> None:
    """While an answer is not confirmed the case waits for the next question, telling or stage; where none is to
    come, for the next digest."""
    asks = [r for r in d.case.deadlines if r.kind in (AlarmKind.ASK, AlarmKind.UNCONFIRMED, AlarmKind.TELLING)]
    said = [r for r in asks if r.kind is not AlarmKind.ASK or r.nth < 3] or asks
    if d.case.state is State.AWAITING_CONFIRMATION and said:
        d.next_due(said[0].at, said[0].why)
