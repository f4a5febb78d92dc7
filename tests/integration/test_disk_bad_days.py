"""The daemon on a disk that takes no more: database, heartbeat and log lie on it, the mail does not.

What fails is told by the roads that are left, nothing that was promised is lost, and it goes on by itself. A disk that
lies about what it has written is not handled here, or anywhere.
"""

from __future__ import annotations

import contextlib
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import operator
from tests.integration.test_daemon import Running, daemon, sent
from tests.operator import command, drop, rows
from tests.until import until

#: Above what a heartbeat or the log of a minute takes, below where the write-ahead log stands after a letter.
LITTLE = 64 * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A working folder whose `var` and log are on a disk of 8 MB, and its inboxes and letters elsewhere."""
    made = operator.folder(tmp_path / "house")
    disk, mail = made / "var", tmp_path / "mail"
    (disk / "mail").rename(mail)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no right to mount a small disk here, not even as root: on one, run this test as root")
    try:
        (tmp_path / "letters").mkdir(mode=0o700)
        (disk / "mail").symlink_to(mail)
        (disk / "letters").symlink_to(tmp_path / "letters")
        (made / "log").symlink_to(disk / "log")
        bot = made / "config/bot.yaml"
        own = f"\nleast_free_mb: 1\nalert_command: tee -a {tmp_path}/told\n"
        bot.write_text(bot.read_text("utf-8") + own, "utf-8")
        yield made
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@contextlib.contextmanager
def full(running: Running) -> Iterator[None]:
    """Not a byte is left."""
    filler = running.folder / "var/filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size) == size:
                    pass
    yield
    filler.unlink()


@contextlib.contextmanager
def at_its_limit(running: Running) -> Iterator[None]:
    """No file may grow: to the program that is a disk which gives errors."""
    pid = running.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (LITTLE, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("trouble", "words"),
    [(full, "there is no space left for it"), (at_its_limit, "its disk gives errors")],
    ids=["full", "errors"],
)
def test_a_disk_that_takes_no_more(
    trouble: Callable[[Running], contextlib.AbstractContextManager[None]], words: str, folder: Path, tmp_path: Path
) -> None:
    """The operator hears by their own command what it is, and `status` says so; the mail that came meanwhile waits in
    its inbox. With room again it is answered without anybody's doing, and everything is as it was written."""
    told = tmp_path / "told"
    with daemon(folder) as running:
        first = drop(folder)
        until(sent(folder, f"In-Reply-To: <{first}>"), 30)
        with trouble(running):
            second = drop(folder, sender="mo.reid@health.example", text="About another family.")
            until(lambda: told.exists() and words in told.read_text("utf-8"), 60)
            assert not sent(folder, f"In-Reply-To: <{second}>")()
            shown = command(folder, "status")
            assert shown.returncode == 1
            assert "Traceback" not in shown.stderr
        until(sent(folder, f"In-Reply-To: <{second}>"), 90)
        assert running.process.poll() is None
        running.stopped()
    assert len(rows(folder, "cases")) == 2
    assert rows(folder, "verify")[-1]["ok"]
    assert (folder / "var/heartbeat.json").stat().st_size > 0
