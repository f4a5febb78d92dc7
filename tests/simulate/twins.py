"""Properties 17, 18 and 19: the same world played twice, once with something added that must change nothing.

A quiet world has people and mail and no fault. Beside it: one that crashes at random and starts again at once, one in
which every mail comes twice, and one in which a new daemon starts before every event. What became of each challenge and
which letters reached whom is compared; letters that went twice after a crash count once.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.simulate.doors import SERVERS
from tests.simulate.faults import STORE, Armed
from tests.simulate.play import World, tmpfs

#: What is compared with the quiet world, its number and sentence.
ADDED = {
    "crashes": (17, "Crashes change neither what becomes of a case nor which letters reach whom"),
    "doubled": (18, "A mail that comes twice has the effect of one"),
    "restarts": (19, "Any number of daemons, one after another, does what one would"),
}

#: Opening mail -> what became of it; and who got which letter.
Came = tuple[dict[str, Any], set[tuple[str, str, str]]]


def differences(seed: int, years: float, added: str) -> Iterator[str]:
    """What is not the same with that added as without."""
    quiet, other = _played(seed, years, ""), _played(seed, years, added)
    for key in sorted({*quiet[0], *other[0]}):
        if quiet[0].get(key) != other[0].get(key):
            yield f"{key}: {quiet[0].get(key)} without, {other[0].get(key)} with"
    for letter in sorted(quiet[1] ^ other[1]):
        yield f"{letter} went only {'without' if letter in quiet[1] else 'with'}"


class Quiet(World):
    """A world without faults of its own, and with what is added to it."""

    added = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.kept = ("challenge", "mail", "stranger", "list", "leaver")
        self.server.copies_lag = False
        self.luck = Random(f"{self.seed}/{self.added}")

    def _refuses(self, address: str) -> str:
        person = self.partnership.people.get(address)
        return "5.1.1" if person is not None and person.is_dead else ""

    def _pass(self, at: Any) -> None:
        if self.added == "crashes" and self.luck.random() < 0.3:
            self.faults.armed.append(Armed("crash", self.luck.choice(STORE), self.luck.randint(0, 25)))
        elif self.added == "restarts" and self.life is not None:
            self.die(timedelta(0))
        super()._pass(at)
        while self.life is None and self._queue and self._queue[0][0] <= self.clock.true:
            super()._pass(self.clock.true)

    def die(self, after: timedelta = timedelta(0)) -> None:
        super().die(timedelta(0))


def _played(seed: int, years: float, added: str) -> Came:
    folder = Path(tempfile.mkdtemp(prefix="simulate-", dir=tmpfs()))
    made = type("Added", (Quiet,), {"added": added})
    world: World = made(seed, folder, years)
    if added == "doubled":
        once = world.server.deliver

        def twice(*given: Any, **more: Any) -> None:
            once(*given, **more)
            once(*given, **more)

        world.server.deliver = twice  # type: ignore[method-assign]
    try:
        world.play(lambda w: w.look.read(), lambda w: w.look.read(fresh=True))
        return _came(world)
    finally:
        world.stop()
        world.look.close()
        SERVERS.pop(str(folder), None)
        shutil.rmtree(folder, ignore_errors=True)


def _came(world: World) -> Came:
    ended, names = {}, {}
    for case in world.look.cases.values():
        truth = world.truths.get(case.fields["opening_mail"])
        names[case.number] = truth.key if truth else "?"
        ended[names[case.number]] = [case.fields[name] for name in ("state", "stage", "due", "closed_as")]
    letters = {
        (names.get(row["case_number"], ""), row["key"], address)
        for taken in world.server.sink
        for row in [world.look.by_id[taken.message_id]]
        if row["case_number"]
        for address in taken.recipients
    }
    return ended, letters
