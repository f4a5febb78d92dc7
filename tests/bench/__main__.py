"""`python -m tests.bench`: how fast the bot is, beside the floor of the same work on the same box, in one run.

`--quick` does a tenth of everything, `--json` prints one object, `--only` names the parts. It judges nothing: figures
of a busy machine are worth their ratios, so each stands beside the floor measured in the same run.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import structlog

from tests.bench import answering, backlog, boxes, doors, floor, many, placing, standing, starting
from tests.bench.corpus import box, mixture, opening
from tests.bench.cost import Cost
from tests.servers import dovecot, postgres

PARTS = ("backlog", "answering", "standing", "placing", "starting", "memory", "doors", "many")
MAILS, ANSWERS, CASES, ROWS = 5_000, 200, 5_000, 100_000
OPEN = (250, 2_500, 50_000)
BOXES = (10, 100, 500)
Say = Callable[[str], None]


@dataclass
class Bench:
    """One run: its sizes, its servers, and what it found."""

    scale: int
    folder: Path
    say: Say
    server: dovecot.Dovecot
    cluster: postgres.Cluster
    found: dict[str, Any] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    _box: str = ""

    def place(self) -> Path:
        """A new folder."""
        path = self.folder / str(next(self._numbers))
        path.mkdir()
        return path

    def box(self) -> tuple[str, int]:
        """The mailbox that holds the backlog, made once, and how many mails it holds."""
        size = MAILS // self.scale
        if not self._box:
            self._box = self.server.new_user()
            pieces = box(size, backlog.clock())
            boxes.fill(self.server, self._box, pieces)
            self.found["mixture"] = mixture(pieces)
            self.say("The backlog: " + ", ".join(f"{n:,} {kind}" for kind, n in self.found["mixture"].items()))
        return self._box, size

    # --- parts ------------------------------------------------------------------------------------------------------

    def backlog(self) -> None:
        user, size = self.box()
        self.say(f"\n{size:,} mails in Dovecot -> the ledger and cases" + " " * 7 + "msgs/s   CPU ms/mail   of lean")
        stores: dict[str, tuple[Callable[[], floor.Keep], Callable[[Path], str]]] = {
            "SQLite, synchronous=FULL": (lambda: floor.sqlite(self.place()), backlog.sqlite_url),
            "PostgreSQL, fsync=on": (lambda: floor.postgresql(self.cluster.create()), lambda _: self.cluster.create()),
        }
        for name, (keep, url) in stores.items():
            runs = backlog.floors(self.server, user, size, keep)
            place = self.place()
            runs["bot"], went = backlog.bot(boxes.settings(url(place), place, self.server, user), size)
            self.say(f"  {name}")
            for who, cost in runs.items():
                self._rate(who, cost, runs["lean"], size)
            self.found[f"backlog, {name}"] = {who: _rate(cost, size) for who, cost in runs.items()} | {"went": went}
        self.say("  went: " + ", ".join(f"{n:,} {kind}" for kind, n in went.items()))

    def _rate(self, who: str, cost: Cost, lean: Cost, size: int) -> None:
        cpu = cost.cpu / size * 1000
        self.say(f"    {who:<42}{size / cost.wall:>8,.0f}{cpu:>14.2f}{lean.wall / cost.wall:>9.0%}")

    def answering(self) -> None:
        size = ANSWERS // self.scale
        with boxes.sink() as sink:
            user, place = self.server.new_user(), self.place()
            settings = boxes.settings(backlog.sqlite_url(place), place, self.server, user, sink.port)
            taken = {
                "textbook": answering.textbook(
                    self.server, self.server.new_user(), sink, floor.sqlite(self.place()), size
                ),
                "bot": answering.bot(settings, self.server, user, sink, size),
            }
        self.say(f"\nSeen -> acknowledgement accepted by SMTP, {size} challenges" + " " * 5 + "median ms    p99 ms")
        for who, times in taken.items():
            middle, worst = answering.summary(times)
            self.say(f"    {who:<53}{middle * 1000:>9.1f}{worst * 1000:>10.1f}")
            self.found.setdefault("answering", {})[who] = {"median": middle, "p99": worst}

    def standing(self) -> None:
        place, user = self.place(), self.server.new_user()
        settings = boxes.settings(backlog.sqlite_url(place), place, self.server, user)
        cases = CASES // self.scale
        due = standing.populate(settings, cases, ROWS // self.scale)
        seconds = standing.start_up(settings)
        found = standing.ticks(settings, due)
        self.say(f"\n{cases:,} open cases, {found.rows:,} deadlines")
        self.say(f"    {'an idle tick':<53}{found.idle * 1000:>9.2f} ms")
        self.say(f"    {f'a tick with {found.fired} due':<53}{found.due * 1000:>9.1f} ms")
        self.say(f"    {'start-up: settings -> ready':<53}{seconds * 1000:>9.0f} ms")
        self.found["standing"] = {"idle": found.idle, "due": found.due, "fired": found.fired, "start": seconds}

    def placing(self) -> None:
        found: dict[int, dict[str, float]] = {}
        for cases in dict.fromkeys(max(OPEN[0], size // self.scale) for size in OPEN):
            place = self.place()
            settings = boxes.settings(backlog.sqlite_url(place), place, self.server, self.server.new_user())
            found[cases] = placing.measured(settings, cases)
        self.say("\nPlacing one mail, CPU ms, by open cases" + " " * 18 + "".join(f"{cases:>10,}" for cases in found))
        for kind in placing.KINDS:
            self.say(f"    {kind:<53}" + "".join(f"{took[kind] * 1000:>10.2f}" for took in found.values()))
        self.found["placing"] = {str(cases): took for cases, took in found.items()}

    def starting(self) -> None:
        bare, found = starting.measured(self.place(), opening(0, backlog.clock(), random.Random(1))[1].raw)
        self.say(f"\nCommands, CPU in times a bare interpreter's {bare * 1000:.0f} ms")
        for name, times in found.items():
            self.say(f"    {name:<53}{times:>9.1f}")
        self.found["starting"] = {"bare": bare, **found}

    def memory(self) -> None:
        user, size = self.box()
        place = self.place()
        with boxes.sink() as sink:
            texts = boxes.config_texts(place, self.server, user, sink.port)
            env = boxes.env(backlog.sqlite_url(place))
            peak = standing.memory(texts, env, place / "config", size)
        self.say(f"\nPeak memory of the daemon's process over {size:,} mails, letters sent")
        for who, size in (("daemon", peak.daemon), ("reader", peak.reader), ("together", peak.daemon + peak.reader)):
            self.say(f"    {who:<53}{size / 1e6:>9.0f} MB")
            self.found.setdefault("memory", {})[who] = size

    def doors(self) -> None:
        self.say("\nEach kind of door" + " " * 15 + "requests: a new mail   a letter   an idle hour   mail -> answer")
        for kind, found in doors.measured(self.server, self.place).items():
            self.say(
                f"    {kind:<38}{found.mail:>12.0f}{found.letter:>11.1f}{found.hour:>15.0f}{found.seconds:>15.2f} s"
            )
            self.found.setdefault("doors", {})[kind] = asdict(found)

    def many(self) -> None:
        self.say(
            "\nMailboxes in one daemon"
            + " " * 13
            + "ready s   threads    MB   idle, of a core   seen s: median   worst"
        )
        for size in dict.fromkeys(max(BOXES[0], size // self.scale) for size in BOXES):
            for kind, found in (
                ("Maildirs", many.of_maildirs(size, self.place())),
                ("users of a Dovecot", many.of_dovecot(size, self.place(), self.server)),
            ):
                self.say(
                    f"    {f'{size} {kind}':<30}{found.ready:>10.1f}{found.threads:>10}{found.rss / 1e6:>6.0f}"
                    f"{found.idle:>18.2%}{found.seen:>17.2f}{found.worst:>8.2f}"
                )
                self.found.setdefault("many", {})[f"{size} {kind}"] = asdict(found)


def _rate(cost: Cost, size: int) -> dict[str, float]:
    return {"per_second": size / cost.wall, "wall": cost.wall, "cpu": cost.cpu}


def machine() -> str:
    names = [
        row.partition(":")[2].strip() for row in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in row
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{len(os.sched_getaffinity(0))} cores ({names[0] if names else platform.machine()}), {memory:.0f} GiB, "
        f"Linux {platform.release()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; load {load}"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="a tenth of everything")
    arguments.add_argument("--json", action="store_true", help="one JSON object in place of the tables")
    arguments.add_argument("--only", choices=PARTS, action="append", help="this part; may be given again")
    given = arguments.parse_args()

    def say(line: str) -> None:
        if not given.json:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    say(machine())
    # An end by signal leaves no server behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        with ExitStack() as servers:
            server = servers.enter_context(dovecot.running())
            cluster = servers.enter_context(postgres.running(fsync=True))
            bench = Bench(10 if given.quick else 1, folder, say, server, cluster)
            bench.found["machine"] = machine()
            for part in given.only or PARTS:
                getattr(bench, part)()
    finally:
        shutil.rmtree(folder)
    if given.json:
        sys.stdout.write(json.dumps(bench.found) + "\n")


if __name__ == "__main__":
    main()
