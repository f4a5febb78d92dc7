"""Where the daemon dies and what time it thinks it is: the library scythe.c and the page that it reads.

The library is compiled when a storm begins. Nothing of the bot is replaced: it calls the C library as ever, and reads
the machine's wall clock, which runs as the storm says. Where no compiler is, a test is skipped loudly (need.py).
"""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntFlag
from pathlib import Path

from tests.need import missing

SOURCE = Path(__file__).with_name("scythe.c")
_NANO = 10**9


class Call(IntFlag):
    """Kinds of calls, as scythe.c numbers them."""

    SYNC = 1
    SEND = 2
    RECV = 4
    WRITE = 8


@dataclass(frozen=True)
class Cut:
    """One death: at the `nth` call of these kinds from when it is armed, before it is made or after."""

    calls: Call
    nth: int
    is_after: bool


def compiled(folder: Path) -> Path:
    """The library, made anew."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        missing("A C compiler", "install the package gcc")
    made = folder / "scythe.so"
    command = [compiler, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", str(made), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return made


class Page:
    """The page that storm and daemon share. The order of its numbers is scythe.c's."""

    _RATE, _REAL, _WALL, _VICTIM, _CALLS, _AFTER, _LEFT, _FALLEN = range(8)

    def __init__(self, path: Path) -> None:
        """Opens it; makes it where it is new."""
        self.path = path
        if not path.exists():
            path.write_bytes(bytes(mmap.PAGESIZE))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def close(self) -> None:
        self._memory.close()

    def _put(self, field: int, value: int) -> None:
        struct.pack_into("<q", self._memory, 8 * field, value)

    def _get(self, field: int) -> int:
        value: int = struct.unpack_from("<q", self._memory, 8 * field)[0]
        return value

    # --- the clock ---------------------------------------------------------------------------------------------------

    def run_clock(self, start: datetime, rate: int) -> None:
        """From now on the wall clock stands at `start` and runs `rate` times as fast."""
        self._put(self._REAL, time.time_ns())
        self._put(self._WALL, int(start.timestamp()) * _NANO)
        self._put(self._RATE, rate)

    def jump(self, by: timedelta) -> None:
        self._put(self._WALL, self._get(self._WALL) + int(by.total_seconds() * _NANO))

    def now(self) -> datetime:
        """What the daemon reads from its clock. Ours is the machine's: this process is not loaded with the library."""
        gone = (time.time_ns() - self._get(self._REAL)) * self._get(self._RATE)
        return datetime.fromtimestamp((self._get(self._WALL) + gone) / _NANO, UTC)

    # --- death -------------------------------------------------------------------------------------------------------

    def choose(self, pid: int) -> None:
        """That process is the one that dies; nothing is armed yet."""
        self._put(self._LEFT, 0)
        self._put(self._FALLEN, 0)
        self._put(self._VICTIM, pid)

    def arm(self, cut: Cut) -> None:
        self._put(self._CALLS, cut.calls)
        self._put(self._AFTER, int(cut.is_after))
        self._put(self._LEFT, cut.nth)

    def disarm(self) -> None:
        self._put(self._LEFT, 0)

    @property
    def fallen(self) -> Call | None:
        """The kind of call at which it died, if it has."""
        kind = self._get(self._FALLEN)
        return Call(kind) if kind else None
