"""The reading process: mails are taken apart in a child with limits of memory and processor time, reused, in a cage.

The child (child.py) is started before any thread and holds no database, no secret and no connection; only finished
Mails come back, through an unpickler that knows the classes of bot.model and nothing else. Processor time is the
child's own limit, whatever else the machine does; the wall clock starts when the child is ready and is only for one
that stands still. Deaths are the caller's to count: three strikes set a mail aside. One thread uses it at a time.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from bot.engine.reading.reader.child import LENGTH
from bot.mail.read import Reading, read
from bot.model import Mail
from bot.model.errors import BotError

#: For one mail: processor seconds, seconds on the wall, octets.
CPU = 10.0
WALL = 300.0
MEMORY = 1 << 30
#: How long a new child may take to load its libraries, and a batch of mails to be handed over.
PATIENCE = 60.0
_BATCH_MAILS = 64
_BATCH_BYTES = 8 << 20
_MAX_ANSWER = 64 << 20

Job = tuple[bytes, datetime]


class SandboxDied(BotError):
    """The reading process ended, or was killed at a limit, while it read this mail."""


class NoReader(BotError):
    """No reading process is there to read with, as on a machine that is too busy to start one: no mail's fault."""


class InProcess:
    """The same reader without a child: for rehearsals and one-off reading, never for a live inbox."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def read(self, raw: bytes, received: datetime, *, opens_files: bool = True) -> Mail:
        return read(raw, self._reading, received, opens_files=opens_files)

    def read_each(self, jobs: Sequence[Job]) -> Iterator[Mail | SandboxDied]:
        return (self.read(raw, received) for raw, received in jobs)

    def read_many(self, jobs: Sequence[Job]) -> list[Mail | SandboxDied]:
        return list(self.read_each(jobs))

    def answers_within(self, seconds: float) -> bool:
        """It reads when it is asked: as long as there is time."""
        return seconds > 0

    def uncaged(self) -> tuple[str, ...]:
        """Nothing was promised."""
        return ()

    def close(self) -> None:
        """Nothing to let go of."""


class Sandbox:
    """A reading process and its replacement whenever one dies. For one mail: `wall` seconds, `memory` octets, `cpu`
    processor seconds; for a new process, `patience` seconds."""

    def __init__(
        self, reading: Reading, wall: float = WALL, memory: int = MEMORY, cpu: float = CPU, patience: float = PATIENCE
    ) -> None:
        self._reading = reading
        self._patience = patience
        self._wall = wall
        self._memory = memory
        self._cpu = cpu
        self._child = self._start()
        self._owed = 0
        self._handed_over = 0  # batches so far: whoever finds another number reads no longer from this child

    def read(self, raw: bytes, received: datetime, *, opens_files: bool = True) -> Mail:
        """The mail. Raises SandboxDied when the child died of it, and the next call finds a new child; NoReader.

        `opens_files`: False leaves its attachments closed, one of which may have ended the last reading."""
        answer = next(iter(self._batch([(raw, received)], opens_files=opens_files)))
        if isinstance(answer, SandboxDied):
            raise answer
        return answer

    def read_many(self, jobs: Sequence[Job]) -> list[Mail | SandboxDied]:
        """One answer for each job, in order. A mail that kills the child costs no other its reading."""
        return list(self.read_each(jobs))

    def read_each(self, jobs: Sequence[Job]) -> Iterator[Mail | SandboxDied]:
        """The same one by one: while the caller works on an answer, the child reads on. Whoever does not take them
        all loses the rest; the next reading has a new child. Raises NoReader."""
        done = 0
        while done < len(jobs):
            for answer in self._batch(_next_batch(jobs, done)):
                done += 1
                yield answer

    def answers_within(self, seconds: float) -> bool:
        """Whether the child has its next answer within so many seconds, of the batch that it reads."""
        return seconds > 0 and self._owed > 0 and self._child.answers_within(seconds)

    @property
    def pid(self) -> int:
        """The process id of the child that would read the next mail."""
        return self._child.pid

    def uncaged(self) -> tuple[str, ...]:
        """What of its cage the kernel refused, a sentence each. Raises SandboxDied when no child can be started."""
        return self._child.ready(self._patience)

    def close(self) -> None:
        """Ends the child."""
        self._child.end()

    def _batch(self, jobs: list[Job], *, opens_files: bool = True) -> Iterator[Mail | SandboxDied]:
        """Answers up to and including the first that failed, or until another mail is read between two of them; the
        caller sends the rest again."""
        mine = 0
        for _ in jobs:
            if mine and mine != self._handed_over:
                return
            try:
                if not mine:
                    self._hand_over(jobs, opens_files)
                    mine = self._handed_over
                answer = self._child.answer(self._wall)
            except (SandboxDied, OSError) as fault:
                self._replace()
                yield fault if isinstance(fault, SandboxDied) else SandboxDied("the reading process was gone")
                return
            self._owed -= 1
            yield answer

    def _hand_over(self, jobs: list[Job], opens_files: bool) -> None:
        """A child that died while idle is no mail's fault: one new child is tried. Nor is one that does not get
        ready: it may load on until the next call."""
        if self._owed:
            self._replace()
        try:
            self._child.ready(self._patience)
            self._child.ask((opens_files, jobs))
        except (SandboxDied, OSError):
            if not self._child.is_loading:
                self._replace()
            self._make_ready()
            self._child.ask((opens_files, jobs))
        self._owed = len(jobs)
        self._handed_over += 1

    def _make_ready(self) -> None:
        try:
            self._child.ready(self._patience)
        except (SandboxDied, OSError) as fault:
            raise NoReader("no reading process gets ready: the machine may be too busy; it is tried again") from fault

    def _replace(self) -> None:
        self._child.end()
        self._child = self._start()
        self._owed = 0

    def _start(self) -> _Child:
        child = _Child()
        child.ask((self._reading, self._memory, self._cpu))
        return child


def _next_batch(jobs: Sequence[Job], start: int) -> list[Job]:
    batch: list[Job] = []
    size = 0
    for job in jobs[start : start + _BATCH_MAILS]:
        size += len(job[0])
        if batch and size > _BATCH_BYTES:
            break
        batch.append(job)
    return batch


class _Child:
    """The parent's side: one process and two pipes, never blocking longer than it is told."""

    def __init__(self) -> None:
        here = str(Path(__file__).resolve().parents[3])
        path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH", ""))))
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from bot.engine.reading.reader.child import serve; serve()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            env={"PYTHONPATH": path, "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
        )  # fmt: skip
        if self._process.stdin is None or self._process.stdout is None:
            raise SandboxDied("the reading process has no pipes")
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._uncaged: tuple[str, ...] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, what: object) -> None:
        data = pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL)
        view = memoryview(len(data).to_bytes(LENGTH, "big") + data)
        until = time.monotonic() + PATIENCE
        while view:
            if not _is_ready(self._in, select.POLLOUT, until - time.monotonic()):
                raise SandboxDied("the reading process took no mail")
            view = view[os.write(self._in, view) :]

    @property
    def is_loading(self) -> bool:
        return self._uncaged is None and self._process.poll() is None

    def ready(self, seconds: float) -> tuple[str, ...]:
        """Waits until it has loaded its libraries and shut its cage; what of that the kernel refused."""
        if self._uncaged is None:
            said = json.loads(self._frame(time.monotonic() + seconds))
            self._uncaged = tuple(map(str, said))
        return self._uncaged

    def answer(self, wall: float) -> Mail:
        """The next answer. Raises SandboxDied when there is none within `wall` seconds."""
        frame = self._frame(time.monotonic() + wall)
        mail = _Careful(io.BytesIO(frame)).load() if frame else None
        if not isinstance(mail, Mail):
            raise SandboxDied("the mail needed more memory than a mail may")
        return mail

    def answers_within(self, seconds: float) -> bool:
        """Whether there is something to be taken, if only that it has ended."""
        return _is_ready(self._out, select.POLLIN, seconds)

    def _frame(self, until: float) -> bytes:
        size = int.from_bytes(self._take(LENGTH, until), "big")
        if size > _MAX_ANSWER:
            raise SandboxDied("the reading process answered too much")
        return self._take(size, until)

    def _take(self, size: int, until: float) -> bytes:
        taken = bytearray()
        while len(taken) < size:
            if not _is_ready(self._out, select.POLLIN, until - time.monotonic()):
                raise SandboxDied("the mail took longer to read than a mail may")
            piece = os.read(self._out, min(size - len(taken), 1 << 20))
            if not piece:
                raise SandboxDied(self._epitaph())
            taken += piece
        return bytes(taken)

    def _epitaph(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self._process.wait(1) == -signal.SIGXCPU:
                return "the mail took longer to read than a mail may"
        return "the reading process died"

    def end(self) -> None:
        """Kills the process and closes its pipes; safe to call twice."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _is_ready(pipe: int, event: int, seconds: float) -> bool:
    watched = select.poll()  # select itself knows no file beyond the 1,024th, and a thousand mailboxes are as many
    watched.register(pipe, event)
    return bool(watched.poll(max(0.0, seconds) * 1000))


class _Careful(pickle.Unpickler):
    """Knows what a Mail is made of and nothing else: a child that was taken over cannot hand us a program."""

    _DATETIME = frozenset({"date", "datetime", "timezone", "timedelta"})

    def find_class(self, module: str, name: str) -> object:
        if module.startswith("bot.model.") and "." not in name and not name.startswith("_"):
            return super().find_class(module, name)
        if module == "datetime" and name in self._DATETIME:
            return super().find_class(module, name)
        raise SandboxDied("the reading process answered something that is no mail")
