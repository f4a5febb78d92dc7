"""How many letters may leave in a minute: servers put off or refuse what comes faster (Microsoft 365: 30 a mailbox).

It is told of every hand-over and says when the next one may be. Time is an argument; nothing sleeps. It knows this
daemon's letters alone: several that share a mailbox are put off by the server, which costs a letter minutes.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


class Pace:
    """`most`: hand-overs in any sixty seconds; None: as many as there are."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._gone: deque[datetime] = deque(maxlen=most or 1)

    def note(self, at: datetime) -> None:
        """A letter is handed over at that instant, whatever comes of it."""
        self._gone.append(at)

    def free_at(self, now: datetime) -> datetime | None:
        """When the next one may go; None: now. A clock that was set back holds nothing up for longer than a minute."""
        if self._most is None or len(self._gone) < self._most:
            return None
        free = self._gone[0] + MINUTE
        return free if self._gone[0] <= now < free else None
