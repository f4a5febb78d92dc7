"""The marks by which a mail shows that its words are sealed: encrypted, rights-managed or behind somebody's website.

Content types, file names, header values and opening words, from what UK public bodies send (Exchange encryption,
NHSmail, Egress, Cisco, S/MIME, PGP); they stand in patterns/marks.yaml. It opens nothing and follows no link. A mail
that carries a mark counts by its headers; words in clear beside it are shown, and are never taken for an answer. Marks
that are words count in what its writer added, not in a quotation, which is not known here: who answers such a notice
in clear has answered.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, product

import re2
from tnefparse.tnef import TNEF

from bot.mail.bytes.headers import Headers, decoded
from bot.mail.bytes.text import decode, from_html
from bot.mail.patterns.topics import topic

_MARKS = topic("marks")
_TYPES, _NAMES, _EMPTY_NAMES = (_MARKS.rows(name) for name in ("sealed_types", "sealed_names", "sealed_names_alone"))
_WORDS = _MARKS.pattern("notice")
_INLINE_PGP = re2.compile(r"(?m)^-----BEGIN PGP MESSAGE-----\s*$")
_PGP_BLOCK = re2.compile(r"(?ms)^-----BEGIN PGP MESSAGE-----\s*$.*?(?:^-----END PGP MESSAGE-----\s*$|\z)")
_PLACEHOLDER = _MARKS.pattern("placeholder")
#: Another mail lies in the mailbox, and its server cannot hand it over: this one only says so.
WITHHELD = "withheld: the mail server could not hand over the mail that this one stands for"
_WORDS_WITHIN = 1500
_CONTENT_CLASS = "rpmsg.message"


def why(headers: Headers, types: Iterable[str], names: Iterable[str], *, has_text: bool) -> str:
    """In words why headers, content types and file names say that the body cannot be read; "" where they do not."""
    if _PLACEHOLDER.match(decoded(headers.get("subject"))):
        return WITHHELD
    if headers.get("content-class").strip().lower() == _CONTENT_CLASS:
        return "rights-managed mail"
    table = _NAMES if has_text else (*_NAMES, *_EMPTY_NAMES)
    given = chain(product(types, _TYPES), product(names, table))
    return next((str(words) for one, (pattern, words) in given if pattern.search(one)), "")


def told(text: str, new_of: Callable[[str], str]) -> str:
    """In words why the text says itself that it cannot be read; "" where it does not. `new_of`: what of it is new."""
    if _INLINE_PGP.search(text) and _is_written(_INLINE_PGP.search, new_of(text)):
        return "encrypted mail (PGP)"
    begun = text[:_WORDS_WITHIN]
    is_notice = _WORDS.search(begun) and _is_written(_WORDS.search, new_of(begun))
    return "notice of a mail held on a secure website" if is_notice else ""


def beside(text: str) -> str:
    """What stands in clear beside blocks that are encrypted by PGP; "" where there is no such block."""
    return _PGP_BLOCK.sub("\n", text).strip() if _INLINE_PGP.search(text) else ""


def _is_written(search: Callable[[str], object], new: str) -> bool:
    """Whether a mark stands in what is new, or nothing is new."""
    return not new or bool(search(new))


# winmail.dat: what Outlook hides in its own format, taken out by tnefparse. The filled form and, from some servers,
# the words themselves are nowhere else in such a mail. The format is counted through before the library sees it,
# since the library copies the rest of the file for every object. It runs in the reading process with its limits; rich
# text without a plain or HTML version stays unread.

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
