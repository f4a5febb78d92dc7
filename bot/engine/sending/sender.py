"""The outbox: one letter at a time, so that none is lost and none goes more than twice.

Claim, compose, offer; commit `in_data`; deliver; mark. What became of it is told to the case in the transaction that
marks the row. A letter whose answer was lost is unknown.py's. It decides nothing about a case, makes no bytes itself
and knows no protocol.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bot.doors.ports import Envelope, Now, Offer, Outcome, Refusal, Transport
from bot.engine import held
from bot.engine.sending.pace import Pace
from bot.engine.sending.unknown import PATIENCE, FindProof, Tell, Unknown, commit, served, waiting
from bot.model import Letter, LetterUndelivered
from bot.model.errors import FAULT, CaseMoved, DoorClosed, LoginRefused, StoreError, Throttled, Unsure
from bot.store import outbox
from bot.store.db import Database
from bot.store.outbox import Queued

#: Renders a letter at its claim: (the letter with its times as they now are, its bytes, its recipients).
Compose = Callable[[Connection, Queued, datetime], tuple[Letter, bytes, tuple[str, ...]]]

BACKOFF = tuple(timedelta(minutes=m) for m in (1, 2, 5, 10, 20, 30))
GIVE_UP = timedelta(hours=24)  # a recipient whose server says "later" for so long is undelivered

log = structlog.get_logger("sender")


def backoff(attempts: int) -> timedelta:
    """How long to wait after the given number of attempts: 1, 2, 5, 10, 20, 30 minutes, then always 30."""
    return BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]


@dataclass(frozen=True, slots=True)
class Offered:
    """A claimed letter with its bytes, offered to the server and not sent yet."""

    queued: Queued
    letter: Letter
    raw: bytes
    offer: Offer


class Sender:
    """Sends what the outbox holds. `address`: the envelope sender; `owner` and `lease`: of its claims.

    The lease should outlast an offer (connecting, naming the recipients); the answer to a letter may take longer.
    `per_minute`: how many letters may leave in a minute; the others wait in the outbox, which is no failure.
    """

    def __init__(
        self,
        db: Database,
        transport: Transport,
        compose: Compose,
        tell: Tell,
        find_proof: FindProof,
        read_now: Now,
        owner: str,
        lease: timedelta,
        *,
        address: str,
        patience: timedelta = PATIENCE,
        per_minute: int | None = None,
    ) -> None:
        self._db = db
        self._transport = transport
        self._compose = compose
        self._tell = tell
        self._read_now = read_now
        self._owner = owner
        self._lease = lease
        self._address = address
        self._unknown = Unknown(db, tell, find_proof, patience)
        self._pace = Pace(per_minute)
        self._owed: tuple[str, Queued, Callable[[Connection], None]] | None = None  # what became of a letter

    def drain(self, now: datetime) -> int:
        """Handles letters until there is nothing to do at `now`; returns how many."""
        count = 0
        while self.step(now):
            count += 1
        return count

    def step(self, now: datetime) -> bool:
        """Handles one letter; False when there is none to handle. Raises StoreError, and nothing about one letter."""
        if self._owed is not None:
            self._write_late(*self._owed)
        with self._db.read() as tx:
            doubtful, is_quiet = outbox.unknowns(tx, now), outbox.is_quiet(tx, now)
        return self._unknown.step(doubtful, now) or (not is_quiet and self._send_next(now))

    def wake_at(self) -> datetime | None:
        """When there will be something to do that no new letter announces; None: nothing is waiting."""
        with self._db.read() as tx:
            instants = (outbox.next_retry(tx), self._unknown.next_look(tx), self._pace.free_at(self._read_now()))
        return min((i for i in instants if i is not None), default=None)

    # --- an ordinary letter ------------------------------------------------------------------------------------------

    def _send_next(self, now: datetime) -> bool:
        if self._pace.free_at(now):
            return False
        queued = commit(self._db, "sender.claim", lambda tx: self._claim(tx, now))
        if queued is None:
            return False
        if self._unknown.is_settled(queued, now):
            return True
        offered = self._offer(queued, now)
        if offered is not None and self._begin(offered, now):
            self._deliver(offered, now)
        return True

    def _claim(self, tx: Connection, now: datetime) -> Queued | None:
        """The next letter that still asks for something, or tells."""
        while queued := outbox.claim(tx, now, self._owner, self._lease):
            if not held.overtaken(tx, queued, now):
                return queued
        return None

    def _offer(self, queued: Queued, now: datetime) -> Offered | None:
        """Makes the bytes, unless an attempt has reached `in_data`, and offers them. None: deferred."""
        try:
            letter, raw, recipients = self._made(queued, now)
            may_leave = frozenset(c.email for c in letter.to) if letter.to_stranger else frozenset[str]()
            envelope = Envelope(self._address, recipients, raw, letter.message_id, may_leave)
            offer = self._transport.offer(envelope)
            self._pace.let_in()
            return Offered(queued, letter, raw, offer)
        except DoorClosed as error:
            self._defer(queued, error, now)
        except Exception as error:
            self._fault(queued, error, now)
        return None

    def _made(self, queued: Queued, now: datetime) -> tuple[Letter, bytes, tuple[str, ...]]:
        left = waiting(queued)
        if queued.was_in_data and queued.raw is not None:
            return queued.letter, queued.raw, left
        with self._db.read() as tx:
            letter, raw, recipients = self._compose(tx, queued, now)
        recipients = tuple(r for r in recipients if r in left)
        if not recipients:
            raise ValueError("a letter to nobody")
        return letter, raw, recipients

    def _begin(self, offered: Offered, now: datetime) -> bool:
        """Commits what the offer told and, where there is something to deliver, `in_data`."""
        try:
            commit(self._db, "sender.in_data", lambda tx: self._enter(tx, offered, now))
        except CaseMoved:
            log.info("letter claimed by another", letter=offered.queued.id)
        except Exception as error:
            offered.offer.abandon()
            self._fault(offered.queued, error, now)
            return False
        else:
            if offered.offer.accepted:
                return True
        offered.offer.abandon()
        return False

    def _enter(self, tx: Connection, offered: Offered, now: datetime) -> None:
        queued = offered.queued
        if not queued.was_in_data:
            queued = outbox.make(tx, queued, offered.letter, offered.raw)
        soft = self._refuse(tx, queued, offered.letter, offered.offer.refused, now)
        if offered.offer.accepted:
            outbox.in_data(tx, queued, offered.offer.id, self._read_now(), offered.offer.assigned_id, soft)
        elif soft:
            self._later(tx, queued, soft[0].words, now)

    def _deliver(self, offered: Offered, now: datetime) -> None:
        """The step that cannot be taken back, and the mark that says how it went."""
        queued = offered.queued
        self._pace.note(now)
        try:
            outcome = offered.offer.deliver()
        except DoorClosed as error:
            self._defer(queued, error, now)
            return
        except Exception as error:
            why = str(error) if isinstance(error, Unsure) else f"{FAULT}{type(error).__name__}"
            log.warning("letter may or may not have gone", letter=queued.id, exc_info=not isinstance(error, Unsure))
            commit(self._db, "sender.unknown", lambda tx: outbox.unknown(tx, queued, why, self._read_now()))
            return
        self._mark_sent(offered, outcome, now)

    def _mark_sent(self, offered: Offered, outcome: Outcome, now: datetime) -> None:
        queued = offered.queued

        def mark(tx: Connection) -> None:
            self._mark(tx, offered, outcome, now)

        try:
            commit(self._db, "sender.sent", mark)
        except StoreError:
            self._owe("sender.sent", queued, mark)
        except Exception:
            # It stays in_data: its case is told when proof is found, or after the re-send.
            log.exception("letter went, and could not be marked", letter=queued.id)
        else:
            log.info("letter handed over", letter=queued.id, accepted=len(outcome.accepted))

    def _owe(self, name: str, queued: Queued, what: Callable[[Connection], None]) -> None:
        """What became of a letter is known, and the database is away."""
        log.warning("what became of a letter is written when the database is back", letter=queued.id)
        self._owed = name, queued, what

    def _write_late(self, name: str, queued: Queued, what: Callable[[Connection], None]) -> None:
        """Before anything else: a letter that went must not go once more, and one that did not has lost no attempt."""
        try:
            commit(self._db, name, what)
        except StoreError:
            raise  # it is away still
        except Exception:  # it was written, and that could not be told; or as where its case cannot be told
            log.warning("what became of a letter could not be written later", letter=queued.id, exc_info=True)
        self._owed = None

    def _mark(self, tx: Connection, offered: Offered, outcome: Outcome, now: datetime) -> None:
        queued, letter, told = offered.queued, offered.letter, offered.offer.refused
        if outcome.accepted:
            outbox.sent(tx, queued, outcome, self._read_now())
            self._tell(tx, queued, served(letter, outcome.accepted, queued.claimed or now), now)
        soft = self._refuse(tx, queued, letter, [r for r in outcome.refused if r not in told], now)
        soft += _may_change(told, _is_over(queued, now))
        if soft:
            self._later(tx, queued, soft[0].words, now)

    # --- what did not go ---------------------------------------------------------------------------------------------

    def _refuse(
        self, tx: Connection, queued: Queued, letter: Letter, refusals: Sequence[Refusal], now: datetime
    ) -> list[Refusal]:
        """Marks and tells those refused for good; returns those to be tried again."""
        is_over = _is_over(queued, now)
        final = [replace(r, is_hard=True) for r in refusals if r.is_hard or is_over]
        if final:
            outbox.refused(tx, queued, final, self._read_now())
        for refusal in final:
            self._tell(tx, queued, _undelivered(letter, refusal), now)
        return _may_change(refusals, is_over)

    def _later(self, tx: Connection, queued: Queued, why: str, now: datetime, wait: float = 0) -> None:
        retry_at = now + max(backoff(queued.attempts), timedelta(seconds=wait))
        outbox.deferred(tx, queued, why, retry_at, self._read_now())

    def _defer(self, queued: Queued, error: DoorClosed, now: datetime) -> None:
        """The door is closed: that is the operator's to mend, so the letter waits as long as it takes."""
        wait = error.seconds if isinstance(error, Throttled) else 0.0
        if isinstance(error, LoginRefused):
            self._pace.refused(now)
        log.warning("letter deferred", letter=queued.id, attempts=queued.attempts)
        self._put_off(queued, str(error), now, wait)

    def _fault(self, queued: Queued, error: Exception, now: datetime) -> None:
        log.error("letter deferred by a fault of ours", letter=queued.id, exc_info=error)
        self._put_off(queued, f"{FAULT}{type(error).__name__}", now, 0.0)

    def _put_off(self, queued: Queued, why: str, now: datetime, wait: float) -> None:
        def put_off(tx: Connection) -> None:
            self._later(tx, queued, why, now, wait)

        try:
            commit(self._db, "sender.deferred", put_off)
        except StoreError:
            self._owe("sender.deferred", queued, put_off)
        except CaseMoved:
            log.info("letter claimed by another", letter=queued.id)


def _is_over(queued: Queued, now: datetime) -> bool:
    """Whether those who said "later" have said so for too long."""
    return queued.first_failed is not None and now - queued.first_failed >= GIVE_UP


def _may_change(refusals: Sequence[Refusal], is_over: bool) -> list[Refusal]:
    return [] if is_over else [r for r in refusals if not r.is_hard]


def _undelivered(letter: Letter, refusal: Refusal) -> LetterUndelivered:
    return LetterUndelivered(
        letter.key, letter.kind, letter.stage, refusal.recipient, refusal.status, refusal.is_hard, letter.starts_clock
    )
