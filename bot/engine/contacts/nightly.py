"""Each night: does somebody who can be reached answer every stage of every watched team, and does one alone hold each
role?

The operator hears once of what is new; the business unit reads in its daily letter what lasts. What two share when the
first night comes was shown by `check`, and is no news. It mends nothing, and what may be asked of people is not here.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import Connection

from bot.engine.turn import Turn
from bot.model import Contact
from bot.model.failpoints import failpoint
from bot.model.letters import person
from bot.model.letters.parts import Person, Shared, Unreached
from bot.rules.answering import today as rules
from bot.settings.settings import Settings
from bot.store import meta, outbox
from bot.store.db import Database

_KEPT = "nightly"


class Nightly:
    """Looks once a day, and tells the operator what is new."""

    def __init__(self, db: Database, turn: Turn) -> None:
        self._db = db
        self._turn = turn

    def post(self, now: datetime) -> None:
        """Queues the alert of what was found, unless today has been looked at."""
        settings = self._turn.books.settings
        day = now.astimezone(settings.calendar.zone).date()
        with self._db.read() as tx:
            before = _Noted.read(meta.get(tx, _KEPT))
            if before.day == day.isoformat():
                return
            found = dict(self._found(tx, settings, day, is_first=not before.day))
        new = [line for key, line in found.items() if line and key not in before.keys]
        with self._db.begin() as tx:
            if new:
                advice = "Put it right in directory.csv, or have the business unit write SPOC; see: challenge-bot check"
                self._turn.alert(tx, "nightly", "The directory leaves something open", [*new, advice], now)
            meta.put(tx, _KEPT, _Noted(day.isoformat(), tuple(found)).text())
            failpoint("nightly.posting")
        failpoint("nightly.posted")

    def _found(self, tx: Connection, settings: Settings, day: date, *, is_first: bool) -> Iterator[tuple[str, str]]:
        """What there is, by a key in which nobody stands: a sentence, or "" for what is no news."""
        for area in sorted({box.area for box in settings.config.mailboxes}):
            for one in unreached(tx, settings, area, day):
                yield _key(area, one.team, one.stage, *(who.email for who in one.named)), in_words(one)
            for two in shared(settings, area, day):
                key = _key(area, two.whose, two.role, *(who.email for who in two.held))
                yield key, "" if is_first else shared_in_words(two)


class _Noted:
    """What the last night found: its day, and a key each."""

    def __init__(self, day: str, keys: Sequence[str]) -> None:
        self.day = day
        self.keys = frozenset(keys)

    @classmethod
    def read(cls, text: str | None) -> "_Noted":
        return cls(*json.loads(text)) if text else cls("", ())

    def text(self) -> str:
        return json.dumps([self.day, sorted(self.keys)])


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def unreached(tx: Connection, settings: Settings, area: str, day: date) -> tuple[Unreached, ...]:
    """Stages of the area's watched teams that nobody answers who can be reached."""
    dead = outbox.undelivered_last(tx, rules.addresses(settings.directory, (area,)))
    found: list[Unreached] = []
    for box in settings.config.mailboxes:
        policy = settings.policies.get(box.policy)
        if box.area != area or policy is None:
            continue
        for stage, held in rules.unreached(policy, settings.directory, area, box.team, day, dead):
            named = _people(held)
            found.append(Unreached(box.team or box.address, stage.name, tuple(stage.responding_role), named))
    return tuple(found)


def shared(settings: Settings, area: str, day: date) -> tuple[Shared, ...]:
    """Roles of the area that different people hold on that day."""
    return tuple(
        Shared(rows[0].team or rows[0].agency or area, rows[0].role, _people(Contact(r.email, r.name) for r in rows))
        for rows in rules.shared(settings.directory, area, day)
    )


def _people(contacts: Iterable[Contact]) -> tuple[Person, ...]:
    return tuple(map(person, contacts))


def in_words(one: Unreached) -> str:
    """For the operator: roles and places, and nobody's name."""
    roles = " or ".join(role.replace("_", " ") for role in one.roles)
    if not one.named:
        return f"{one.team}, {one.stage}: nobody is {roles} today"
    many = "whom the directory names take" if len(one.named) > 1 else "whom the directory names takes"
    return f"{one.team}, {one.stage}: the {roles} {many} no letter of ours, and no deputy does"


def shared_in_words(two: Shared) -> str:
    role = two.role.replace("_", " ")
    return f"{two.whose}: {len(two.held)} are {role} from today; all are written to, and any may answer"
