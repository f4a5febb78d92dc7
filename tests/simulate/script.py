"""What happens unasked in a world: challenges, ordinary mail, forged mail, faults, stops, leavers. All from the seed.

Each event has a key of its own and its own chance, so that a world with some of them left out goes on as before. It
says what happens and when, as plain values; play.py makes it happen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from tests.simulate.faults import DOORS, STORE
from tests.simulate.partnership import Partnership

YEAR = timedelta(days=365)
CHALLENGES, MAILS = 10, 300
#: How often in a team-year each other thing happens.
RATES = {
    "forged": 6.0, "stranger": 2.0, "list": 2.0, "replay": 3.0, "poison": 1.0, "restart": 4.0, "down": 2.0,
    "fault": 30.0, "deaf": 3.0, "mute": 2.0, "full": 1.5, "forgotten": 1.5, "renumbered": 1.0, "clock": 1.0,
    "leaver": 1.0, "purge": 1.5,
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """Something that happens at that real time. `chance`: the seed of what is random in it."""

    key: str
    at: datetime
    what: str
    team: int
    chance: str

    @property
    def luck(self) -> Random:
        return Random(self.chance)


def script(seed: int, world: Partnership, start: datetime, until: datetime) -> Iterator[Event]:
    """Everything that is certain to happen in that world, in no order."""
    random = Random(f"{seed}/script")
    years = (until - start) / YEAR
    for n in range(len(world.teams)):
        rates = {"challenge": float(CHALLENGES), "mail": MAILS * 0.25, **RATES}
        for what, rate in rates.items():
            for i in range(_count(random, rate * years)):
                at = start + (until - start) * random.random()
                if what in ("challenge", "mail", "list") and random.random() < 0.9:
                    at = _office_hours(random, at)
                key = f"{what}-{n}-{i}"
                if start <= at < until:
                    yield Event(key, at, what, n, f"{seed}/{key}")


def _count(random: Random, mean: float) -> int:
    return int(mean) + (random.random() < mean % 1)


def _office_hours(random: Random, at: datetime) -> datetime:
    day = at - timedelta(days=max(0, at.weekday() - 4))
    return day.replace(hour=random.randint(8, 17), minute=random.randint(0, 59), second=random.randint(0, 59))


def op_of(luck: Random) -> tuple[str, str, int, float]:
    """A fault at a call: what goes wrong, where, at which passing from now on, and its measure."""
    what = luck.choice(("crash", "crash", "crash", "error", "error", "unsure", "delay"))
    if what == "unsure":
        op = luck.choice(("deliver", "delivered", "delivered"))
    elif what == "error":
        op = luck.choice((*STORE[:2], *DOORS))
    else:
        op = luck.choice((*STORE, *STORE, *DOORS))
    nth = luck.randint(0, 150) if op == "statement" else luck.randint(0, 4)
    return what, op, nth, luck.choice((5.0, 40.0, 90.0, 150.0, 400.0))


def aimed_at_mail(luck: Random) -> tuple[str, str, int, float]:
    """The same, in the moments after a mail has come: while it is received, read and decided on."""
    op = luck.choice(("statement", "statement", "commit", "committed"))
    what = "crash" if op == "committed" else luck.choice(("crash", "crash", "error"))
    return what, op, luck.randint(0, 40 if op == "statement" else 3), luck.choice((5.0, 400.0))


START = datetime(2027, 1, 4, 7, 0, tzinfo=UTC)
