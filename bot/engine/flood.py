"""How many letters of a case one person has had within a day: above ten a further copy waits, for that person alone.

Only what somebody's words bring about can be too many, and only while it moves nothing: where a case moves, everybody
is told, whatever was written before. What waits goes by itself when a day has room, or to nobody once it is untrue.
It decides no case and knows nothing of who writes.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.case.waited import LATER
from bot.engine import held
from bot.model import Arrival, Case, Fact, Hold, Letter, LetterKind, Sending
from bot.model.failpoints import failpoint
from bot.model.letters import Alert, Information, Question
from bot.store import cases, outbox
from bot.store.db import Database
from bot.store.outbox import Queued

#: Above this many letters of one case to one address in a day a further one waits and the operator is told.
LETTERS_A_DAY = 10
DAY = timedelta(days=1)
SUBJECT = "Letters of a case are held"
#: What a stage lives by: one an occasion, and never one too many.
_NEVER = frozenset({LetterKind.ESCALATION, LetterKind.REDIRECT, LetterKind.NOTICE})
_AT_ONCE = (Alert.Incident, Information.Risk, Question.Risk, Question.Undo, Question.ConfirmManager, Question.Meaning)


def parts(
    tx: Connection, before: Case | None, fact: Fact, case: Case, letter: Letter, now: datetime
) -> tuple[Letter | None, Letter | None]:
    """The letter to those who may have it now, and to those whose day is full; None where it is nobody's."""
    if before is None or not _may_wait(before, fact, case, letter):
        return letter, None
    readers = (*letter.to, *letter.cc)
    later = tuple(c for c in readers if _room_of(tx, case.number, c.email, now) > now)
    if not later:
        return letter, None
    if len(later) == len(readers):
        return None, letter
    to, cc = (tuple(c for c in of if c not in later) for of in (letter.to, letter.cc))
    soon = replace(letter, to=to or cc, cc=cc if to else ())
    return soon, replace(letter, to=later, cc=(), occasion=letter.occasion + LATER)


def _may_wait(before: Case, fact: Fact, after: Case, letter: Letter) -> bool:
    """What must be reported within hours, or tells of a risk or of a word that acted, is held back by nothing."""
    has_moved = (before.state, before.stage, before.due) != (after.state, after.stage, after.due)
    is_never = letter.kind in _NEVER or isinstance(letter.values, _AT_ONCE)
    return isinstance(fact, Arrival) and not has_moved and not is_never


def lines(ref: str, kind: LetterKind) -> list[str]:
    """What the operator hears of it, once a day for each case."""
    return [
        f"Case {ref}: more than {LETTERS_A_DAY} letters to one address within a day.",
        f"A letter of kind {kind.value} waits. It goes by itself when a day has room. See: challenge-bot outbox",
    ]


def free(db: Database, now: datetime) -> int:
    """Lets go what waits, as far as the day of each of its readers has room; how many letters."""
    with db.read() as tx:
        if not any(_room_at(tx, one, now) <= now for one in _held(tx)):
            return 0
    count = 0
    with db.begin() as tx:
        for one in _held(tx):
            case = cases.load(tx, one.case).case if one.case else None
            if not held.dropped(tx, one, case, now) and _room_at(tx, one, now) <= now:
                outbox.release(tx, one.id, now, counts=True)
                count += 1
        failpoint("flood.freeing")
    failpoint("flood.freed")
    return count


def next_at(tx: Connection, now: datetime) -> datetime | None:
    """When what waits may go; None where nothing waits."""
    return min((_room_at(tx, one, now) for one in _held(tx)), default=None)


def _room_at(tx: Connection, one: Queued, now: datetime) -> datetime:
    readers = (*one.letter.to, *one.letter.cc)
    return max((_room_of(tx, one.case or 0, c.email, now) for c in readers), default=now)


def _room_of(tx: Connection, case: int, address: str, now: datetime) -> datetime:
    """When this reader has had fewer than ten within a day; `now` where that is so."""
    times = outbox.times_of(tx, case, address, now - DAY)
    return times[-LETTERS_A_DAY] + DAY if len(times) >= LETTERS_A_DAY else now


def _held(tx: Connection) -> list[Queued]:
    return [one for one in outbox.of_status(tx, Sending.HELD) if one.held_for is Hold.FLOOD]
