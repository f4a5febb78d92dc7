"""What waited goes if it is still true: one way for whatever held a letter, and the record says why it did not go.
A letter that nothing held waits too, for its turn: what it asks may be over by then.

What makes a letter wait, and for how long, is not known here.
"""

from datetime import datetime

from sqlalchemy import Connection

from bot.case.waited import LAST_COUNTS, still_asks, still_true
from bot.model import Case, Sending
from bot.store import cases, outbox
from bot.store.outbox import Queued

UNTRUE = "no longer true when it could go"
ANEW = "a later letter to the same reader says it anew"


def dropped(tx: Connection, one: Queued, case: Case | None, now: datetime) -> bool:
    """Whether what has been overtaken goes to nobody now. `case`: whose letter it is; None once that is purged."""
    why = UNTRUE if case is None or not still_true(case, one.letter, now) else _told_anew(tx, one)
    if why:
        outbox.drop(tx, one.id, why, now)
    return bool(why)


def overtaken(tx: Connection, one: Queued, now: datetime) -> bool:
    """Whether a letter that was taken up to be sent asks for what nobody waits for any more: it goes to nobody now."""
    if one.case is None or one.was_in_data:
        return False
    try:
        case = cases.load(tx, one.case).case
    except (LookupError, ValueError, TypeError):
        return False  # that case cannot be read: its letter fails by itself where it is made, and holds up no other
    if still_asks(case, one.letter, now):
        return False
    outbox.drop(tx, one.id, UNTRUE, now, Sending.CLAIMED)
    return True


def _told_anew(tx: Connection, one: Queued) -> str:
    if not isinstance(one.letter.values, LAST_COUNTS) or one.case is None:
        return ""
    readers = _readers(one)
    later = (
        other
        for other in outbox.of_case(tx, one.case)
        if other.id > one.id and other.status not in (Sending.WITHHELD, Sending.REFUSED)
    )
    return (
        ANEW if any(type(o.letter.values) is type(one.letter.values) and readers <= _readers(o) for o in later) else ""
    )


def _readers(one: Queued) -> set[str]:
    return {contact.email for contact in (*one.letter.to, *one.letter.cc)}
