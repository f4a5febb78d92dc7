"""Several lives on one PostgreSQL: one has the lease, its fence goes up with each, and an old one commits nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.daemon.life.life import free_earlier
from bot.daemon.threads import Troubles
from bot.daemon.watch.mailbox import Watcher
from bot.model.errors import LifeOver, StoreError
from bot.settings.settings import load
from bot.store import meta, outbox, schema
from bot.store.db import Database
from bot.store.outbox import Queued
from bot.store.server import lives
from tests import operator
from tests.integration.office import Office, raw_mail
from tests.servers.postgres import Cluster
from tests.servers.smtp import SmtpServer
from tests.unit.test_sender import LEASE
from tests.unit.test_sender import Office as Letters

pytestmark = pytest.mark.postgres
LONG, OVER = 300.0, -1.0


@pytest.fixture
def url(postgres: Cluster, postgres_template: str) -> str:
    return postgres.create(postgres_template)


@contextmanager
def opened(url: str, owner: str, version: str = "1.0.0", home: str = "") -> Iterator[Database]:
    """The database as a life of that name has it, standing by, in a home of its own or in this one."""
    with closing(Database(url, called=lives.called(owner))) as db:
        with db.begin() as tx:
            lives.enter(tx, owner, home or owner, "host.example", 7, version)
        yield db


def taken(db: Database, owner: str, seconds: float = LONG) -> int | None:
    with db.begin() as tx:
        fence = lives.take(tx, owner, seconds)
    if fence is not None:
        db.guard = partial(lives.insist, owner=owner, fence=fence)
    return fence


def test_one_life_has_the_lease(url: str) -> None:
    """The second gets none while the first renews its own; when that has lapsed it takes over under a higher fence."""
    with opened(url, "one") as one, opened(url, "two") as two:
        assert taken(one, "one") == 1
        assert taken(two, "two") is None
        with one.begin() as tx:
            lives.renew(tx, "one", 1, OVER)
        assert taken(two, "two") == 2
        with pytest.raises(LifeOver), one.begin() as tx:
            lives.renew(tx, "one", 1, LONG)


def test_a_dead_life_is_not_waited_for(url: str) -> None:
    """Who starts in the home of the life that works takes over at once: it holds that home alone."""
    with opened(url, "one", home="var") as one, opened(url, "two") as two, opened(url, "three", home="var") as three:
        assert taken(one, "one") == 1
        assert taken(two, "two") is None
        assert taken(three, "three") == 2
        assert taken(three, "three") is None
        assert taken(two, "two") is None


def test_a_life_that_is_forgotten_takes_nothing(url: str) -> None:
    """One that stood by and was stopped for a day would work without a row, unseen: it is to start again."""
    with opened(url, "one") as one:
        with one.begin() as tx:
            tx.execute(text("UPDATE lives SET seen = seen - 90000"))
        with opened(url, "two"), pytest.raises(LifeOver, match="start it again"):
            taken(one, "one")


def test_of_many_that_take_at_once_one_works(url: str) -> None:
    """Eight lives find the lease free in the same moment."""
    names = [f"life {n}" for n in range(8)]
    found: list[int | None] = []
    start = threading.Barrier(len(names))

    def takes(db: Database, name: str) -> None:
        start.wait(30)
        found.append(taken(db, name))

    databases = [Database(url, called=lives.called(name)) for name in names]
    for db, name in zip(databases, names, strict=True):
        with db.begin() as tx:
            lives.enter(tx, name, name, "host.example", 7, "1.0.0")
    threads = [threading.Thread(target=takes, args=pair) for pair in zip(databases, names, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found, key=str) == [1, *[None] * 7]
    for db in databases:
        db.close()


def test_an_old_life_commits_nothing(url: str) -> None:
    """After another took over each of its write transactions is refused before it has done anything."""
    with opened(url, "one") as one, opened(url, "two") as two:
        taken(one, "one", OVER)
        taken(two, "two")
        with pytest.raises(LifeOver, match="nothing more is written"), one.begin() as tx:
            meta.put(tx, "done", "by one")
        with two.begin() as tx:
            assert meta.get(tx, "done") is None


def test_a_number_that_is_given_out_again_lets_no_old_life_in(url: str) -> None:
    """A replica that was promoted knows nothing of the last take-over: the next has the number of the one that was
    lost, and that one's life commits nothing all the same."""
    with opened(url, "one") as one, opened(url, "two") as two:
        assert taken(one, "one") == 1
        with two.begin() as tx:
            tx.execute(text("UPDATE lease SET fence = 0, owner = '', until = 0"))
        assert taken(two, "two") == 1
        with pytest.raises(LifeOver), one.begin() as tx:
            meta.put(tx, "done", "by one")


def test_what_was_under_way_when_another_took_over_is_not_committed(url: str) -> None:
    """A life that is stopped in the middle of a transaction holds up nobody: its locks end with its connection, and
    when it wakes its commit fails."""
    with opened(url, "one") as one, opened(url, "two") as two:
        taken(one, "one", OVER)
        with pytest.raises(StoreError), one.begin() as tx:
            meta.put(tx, "done", "by one")
            assert taken(two, "two") == 2
            with two.begin() as other:
                meta.put(other, "done", "by two")
        with two.begin() as tx:
            assert meta.get(tx, "done") == "by two"


def test_a_life_that_works_is_waited_for_by_who_takes_over(url: str) -> None:
    """The fence is kept until the commit: whoever takes over without cutting the line waits for it. A renewal does
    not."""
    with opened(url, "one") as one, opened(url, "two") as two:
        taken(one, "one", OVER)
        with one.begin() as tx:
            meta.put(tx, "done", "by one")
            with one.begin() as beside:
                lives.renew(beside, "one", 1, OVER)
            with pytest.raises(StoreError, match="others were changing"), two.begin() as other:
                other.execute(text("SET LOCAL lock_timeout = '50ms'"))
                other.execute(text("UPDATE lease SET fence = fence + 1"))
        with two.begin() as tx:
            assert meta.get(tx, "done") == "by one"


def test_a_line_that_cannot_be_cut_holds_up_nobody_for_ever(url: str) -> None:
    """Where the life before holds on to the lease, whoever takes over hears so within seconds, and may look again."""
    with closing(Database(url)) as one, opened(url, "two") as two:
        with one.begin() as tx:
            lives.enter(tx, "one", "one", "host.example", 7, "1.0.0")
        taken(one, "one", OVER)
        with one.begin() as tx:
            meta.put(tx, "done", "by one")
            with pytest.raises(StoreError, match="others were changing"):
                taken(two, "two")
        assert taken(two, "two") == 2


def test_a_line_has_the_name_of_its_life_whatever_the_address_says(url: str) -> None:
    """By that name it is cut when another takes over."""
    with opened(f"{url}?application_name=our-bot", "one") as db, db.read() as tx:
        assert tx.execute(text("SHOW application_name")).scalar() == lives.called("one")


def test_a_letter_of_an_old_life_does_not_go(url: str, smtp_server: SmtpServer) -> None:
    """Another takes over between a letter's claim and its hand-over, and cannot cut the line: the old life's `in_data`
    is refused, nothing is handed over, and the new one sends it once."""
    with closing(Database(url)) as one, opened(url, "two") as two:
        with one.begin() as tx:
            lives.enter(tx, "one", "one", "host.example", 7, "1.0.0")
        taken(one, "one", OVER)
        old, new = Letters(one, smtp_server), Letters(two, smtp_server)
        old.post()

        def takes_over(_: Queued) -> None:
            assert taken(two, "two") == 2

        old.at_finish = takes_over
        with pytest.raises(LifeOver):
            old.run()
        assert smtp_server.mails == []
        with two.begin() as tx:
            assert outbox.free(tx, "first", new.now) == 1
        assert new.run() == 1
        assert len(smtp_server.mails) == 1
        old.transport.close()
        new.transport.close()


def test_what_the_life_before_had_claimed_is_free_at_once(url: str, smtp_server: SmtpServer) -> None:
    """A letter that was claimed when its life was killed waits for no lease of its own: the next life sends it at its
    start, whatever machine it is on."""
    settings = load(operator.HOUSE / "config", {})
    with opened(url, "one") as one, opened(url, "two") as two:
        taken(one, "one", OVER)
        old, new = Letters(one, smtp_server), Letters(two, smtp_server)
        old.post()
        with one.begin() as tx:
            assert outbox.claim(tx, old.now, "one", LEASE) is not None
        assert taken(two, "two") == 2
        assert new.run() == 0
        free_earlier(two, settings, "two", new.now)
        assert new.run() == 1
        assert len(smtp_server.mails) == 1
        old.transport.close()
        new.transport.close()


def test_an_end_hands_over_at_once(url: str) -> None:
    """Who leaves keeps nobody waiting for its lease; whoever takes over learns of all that worked before it, once."""
    with opened(url, "one") as one, opened(url, "two") as two:
        taken(one, "one")
        with one.begin() as tx:
            lives.leave(tx, "one", 1)
        assert taken(two, "two") == 2
        with two.begin() as tx:
            assert lives.before(tx, "two") == ["one"]
            assert lives.before(tx, "two") == []


def test_lives_are_listed(url: str) -> None:
    """The one that works first, then those that stand by; none works whose lease has lapsed."""

    def listed(db: Database) -> list[tuple[str, bool, bool]]:
        with db.read() as tx:
            return [(life.owner, life.is_active, life.has_worked) for life in lives.listed(tx)]

    with opened(url, "one") as one, opened(url, "two") as two:
        assert listed(one) == [("one", False, False), ("two", False, False)]
        taken(two, "two")
        assert listed(one) == [("two", True, True), ("one", False, False)]
        with two.begin() as tx:
            lives.renew(tx, "two", 1, OVER)
        assert listed(one) == [("two", False, True), ("one", False, False)]


def test_a_newer_life_is_heard_of(url: str) -> None:
    """Version 1.10 is newer than 1.9; one that has long been silent, and a schema that is ours, count for nothing."""

    def newer(db: Database, version: str) -> str:
        with db.read() as tx:
            return lives.newer(tx, version, LONG)

    with opened(url, "one", "1.10.0") as one:
        assert "is of version 1.10.0, this one of 1.9.3" in newer(one, "1.9.3")
        assert newer(one, "1.10.0") == ""
        with one.begin() as tx:
            tx.execute(text("UPDATE lives SET seen = seen - 1000"))
        assert newer(one, "1.9.3") == ""
        with one.begin() as tx:
            tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert f"schema 9999, and this version knows {schema.HEAD}" in newer(one, "2.0.0")


def test_the_mailboxes_of_an_old_life_are_nobodys_trouble(tmp_path: Path) -> None:
    """A pass of a life that was taken over is refused and comes again after a pause; the operator is not called."""

    def refuse(_: Connection) -> None:
        raise LifeOver("another life works on the database: nothing more is written")

    (tmp_path / "in").mkdir()
    with closing(Office(tmp_path)) as office:
        office.put(raw_mail())
        office.app.db.guard = refuse
        told = Troubles()
        watcher = Watcher(1, next(iter(office.app.mailboxes)), office.app, office.clock, told, lambda: None)
        assert watcher.step().seconds > 0
        assert watcher.is_down
        assert told.standing() == []
        assert office.cases() == []
