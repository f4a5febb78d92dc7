"""A few threads that take one job after another, with a limit to what one server may have of them.

A job that takes long is stuck, most often in a server that hangs: another hand takes its place, so that a server that
answers waits for none that does not. Within a server the oldest job comes first, and what somebody waits for before it.
It knows no mailbox and catches nothing: a job must not raise.
"""

import itertools
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable

#: Jobs of one server at work at once: such that are not stuck, and all.
BRISK, MOST = 8, 16
#: Seconds after which a job is stuck.
SLOW = 5.0
#: Threads at most.
THREADS = 128

Job = Callable[[], None]


class Hands:
    """For any thread. Threads are begun when there is work for them, and stay."""

    def __init__(self, name: str, steady: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._steady = steady
        self._turn = threading.Condition()
        self._waiting: defaultdict[str, deque[Job]] = defaultdict(deque)
        self._at_work: defaultdict[str, dict[int, float]] = defaultdict(dict)  # number -> since when, steady clock
        self._numbers = itertools.count(1)  # of jobs begun: one may be given again before its end was noted
        self._idle = 0
        self._is_over = False
        self._threads: list[threading.Thread] = []

    def give(self, server: str, job: Job, *, is_first: bool = False) -> None:
        """Has it done; before the others of its server where it `is_first`."""
        with self._turn:
            waiting = self._waiting[server]
            waiting.appendleft(job) if is_first else waiting.append(job)
            self._man()
            self._turn.notify()

    def hasten(self, server: str, job: Job) -> None:
        """Has it done before the others of its server, if it was not begun."""
        with self._turn:
            if job in (waiting := self._waiting.get(server, deque[Job]())):
                waiting.remove(job)
                waiting.appendleft(job)

    def stop(self) -> None:
        """No job is begun any more."""
        with self._turn:
            self._is_over = True
            self._turn.notify_all()

    def join(self, seconds: float) -> bool:
        """Waits for what is at work. Whether all of it has ended."""
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _man(self) -> None:
        """One more thread where all are at work and there is something to do."""
        if self._idle == 0 and len(self._threads) < THREADS and not self._is_over and any(self._waiting.values()):
            name = f"{self._name} {len(self._threads) + 1}"
            thread = threading.Thread(target=self._run, name=name, daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system gives no more: those there are do it later
                if not self._threads:
                    raise
            else:
                self._idle += 1  # it looks for a job first
                self._threads.append(thread)

    def _run(self) -> None:
        with self._turn:
            while not self._is_over:
                found = self._next()
                if found is None:
                    # What may begin may change without a word: a job gets stuck.
                    self._turn.wait(1.0 if any(self._waiting.values()) else None)
                    continue
                server, number, job = found
                self._idle -= 1
                self._man()
                self._turn.release()
                try:
                    job()
                finally:
                    self._turn.acquire()
                    del self._at_work[server][number]
                    self._idle += 1

    def _next(self) -> tuple[str, int, Job] | None:
        """A job that may begin, of the servers in turn; it is at work from now on."""
        now = self._steady()
        for server, waiting in self._waiting.items():
            working = self._at_work[server]
            brisk = sum(1 for since in working.values() if now - since < SLOW)
            if waiting and brisk < BRISK and len(working) < MOST:
                number, job = next(self._numbers), waiting.popleft()
                working[number] = now
                del self._waiting[server]
                if waiting:
                    self._waiting[server] = waiting  # behind the others
                return server, number, job
        return None
