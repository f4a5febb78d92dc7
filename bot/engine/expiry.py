"""What runs out and is counted down to the operator: an app's secret, and the list of bank holidays.

Of a secret one letter 30, 14, 7 and 1 days before and one when it is past, each once, however many doors share it; a
step that fell into a standstill is told when we are back. It knows the day from `secret_expires` alone: no authority
tells. Of a year without bank holidays one letter, more than a year before it is reached.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from bot.model import Contact, Letter
from bot.model.failpoints import failpoint
from bot.model.letters import Alert
from bot.rules import workdays
from bot.rules.workdays import Calendar
from bot.settings.door import Door, OAuth
from bot.settings.settings import Config, Settings

if TYPE_CHECKING:  # `check` asks what runs out, and turns nothing
    from bot.engine.turn import Turn
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


def running_out(settings: Settings, today: date) -> list[str]:
    """A sentence for each secret that is in its last thirty days or past, and for a year without bank holidays."""
    own = [one for one in secrets(settings.config) if one.step(today) is not None]
    said = [f"{_named(one)} {one.words(today)}: {ADVICE}" for one in own]
    return [*said, *(f"{_missing(year)}: {HOLIDAYS}" for year in unlisted(calendars(settings), today))]


def calendars(settings: Settings) -> list[Calendar]:
    """Every calendar that dates are computed by: the configuration's, and those of the policies in use."""
    used = dict.fromkeys(box.policy for box in settings.config.mailboxes if box.policy in settings.policies)
    return [settings.calendar, *(settings.policies[name].days(settings.calendar) for name in used)]


def unlisted(those: Iterable[Calendar], today: date) -> list[int]:
    """The years soon to come whose bank holidays one of these calendars does not know."""
    return sorted({year for one in those if (year := workdays.unlisted(one, today)) is not None})


HOLIDAYS = "bring the program up to date, or write that year's bank holidays into calendar.bank_holidays"
ADVICE = "make a new one in the app's registration, put it in the old one's place, and mend secret_expires"


class Expiry:
    """Posts what is due, looked for once a day."""

    def __init__(self, db: "Database", turn: "Turn") -> None:
        self._db = db
        self._turn = turn

    def post(self, now: datetime) -> None:
        """Queues the letters of today's steps, unless today has been looked at."""
        from bot.store import meta

        settings = self._turn.books.settings
        today = now.astimezone(settings.calendar.zone).date()
        operator = settings.config.operator
        steps = [(one, step) for one in secrets(settings.config) if (step := one.step(today)) is not None]
        due = [_letter(one, step, today, operator, now) for one, step in steps]
        due += [_of_holidays(year, operator, now) for year in unlisted(calendars(settings), today)]
        if not due:
            return
        with self._db.read() as tx:
            if meta.get(tx, "expiry") == today.isoformat():
                return
        with self._db.begin() as tx:
            for letter in due:
                self._turn.post(tx, letter, now)
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


def _of_holidays(year: int, operator: str, now: datetime) -> Letter:
    subject = f"the bank holidays of {year} are not known"
    lines = (
        f"{_missing(year)}: until they are they count as working days, and a time is due too early.",
        f"Please {HOLIDAYS}; then restart the daemon.",
    )
    told = Alert.Plain(subject=subject, lines=lines)
    return Letter(told, f"holidays/{year}", (Contact(operator),), decided=now, subject=f"Alert: {subject}")


def _missing(year: int) -> str:
    return f"The bank holidays of {year} are not known"


def _named(one: Secret) -> str:
    return f"The secret of the app {one.client_id or 'of a token command'}"


def _blocks(config: Config) -> Iterator[tuple[str, OAuth]]:
    doors: list[tuple[str, Door]] = [("bot.receive", config.bot.receive), ("bot.send", config.bot.send)]
    doors += [(f"mailboxes.{n}.receive", box.receive) for n, box in enumerate(config.mailboxes, 1)]
    yield from ((name, door.oauth) for name, door in doors if door.oauth is not None)
