"""Worlds played to their end: one with what came of it, many on several processes, and a failing one made short.

A result is plain values, so that it can cross processes. Shortening leaves events out, half of them at first and at the
end one by one, for as long as the same property fails.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from tests.simulate.doors import SERVERS
from tests.simulate.oracle import Oracle, Violation
from tests.simulate.play import World, tmpfs

#: How many team-years one world has.
OF_A_WORLD = 1.0


@dataclass(frozen=True)
class Result:
    """One world. `number`: the property that failed, -1 for none; `events`: keys of all that happened till then."""

    seed: int
    years: float
    number: int
    said: str
    events: tuple[str, ...]
    turns: int
    letters: int
    mails: int
    cases: int
    lives: int
    faults: int
    seconds: float  # of the processor

    @property
    def is_clean(self) -> bool:
        return self.number < 0


def play(seed: int, years: float = OF_A_WORLD, dropped: frozenset[str] = frozenset()) -> Result:
    """Plays one world, with those events left out."""
    folder = Path(tempfile.mkdtemp(prefix="simulate-", dir=tmpfs()))
    began, number, said = time.process_time(), -1, ""
    world = World(seed, folder, years, dropped)
    oracle = Oracle()
    try:
        with _logging(world):
            world.play(oracle.check, oracle.finish)
    except Violation as violation:
        number, said = violation.number, str(violation)
        if world.life is not None and world.life.troubles and number == 0:
            said += "\n" + "".join(traceback.format_exception(world.life.troubles[0]))
    finally:
        world.stop()
        world.look.close()
        SERVERS.pop(str(folder), None)
        shutil.rmtree(folder, ignore_errors=True)
    return Result(
        seed, years, number, said, tuple(world.happened), world.turns, len(world.server.sink), len(world.look.ledger),
        len(world.look.cases), world.lives, len(world.faults.fired), time.process_time() - began,
    )  # fmt: skip


@contextlib.contextmanager
def _logging(world: World) -> Iterator[None]:
    """Every line of the log is kept for the oracle; an exception's own words are cut off, as the daemon does."""

    def keep(_logger: Any, _method: str, entry: Any) -> Any:
        world.logged.append(str({name: value for name, value in entry.items() if name != "exc_info"}))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep])
    try:
        yield
    finally:
        structlog.configure(**before)


def many(seeds: Sequence[int], years: float, jobs: int) -> Iterator[Result]:
    """Each seed's world, as they are done; who stops waits for those that are being played."""
    if jobs == 1:
        yield from (play(seed, years) for seed in seeds)
        return
    pool = ProcessPoolExecutor(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))
    try:
        for done in as_completed([pool.submit(play, seed, years) for seed in seeds]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def shrink(failed: Result, seconds: float, again: Callable[[frozenset[str]], Result]) -> tuple[Result, frozenset[str]]:
    """The shortest world found in that time in which the same property fails, and what is left out of it."""
    until = time.monotonic() + seconds
    best, dropped = failed, frozenset[str]()
    size = max(1, len(best.events) // 2)
    while time.monotonic() < until:
        keys = list(dict.fromkeys(best.events))
        for start in range(0, len(keys), size):
            some = dropped | set(keys[start : start + size])
            found = again(some)
            if found.number == failed.number:
                best, dropped = found, some
                break
            if time.monotonic() >= until:
                return best, dropped
        else:
            if size == 1:
                return best, dropped
            size = max(1, size // 2)
    return best, dropped
