"""From seeing a mail to its acknowledgement accepted by the mail server, one challenge after another.

The daemon's own threads on a real Dovecot and a real mail server, woken by events. "Seen" is the moment in which the
mailbox's thread is told that something has come: how long a server keeps its notice back (Dovecot: half a second) is
not the bot's figure, nor the textbook's beside it.
"""

from __future__ import annotations

import random
import threading
import time
from datetime import timedelta
from statistics import median

from bot.daemon.app import App, build
from bot.daemon.threads import Post
from bot.daemon.watch.mailbox import Watcher
from bot.settings.settings import Settings
from tests.bench import floor
from tests.bench.backlog import clock
from tests.bench.boxes import TEAM_NAME, Sink
from tests.bench.corpus import opening
from tests.bench.cost import percentile
from tests.crew import crew
from tests.servers.dovecot import Dovecot

WARM = 10


def bot(settings: Settings, server: Dovecot, user: str, sink: Sink, count: int) -> list[float]:
    """Seconds for each of `count` challenges, after some to warm up."""
    queued = threading.Event()
    app = build(settings, read_now=clock, woken=queued.set)

    def decided(post: Post) -> None:
        if queued.is_set():
            queued.clear()
            post.woken.set()

    try:
        with crew(app, clock, decided) as made:
            watcher = made.box(TEAM_NAME)
            return [_one(app, watcher, server, user, sink, n) for n in range(count + WARM)][WARM:]
    finally:
        app.close()


def _one(app: App, watcher: Watcher, server: Dovecot, user: str, sink: Sink, n: int) -> float:
    raiser = _raiser(n)
    at = clock()
    watcher.heard(watcher.ask(), time.monotonic() + 30)  # everything before is over
    while app.sender.wake_at() is not None:
        time.sleep(0.002)
    server.deliver(user, opening(n, at, random.Random(n), raiser)[1].raw, received=at - timedelta(seconds=1))
    seen = time.monotonic()
    watcher.ask()
    return sink.wait_for(raiser[1], seen) - seen


def textbook(server: Dovecot, user: str, sink: Sink, keep: floor.Keep, count: int) -> list[float]:
    """The same mails: fetched, parsed by the standard library, committed, answered on an open line."""
    answer = floor.Answer(server, user, keep, sink.port)
    taken = []
    for n in range(count + WARM):
        raiser, at = _raiser(n), clock()
        server.deliver(user, opening(n, at, random.Random(n), raiser)[1].raw, received=at)
        seen = time.monotonic()
        answer.step()
        taken.append(sink.wait_for(raiser[1], seen) - seen)
    answer.close()
    return taken[WARM:]


def _raiser(n: int) -> tuple[str, str]:
    return f"Worker {n}", f"worker{n}@health.example"


def summary(taken: list[float]) -> tuple[float, float]:
    """Median and 99th percentile."""
    return median(taken), percentile(taken, 0.99)
