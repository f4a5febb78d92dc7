"""What each kind of door costs: requests for a new mail, for a letter, for an hour without mail, and how long a
challenge waits for its acknowledgement.

The real App and the daemon's own threads on a Maildir, a Dovecot, an Exchange and a Graph server, all on loopback: the
number of requests is what a real server would be asked; the seconds are those of the door's own waiting, as a real
server's line is longer. An hour is put together from what was counted: a listing and a wait every five minutes, and
what the wait itself asks.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from bot.daemon.app import App, build
from bot.daemon.threads import Post
from bot.daemon.watch.lines import news_within
from bot.daemon.watch.mailbox import WATCH
from bot.doors.maildir.send import deliver
from bot.settings.settings import Door
from tests.bench.backlog import clock
from tests.bench.boxes import TEAM_NAME
from tests.bench.corpus import TEAM, opening
from tests.crew import crew
from tests.integration.office import raw_mail, settings_in
from tests.servers.certificates import make_certificate
from tests.servers.dovecot import Dovecot
from tests.servers.ews import EwsServer
from tests.servers.graph import GraphServer
from tests.servers.proxy import Proxy
from tests.servers.smtp import SmtpServer
from tests.unit.case_samples import BOT

MAILS, CHALLENGES = 10, 3
#: Seconds of the two waits from which an hour is put together; the longer spans two looks of a door that polls.
SHORT, LONG = 1.0, 31.0
HOUR = 3600.0

_DONE = re.compile(rb"(?m)^[A-Z]+[0-9]+ (?:OK|NO|BAD)\b")


@dataclass(frozen=True)
class Place:
    """A server of one kind. `asked`: requests so far; `gone`: the recipients of every letter that left."""

    kind: str
    doors: dict[str, Door]
    deliver: Callable[[bytes, datetime], object]
    asked: Callable[[], int]
    gone: Callable[[], list[tuple[str, ...]]]


@dataclass
class Found:
    """`mail`, `letter`: requests each; `hour`: requests without mail; `seconds`: arrival to acknowledgement."""

    mail: float = 0.0
    letter: float = 0.0
    hour: float = 0.0
    seconds: float = 0.0


# --- servers ----------------------------------------------------------------------------------------------------------


def _maildir(folder: Path) -> Place:
    box, out = folder / "team", folder / "letters"

    def gone() -> list[tuple[str, ...]]:
        files = (out / "new").glob("*") if out.exists() else ()
        return [tuple(re.findall(r"[\w.+-]+@[\w.-]+", _to(file.read_bytes()))) for file in files]

    doors = {
        TEAM: Door(kind="maildir", path=str(box)),
        BOT: Door(kind="maildir", path=str(folder / "bot")),
        "send": Door(kind="maildir", path=str(out)),
    }
    return Place("Maildir", doors, lambda raw, at: deliver(box, raw, at), lambda: 0, gone)


def _to(raw: bytes) -> str:
    return "\n".join(line for line in raw.decode("utf-8", "replace").splitlines() if line.startswith("To:"))


@contextmanager
def _imap(server: Dovecot) -> Iterator[Place]:
    user, smtp, done = server.new_user(), SmtpServer().start(), [0]
    with Proxy("127.0.0.1", server.port) as line:

        def counted(data: bytes) -> bytes:
            done[0] += len(_DONE.findall(data))
            return data

        line.edit(counted)
        plain: dict[str, Any] = {"port": line.port, "tls": "none", "ca_file": ""}
        doors = {TEAM: server.door(user, **plain), BOT: server.door(f"clock-{user}", **plain), "send": smtp.door()}
        yield Place(
            "IMAP and SMTP",
            doors,
            lambda raw, at: server.deliver(user, raw, received=at),
            lambda: done[0] + len(smtp.commands),
            lambda: [mail.recipients for mail in smtp.mails],
        )
    smtp.stop()


@contextmanager
def _ews(folder: Path) -> Iterator[Place]:
    server = EwsServer(folder / "ews").start()
    server.add(TEAM)
    server.add(BOT)
    doors = {TEAM: server.door(TEAM), BOT: server.door(BOT), "send": server.door(BOT)}

    def put(raw: bytes, at: datetime) -> None:
        server.store.put(server.store.known(TEAM, "inbox"), raw, at)

    yield Place("EWS", doors, put, lambda: len(server.asked), lambda: [letter.recipients for letter in server.letters])
    server.stop()


@contextmanager
def _graph(folder: Path) -> Iterator[Place]:
    server = GraphServer(certificate=make_certificate(folder / "graph")).start()
    box = server.add(TEAM)
    server.add(BOT)
    doors = {TEAM: server.door(TEAM), BOT: server.door(BOT), "send": server.door(BOT)}
    yield Place(
        "Graph",
        doors,
        lambda raw, at: box.add(raw, received=at),
        lambda: len(server.steps),
        lambda: [letter.recipients for letter in server.sent],
    )
    server.stop()


# --- counting ---------------------------------------------------------------------------------------------------------


class Counted:
    """One door with the App behind it, and what was counted of it."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place = place
        self.found = Found()
        self._queued = threading.Event()
        self._app: App = build(settings_in(folder, place.doors), read_now=clock, woken=self._queued.set)

    def close(self) -> None:
        self._app.close()

    def _asked(self, work: Callable[[], object]) -> int:
        before = self.place.asked()
        work()
        return self.place.asked() - before

    def reading(self) -> None:
        """Requests for one new mail that is found by a listing, and for one letter."""
        for name in self._app.mailboxes:
            self._app.receive(name, clock())
        counts = []
        for n in range(MAILS):
            self.place.deliver(raw_mail(number=f"lunch{n}", subject=f"Lunch {n}"), clock())
            counts.append(self._asked(lambda: self._app.receive(TEAM_NAME, clock())))
        self.found.mail = median(counts)
        self._challenge(1_000)
        self._app.receive(TEAM_NAME, clock())
        while self._app.intake.read(clock()):
            pass
        before = len(self.place.gone())
        asked = self._asked(lambda: self._app.sender.drain(clock()))
        self.found.letter = asked / max(1, len(self.place.gone()) - before)

    def idle(self) -> None:
        """Requests of an hour without mail: every five minutes a listing and a wait, and what the wait asks."""
        mailbox = self._app.mailboxes[TEAM_NAME]
        listing = self._asked(lambda: self._app.receive(TEAM_NAME, clock()))
        news_within(mailbox, SHORT)  # the first wait after mail may still tell of it
        self._app.receive(TEAM_NAME, clock())
        fixed = self._asked(lambda: news_within(mailbox, SHORT))
        rate = (self._asked(lambda: news_within(mailbox, LONG)) - fixed) / (LONG - SHORT)
        self.found.hour = HOUR / WATCH * (listing + fixed) + HOUR * max(0.0, rate)

    def answering(self) -> None:
        """Seconds from the arrival of a challenge to its acknowledgement having left, by the daemon's own threads."""

        def decided(post: Post) -> None:
            if self._queued.is_set():
                self._queued.clear()
                post.woken.set()

        with crew(self._app, clock, decided) as made:
            for watcher in made.watch.watchers:
                watcher.heard(watcher.ask(), time.monotonic() + 30)
            self.found.seconds = median(self._answered(n) for n in range(CHALLENGES))

    def _answered(self, n: int) -> float:
        time.sleep(2.0)  # every thread waits again
        began = time.monotonic()
        raiser = self._challenge(n)
        while not any(raiser in recipients for recipients in self.place.gone()):
            if time.monotonic() - began > 120:
                raise TimeoutError(f"{self.place.kind}: no acknowledgement within two minutes")
            time.sleep(0.005)
        return time.monotonic() - began

    def _challenge(self, n: int) -> str:
        raiser = (f"Worker {n}", f"worker{n}@health.example")
        self.place.deliver(opening(n, clock(), random.Random(n), raiser)[1].raw, clock())
        return raiser[1]


def measured(server: Dovecot, new_place: Callable[[], Path]) -> dict[str, Found]:
    """Every kind of door by its name. Their idle minutes are spent side by side."""
    with ExitStack() as servers:
        places = [
            _maildir(new_place()),
            servers.enter_context(_imap(server)),
            servers.enter_context(_ews(new_place())),
            servers.enter_context(_graph(new_place())),
        ]
        all_of = [Counted(place, new_place()) for place in places]
        for one in all_of:
            servers.callback(one.close)
            one.reading()
        waiting = [threading.Thread(target=one.idle) for one in all_of]
        for thread in waiting:
            thread.start()
        for thread in waiting:
            thread.join()
        for one in all_of:
            one.answering()
        return {one.place.kind: one.found for one in all_of}
