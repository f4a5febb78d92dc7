"""The mail server of a storm: eleven faults, drawn by a seed for each letter, and a note of all that it ever took.

It tells the storm at which moment of a delivery it is ("SPARED": none of that letter's), and the town what it took; in
which life a letter was handed over, and whether its answer was withheld, is the judge's to weigh.
"""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tests.servers.smtp import SmtpServer
from tests.servers.smtp_session import DROP, HALF, KEEP, LOSE, SLOW, Arrived


class Fault(StrEnum):
    """What goes wrong."""

    REFUSED = "the connection is refused"
    LATER_MAIL = "later, at MAIL"
    LATER_RCPT = "later, at one RCPT"
    LATER_DATA = "later, at DATA"
    NOBODY = "never, at one RCPT"
    CUT = "dropped before the final dot"
    LOST = "dropped after the final dot, not kept"
    KEPT = "kept, and dropped before its 250"
    HALF = "kept, and a cut line for a 250"
    WRONG = "kept, and nonsense for a 250"
    SLOW = "slow"


#: At which stage, and what is done there.
DEEDS = {
    Fault.REFUSED: ("CONNECT", DROP),
    Fault.LATER_MAIL: ("MAIL", "451 4.3.0 later"),
    Fault.LATER_RCPT: ("RCPT", "451 4.7.1 greylisted"),
    Fault.LATER_DATA: ("DATA", "451 4.3.2 later"),
    Fault.NOBODY: ("RCPT", "550 5.1.1 nobody"),
    Fault.CUT: ("BODY", DROP),
    Fault.LOST: ("DOT", LOSE),
    Fault.KEPT: ("DOT", DROP),
    Fault.HALF: ("DOT", HALF),
    Fault.WRONG: ("DOT", f"{KEEP}hello there"),
    Fault.SLOW: ("DOT", SLOW),
}
WITHHELD = frozenset({Fault.KEPT, Fault.HALF, Fault.WRONG})
#: How often nothing goes wrong.
SHARE = 0.6
#: What the daemon says of a letter before it hands it over: the same bytes that come once more are of the same size.
SIZE = re.compile(r"(?i)\bSIZE=(\d+)")


@dataclass
class Taken:
    """One letter as it crossed the final dot and was kept: for good, whatever the daemon was told."""

    raw: bytes
    recipients: tuple[str, ...]
    at: datetime
    life: int
    is_withheld: bool  # its 250 was never said
    went_on: bool = False  # the daemon sent another command in the same life: it had read the answer


@dataclass
class Sink(SmtpServer):
    """`now` is the storm's clock; `tell` hears of each stage that is reached; `seed` draws the faults. Only addresses
    that begin with `mortal` are ever refused for good.

    A letter whose hand-over was broken twice may be lost, by design, and a human is told. So one that broke is spared
    when it comes once more: what is lost then was lost by the daemon."""

    now: Callable[[], datetime] = field(kw_only=True)
    tell: Callable[[str], None] = field(kw_only=True)
    seed: int = 0
    mortal: str = "raiser"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._luck = random.Random(self.seed)
        self._fault: Fault | None = None
        self._new: list[Taken] = []
        self._lock = threading.Lock()
        self._named: list[str] = []  # who has the letter that is being offered
        self._size = 0
        self._handed: frozenset[tuple[int, str]] = frozenset()  # size and readers of what is being handed over
        self._broken: set[tuple[int, str]] = set()  # and of what was, and did not come to its end
        self.is_calm = False
        self.life = 0
        self.taken: list[Taken] = []
        self.refused: set[str] = set()
        self.drawn: Counter[Fault] = Counter()

    def news(self) -> list[Taken]:
        """What was taken since it was asked last."""
        with self._lock:
            new, self._new = self._new, []
        return new

    def deed(self, stage: str, arg: str) -> str | None:
        told = super().deed(stage, arg)
        if told is not None:
            return told
        if stage in ("CONNECT", "MAIL"):
            self._draw(stage)
        if stage == "MAIL":
            named = SIZE.search(arg)
            assert named, "a letter goes without its size: what broke before could not be known again"
            self._size = int(named[1])
        if stage in ("CONNECT", "DOT"):
            self.note(stage)
        address = arg.lower().partition("<")[2].partition(">")[0]
        fault = self._fault if self._fault and DEEDS[self._fault][0] == stage else None
        if fault is Fault.NOBODY and not address.startswith(self.mortal):
            fault = None
        if fault is None:
            if stage == "RCPT":
                self._named.append(address)
            return None
        if fault is Fault.NOBODY:
            self.refused.add(address)
        if fault is Fault.LATER_DATA:
            self._handed = frozenset()
        if fault not in WITHHELD:  # that is asked for when it is kept
            self._fault = None
        return DEEDS[fault][1]

    def _draw(self, stage: str) -> None:
        """A connection is refused, or a letter has one of the other faults, or none."""
        self._fault = None
        self._named = []
        self._broke()  # where the last one was not kept
        if self.is_calm:
            return
        if stage == "CONNECT":
            if self._luck.random() < 0.05:
                self._fault = Fault.REFUSED
        elif self._luck.random() > SHARE:
            self._fault = self._luck.choice([fault for fault in Fault if fault is not Fault.REFUSED])
        if self._fault is not None:
            self.drawn[self._fault] += 1

    def note(self, stage: str) -> None:
        """Every command of the daemon comes by here."""
        if stage != "DOT":
            for taken in reversed(self.taken):
                if taken.life != self.life or taken.went_on:
                    break
                taken.went_on = True
        super().note(stage)
        if stage == "DATA":
            self._handed = frozenset((self._size, address) for address in self._named)
            if self.is_sparing:
                if self._fault in (Fault.CUT, Fault.LOST):
                    self._fault = None
                self.tell("SPARED")
                return
        if stage != "DOT" or not self.is_sparing:
            self.tell(stage)

    @property
    def is_sparing(self) -> bool:
        """Whether a letter is being handed over that broke before: nobody may be killed now."""
        return not self._handed.isdisjoint(self._broken)

    def begins(self, life: int) -> None:
        """A life begins: what the one before had under way is broken."""
        self.life = life
        self._broke()

    def _broke(self) -> None:
        self._broken |= self._handed
        self._handed = frozenset()

    def keep(self, mail: Arrived) -> None:
        recipients = tuple(address.lower() for address in mail.recipients)
        taken = Taken(mail.raw, recipients, self.now(), self.life, self._fault in WITHHELD)
        self._fault, self._handed = None, frozenset()
        with self._lock:
            self._new.append(taken)
        self.taken.append(taken)
        super().keep(mail)
