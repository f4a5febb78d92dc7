"""Where machines fail: a fault is armed for the n-th passing of a kind of call, and fires once when it comes there.

Every statement, commit and door call of the bot passes here. A crash is no Exception, so that nothing of the bot can
catch it: it unwinds the whole App, and what was not committed is gone. The clock is here too, for a delay moves it and
a fault may set it wrong. It knows no case, no mail and no person.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from bot.model.errors import DoorClosed, Throttled, Unsure
from bot.store.db import Database

#: What passes: a statement begins, a commit begins, a commit has been done; each door call before and after.
STORE = ("statement", "commit", "committed")
DOORS = ("fetch", "fetched", "ack", "offer", "offered", "deliver", "delivered", "find")
WRITES = ("INSERT", "UPDATE", "DELETE")


class Crashed(BaseException):
    """The process died here."""


@dataclass
class Clock:
    """Real time, and how wrong the bot's machine shows it."""

    true: datetime
    wrong_by: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return self.true + self.wrong_by


@dataclass
class Armed:
    """One fault to come. `what`: crash, error, unsure, delay; `nth`: passings of `op` that are still let by."""

    what: str
    op: str
    nth: int
    seconds: float = 0.0


@dataclass
class Faults:
    """What is armed, what lasts, and when something last went wrong (by real time)."""

    clock: Clock
    armed: list[Armed] = field(default_factory=list)
    aimed: list[Armed] = field(default_factory=list)  # armed when the next mail comes
    full_until: datetime | None = None  # the disk has no space until then
    deaf: dict[str, datetime] = field(default_factory=dict)  # door path -> closed until then
    last: datetime | None = None
    fired: list[str] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)  # when something failed: a call, or the whole bot

    def failed(self) -> None:
        """Something goes wrong now."""
        self.last = self.clock.true
        self.times.append(self.clock.true)

    def passing(self, op: str, statement: str = "") -> None:
        """Raises what an armed fault says, if its turn has come."""
        if op == "statement" and self.is_full and statement.lstrip()[:6].upper() in WRITES:
            self.failed()
            raise _store_error("database or disk is full", statement)
        for one in self.armed:
            if one.op == op:
                one.nth -= 1
                if one.nth < 0:
                    self.armed.remove(one)
                    self._fire(one, statement)
                return

    def _fire(self, one: Armed, statement: str) -> None:
        self.failed()
        self.fired.append(f"{one.what} at {one.op}")
        if one.what == "crash":
            raise Crashed(one.op)
        if one.what == "delay":
            self.clock.true += timedelta(seconds=one.seconds)
        elif one.op in STORE:
            raise _store_error("database is locked" if one.seconds < 100 else "disk I/O error", statement)
        elif one.what == "unsure" and one.op in ("deliver", "delivered"):
            raise Unsure("the connection ended before the server had answered")
        elif one.op == "delivered":
            raise RuntimeError("the server answered in no words that anybody knows")
        elif one.seconds < 100:
            raise DoorClosed("the server hung up")
        elif one.seconds < 200:
            raise Throttled("the server is busy", one.seconds)
        else:
            raise RuntimeError("a fault in the library of this door")

    @property
    def is_full(self) -> bool:
        return self.full_until is not None and self.clock.true < self.full_until

    def is_deaf(self, door: str) -> bool:
        """Whether that door is closed now; noted as a fault of this moment."""
        closed = door in self.deaf and self.clock.true < self.deaf[door]
        if closed:
            self.failed()
        return closed


def _store_error(words: str, statement: str) -> OperationalError:
    return OperationalError(statement, {}, sqlite3.OperationalError(words))


class FaultyDatabase(Database):
    """The database as it is, each statement and commit passing by the faults."""

    def __init__(self, url: str, faults: Faults) -> None:
        self._faults: Faults | None = None
        super().__init__(url, check=False)
        self._faults = faults

        @event.listens_for(self.engine, "before_cursor_execute")
        def executing(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
            faults.passing("statement", statement)

        @event.listens_for(self.engine, "commit")
        def committing(_c: Connection) -> None:
            faults.passing("commit")

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """See Database. A crash after the commit leaves the work done and nobody who knows of it."""
        with super().begin() as tx:
            yield tx
        if self._faults is not None:
            self._faults.passing("committed")
