"""Each quarter every contact is asked whether they still answer; a deputy for who says nothing; the rest is told.

On the first working morning of a quarter, each person once for all that they hold. Nobody is asked in the quarter in
which the service first runs, and none whose teams' letters do not go yet. It reads no answer (still.py) and
takes nobody out of the directory: who says nothing stays, and stands in the daily letter.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.engine.contacts import facts
from bot.engine.turn import Turn
from bot.model import Contact, Letter
from bot.model.failpoints import failpoint
from bot.model.letters import Question, person
from bot.model.letters.parts import Held, Person, Unsaid
from bot.rules import workdays
from bot.rules.answering import quarter as rules
from bot.rules.answering.over import State, laid
from bot.rules.answering.quarter import Duty
from bot.rules.book import Mode
from bot.store import meta, outbox
from bot.store.db import Database

SUBJECT = "Who answers professional challenges"
_KEPT = "quarter"
#: How long a change that the file holds, or has overtaken, is kept.
SETTLED = timedelta(days=90)
Holders = Mapping[str, tuple[Contact, tuple[Duty, ...]]]


@dataclass(eq=False, slots=True)
class Quarterly:
    """Looks once each working morning."""

    db: Database
    turn: Turn

    def post(self, now: datetime) -> None:
        """Queues what is to be asked today, unless today has been looked at."""
        settings = self.turn.books.settings
        local = now.astimezone(settings.calendar.zone)
        day = local.date()
        if not settings.calendar.is_working(day) or local.time() < workdays.MORNING:
            return
        with self.db.read() as tx:
            kept = meta.get(tx, _KEPT)
        if kept is not None and kept.partition(" ")[2] == day.isoformat():
            return
        this = rules.named(day)
        with self.db.begin() as tx:
            if settings.config.ask_contacts == "quarterly" and kept is not None:
                if kept.partition(" ")[0] != this:
                    self._begin(tx, this, day, now)
                else:
                    self._stand_in(tx, this, day, now)
            meta.put(tx, _KEPT, f"{this} {day.isoformat()}")
            failpoint("quarter.posting")
        failpoint("quarter.posted")

    def _begin(self, tx: Connection, this: str, day: date, now: datetime) -> None:
        """A new quarter: what was said in earlier ones is needed no more."""
        facts.forget_words(tx, this, now)
        agreed = list(facts.accepted(tx))
        against = laid(self.turn.books.file, [change for _, change in agreed])
        for (number, change), one in zip(agreed, against, strict=True):
            if one.state is not State.STANDS and day - change.on > SETTLED:
                meta.forget_fact(tx, number, now)
        end = rules.until(now, self.turn.books.settings.calendar)
        for who, held in holders(self.turn, day).values():
            ask(self.turn, tx, who, held, now, until=end, occasion=f"still/{this}")

    def _stand_in(self, tx: Connection, this: str, day: date, now: datetime) -> None:
        """Deputies are asked about who has said nothing in time."""
        known = facts.of_quarter(tx, this)
        quiet = [email for email in rules.silent(known.until, known.words, now) if email not in known.passed_on]
        held = holders(self.turn, day) if quiet else {}
        end = rules.until(now, self.turn.books.settings.calendar, rules.TO_STAND_IN)
        for email in quiet:
            if email in held:
                self._ask_deputies(tx, this, *held[email], now, end)

    def _ask_deputies(
        self, tx: Connection, this: str, who: Contact, held: tuple[Duty, ...], now: datetime, end: datetime
    ) -> None:
        directory = self.turn.books.settings.directory
        dead = outbox.undelivered_last(tx, {duty.deputy for duty in held if duty.deputy})
        occasion = f"still/{this}/{hashlib.sha256(who.email.encode()).hexdigest()[:12]}"
        for email in rules.deputies(held, dead):
            if not directory.same_person(email, who.email):
                theirs = tuple(duty for duty in held if duty.deputy == email)
                deputy = directory.person(email) or Contact(email)
                ask(self.turn, tx, deputy, theirs, now, until=end, occasion=occasion, whom=who)
        facts.pass_on(tx, this, who.email, now)


def holders(turn: Turn, day: date) -> Holders:
    """Who answers at a stage of a watched team whose letters go."""
    settings = turn.books.settings
    boxes = [
        (settings.policies[box.policy], box.area, box.team)
        for box in settings.config.mailboxes
        if box.policy in settings.policies and turn.mode(box.address) != Mode.SHADOW
    ]
    return rules.duties(boxes, settings.directory, day)


def ask(
    turn: Turn, tx: Connection, who: Contact, held: tuple[Duty, ...], now: datetime, *, until: datetime, occasion: str,
    whom: Contact | None = None, is_new: bool = False,
) -> None:  # fmt: skip
    """Puts the question. `whom`: about whom it is, where it is put to their deputy."""
    values = Question.Still(
        held=tuple(Held(duty.whose, duty.role, duty.deputy) for duty in held),
        until=until,
        unit=person(unit_of(turn, held[0].area, now)),
        whom=person(whom) if whom else None,
        is_new=is_new,
    )
    turn.post(tx, Letter(values, occasion, (who,), decided=now, subject=SUBJECT), now)
    if whom is None:
        day = now.astimezone(turn.books.settings.calendar.zone).date()
        facts.put_question(tx, rules.named(day), who.email, until, now)


def unit_of(turn: Turn, area: str, now: datetime) -> Contact:
    """Who looks after the directory of that area today."""
    settings = turn.books.settings
    operator = Contact(settings.config.operator, "the operator of this service")
    return next(iter(settings.directory.unit(area, now.astimezone(settings.calendar.zone).date())), operator)


def unsaid(tx: Connection, turn: Turn, area: str, now: datetime) -> Iterator[Unsaid]:
    """Contacts of the area who have not said this quarter that they still answer, or have said that they do not."""
    day = now.astimezone(turn.books.settings.calendar.zone).date()
    known = facts.of_quarter(tx, rules.named(day))
    quiet = frozenset(rules.silent(known.until, known.words, now))
    if not quiet and facts.NO not in known.words.values():
        return
    for email, (who, held) in holders(turn, day).items():
        said_no = known.words.get(email) == facts.NO
        for duty in held if email in quiet or said_no else ():
            if duty.area == area:
                yield Unsaid(duty.whose, duty.role, Person(who.name, who.email, phone=who.phone), said_no)
