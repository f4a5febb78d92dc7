"""Letters out into a Maildir: one file per letter, for the demo, rehearsals and a mail system that picks up from there.

A file appears in `new/` whole and durable, or not at all. Its name comes from the Message-ID, so that handing over the
same bytes again after a crash finds them there and adds no copy. It keeps no envelope: recipients are in the letter.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path

from bot.doors.gate import Allowed, check_lines, sift
from bot.doors.ports import Envelope, Outcome, Refusal
from bot.model.errors import DoorClosed, Unsure
from bot.model.failpoints import failpoint
from bot.settings.settings import Door


class MaildirTransport:
    """A Transport into `door.path`."""

    def __init__(self, door: Door, allowed: Allowed) -> None:
        self._path = Path(door.path)
        self._allowed = allowed

    def offer(self, envelope: Envelope) -> MaildirOffer:
        """Raises DoorClosed when the folder cannot be made or written to."""
        check_lines(envelope.raw)
        accepted, barred = sift(envelope, self._allowed)
        if accepted:
            try:
                make(self._path)
            except OSError as error:
                raise DoorClosed(f"the Maildir {self._path} cannot be used: {error.strerror}") from error
        return MaildirOffer(self._path, envelope, accepted, barred)

    def find(self, offer_id: str) -> bool:
        """See ports.Transport. The file of that letter lies there, seen by a reader or not."""
        try:
            return _find(self._path, f"{offer_id}.0") is not None
        except OSError as error:
            raise DoorClosed(f"the Maildir {self._path} cannot be used: {error.strerror}") from error

    def close(self) -> None:
        """Nothing is kept open."""


class MaildirOffer:
    """A letter that has not touched the disk yet."""

    def __init__(self, path: Path, envelope: Envelope, accepted: tuple[str, ...], refused: tuple[Refusal, ...]) -> None:
        self.id = _stem(envelope.message_id.encode())
        self.assigned_id = ""
        self.accepted = accepted
        self.refused = refused
        self._path = path
        self._raw = envelope.raw
        self._is_over = not accepted

    def deliver(self) -> Outcome:
        if self._is_over:
            raise DoorClosed("this offer is over: the letter must be offered again")
        self._is_over = True
        try:
            path = deliver(self._path, self._raw, name=self.id)
        except OSError as error:
            words = f"writing into the Maildir {self._path} failed: {error.strerror}"
            # Nothing was shown to a reader before the rename; after it, only the power cut we fear could undo it.
            raise (Unsure if _find(self._path, f"{self.id}.0") else DoorClosed)(words) from error
        return Outcome(self.accepted, self.refused, reply=path.name)

    def abandon(self) -> None:
        self._is_over = True


def make(path: Path) -> None:
    """Makes the Maildir (0700) if it is not there. Raises OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("tmp", "new", "cur"):
        (path / name).mkdir(mode=0o700, exist_ok=True)


def deliver(path: Path, raw: bytes, received: datetime | None = None, name: str = "") -> Path:
    """Puts one mail into the Maildir's `new/`, made if need be, and returns its file.

    `received` becomes the file's time, which readers take for the arrival. With a `name`, bytes that already lie under
    it are not put there again; without one every call adds a file. Raises OSError.
    """
    make(path)
    stem = name or _stem(raw)
    for n in range(1_000_000):
        target = path / "new" / f"{stem}.{n}"
        there = _find(path, target.name)
        if there is None:
            return _write(path, target, raw, received)
        if name and there.read_bytes() == raw:
            return there
    raise FileExistsError(f"a million mails of one name in {path}")


def _stem(what: bytes) -> str:
    return hashlib.sha256(what).hexdigest()[:32]


def _find(path: Path, name: str) -> Path | None:
    """The file of that name, new or already seen by a reader (who moves it to `cur/` and adds `:2,` and flags)."""
    new = path / "new" / name
    if new.exists():
        return new
    return next((path / "cur").glob(f"{name}:*"), None)


def _write(path: Path, target: Path, raw: bytes, received: datetime | None) -> Path:
    draft = path / "tmp" / target.name
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    if received is not None:
        os.utime(draft, (received.timestamp(), received.timestamp()))
    failpoint("maildir.rename.before")
    draft.rename(target)
    failpoint("maildir.rename.after")
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return target
