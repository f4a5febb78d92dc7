"""The reading processes: mails are taken apart in children with limits of memory and processor time, each in a cage.

A child (child.py, process.py) holds no database, no secret and no connection. The first is started before any thread;
another is begun, as far as `readers` allows, where mails wait for those there are. Whichever has read them, answers
come in the order of the mails. A child that dies costs its first mail the answer and the others behind it none: they
are read again elsewhere. Deaths are the caller's to count: three strikes set a mail aside. One thread uses it.
"""

from __future__ import annotations

import select
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from bot.engine.reading.reader.process import Process, Task
from bot.engine.reading.reader.process import SandboxDied as SandboxDied  # whoever reads meets it here
from bot.mail.read import Reading, read
from bot.model import Mail
from bot.model.errors import BotError

#: For one mail: processor seconds, seconds on the wall, octets.
CPU = 10.0
WALL = 300.0
MEMORY = 1 << 30
#: How long a new child may take to load its libraries.
PATIENCE = 60.0
#: Mails, and octets of them, that one child owes at most: it reads on while the caller decides a group.
_AHEAD, _OCTETS = 32, 8 << 20
#: So many mails for each child, and the caller waits for one more.
_CROWD = 8

Job = tuple[bytes, datetime]


class NoReader(BotError):
    """No reading process is there to read with, as on a machine that is too busy to start one: no mail's fault."""


class InProcess:
    """The same reader without a child: for rehearsals and one-off reading, never for a live inbox."""

    #: Processes that read beside this one.
    pids: tuple[int, ...] = ()

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
    """Up to so many `readers`, and a replacement whenever one dies. For one mail: `wall` seconds, `memory` octets,
    `cpu` processor seconds; for a new process, `patience` seconds."""

    def __init__(
        self,
        reading: Reading,
        wall: float = WALL,
        memory: int = MEMORY,
        cpu: float = CPU,
        patience: float = PATIENCE,
        readers: int = 1,
    ) -> None:
        self._terms = (reading, memory, cpu)
        self._wall = wall
        self._patience = patience
        self._most = readers
        self._children = [Process(self._terms)]
        self._waiting: deque[Task] = deque()
        self._next: Task | None = None  # what the taker of a batch is given next
        self._vain = 0  # children in a row that ended before they were ready

    def read(self, raw: bytes, received: datetime, *, opens_files: bool = True) -> Mail:
        """The mail. Raises SandboxDied when a child died of it, and the next call finds another; NoReader.

        `opens_files`: False leaves its attachments closed, one of which may have ended the last reading."""
        task = Task(raw, received, opens_files)
        self._waiting.appendleft(task)
        try:
            answer = self._answer(task)
        finally:
            self._leave([task])
        if isinstance(answer, SandboxDied):
            raise answer
        return answer

    def read_many(self, jobs: Sequence[Job]) -> list[Mail | SandboxDied]:
        """One answer for each job, in order. A mail that kills a child costs no other its reading."""
        return list(self.read_each(jobs))

    def read_each(self, jobs: Sequence[Job]) -> Iterator[Mail | SandboxDied]:
        """The same one by one: while the caller works on an answer, the children read on. Whoever does not take them
        all leaves the rest. Raises NoReader."""
        tasks = [Task(raw, received) for raw, received in jobs]
        self._waiting.extend(tasks)
        try:
            for task, following in zip(tasks, (*tasks[1:], None), strict=True):
                answer = self._answer(task)
                task.raw = b""
                self._next = following
                yield answer
        finally:
            self._next = None
            self._leave(tasks)

    def answers_within(self, seconds: float) -> bool:
        """Whether the next answer of the batch that is being taken is there within so many seconds."""
        task, until = self._next, time.monotonic() + seconds
        if seconds <= 0 or task is None:
            return False
        while task.answer is None and (left := until - time.monotonic()) > 0:
            self._turn(left)
        return task.answer is not None

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the children there are."""
        return tuple(child.pid for child in self._children)

    def uncaged(self) -> tuple[str, ...]:
        """What of their cages the kernel refused, a sentence each. Raises SandboxDied when no child can be started."""
        try:
            self._until_ready()
        except NoReader as fault:
            raise SandboxDied(str(fault)) from fault
        return tuple(dict.fromkeys(line for child in self._children for line in child.uncaged or ()))

    def close(self) -> None:
        """Ends the children."""
        for child in self._children:
            child.end()

    def _answer(self, task: Task) -> Mail | SandboxDied:
        while task.answer is None:
            self._until_ready()
            self._turn(0)
            if task.answer is None:
                self._grow()
                self._turn(self._patience)
        return task.answer

    def _until_ready(self) -> None:
        """Until a child can read. One that ends while it loads is tried once more; one that is slow may load on until
        the next call."""
        until = time.monotonic() + self._patience
        self._vain = 0
        while not any(child.is_ready for child in self._children):
            left = until - time.monotonic()
            if left <= 0 or self._vain > len(self._children):
                raise NoReader("no reading process gets ready: the machine may be too busy; it is tried again")
            self._turn(left)

    def _grow(self) -> None:
        """One more child where the caller has to wait, and many mails with it."""
        many = len(self._waiting) + sum(len(child.owed) for child in self._children)
        is_loading = not all(child.is_ready for child in self._children)
        if len(self._children) < self._most and not is_loading and many > _CROWD * len(self._children):
            self._children.append(Process(self._terms))

    def _turn(self, seconds: float) -> None:
        """Gives out what waits, then takes and hands over what the pipes have room for; `seconds` at most are waited
        for something to happen."""
        self._give_out()
        watched = select.poll()  # select itself knows no file beyond the 1,024th, and a thousand mailboxes are as many
        by_pipe = {}
        for child in self._children:
            watched.register(child.out, select.POLLIN)
            by_pipe[child.out] = by_pipe[child.into] = child
            if child.has_more:
                watched.register(child.into, select.POLLOUT)
            seconds = min(seconds, child.late_in(self._wall))
        for pipe, _ in watched.poll(max(0.0, seconds) * 1000):
            if (child := by_pipe[pipe]) in self._children:  # of its two pipes one may have told of its end
                self._work(child, is_into=pipe == child.into)
        for child in [one for one in self._children if one.late_in(self._wall) <= 0]:
            self._lost(child, SandboxDied("the mail took longer to read than a mail may"))

    def _work(self, child: Process, *, is_into: bool) -> None:
        try:
            child.write() if is_into else child.read()
        except SandboxDied as fault:
            self._lost(child, fault)
        except OSError:
            self._lost(child, SandboxDied("the reading process was gone"))

    def _give_out(self) -> None:
        """Each mail to whom owes least, the first ones first."""
        while self._waiting:
            free = [one for one in self._children if one.is_ready and len(one.owed) < _AHEAD and one.octets < _OCTETS]
            if not free:
                return
            min(free, key=lambda child: len(child.owed)).give(self._waiting.popleft())

    def _lost(self, child: Process, fault: SandboxDied) -> None:
        """Another in its place. Its first mail is what it died of, if it had it; one that could not be handed over
        twice is taken for that too. While idle or loading it died of none, and a second that cannot even load is done
        without: the machine has no room for it."""
        child.end()
        at = self._children.index(child)
        if child.is_ready or len(self._children) == 1:
            self._vain += not child.is_ready
            self._children[at] = Process(self._terms)
        else:
            del self._children[at]
            self._most = len(self._children)
        owed = list(child.owed)
        if owed:
            first = owed[0]
            first.lost += 1
            if child.had(first) or first.lost > 1:
                first.answer = fault
                owed = owed[1:]
        self._waiting.extendleft(task for task in reversed(owed) if not task.is_left)

    def _leave(self, tasks: Iterable[Task]) -> None:
        for task in tasks:
            task.is_left = True
        self._waiting = deque(task for task in self._waiting if not task.is_left)
