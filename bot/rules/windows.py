"""The grammar of time: "24 hours", "ten working days", "by 5pm Friday".

Two readers: parse_window for policy files, which refuses what it does not know, and requested for subject lines,
which finds a time in anything and says what it doubted. It knows no policy, no calendar and no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model import Window


@dataclass(frozen=True, slots=True)
class Requested:
    """The time a subject asks for: a window or an instant, never both; `flags` say what was doubtful."""

    window: Window | None = None
    by: datetime | None = None
    flags: tuple[str, ...] = ()


def parse_window(text: str, source: str = "policy") -> Window:
    """"5 working days" -> Window. Raises ValueError for a bare number or an unknown unit: no bare integers."""
    raise ValueError("not yet")


def requested(text: str, sent: datetime, tiers: Sequence[Window]) -> Requested:
    """The time asked for in a subject's remainder. `sent` places "by Friday"; `tiers` settle bare days (R4)."""
    return Requested()
