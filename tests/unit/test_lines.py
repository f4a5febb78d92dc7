"""What wakes whoever waits for many mailboxes: a line, a directory, the time, or somebody else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.daemon.watch.lines import Lines
from bot.doors.imap_smtp.pace import Pace
from bot.doors.ports import Look

#: Seconds until a look is due anyway, and for which somebody waits for a sooner one.
LONG, SOON = 60.0, 30.0


@pytest.fixture
def lines() -> Iterator[Lines]:
    made = Lines()
    yield made
    made.close()


def test_a_line_that_can_be_read(lines: Lines) -> None:
    """Its key is given at once, and no other; it is held no more."""
    mine, theirs = socket.socketpair()
    quiet, other = socket.socketpair()
    with mine, theirs, quiet, other:
        lines.hold("a", Look(seconds=LONG, line=mine))
        lines.hold("b", Look(seconds=LONG, line=quiet))
        theirs.send(b"!")
        assert lines.wait(SOON) == ["a"]
        assert not lines.release("a")
        assert lines.release("b")


def test_the_time_of_the_next_look(lines: Lines) -> None:
    """Keys are given when they are due, the earliest first, each once; a released one is not."""
    lines.hold("late", Look(seconds=LONG))
    lines.hold("b", Look(seconds=0.02))
    lines.hold("a", Look(seconds=0.01))
    lines.hold("gone", Look(seconds=0.01))
    lines.release("gone")
    found: list[str] = []
    while len(found) < 2:
        found += lines.wait(SOON)
    assert found == ["a", "b"]
    assert lines.wait(0) == []


def test_a_file_that_comes(lines: Lines, tmp_path: Path) -> None:
    """A mail laid into a directory wakes its key; a directory that is watched for the first time is looked at once
    more, as something may have come before."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        lines.hold(name, Look(seconds=LONG, folders=(str(tmp_path / name),)))
    assert sorted(lines.wait(SOON)) == ["a", "b"]
    for name in ("a", "b"):
        lines.hold(name, Look(seconds=LONG, folders=(str(tmp_path / name),)))
    assert lines.wait(0) == []
    (tmp_path / "draft").touch()
    (tmp_path / "draft").rename(tmp_path / "b" / "mail")
    assert lines.wait(SOON) == ["b"]


def test_a_file_that_comes_during_a_look(lines: Lines, tmp_path: Path) -> None:
    """What came while the mailbox was not held is not slept over."""
    look = Look(seconds=LONG, folders=(str(tmp_path),))
    lines.hold("a", look)
    assert lines.wait(SOON) == ["a"]
    (tmp_path / "mail").touch()
    assert lines.wait(0) == []
    lines.hold("a", look)
    assert lines.wait(SOON) == ["a"]


def test_another_directory_of_that_name(lines: Lines, tmp_path: Path) -> None:
    """A directory that is put in place of the watched one is watched in its place."""
    look = Look(seconds=LONG, folders=(str(tmp_path / "box"),))
    (tmp_path / "box").mkdir()
    lines.hold("a", look)
    assert lines.wait(SOON) == ["a"]
    lines.hold("a", look)
    (tmp_path / "box").rename(tmp_path / "old")
    assert lines.wait(SOON) == ["a"]
    (tmp_path / "box").mkdir()
    lines.hold("a", look)
    assert lines.wait(SOON) == ["a"]
    lines.hold("a", look)
    (tmp_path / "box" / "mail").touch()
    assert lines.wait(SOON) == ["a"]


def test_a_directory_that_cannot_be_watched(lines: Lines, tmp_path: Path) -> None:
    """It is looked at every second instead."""
    lines.hold("a", Look(seconds=LONG, folders=(str(tmp_path / "none"),)))
    began = time.monotonic()
    assert lines.wait(SOON) == ["a"]
    assert time.monotonic() - began < SOON / 2


def test_somebody_else_wakes(lines: Lines) -> None:
    """From any thread, in a wait and before one; once."""
    lines.hold("a", Look(seconds=LONG))
    began = time.monotonic()
    lines.wake()
    assert lines.wait(SOON) == []
    waking = threading.Timer(0.05, lines.wake)
    waking.start()
    assert lines.wait(SOON) == []
    assert time.monotonic() - began < SOON / 2
    assert lines.wait(0.05) == []
    assert lines.release("a")


def test_logins_keep_their_distance() -> None:
    """So many turns in a second, however many ask; a time without any gives no credit."""
    now, slept = 100.0, list[float]()
    pace = Pace(20, lambda: now, slept.append)
    for _ in range(4):
        pace.wait()
    assert slept == pytest.approx([0.05, 0.1, 0.15])
    now = 200.0
    slept.clear()
    for _ in range(2):
        pace.wait()
    assert slept == pytest.approx([0.05])
