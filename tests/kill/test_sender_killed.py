"""The sender is killed by SIGKILL wherever it passes; the next life loses nothing and doubles nothing it knows of.

The places are found by a dry run. Only where the server had the letter and we had not yet marked it may a second,
identical copy go. One that is only stopped, and wakes when its letter has gone, sends nothing.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.model import Contact, Letter, LetterKind
from bot.store import outbox
from bot.store.db import Database
from tests.kill.sending import LEASE, send
from tests.letters import sample
from tests.servers.smtp import SmtpServer

START = datetime(2027, 1, 15, 16, 45, tzinfo=UTC)
LATER = (START + LEASE, START + LEASE + timedelta(minutes=16))

#: Between the server's answer and the commit that marks it, a crash looks as if the answer had been lost.
MAY_DOUBLE = frozenset({"smtp.data.after", "sender.sent.before"})
KNOWN = (
    "sender.claim.before",
    "sender.claim.after",
    "smtp.connect.before",
    "smtp.connect.after",
    "smtp.mail.before",
    "smtp.mail.after",
    "smtp.rcpt.before",
    "smtp.rcpt.after",
    "sender.in_data.before",
    "sender.in_data.after",
    "smtp.data.before",
    "smtp.data.after",
    "sender.sent.before",
    "sender.sent.after",
    "smtp.quit.before",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with one letter to one address that takes it and one that does not."""
    file = tmp_path / "var" / "bot.db"
    db = Database(f"sqlite:///{file}")
    db.migrate()
    letter = Letter(
        sample(LetterKind.NOTICE).values,
        "occasion",
        (Contact("fay@csc.example"), Contact("gone@csc.example")),
        message_id="m1@csc.example",
    )
    with db.begin() as tx:
        tx.exec_driver_sql("CREATE TABLE told (fact TEXT, address TEXT)")
        assert outbox.queue(tx, letter, None, START)
    db.close()
    return file


def told(file: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(file)
    try:
        return sorted(connection.execute("SELECT fact, address FROM told").fetchall())
    finally:
        connection.close()


def run(file: Path, server: SmtpServer, **env: str) -> int:
    return subprocess.run(line(file, server), env={**os.environ, **env}, check=False, timeout=60).returncode


def line(file: Path, server: SmtpServer) -> list[str]:
    return [sys.executable, "-m", "tests.kill.sending", str(file), str(server.port), START.isoformat()]


@pytest.fixture
def server(smtp_server: SmtpServer) -> SmtpServer:
    smtp_server.answer("RCPT", "550 5.1.1 nobody", who="gone@")
    return smtp_server


def test_the_dry_run_passes_the_places_we_kill_at(file: Path, server: SmtpServer, tmp_path: Path) -> None:
    """A new commit or network write without a place of its own would go untested; one more belongs into the list."""
    log = tmp_path / "places"
    assert run(file, server, CHALLENGE_BOT_FAILPOINT="list", CHALLENGE_BOT_FAILPOINTS_LOG=str(log)) == 0
    assert set(log.read_text().split()) == set(KNOWN)


@pytest.mark.parametrize("place", KNOWN)
def test_killed_at(place: str, file: Path, server: SmtpServer) -> None:
    """One copy (two where the answer was in hand but not written down), the same bytes, each fact told once."""
    assert run(file, server, CHALLENGE_BOT_FAILPOINT=place) == -signal.SIGKILL
    send(file, server.port, *LATER)
    copies = len(server.mails)
    assert copies == (2 if place in MAY_DOUBLE else 1)
    assert {m.recipients for m in server.mails} == {("fay@csc.example",)}
    assert len({m.raw for m in server.mails}) == 1
    assert told(file) == [("LetterServed", "fay@csc.example"), ("LetterUndelivered", "gone@csc.example")]


@pytest.mark.parametrize("place", sorted(MAY_DOUBLE))
def test_killed_where_a_copy_can_be_found(place: str, file: Path, server: SmtpServer) -> None:
    """What the server had already is found by its id, so that one copy is all, and each fact is told once."""

    def find(ids: tuple[str, ...], _offer: str) -> str:
        return "in Sent" if any(one.encode() in mail.raw for one in ids for mail in server.mails) else ""

    assert run(file, server, CHALLENGE_BOT_FAILPOINT=place) == -signal.SIGKILL
    send(file, server.port, *LATER, find_proof=find)
    assert len(server.mails) == 1
    assert told(file) == [("LetterServed", "fay@csc.example"), ("LetterUndelivered", "gone@csc.example")]


def test_stopped_past_its_lease(file: Path, server: SmtpServer) -> None:
    """A sender that was stopped between its claim and the hand-over, and wakes when another life has sent the letter,
    finds its lease gone and hands over nothing."""
    server.stall("RCPT", who="fay@")
    with subprocess.Popen(line(file, server)) as sleeper:
        server.wait_until("RCPT")
        sleeper.send_signal(signal.SIGSTOP)
        send(file, server.port, START + LEASE)
        assert len(server.mails) == 1
        server.go_on()
        sleeper.send_signal(signal.SIGCONT)
        assert sleeper.wait(60) == 0
    send(file, server.port, *LATER)
    assert len(server.mails) == 1
    assert told(file) == [("LetterServed", "fay@csc.example"), ("LetterUndelivered", "gone@csc.example")]
