"""Puts one mail into a Maildir that somebody else reads: whole and durable, or not at all.

The bytes are written in tmp/, forced to the disk, renamed into new/ under a name that no other process takes, and the
folder is forced to the disk, too. It makes no Maildir: one that is not there may be a disk that is not mounted. It must
not know whose mail it is, or what it says.
"""

import contextlib
import itertools
import os
import secrets
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from bot.model.errors import DoorClosed
from bot.model.failpoints import failpoint

CHUNK = 65_536
#: Some delivery agents write the envelope's sender above the mail, as in an mbox file. No header begins like that.
POSTMARK = b"From "

_numbers = itertools.count(1)


def drop(path: Path, mail: BinaryIO, most: int, now: datetime) -> Path:
    """The file that the mail now is. `most`: bytes it may have.

    Raises DoorClosed: then it is not surely there, and may be brought again (a second copy is known for the same mail).
    """
    _check(path)
    name = _name(now)
    draft, target = path / "tmp" / name, path / "new" / name
    try:
        size = _write(draft, mail, most, (path / "new").stat())
        if not size:
            raise DoorClosed("an empty mail came, which is none: whoever sent it may have broken off")
        failpoint("deliver.rename.before")
        draft.rename(target)
        failpoint("deliver.rename.after")
        _sync(path / "new")
        failpoint("deliver.sync.after")
    except OSError as error:
        raise DoorClosed(f"the Maildir {path} cannot be written to: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):  # what is left in tmp/ is nobody's mail
            draft.unlink()
    return target


def _check(path: Path) -> None:
    missing = [part for part in ("tmp", "new", "cur") if not (path / part).is_dir()]
    if missing:
        advice = "give its whole path in bot.yaml, and start the daemon once, which makes it"
        raise DoorClosed(f"there is no Maildir at {path.absolute()}: {advice}")
    owner, own = (path / "new").stat().st_uid, os.geteuid()
    if own not in (0, owner):
        raise DoorClosed(f"the Maildir {path} belongs to the user {owner}, and we are {own}: run this as its owner")


def _write(draft: Path, mail: BinaryIO, most: int, like: os.stat_result) -> int:
    """Writes the mail into a new file, durably; returns its size."""
    size = 0
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        if os.geteuid() == 0:
            os.fchown(file.fileno(), like.st_uid, like.st_gid)
        failpoint("deliver.write.before")
        for chunk in _chunks(mail):
            size += len(chunk)
            if size > most:
                raise DoorClosed(f"a mail of more than {most} bytes: raise max_bytes of this door, or the mail waits")
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    failpoint("deliver.write.after")
    return size


def _chunks(mail: BinaryIO) -> Iterator[bytes]:
    first = mail.readline(CHUNK)
    if first.startswith(POSTMARK):
        while first and not first.endswith(b"\n"):
            first = mail.readline(CHUNK)
    else:
        yield first
    while chunk := mail.read(CHUNK):
        yield chunk


def _sync(folder: Path) -> None:
    line = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(line)
    finally:
        os.close(line)


def _name(now: datetime) -> str:
    """Time, process and chance, so that no two deliveries on any machine share a name."""
    host = socket.gethostname().replace("/", r"\057").replace(":", r"\072")
    unique = f"M{now.microsecond}P{os.getpid()}Q{next(_numbers)}R{secrets.token_hex(4)}"
    return f"{int(now.timestamp())}.{unique}.{host}"
