"""winmail.dat: the words and the files that Outlook hides in its own format, by [MS-OXTNEF].

The filled form and, from some servers, the words themselves are nowhere else in such a mail. Every length and every
count in the file is a stranger's: each is held against what is left before anything is taken, and the whole costs no
more than one pass over the bytes. Checksums are not looked at, rich text without a plain or HTML version stays unread,
and an embedded mail is a file like any other.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from bot.mail.bytes.text import MAX_TEXT, decode, from_html

_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_NAME = "winmail.dat"
MAX_BYTES = 32 << 20
MAX_OBJECTS = 2000
MAX_PROPERTIES = 20_000
MAX_FILES = 100
MAX_NAME = 1024  # octets
_SIGNATURE = b"\x78\x9f\x3e\x22"
_START, _CHECKSUM = 6, 2

# objects (level, then name)
_OF_FILE = 2
_BODY, _FILE_DATA, _TITLE, _NEW_FILE = 0x800C, 0x800F, 0x8010, 0x9002
_PROPERTIES, _FILE_PROPERTIES, _CODEPAGE = 0x9003, 0x9005, 0x9007
# properties
_TEXT, _HTML, _UNPACKED_TEXT, _INTERNET_CODEPAGE = 0x1000, 0x1013, 0x3FD9, 0x3FDE
_DATA, _SHORT_NAME, _LONG_NAME = 0x3701, 0x3704, 0x3707
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_OBJECT, _STRING, _UNICODE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_VARIABLE = frozenset({_OBJECT, _STRING, _UNICODE, _BINARY})
_MANY, _NAMED = 0x1000, 0x8000
_NAMED_BY_WORDS = 1
_INTERFACE = 16  # octets that say what an embedded object is
_CHARSETS = {932: "cp932", 936: "gbk", 949: "cp949", 950: "big5", 1200: "utf-16-le", 28605: "iso8859-15"}
#: Written in this one as often as not while UTF-8 is meant: the words are looked at.
_LATIN = (0, 1252, 20127, 28591, 65001)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The text ("" where there is only rich text) and the files, each with the name it had."""

    text: str
    files: tuple[tuple[str, bytes], ...]


class _Broken(Exception):
    """A length leads out of the file, or there is more of something than a mail has."""


class _Bytes:
    """Octets that are taken from the front; what is not there is not taken."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, size: int) -> memoryview:
        if size > self.left:
            raise _Broken
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")


@dataclass(slots=True)
class _File:
    title: bytes = b""
    name: str = ""
    data: memoryview = field(default_factory=lambda: memoryview(b""))


@dataclass(slots=True)
class _Found:
    """What the file has said so far. `budget`: how many properties may still be looked at, in all lists together."""

    codepage: int = 0
    internet: int = 0
    text: str = ""
    html: memoryview = field(default_factory=lambda: memoryview(b""))
    files: list[_File] = field(default_factory=list)
    budget: int = MAX_PROPERTIES


def is_named(kind: str, name: str) -> bool:
    """Whether a part's type or name says that it is one."""
    return kind in _TYPES or name.lower() == _NAME


def unpack(data: bytes) -> Unpacked | None:
    """What stands in it; None where it is no such file, is too much, or a length in it is wrong."""
    if not data.startswith(_SIGNATURE) or len(data) > MAX_BYTES:
        return None
    found = _Found()
    try:
        for level, name, content in _objects(_Bytes(memoryview(data)[_START:])):
            _note(level, name, content, found)
    except _Broken:
        return None
    files = tuple((_name(one, found), bytes(one.data)) for one in found.files if one.data)
    text = found.text.replace("\0", "").strip()
    if not text and found.html:
        text = from_html(decode(bytes(found.html[: 4 * MAX_TEXT]), _charset(found.internet or found.codepage)))
    return Unpacked(text, files)


def _objects(source: _Bytes) -> Iterator[tuple[int, int, memoryview]]:
    """Level, name and content of each; the checksum of the last may be missing."""
    count = 0
    while source.left:
        count += 1
        if count > MAX_OBJECTS:
            raise _Broken
        level, name, _, size = source.number(1), source.number(2), source.number(2), source.number(4)
        yield level, name, source.take(size)
        source.take(min(_CHECKSUM, source.left))


def _note(level: int, name: int, content: memoryview, found: _Found) -> None:
    if level == _OF_FILE:
        _note_file(name, content, found)
    elif name == _CODEPAGE:
        found.codepage = int.from_bytes(content[:4], "little")
    elif name == _BODY:
        found.text = decode(bytes(content[:MAX_TEXT]), _charset(found.codepage))
    elif name == _PROPERTIES:
        _note_words(_given(content, found), found)


def _note_words(given: dict[int, tuple[int, memoryview]], found: _Found) -> None:
    kind, number = given.get(_INTERNET_CODEPAGE, (0, memoryview(b"")))
    found.internet = int.from_bytes(number, "little") if kind in _FIXED else 0
    for name in (_TEXT, _UNPACKED_TEXT):
        if name in given:
            found.text = _words(*given[name], found.internet or found.codepage)
    if _HTML in given:
        kind, found.html = given[_HTML]
        if kind == _UNICODE:
            found.html, found.internet = memoryview(_words(kind, found.html, 0).encode("utf-8", "replace")), 65001


def _note_file(name: int, content: memoryview, found: _Found) -> None:
    if name == _NEW_FILE:
        if len(found.files) >= MAX_FILES:
            raise _Broken
        found.files.append(_File())
    if not found.files:  # data before any file begins
        return
    file = found.files[-1]
    if name == _TITLE:
        file.title = bytes(content[:MAX_NAME])
    elif name == _FILE_DATA:
        file.data = content
    elif name == _FILE_PROPERTIES:
        given = _given(content, found)
        for which in (_SHORT_NAME, _LONG_NAME):  # the long one is the better
            if which in given:
                kind, words = given[which]
                file.name = _words(kind, words[:MAX_NAME], found.codepage) or file.name
        if _DATA in given:
            file.data = given[_DATA][1][_INTERFACE:] if given[_DATA][0] == _OBJECT else given[_DATA][1]


def _given(content: memoryview, found: _Found) -> dict[int, tuple[int, memoryview]]:
    """The properties of a list by name, up to the first that is broken: the rest of the file may be sound."""
    given: dict[int, tuple[int, memoryview]] = {}
    with suppress(_Broken):
        _fill(given, _Bytes(content), found)
    if found.budget < 0:
        raise _Broken
    return given


def _fill(given: dict[int, tuple[int, memoryview]], source: _Bytes, found: _Found) -> None:
    """Type and first value of each, by name. Names that a sender made up are passed over."""
    for _ in range(source.number(4)):
        if not source.left:  # the count is as often wrong as hostile
            return
        kind, name = source.number(2), source.number(2)
        if name >= _NAMED:
            source.take(16)
            is_by_words = source.number(4) == _NAMED_BY_WORDS
            size = source.number(4)
            source.take(_padded(size) if is_by_words else 0)
        value = _value(source, kind & ~_MANY, bool(kind & _MANY), found)
        given[name] = (kind & ~_MANY, value)


def _value(source: _Bytes, kind: int, is_many: bool, found: _Found) -> memoryview:
    """The first value; the others are passed over."""
    if kind not in _VARIABLE and kind not in _FIXED:
        raise _Broken
    count = source.number(4) if is_many or kind in _VARIABLE else 1
    found.budget -= max(1, count)
    if found.budget < 0:
        raise _Broken
    first = memoryview(b"")
    for n in range(count):
        size = source.number(4) if kind in _VARIABLE else _FIXED[kind]
        value = source.take(size)
        source.take(min(_padded(size) - size, source.left))
        first = value if n == 0 else first
    return first


def _padded(size: int) -> int:
    return -(-size // 4) * 4


def _words(kind: int, value: memoryview, codepage: int) -> str:
    """A string property as text, without the zero at its end."""
    given = bytes(value[: 4 * MAX_TEXT])
    text = decode(given[: len(given) // 2 * 2], "utf-16-le") if kind == _UNICODE else decode(given, _charset(codepage))
    return text.rstrip("\0")


def _charset(codepage: int) -> str:
    """The label of a Windows code page; "" where the bytes are to say it themselves."""
    if codepage in _LATIN:
        return ""
    return _CHARSETS.get(codepage, f"cp{codepage}")


def _name(file: _File, found: _Found) -> str:
    given = file.name or decode(file.title, _charset(found.codepage))
    return " ".join(given.replace("\0", " ").split())
