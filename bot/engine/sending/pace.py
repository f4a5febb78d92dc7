"""How many letters may leave in a minute: servers put off or refuse what comes faster (Microsoft 365: 30 a mailbox).

It is told of every hand-over and says when the next one may be. Time is an argument; nothing sleeps. It knows this
daemon's letters alone: several that share a mailbox are put off by the server, which costs a letter minutes. A server
that refuses the login is left alone, too: it locks an account that is tried with every letter.
"""

import random
from collections import deque
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
REFUSED = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30, 60))


class Pace:
    """`most`: hand-overs in any sixty seconds; None: as many as there are."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._gone: deque[datetime] = deque(maxlen=most or 1)
        self._refusals = 0
        self._closed: tuple[datetime, datetime] | None = None  # since when, and until when

    def note(self, at: datetime) -> None:
        """A letter is handed over at that instant, whatever comes of it."""
        self._gone.append(at)

    def refused(self, at: datetime) -> None:
        """The login was refused: none of the letters that wait may knock for a while, up to an hour."""
        pause = REFUSED[min(self._refusals, len(REFUSED) - 1)]
        self._refusals += 1
        self._closed = (at, at + pause * (1 - random.random() / 5))  # noqa: S311 - daemons do not knock at once

    def let_in(self) -> None:
        self._refusals, self._closed = 0, None

    def free_at(self, now: datetime) -> datetime | None:
        """When the next one may go; None: now. A clock that was set back holds nothing up for longer than a minute."""
        if self._closed is not None and self._closed[0] <= now < self._closed[1]:
            return self._closed[1]
        if self._most is None or len(self._gone) < self._most:
            return None
        free = self._gone[0] + MINUTE
        return free if self._gone[0] <= now < free else None
