"""Two real PostgreSQL servers on loopback: a primary, and a standby that has applied what the primary has answered.

A crash brings the primary back where it was. A promotion leaves it dead: the standby takes its place, and a new one is
made from it. It knows nothing of what lies in the database, and waits for nothing but what the servers tell.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.servers.postgres import PASSWORD, USER, free_port, run_as_owner, server_programs
from tests.until import until

#: Both are set alike, so that whichever works answers when the other has it.
SETTINGS = (
    "listen_addresses=127.0.0.1", "unix_socket_directories=''", "synchronous_standby_names='*'",
    "synchronous_commit=remote_apply", "wal_retrieve_retry_interval=200", "max_connections=60",
)  # fmt: skip
PATIENCE = 120.0


@dataclass(frozen=True)
class Server:
    """One of the two, running or not."""

    programs: Path
    folder: Path
    name: str
    port: int

    @property
    def data(self) -> Path:
        return self.folder / self.name

    @property
    def login(self) -> str:
        return f"host=127.0.0.1 port={self.port} user={USER} password={PASSWORD}"

    def control(self, *words: str) -> None:
        options = " ".join((f"-p {self.port}", *(f"-c {one}" for one in SETTINGS)))
        log = str(self.folder / f"{self.name}.log")
        self._run("pg_ctl", "-D", str(self.data), "-w", "-t", str(int(PATIENCE)), "-l", log, "-o", options, *words)

    def make(self) -> None:
        password = self.folder / "password"
        self._run(
            "initdb", "-D", str(self.data), "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "-A", "scram-sha-256",
            f"--pwfile={password}",
        )  # fmt: skip

    def follow(self, primary: Server) -> None:
        """Made anew from what the primary has, and started as its standby."""
        shutil.rmtree(self.data, ignore_errors=True)
        self._run("pg_basebackup", "-D", str(self.data), "-d", primary.login, "-R", "-X", "stream", "-c", "fast")
        self.control("start")

    def die(self) -> None:
        """All its processes leave at once, without a word to anybody; this returns before they have."""
        with suppress(ProcessLookupError, FileNotFoundError):
            os.kill(int(self._pid.read_text().split()[0]), signal.SIGQUIT)

    def is_dead(self) -> bool:
        return not self._pid.exists()

    @property
    def _pid(self) -> Path:
        return self.data / "postmaster.pid"

    def _run(self, program: str, *words: str) -> None:
        run_as_owner(self.folder, str(self.programs / program), *words)


class Pair:
    """`primary` works; `standby` follows it."""

    def __init__(self, folder: Path) -> None:
        programs = server_programs()
        self.primary, self.standby = (Server(programs, folder, name, free_port()) for name in ("one", "two"))

    def begin(self) -> None:
        self.primary.make()
        self.primary.control("start")
        self.standby.follow(self.primary)
        self._wait()

    def create(self, name: str) -> str:
        """A new database; its address names both servers, and asks for the one that can be written to."""
        with psycopg.connect(f"{self.primary.login} dbname=postgres", autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}".encode())
        both = "&".join(f"host=127.0.0.1:{one.port}" for one in (self.primary, self.standby))
        return f"postgresql+psycopg://{USER}:{PASSWORD}@/{name}?{both}&target_session_attrs=read-write"

    def come_back(self) -> None:
        """The primary, which died, recovers from its own log."""
        until(self.primary.is_dead, PATIENCE)
        self.primary.control("start")
        self._wait()

    def promote(self) -> None:
        """The primary, which died, is left dead; the standby takes its place, and a new standby is made from it."""
        until(self.primary.is_dead, PATIENCE)
        self.primary, self.standby = self.standby, self.primary
        self.primary.control("promote")
        self.standby.follow(self.primary)
        self._wait()

    def end(self) -> None:
        for server in (self.standby, self.primary):
            if not server.is_dead():
                server.control("-m", "immediate", "stop")

    def _wait(self) -> None:
        """Until the standby has all that is answered."""
        until(self._is_whole, PATIENCE)

    def _is_whole(self) -> bool:
        with psycopg.connect(f"{self.primary.login} dbname=postgres", autocommit=True) as admin:
            return admin.execute("SELECT sync_state FROM pg_stat_replication").fetchall() == [("sync",)]


@contextmanager
def running() -> Iterator[Pair]:
    """A pair of its own, in memory where there is room for it, gone at the end."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="pair-", dir=memory if os.access(memory, os.W_OK) else None))
    try:
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
            shutil.chown(folder / "password", USER, USER)
        pair = Pair(folder)
        try:
            pair.begin()
            yield pair
        finally:
            pair.end()
    finally:
        shutil.rmtree(folder)
