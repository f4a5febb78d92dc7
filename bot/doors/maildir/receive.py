"""Mail in from a Maildir: INBOX, its Maildir++ folders for junk, and the configured ones. The embedded default.

A mail's key is its folder and the unique part of its file name, so that a reader who moves it from new/ to cur/ or sets
a flag makes no new mail of it. Nothing is renamed, touched or deleted. The cursor is the set of names already given,
as hashes of eight bytes, and forgets what no longer lies in the folder: it grows with the folder, eleven characters a
mail, and not for ever. No watermark of times is kept: file times go backwards (a clock set back, a mail moved in from
another folder, a restored copy), and what falls behind a watermark would be lost; names do not.
It must not know what a mail says. Not handled: mbox, folder names outside ASCII (give them as they stand on disk).
"""

import base64
import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.doors.ports import NEWS, Batch, Look, RawMail
from bot.doors.reading import HEAD_BYTES, JUNK_NAMES, bears_id, gather
from bot.model.errors import DoorClosed
from bot.settings.settings import Door

#: Seconds between two looks at the folders' times of change. The kernel tells sooner, but not of what another machine
#: lays into a folder that both share.
LOOK_SECONDS = 15.0
#: Bytes of a file in which its Message-ID is looked for.
HEADER_BYTES = 262_144

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file as it lies there now. `unique`: its name without the flags that readers change."""

    unique: str
    path: Path
    received: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Which names of a folder were given. `is_first`: its first pass has not reached the end yet; `where`: which
    directories they lay in, "" where that was not noted."""

    known: frozenset[bytes]
    is_first: bool = False
    where: str = ""


class MaildirMailbox:
    """One Maildir, made when only its last directories are missing. For one thread at a time."""

    def __init__(self, name: str, door: Door) -> None:
        self.name = name
        self._door = door
        self._root = Path(door.path)
        self.server = f"the disk at {self._root.parent}"
        self._seen: dict[Path, tuple[int, int]] = {}

    def fetch(self, cursor: str, limit: int) -> Batch:
        """See ports.Mailbox. Folder by folder, each in order of the files' modification times, taken for arrivals.

        A file that cannot be read holds up no other. Raises DoorClosed when there is no Maildir, and when nothing but
        unreadable files is left.
        """
        marks = _marks(cursor)
        went_back: list[str] = []
        with self._disk():
            folders = self._watched()
            self._seen = _changes(folders)

            def read(folder: str, mark: Mark | None, limit: int, room: int) -> tuple[list[RawMail], Mark, bool]:
                where = _where(folders[folder])
                if mark is not None and mark.where not in ("", where):
                    went_back.extend([] if mark.is_first else [folder])
                    mark = replace(mark, known=frozenset())
                mails, after, more = self._read(folder, folders[folder], mark, limit, room)
                return mails, replace(after, where=where), more

            mails, done, is_first = gather(folders, marks, limit, read)
        return Batch(tuple(mails), _cursor(marks), done, is_first, tuple(went_back))

    def ack(self, keys: Sequence[str]) -> None:
        """Nothing: the files stay as they are, and the work list is our own ledger."""

    def look(self, *, anew: bool = False) -> Look:  # noqa: ARG002 - it always does
        """See ports.Mailbox. Compares the folders' times of change with those at which the last fetch began."""
        with self._disk():
            folders = self._watched()
            now = _changes(folders)
        if now != self._seen:
            return NEWS
        return Look(seconds=LOOK_SECONDS, folders=(str(self._root), *map(str, now)))

    def find(self, message_id: str) -> bool:
        """See ports.Mailbox. Reads the header of every file of the `sent` folder and the watched ones."""
        sought = message_id.strip("<>")
        with self._disk():
            while True:
                sent = [self._folder(self._door.sent)] if self._door.sent else []
                folders = dict.fromkeys((*sent, *self._watched().values()))
                try:
                    return any(_bears(file, sought) for path in folders for file in _names(path).values())
                except FileNotFoundError:
                    continue  # a reader moved a file just now, and it may be the one: look again

    def close(self) -> None:
        """Nothing is held open."""

    @contextlib.contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DoorClosed(f"{self.name}: {self._root} cannot be read: {error.strerror}") from error

    def _watched(self) -> dict[str, Path]:
        """Folder name -> directory. Raises DoorClosed, naming what is missing and how to make it."""
        root = self._root
        if not _is_maildir(root):
            if root.is_dir() and any(root.iterdir()):
                made = f"mkdir {root}/{{tmp,new,cur}}"
                raise DoorClosed(f"{self.name}: {root} holds other things than mail: make it a Maildir with {made}")
            self._make(root)
        junk = [child.name[1:] for child in root.iterdir() if child.name[1:].casefold() in JUNK_NAMES]
        names = [name for name in sorted(junk) if _is_maildir(root / f".{name}")]
        return {"INBOX": root} | {name: self._folder(name) for name in (*names, *self._door.folders)}

    def _folder(self, name: str) -> Path:
        if name.upper() == "INBOX":
            return self._root
        path = self._root / f".{name.replace('/', '.')}"
        if not _is_maildir(path):
            raise DoorClosed(f"{self.name}: there is no folder {name!r}: make it with mkdir -p {path}/{{tmp,new,cur}}")
        return path

    def _make(self, root: Path) -> None:
        try:
            root.mkdir(mode=0o700, exist_ok=True)
            for part in ("tmp", "new", "cur"):
                (root / part).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise DoorClosed(f"{self.name}: no Maildir can be made at {root}: {error.strerror}") from error

    def _read(
        self, folder: str, path: Path, mark: Mark | None, limit: int, room: int
    ) -> tuple[list[RawMail], Mark, bool]:
        """Up to `limit` mails and about `room` bytes whose names are not in `mark`."""
        here = _names(path)
        hashes = {unique: _hash(unique) for unique in here}
        given = set(mark.known) & set(hashes.values()) if mark else set()
        mails: list[RawMail] = []
        unreadable = 0
        more = False
        for entry in _entries({unique: file for unique, file in here.items() if hashes[unique] not in given}):
            room -= self._fetched(entry)
            if mails and (len(mails) >= limit or room < 0):
                more = True
                break
            try:
                mail = self._mail(folder, entry)
            except FileNotFoundError:
                continue  # a reader moved it just now: it is listed under its new name next time
            except OSError:
                unreadable += 1
                continue
            mails.append(mail)
            given.add(hashes[entry.unique])
        if unreadable and not mails:
            raise DoorClosed(f"{self.name}: {unreadable} files in {path} cannot be read: look at their permissions")
        more = more or unreadable > 0
        return mails, Mark(frozenset(given), more and (mark is None or mark.is_first)), more

    def _fetched(self, entry: Entry) -> int:
        """Bytes that are read of it."""
        most = self._door.max_bytes
        return entry.size if entry.size <= most else min(HEAD_BYTES, most)

    def _mail(self, folder: str, entry: Entry) -> RawMail:
        is_cut = entry.size > self._door.max_bytes
        with entry.path.open("rb") as file:
            raw = file.read(self._fetched(entry) if is_cut else -1)
        # A file name is bytes; the key must be text whatever they are.
        unique = os.fsencode(entry.unique).decode("utf-8", "backslashreplace")
        return RawMail(f"{folder};{unique}", folder, raw, entry.received, is_cut, entry.size)


def _is_maildir(path: Path) -> bool:
    return (path / "new").is_dir() and (path / "cur").is_dir()


def _where(path: Path) -> str:
    """What tells the directories of a folder from others of their names: a Maildir that was put back has new ones."""
    return " ".join(str((path / part).stat().st_ino) for part in ("", "cur"))


def _names(path: Path) -> dict[str, Path]:
    """Unique name -> file. new/ is listed before cur/, as readers move that way: nothing slips between the two."""
    return {
        file.name.partition(":")[0]: file
        for part in ("new", "cur")
        for file in (path / part).iterdir()
        if not file.name.startswith(".")
    }


def _entries(files: Mapping[str, Path]) -> list[Entry]:
    """The plain files among them, oldest first; a link, a pipe or a directory is no mail."""
    entries = []
    for unique, path in files.items():
        try:
            told = path.lstat()
        except FileNotFoundError:
            continue  # moved by a reader since it was listed
        if stat.S_ISREG(told.st_mode):
            received = EPOCH + timedelta(microseconds=told.st_mtime_ns // 1000)
            entries.append(Entry(unique, path, received, told.st_size))
    return sorted(entries, key=lambda entry: (entry.received, entry.unique))


def _bears(file: Path, message_id: str) -> bool:
    with file.open("rb") as opened:
        return bears_id(opened.read(HEADER_BYTES), message_id)


def _changes(folders: Mapping[str, Path]) -> dict[Path, tuple[int, int]]:
    """What a delivery changes. new/ is counted, too: two deliveries within a tick of the disk's clock look like one."""
    parts = [(path / part, part == "new") for path in folders.values() for part in ("new", "cur")]
    return {path: (path.stat().st_mtime_ns, sum(1 for _ in path.iterdir()) if is_new else 0) for path, is_new in parts}


def _hash(unique: str) -> bytes:
    return hashlib.blake2b(os.fsencode(unique), digest_size=8).digest()


def _marks(cursor: str) -> dict[str, Mark]:
    """A cursor of another kind of door tells nothing about this one: everything is seen for the first time."""
    kept = json.loads(cursor).get("maildir", {}) if cursor else {}
    return {
        folder: Mark(_unpacked(mark["known"]), mark["is_first"], mark.get("where", "")) for folder, mark in kept.items()
    }


def _cursor(marks: Mapping[str, Mark]) -> str:
    kept = {
        folder: {"known": _packed(mark.known), "is_first": mark.is_first, "where": mark.where}
        for folder, mark in marks.items()
    }
    return json.dumps({"maildir": kept})


def _packed(known: frozenset[bytes]) -> str:
    return base64.b64encode(b"".join(sorted(known))).decode()


def _unpacked(text: str) -> frozenset[bytes]:
    packed = base64.b64decode(text)
    return frozenset(packed[at : at + 8] for at in range(0, len(packed), 8))
