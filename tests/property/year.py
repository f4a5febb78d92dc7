"""A year of challenges over the five shipped policies, each with the journal that its decisions wrote.

Who raises, when, and what the parties do or leave hangs on the seed alone. It counts nothing: test_report_year.py does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from bot.case.table import decide
from bot.model import Alarm, Arrival, Case, Event, Fact, Letter, LetterServed, Opening
from tests.property.test_policy_courses import MOVES, POLICIES, speaker
from tests.unit.case_samples import mail, rules

#: From the year before what is reported to its end.
FROM, DAYS = datetime(2026, 10, 1, 8, tzinfo=UTC), 450


@dataclass
class Lived:
    """A case as it ended, and its journal: (when, what)."""

    policy: str
    raiser: str
    responder: str
    journal: list[tuple[datetime, Event]] = field(default_factory=list)
    case: Case | None = None

    def take(self, fact: Fact, now: datetime) -> None:
        decision = decide(self.case, fact, rules(self.policy), now)
        self.case = decision.case
        self.journal += [(now, event) for event in decision.events]
        for letter in decision.letters:
            self.take(_served(letter, now), now)

    def alarms(self, until: datetime) -> None:
        while self.case is not None and self.case.deadlines and self.case.deadlines[0].at <= until:
            row = self.case.deadlines[0]
            self.take(Alarm(row), row.at)


def _served(letter: Letter, now: datetime) -> LetterServed:
    everybody = tuple(c.email for c in (*letter.to, *letter.cc))
    return LetterServed(letter.key, letter.kind, letter.stage, everybody, now, letter.starts_clock)


def year(count: int, seed: int, until: datetime) -> Iterator[Lived]:
    """That many cases, as they stand at `until`."""
    chance = Random(seed)
    starts = sorted(FROM + timedelta(minutes=chance.randrange(DAYS * 24 * 60)) for _ in range(count))
    for n, start in enumerate(starts, 1):
        yield _lived(n, start, until, Random(f"{seed}/{n}"))


def _lived(n: int, start: datetime, until: datetime, chance: Random) -> Lived:
    policy = chance.choice(list(POLICIES))
    inbox, raiser, responder, title = POLICIES[policy]
    lived = Lived(policy, raiser, responder)
    first = mail(raiser, "We disagree.", at=start, title=title, to=(responder,), cc=(inbox.address,))
    lived.take(Opening(first, inbox, n, f"{inbox.area}-{start.year}-{n:04}"), start)
    now = start
    for step in range(chance.randrange(6)):
        now += timedelta(hours=chance.choice((2, 20, 60, 200)))
        if now > until:
            break
        lived.alarms(now)
        assert lived.case is not None
        side, words = chance.choice(MOVES)
        who = speaker(lived.case, side, rules(policy))
        answer = mail(who, words, at=now, to=(raiser, inbox.address), size=step)
        lived.take(Arrival(answer, "our letter"), now)
    lived.alarms(until)
    return lived
