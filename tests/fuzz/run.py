"""Feeds hostile mails to the reading process, an honest one behind each batch, and counts what went wrong.

Three things count as wrong: a mail that killed its reader, one that the parser stumbled over, and an honest mail behind
them that was read late or otherwise than alone. It makes no mail (hostile.py).
"""

from __future__ import annotations

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
#: A mail that took this long, in seconds, is worth a look though it is within its limit.
SLOW = WALL / 4
_STUMBLED = ("parser_failed", "headers_failed")


@dataclass(slots=True)
class Found:
    """What a run found. Times in seconds: of one mail alone, and of the honest mail behind a batch."""

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
        return not (self.deaths or self.stumbles or self.late)


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
    began = last = time.monotonic()
    for raw, answer in zip((*batch, HONEST), sandbox.read_each([(raw, NOW) for raw in (*batch, HONEST)]), strict=True):
        now = time.monotonic()
        if now - last > found.slowest:
            found.slowest, found.slowest_mail = now - last, raw
        last = now
        if not isinstance(answer, Mail):
            found.deaths.append(raw)
        elif stumbled := next((d for d in answer.defects if d.startswith(_STUMBLED)), ""):
            found.stumbles.append((stumbled, raw))
        elif raw is HONEST and answer != alone:
            found.late += 1
    found.longest_wait = max(found.longest_wait, last - began)
    found.late += last - began > WALL * len(batch)
    found.memory = max(found.memory, _peak(sandbox.pid))


def _peak(pid: int) -> int:
    """The most memory that the reading process has held, in bytes; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024
