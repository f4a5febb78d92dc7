"""Feeds hostile mails to the reading process, an honest one behind each batch, and counts what went wrong.

Wrong are: a mail that killed its reader, one that the parser stumbled over, one that took more processor time or memory
than any mail may, and an honest mail behind them that was read late or otherwise than alone. It makes no mail
(hostile.py), and what follows from a mail is not its matter (intake.py).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from bot.cli.understand import reading_of
from bot.engine.reading.reader.sandbox import MEMORY, WALL, Sandbox
from bot.model import Mail
from tests.corpus.labelled import folder, load
from tests.fuzz.hostile import cases

HERE = Path(__file__).resolve().parent.parent
CONFIG = HERE.parent / "config"
NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)
HONEST = b"From: Fay Marsh <fay.marsh@csc.example>\nMessage-ID: <m@csc.example>\n\nWe have met and agreed.\n"
_BATCH = 32
#: What no mail may cost: processor seconds of the reading process, and octets that it has held.
MOST_CPU = 5.0
MOST_MEMORY = 512 << 20
#: A mail that took this many processor seconds is worth a look though it is within its limit.
SLOW = 1.0
_TICKS = os.sysconf("SC_CLK_TCK")
_STUMBLED = ("parser_failed", "headers_failed")


@dataclass(slots=True)
class Found:
    """What a run found. `slowest`: processor seconds of one mail; `longest_wait`: seconds that an honest mail has
    stood behind a batch; `memory`: octets."""

    cases: int = 0
    deaths: list[bytes] = field(default_factory=list)
    stumbles: list[tuple[str, bytes]] = field(default_factory=list)
    late: int = 0
    slowest: float = 0.0
    slowest_mail: bytes = b""
    longest_wait: float = 0.0
    memory: int = 0

    @property
    def is_clean(self) -> bool:
        return not (self.deaths or self.stumbles or self.late) and self.is_cheap

    @property
    def is_cheap(self) -> bool:
        return self.slowest <= MOST_CPU and self.memory <= MOST_MEMORY


def seeds() -> list[bytes]:
    """Our own sample mails, and those of the labelled folder where it is named."""
    own = [path.read_bytes() for path in sorted((HERE / "mails").rglob("*")) if path.suffix == ".eml"]
    root = folder()
    return own + ([mail.raw for mail in load(root)] if root else [])


def fuzz(count: int, seed: int, tell: Callable[[int], None] = lambda _: None) -> Found:
    """`count` hostile mails through one Sandbox at its real limits."""
    sandbox = Sandbox(reading_of(CONFIG), WALL, MEMORY)
    found, mails = Found(), cases(seeds(), seed)
    alone = sandbox.read(HONEST, NOW)
    try:
        while found.cases < count:
            batch = list(islice(mails, min(_BATCH, count - found.cases)))
            _one_batch(sandbox, batch, alone, found)
            found.cases += len(batch)
            tell(found.cases)
    finally:
        sandbox.close()
    return found


def _one_batch(sandbox: Sandbox, batch: list[bytes], alone: Mail, found: Found) -> None:
    began, used = time.monotonic(), _cpu(sandbox.pids[0])
    for raw, answer in zip((*batch, HONEST), sandbox.read_each([(raw, NOW) for raw in (*batch, HONEST)]), strict=True):
        before, used = used, _cpu(sandbox.pids[0])
        if used - before > found.slowest:  # less than nothing where it is another process now
            found.slowest, found.slowest_mail = used - before, raw
        if not isinstance(answer, Mail):
            found.deaths.append(raw)
        elif stumbled := next((d for d in answer.defects if d.startswith(_STUMBLED)), ""):
            found.stumbles.append((stumbled, raw))
        elif raw is HONEST and answer != alone:
            found.late += 1
    waited = time.monotonic() - began
    found.longest_wait = max(found.longest_wait, waited)
    found.late += waited > WALL * len(batch)
    found.memory = max(found.memory, _peak(sandbox.pids[0]))


def _cpu(pid: int) -> float:
    """Processor seconds that the reading process has used; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _peak(pid: int) -> int:
    """The most memory that the reading process has held, in bytes; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024
