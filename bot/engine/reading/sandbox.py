"""The reading process: mails are taken apart in a child with memory and time limits, reused, killed at its limits.

The child is started before any thread and holds no database, no secret and no connection; only finished Mails come
back, through an unpickler that knows the classes of bot.model and nothing else. Deaths are the caller's to count: three
strikes set a mail aside. One thread uses a sandbox at a time.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import resource
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from bot.mail.read import Reading, read
from bot.model import Mail
from bot.model.errors import BotError

WALL = 10.0
MEMORY = 1 << 30
#: How long a new child may take to load its libraries, and a batch of mails to be handed over.
_PATIENCE = 60.0
_BATCH_MAILS = 64
_BATCH_BYTES = 8 << 20
_MAX_ANSWER = 64 << 20
_LENGTH = 8

Job = tuple[bytes, datetime]


class SandboxDied(BotError):
    """The reading process ended, or was killed at a limit, while it read this mail."""


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

    def close(self) -> None:
        """Nothing to let go of."""


class Sandbox:
    """A reading process and its replacement whenever one dies. `wall` is seconds for one mail, `memory` bytes."""

    def __init__(self, reading: Reading, wall: float = WALL, memory: int = MEMORY) -> None:
        self._reading = reading
        self._wall = wall
        self._memory = memory
        self._child = self._start()
        self._owed = 0
        self._handed_over = 0  # batches so far: whoever finds another number reads no longer from this child

    def read(self, raw: bytes, received: datetime, *, opens_files: bool = True) -> Mail:
        """The mail. Raises SandboxDied when the child died of it; the next call finds a new child.

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
        all loses the rest; the next reading has a new child."""
        done = 0
        while done < len(jobs):
            for answer in self._batch(_next_batch(jobs, done)):
                done += 1
                yield answer

    @property
    def pid(self) -> int:
        """The process id of the child that would read the next mail."""
        return self._child.pid

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
        """A child that died while idle is no mail's fault: one new child is tried."""
        if self._owed:
            self._replace()
        try:
            self._child.ask((opens_files, jobs))
        except (SandboxDied, OSError):
            self._replace()
            self._child.ask((opens_files, jobs))
        self._owed = len(jobs)
        self._handed_over += 1

    def _replace(self) -> None:
        self._child.end()
        self._child = self._start()
        self._owed = 0

    def _start(self) -> _Child:
        child = _Child()
        child.ask((self._reading, self._memory, self._wall))
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
            [sys.executable, "-c", "from bot.engine.reading.sandbox import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": path, "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
            bufsize=0,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise SandboxDied("the reading process has no pipes")
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._is_warm = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, what: object) -> None:
        data = pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL)
        view = memoryview(len(data).to_bytes(_LENGTH, "big") + data)
        until = time.monotonic() + _PATIENCE
        while view:
            _, writable, _ = select.select([], [self._in], [], max(0.0, until - time.monotonic()))
            if not writable:
                raise SandboxDied("the reading process took no mail")
            view = view[os.write(self._in, view) :]

    def answer(self, wall: float) -> Mail:
        """The next answer. Raises SandboxDied when there is none within `wall` seconds."""
        until = time.monotonic() + (wall if self._is_warm else wall + _PATIENCE)
        size = int.from_bytes(self._take(_LENGTH, until), "big")
        if size > _MAX_ANSWER:
            raise SandboxDied("the reading process answered too much")
        mail = _Careful(io.BytesIO(self._take(size, until))).load() if size else None
        self._is_warm = True
        if not isinstance(mail, Mail):
            raise SandboxDied("the mail needed more memory than a mail may")
        return mail

    def _take(self, size: int, until: float) -> bytes:
        taken = bytearray()
        while len(taken) < size:
            readable, _, _ = select.select([self._out], [], [], max(0.0, until - time.monotonic()))
            if not readable:
                raise SandboxDied("the mail took longer to read than a mail may")
            piece = os.read(self._out, min(size - len(taken), 1 << 20))
            if not piece:
                raise SandboxDied("the reading process died")
            taken += piece
        return bytes(taken)

    def end(self) -> None:
        """Kills the process and closes its pipes; safe to call twice."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


class _Plain(pickle.Pickler):
    """Writes enums by value: some releases of Python 3.11 would write a call of `getattr`, which no mail needs."""

    def reducer_override(self, obj: object) -> tuple[type[Enum], tuple[str]]:
        return (type(obj), (obj.value,)) if isinstance(obj, Enum) else NotImplemented


class _Careful(pickle.Unpickler):
    """Knows what a Mail is made of and nothing else: a child that was taken over cannot hand us a program."""

    _DATETIME = frozenset({"date", "datetime", "timezone", "timedelta"})

    def find_class(self, module: str, name: str) -> object:
        if module.startswith("bot.model.") and "." not in name and not name.startswith("_"):
            return super().find_class(module, name)
        if module == "datetime" and name in self._DATETIME:
            return super().find_class(module, name)
        raise SandboxDied("the reading process answered something that is no mail")


def serve() -> None:
    """The child: reads the terms, then batches of mails until its input ends."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    reading, memory, wall = pickle.loads(_message(source))  # noqa: S301  # from our own parent
    _limit(memory)
    while message := _message(source):
        opens_files, jobs = pickle.loads(message)  # noqa: S301
        for raw, received in jobs:
            _limit_time(wall)
            _reply(sink, _answer(raw, reading, received, opens_files=opens_files))


def _answer(raw: bytes, reading: Reading, received: datetime, *, opens_files: bool) -> bytes:
    made = io.BytesIO()
    try:
        _Plain(made, protocol=pickle.HIGHEST_PROTOCOL).dump(read(raw, reading, received, opens_files=opens_files))
    except MemoryError:
        return b""
    return made.getvalue()


def _reply(sink: BinaryIO, data: bytes) -> None:
    sink.write(len(data).to_bytes(_LENGTH, "big"))
    sink.write(data)
    sink.flush()


def _message(source: BinaryIO) -> bytes:
    head = source.read(_LENGTH)
    return source.read(int.from_bytes(head, "big")) if len(head) == _LENGTH else b""


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _limit_time(wall: float) -> None:
    """Processor seconds for the next mail, on top of what was used: the parent's clock may be stopped, this is not."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + wall) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
