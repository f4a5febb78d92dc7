"""What waited goes if it is still true: one way for whatever held a letter, and the record says why it did not go.

What makes a letter wait, and for how long, is not known here.
"""

from datetime import datetime

from sqlalchemy import Connection

from bot.case.waited import LAST_COUNTS, still_true
from bot.model import Case, Sending
from bot.store import outbox
from bot.store.outbox import Queued

UNTRUE = "no longer true when it could go"
ANEW = "a later letter to the same reader says it anew"


def dropped(tx: Connection, one: Queued, case: Case | None, now: datetime) -> bool:
    """Whether what has been overtaken goes to nobody now. `case`: whose letter it is; None once that is purged."""
    why = UNTRUE if case is None or not still_true(case, one.letter, now) else _told_anew(tx, one)
    if why:
        outbox.drop(tx, one.id, why, now)
    return bool(why)


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
