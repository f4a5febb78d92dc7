"""Faults put into engine and store on purpose, one at a time: a simulation that finds none of them proves nothing.

Each replaces a function of the bot while its world is played, and says which properties may be the first to fail. They
are the faults that a hurried change would bring: a row forgotten, a place noted too soon, a clock a little fast.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.engine import turn
from bot.engine.reading import receiving
from bot.engine.sending import sender
from bot.mail import read
from bot.model import AlarmKind, Case, Proof, State
from bot.store import cases, deadlines, mailboxes, mails, outbox
from bot.store.proof import chain


@dataclass(frozen=True)
class Planted:
    """One fault. `where`.`name` is replaced by what `made` makes of it; `found_by`: properties that may find it."""

    where: Any
    name: str
    made: Callable[[Any], Any]
    found_by: frozenset[int]

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The bot has the fault within."""
        right = getattr(self.where, self.name)
        setattr(self.where, self.name, self.made(right))
        try:
            yield
        finally:
            setattr(self.where, self.name, right)


def every(n: int) -> Callable[[], bool]:
    """True each n-th time."""
    count = itertools.count(1)
    return lambda: next(count) % n == 0


def _forgets_a_letter(right: Any) -> Any:
    now_and_then = every(6)

    def queue(tx: Any, letter: Any, *rest: Any) -> Any:
        return 1 if letter.ref and now_and_then() else right(tx, letter, *rest)

    return queue


def _notes_the_place_too_soon(right: Any) -> Any:
    def receive(self: Any, name: str, mailbox: Any, now: Any) -> Any:
        class Hasty:
            """The mailbox, whose place is noted as soon as it has given."""

            def fetch(self_, cursor: str, limit: int) -> Any:
                batch = mailbox.fetch(cursor, limit)
                with self.db.begin() as tx:
                    mailboxes.read_up_to(tx, name, batch.cursor)
                return batch

            ack = mailbox.ack

        return right(self, name, Hasty(), now)

    return receive


def _loses_what_was_being_read(right: Any) -> Any:
    return lambda *given, **more: [one for one in right(*given, **more) if one.attempts == 0]


def _sends_twice(right: Any) -> Any:
    now_and_then = every(9)

    def deliver(self: Any, offered: Any, now: Any) -> None:
        if now_and_then():
            offered.offer.deliver()
        right(self, offered, now)

    return deliver


def _drops_a_deadline(right: Any) -> Any:
    now_and_then = every(5)

    def save(tx: Any, decision: Any, *rest: Any) -> Any:
        if decision.case.is_open and now_and_then():
            left = tuple(d for d in decision.case.deadlines if d.kind is not AlarmKind.LAPSE)
            decision = replace(decision, case=replace(decision.case, deadlines=left))
        return right(tx, decision, *rest)

    return save


def _chases_after_an_answer(right: Any) -> Any:
    def decide(before: Case | None, fact: Any, rules: Any, now: Any) -> Any:
        made = right(before, fact, rules, now)
        if before is None or made.case.state is not State.AWAITING_CONFIRMATION:
            return made
        gone = (getattr(fact, "deadline", None), *made.case.deadlines)
        chasers = tuple(d for d in before.deadlines if d.kind is AlarmKind.CHASER and d not in gone)
        return replace(made, case=replace(made.case, deadlines=(*made.case.deadlines, *chasers)))

    return decide


def _a_little_fast(right: Any) -> Any:
    return lambda case, deadline: {**right(case, deadline), "ready": deadline.at - timedelta(hours=3)}


def _wrong_recipient(right: Any) -> Any:
    now_and_then = every(8)

    def queue(tx: Any, letter: Any, *rest: Any) -> Any:
        if letter.ref and now_and_then():
            wrong = replace(letter.to[0], email=f"somebody.else@{letter.to[0].email.rpartition('@')[2]}")
            letter = replace(letter, cc=(*letter.cc, wrong))
        return right(tx, letter, *rest)

    return queue


def _believes_everybody(right: Any) -> Any:
    return lambda *given, **more: replace(right(*given, **more), proof=Proof.PROVEN)


def _breaks_the_chain(right: Any) -> Any:
    now_and_then = every(12)
    return lambda prev, body: right("" if now_and_then() else prev, body)


def _takes_lost_for_sent(right: Any) -> Any:
    def unknown(tx: Any, queued: Any, why: str, now: Any) -> None:
        outbox._move(tx, queued, outbox._ASKED, status="sent", changed=now)
        tx.execute(outbox._WAITING, {"of": queued.id, "status": "accepted", "words": "", "at": now})

    return unknown


def _forgets_a_change(right: Any) -> Any:
    now_and_then = every(10)

    def append(tx: Any, decision: Any, fact: Any, now: Any, seq: int, prev: str, changed: Any, salt: str) -> Any:
        left = [name for name in changed if name != "due"] if now_and_then() else changed
        return right(tx, decision, fact, now, seq, prev, left, salt)

    return append


PLANTED = {
    "forgets an outbox row": Planted(turn.outbox, "queue", _forgets_a_letter, frozenset({8})),
    "notes the place before the commit": Planted(
        receiving.Receiving, "receive", _notes_the_place_too_soon, frozenset({1})
    ),
    "loses the mail that was being read in a crash": Planted(
        mails, "waiting", _loses_what_was_being_read, frozenset({2, 22, 25})
    ),
    "sends twice": Planted(sender.Sender, "_deliver", _sends_twice, frozenset({7})),
    "drops a deadline": Planted(cases, "save", _drops_a_deadline, frozenset({4, 6})),
    "reminds after an answer": Planted(turn.table, "decide", _chases_after_an_answer, frozenset({4, 5})),
    "fires early": Planted(deadlines, "_row", _a_little_fast, frozenset({5})),
    "wrong recipient": Planted(turn.outbox, "queue", _wrong_recipient, frozenset({10})),
    "believes unproven mail": Planted(read, "_read", _believes_everybody, frozenset({11, 12, 23})),
    "breaks the chain": Planted(chain, "link_hash", _breaks_the_chain, frozenset({16})),
    "takes a lost answer for sent": Planted(outbox, "unknown", _takes_lost_for_sent, frozenset({8})),
    "forgets a change in the journal": Planted(chain, "append", _forgets_a_change, frozenset({15})),
}
