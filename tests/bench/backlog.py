"""A backlog in a real Dovecot: how many mails a second reach the ledger and the cases, beside the floor.

The bot runs as it does in the daemon: a thread for each mailbox, one desk, a reading process with its limits. Letters
are queued and not sent: how fast a mail server takes them is the server's figure.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.daemon.app import App, build
from bot.daemon.threads import Desk, Troubles
from bot.daemon.watch.watch import Watch
from bot.settings.settings import Settings
from bot.store.db import asking
from bot.store.server import glance
from tests.bench import floor
from tests.bench.cost import Cost, measured
from tests.servers.dovecot import Dovecot


def clock() -> datetime:
    return datetime.now(UTC)


class Crew:
    """The threads that read mail, until every one of `count` mails has its place."""

    def __init__(self, app: App, count: int) -> None:
        self._app = app
        self._count = count
        self.is_done = threading.Event()
        self._told = told = Troubles()
        self.watch = Watch(app, clock, told, self._found)
        self.desk = Desk(app, clock, told, self.watch.watchers, self._decided)

    def start(self) -> None:
        for thread in (self.watch, self.desk):
            thread.start()

    def wait(self, seconds: float) -> None:
        """Until it is done. Raises RuntimeError as soon as a thread has failed, TimeoutError when it takes longer."""
        until = time.monotonic() + seconds
        while not self.is_done.wait(1):
            if faults := self._told.standing():
                raise RuntimeError(f"{faults[0].subject}: {faults[0].text}")
            if time.monotonic() > until:
                raise TimeoutError(f"the backlog was not read within {seconds:.0f} s")

    def stop(self) -> None:
        for thread in (self.watch, self.desk):
            thread.stop()
        for thread in (self.watch, self.desk):
            thread.join()

    def _found(self) -> None:
        self.desk.woken.set()

    def _decided(self) -> None:
        with self._app.db.read() as tx:
            found = glance.mails_by_disposition(asking(tx))
        if found.pop("unread", 0) == 0 and sum(found.values()) >= self._count:
            self.is_done.set()


def bot(settings: Settings, count: int) -> tuple[Cost, dict[str, int]]:
    """What it cost, and how many mails went where."""
    app = build(settings, read_now=clock)
    crew = Crew(app, count)
    try:
        app.reader.read(b"Subject: warm\r\n\r\nwarm\r\n", clock())
        with measured(lambda: app.reader.pids) as cost:
            crew.start()
            crew.wait(1800)
        with app.db.read() as tx:
            found = {
                **glance.mails_by_disposition(asking(tx)),
                "cases": sum(glance.cases_by_state(asking(tx)).values()),
            }
    finally:
        crew.stop()
        app.close()
    return cost, found


def floors(server: Dovecot, user: str, count: int, keep: Callable[[], floor.Keep]) -> dict[str, Cost]:
    """The same mails read by the lean reader and by the textbook; each keeps them in a table of its own."""
    found = {}
    for name, work in (("lean", floor.lean), ("textbook", floor.textbook)):
        kept = keep()
        with measured() as cost:
            assert work(server, user, kept) == count
        found[name] = cost
    return found


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder}/bot.db"
