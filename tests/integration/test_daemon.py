"""The daemon as a process on Maildirs: it starts, acts at once, obeys signals, and runs on when its files break."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.daemon.standing import read_heartbeat
from tests import operator
from tests.operator import command, done, drop, letters, rows
from tests.until import until

STOP_SECONDS = 5


class Running:
    """A daemon process, its log as rows, and what it tells the service manager."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], manager: socket.socket, log: Path) -> None:
        self.folder = folder
        self.process = process
        self._manager = manager
        self._log = log

    def log(self) -> list[dict[str, Any]]:
        lines = self._log.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def stderr(self) -> str:
        return self._log.read_text("utf-8")

    def said(self, event: str) -> int:
        return sum(1 for row in self.log() if row["event"] == event)

    def told(self, words: str) -> str:
        """The next message to the service manager that begins so."""
        while True:
            message = self._manager.recv(4096).decode()
            if message.startswith(words):
                return message

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def stopped(self) -> float:
        """Asks it to end; how many seconds that took. Fails unless it ended with 0."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        assert self.process.wait(30) == 0
        return time.monotonic() - began


@contextmanager
def daemon(folder: Path) -> Iterator[Running]:
    """A daemon that has said READY; killed at the end if it still runs."""
    log = folder / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, log.open("wb") as stderr:
        address = folder / "notify"
        address.unlink(missing_ok=True)
        manager.bind(str(address))
        manager.settimeout(60)  # a busy machine takes long for a start
        environment = operator.environment() | {"NOTIFY_SOCKET": str(address)}
        line = [sys.executable, "-m", "bot", "run"]
        with subprocess.Popen(line, cwd=folder, env=environment, stderr=stderr) as process:
            running = Running(folder, process, manager, log)
            try:
                running.told("READY=1")
                yield running
            finally:
                process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return operator.folder(tmp_path)


def sent(folder: Path, words: str) -> Callable[[], bool]:
    return lambda: any(words in letter for letter in letters(folder))


def alerts(folder: Path) -> list[str]:
    return [alert["subject"] for alert in read_heartbeat(folder / "var/heartbeat.json").get("alerts", [])]


def test_a_challenge_is_acknowledged_at_once(folder: Path) -> None:
    """A mail that arrives while it runs is answered by events, not by a tick: well within a second."""
    with daemon(folder) as running:
        until(lambda: rows(folder, "status")[0]["mailboxes"].get("CE Crewe Assessment Team"))
        message_id = drop(folder)
        began = time.monotonic()
        until(sent(folder, f"In-Reply-To: <{message_id}>"))
        assert time.monotonic() - began < 2
        until(lambda: len(letters(folder)) == 2)
        assert running.stopped() < STOP_SECONDS
        assert running.log()[-1] | {"timestamp": ""} == {
            "event": "stopped",
            "finished": True,
            "level": "info",
            "timestamp": "",
        }
    assert rows(folder, "verify")[-1]["ok"]


def test_mail_of_the_time_it_did_not_run_is_read(folder: Path) -> None:
    """What lay in the inbox before the start is read first; nobody is told twice after a restart."""
    drop(folder)
    with daemon(folder) as running:
        until(lambda: len(letters(folder)) == 2)
        running.stopped()
    with daemon(folder) as running:
        drop(folder, sender="mo.reid@health.example")
        until(lambda: len(letters(folder)) == 4)
        running.stopped()
    assert len(rows(folder, "cases")) == 2


def test_the_log_holds_ids_only(folder: Path) -> None:
    """No subject, no text, no name and no address of a mail stands in any line."""
    drop(folder)
    with daemon(folder) as running:
        until(lambda: len(letters(folder)) == 2)
        running.stopped()
        said = json.dumps(running.log())
    assert "letter handed over" in said
    for word in ("Safeguarding", "helen", "fay.marsh", "disagree", "@"):
        assert word not in said


def test_it_tells_the_service_manager_and_leaves_a_heartbeat(folder: Path) -> None:
    """READY, then signs of life while desk and sender go on, then STOPPING; the file says who it is."""
    with daemon(folder) as running:
        running.told("WATCHDOG=1")
        beat = until(lambda: read_heartbeat(folder / "var/heartbeat.json"))
        assert beat["pid"] == running.process.pid
        assert {"at", "desk", "sender", "alerts"} <= set(beat)
        assert (folder / "var/heartbeat.json").stat().st_mode & 0o077 == 0
        running.signal(signal.SIGINT)
        running.told("STOPPING=1")
        assert running.process.wait(STOP_SECONDS) == 0


def test_only_one_life_works_in_a_folder(folder: Path) -> None:
    """A second daemon and a pass of cron are refused with a sentence; after SIGKILL the folder is free again."""
    with daemon(folder) as running:
        for word in ("run", "once"):
            ran = command(folder, word)
            assert ran.returncode == 1
            assert "another challenge-bot works in" in ran.stderr
        running.process.kill()
        running.process.wait()
    assert command(folder, "once").returncode == 0


def test_only_one_life_works_on_a_database(folder: Path, tmp_path: Path) -> None:
    """On SQLite a second daemon is refused though it has a folder of its own and another path to the file, and so are a
    pass of cron and a restore; it hears which process is there. After SIGKILL the database is free again."""
    other = tmp_path / "other"
    shutil.copytree(folder / "config", other / "config")
    shutil.copytree(folder / "mail_templates", other / "mail_templates")
    (other / "link").symlink_to(folder / "var")
    bot = other / "config/bot.yaml"
    bot.write_text(bot.read_text("utf-8").replace("sqlite:///var/bot.db", "sqlite:///link/bot.db"), "utf-8")
    with daemon(folder) as running:
        done(other, "backup", "copy.db")
        for words in (("once",), ("restore", "copy.db"), ("run",)):
            ran = command(other, *words)
            assert ran.returncode == 1, words
            assert f"another challenge-bot works on {folder}/var/bot.db" in ran.stderr
            assert f"process {running.process.pid} on " in ran.stderr
        assert not list((folder / "var").glob("bot.db.before-*"))
        running.process.kill()
        running.process.wait()
    assert command(other, "once").returncode == 0


def test_a_changed_configuration_is_taken(folder: Path) -> None:
    """After SIGHUP a mailbox that was added is watched; the old ones are not forgotten."""
    bot = folder / "config/bot.yaml"
    text = bot.read_text("utf-8")
    start = text.index("  - area: CU")
    bot.write_text(text[:start], "utf-8")
    with daemon(folder) as running:
        until(lambda: running.said("started"))
        bot.write_text(text, "utf-8")
        running.signal(signal.SIGHUP)
        running.told("RELOADING=1")
        running.told("READY=1")
        (taken,) = [row for row in running.log() if row["event"] == "configuration taken"]
        assert taken["mailboxes"] == 8
        drop(folder)
        until(lambda: len(letters(folder)) == 2)
        assert running.stopped() < STOP_SECONDS


def test_a_broken_configuration_is_not_taken(folder: Path) -> None:
    """After SIGHUP the old one stays in use, the operator is told, and work goes on; mended, it is taken."""
    directory = folder / "config/directory.csv"
    text = directory.read_text("utf-8")
    with daemon(folder) as running:
        directory.write_text("area,agency,nonsense\nCE,CSC,x\n", "utf-8")
        running.signal(signal.SIGHUP)
        running.told("RELOADING=1")
        running.told("READY=1")
        until(lambda: any("was not taken" in subject for subject in alerts(folder)))
        until(sent(folder, "Alert: the changed configuration was not taken"))
        message_id = drop(folder)
        until(sent(folder, f"In-Reply-To: <{message_id}>"))
        directory.write_text(text, "utf-8")
        running.signal(signal.SIGHUP)
        running.told("RELOADING=1")
        running.told("READY=1")
        assert running.said("configuration taken") == 1
        running.stopped()


def test_a_configuration_whose_folder_cannot_be_made_is_not_taken(folder: Path) -> None:
    """After SIGHUP with a mailbox below what is no folder the old one stays in use, and the operator is told."""
    bot = folder / "config/bot.yaml"
    with daemon(folder) as running:
        until(lambda: running.said("started"))
        (folder / "var/blocked").write_text("", "utf-8")
        text = bot.read_text("utf-8")
        bot.write_text(text.replace("path: var/mail/carlisle-support", "path: var/blocked/in/x"), "utf-8")
        running.signal(signal.SIGHUP)
        running.told("RELOADING=1")
        running.told("READY=1")
        until(lambda: any("was not taken" in subject for subject in alerts(folder)))
        drop(folder)
        until(lambda: len(letters(folder)) >= 2)
        assert running.stopped() < STOP_SECONDS


def test_open_cases_are_not_left_behind(folder: Path) -> None:
    """A sound configuration without the area of an open case is refused, and so is one with another database."""
    drop(folder)
    bot, directory = folder / "config/bot.yaml", folder / "config/directory.csv"
    text = bot.read_text("utf-8")
    with daemon(folder) as running:
        until(lambda: len(letters(folder)) == 2)
        bot.write_text(text.replace("database: sqlite:///var/bot.db", "database: sqlite:///var/other.db"), "utf-8")
        running.signal(signal.SIGHUP)
        running.told("RELOADING=1")
        running.told("READY=1")
        assert running.said("configuration refused") == 1
        assert not (folder / "var/other.db").exists()
        start, end = text.index("  - area: CE"), text.index("  - area: CW")
        bot.write_text(text[:start] + text[end:], "utf-8")
        lines = directory.read_text("utf-8").splitlines(keepends=True)
        directory.write_text("".join(line for line in lines if not line.startswith("CE,")), "utf-8")
        assert command(folder, "check").returncode == 0
        running.signal(signal.SIGHUP)
        running.told("RELOADING=1")
        running.told("READY=1")
        assert running.said("configuration refused") == 2
        assert running.said("configuration taken") == 0
        running.stopped()


def test_a_first_start_with_gaps_is_refused(folder: Path) -> None:
    """With nobody for a stage it does not start, names the gap, and ends with 2."""
    directory = folder / "config/directory.csv"
    kept = [line for line in directory.read_text("utf-8").splitlines(keepends=True) if "line_manager" not in line]
    directory.write_text("".join(kept), "utf-8")
    ran = command(folder, "run")
    assert ran.returncode == 2
    assert "nobody is line_manager" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_restart_with_open_cases_runs_on(folder: Path) -> None:
    """With a broken directory it runs on the last valid one, says so, and answers for the open case."""
    drop(folder)
    with daemon(folder) as running:
        until(lambda: len(letters(folder)) == 2)
        running.stopped()
    (folder / "config/directory.csv").write_text("no,directory\n", "utf-8")
    with daemon(folder) as running:
        until(sent(folder, "Alert: the configuration has faults"))
        message_id = drop(folder, sender="mo.reid@health.example")
        until(sent(folder, f"In-Reply-To: <{message_id}>"))
        assert running.stopped() < STOP_SECONDS
        assert "directory.csv" in running.stderr()
    (folder / "config/bot.yaml").write_text("{", "utf-8")
    assert command(folder, "run").returncode == 2


def test_a_mailbox_that_cannot_be_read_holds_up_no_other(folder: Path) -> None:
    """One that is no Maildir stays closed and is tried again; the others are read, and it is read once it is mended."""
    broken = folder / "var/mail/cmt4"
    broken.mkdir()
    (broken / "what").write_text("no mail")
    drop(folder)
    with daemon(folder) as running:
        until(lambda: len(letters(folder)) == 2)
        until(lambda: running.said("mailbox closed") >= 1)
        status = command(folder, "status", "--json")
        assert status.returncode == 1
        assert "mailbox SW Care Management Team 4 cannot be read" in json.loads(status.stdout)["stopped"][0]
        (broken / "what").unlink()
        until(lambda: command(folder, "status").returncode == 0, 20)
        assert "SW Care Management Team 4" in rows(folder, "status")[0]["mailboxes"]
        assert running.stopped() < STOP_SECONDS


def test_what_lasts_over_a_restart_is_not_said_to_work_again(folder: Path) -> None:
    """The first beat of a life knows what has stopped; what was told is not told anew either."""
    file = folder / "config/bot.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("# least_free_mb: 500", "least_free_mb: 900000000"), "utf-8")
    with daemon(folder):
        until(lambda: alerts(folder) == ["there is little room on the disk"], 60)
    with daemon(folder) as running:
        running.told("WATCHDOG=1")
        assert "ALERT" not in running.stderr()
        (standing,) = read_heartbeat(folder / "var/heartbeat.json")["alerts"]
        assert not standing["is_over"]


def test_a_word_of_the_operator_is_heard_while_it_runs(folder: Path) -> None:
    """Commands work beside the daemon: the mail that was placed joins its case in the same database."""
    drop(folder)
    with daemon(folder) as running:
        until(lambda: len(letters(folder)) == 2)
        drop(folder, subject="RE: Professional Safeguarding Challenge – 24 hours", sender="mo.reid@health.example")
        (waiting,) = until(lambda: rows(folder, "review"))
        assert command(folder, "review", "place", waiting["entry"], rows(folder, "cases")[0]["ref"]).returncode == 0
        assert rows(folder, "review") == []
        running.stopped()
    assert rows(folder, "verify")[-1]["ok"]
