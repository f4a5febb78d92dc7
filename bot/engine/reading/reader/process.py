"""One reading process from the daemon's side: its pipes, what it owes, and what it answered.

It never blocks: whoever owns it asks the kernel which pipe is ready and then calls `write` or `read`. Only finished
Mails come back, through an unpickler that knows the classes of bot.model and nothing else. Whose turn it is, and who
pays for a death, is sandbox.py's to say; it starts no second process.
"""

import contextlib
import fcntl
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.engine.reading.reader.child import LENGTH
from bot.model import Mail
from bot.model.errors import BotError

_MAX_ANSWER = 64 << 20
#: Of each pipe: so much is read ahead and answered while the daemon decides. The kernel gives nobody more.
_PIPE = 1 << 20
_PIECE = 1 << 20


class SandboxDied(BotError):
    """The reading process ended, or was killed at a limit, while it read this mail."""


@dataclass(eq=False, slots=True)
class Task:
    """A mail to be read, and its answer once there is one."""

    raw: bytes
    received: datetime
    opens_files: bool = True
    answer: Mail | SandboxDied | None = None
    lost: int = 0  # how often the process was gone before it had all of it
    is_left: bool = False  # nobody waits for its answer any more


class Process:
    """A child in its cage, or on the way there."""

    def __init__(self, terms: object) -> None:
        here = str(Path(__file__).resolve().parents[4])
        path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH", ""))))
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from bot.engine.reading.reader.child import serve; serve()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            env={"PYTHONPATH": path, "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
        )  # fmt: skip
        if self._process.stdin is None or self._process.stdout is None:
            raise SandboxDied("the reading process has no pipes")
        self.into, self.out = self._process.stdin.fileno(), self._process.stdout.fileno()
        for pipe in (self.into, self.out):
            os.set_blocking(pipe, False)
            with contextlib.suppress(OSError):  # the user may have too many pages in pipes: then it is a small one
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
        self.uncaged: tuple[str, ...] | None = None  # what of its cage does not hold; None: it loads yet
        self.owed: deque[Task] = deque()
        self.octets = 0  # of the mails that it owes
        self._since = 0.0  # when it began with the first of them, on the steady clock
        self._unsent: deque[tuple[Task | None, memoryview]] = deque()
        self._taken = bytearray()
        self._send(None, terms)
        with contextlib.suppress(OSError):  # that it ended is found with the next look
            self.write()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_ready(self) -> bool:
        """Whether it has loaded its libraries and shut its cage."""
        return self.uncaged is not None

    @property
    def has_more(self) -> bool:
        """Whether something was not handed over yet."""
        return bool(self._unsent)

    def give(self, task: Task) -> None:
        """One more mail, behind those that it owes."""
        if not self.owed:
            self._since = time.monotonic()
        self.owed.append(task)
        self.octets += len(task.raw) if isinstance(task.raw, bytes) else 0
        self._send(task, (task.opens_files, task.raw, task.received))

    def late_in(self, wall: float) -> float:
        """In how many seconds the first mail that it owes has taken longer than `wall`."""
        return self._since + wall - time.monotonic() if self.owed else wall

    def had(self, task: Task) -> bool:
        """Whether all of the mail was handed over."""
        return all(one is not task for one, _ in self._unsent)

    def write(self) -> None:
        """Hands over what the pipe takes now. Raises OSError where it has ended."""
        while self._unsent:
            task, view = self._unsent[0]
            try:
                view = view[os.write(self.into, view) :]
            except BlockingIOError:
                return
            if view:
                self._unsent[0] = (task, view)
            else:
                self._unsent.popleft()

    def read(self) -> None:
        """Takes what has come. Raises SandboxDied where it has ended, or said what is no answer."""
        piece = os.read(self.out, _PIECE)
        if not piece:
            raise SandboxDied(self._epitaph())
        self._taken += piece
        at = 0
        while len(self._taken) - at >= LENGTH:
            size = int.from_bytes(self._taken[at : at + LENGTH], "big")
            if size > _MAX_ANSWER:
                raise SandboxDied("the reading process answered too much")
            if len(self._taken) - at - LENGTH < size:
                break
            self._heard(bytes(memoryview(self._taken)[at + LENGTH : at + LENGTH + size]))
            at += LENGTH + size
        del self._taken[:at]

    def end(self) -> None:
        """Kills the process and closes its pipes; safe to call twice."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def _send(self, task: Task | None, what: object) -> None:
        data = pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL)
        self._unsent.append((task, memoryview(len(data).to_bytes(LENGTH, "big") + data)))

    def _heard(self, frame: bytes) -> None:
        if self.uncaged is None:
            self.uncaged = tuple(map(str, json.loads(frame)))
            return
        if not self.owed:
            raise SandboxDied("the reading process answered what nobody asked")
        mail = _Careful(io.BytesIO(frame)).load() if frame else None
        if not isinstance(mail, Mail):
            raise SandboxDied("the mail needed more memory than a mail may")
        task = self.owed.popleft()
        self.octets -= len(task.raw) if isinstance(task.raw, bytes) else 0
        task.answer = mail
        self._since = time.monotonic()

    def _epitaph(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self._process.wait(1) == -signal.SIGXCPU:
                return "the mail took longer to read than a mail may"
        return "the reading process died"


class _Careful(pickle.Unpickler):
    """Knows what a Mail is made of and nothing else: a child that was taken over cannot hand us a program."""

    _DATETIME = frozenset({"date", "datetime", "timezone", "timedelta"})

    def find_class(self, module: str, name: str) -> object:
        if module.startswith("bot.model.") and "." not in name and not name.startswith("_"):
            return super().find_class(module, name)
        if module == "datetime" and name in self._DATETIME:
            return super().find_class(module, name)
        raise SandboxDied("the reading process answered something that is no mail")
