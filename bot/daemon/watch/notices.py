"""What the kernel tells of directories, by one descriptor for all (inotify): a file has come, or it is another one.

The kernel's own calls by ctypes, as the standard library has none. Hints only: of a directory that another machine
writes to nothing is told, and where the kernel refuses a watch its owner looks by itself.
"""

import ctypes
import os
import struct
from collections import defaultdict
from collections.abc import Iterable

_libc = ctypes.CDLL(None, use_errno=True)

_CREATED, _MOVED_HERE, _DELETED_ITSELF, _MOVED_ITSELF = 0x100, 0x80, 0x400, 0x800
_OVERFLOW, _IGNORED, _ONLY_DIRECTORIES = 0x4000, 0x8000, 0x1000000
_WANTED = _CREATED | _MOVED_HERE | _DELETED_ITSELF | _MOVED_ITSELF | _ONLY_DIRECTORIES
_EVENT = struct.Struct("iIII")
_MOST = 65_536


class Notices:
    """For one thread. Raises OSError where the kernel gives no descriptor."""

    def __init__(self) -> None:
        self._file: int = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._keys: defaultdict[int, set[str]] = defaultdict(set)
        self._watches: defaultdict[str, frozenset[int]] = defaultdict(frozenset)

    def fileno(self) -> int:
        return self._file

    def watch(self, key: str, folders: Iterable[str]) -> bool | None:
        """Has these directories watched for `key`, and no others. Whether one of them was not before, so that something
        may have come meanwhile; None where the kernel refuses."""
        before = self._watches[key]
        told = [_libc.inotify_add_watch(self._file, os.fsencode(path), ctypes.c_uint32(_WANTED)) for path in folders]
        now = self._watches[key] = frozenset(watch for watch in told if watch >= 0)
        for watch in now - before:
            self._keys[watch].add(key)
        for watch in before - now:
            self._keys[watch].discard(key)
            if not self._keys[watch]:
                del self._keys[watch]
                _libc.inotify_rm_watch(self._file, watch)  # refused where the directory has gone, with its watch
        return None if len(told) > len([watch for watch in told if watch >= 0]) else bool(now - before)

    def heard(self) -> set[str]:
        """The keys of directories into which something has come, or which are no more what they were."""
        found: set[str] = set()
        while data := self._read():
            at = 0
            while at < len(data):
                watch, mask, _, length = _EVENT.unpack_from(data, at)
                at += _EVENT.size + length
                if mask & _OVERFLOW:
                    found |= self._watches.keys()
                found |= self._keys.get(watch, set())
                if mask & _IGNORED:  # the kernel may give its number to another
                    self._forget(watch)
        return found

    def _forget(self, watch: int) -> None:
        for key in self._keys.pop(watch, set()):
            self._watches[key] -= {watch}

    def _read(self) -> bytes:
        try:
            return os.read(self._file, _MOST)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        os.close(self._file)
