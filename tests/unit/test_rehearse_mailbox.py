"""Real past mail can be played: from a Maildir, an mbox or a folder of .eml files."""

from __future__ import annotations

import mailbox
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.rehearsal import rehearse
from bot.cli.rehearsal.rehearse import story_of
from bot.model.errors import BotError
from bot.settings import settings

ROOT = Path(__file__).parents[2]
RAW = b"""Received: from out.health.example by mx.council.example with ESMTPS; Tue, 12 Jan 2027 10:05:00 +0000
Authentication-Results: mx.council.example; dmarc=pass header.from=health.example
From: Helen Visser <helen.visser@health.example>
To: crewe.assessment@csc.example
Subject: Professional Safeguarding Challenge - 24 hours
Date: Tue, 12 Jan 2027 10:04:00 +0000
Message-ID: <one@health.example>

Nobody has visited.
"""


@pytest.fixture(scope="module")
def shipped() -> settings.Settings:
    return settings.load(ROOT / "config", dict(os.environ))


def kept(kind: str, folder: Path) -> Path:
    path = folder / "past"
    if kind == "maildir":
        mailbox.Maildir(path).add(RAW)
    elif kind == "mbox":
        box = mailbox.mbox(path)
        box.add(RAW)
        box.close()
    else:
        path.mkdir()
        (path / "one.eml").write_bytes(RAW)
    return path


@pytest.mark.parametrize("kind", ["maildir", "mbox", "folder"])
def test_past_mail_is_played(kind: str, tmp_path: Path, shipped: settings.Settings) -> None:
    """A challenge of the past opens a case at its arrival and lapses a day later, whatever it is kept in."""
    copies = tmp_path / "copies"
    copies.mkdir()
    told = story_of(kept(kind, tmp_path), None, datetime(2027, 1, 14, tzinfo=UTC), shipped, copies)
    rows = rehearse.rehearse(told, shipped, shipped.config.senders).rows
    facts = {row["kind"]: row["at"] for row in rows if row["what"] == "fact"}
    assert facts["opened"] == "2027-01-12T10:05:00+00:00"
    assert facts["lapsed"] == "2027-01-13T10:04:00+00:00"


def test_mail_of_another_time_is_left_out(tmp_path: Path, shipped: settings.Settings) -> None:
    """Nothing of that time is a plain sentence and no empty rehearsal."""
    start = datetime(2027, 2, 1, tzinfo=UTC)
    with pytest.raises(BotError, match="no mail of that time"):
        story_of(kept("mbox", tmp_path), start, None, shipped, tmp_path)


def test_an_inbox_nobody_configured_is_named(tmp_path: Path, shipped: settings.Settings) -> None:
    """The sentence says which inboxes there are."""
    with pytest.raises(BotError, match=r"crewe\.assessment@csc\.example"):
        story_of(kept("mbox", tmp_path), None, None, shipped, tmp_path, "nobody@csc.example")
