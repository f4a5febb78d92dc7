"""PostgreSQL goes away at a COMMIT: whether it was done is not known, and each mail, decision and letter counts once.

The real App on a real server, by way of a proxy that watches for COMMIT; letters go to a real SMTP server. What failed
is done again by the next pass, as in the daemon. It cuts nowhere else: a statement that fails is rolled back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from bot.cli.rehearsal.rehearse import StillNow
from bot.daemon.app import App, build
from bot.doors.maildir.send import deliver
from bot.model.errors import StoreError
from bot.store import cases
from bot.store.db import Database
from bot.store.proof import beside
from tests.integration.office import CREWE, raw_mail, settings_in
from tests.servers.postgres import PASSWORD, USER, Cluster, running
from tests.servers.proxy import Proxy
from tests.servers.smtp import SmtpServer
from tests.unit.case_samples import START

pytestmark = pytest.mark.postgres

MINUTE = timedelta(minutes=1)
#: A letter in doubt goes again after a quarter of an hour; what was put off, before that.
INSTANTS = (START, START + 2 * MINUTE, START + 20 * MINUTE)


class Line:
    """Between the App and the database. `at`: the number of the COMMIT of changes at which `deed` is done; it says
    what becomes of the answer (None: the line is cut). `is_before`: the COMMIT itself never arrives."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy, self.count, self.at, self.is_before = proxy, 0, 0, False
        self.wanted = b""
        self.deed: Callable[[bytes], bytes] = self.cut
        self._is_read = self._is_asked = self._is_wanted = False
        proxy.edit_asked(self._asked)
        proxy.edit(self._answered)

    def cut(self, _: bytes) -> bytes:
        self.proxy.kill()
        return b""

    def _asked(self, data: bytes) -> bytes:
        self._is_read = self._is_read or b"READ ONLY" in data
        self._is_wanted = self._is_wanted or (self.wanted in data and b"UPDATE outbox" in data)
        if b"COMMIT\0" not in data:
            return data
        self._is_asked, self._is_read = not self._is_read, False
        self.count += self._is_asked
        return self.cut(data) if self._is_asked and self.is_before and self.count == self.at else data

    def _answered(self, data: bytes) -> bytes:
        if not (self._is_asked and b"COMMIT\0" in data):
            return data
        self._is_asked = False
        if self.wanted and self._is_wanted:
            self.wanted = b""
            return self.deed(data)
        return self.deed(data) if self.count == self.at and not self.is_before else data


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """One of our own, as it dies now and then, with a database to copy."""
    with running() as cluster:
        db = Database(cluster.create())
        db.migrate()
        db.close()
        yield cluster


@pytest.fixture
def line(server: Cluster) -> Iterator[Line]:
    with Proxy("127.0.0.1", server.port) as proxy:
        yield Line(proxy)


def live(folder: Path, server: Cluster, line: Line, smtp: SmtpServer, begins: Callable[[str], None] = str) -> App:
    """One challenge from its mail to its letters; a pass that fails is followed by another, which must not."""
    url = server.create("t0")
    begins(url)
    base = settings_in(folder, doors={"send": smtp.door()})
    proxied = url.replace(f":{server.port}/", f":{line.proxy.port}/")
    settings = replace(base, config=base.config.model_copy(update={"database": proxied}))
    clock = StillNow(START - timedelta(hours=1))
    app = build(settings, read_now=clock, in_process=True, strict=True)
    app.once(clock.now)
    deliver(folder / "in" / CREWE, raw_mail(), START)
    line.count = 0
    for now in INSTANTS:
        clock.now = now
        try:
            app.once(now)
        except StoreError:
            app.once(now)
    return app


def left(app: App) -> tuple[list[tuple[str, str]], list[tuple[int, tuple[str, ...]]], list[str]]:
    """Cases, their journals' facts, and what is wrong."""
    with app.db.read() as tx:
        every = cases.all_cases(tx)
        facts = [(j.seq, tuple(kind for kind, *_ in j.events)) for c in every for j in cases.journal(tx, c.number)]
        return [(c.ref, c.state.value) for c in every], facts, [*cases.verify(tx), *beside.faults(tx)]


def sent(smtp: SmtpServer) -> Counter[tuple[str, ...]]:
    return Counter(mail.recipients for mail in smtp.mails)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("lost", ["answer", "commit"])
def test_cut_at_commit(lost: str, tmp_path: Path, server: Cluster, line: Line, smtp_server: SmtpServer) -> None:
    """At each COMMIT of a challenge's way in and out, done or not: one case, the same facts, each letter once. That one
    was handed over is kept by the sender until it is written down."""
    app = live(tmp_path / "whole", server, line, smtp_server)
    whole, letters, total = left(app), sent(smtp_server), line.count
    app.close()
    assert len(whole[0]) == 1
    assert total > 5
    for at in range(1, total + 1):
        smtp_server.mails.clear()
        line.at, line.is_before = at, lost == "commit"
        app = live(tmp_path / str(at), server, line, smtp_server)
        line.at = 0
        assert left(app) == whole, at
        app.close()
        assert set(sent(smtp_server)) == set(letters), at
        assert len({mail.raw for mail in smtp_server.mails}) == letters.total(), at
        assert len(smtp_server.mails) == letters.total(), at


def test_dies_when_it_has_answered(tmp_path: Path, server: Cluster, line: Line, smtp_server: SmtpServer) -> None:
    """A server told to answer before its disk has it dies right after it has answered that a letter is being handed
    over: that is there when it is back, so that the letter is known to have gone, and goes once."""

    def hastily(url: str) -> None:
        where = f"host=127.0.0.1 port={server.port} user={USER} password={PASSWORD} dbname=postgres"
        with psycopg.connect(where, autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET synchronous_commit = off".encode())

    def crash(answer: bytes) -> bytes:
        server.crash()
        return answer

    line.wanted, line.deed = b"in_data", crash
    app = live(tmp_path, server, line, smtp_server, hastily)
    app_left = left(app)
    app.close()
    assert line.wanted == b""
    assert len(app_left[0]) == 1
    assert app_left[2] == []
    assert set(sent(smtp_server).values()) == {1}
