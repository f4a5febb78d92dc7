"""How much of the daemon's hands one server may have; no sleeps, each job ends when the test lets it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bot.daemon.watch.hands import BRISK, MOST, SLOW, Hands
from tests.until import until


class Jobs:
    """Jobs of one server that hang until they are let go; `begun` in order."""

    def __init__(self, hands: Hands, server: str) -> None:
        self._hands, self._server = hands, server
        self._going = threading.Event()
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.let_go = self._going.set

    def give(self, number: int, *, is_first: bool = False) -> None:
        def job() -> None:
            self.begun.append(number)
            self._going.wait()
            self.ended.append(number)

        self._hands.give(self._server, job, is_first=is_first)


class Steady:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def steady() -> Steady:
    return Steady()


@pytest.fixture
def hands(steady: Steady) -> Iterator[Hands]:
    made = Hands("a hand", steady)
    yield made
    made.stop()
    assert made.join(10)


def test_a_server_that_hangs_holds_a_part(hands: Hands, steady: Steady) -> None:
    """Others wait for none of its jobs; it has so many hands and no more, and a few more when those are stuck."""
    hung, other = Jobs(hands, "hung"), Jobs(hands, "other")
    other.let_go()
    for number in range(3 * MOST):
        hung.give(number)
    until(lambda: len(hung.begun) == BRISK)
    other.give(1)
    until(lambda: other.ended == [1])
    assert len(hung.begun) == BRISK
    steady.now = SLOW
    until(lambda: len(hung.begun) == MOST)
    steady.now = 3 * SLOW
    other.give(2)
    until(lambda: other.ended == [1, 2])
    assert len(hung.begun) == MOST
    hung.let_go()
    until(lambda: len(hung.ended) == 3 * MOST)


def test_what_somebody_waits_for_comes_first(hands: Hands) -> None:
    """Among the waiting jobs of its server, given so or hastened later; nothing is done twice."""
    rest, one = Jobs(hands, "server"), Jobs(hands, "server")
    done: list[str] = []
    for number in range(BRISK - 1):
        rest.give(number)
    one.give(1)
    until(lambda: len(rest.begun) + len(one.begun) == BRISK)

    def last() -> None:
        done.append("last")

    hands.give("server", lambda: done.append("plain"))
    hands.give("server", last)
    hands.give("server", lambda: done.append("first"), is_first=True)
    hands.hasten("server", last)
    hands.hasten("server", lambda: done.append("never given"))
    one.let_go()
    until(lambda: len(done) == 3)
    assert done == ["last", "first", "plain"]
    rest.let_go()


def test_nothing_is_begun_after_a_stop(steady: Steady) -> None:
    """What is at work is waited for; what was not begun stays undone."""
    hands = Hands("a hand", steady)
    jobs = Jobs(hands, "server")
    for number in range(BRISK + 1):
        jobs.give(number)
    until(lambda: len(jobs.begun) == BRISK)
    hands.stop()
    assert not hands.join(0.05)
    jobs.let_go()
    assert hands.join(10)
    assert sorted(jobs.ended) == list(range(BRISK))
