"""One life of the bot in a world: the App as the daemon has it, its threads' work done in turn, until it dies.

What a thread of the daemon catches is caught here, and tried again after a pause; a crash ends the life. Only real
waiting is missing. It knows doors and database by the faults they pass; people and mails are play.py's.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bot.daemon import app as wiring
from bot.daemon.alert import Alerts
from bot.daemon.life.life import free_earlier
from bot.daemon.standing import HEARTBEAT, conditions
from bot.engine.reading.reader.sandbox import InProcess, SandboxDied
from bot.letters.render import Templates
from bot.mail.read import Reading
from bot.model import Letter, Mail
from bot.model.errors import DoorClosed, StoreError
from bot.settings.settings import Settings
from bot.store.db import asking
from tests.simulate.doors import Server
from tests.simulate.faults import Clock, FaultyDatabase
from tests.simulate.look import instant
from tests.simulate.mails import POISON

PAUSE = timedelta(seconds=60)  # before what failed is tried again
LONG_PAUSE = timedelta(minutes=5)
LISTED = timedelta(minutes=5)  # how long a mailbox goes unlisted where no hint told of news
#: Letters of which something may still come.
HOPEFUL = """SELECT 1 FROM outbox WHERE status IN ('queued', 'claimed', 'in_data', 'deferred', 'held')
    OR (status = 'unknown' AND resends = 0) LIMIT 1"""
Rows = Callable[[str], list[dict[str, Any]]]
#: Made once: to compile the letters and to write the policies out costs more than a day of a simulated team.
_KEPT: dict[str, Any] = {}
_POLICY_TEXTS: dict[str, str] = {}
_POLICIES: dict[str, Any] = {}


class Reader(InProcess):
    """The reader without a process of its own; a mail with POISON in it ends it, as a bomb would. `known`: what was
    read before in this world, for the same bytes come to several mailboxes, and again after a crash."""

    def __init__(self, reading: Reading, known: dict[Any, Mail]) -> None:
        super().__init__(reading)
        self._known = known

    def read(self, raw: bytes, received: datetime, *, opens_files: bool = True) -> Mail:
        if POISON.encode() in raw:
            raise SandboxDied("the reading process died")
        key = (raw, received, opens_files)
        if key not in self._known:
            self._known[key] = super().read(raw, received, opens_files=opens_files)
        return self._known[key]

    def read_each(self, jobs: Any) -> Any:
        for raw, received in jobs:
            try:
                yield self.read(raw, received)
            except SandboxDied as died:
                yield died


@dataclass
class Life:
    """A running App. `rows`: plain SQL over the world's own connection; `troubles`: exceptions of ours that no fault
    explains, for the oracle."""

    clock: Clock
    server: Server
    settings: Settings
    owner: str
    luck: Random
    rows: Rows
    read_before: dict[Any, Mail] = field(default_factory=dict)
    troubles: list[BaseException] = field(default_factory=list)
    retry: datetime | None = None
    failures: int = 0
    is_first: bool = True

    def start(self) -> None:
        """Raises Crashed, StoreError: it could not start."""
        self.db = FaultyDatabase(self.settings.config.database, self.server.faults)
        try:
            self.app = wiring.build(
                self.settings, read_now=self.clock, in_process=True, owner=self.owner, database=self.db, strict=True
            )
            free_earlier(self.db, self.settings, self.owner, self.clock())
        except BaseException:
            self.db.close()
            raise
        app = self.app
        reader = Reader(wiring.reading_of(self.settings), self.read_before)
        app.reader = app.intake.reader = app.intake.penned.reader = reader
        app.composer.templates = _templates(self.settings)
        app.turn.books._texts, app.turn.books._kept = _POLICY_TEXTS, _POLICIES

        def post(letter: Letter, now: datetime) -> None:
            with self.db.begin() as tx:
                app.turn.post(tx, letter, now)

        config = self.settings.config
        self.alerts = Alerts(Path(config.var) / HEARTBEAT, config.operator, post, "", io.StringIO())

    def end(self) -> None:
        """Lets go of the database, as the kernel would for a process that died."""
        self.db.close()

    # --- one turn ---------------------------------------------------------------------------------------------------

    def turn(self) -> bool:
        """Everything there is to do now: the desk, the sender and the ticks, in any order. False: something failed.
        Raises Crashed."""
        self.retry = None
        is_well = self._desk()
        others = [lambda: self.app.daily(self.clock()), self._look, self._post]
        self.luck.shuffle(others)
        for work in others:
            is_well &= self._careful(work)
        if others[-1] != self._post:
            is_well &= self._careful(self._post)  # what the others queued
        self.failures = 0 if is_well else self.failures + 1
        if not is_well:
            self.retry = self.clock.true + (PAUSE if self.failures < 5 else LONG_PAUSE)
        return is_well

    def _desk(self) -> bool:
        """Mail first: nothing is said of silence before the mailboxes of the due cases were read."""
        is_well, due = True, set[str]()
        if self._is_due():
            is_well &= self._careful(lambda: due.update(self.app.alarms.inboxes_due(self.clock())))
        for name, door in self.app.mailboxes.items():
            box = self.server.box(door._path)
            lost = box.unhinted is not None and self.clock.true - box.unhinted >= LISTED
            if self.is_first or self.failures > 0 or due or box.has_news or lost:
                is_well &= self._careful(functools.partial(self._receive, name))
        self.is_first = False
        is_well &= self._careful(self._read)
        return is_well & self._careful(self._fire)

    def _receive(self, name: str) -> None:
        self.app.receive(name, self.clock())

    def _read(self) -> None:
        while self.app.intake.read(self.clock()):
            pass

    def _fire(self) -> None:
        while self.app.alarms.fire(self.clock()):
            pass

    def _post(self) -> None:
        self.app.sender.drain(self.clock())

    def _look(self) -> None:
        with self.db.read() as tx:
            found = conditions(asking(tx))
        self.alerts.look(found, {"pid": 0, "every": 15}, self.clock())

    def _is_due(self) -> bool:
        due = self._next_due()
        return due is not None and due <= self.clock()

    def _next_due(self) -> datetime | None:
        """When the next alarm may be claimed. Read past the bot, as `wakes` is: the daemon would ask all the time."""
        return instant(self.rows("SELECT min(ready) AS at FROM deadlines")[0]["at"])

    def _careful(self, work: Callable[[], None]) -> bool:
        """As a thread of the daemon does: what fails is told and comes again."""
        fired = len(self.server.faults.fired)
        try:
            work()
        except (DoorClosed, StoreError):
            return False
        except Exception as error:
            if len(self.server.faults.fired) == fired:
                self.troubles.append(error)
            return False
        return True

    def wakes(self) -> datetime | None:
        """When it has something to do that no new mail announces, by real time; after a failure not before its pause is
        over. Raises Crashed."""
        if self.retry is not None:
            return self.retry
        try:
            moments = [self._next_due(), self.app.digests.next_at(self.clock())]
            if self.rows(HOPEFUL):  # else it looks for proof every quarter of an hour, for ever: here once a day
                moments.append(self.app.sender.wake_at())
        except StoreError:
            moments = [self.clock() + PAUSE]
        real = [at - self.clock.wrong_by for at in moments if at is not None]
        unhinted = [b.unhinted + LISTED for b in self.server.boxes.values() if b.unhinted is not None]
        return min([*real, *unhinted], default=None)


def _templates(settings: Settings) -> Templates:
    if "templates" not in _KEPT:
        _KEPT["templates"] = wiring.templates_of(settings)
    kept: Templates = _KEPT["templates"]
    return kept
