"""`deliver` stores a mail whole or says "try again": a mail server is never told anything else."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from bot.cli.main import app
from bot.doors.maildir.drop import drop
from bot.doors.opened import open_mailbox
from bot.model.errors import DoorClosed
from bot.settings.settings import Door
from tests.unit.config_samples import edit, small

NOW = datetime(2027, 1, 15, 16, 45, tzinfo=UTC)
RAW = b"From: Helen Visser <helen@health.example>\nSubject: Challenge\n\nPlease answer.\n.\nFrom here on: more\n"

Deliver = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return maildir(tmp_path / "crewe")


@pytest.fixture
def root(tmp_path: Path, folder: Path) -> Path:
    root = small(tmp_path / "config")
    edit(root, "bot.yaml", "path: var/crewe", f"path: {folder}")
    return root


@pytest.fixture
def deliver(root: Path) -> Deliver:
    def run(*words: str, mail: bytes = RAW) -> Result:
        return CliRunner().invoke(app, ["deliver", "--config", str(root), *words], input=mail)

    return run


def maildir(path: Path) -> Path:
    for part in ("tmp", "new", "cur"):
        (path / part).mkdir(parents=True)
    return path


def stored(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted((folder / "new").iterdir())]


def is_clean(folder: Path) -> bool:
    return not stored(folder) and not any((folder / "tmp").iterdir())


# --- stored -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["crewe@csc.example", "Crewe@CSC.example", "CE Crewe Assessment Team"])
def test_a_mail_is_stored_as_it_came(deliver: Deliver, folder: Path, name: str) -> None:
    """By the mailbox's address or name; byte for byte, for its owner alone, and nothing is said on stdout."""
    result = deliver(name)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert stored(folder) == [RAW]
    (file,) = (folder / "new").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"\d+\.M\d+P\d+Q\d+R[0-9a-f]{8}\.[^/:]+", file.name)
    assert not any((folder / "tmp").iterdir())


def test_the_bots_own_mailbox_is_called_bot(deliver: Deliver, root: Path, tmp_path: Path) -> None:
    """Answers to its letters come by the same way."""
    own = maildir(tmp_path / "clock")
    edit(root, "bot.yaml", "path: var/clock", f"path: {own}")
    assert (deliver("bot").exit_code, deliver("clock@council.example").exit_code) == (0, 0)
    assert len(stored(own)) == 2


def test_what_was_delivered_is_read(deliver: Deliver, folder: Path) -> None:
    """By the mailbox that watches the Maildir, once each, the same bytes twice as two mails."""
    for _ in range(2):
        assert deliver("crewe@csc.example").exit_code == 0
    mails = open_mailbox("crewe", Door(kind="maildir", path=str(folder))).fetch("", 10).mails
    assert [mail.raw for mail in mails] == [RAW, RAW]
    assert len({mail.key for mail in mails}) == 2


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        (b"From helen@health.example Fri Jan 15 16:45:00 2027\n" + RAW, RAW),
        (b"From " + b"x" * 200_000 + b"\n" + RAW, RAW),
        (b"From: helen@health.example\n\nx", b"From: helen@health.example\n\nx"),
        (b"\xff\x00\r\n" * 50_000, b"\xff\x00\r\n" * 50_000),
        (b"no line end", b"no line end"),
    ],
)
def test_only_a_postmark_is_taken_off(folder: Path, came: bytes, kept: bytes) -> None:
    """The envelope's line above the headers, as mbox has it, and nothing that belongs to the mail."""
    assert drop(folder, io.BytesIO(came), 10_000_000, NOW).read_bytes() == kept


@given(count=st.integers(2, 20))
def test_no_two_share_a_name(tmp_path_factory: pytest.TempPathFactory, count: int) -> None:
    """Mails of one instant and one process are as many files."""
    folder = maildir(tmp_path_factory.mktemp("room") / "crewe")
    for _ in range(count):
        drop(folder, io.BytesIO(RAW), 1000, NOW)
    assert len(stored(folder)) == count


# --- try again --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "watches no mailbox ''"),
        (("crew@csc.example",), "watches no mailbox 'crew@csc.example'; did you mean crewe@csc.example?"),
        (("crewe@csc.example", "more"), "deliver takes one mailbox and no more"),
        (("crewe@csc.example", "--frobnicate"), "deliver takes one mailbox and no --frobnicate"),
        (("bot",), "there is no Maildir at"),
    ],
)
def test_a_wrong_line_is_try_again(deliver: Deliver, folder: Path, words: tuple[str, ...], said: str) -> None:
    """A mistake in the mail server's configuration bounces nobody's mail."""
    result = deliver(*words)
    assert (result.exit_code, result.stdout) == (75, "")
    assert said in " ".join(result.stderr.split())
    assert is_clean(folder)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("mailboxes:", "mailboxes: [", "not readable as YAML"),
        ("{kind: maildir, path: ", "{kind: imap, host: x, path: ", "is not read from a Maildir"),
        (", path: /", ", max_bytes: 10, path: /", "a mail of more than 10 bytes: raise max_bytes"),
    ],
)
def test_a_wrong_configuration_is_try_again(
    deliver: Deliver, root: Path, folder: Path, old: str, new: str, said: str
) -> None:
    """The operator mends it, and the mail comes with the next try."""
    text = (root / "bot.yaml").read_text()
    (root / "bot.yaml").write_text(text[::-1].replace(old[::-1], new[::-1], 1)[::-1])
    result = deliver("crewe@csc.example")
    assert (result.exit_code, said in " ".join(result.stderr.split())) == (75, True), result.stderr
    assert is_clean(folder)
    (root / "bot.yaml").write_text(text)
    assert deliver("crewe@csc.example").exit_code == 0


def test_a_fault_elsewhere_stops_no_mail(deliver: Deliver, root: Path, folder: Path) -> None:
    """A broken directory, a policy that is gone, a secret that nobody set: the mail is stored all the same."""
    (root / "directory.csv").unlink()
    edit(root, "bot.yaml", "operator: op@council.example", "operater: x")
    edit(root, "bot.yaml", "policy: cheshire-east", "policy: nowhere")
    assert deliver("crewe@csc.example").exit_code == 0
    assert stored(folder) == [RAW]


def test_no_configuration_is_try_again(tmp_path: Path) -> None:
    """Nor a folder that is not there."""
    result = CliRunner().invoke(app, ["deliver", "--config", str(tmp_path / "nowhere"), "crewe"], input=RAW)
    assert result.exit_code == 75
    assert "bot.yaml cannot be read: No such file or directory" in " ".join(result.stderr.split())


def test_an_empty_mail_is_try_again(deliver: Deliver, folder: Path) -> None:
    """Whoever sent it broke off, or its envelope's line was all."""
    for mail in (b"", b"From helen@health.example Fri Jan 15\n"):
        assert deliver("crewe@csc.example", mail=mail).exit_code == 75
    assert is_clean(folder)


def test_a_missing_maildir_is_not_made(deliver: Deliver, folder: Path) -> None:
    """It may lie on a disk that is not mounted, or be meant from another folder."""
    (folder / "cur").rmdir()
    result = deliver("crewe@csc.example")
    assert (result.exit_code, (folder / "cur").exists()) == (75, False)
    assert f"there is no Maildir at {folder}" in " ".join(result.stderr.split())


def test_a_line_that_breaks_leaves_nothing(folder: Path) -> None:
    """An input that fails in the middle is no mail."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(DoorClosed, match="Input/output error"):
        drop(folder, Broken(RAW), 1000, NOW)
    assert is_clean(folder)


def test_a_full_disk_is_try_again(root: Path, folder: Path) -> None:
    """A real process that may write no more than four kilobytes says so, and leaves nothing behind."""
    words = [sys.executable, "-m", "bot", "deliver", "--config", str(root), "crewe@csc.example"]
    limited = ["/bin/bash", "-c", 'ulimit -f 4; exec "$@"', "bash", *words]
    mail = RAW + b"x" * 100_000
    done = subprocess.run(limited, input=mail, capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert (done.returncode, done.stdout) == (75, b"")
    assert b"cannot be written to" in done.stderr
    assert is_clean(folder)
