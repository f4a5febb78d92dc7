"""One mailbox as it is watched: a pass whenever something may have come or somebody wants to be sure that nothing has,
and a look after it, which says what to wait for.

It keeps no thread: one hand at a time takes a `step`. Nothing that goes wrong leaves it: it is told, and tried again
after a pause. It knows no selector and does not decide when its next step is taken.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from bot.daemon.app import App
from bot.daemon.logs import without_addresses
from bot.daemon.threads import Troubles, pause_after
from bot.doors.ports import Look, Now
from bot.model.errors import DoorClosed, LifeOver, in_words

#: How long a mailbox waits for a hint before it is listed anyway, in seconds.
WATCH = 300.0
#: Seconds between two looks at a mailbox whose line is not held open, as too many are.
CROWDED = 60.0

log = structlog.get_logger("daemon")


class Watcher:
    """`ask` and `heard` are for any thread, `step` for one at a time. `asked` is called when a pass is asked for."""

    def __init__(
        self, number: int, name: str, app: App, read_now: Now, troubles: Troubles, found: Callable[[], None]
    ) -> None:
        self.box = name
        self.label = f"mailbox {number}"  # in the log, where no address may stand
        self.server = app.mailboxes[name].server
        self._mailbox = app.mailboxes[name]
        self._receive = app.receive
        self._read_now = read_now
        self._troubles = troubles
        self._found = found
        self._turns = threading.Condition()
        self._wanted = 1  # the first pass is always asked for
        self._taken = 0
        self._answered = 0
        self._is_down = self._is_deaf = False
        self._is_over = False
        self._failures = 0
        self._listed = 0.0  # when it was last asked for all it has, on the steady clock
        self.asked: Callable[[], None] = lambda: None

    # --- for whoever takes its steps --------------------------------------------------------------------------------

    @property
    def is_down(self) -> bool:
        return self._is_down

    @property
    def is_pressed(self) -> bool:
        """Whether somebody waits for a pass that was not begun; while the door is closed nobody does."""
        with self._turns:
            return self._wanted > self._taken and not self._is_down

    def step(self) -> Look:
        """A pass where one is wanted, and a look. What to wait for until the next step; raises nothing."""
        try:
            look = self._stepped()
        except Exception as error:
            return self._failed(error)
        if self._failures:
            log.info("mailbox open again", mailbox=self.label)
            self._failures = 0
            self._troubles.over(self._fault)
        return look

    def rest(self) -> Look:
        """Has its line closed, which is one too many; what to wait for instead."""
        try:
            self._mailbox.close()
        except Exception as error:
            self._tell(error)
        return Look(seconds=CROWDED)

    def stop(self) -> None:
        """Nobody waits for it any more."""
        with self._turns:
            self._is_over = True
            self._turns.notify_all()

    def _stepped(self) -> Look:
        is_due = time.monotonic() - self._listed >= WATCH
        with self._turns:
            is_wanted = self._wanted > self._taken or is_due or self._is_down
        look = None if is_wanted else self._mailbox.look()
        if look is None or look.has_news:
            with self._turns:
                self._taken = self._wanted
            if self._receive(self.box, self._read_now()):
                self._found()
            self._answer(is_down=False)
            self._listed = time.monotonic()
            look = self._mailbox.look(anew=is_due)
        if look.has_news:
            with self._turns:
                self._wanted += self._wanted == self._taken
            return Look()
        return replace(look, seconds=min(look.seconds, self._listed + WATCH - time.monotonic()))

    def _failed(self, error: Exception) -> Look:
        self._answer(is_down=True)
        self._tell(error)
        return Look(seconds=pause_after(self._failures - 1, error))

    def _tell(self, error: Exception) -> None:
        why = without_addresses(in_words(error))
        if isinstance(error, DoorClosed | LifeOver):
            # No fault of ours: the gap is in the database, and alert.py tells it when it lasts; lease.py ends a life.
            log.warning("mailbox closed", mailbox=self.label, why=why)
        else:
            log.error("a turn failed", thread=self.label, why=why, exc_info=error)
            self._troubles.add(self._fault, f"It goes on after a pause: {in_words(error)}.", self._read_now())
        self._failures += 1

    @property
    def _fault(self) -> str:
        return f"a fault in mailbox {self.box}"

    def _answer(self, *, is_down: bool) -> None:
        with self._turns:
            self._answered, self._is_down, self._is_deaf = self._taken, is_down, False
            self._turns.notify_all()

    # --- for whoever waits for a pass -------------------------------------------------------------------------------

    def ask(self) -> int:
        """Asks for a pass that begins from now on; returns its number."""
        with self._turns:
            self._wanted += 1
            wanted = self._wanted
        self.asked()
        return wanted

    def heard(self, wanted: int, until: float) -> bool:
        """Waits for the pass of that number; False when it did not end in time. A closed door is not waited for, nor
        one that has let somebody wait in vain already and has not answered since."""
        with self._turns:
            left = 0.0 if self._is_deaf else until - time.monotonic()
            has_answered = self._turns.wait_for(
                lambda: self._answered >= wanted or self._is_down or self._is_over, max(left, 0.0)
            )
            self._is_deaf = not has_answered
            return has_answered
