"""Letters that were handed over and whose answer was lost: they may or may not have arrived.

Proof is looked for at once and at growing intervals; when the patience is over without it, the same bytes go once more
(never zero copies, at most two); if that answer is lost too, the letter stays `unknown` and daemon/alert.py calls a
human. The case is told in the transaction that marks the row. It sends nothing itself and knows no mailbox.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from bot.model import Letter, LetterServed, LetterUndelivered, Reach, Sending
from bot.model.errors import CaseMoved, DoorClosed
from bot.model.failpoints import failpoint
from bot.store import outbox
from bot.store.db import Database
from bot.store.outbox import Queued

T = TypeVar("T")

#: Tells the case what became of a letter, in the transaction that marks it; letters without a case come too.
Tell = Callable[[Connection, Queued, LetterServed | LetterUndelivered, datetime], None]
#: Looks for a copy of these Message-IDs in the mailboxes, and asks the server for the offer of this id ("": none was
#: told): where proof was found, in words, or "".
FindProof = Callable[[tuple[str, ...], str], str]

PATIENCE = timedelta(minutes=15)  # the copy in Sent may lag behind the send by minutes
_LOOKS = (0.0, 0.01, 0.03, 0.07, 0.13, 0.27, 0.53, 1.0)  # when to look, as parts of the patience

log = structlog.get_logger("unknown")


class Unknown:
    """Resolves one letter a step, of those that may or may not have arrived."""

    def __init__(self, db: Database, tell: Tell, find_proof: FindProof, patience: timedelta) -> None:
        self._db = db
        self._tell = tell
        self._find_proof = find_proof
        self._patience = patience
        self._looked: dict[tuple[int, int], datetime] = {}  # (letter, fence) -> when proof was last looked for

    def step(self, doubtful: Sequence[Queued], now: datetime) -> bool:
        """Looks for proof of the first of these letters whose time has come; False when there is none."""
        for queued in doubtful:
            if now >= self._look_at(queued):
                self._looked[queued.id, queued.fence] = now
                self._resolve(queued, now)
                return True
        return False

    def is_settled(self, queued: Queued, now: datetime) -> bool:
        """Whether a claimed letter need not go once more: proof of the first time could not be sought while the server
        was away, and is found now. Its case is told; where that fails the claim runs out and proof is sought again."""
        how = self._proof(queued) if queued.resends else ""
        if not how:
            return False
        self._settle(queued, "unknown.proven", lambda tx: self._prove(tx, queued, how, now))
        return True

    def next_look(self, tx: Connection) -> datetime | None:
        """When the next look at a letter in `unknown` is due."""
        doubtful = [q for q in outbox.open_letters(tx) if q.status is Sending.UNKNOWN]
        return min(map(self._look_at, doubtful), default=None)

    def _resolve(self, queued: Queued, now: datetime) -> None:
        how = self._proof(queued)
        is_late = now - _handed_over(queued) >= self._patience
        if how:
            self._settle(queued, "unknown.proven", lambda tx: self._prove(tx, queued, how, now))
        elif is_late and not queued.resends:
            self._settle(queued, "unknown.resend", lambda tx: outbox.resend(tx, queued, now))
        elif queued.status is not Sending.UNKNOWN:
            why = "the program stopped while the letter was handed over"
            self._settle(queued, "unknown.unknown", lambda tx: outbox.unknown(tx, queued, why, now))

    def _settle(self, queued: Queued, name: str, change: Callable[[Connection], None]) -> None:
        try:
            commit(self._db, name, change)
        except CaseMoved:
            log.info("letter resolved by another", letter=queued.id)
        except Exception:
            log.exception("letter could not be resolved", letter=queued.id)

    def _proof(self, queued: Queued) -> str:
        # Where some have had it for long, a copy of it proves nothing about the others.
        gone = (Reach.ACCEPTED, Reach.BOUNCED)
        has_gone_before = any(status in gone for _, status, _ in queued.recipients)
        ids = () if has_gone_before else (queued.letter.message_id, queued.assigned_id)
        try:
            return self._find_proof(tuple(i for i in ids if i), queued.offer_id)
        except DoorClosed as error:
            log.warning("no proof could be looked for", letter=queued.id, why=type(error).__name__)
            return ""

    def _prove(self, tx: Connection, queued: Queued, how: str, now: datetime) -> None:
        """Those whom the server put off at that attempt do not have it: it goes to them alone."""
        left = put_off(queued)
        reached = tuple(address for address in waiting(queued) if address not in left)
        outbox.proven(tx, queued, how, now)
        self._tell(tx, queued, served(queued.letter, reached, _handed_over(queued)), now)
        if left:
            outbox.deferred(tx, queued, next(iter(left.values())), now, now)

    def _look_at(self, queued: Queued) -> datetime:
        """At once, then at growing intervals up to the patience, then once a patience."""
        began = _handed_over(queued)
        last = self._looked.get((queued.id, queued.fence))
        if last is None:
            return began
        looks = (began + self._patience * part for part in _LOOKS)
        return next((look for look in looks if look > last), last + self._patience)


def waiting(queued: Queued) -> tuple[str, ...]:
    """The addresses that neither took the letter nor refused it for good."""
    return tuple(address for address, status, _ in queued.recipients if status is Reach.WAITING)


def put_off(queued: Queued) -> dict[str, str]:
    """The waiting addresses that the server did not take at the last attempt, and what it said."""
    return {address: words for address, status, words in queued.recipients if status is Reach.WAITING and words}


def served(letter: Letter, recipients: tuple[str, ...], at: datetime) -> LetterServed:
    """The fact that these addresses have the letter; `at` is the claim whose attempt was accepted."""
    return LetterServed(letter.key, letter.kind, letter.stage, recipients, at, letter.starts_clock)


def commit(db: Database, name: str, work: Callable[[Connection], T], tries: int = 3) -> T:
    """Does `work` in a transaction; again from its beginning when a case was changed meanwhile (CaseMoved)."""
    try:
        with db.begin() as tx:
            result = work(tx)
            failpoint(f"{name}.before")
    except CaseMoved:
        if tries == 1:
            raise
        return commit(db, name, work, tries - 1)
    failpoint(f"{name}.after")
    return result


def _handed_over(queued: Queued) -> datetime:
    return queued.claimed or queued.queued
