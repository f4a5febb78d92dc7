"""One fact to one committed decision: load, decide, save. The only code that changes a case.

It knows the store and the pure rules, and neither mailboxes nor transports. A decision may be planned without a write
lock and saved later: if the case has moved in between, CaseMoved says so and the caller plans again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bot.case import table
from bot.case.said.unit import shadow
from bot.case.said.unit.orders import held_by_case
from bot.engine import flood, held, strangers
from bot.engine.contacts.books import Books
from bot.letters import render
from bot.model import (
    Arrival,
    Case,
    Contact,
    Correction,
    Decision,
    EventKind,
    Fact,
    Flag,
    Hold,
    How,
    IdKind,
    Inbox,
    Letter,
    LetterKind,
    LetterServed,
    LetterUndelivered,
    Mail,
    Opening,
    Sending,
)
from bot.model.errors import CaseMoved
from bot.model.failpoints import failpoint
from bot.model.letters import Alert
from bot.rules.book import Mode, Rules
from bot.rules.policy.policy import Policy
from bot.store import cases, outbox
from bot.store.cases import Stored


@dataclass(frozen=True, slots=True)
class Plan:
    """A decision that was made and not yet saved."""

    stored: Stored | None
    fact: Fact
    decision: Decision
    policy_text: str = ""
    held_for: Hold | None = None  # what holds its letters, whatever they are


class Turn:
    """Decides and saves. `woken` is called after letters were queued, so that the sender need not poll."""

    def __init__(self, books: Books, secret: bytes, woken: Callable[[], None] = lambda: None) -> None:
        self.books = books
        self.secret = secret
        self.woken = woken

    @property
    def domain(self) -> str:
        return self.books.settings.config.bot.address.rpartition("@")[2]

    def rules_of(self, stored: Stored) -> Rules:
        return self._rules(stored.case.policy, stored.case.inbox, stored.policy_text)

    def _rules(self, policy_id: str, inbox: str, kept_text: str = "") -> Rules:
        """The rules in the mode of that mailbox, with the codes that only this service can know."""
        code = partial(render.code, self.secret)
        return replace(self.books.rules(policy_id, kept_text, code=code), mode=self.mode(inbox))

    def plan(self, tx: Connection, number: int, fact: Fact, now: datetime) -> Plan:
        """What follows from `fact` for this case; needs no write lock. Raises KeyError for a case that is not there."""
        stored = cases.load(tx, number)
        return Plan(stored, fact, table.decide(stored.case, fact, self.rules_of(stored), now))

    def save(self, tx: Connection, plan: Plan, now: datetime) -> Decision:
        """Saves state, journal, deadlines and letters in the caller's transaction. Raises CaseMoved."""
        version = plan.stored.version if plan.stored else 0
        failpoint("turn.save")
        cases.save(tx, plan.decision, plan.fact, now, version, plan.policy_text)
        self._note_ids(tx, plan)
        if isinstance(plan.fact, Opening) or (isinstance(plan.fact, Arrival) and plan.fact.how != How.MAY_ANSWER):
            cases.keep(tx, plan.decision.case.number, plan.fact.mail)
        if isinstance(plan.fact, Opening):
            cases.keep_words(tx, plan.decision.case.number, plan.fact.mail)
        self._free(tx, plan.decision, now)  # before its own letters: what they wait for has not ended
        for letter in plan.decision.letters:
            self._queue(tx, plan, letter, now)
        if plan.decision.wrong_move:
            self._moved_wrongly(tx, plan.decision, now)
        for ref, fact in plan.decision.onward:
            self._hand_on(tx, ref, fact, now)
        return plan.decision

    def _hand_on(self, tx: Connection, ref: str, fact: Correction, now: datetime) -> None:
        """What one case's decision brings to another is decided there, in the same transaction. Raises CaseMoved where
        that one has ended since it was looked at: then the first decides again."""
        number = cases.by_ref(tx, ref)
        if number is None or not cases.load(tx, number).case.is_open:
            raise CaseMoved(f"{ref} has ended")
        self.take(tx, number, fact, now)

    def take(self, tx: Connection, number: int, fact: Fact, now: datetime) -> Decision:
        """Plans and saves at once, inside a write transaction."""
        return self.save(tx, self.plan(tx, number, fact, now), now)

    def open(
        self,
        tx: Connection,
        mail: Mail,
        inbox: Inbox,
        now: datetime,
        flags: tuple[Flag, ...] = (),
        stage: str = "",
        day_zero: datetime | None = None,
        same_as: str = "",
    ) -> Decision:
        """A mail opens a case: its ref is handed out and everything saved, inside a write transaction. `same_as`: the
        ref of the open case that it may be written of again."""
        local = now.astimezone(self.books.settings.calendar.zone)
        number, ref = cases.new_ref(tx, inbox.area, local.year)
        opening = Opening(mail, inbox, number, ref, stage, day_zero, flags, same_as)
        rules = self._rules(inbox.policy, inbox.address)
        decision = table.decide(None, opening, rules, now)
        held_for = self._flooded(tx, opening, decision.case, rules.policy, now)
        return self.save(tx, Plan(None, opening, decision, self.books.text(inbox.policy), held_for), now)

    def _flooded(self, tx: Connection, opening: Opening, case: Case, policy: Policy, now: datetime) -> Hold | None:
        """Whether one more stranger in this hour is one too many: unit, team and operator are told so, once."""
        settings = self.books.settings
        most = settings.config.senders.strangers_an_hour
        is_counted = strangers.counts(case, opening, settings.directory)
        if not is_counted or not strangers.are_many(tx, case.number, most, now):
            return None
        if self.mode(case.inbox) != Mode.SHADOW:
            self.post(tx, strangers.summary(case, policy, settings.directory, most, now), now)
        self.alert(tx, "strangers", strangers.SUBJECT, strangers.lines(case.ref, most), now)
        return Hold.STRANGERS

    def tell(
        self, tx: Connection, queued: outbox.Queued, fact: LetterServed | LetterUndelivered, now: datetime
    ) -> None:
        """What became of a letter reaches its case, in the transaction that marks the letter."""
        if queued.case is not None:
            self.take(tx, queued.case, fact, now)

    def _note_ids(self, tx: Connection, plan: Plan) -> None:
        if isinstance(plan.fact, Arrival) and plan.fact.how == How.MAY_ANSWER:
            return  # it is not of the case: what answers it must not be either
        if isinstance(plan.fact, Opening | Arrival) and plan.fact.mail.message_id:
            what = IdKind.ORIGINAL if isinstance(plan.fact, Opening) else IdKind.MAIL
            cases.note_ids(tx, plan.decision.case.number, {plan.fact.mail.message_id: what})

    def _queue(self, tx: Connection, plan: Plan, letter: Letter, now: datetime) -> None:
        case = plan.decision.case
        if self._is_withheld(case, letter):
            self._put(tx, case, letter, now, Sending.WITHHELD)
        elif held_for := plan.held_for or self._held_for(plan.decision, letter):
            self._put(tx, case, letter, now, Sending.HELD, held_for)
        else:
            before = plan.stored.case if plan.stored else None
            soon, later = flood.parts(tx, before, plan.fact, case, letter, now)
            if soon is not None:
                self._put(tx, case, soon, now, answers=letter.key)
            if later is not None:
                self._put(tx, case, later, now, Sending.HELD, Hold.FLOOD, letter.key)
                self.alert(tx, f"flood/{case.ref}", flood.SUBJECT, flood.lines(case.ref, letter.kind), now)

    def _put(
        self,
        tx: Connection,
        case: Case,
        letter: Letter,
        now: datetime,
        status: Sending = Sending.QUEUED,
        held_for: Hold | None = None,
        answers: str = "",
    ) -> None:
        """`answers`: the key of the letter that it is a copy of; who replies to the copy replies to that one."""
        owner: int | None = case.number
        if letter.to_stranger:  # one a day for each address, whatever it sends
            letter, owner = replace(letter, occasion=f"stranger/{now:%Y%m%d}"), None
        signed = replace(letter, message_id=render.message_id(self.secret, case.ref, letter.key, self.domain))
        if outbox.queue(tx, signed, owner, now, status, held_for) is not None:
            cases.note_ids(tx, case.number, {signed.message_id: answers or signed.key})
            self.woken()

    def _held_for(self, decision: Decision, letter: Letter) -> Hold | None:
        is_new = any(event.kind is EventKind.HELD for event in decision.events)  # the letters that tell of a HOLD go
        held_for = held_by_case(decision.case, letter)
        return None if is_new and held_for is Hold.HOLD else held_for

    def _is_withheld(self, case: Case, letter: Letter) -> bool:
        """In shadow mode nothing of a case goes but alerts; of one that was watched in it little, until its GO."""
        if self.mode(case.inbox) == Mode.SHADOW:
            return letter.kind is not LetterKind.ALERT
        return shadow.withholds(case, letter)

    def mode(self, inbox: str) -> Mode:
        """The mode of that watched mailbox: a pilot may try another one with a single team."""
        config = self.books.settings.config
        own = next((box.mode for box in config.mailboxes if box.address == inbox and box.mode), None)
        return own or config.mode

    def _moved_wrongly(self, tx: Connection, decision: Decision, now: datetime) -> None:
        """What followed goes on all the same: a case that stands still helps nobody."""
        lines = [decision.wrong_move, "What followed was saved and its letters go. Please see that the case is right."]
        lines += [
            f"See: challenge-bot case {decision.case.ref}",
            "It is a fault of this service: tell who maintains it.",
        ]
        self.alert(tx, f"move/{decision.case.ref}", "A case moved as no case may", lines, now)

    def alert(self, tx: Connection, what: str, subject: str, lines: list[str], now: datetime) -> None:
        """Queues an alert to the operator, once a day for each thing."""
        operator = Contact(self.books.settings.config.operator, "Operator")
        values = Alert.Plain(subject=subject, lines=tuple(lines))
        letter = Letter(values, f"{what}/{now:%Y%m%d}", (operator,), decided=now, subject=subject)
        self.post(tx, letter, now)

    def post(self, tx: Connection, letter: Letter, now: datetime) -> None:
        """Queues a letter of no case."""
        signed = replace(letter, message_id=render.message_id(self.secret, "", letter.key, self.domain))
        if outbox.queue(tx, signed, None, now) is not None:
            self.woken()

    def _free(self, tx: Connection, decision: Decision, now: datetime) -> None:
        """Letters whose hold the decision ends go, as far as what they say is still true."""
        if not decision.frees:
            return
        for queued in outbox.of_case(tx, decision.case.number):
            if queued.held_for in decision.frees and not held.dropped(tx, queued, decision.case, now):
                outbox.release(tx, queued.id, now)
        self.woken()
