"""Two real daemons on one PostgreSQL: one works, the other stands by and takes over when the first is gone, however.

They share the inboxes and the folder of letters, as they would share mail servers; each has a configuration and a `var`
of its own. A lease is three seconds here.
"""

import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_string
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.daemon.life.lease import AGAIN, RENEWALS
from bot.store.db import Database
from bot.store.server import lives
from tests import operator
from tests.integration.test_daemon import Running, alerts, daemon
from tests.operator import command, drop, letters, rows
from tests.servers.postgres import PASSWORD, USER, Cluster
from tests.servers.proxy import Proxy
from tests.until import until

pytestmark = pytest.mark.postgres
LEASE = 3
#: Within so many seconds another works; a start, and all that follows, takes as long as the machine has other work.
TAKEN_OVER, BUSY = 20.0, 60.0


@pytest.fixture
def url(postgres: Cluster, postgres_template: str, tmp_path: Path) -> str:
    """As a configuration may hold it: the password lies in a file of its own."""
    file = tmp_path / "pgpass"
    file.touch(0o600)
    file.write_text(f"*:*:*:{USER}:{PASSWORD}\n", "utf-8")
    return f"{postgres.create(postgres_template).replace(f':{PASSWORD}@', '@')}?passfile={file}"


def home(at: Path, url: str, mail: Path | None = None) -> Path:
    """A folder for a life; `mail` is the folder of the life whose inboxes and letters it shares."""
    folder = operator.folder(at)
    bot = folder / "config/bot.yaml"
    known = bot.read_text("utf-8")
    own = known.replace("sqlite:///var/bot.db ", f"{url}\nlease_seconds: {LEASE} ")
    assert own != known
    bot.write_text(own, "utf-8")
    (folder / "var/letters").mkdir(mode=0o700)
    if mail is not None:
        for name in ("mail", "letters"):
            shutil.rmtree(folder / "var" / name)
            (folder / "var" / name).symlink_to(mail / "var" / name)
    return folder


@pytest.fixture
def pair(tmp_path: Path, url: str) -> tuple[Path, Path]:
    first = home(tmp_path / "first", url)
    return first, home(tmp_path / "second", url, first)


def states(folder: Path) -> list[tuple[int, str]]:
    """Each life's process and what it does, as `status` has it."""
    ran = command(folder, "status", "--json")
    return [(int(one["life"].split()[1]), one["state"]) for one in operator.json.loads(ran.stdout)["lives"]]


def works(folder: Path, running: Running) -> bool:
    return (running.process.pid, "works") in states(folder)


@contextmanager
def two(pair: tuple[Path, Path]) -> Iterator[tuple[Running, Running]]:
    """Both: the first works and has read every mailbox, the second stands by."""
    with daemon(pair[0]) as first:
        until(lambda: rows(pair[0], "status")[0]["mailboxes"].get("CE Crewe Assessment Team"), BUSY)
        with daemon(pair[1]) as second:
            yield first, second


def takes_over(second: Running) -> None:
    """The one that stood by has the lease."""
    until(lambda: second.said("works under the lease"), TAKEN_OVER)


def nothing_is_doubled(folder: Path) -> None:
    """No letter of a case, no daily letter and no alert."""
    left = [message_from_string(path.read_text("utf-8")) for path in (folder / "var/letters/new").iterdir()]
    assert set(Counter(one["Message-ID"] for one in left).values()) == {1}
    daily = Counter(
        (one["To"], one["Subject"]) for one in left if one["Subject"].startswith(("Professional ch", "Alert"))
    )
    assert set(daily.values()) <= {1}
    assert rows(folder, "verify")[-1]["ok"]


def answered(folder: Path, message_id: str) -> bool:
    return any(f"In-Reply-To: <{message_id}>" in letter for letter in letters(folder))


def test_the_second_stands_by(pair: tuple[Path, Path]) -> None:
    """It is ready, does nothing, and both machines' `status` say who works and who stands by; `once` is refused."""
    with two(pair) as (first, second):
        until(partial(answered, pair[0], drop(pair[0])), BUSY)
        wanted = [(first.process.pid, "works"), (second.process.pid, "stands by")]
        for folder in pair:
            assert states(folder) == wanted
            assert command(folder, "status").returncode == 0
        assert f"Life: process {second.process.pid} on " in operator.done(pair[1], "status")
        assert second.said("started") == 0
        ref = rows(pair[1], "cases")[0]["ref"]
        assert command(pair[1], "hold", ref, "--by", "Ann", "--reason", "she looks").returncode == 0
        assert "Its letters are held until" in operator.done(pair[0], "case", ref)
        third = home(pair[0].parent / "third", "", pair[0])
        shutil.copy(pair[0] / "config/bot.yaml", third / "config/bot.yaml")
        refused = command(third, "once")
        assert refused.returncode == 1
        assert f"another challenge-bot works on the database (process {first.process.pid} on " in refused.stderr
        assert second.stopped() < 5
        assert states(pair[0]) == [(first.process.pid, "works")]
        assert first.stopped() < 5
    nothing_is_doubled(pair[0])


def test_an_end_by_request_hands_over_at_once(pair: tuple[Path, Path]) -> None:
    """After SIGTERM the other works before a lease would have lapsed, and answers."""
    with two(pair) as (first, second):
        first.stopped()
        until(lambda: second.said("started"), BUSY)
        until(partial(answered, pair[0], drop(pair[0])), BUSY)
        assert works(pair[1], second)
        second.stopped()
    assert command(pair[1], "status").returncode == 1
    nothing_is_doubled(pair[0])


def test_a_killed_life_is_taken_over(pair: tuple[Path, Path]) -> None:
    """By SIGKILL: within twenty seconds the other works, answers, and nothing goes twice. The killed one, started
    again, stands by."""
    with two(pair) as (first, second):
        first.process.kill()
        first.process.wait()
        message_id = drop(pair[0])
        takes_over(second)
        until(lambda: answered(pair[0], message_id), BUSY)
        until(lambda: len(letters(pair[0])) == 2, BUSY)
        with daemon(pair[0]) as again:
            assert states(pair[0]) == [(second.process.pid, "works"), (again.process.pid, "stands by")]
            again.stopped()
        second.stopped()
    nothing_is_doubled(pair[0])


def test_an_alert_is_told_once_over_lives(pair: tuple[Path, Path]) -> None:
    """What the killed life told the operator today, by letter and by command, the one that takes over leaves untold."""
    called = pair[0].parent / "called"
    for folder in pair:
        bot = folder / "config/bot.yaml"
        more = f"\nleast_free_mb: 999999999\nalert_command: sh -c 'cat >> {called}'\n"
        bot.write_text(bot.read_text("utf-8") + more, "utf-8")
    with daemon(pair[0]) as first:
        until(lambda: alerts(pair[0]), BUSY)
        first.process.kill()
        first.process.wait()
    with daemon(pair[1]) as second:
        until(lambda: alerts(pair[1]), BUSY)
        second.stopped()
    assert called.read_text("utf-8").count("since") == 1
    assert sum("Subject: Alert" in letter for letter in letters(pair[0])) == 1


def test_a_restart_waits_for_no_lease(pair: tuple[Path, Path]) -> None:
    """A life that was killed and is started again in its folder works at once, however long its lease was."""
    bot = pair[0] / "config/bot.yaml"
    bot.write_text(bot.read_text("utf-8").replace(f"lease_seconds: {LEASE}", "lease_seconds: 300"), "utf-8")
    with daemon(pair[0]) as first:
        first.process.kill()
        first.process.wait()
    with daemon(pair[0]) as again:
        message_id = drop(pair[0])
        until(lambda: answered(pair[0], message_id), BUSY)
        assert again.said("stands by") == 0
        again.stopped()


def test_a_stopped_life_that_wakes_does_nothing_more(pair: tuple[Path, Path], url: str) -> None:
    """After SIGSTOP the other takes over and answers; on SIGCONT the first ends at once, to be started again, and says
    why. It calls nobody: all is well."""
    with two(pair) as (first, second):
        first.signal(signal.SIGSTOP)
        message_id = drop(pair[0])
        takes_over(second)
        until(lambda: answered(pair[0], message_id), BUSY)
        until(lambda: len(letters(pair[0])) == 2, BUSY)
        later = drop(pair[0], sender="mo.reid@health.example")
        first.signal(signal.SIGCONT)
        assert first.process.wait(BUSY) == AGAIN
        (end,) = [row for row in first.log() if row["event"] == "this life ends"]
        assert end["why"] == "another life has taken over"
        assert "ALERT" not in first.stderr()
        until(lambda: answered(pair[0], later), BUSY)
        until(lambda: len(letters(pair[0])) == 4, BUSY)
        second.stopped()
    nothing_is_doubled(pair[0])


def test_a_life_whose_line_is_cut_is_taken_over(tmp_path: Path, url: str, postgres: Cluster) -> None:
    """Its line to the database swallows everything, without a word: the other takes over. When it is mended the first
    learns of that, and ends."""
    with Proxy("127.0.0.1", postgres.port) as proxy:
        first = home(tmp_path / "first", url.replace(f":{postgres.port}/", f":{proxy.port}/"))
        pair = first, home(tmp_path / "second", url, first)
        with two(pair) as (cut, second):
            proxy.blackhole()
            message_id = drop(first)
            takes_over(second)
            until(lambda: answered(first, message_id), BUSY)
            assert cut.process.poll() is None
            proxy.blackhole(False)
            assert cut.process.wait(BUSY) == AGAIN
            (end,) = [row for row in cut.log() if row["event"] == "this life ends"]
            assert end["why"] == "another life has taken over"
            second.stopped()
        nothing_is_doubled(pair[1])


def test_old_code_ends_itself_after_an_upgrade(pair: tuple[Path, Path], url: str) -> None:
    """Where a life of a newer version stands by, the one that works ends and lets it work at once; started again it is
    refused, with what to do."""
    with two(pair) as (first, second), closing(Database(url)) as db:
        second.stopped()
        with db.begin() as tx:
            lives.enter(tx, "newer", "there", "host.example", 7, "99.0.0")
        assert first.process.wait(BUSY) == AGAIN
        (end,) = [row for row in first.log() if row["event"] == "this life ends"]
        assert "process 7 on host.example is of version 99.0.0" in end["why"]
        with db.begin() as tx:
            assert lives.take(tx, "newer", 60) is not None
        ran = command(pair[0], "run")
        assert ran.returncode == 1
        assert "install the newer version here, too" in ran.stderr


def test_a_command_changes_no_schema_under_a_life(pair: tuple[Path, Path], url: str) -> None:
    """Where a life works with a database of an earlier version, a newer command is refused, whatever machine it is
    typed on; when the lease is over it brings the schema up to date."""
    with closing(Database(url)) as db:
        with db.begin() as tx:
            lives.enter(tx, "older", "there", "host.example", 7, "0.0.1")
            assert lives.take(tx, "older", 60) == 1
            tx.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        ran = command(pair[0], "cases")
        assert ran.returncode == 1
        assert "process 7 on host.example works with the database" in ran.stderr
        with db.begin() as tx:
            lives.renew(tx, "older", 1, -1)
            tx.execute(text("UPDATE alembic_version SET version_num = '0008'"))
            tx.execute(text("DROP TABLE lives, lease"))
        assert command(pair[0], "cases").returncode == 0
        with db.read() as tx:
            assert lives.are_kept(tx)


def test_the_database_is_started_anew(pair: tuple[Path, Path], postgres: Cluster) -> None:
    """It dies under both and comes back when the lease is long over: the one that works goes on, the other goes on
    standing by."""
    with two(pair) as (first, second):
        postgres.control("-m", "immediate", "stop")
        try:
            until(lambda: first.said("the lease could not be renewed") > RENEWALS, BUSY)
            until(lambda: second.said("the database cannot be used"), BUSY)
        finally:
            postgres.control("start")
        message_id = drop(pair[0])
        until(lambda: answered(pair[0], message_id), BUSY)
        assert (first.process.poll(), second.process.poll()) == (None, None)
        assert second.said("works under the lease") == 0
        assert second.stopped() < 5
        assert first.stopped() < 5
    nothing_is_doubled(pair[0])


def test_an_address_may_name_several_servers(pair: tuple[Path, Path], url: str, postgres: Cluster) -> None:
    """The one that can be written to is found behind one that is gone."""
    server = f"127.0.0.1:{postgres.port}"
    several = url.replace(f"@{server}/", "@/") + f"&host=127.0.0.1:1&host={server}&target_session_attrs=read-write"
    assert several != url
    bot = pair[0] / "config/bot.yaml"
    bot.write_text(bot.read_text("utf-8").replace(url, several), "utf-8")
    message_id = drop(pair[0])
    with daemon(pair[0]) as first:
        until(lambda: answered(pair[0], message_id), BUSY)
        first.stopped()
    with closing(Database(several)) as db, db.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM cases")).scalar() == 1
