"""What a piece of work costs: wall time, processor time of every process that did it, and their peak memory.

Read from /proc, so it runs on Linux only. It knows nothing of mail.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Cost:
    """Seconds: `wall` by the clock, `cpu` of the processes that were named."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def measured(pids: Callable[[], Iterable[int]] = lambda: ()) -> Iterator[Cost]:
    """Of this process and of the others in `pids`, which are asked for at both ends."""
    cost = Cost()
    others = sum(cpu(pid) for pid in pids())
    own, start = time.process_time(), time.perf_counter()
    yield cost
    cost.wall = time.perf_counter() - start
    cost.cpu = time.process_time() - own + sum(cpu(pid) for pid in pids()) - others


def cpu(pid: int) -> float:
    """Processor seconds the process has used, in user and in system."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS


def peak_memory(pid: int) -> int:
    """The most bytes of memory the process has ever held; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0
    line = next((row for row in status.splitlines() if row.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024


def children(pid: int) -> list[int]:
    """The processes that this one started and that live."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def middle(work: Callable[[], float], times: int = 3) -> float:
    """The median of several runs."""
    return median(work() for _ in range(times))
