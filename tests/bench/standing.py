"""What the bot costs while it stands: ticks over many deadlines, a start with many open cases, its peak memory.

The cases are opened by the bot's own turn from one parsed mail each; most deadlines are its own, the rest are rows far
in the future. Memory is that of the daemon's real process and its reading child, over a whole backlog.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, insert, select, update

from bot.daemon.app import App, build
from bot.mail.read import read
from bot.model import Mail
from bot.settings.settings import Settings
from bot.store import deadlines, mailboxes, schema
from bot.store.db import Database, asking
from bot.store.server import glance
from tests.bench.backlog import clock
from tests.bench.boxes import CONFIG, TEAM_NAME
from tests.bench.corpus import opening
from tests.bench.cost import children, middle, peak_memory

DUE = 100
IDLE_TICKS = 200


@dataclass(frozen=True, slots=True)
class Ticks:
    """Seconds. `idle`: nothing to do at all; `due`: `fired` deadlines answered; `rows`: how many stood in the table."""

    idle: float
    due: float
    fired: int
    rows: int


def populate(settings: Settings, count: int, rows: int) -> datetime:
    """`count` open cases, of which DUE were opened two hours before the others, and `rows` deadlines. Returns when the
    first deadlines of those DUE fall due."""
    app = build(settings, read_now=clock, in_process=True)
    now = clock()
    mail = read(opening(0, now, random.Random(1))[1].raw, app.intake.reading, now)
    try:
        for start in range(0, count, 100):
            _open(app, mail, start, min(start + 100, count), now if start else now - timedelta(hours=2))
        with app.db.begin() as tx:
            first = tx.execute(select(schema.deadlines.c.at).order_by(schema.deadlines.c.at).limit(1)).scalar_one()
            _pad(tx, rows, now + timedelta(days=300))
    finally:
        app.close()
    assert isinstance(first, datetime)
    return first


def _open(app: App, mail: Mail, start: int, end: int, at: datetime) -> None:
    inbox = app.intake.boxes.inboxes[TEAM_NAME]
    with app.db.begin() as tx:
        for n in range(start, end):
            own = replace(mail, message_id=f"standing-{n}@health.example", received=at, date=at)
            app.turn.open(tx, own, inbox, at)
        tx.execute(update(schema.outbox).values(status="sent"))


def _pad(tx: Connection, rows: int, at: datetime) -> None:
    """Deadlines far ahead, on the last case: answering one of the first rewrites only its own."""
    table = schema.deadlines
    last = tx.execute(select(func.max(schema.cases.c.number))).scalar_one()
    missing = max(0, rows - tx.execute(select(func.count()).select_from(table)).scalar_one())
    row = {"case_number": last, "kind": "chaser", "stage": "", "why": "", "owner": "", "at": at, "ready": at}
    if missing:
        tx.execute(insert(table), [{**row, "nth": n, "item": 0} for n in range(missing)])


def ticks(settings: Settings, due: datetime) -> Ticks:
    """A tick is what desk and sender do when they are woken."""
    app = build(settings, read_now=clock)
    try:
        now = due - timedelta(seconds=30)
        _listed(app, now)

        def idle() -> float:
            start = time.perf_counter()
            for _ in range(IDLE_TICKS):
                _tick(app, now)
            return (time.perf_counter() - start) / IDLE_TICKS

        quiet = middle(idle)
        with app.db.read() as tx:
            rows = tx.execute(select(func.count()).select_from(schema.deadlines)).scalar_one()
        late = due + timedelta(minutes=1)
        _listed(app, late)
        with app.db.read() as tx:
            waiting = deadlines.count_due(tx, late)
        start = time.perf_counter()
        fired = app.alarms.fire(late, limit=waiting)
        return Ticks(quiet, time.perf_counter() - start, fired, rows)
    finally:
        app.close()


def _tick(app: App, now: datetime) -> None:
    app.intake.read(now)
    app.alarms.fire(now)
    with app.db.read() as tx:
        deadlines.next_due(tx)
    app.sender.step(now)
    app.sender.wake_at()


def _listed(app: App, now: datetime) -> None:
    with app.db.begin() as tx:
        for name in app.mailboxes:
            mailboxes.listed_at(tx, name, now)


def start_up(settings: Settings) -> float:
    """Seconds from settings to an App that can work, its reading process started."""

    def once() -> float:
        start = time.perf_counter()
        app = build(settings, read_now=clock)
        taken = time.perf_counter() - start
        app.close()
        return taken

    return middle(once)


@dataclass(frozen=True, slots=True)
class Memory:
    """Peak bytes of the daemon and of its reading process."""

    daemon: int
    reader: int


def memory(texts: dict[str, str], env: dict[str, str], folder: Path, count: int) -> Memory:
    """The daemon as it is run, until it has read a backlog of `count` mails, letters sent as it goes."""
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    shutil.copytree(CONFIG / "forms", folder / "forms")
    command = [sys.executable, "-m", "bot", "run", "--config", str(folder)]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, env={**os.environ, **env}, cwd=CONFIG.parent, stdout=log, stderr=log) as process,
    ):
        try:
            _until(lambda: process.poll() is not None or _read(env["BENCH_DATABASE"]) >= count, 1800)
            if process.poll() is not None:
                raise RuntimeError("the daemon ended: " + (folder / "log").read_text()[-1000:])
            readers = [peak_memory(child) for child in children(process.pid)]
            return Memory(peak_memory(process.pid), max(readers, default=0))
        finally:
            process.terminate()


def _read(url: str) -> int:
    """How many mails have their place."""
    if not Path(url.removeprefix("sqlite:///")).exists():
        return 0
    db = Database(url, check=False)
    try:
        with db.read() as tx:
            found = glance.mails_by_disposition(asking(tx))
    except Exception:  # the daemon is making its tables
        return 0
    finally:
        db.close()
    return sum(found.values()) - found.get("unread", 0)


def _until(condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"not done within {seconds} s")
        time.sleep(0.5)
