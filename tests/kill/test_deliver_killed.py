"""`deliver` is killed by SIGKILL wherever it passes: a mail server told nothing tries again, and no mail is cut.

Before the file is renamed nothing is there; after it the mail is, whole, and a second try adds a second whole copy,
which the ledger knows for the same mail.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.doors.opened import open_mailbox
from bot.settings.settings import Door
from tests.unit.config_samples import edit, small

RAW = b"Subject: Challenge\n\n" + b"Please answer.\n" * 20_000
#: Where it passes, and how many copies lie there when it was killed.
POINTS = {
    "deliver.write.before": 0,
    "deliver.write.after": 0,
    "deliver.rename.before": 0,
    "deliver.rename.after": 1,
    "deliver.sync.after": 1,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("tmp", "new", "cur"):
        (tmp_path / "crewe" / part).mkdir(parents=True)
    edit(small(tmp_path / "config"), "bot.yaml", "path: var/crewe", f"path: {tmp_path / 'crewe'}")
    return tmp_path / "crewe"


def deliver(folder: Path, **env: str) -> int:
    words = [sys.executable, "-m", "bot", "deliver", "--config", str(folder.parent / "config"), "crewe@csc.example"]
    return subprocess.run(words, input=RAW, env=os.environ | env, capture_output=True).returncode


def read(folder: Path) -> list[bytes]:
    return [mail.raw for mail in open_mailbox("crewe", Door(kind="maildir", path=str(folder))).fetch("", 10).mails]


def test_every_point_is_known(folder: Path, tmp_path: Path) -> None:
    """A run without a kill passes the points of the table, and no other."""
    log = tmp_path / "points"
    assert deliver(folder, CHALLENGE_BOT_FAILPOINT="list", CHALLENGE_BOT_FAILPOINTS_LOG=str(log)) == 0
    assert log.read_text().split() == list(POINTS)


@pytest.mark.parametrize(("point", "copies"), POINTS.items())
def test_killed_anywhere(folder: Path, point: str, copies: int) -> None:
    """Nothing, or all of it; never a piece."""
    assert deliver(folder, CHALLENGE_BOT_FAILPOINT=point) == -signal.SIGKILL
    assert read(folder) == [RAW] * copies
    assert deliver(folder) == 0
    assert read(folder) == [RAW] * (copies + 1)
