"""The day on which an app's secret runs out, counted down to the operator: after it no mail comes in or goes out.

One letter 30, 14, 7 and 1 days before and one when it is past, each once, however many doors share the secret; a step
that fell into a standstill is told when we are back. It knows the day from `secret_expires` alone: no authority tells.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from bot.engine.turn import Turn
from bot.model import Contact, Letter
from bot.model.failpoints import failpoint
from bot.model.letters import Alert
from bot.settings.door import Door, OAuth
from bot.settings.settings import Config
from bot.store import meta
from bot.store.db import Database

STEPS = (30, 14, 7, 1)  # days before the end
PAST = 0


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret or certificate, its last day, and the doors that it opens as bot.yaml calls them."""

    tenant: str
    client_id: str
    ends: date
    doors: tuple[str, ...]

    def step(self, today: date) -> int | None:
        """The latest step that has come: 30, 14, 7, 1, PAST; None before all of them. It is good on its last day."""
        left = (self.ends - today).days
        if left < 0:
            return PAST
        return min((step for step in STEPS if left <= step), default=None)

    def words(self, today: date) -> str:
        """ "runs out on 30 September 2027, in 14 days"."""
        left, day = (self.ends - today).days, f"{self.ends.day} {self.ends:%B %Y}"
        if left < 0:
            return f"ran out on {day}"
        return f"runs out on {day}, {'today' if left == 0 else f'in {left} day' + 's' * (left != 1)}"


def secrets(config: Config) -> list[Secret]:
    """Every secret whose last day is known, the soonest first."""
    found: dict[tuple[date, str, str], list[str]] = {}
    for name, oauth in _blocks(config):
        if oauth.secret_expires is not None:
            found.setdefault((oauth.secret_expires, oauth.tenant, oauth.client_id), []).append(name)
    return [Secret(tenant, app, ends, tuple(doors)) for (ends, tenant, app), doors in sorted(found.items())]


def running_out(config: Config, today: date) -> list[str]:
    """A sentence for each secret that is in its last thirty days or past."""
    return [f"{_named(one)} {one.words(today)}: {ADVICE}" for one in secrets(config) if one.step(today) is not None]


ADVICE = "make a new one in the app's registration, put it in the old one's place, and mend secret_expires"


class Expiry:
    """Posts what is due, looked for once a day."""

    def __init__(self, db: Database, turn: Turn) -> None:
        self._db = db
        self._turn = turn

    def post(self, now: datetime) -> None:
        """Queues the letters of today's steps, unless today has been looked at."""
        settings = self._turn.books.settings
        today = now.astimezone(settings.calendar.zone).date()
        due = [(one, step) for one in secrets(settings.config) if (step := one.step(today)) is not None]
        if not due:
            return
        with self._db.read() as tx:
            if meta.get(tx, "expiry") == today.isoformat():
                return
        with self._db.begin() as tx:
            for one, step in due:
                self._turn.post(tx, _letter(one, step, today, settings.config.operator, now), now)
            meta.put(tx, "expiry", today.isoformat())
            failpoint("expiry.posting")
        failpoint("expiry.posted")


def _letter(one: Secret, step: int, today: date, operator: str, now: datetime) -> Letter:
    about = hashlib.sha256(f"{one.tenant}/{one.client_id}/{one.ends}".encode()).hexdigest()[:16]
    subject = f"Alert: an app's secret {one.words(today)}"
    lines = (
        f"{_named(one)} {one.words(today)}.",
        f"It opens: {', '.join(one.doors)}. Without it no mail can be read or sent there.",
        f"Please {ADVICE}; then restart the daemon.",
    )
    told = Alert.Plain(subject=subject.removeprefix("Alert: "), lines=lines)
    # The occasion is the step, not the day: each is told once, whenever it is.
    return Letter(told, f"secret/{about}/{step}", (Contact(operator),), decided=now, subject=subject)


def _named(one: Secret) -> str:
    return f"The secret of the app {one.client_id or 'of a token command'}"


def _blocks(config: Config) -> Iterator[tuple[str, OAuth]]:
    doors: list[tuple[str, Door]] = [("bot.receive", config.bot.receive), ("bot.send", config.bot.send)]
    doors += [(f"mailboxes.{n}.receive", box.receive) for n, box in enumerate(config.mailboxes, 1)]
    yield from ((name, door.oauth) for name, door in doors if door.oauth is not None)
