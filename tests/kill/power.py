"""A disk that loses its power, below SQLite: `python -m tests.kill.power FOLDER WORK` writes FOLDER/images.pickle.

A file system of SQLite's own kind (a VFS) stands on the ordinary one, for that process alone. It passes everything on,
and keeps apart what was synced and what was only written. Before its writes and syncs it draws what a power cut would
leave, which is what was synced with nothing or some of the rest, and what a kill would leave, which is all. That a disk
keeps what it was told to sync, and which files there are, is taken on trust. It judges nothing: the tests do.
"""

from __future__ import annotations

import ctypes
import pickle
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_longlong, c_void_p
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.store import cases, meta
from bot.store.db import Database
from tests.need import missing

COMMITS = 8
#: So many are drawn; work that leaves more is looked at no further.
MOST = 500
AT = datetime(2027, 3, 1, 9, tzinfo=UTC)

_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_longlong)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_longlong)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)


class _Methods(ctypes.Structure):
    """sqlite3_io_methods."""

    _fields_ = (
        ("version", c_int), ("close", c_void_p), ("read", c_void_p), ("write", c_void_p), ("truncate", c_void_p),
        ("sync", c_void_p), ("others", c_void_p * 13),
    )  # fmt: skip


class _Vfs(ctypes.Structure):
    """sqlite3_vfs."""

    _fields_ = (
        ("version", c_int), ("file_size", c_int), ("longest_path", c_int), ("next", c_void_p), ("name", c_char_p),
        ("data", c_void_p), ("open", c_void_p), ("delete", c_void_p), ("others", c_void_p * 14),
    )  # fmt: skip


class _File(ctypes.Structure):
    """sqlite3_file."""

    _fields_ = (("methods", POINTER(_Methods)),)


#: At an offset these bytes, or (no bytes) cut to that length.
Change = tuple[int, bytes | None]


@dataclass
class Disk:
    """By file what was synced, and the changes since. `promised`: commits that have returned."""

    synced: dict[str, bytes] = field(default_factory=dict)
    since: dict[str, list[Change]] = field(default_factory=dict)
    promised: int = 0
    every: int = 1  # of so many writes one is looked at; of syncs and cuts each
    writes: int = 0
    images: list[tuple[int, dict[str, bytes]]] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(12))

    def sync(self, name: str) -> None:
        self.synced[name] = _changed(self.synced.get(name, b""), self.since.pop(name, []))

    def delete(self, name: str) -> None:
        self.synced.pop(name, None)
        self.since.pop(name, None)

    def draw(self) -> None:
        """What a power cut, or a kill, at this moment may leave."""
        for part in (0.0, 0.5, 1.0) if len(self.images) < MOST else ():
            kept = {name: [one for one in changes if self._is_kept(part)] for name, changes in self.since.items()}
            names = set(self.synced) | {name for name, changes in kept.items() if changes}
            image = {name: _changed(self.synced.get(name, b""), kept.get(name, [])) for name in names}
            if not self.images or self.images[-1] != (self.promised, image):
                self.images.append((self.promised, image))

    def _is_kept(self, part: float) -> bool:
        return self.chance.random() < part


def _changed(content: bytes, changes: list[Change]) -> bytes:
    made = bytearray(content)
    for offset, data in changes:
        if data is None:
            del made[offset:]
        else:
            made.extend(bytes(max(0, offset - len(made))))
            made[offset : offset + len(data)] = data
    return bytes(made)


def library() -> Path | None:
    """The SQLite that this Python runs with, where it is a library of its own; None: it is built in."""
    sqlite3.connect(":memory:").close()
    maps = Path("/proc/self/maps")
    lines = maps.read_text(encoding="utf-8").splitlines() if maps.exists() else []
    return next((Path(line.split()[-1]) for line in lines if "libsqlite3" in line), None)


class Below:
    """The file system between SQLite and the ordinary one, until the process ends."""

    def __init__(self, sqlite: Path, disk: Disk) -> None:
        self.disk = disk
        self._names: dict[int, str] = {}
        self._kept: list[object] = []  # what SQLite points to
        lib = ctypes.CDLL(str(sqlite))
        lib.sqlite3_vfs_find.restype = POINTER(_Vfs)
        self._under = lib.sqlite3_vfs_find(None)
        self._open_under = _OPEN(self._under.contents.open)
        self._delete_under = _DELETE(self._under.contents.delete)
        self._methods: dict[int, _Methods] = {}
        ours = _Vfs.from_buffer_copy(self._under.contents)
        ours.name, ours.next = b"below", None
        ours.open = self._pointer(_OPEN(self._open))
        ours.delete = self._pointer(_DELETE(self._delete))
        self._kept.append(ours)
        if lib.sqlite3_vfs_register(ctypes.byref(ours), 1):
            raise OSError("SQLite takes no file system of ours")

    def _pointer(self, function: object) -> int | None:
        self._kept.append(function)
        return ctypes.cast(function, c_void_p).value  # type: ignore[arg-type]

    def _open(self, _vfs: int, name: int | None, file: int, flags: int, told: int | None) -> int:
        code = self._open_under(ctypes.addressof(self._under.contents), name, file, flags, told)
        opened = ctypes.cast(file, POINTER(_File)).contents
        if code == 0 and name and opened.methods:
            self._names[file] = Path(ctypes.string_at(name).decode()).name
            opened.methods = ctypes.pointer(self._watched(opened.methods))
        return code

    def _delete(self, _vfs: int, name: int, is_synced: int) -> int:
        self.disk.delete(Path(ctypes.string_at(name).decode()).name)
        return self._delete_under(ctypes.addressof(self._under.contents), name, is_synced)

    def _watched(self, under: ctypes._Pointer[_Methods]) -> _Methods:
        where = ctypes.addressof(under.contents)
        if where not in self._methods:
            ours = _Methods.from_buffer_copy(under.contents)
            write, truncate, sync = _WRITE(ours.write), _TRUNCATE(ours.truncate), _SYNC(ours.sync)

            def write_too(file: int, data: int, size: int, offset: int) -> int:
                self.disk.writes += 1
                if self.disk.writes % self.disk.every == 0:
                    self.disk.draw()
                self._note(file, (offset, ctypes.string_at(data, size)))
                return write(file, data, size, offset)

            def truncate_too(file: int, size: int) -> int:
                self.disk.draw()
                self._note(file, (size, None))
                return truncate(file, size)

            def sync_too(file: int, flags: int) -> int:
                self.disk.draw()
                self.disk.sync(self._names[file])
                return sync(file, flags)

            ours.write = self._pointer(_WRITE(write_too))
            ours.truncate = self._pointer(_TRUNCATE(truncate_too))
            ours.sync = self._pointer(_SYNC(sync_too))
            self._methods[where] = ours
        return self._methods[where]

    def _note(self, file: int, change: Change) -> None:
        self.disk.since.setdefault(self._names[file], []).append(change)


def images_of(work: str, folder: Path) -> list[tuple[int, dict[str, bytes]]]:
    """What that work may leave in the folder when it is cut short: how many commits had returned, and the files."""
    if library() is None:
        missing("an SQLite of its own", "this Python has SQLite built in: take one that uses the system's")
    command = [sys.executable, "-m", "tests.kill.power", str(folder), work]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")
    found: list[tuple[int, dict[str, bytes]]] = pickle.loads((folder / "images.pickle").read_bytes())
    return found


def put(files: dict[str, bytes], folder: Path) -> Path:
    """The image as files of a new folder; its database."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder / "bot.db"


def commits(db: Database, disk: Disk) -> None:
    """One value after another, tidying in between as the daemon does."""
    db.migrate()
    db.tidy()
    disk.images.clear()
    for n in range(1, COMMITS + 1):
        with db.begin() as tx:
            meta.put(tx, f"kept/{n}", "x" * 3000)
        disk.promised = n
        disk.draw()
        if n == COMMITS // 2:
            db.tidy()


def migrates(db: Database, disk: Disk) -> None:
    disk.every = 10
    db.migrate()


def purges(db: Database, disk: Disk) -> None:
    """The first case that can be forgotten, as `purge` does it."""
    disk.every = 10
    with db.begin() as tx:
        case = next(c for c in cases.all_cases(tx) if not c.is_open and not c.deadlines)
        cases.purge(tx, case.number, AT)
        cases.note_purge(tx, case.ref, AT)
    db.scrub()


def main(folder: Path, work: Callable[[Database, Disk], None]) -> None:
    sqlite, file, disk = library(), folder / "bot.db", Disk()
    if sqlite is None:
        raise SystemExit("SQLite is built into this Python")
    if file.exists():
        disk.synced[file.name] = file.read_bytes()
    below = Below(sqlite, disk)
    db = Database(f"sqlite:///{file}")
    work(db, below.disk)
    disk.draw()
    db.close()
    (folder / "images.pickle").write_bytes(pickle.dumps(disk.images))


if __name__ == "__main__":
    main(Path(sys.argv[1]), {"commits": commits, "migrates": migrates, "purges": purges}[sys.argv[2]])
