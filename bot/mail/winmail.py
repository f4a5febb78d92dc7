"""winmail.dat: what Outlook hides in its own format, taken out by tnefparse.

The filled form and, from some servers, the words themselves are nowhere else in such a mail. The format is counted
through before the library sees it, since the library copies the rest of the file for every object. It runs in the
reading process with its limits; rich text without a plain or HTML version stays unread.
"""

from __future__ import annotations

from dataclasses import dataclass

from tnefparse.tnef import TNEF

from bot.mail.text import decode, from_html

TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
NAME = "winmail.dat"
MAX_BYTES = 32 << 20
MAX_OBJECTS = 2000
MAX_COPIED = 1 << 30
MAX_FILES = 100
_START = 6
_HEAD = 9
_CHECKSUM = 2


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The text ("" where there is only rich text) and the files, each with the name it had."""

    text: str
    files: tuple[tuple[str, bytes], ...]


def unpack(data: bytes) -> Unpacked | None:
    """What stands in it; None where it is no such file, is too much, or cannot be taken apart."""
    if not data.startswith(b"\x78\x9f\x3e\x22") or not _is_bearable(data):
        return None
    try:
        found = TNEF(data, do_checksum=False)  # type: ignore[no-untyped-call]
        files = tuple((_name(file), bytes(file.data)) for file in found.attachments[:MAX_FILES] if file.data)
        return Unpacked(_text(found), files)
    except MemoryError:
        raise
    except Exception:  # the library trusts every length in the file; a stranger wrote them
        return None


def _is_bearable(data: bytes) -> bool:
    """Follows the lengths from object to object: how many there are, and what copying the rest each time costs."""
    at, objects, copied = _START, 0, 0
    while at + _HEAD < len(data):
        objects += 1
        copied += len(data) - at
        if objects > MAX_OBJECTS or copied > MAX_COPIED:
            return False
        at += _HEAD + int.from_bytes(data[at + 5 : at + _HEAD], "little") + _CHECKSUM
    return len(data) <= MAX_BYTES


def _text(found: TNEF) -> str:
    if found.body:
        return _decoded(found.body).replace("\0", "").strip()
    return from_html(_decoded(found.htmlbody)) if found.htmlbody else ""


def _decoded(words: object) -> str:
    return decode(words, "") if isinstance(words, bytes) else str(words)


def _name(file: object) -> str:
    name = file.long_filename() if hasattr(file, "long_filename") else ""
    return " ".join(_decoded(name).replace("\0", " ").split())
