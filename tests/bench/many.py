"""Many mailboxes in one daemon: its threads, memory and idle processor time, and how soon a mail in any is seen.

The daemon as it is run, in a process of its own, over empty mailboxes: Maildirs, or users of a Dovecot. "Seen" is the
moment at which its ledger has the mail; a server may keep its notice back (Dovecot: half a second).
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bot.doors.maildir.send import deliver
from tests.bench.boxes import CONFIG
from tests.bench.cost import cpu
from tests.servers.dovecot import PASSWORD, Dovecot

#: Seconds of idling that are measured, and mails delivered one after another.
IDLE, MAILS = 20.0, 25

HEAD = """
database: sqlite:///{var}/bot.db
var: {var}
operator: bot-operator@council.example
templates: {templates}
recipients:
  allowed_domains: [council.example, csc.example, health.example, school.example, cescp.example]
bot:
  name: Safeguarding Challenge Clock (automatic)
  address: challenge-clock@council.example
  receive: {own}
  send: {{kind: maildir, path: {var}/letters}}
mailboxes:
"""
BOX = "  - {{area: CE, address: team{n}@csc.example, policy: cheshire-east, receive: {door}}}\n"


@dataclass(frozen=True, slots=True)
class Many:
    """`ready`, `seen`, `worst`: seconds; `idle`: of one core; `rss`: bytes."""

    boxes: int
    ready: float
    threads: int
    rss: int
    idle: float
    seen: float
    worst: float


def of_maildirs(count: int, place: Path) -> Many:
    (place / "in").mkdir()

    def put(n: int, raw: bytes) -> None:
        deliver(place / "in" / str(n), raw, datetime.now(UTC))

    doors = [f"{{kind: maildir, path: {place}/in/{n}}}" for n in range(count + 1)]
    return _measured(doors, place, put)


def of_dovecot(count: int, place: Path, server: Dovecot) -> Many:
    users = [server.new_user() for _ in range(count + 1)]

    def put(n: int, raw: bytes) -> None:
        server.deliver(users[n], raw)

    door = (
        f"kind: imap, host: 127.0.0.1, port: {server.tls_port}, tls: implicit, ca_file: {server.ca_file}, "
        'password: "${BENCH_PASSWORD}"'
    )
    return _measured([f"{{{door}, user: {user}}}" for user in users], place, put)


def _measured(doors: list[str], place: Path, put: Callable[[int, bytes], None]) -> Many:
    """`doors`: the bot's own, then those of the teams; `put` lays a mail into the one of that number."""
    count, var = len(doors) - 1, place / "var"
    with _daemon(doors, place) as process:
        began = time.monotonic()
        _until(process, lambda: _number(var, "mailboxes WHERE last_listed IS NOT NULL") > count, 300)
        ready = time.monotonic() - began
        time.sleep(5)  # every thread waits again
        before = cpu(process.pid)
        time.sleep(IDLE)
        idle = (cpu(process.pid) - before) / IDLE
        luck = random.Random(count)
        seen = [_seen(process, var, put, luck.randint(1, count), n) for n in range(MAILS)]
        status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        told = {line.partition(":")[0]: line.split()[1] for line in status if ":" in line and len(line.split()) > 1}
        return Many(count, ready, int(told["Threads"]), int(told["VmRSS"]) * 1024, idle, median(seen), max(seen))


def _seen(
    process: subprocess.Popen[bytes], var: Path, put: Callable[[int, bytes], None], box: int, number: int
) -> float:
    raw = (
        f"From: Somebody <s{number}@health.example>\r\nTo: team{box}@csc.example\r\nSubject: Lunch {number}\r\n"
        f"Message-ID: <many{number}@health.example>\r\nDate: Mon, 30 Nov 2026 10:00:00 +0000\r\n\r\nAt one?\r\n"
    )
    began = time.monotonic()
    put(box, raw.encode())
    _until(process, lambda: _number(var, "ledger") > number, 60, 0.005)
    return time.monotonic() - began


def _number(var: Path, what: str) -> int:
    try:
        with sqlite3.connect(f"file:{var}/bot.db?mode=ro", uri=True) as db:
            return int(db.execute(f"SELECT count(*) FROM {what}").fetchone()[0])
    except sqlite3.OperationalError:  # the daemon is making its tables
        return 0


def _until(process: subprocess.Popen[bytes], done: Callable[[], bool], seconds: float, pause: float = 0.1) -> None:
    """Raises TimeoutError, and RuntimeError when the daemon ends before it is done."""
    until = time.monotonic() + seconds
    while not done():
        if process.poll() is not None:
            raise RuntimeError("the daemon ended")
        if time.monotonic() > until:
            raise TimeoutError(f"not done within {seconds} s")
        time.sleep(pause)


@contextmanager
def _daemon(doors: list[str], place: Path) -> Iterator[subprocess.Popen[bytes]]:
    folder, var = place / "config", place / "var"
    shutil.copytree(CONFIG, folder)
    header, *rows = (CONFIG / "directory.csv").read_text("utf-8").splitlines()
    here = [header, *(row for row in rows if row.startswith("CE,"))]
    (folder / "directory.csv").write_text("\n".join(here) + "\n", "utf-8")
    head = HEAD.format(var=var, templates=CONFIG.parent / "mail_templates", own=doors[0])
    boxes = (BOX.format(n=n, door=door) for n, door in enumerate(doors[1:], 1))
    (folder / "bot.yaml").write_text(head + "".join(boxes), "utf-8")
    command = [sys.executable, "-m", "bot", "run", "--config", str(folder)]
    env = {**os.environ, "BENCH_PASSWORD": PASSWORD}
    with (
        (place / "log").open("wb") as log,
        subprocess.Popen(command, env=env, cwd=CONFIG.parent, stdout=log, stderr=log) as process,
    ):
        try:
            yield process
        except Exception as error:
            error.add_note((place / "log").read_text("utf-8", "replace")[-2000:])
            raise
        finally:
            process.terminate()
