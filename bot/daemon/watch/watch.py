"""The one thread that waits for every mailbox, and gives each that has something to a hand.

Where each mailbox stands (held by the lines, waiting for a hand, or in one) only this thread changes; hands and whoever
asks tell it by a queue. It opens no mailbox and reads no mail.
"""

import queue
import time
from collections.abc import Callable
from functools import partial

from bot.daemon.app import App
from bot.daemon.threads import REST, Troubles, Worker
from bot.daemon.watch.hands import Hands
from bot.daemon.watch.lines import Lines
from bot.daemon.watch.mailbox import CROWDED, Watcher
from bot.doors.ports import Look, Now


class Watch(Worker):
    """All mailboxes of a configuration, watched. `found` is called after a pass that brought something."""

    def __init__(self, app: App, read_now: Now, troubles: Troubles, found: Callable[[], None]) -> None:
        super().__init__("the watch", read_now, troubles)
        self.watchers = [
            Watcher(number, name, app, read_now, troubles, found) for number, name in enumerate(app.mailboxes, 1)
        ]
        self._most = app.settings.config.connections
        self._by_name = {watcher.box: watcher for watcher in self.watchers}
        self._jobs = {watcher.box: partial(self._do, watcher, watcher.step) for watcher in self.watchers}
        self._lines = Lines()
        self._hands = Hands("a hand")
        self._told: queue.SimpleQueue[tuple[Watcher, Look | None]] = queue.SimpleQueue()
        self._lined: set[str] = set()  # whose line is held open
        self._in_hand: set[str] = set()  # waiting for a hand, or in one
        self.queued: dict[str, float] = {}  # since when a hand is waited for, on the steady clock; any thread
        for watcher in self.watchers:
            watcher.asked = partial(self._tell, watcher, None)

    def run(self) -> None:
        for watcher in self.watchers:
            self._give(watcher)
        try:
            super().run()
        finally:
            self._lines.close()

    def turn(self) -> None:
        for name in self._lines.wait(REST):
            self._give(self._by_name[name])
        while not self._told.empty():
            watcher, look = self._told.get()
            if look is None:
                self._hasten(watcher)
            else:
                self._ended(watcher, look)

    def stop(self) -> None:
        super().stop()
        self._hands.stop()
        for watcher in self.watchers:
            watcher.stop()
        self._lines.wake()

    def join(self, timeout: float | None = None) -> None:
        """Waits for the passes that are under way, too."""
        until = time.monotonic() + (REST if timeout is None else timeout)
        super().join(timeout)
        self._hands.join(until - time.monotonic())

    def is_alive(self) -> bool:
        return super().is_alive() or not self._hands.join(0)

    def _tell(self, watcher: Watcher, look: Look | None) -> None:
        """For any thread: it was asked for a pass, or has ended a step with that look."""
        self._told.put((watcher, look))
        self._lines.wake()

    def _hasten(self, watcher: Watcher) -> None:
        if watcher.box in self._in_hand:
            self._hands.hasten(watcher.server, self._jobs[watcher.box])
        elif watcher.is_pressed and self._lines.release(watcher.box):
            self._give(watcher, is_first=True)

    def _ended(self, watcher: Watcher, look: Look) -> None:
        name = watcher.box
        self._in_hand.remove(name)
        if watcher.is_down:
            self._lined.discard(name)
        if watcher.is_pressed:
            self._give(watcher, is_first=True)
        elif look.line is None or name in self._lined or len(self._lined) < self._most:
            self._lined |= {name} if look.line is not None else set()
            self._hold(name, look)
        else:
            self._in_hand.add(name)
            self._hands.give(watcher.server, partial(self._do, watcher, watcher.rest))

    def _hold(self, name: str, look: Look) -> None:
        try:
            self._lines.hold(name, look)
        except Exception:
            self._lines.hold(name, Look(seconds=CROWDED))  # whatever that was: no mailbox is forgotten
            raise

    def _give(self, watcher: Watcher, *, is_first: bool = False) -> None:
        self._in_hand.add(watcher.box)
        self.queued[watcher.box] = time.monotonic()
        self._hands.give(watcher.server, self._jobs[watcher.box], is_first=is_first)

    def _do(self, watcher: Watcher, work: Callable[[], Look]) -> None:
        """In a hand."""
        self.queued.pop(watcher.box, None)
        self._tell(watcher, work())
