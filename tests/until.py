"""Waiting for a condition in tests: bounded, and told what it waited for. Nothing here sleeps for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float = 30) -> T:
    """The first true value that `condition` gives. Fails the test when there is none within `seconds`."""
    deadline, tick = time.monotonic() + seconds, Event()
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not true within {seconds} s: {condition}"
        tick.wait(0.01)
    return value
