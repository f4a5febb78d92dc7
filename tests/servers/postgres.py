"""A real PostgreSQL server for tests, on a loopback port it chooses, and the store opened on both databases.

One private cluster a session, gone at its end; each test has a database of its own, copied from a migrated one. It
answers without waiting for the disk unless it is asked to: tests of lost power need another.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest

from bot.store.db import Database
from tests import need

USER, PASSWORD = "postgres", "loopback"


@dataclass(frozen=True)
class Cluster:
    """A running server; `create` makes databases in it."""

    port: int
    names: Iterator[int]
    control: Callable[..., None]  # pg_ctl of this server, with these words

    def url(self, name: str, password: str = PASSWORD) -> str:
        return f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{self.port}/{name}"

    def create(self, template: str = "template1") -> str:
        """The URL of a new database, a copy of `template`."""
        name = f"t{next(self.names)}"
        where = f"host=127.0.0.1 port={self.port} user={USER} password={PASSWORD} dbname=postgres"
        with psycopg.connect(where, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return self.url(name)

    def crash(self) -> None:
        """Its processes die at once, as by a kill; it is back, recovered from its log, when this returns."""
        self.control("-m", "immediate", "stop")
        self.control("start")


def server_programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        need.missing("PostgreSQL", "install the package postgresql")
    return found[-1].parent


def run_as_owner(folder: Path, *command: str) -> None:
    # PostgreSQL refuses to run as root; its package brings a user for it.
    user = USER if os.geteuid() == 0 else None
    log = (folder / "out").open("ab")
    with log:
        subprocess.run(
            command,
            check=True,
            cwd=folder,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            stdout=log,
            stderr=log,
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(*, fsync: bool = False) -> Iterator[Cluster]:
    """A private cluster on loopback, gone at the end. `fsync`: it waits for the disk, as it does by default."""
    programs = server_programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        (folder / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
            shutil.chown(folder / "password", USER, USER)
        data, port = str(folder / "data"), free_port()
        run_as_owner(
            folder, str(programs / "initdb"), "-D", data, "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "-N",
            "-A", "scram-sha-256", f"--pwfile={folder / 'password'}",
        )  # fmt: skip
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync={'on' if fsync else 'off'}"
        )
        line = (str(programs / "pg_ctl"), "-D", data, "-w", "-t", "60", "-l", str(folder / "log"), "-o", options)
        control = partial(run_as_owner, folder, *line)
        control("start")
        try:
            yield Cluster(port, count(), control)
        finally:
            control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with running() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_template(postgres: Cluster) -> str:
    """The name of a migrated database that nobody is connected to."""
    url = postgres.create()
    db = Database(url)
    db.migrate()
    db.close()
    return url.rsplit("/", 1)[1]


@pytest.fixture
def postgres_url(postgres: Cluster) -> str:
    """The URL of a new, empty database."""
    return postgres.create()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database of each kind; PostgreSQL's is migrated already."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/var/bot.db"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.create(request.getfixturevalue("postgres_template"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The store, open and migrated, on each kind of database."""
    db = Database(database_url)
    db.migrate()
    yield db
    db.close()
