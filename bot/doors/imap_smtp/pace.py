"""How fast one process logs in at one server: five hundred mailboxes that come back at once must not knock at once.

It knows no protocol and no mailbox. Each host has its own pace, so that a crowd at one holds up no other.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable

#: Logins at one host in a second: five hundred mailboxes take 25 seconds.
A_SECOND = 20


class Pace:
    """Evenly spaced turns, in order of asking. For any thread; `wait` sleeps until its turn has come."""

    def __init__(
        self,
        a_second: float,
        steady: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._between = 1 / a_second
        self._steady, self._sleep = steady, sleep
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            now = self._steady()
            turn = max(self._next, now)
            self._next = turn + self._between
        if turn > now:
            self._sleep(turn - now)


#: By host.
LOGINS: defaultdict[str, Pace] = defaultdict(lambda: Pace(A_SECOND))
