"""What many mailboxes are waited for with: one selector over their lines, one descriptor over their directories, one
heap of the times at which each is worth a look anyway.

It holds what a look told (see doors/ports.py) under a key, and says which keys are worth another. It opens no mailbox,
keeps no thread, and knows neither passes nor faults.
"""

import contextlib
import heapq
import selectors
import socket
import time
from collections.abc import Callable

from bot.daemon.watch.notices import Notices
from bot.doors.ports import Look, Mailbox

#: Seconds between two looks at directories of which the kernel tells nothing.
DEAF_SECONDS = 1.0


class Lines:
    """For one thread, `wake` excepted. `steady`: seconds of a clock that only goes on."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._selector = selectors.DefaultSelector()
        self._held: dict[str, tuple[float, Look]] = {}  # key -> when it is due, by `steady`
        self._dues: list[tuple[float, str]] = []
        self._early: set[str] = set()  # told of while they were not held
        self._ear, self._bell = socket.socketpair()
        self._ear.setblocking(False)
        self._bell.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._notices = _notices()
        if self._notices is not None:
            self._selector.register(self._notices, selectors.EVENT_READ)

    def hold(self, key: str, look: Look) -> None:
        """From now on `wait` gives this key when that look says so. A key is held once."""
        seconds = look.seconds
        if look.folders:
            fresh = None if self._notices is None else self._notices.watch(key, look.folders)
            seconds = min(seconds, DEAF_SECONDS if fresh is None else 0 if fresh else seconds)
        if key in self._early:
            self._early.discard(key)
            seconds = 0
        if look.line is not None:
            self._selector.register(look.line, selectors.EVENT_READ, key)
        due = self._steady() + seconds
        self._held[key] = due, look
        heapq.heappush(self._dues, (due, key))

    def release(self, key: str) -> bool:
        """Holds it no more; whether it was held."""
        found = self._held.pop(key, None)
        if found is not None and (line := found[1].line) is not None:
            self._selector.unregister(line)
        return found is not None

    def wait(self, seconds: float) -> list[str]:
        """The keys that are worth a look, released; after `seconds`, or a `wake`, there may be none."""
        now = self._steady()
        left = min([seconds, *(due - now for due, _ in self._dues[:1])])
        told = self._selector.select(max(0.0, left))
        found: dict[str, None] = {}
        for event, _ in told:
            if event.fileobj is self._ear:
                self._hush()
            elif event.fileobj is self._notices:
                found |= dict.fromkeys(sorted(self._heard()))
            else:
                found[event.data] = None
        now = self._steady()
        while self._dues and self._dues[0][0] <= now:
            due, key = heapq.heappop(self._dues)
            if key in self._held and self._held[key][0] == due:
                found[key] = None
        return [key for key in found if self.release(key)]

    def wake(self) -> None:
        """Ends a `wait`, also one that has not begun. For any thread."""
        # A full pipe is awake already, and behind a closed one nobody waits.
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def close(self) -> None:
        """What was held is held no more; the lines stay open, which are their mailboxes'."""
        self._selector.close()
        self._ear.close()
        self._bell.close()
        if self._notices is not None:
            self._notices.close()

    def _hush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._ear.recv(4096):
                pass

    def _heard(self) -> set[str]:
        heard = self._notices.heard() if self._notices is not None else set()
        self._early |= heard - self._held.keys()
        return heard & self._held.keys()


def _notices() -> Notices | None:
    try:
        return Notices()
    except OSError:
        return None  # the kernel has none left for this user: directories are looked at instead


def news_within(mailbox: Mailbox, seconds: float) -> bool:
    """Waits for one mailbox alone: True as soon as it may have news, False when the time is over. Raises DoorClosed."""
    lines, until = Lines(), time.monotonic() + seconds
    try:
        while not (look := mailbox.look()).has_news:
            left = until - time.monotonic()
            if left <= 0:
                return mailbox.look(anew=True).has_news
            lines.hold(mailbox.name, look)
            lines.wait(left)
            lines.release(mailbox.name)
        return True
    finally:
        lines.close()
