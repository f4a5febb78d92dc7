"""The daemon's threads: one desk that reads and fires alarms, one that sends letters; those that watch mailboxes stand
in watch/.

Each is woken by an event and never polls: a mailbox's hint starts a pass, a pass wakes the desk, a decision wakes the
sender. Nothing that goes wrong ends a thread: it is told and tried again after a pause. They decide nothing, hold no
state that the database does not, and know neither signals nor configuration files.
"""

import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.daemon.app import App
from bot.daemon.logs import without_addresses
from bot.daemon.standing import Condition
from bot.doors.ports import Now
from bot.model.errors import LifeOver, LoginRefused, Throttled, in_words
from bot.store import deadlines

#: Pauses after one failure, two, ... in seconds; then always the last.
BACKOFF = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
#: The same after refused logins: servers lock an account that is tried with the wrong password over and over.
REFUSED = (30.0, 60.0, 120.0, 300.0, 900.0, 1800.0, 3600.0)
#: How long a thread rests at most: another process (the operator's command, a second daemon) wakes nobody here.
REST = 30.0
#: How long the desk waits for mailboxes to be listed before it says that nobody answered.
LISTEN = 30.0

log = structlog.get_logger("daemon")


def pause_after(failures: int, error: Exception, luck: Callable[[], float] = random.random) -> float:
    """Seconds to wait after one more failure than `failures`. After a refused login up to an hour, and a fifth less or
    not as `luck` (0 to 1) has it: a hundred mailboxes must not knock in one minute."""
    if isinstance(error, LoginRefused):
        return REFUSED[min(failures, len(REFUSED) - 1)] * (1 - luck() / 5)
    pause = BACKOFF[min(failures, len(BACKOFF) - 1)]
    return max(error.seconds, pause) if isinstance(error, Throttled) else pause


@dataclass
class Troubles:
    """What does not work now, by subject; threads add and take away, alert.py is told of what lasts."""

    _now: dict[str, Condition] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, subject: str, text: str, since: datetime, grace: timedelta = timedelta(0)) -> None:
        with self._lock:
            self._now.setdefault(subject, Condition(subject, text, since, grace))

    def over(self, subject: str) -> None:
        with self._lock:
            self._now.pop(subject, None)

    def standing(self) -> list[Condition]:
        with self._lock:
            return list(self._now.values())


class Worker(threading.Thread, ABC):
    """Takes one turn after another until it is stopped. A turn that fails is told and followed by a pause."""

    def __init__(self, name: str, read_now: Now, troubles: Troubles) -> None:
        super().__init__(name=name, daemon=True)
        self.label = name  # in the log, where no address may stand
        self.read_now = read_now
        self.stopping = threading.Event()
        self.woken = threading.Event()
        self.progressed = time.monotonic()
        self._troubles = troubles
        self._failures = 0

    def run(self) -> None:
        while not self.stopping.is_set():
            self.progressed = time.monotonic()
            try:
                self.turn()
            except LifeOver as over:  # nobody's trouble: lease.py ends this life
                log.warning("another life works", thread=self.label, why=in_words(over))
                self.stopping.wait(REST)
            except Exception as error:
                self._failed(error)
            else:
                if self._failures:
                    log.info("works again", thread=self.label)
                self._failures = 0
                self._troubles.over(self._fault)

    @abstractmethod
    def turn(self) -> None:
        """Does what there is to do, or waits for it for a while."""

    def stop(self) -> None:
        self.stopping.set()
        self.woken.set()

    @property
    def _fault(self) -> str:
        return f"a fault in {self.name}"

    def _failed(self, error: Exception) -> None:
        log.error("a turn failed", thread=self.label, why=without_addresses(in_words(error)), exc_info=error)
        self._troubles.add(self._fault, f"It goes on after a pause: {in_words(error)}.", self.read_now())
        self._pause(error)

    def _pause(self, error: Exception) -> None:
        pause = pause_after(self._failures, error)
        self._failures += 1
        self.stopping.wait(pause)

    def rest(self, until: datetime | None) -> None:
        """Until somebody wakes it or `until` has come, REST seconds at most."""
        seconds = REST if until is None else (until - self.read_now()).total_seconds()
        # What is over already and still there waits for something else: it must not be asked for in a circle.
        self.woken.wait(min(seconds, REST) if seconds > 0 else 1.0)


class Heard(Protocol):
    """A watched mailbox, as the desk asks it: see watch/mailbox.py."""

    box: str

    def ask(self) -> int: ...
    def heard(self, wanted: int, until: float) -> bool: ...


class Desk(Worker):
    """Reads mail, oldest arrival first, then fires what is due: never before the mailboxes of the due cases were read
    up to now, and at the start or after a jump of the clock every mailbox. Else a server that hangs holds up its own
    cases, and nobody else's."""

    def __init__(
        self, app: App, read_now: Now, troubles: Troubles, watchers: Sequence[Heard], decided: Callable[[], None]
    ) -> None:
        super().__init__("the desk", read_now, troubles)
        self._app = app
        self._watchers = watchers
        self._decided = decided
        self._wanted = 1  # listening to every mailbox, at the start and at each jump of the clock
        self._listened = 0

    def turn(self) -> None:
        wanted = self._wanted
        if self._listened < wanted:
            self._listen({one.box for one in self._watchers})
            self._listened = wanted
        elif names := self._app.alarms.inboxes_due(self.read_now()):
            self._listen(names)
        self.woken.clear()
        self._all_of(self._app.intake.read)
        self._all_of(self._app.alarms.fire)
        with self._app.db.read() as tx:
            until = deadlines.next_due(tx)
        if not self.stopping.is_set():
            self.rest(until)

    def listen_anew(self) -> None:
        """The clock was moved forward: at its next turn every mailbox is waited for, as at the start."""
        self._wanted += 1
        self.woken.set()

    def _all_of(self, work: Callable[[datetime], int]) -> None:
        while not self.stopping.is_set() and work(self.read_now()):
            self.progressed = time.monotonic()
            self._decided()

    def _listen(self, names: Collection[str]) -> None:
        """Has these mailboxes read now, and waits for them: all of them after a stop, so that the oldest mail is read
        first; in the minute of a deadline those of its case. The others are asked nothing."""
        wanted = [(watcher, watcher.ask()) for watcher in self._watchers if watcher.box in names]
        until = time.monotonic() + LISTEN
        for watcher, number in wanted:
            watcher.heard(number, until)


class Post(Worker):
    """Sends letters one after another; woken by whoever queued one."""

    def __init__(self, app: App, read_now: Now, troubles: Troubles, sent: Callable[[], None]) -> None:
        super().__init__("the sender", read_now, troubles)
        self._app = app
        self._sent = sent

    def turn(self) -> None:
        self.woken.clear()
        while not self.stopping.is_set() and self._app.sender.step(self.read_now()):
            self.progressed = time.monotonic()
            self._sent()
        if not self.stopping.is_set():
            self.rest(self._app.sender.wake_at())
