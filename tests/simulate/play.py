"""A world from its first day to its last: what happens, in order of real time, and after each event the oracle.

Everything hangs on the seed and the events that are left in; a world is played again by the same seed, and shortened by
leaving events out. It decides nothing that the bot should and judges nothing that the oracle should.
"""

from __future__ import annotations

import functools
import heapq
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bot.model import Mail
from bot.model.errors import BotError, StoreError
from bot.store import cases
from bot.store.db import Database
from tests.simulate import happen, partnership
from tests.simulate.doors import SERVERS, Server, Taken
from tests.simulate.faults import Clock, Crashed, Faults
from tests.simulate.life import Life
from tests.simulate.look import Look, kind_of
from tests.simulate.mails import BOT, Truth
from tests.simulate.people import replies
from tests.simulate.script import START, YEAR, script

#: Turns within one instant: a letter to a watched inbox comes back, and what it causes may too.
ROUNDS = 6
STEP = timedelta(seconds=1)
AFTERWARDS = timedelta(days=2)  # how long faults have stopped before everything must have come to rest
TMPFS = Path("/dev/shm")  # a disk in memory: no world outlives its process


@dataclass
class World:
    """One world being played. `until`: its last day; `dropped`: keys of events that do not happen."""

    seed: int
    folder: Path
    years: float = 1.0
    dropped: frozenset[str] = frozenset()
    happened: list[str] = field(default_factory=list)
    truths: dict[str, Truth] = field(default_factory=dict)
    raws: dict[str, bytes] = field(default_factory=dict)  # digest -> bytes of mails that may be replayed
    counted: Counter[str] = field(default_factory=Counter)
    calm_since: datetime | None = None
    is_over: bool = False  # faults have stopped
    lives: int = 0
    kept: tuple[str, ...] = ()  # what of the script happens; (): all of it
    names: dict[str, str] = field(default_factory=dict)  # door path -> the bot's name for that mailbox
    started: dict[int, tuple[int, int]] = field(default_factory=dict)  # case -> version before and after a start
    purged: dict[int, tuple[int, int, dict[str, str]]] = field(default_factory=dict)  # case -> version, ledger, marks
    logged: list[str] = field(default_factory=list)
    turns: int = 0
    read_before: dict[Any, Mail] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.partnership = partnership.made(Random(f"{self.seed}/partnership"))
        self.clock = Clock(START)
        self.faults = Faults(self.clock)
        self.server = Server(self.seed, self.faults, Random(self.seed).choice((3, 10, 50)))
        self.server.refuses, self.server.taken = self._refuses, self._taken
        SERVERS[str(self.folder)] = self.server
        self.until = START + YEAR * self.years / len(self.partnership.teams)
        self.settings = partnership.settings_of(self.partnership, self.folder)
        self.file = _database(self.folder, self.seed)
        self.look = Look(self.file)
        self.life: Life | None = None
        self._queue: list[tuple[datetime, int, str, Callable[[], None]]] = []
        self._n = 0

    # --- the course -------------------------------------------------------------------------------------------------

    def play(self, check: Callable[[World], None], finish: Callable[[World], None]) -> None:
        """Plays all of it. `check` is called after each event, `finish` once at the end; both may raise."""
        for event in script(self.seed, self.partnership, START, self.until):
            if self.kept and event.what not in self.kept:
                continue
            self.plan(event.key, event.at, lambda event=event: happen.happen(self, event))  # type: ignore[misc]
        self.begin_life()
        check(self)
        while (at := self._next()) is not None and at <= self.until:
            self._pass(at)
            check(self)
        self._calm_down()
        while (at := self._next()) is not None and at <= self.until + AFTERWARDS:
            self._pass(at)
            check(self)
        self.clock.true = max(self.clock.true, self.until + AFTERWARDS)
        self._rounds()
        finish(self)

    def plan(self, key: str, at: datetime, do: Callable[[], None]) -> None:
        """Something happens then, unless its key is among those that do not."""
        if key not in self.dropped and not self.is_over:
            self._n += 1
            heapq.heappush(self._queue, (max(at, self.clock.true), self._n, key, do))

    def _next(self) -> datetime | None:
        own = [self._queue[0][0]] if self._queue else []
        if self.life is not None:
            try:
                wakes = self.life.wakes()
            except Crashed:
                self.die()
                return self._next()
            if wakes is not None:
                own.append(max(wakes, self.clock.true + STEP))
        return min(own, default=None)

    def _pass(self, at: datetime) -> None:
        """Real time goes on to `at`; what is to happen happens, and the bot does what there is to do."""
        self.clock.true = max(self.clock.true, at)
        while self._queue and self._queue[0][0] <= self.clock.true:
            *_, key, do = heapq.heappop(self._queue)
            if not (self.is_over and key.startswith("reply")):
                self.happened.append(key)
                do()
        self._rounds()

    def _rounds(self) -> None:
        for n in range(ROUNDS):
            if self.life is None or (n and not any(box.has_news for box in self.server.boxes.values())):
                return
            self.turns += 1
            fired = len(self.faults.fired)
            try:
                is_well = self.life.turn()
            except Crashed:
                self.die()
                return
            if not is_well or len(self.faults.fired) > fired:
                self.calm_since = None
            elif self.calm_since is None:
                self.calm_since = self.clock.true
            if not is_well:
                return

    def _calm_down(self) -> None:
        """No more faults, and nobody writes any more: what is under way must come to its end."""
        self.is_over = True
        self.faults.armed.clear()
        self.faults.full_until, self.faults.deaf = None, {}
        self.clock.wrong_by = timedelta(0)
        if self.life is None:
            self.begin_life()

    # --- lives ------------------------------------------------------------------------------------------------------

    def begin_life(self) -> None:
        """A new daemon starts on the database; where it cannot, it is tried again."""
        self.lives += 1
        luck = Random(f"{self.seed}/life/{self.lives}")
        life = Life(
            self.clock, self.server, self.settings, f"life-{self.lives}", luck, self.look.rows, self.read_before
        )
        before = self._versions()
        try:
            life.start()
        except (Crashed, BotError):
            self.die(timedelta(minutes=1))
            return
        after = self._versions()
        self.started |= {number: (version, after[number]) for number, version in before.items()}
        self.names = {door._path: name for name, door in life.app.mailboxes.items()}
        self.life = life
        self._rounds()

    def _versions(self) -> dict[int, int]:
        return {r["number"]: r["version"] for r in self.look.rows("SELECT number, version FROM cases")}

    def die(self, after: timedelta = timedelta(seconds=5)) -> None:
        """The daemon is gone; another comes."""
        self.stop()
        self._n += 1
        heapq.heappush(self._queue, (self.clock.true + after, self._n, "start", self._start))

    def stop(self) -> None:
        """The daemon ends; nobody starts another."""
        self.calm_since = None
        self.faults.failed()
        if self.life is not None:
            self.life.end()
        self.life = None

    def _start(self) -> None:
        if self.life is None:
            self.begin_life()

    def purge(self, luck: Random) -> None:
        """The operator has a closed case forgotten, where nothing of it is still to come."""
        closed = [c.number for c in self.look.cases.values() if c.state == "closed" and c.salt]
        if self.life is None or not closed:
            return
        number = luck.choice(closed)
        digests = self.look.cases[number].fields["mails"]
        marks = {d: self.truths[d].message_id for d in digests if d in self.truths}
        try:
            with self.life.db.begin() as tx:
                cases.purge(tx, number, self.clock())
            version = self.look.cases[number].version
            if number not in self.purged or self.purged[number][0] != version:  # a second time it forgets nothing
                self.purged[number] = (version, max(self.look.ledger), marks)
            self.life.db.scrub()
        except StoreError:
            return
        except Crashed:
            self.die()

    # --- letters ----------------------------------------------------------------------------------------------------

    def _refuses(self, address: str) -> str:
        """What the server says to that recipient: dead mailboxes are refused at once or bounce later."""
        person = self.partnership.people.get(address)
        if person is not None and person.is_dead and self.server.luck("refuses", address).random() < 0.5:
            return "5.1.1"
        n = self.counted[f"rcpt/{address}"] = self.counted[f"rcpt/{address}"] + 1
        return "4.7.1" if not self.is_over and self.server.luck("grey", address, str(n)).random() < 0.01 else ""

    def _taken(self, taken: Taken) -> None:
        """The server has a letter: it reaches the mailboxes of its recipients, and people."""
        row = self.look.letter(taken.message_id)
        kind = kind_of(row) if row else "stray"
        opening = self.look.opening(row["case_number"]) if row else ""
        begun = self.truths[opening].key if opening in self.truths else "none"
        for address in taken.recipients:
            boxes = {team.inbox: team for team in self.partnership.teams}
            if address in boxes or address == BOT:
                self.server.deliver(f"{self.folder}/{address}", taken.raw)
            person = self.partnership.people.get(address)
            if person is None:
                continue
            words = f"reply/{begun}/{kind}/{address}"
            n = self.counted[words] = self.counted[words] + 1
            key = f"{words}/{n}"
            team = next(t for t in self.partnership.teams if t.area == person.area)
            for reply in replies(key, kind, person, team, self.partnership, self.server.luck(key)):
                at = self.clock.true + reply.after
                self.plan(reply.key, at, lambda reply=reply: happen.answer(self, reply, taken))  # type: ignore[misc]


def _database(folder: Path, seed: int) -> Path:
    """An empty database whose secret comes from the seed, so that every Message-ID does."""
    file = folder / "bot.db"
    file.write_bytes(_empty())
    db = sqlite3.connect(file)
    secret = Random(f"{seed}/secret").randbytes(32).hex()
    db.execute("INSERT INTO meta (key, value) VALUES ('secret', ?)", (secret,))
    db.commit()
    db.close()
    return file


@functools.cache
def _empty() -> bytes:
    """A database with its tables, made once for all worlds of this process."""
    folder = Path(tempfile.mkdtemp(prefix="simulate-", dir=tmpfs()))
    db = Database(f"sqlite:///{folder / 'bot.db'}")
    db.migrate()
    db.tidy()
    db.close()
    made = (folder / "bot.db").read_bytes()
    shutil.rmtree(folder)
    return made


def tmpfs() -> Path | None:
    """A disk in memory, where there is one."""
    return TMPFS if TMPFS.is_dir() else None
