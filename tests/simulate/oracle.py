"""The 25 properties of a bot that loses nothing and lets nobody in, each a function with its number and sentence.

They stand in of_mail.py, of_letters.py, of_cases.py, of_journal.py and twins.py; here they are gathered and asked,
after every event or at a world's end. They read mailboxes, what was handed to the sink, and rows by plain SQL, and
import nothing of the bot (a test holds that).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulate.play import World

Property = Callable[["World", "Seen"], Iterator[str]]

#: Number -> what is asked after every event, and what is asked at the end of a world.
EACH: dict[int, Property] = {}
LAST: dict[int, Property] = {}


def holds(number: int, *, last: bool = False) -> Callable[[Property], Property]:
    """Enters a property; `last`: it is asked at the end of a world."""

    def enter(function: Property) -> Property:
        (LAST if last else EACH)[number] = function
        return function

    return enter


class Violation(Exception):
    """A property does not hold."""

    def __init__(self, number: int, sentence: str, what: str, event: int, at: datetime) -> None:
        self.number, self.sentence, self.what, self.event = number, sentence, what, event
        super().__init__(f"property {number} ({sentence}) after event {event}, {at:%Y-%m-%d %H:%M:%S}: {what}")


@dataclass
class Seen:
    """What the oracle remembers of a world from one event to the next."""

    n_sink: int = 0  # of the sink's messages that were looked at
    new_sink: list[Any] = field(default_factory=list)
    folded: dict[int, dict[str, Any]] = field(default_factory=dict)
    steps: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    checked: dict[tuple[str, int], int] = field(default_factory=dict)  # (box, validity) -> messages found in the ledger
    urged: set[int] = field(default_factory=set)  # cases whose clock a word has moved
    vouched: set[int] = field(default_factory=set)  # cases whose opening a proven mail has confirmed
    purged: dict[int, tuple[str, ...]] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)


class Oracle:
    """Asks every property of one world."""

    def __init__(self) -> None:
        from tests.simulate import of_cases, of_journal, of_letters, of_mail  # noqa: F401 - they enter themselves

        self.seen = Seen()

    def check(self, world: World) -> None:
        """After an event. Raises Violation."""
        world.look.read()
        self._look(world)
        self._ask(world, EACH)
        if world.life is not None and world.life.troubles:
            error = world.life.troubles[0]
            raise Violation(0, "no fault of ours in a turn", repr(error), len(world.happened), world.clock.true)

    def finish(self, world: World) -> None:
        """At the end. Raises Violation."""
        world.look.read(fresh=True)
        self._look(world)
        self._ask(world, EACH)
        self._ask(world, LAST)

    def _look(self, world: World) -> None:
        seen = self.seen
        seen.new_sink = world.server.sink[seen.n_sink :]
        seen.n_sink = len(world.server.sink)
        seen.steps = []
        for row in world.look.new_journal:
            before = seen.folded.get(row["case_number"], {})
            after = {**before, **row["said"]["set"]}
            seen.folded[row["case_number"]] = after
            seen.steps.append((row, before, after))
            if "confirmed" in {event["kind"] for event in row["said"]["events"]} and _is_by_somebody(world, row):
                seen.vouched.add(row["case_number"])

    def _ask(self, world: World, properties: dict[int, Property]) -> None:
        for number, function in properties.items():
            for what in function(world, self.seen):
                sentence = " ".join((function.__doc__ or "").split(":")[0].split())
                raise Violation(number, sentence, what, len(world.happened), world.clock.true)


def _is_by_somebody(world: World, row: dict[str, Any]) -> bool:
    """Whether it was decided on a mail whose sender is proven."""
    fact = row["said"]["fact"]
    truth = world.truths.get(fact["mail"]["digest"]) if fact["is"] == "Arrival" else None
    return truth is not None and truth.is_proven


def is_calm(world: World, minutes: float) -> bool:
    """Whether the bot has been up, with every call answered and the clock right, for so long."""
    since = world.calm_since
    wrong = world.faults.last
    long_ago = world.clock.true - timedelta(minutes=minutes)
    return since is not None and since <= long_ago and (wrong is None or wrong <= long_ago) and not world.clock.wrong_by
