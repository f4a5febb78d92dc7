"""The mailbox contract on Maildir, and what only files have: odd entries, times that go backwards, missing folders."""

from __future__ import annotations

import itertools
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.doors.opened import open_mailbox
from bot.doors.ports import Mailbox
from bot.model.errors import BotError, DoorClosed
from bot.settings.settings import Door
from tests.contract.mailbox_contract import ARRIVED, MailboxContract, drain, ids, letter


class MaildirRoom:
    """A Maildir under a folder of the test's own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._numbers = itertools.count(1)
        self._make(path)

    def open(self, **changes: Any) -> Mailbox:
        return open_mailbox("crewe", Door(kind="maildir", path=str(self.path), **changes))

    def deliver(self, raw: bytes, folder: str = "INBOX", received: datetime | None = None, name: str = "") -> Path:
        at = (received or datetime.now(UTC)).timestamp()
        name = name or f"{int(at)}.M{next(self._numbers):09d}.test"
        waiting = self._folder(folder) / "tmp" / name
        waiting.write_bytes(raw)
        os.utime(waiting, (at, at))
        return waiting.rename(self._folder(folder) / "new" / name)

    def make_folder(self, folder: str) -> None:
        self._make(self._folder(folder))

    def held(self, folder: str = "INBOX") -> list[Any]:
        files = sorted(file for part in ("new", "cur") for file in (self._folder(folder) / part).iterdir())
        return [(file, file.stat().st_mtime_ns, file.stat().st_ctime_ns) for file in files]

    def read(self, needle: bytes) -> None:
        file = self._file(needle)
        file.rename(self.path / "cur" / f"{file.name.partition(':')[0]}:2,S")

    def move(self, needle: bytes, target: str) -> None:
        file = self._file(needle)
        file.rename(self._folder(target) / "cur" / file.name)

    def delete(self, needle: bytes) -> None:
        self._file(needle).unlink()

    def shut(self) -> None:
        self.path.rename(self.path.with_suffix(".away"))
        self.path.write_text("not a directory")

    def unshut(self) -> None:
        self.path.unlink()
        self.path.with_suffix(".away").rename(self.path)

    def back_up(self) -> None:
        shutil.copytree(self.path, self.path.with_suffix(".kept"), copy_function=shutil.copy2)

    def put_back(self) -> None:
        self.path.rename(self.path.with_suffix(".broken"))
        self.path.with_suffix(".kept").rename(self.path)

    def _file(self, needle: bytes) -> Path:
        files = [file for part in ("new", "cur") for file in (self.path / part).iterdir()]
        return next(file for file in files if needle in file.read_bytes())

    def _folder(self, folder: str) -> Path:
        return self.path if folder == "INBOX" else self.path / f".{folder}"

    @staticmethod
    def _make(path: Path) -> None:
        for part in ("tmp", "new", "cur"):
            (path / part).mkdir(parents=True)


@pytest.fixture
def room(tmp_path: Path) -> MaildirRoom:
    return MaildirRoom(tmp_path / "crewe")


NO_SERVER = "a folder on this machine has no server, and no line to it"


class TestMaildir(MailboxContract):
    """The contract itself."""

    door = "Maildir"
    absent: ClassVar[dict[str, str]] = {
        "test_server_restarted": NO_SERVER,
        "test_cut_anywhere": NO_SERVER,
        "test_silent": NO_SERVER,
        "test_throttled": NO_SERVER,
        "test_certificate": NO_SERVER,
        "test_login_refused": "who may read a folder, the system decides; one that may not be read is a closed door",
    }


@pytest.mark.parametrize("raw", [b"Subject: a\n\nlone line feeds\n", b"a\rb\r", b"nul \0 byte\n", b""])
def test_bytes(room: MaildirRoom, raw: bytes) -> None:
    """A file is given byte for byte: no line end is mended."""
    room.deliver(raw)
    assert [(mail.raw, mail.is_truncated) for mail in drain(room.open())[0]] == [(raw, False)]


def test_time_goes_backwards(room: MaildirRoom) -> None:
    """A mail that looks older than all that were given, or just as old, is given all the same."""
    mailbox = room.open()
    room.deliver(letter("one"), received=ARRIVED)
    _, cursor, _ = drain(mailbox)
    room.deliver(letter("same"), received=ARRIVED)
    room.deliver(letter("older"), received=datetime(1980, 1, 1, tzinfo=UTC))
    assert ids(drain(mailbox, cursor)[0]) == ["older", "same"]


def test_what_is_no_mail(room: MaildirRoom) -> None:
    """Directories, pipes, links and hidden files among the mails are passed over, and none is waited for."""
    os.mkfifo(room.path / "new" / "1.pipe")
    (room.path / "new" / "2.directory").mkdir()
    (room.path / "new" / "3.link").symlink_to("/etc/hostname")
    (room.path / "new" / ".4.hidden").write_bytes(letter("hidden"))
    room.deliver(letter("one"))
    assert ids(drain(room.open())[0]) == ["one"]


def test_names_that_are_no_text(room: MaildirRoom) -> None:
    """A file whose name is no UTF-8 has a key that is, always the same."""
    for name in ("1.\udcff.test", "1.\udcfe.test"):
        room.deliver(letter("one"), name=name)
    keys = sorted(mail.key for mail in drain(room.open())[0])
    assert keys == ["INBOX;1.\\xfe.test", "INBOX;1.\\xff.test"]
    assert all(key.encode() for key in keys)


def test_cursor_forgets(room: MaildirRoom) -> None:
    """A cursor does not grow with mails that have been deleted."""
    mailbox = room.open()
    _, empty, _ = drain(mailbox)
    for number in range(50):
        room.deliver(letter(f"n{number}"))
    _, full, _ = drain(mailbox, empty)
    shutil.rmtree(room.path / "new")
    (room.path / "new").mkdir()
    _, after, _ = drain(mailbox, full)
    assert len(full) > len(empty)
    assert after == empty


def test_made(tmp_path: Path) -> None:
    """A Maildir whose parent is there is made, closed to other users."""
    mailbox = open_mailbox("crewe", Door(kind="maildir", path=str(tmp_path / "inbox")))
    assert mailbox.fetch("", 10).done
    assert sorted(path.name for path in (tmp_path / "inbox").iterdir()) == ["cur", "new", "tmp"]
    assert (tmp_path / "inbox").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("path", "told"),
    [("missing/inbox", "no Maildir can be made at"), ("used", "holds other things than mail"), ("file", "File exists")],
)
def test_not_made(tmp_path: Path, path: str, told: str) -> None:
    """Where no Maildir can be, nothing is made, and the operator is told what to do."""
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "letters.txt").touch()
    (tmp_path / "file").touch()
    with pytest.raises(DoorClosed, match=told):
        open_mailbox("crewe", Door(kind="maildir", path=str(tmp_path / path))).fetch("", 10)
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["file", "letters.txt", "used"]


def test_way_out() -> None:
    """A door that mail only leaves by is no mailbox, and the kinds that are get named."""
    with pytest.raises(BotError, match="imap, maildir"):
        open_mailbox("crewe", Door(kind="smtp", host="mx.csc.example"))


Deed = st.tuples(st.sampled_from(["deliver", "read", "flag", "move", "delete", "fetch"]), st.integers(0, 9))


@given(deeds=st.lists(Deed, max_size=30), limit=st.integers(1, 4))
def test_whatever_people_do(tmp_path_factory: pytest.TempPathFactory, deeds: list[tuple[str, int]], limit: int) -> None:
    """In any order of deliveries, readings, moves, deletions and fetches, no mail that stays is missed and no key comes
    twice."""
    room = MaildirRoom(tmp_path_factory.mktemp("room") / "crewe")
    room.make_folder("Done")
    mailbox, cursor, given_keys = room.open(folders=("Done",)), "", list[str]()
    for number, (deed, choice) in enumerate((*deeds, ("fetch", 99))):
        files = sorted(file for file in room.path.rglob("*") if file.is_file())
        file = files[choice % len(files)] if files else None
        if deed == "deliver":
            room.deliver(letter(f"n{number}"), received=datetime.fromtimestamp(choice, UTC))
        elif deed == "fetch":
            batch = mailbox.fetch(cursor, limit)
            while not batch.done and choice == 99:
                given_keys += [mail.key for mail in batch.mails]
                batch = mailbox.fetch(batch.cursor, limit)
            given_keys += [mail.key for mail in batch.mails]
            cursor = batch.cursor
        elif file and deed in ("read", "flag"):
            flags = "S" if deed == "read" else "FS"
            file.rename(file.parent.parent / "cur" / f"{file.name.partition(':')[0]}:2,{flags}")
        elif file and deed == "move":
            file.rename(room.path / ".Done" / "cur" / file.name)
        elif file:
            file.unlink()
    left = {
        f"{folder};{file.name.partition(':')[0]}"
        for folder, path in (("INBOX", room.path), ("Done", room.path / ".Done"))
        for part in ("new", "cur")
        for file in (path / part).iterdir()
    }
    assert left <= set(given_keys)
    assert len(given_keys) == len(set(given_keys))
