"""`status` beside a real daemon: within a quarter of a minute it says what has stopped, whatever stopped it.

The servers are real sockets and the daemon a process; a deaf one takes a question and never answers it.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.daemon.standing import read_heartbeat
from tests import operator
from tests.integration.test_daemon import daemon
from tests.operator import command, rows
from tests.until import until

SOON = 15.0
TEAM = "CE Crewe Assessment Team"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return operator.folder(tmp_path)


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a server whose system takes connections, and that says not a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def by_imap(folder: Path, port: int) -> None:
    """Crewe's inbox is read from there from now on."""
    bot = folder / "config/bot.yaml"
    door = f"{{kind: imap, host: 127.0.0.1, port: {port}, tls: none, user: crewe, password: '${{PW}}'}}"
    text = bot.read_text("utf-8")
    changed = text.replace("{kind: maildir, path: var/mail/crewe-assessment}", door)
    assert changed != text
    bot.write_text(changed, "utf-8")


def stopped(folder: Path) -> tuple[int, list[str]]:
    """What `status` ends with, and what it says has stopped."""
    ran = command(folder, "status", "--json")
    return ran.returncode, json.loads(ran.stdout)["stopped"]


def since_asked(folder: Path) -> float:
    """For how many seconds Crewe's server had been asked when the heartbeat was written."""
    beat: dict[str, Any] = read_heartbeat(folder / "var/heartbeat.json")
    asked = beat.get("unanswered", {}).get(TEAM)
    return (datetime.fromisoformat(beat["at"]) - datetime.fromisoformat(asked)).total_seconds() if asked else 0.0


def test_a_deaf_mailbox_is_told_before_its_time_is_up(folder: Path, deaf: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its server takes the line and says nothing for a minute; `status` names it within fifteen seconds, and no other
    mailbox."""
    monkeypatch.setenv("PW", "test")
    by_imap(folder, deaf)
    with daemon(folder):
        until(lambda: since_asked(folder) >= 8, SOON)
        code, said = stopped(folder)
    assert code == 1
    assert [words.partition(":")[0] for words in said] == [f"mailbox {TEAM} does not answer"]


def test_a_killed_daemon_is_told_at_once(folder: Path, deaf: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By SIGKILL, with a fresh heartbeat: it does not run, and what it waited for is not said to be waited for."""
    monkeypatch.setenv("PW", "test")
    by_imap(folder, deaf)
    with daemon(folder) as running:
        until(lambda: since_asked(folder) >= 8, SOON)
        running.process.kill()
        running.process.wait()
        code, said = stopped(folder)
    assert code == 1
    assert [words.partition(":")[0] for words in said] == ["the daemon does not run"]


def test_a_mailbox_that_answers_is_no_trouble(folder: Path) -> None:
    """Nothing has stopped while every mailbox gives what it is asked for."""
    with daemon(folder):
        until(lambda: TEAM in rows(folder, "status")[0]["mailboxes"])
        assert stopped(folder) == (0, [])
