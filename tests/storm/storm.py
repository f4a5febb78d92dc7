"""A storm: lives of the real daemon, each killed somewhere, then one that is left alone; and what the judge says.

Where a life dies is drawn by the seed: a moment (its birth, when it is ready, when a mail comes, when the mail server
is at a stage of a delivery), a kind of call, before it or after it, and how many such calls from that moment on. The
clock runs fast and jumps between lives. It waits for nothing but what the servers, the people and the lives tell.
"""

from __future__ import annotations

import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.servers.dovecot import Dovecot
from tests.storm.forks import HOUSE, Forks
from tests.storm.judge import WINDOW, Verdict, judge
from tests.storm.people import People
from tests.storm.scythe import Call, Cut, Page, compiled
from tests.storm.sink import Sink
from tests.storm.town import Town

#: A Tuesday morning; so many minutes of the daemon's clock pass in one of ours.
START, RATE = datetime(2027, 1, 12, 9, tzinfo=UTC), 60
#: While it lives and while it is down the clock jumps, too, by so many minutes at most: less than what
#: would be told to the operator.
JUMP = 20
#: A life that has not met its death, and had nothing to do for so many seconds, meets it at its next calls or where it
#: is; one that is not ready for so long, or busy for so long, is ended.
IDLE, LAST, TOO_LONG = 0.8, 0.2, 60.0
#: Lives that end by themselves before the storm does.
TOO_OFTEN = 3
#: At the end lives are left alone until they had nothing to do for so long; with so much time between, and so many more
#: of them that bring nothing new.
QUIET, BETWEEN, IN_VAIN = 2.0, timedelta(minutes=25), 2
#: The moment from which calls are counted, and at most how many; for the mail server's stages, sink.py's words.
MOMENTS = {"BIRTH": 120, "READY": 60, "COMES": 160, "CONNECT": 40, "MAIL": 12, "DATA": 12, "DOT": 10}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How a life is to end: from the `nth` time that this moment comes, at this call."""

    moment: str
    nth: int
    cut: Cut


@dataclass
class Outcome:
    """What a storm was, and what came of it."""

    verdict: Verdict
    intact: bool
    verified: str
    kills: int
    starts: int
    seconds: float
    where: Counter[str] = field(default_factory=Counter)
    ended: list[str] = field(default_factory=list)  # lives that ended by themselves, which none may

    @property
    def is_clean(self) -> bool:
        return self.verdict.is_clean and self.intact and not self.ended


class Storm:
    """`house`: the folder whose bot is run; another one where a fault is planted."""

    def __init__(
        self, root: Path, server: Dovecot, database: str, seed: int, raisers: int = 40, house: Path = HOUSE
    ) -> None:
        self._root = root
        self._luck = random.Random(seed)
        self._page = Page(root / "page")
        self._page.run_clock(START, RATE)
        self._sink = Sink(now=self._page.now, tell=self._reached, seed=seed)
        self._sink.start()
        self.town = Town(root, server, database, self._sink.port, raisers)
        self.people = People(self.town, seed, self._page.now)
        self._ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ready.bind(str(root / "ready"))
        env = {**self.town.env, "NOTIFY_SOCKET": str(root / "ready"), "PYTHONWARNINGS": "ignore"}
        self._forks = Forks(compiled(root), self._page, env, house)
        self._house = house
        self._plan: Plan | None = None
        self._lock = threading.Lock()
        self._kills = self._starts = self._left = 0
        self._is_ready = False
        self._where: Counter[str] = Counter()
        self._ended: list[str] = []

    @property
    def log(self) -> Path:
        return self._root / "daemon.log"

    def close(self) -> None:
        self._forks.close()
        self._sink.stop()
        self._ready.close()
        self._page.close()

    def run(self, kills: int, say: Say = lambda _: None, plan: Plan | None = None) -> Outcome:
        """So many kills, each as the seed has it or all as `plan` says; then a life that is left alone, and the end."""
        began = time.monotonic()
        while self._kills < kills and len(self._ended) < TOO_OFTEN:
            self._life(plan or self._drawn())
            if self._kills and self._kills % 25 == 0:
                say(self._line(began))
        self._calm()
        found = self._judged()
        code, said = self._verify()
        return Outcome(
            found, code == 0, said, self._kills, self._starts, time.monotonic() - began, self._where, self._ended
        )

    def _line(self, began: float) -> str:
        return (
            f"{self._kills} kills in {time.monotonic() - began:.0f} s, {len(self.people.challenges)} challenges,"
            f" {len(self._sink.taken)} letters, {self._page.now():%a %d %b %H:%M}"
        )

    # --- a life ------------------------------------------------------------------------------------------------------

    def _life(self, plan: Plan) -> None:
        self._begin(plan)
        code = self._lived(TOO_LONG, lambda: self._is_ready)
        if code is None:
            # Time passes: letters that wait are due again, and people's minutes are over.
            self._page.jump(timedelta(minutes=JUMP * self._luck.random()))
            code = self._lived(TOO_LONG, self._idle(IDLE))
        if code is None:
            code = self._lived(TOO_LONG, lambda: not self._sink.is_sparing)
        if code is None and self._page.fallen is None:
            self._page.arm(Cut(Call(15), 1, self._luck.random() < 0.5))
            code = self._lived(LAST)
        fallen = self._page.fallen
        if code is None:
            self._forks.signal(signal.SIGKILL)
            code = self._forks.ended(30)
        self._over(plan, code, fallen)

    def _over(self, plan: Plan, code: int | None, fallen: Call | None) -> None:
        with self._lock:
            self._plan = None
        if code != -signal.SIGKILL:
            self._ended.append(f"life {self._starts} ended with {code} by itself")
            return
        self._kills += 1
        side = "after" if plan.cut.is_after else "before"
        at = plan.moment if self._left <= 0 or plan.moment == "BIRTH" else "LATE"
        self._where[f"{at} {side} {fallen.name}" if fallen else "by the clock"] += 1
        # Mostly it is started again at once, as a service manager does; at times it is down for a while.
        down = self._luck.choices((0, JUMP, 300), (85, 14, 1))[0]
        self._page.jump(timedelta(minutes=down * self._luck.random()))

    def _drawn(self) -> Plan:
        moment = self._luck.choices(list(MOMENTS), (2, 2, 5, 2, 2, 2, 4))[0]
        call = self._luck.choice(list(Call))
        most = MOMENTS[moment] if call is not Call.SYNC else max(3, MOMENTS[moment] // 10)
        nth = int(most ** self._luck.random())
        return Plan(moment, self._luck.choice((1, 1, 2, 3)), Cut(call, max(nth, 1), self._luck.random() < 0.5))

    def _begin(self, plan: Plan | None) -> None:
        self._starts += 1
        self._sink.begins(self._starts)
        while select.select([self._ready], [], [], 0)[0]:
            self._ready.recv(4096)  # of lives that are over
        with self._lock:
            self._plan, self._left = plan, plan.nth if plan else 0
        self._is_ready = False
        at_birth = plan.cut if plan and plan.moment == "BIRTH" else None
        self._forks.start(["run", "--config", str(self.town.config)], self._root, self.log, at_birth)

    def _lived(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> int | None:
        """Lets time pass until the life is over, or for so long, or until it is `enough`: people write, and read what
        they get. Its exit code, if it is over."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not enough():
            code = self._forks.ended(0.02)
            if code is not None:
                return code
            self._pass()
        return None

    def _idle(self, seconds: float) -> Callable[[], bool]:
        """Whether it has had nothing to do for so long, however busy this machine is."""
        since, then = time.monotonic(), self._forks.worked()

        def is_idle() -> bool:
            nonlocal since, then
            if time.monotonic() - since < seconds:
                return False
            before, then = then, self._forks.worked()
            since = time.monotonic()
            return then - before < seconds / 20

        return is_idle

    def _pass(self) -> None:
        while select.select([self._ready], [], [], 0)[0]:
            if b"READY=1" in self._ready.recv(4096):
                self._is_ready = True
                self._reached("READY")
        for taken in self._sink.news():
            self.people.got(taken)
        if self.people.tick() and self._is_ready:
            self._reached("COMES")

    def _reached(self, moment: str) -> None:
        """A moment has come: by the mail server's thread, or by ours."""
        with self._lock:
            plan = self._plan
            if moment == "SPARED":
                self._page.disarm()
            if plan is None or plan.moment != moment or plan.moment == "BIRTH" or self._sink.is_sparing:
                return
            self._left -= 1
            if self._left == 0:
                self._page.arm(plan.cut)

    # --- the end -----------------------------------------------------------------------------------------------------

    def _calm(self) -> None:
        """The faults are over. Lives are left alone until nothing is missing, or it is no use to wait; then, when every
        window is over, once more."""
        self._sink.is_calm = True
        self.people.stop()
        for more in (BETWEEN, WINDOW):
            self._page.jump(more)
            in_vain, count = 0, -1
            while in_vain < IN_VAIN and not self._ended:
                self._undisturbed()
                if not (self.people.is_waiting or self._judged().lost):
                    break
                self._page.jump(BETWEEN)
                in_vain = in_vain + 1 if len(self._sink.taken) == count else 0
                count = len(self._sink.taken)

    def _undisturbed(self) -> None:
        """A life that ends when it is asked to: once it is ready, and has nothing to do any more."""
        self._begin(None)
        code = self._lived(TOO_LONG, lambda: self._is_ready)
        if code is None:
            code = self._lived(TOO_LONG, self._idle(QUIET))
        if code is None:
            self._forks.signal(signal.SIGTERM)
            code = self._forks.ended(30)
            if code == 0:
                return
        self._ended.append(f"life {self._starts}, left alone and asked to end, ended with {code}")

    def _judged(self) -> Verdict:
        return judge(
            list(self.people.challenges.values()), list(self._sink.taken), self._sink.refused, self._page.now()
        )

    def _verify(self) -> tuple[int, str]:
        command = [sys.executable, "-m", "bot", "verify", "--config", str(self.town.config)]
        env = {**os.environ, **self.town.env, "PYTHONPATH": str(self._house)}
        ran = subprocess.run(command, cwd=self._root, env=env, capture_output=True, text=True, timeout=120)
        return ran.returncode, f"{ran.stdout}{ran.stderr}".strip()


def summary(outcome: Outcome) -> str:
    """The one line at the end."""
    v = outcome.verdict
    return (
        f"{outcome.kills} kills in {outcome.starts} starts, {outcome.seconds:.0f} s: {v.challenges} challenges,"
        f" {v.letters} letters handed over, {len(v.lost)} lost, {len(v.tripled)} tripled, {len(v.doubled)} doubled"
        f" ({len(v.unexcused)} of them though a 250 was read), {len(v.misplaced)} misplaced;"
        f" {'intact' if outcome.intact else 'NOT INTACT'}"
    )
