"""What an answer leaves open: who gave it, what the case waits for next, when others hear of it.

It changes only what the case waits for; who is asked is course/unconfirmed.py's and said/answers.py's. Which other
alarms fall in the same minute is asked here, for then one letter carries what two would say.
"""

from datetime import datetime

from bot.case.making.draft import Draft
from bot.model import AlarmKind, Contact, Deadline, State
from bot.rules import workdays


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


def due_now(d: Draft, *kinds: AlarmKind) -> list[Deadline]:
    """The alarms of these kinds that fall in this minute and have not been answered yet."""
    return [a for a in d.case.deadlines if a.kind in kinds and a.at.replace(second=0, microsecond=0) <= d.now]


def ask_again(d: Draft, n: int) -> None:
    """The n-th time the raiser's side is asked to confirm: 09:00 of the next working day."""
    at = workdays.next_morning(d.now, d.rules.calendar)
    why = "the raiser's side is asked again whether it is resolved" if n < 3 else "it stands in every digest"
    d.quiet(AlarmKind.ASK)
    d.alarm(AlarmKind.ASK, at, why, n)
    d.asked_to_confirm(n - 1)
    if d.is_stranger:
        d.next_due(at, why)
    wait_for_next(d)


def confirm_later(d: Draft) -> None:
    """Who would be asked to confirm in this minute is asked, or told, by the letter of this decision."""
    for row in due_now(d, AlarmKind.ASK):
        ask_again(d, row.nth + 1)
