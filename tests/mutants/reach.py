"""Which tests come to which functions of the bot: one watched run of the fast tests, so that a fault is tried on few.

What runs when a module is read belongs to no test, and what one test leaves to be found by the next (a policy is read
once) is seen of the first alone: whoever asks takes the tests that name the file as well. It knows no fault.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType


@dataclass(frozen=True, slots=True)
class Reach:
    """By file and first line of a function the tests that call it, the quickest first; by test its seconds."""

    calls: dict[str, list[str]]
    seconds: dict[str, float]

    @staticmethod
    def read(file: Path) -> Reach:
        known = json.loads(file.read_text(encoding="utf-8"))
        return Reach(known["calls"], known["seconds"])

    def of(self, name: str, line: int, enough: float) -> tuple[str, ...]:
        """The quickest tests of this function that took so many seconds together."""
        together, found = 0.0, []
        for test in self.calls.get(f"{name}:{line}", ()):
            together += self.seconds[test]
            if found and together > enough:
                break
            found.append(test)
        return tuple(found)


class Watching:
    """A plugin of pytest: by file and first line of a function of `folder`/bot the tests that call it, by seconds."""

    def __init__(self, folder: Path) -> None:
        self._bot = f"{folder}/bot/"
        self._seen: set[CodeType] = set()
        self._calls: dict[str, set[str]] = defaultdict(set)
        self._seconds: dict[str, float] = defaultdict(float)
        self._test, self._began = "", 0.0

    def _called(self, frame: FrameType, event: str, given: object) -> None:
        code = frame.f_code
        if code not in self._seen:
            self._seen.add(code)
            if code.co_filename.startswith(self._bot) and self._test:
                self._calls[f"bot/{code.co_filename.removeprefix(self._bot)}:{code.co_firstlineno}"].add(self._test)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._test, self._began = nodeid.partition("[")[0], time.monotonic()
        self._seen.clear()
        threading.settrace(self._called)
        sys.settrace(self._called)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        sys.settrace(None)
        self._seconds[self._test] += time.monotonic() - self._began

    def write(self, file: Path) -> None:
        known = {name: sorted(tests, key=lambda test: self._seconds[test]) for name, tests in self._calls.items()}
        file.write_text(json.dumps({"calls": known, "seconds": self._seconds}, indent=0), encoding="utf-8")
