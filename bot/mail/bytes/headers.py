"""The header block of a mail as fields, cut to size before anything looks into it.

Python's own header parser needs minutes and gigabytes for some 700 kB subjects, so the caps come first: whatever is
beyond them is dropped and named as a defect. Values stay as they were written (unfolded); `decoded` turns one into
text. It knows nothing of addresses (addresses.py) nor of the body (parse.py).
"""

import binascii
from codecs import BOM_UTF8
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime
from typing import Self

from bot.mail import re2
from bot.mail.bytes.text import cleaned, decode, turns

MAX_BLOCK = 256 * 1024
MAX_FIELD = 16 * 1024
MAX_FIELDS = 1000
MAX_IDS = 200
MAX_ID = 990
#: Encoded words beyond this many in one field are not decoded: no person writes so long a subject.
MAX_ENCODED_WORDS = 400

_ID = re2.compile(r"<([^<>\s]+)>")
_NAME = re2.compile(rb"[!-9;-~]+[ \t]*:")
_GAP = re2.compile(r"\?=[ \t\r\n]+=\?")
_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
_MBOX = re2.compile(rb">?From[ \t]", _BYTES)
_PREAMBLE = re2.compile(rb"(?:[ \t]*\r?\n|>?From [^\n]*\n)+", _BYTES)
#: Many times more CR than LF: the CR ends the lines.
_FEW_ENDS = 4
#: Lines among the fields that are none: more than these, and the block is no longer one.
_MOST_JUNK = 3
#: Fields that stand below such a line if the block goes on, and in no letter's text.
_OF_MAILS = frozenset({b"message-id", b"mime-version", b"content-type", b"content-transfer-encoding", b"received",
                       b"in-reply-to", b"references"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Headers:
    """Fields in the order of the mail: lower-case name, unfolded raw value. Asking for a missing one gives ""."""

    fields: tuple[tuple[str, str], ...]
    #: How many of them stand above the first line that is no field: a border may have seen no more.
    sure: int | None = None

    @property
    def seen(self) -> Self:
        """The fields that every server on the way has read as such: evidence counts in these only."""
        return self if self.sure is None else type(self)(self.fields[: self.sure])

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.fields if key == name)

    def get(self, name: str) -> str:
        return next((value for key, value in self.fields if key == name), "")

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)


def split(raw: bytes) -> tuple[Headers, bytes, tuple[str, ...]]:
    """Raw mail -> headers, body, defects. Never raises; a mail without a blank line is all header, as far as it is."""
    headers, body, defects = _block(_line_ends(raw))
    if not headers.has("from") and not headers.has("subject"):
        inner, rest, more = _block(body)  # what a pipe has put above the mail, a blank line below it
        if inner.has("from"):
            fields, sure = (*headers.fields, *inner.fields), len(headers.fields)
            headers, body, defects = Headers(fields, sure), rest, (*defects, *more)
    return headers, body, tuple(dict.fromkeys(defects))


def _block(raw: bytes) -> tuple[Headers, bytes, tuple[str, ...]]:
    defects: list[str] = []
    start = _start(raw)
    end, begin = _border(raw, start)
    if end - start > MAX_BLOCK:
        defects.append("header_block_cut")
        end = raw.rfind(b"\n", start, start + MAX_BLOCK) + 1 or start + MAX_BLOCK
    fields, sure, stopped = _fields(raw[start:end].split(b"\n"), defects)
    if stopped is not None:
        defects.append("header_without_colon")
        body = b"\n".join((stopped, raw[begin:])) if begin < len(raw) else stopped
        return Headers(fields, sure), body, tuple(defects)
    return Headers(fields, sure), raw[begin:], tuple(defects)


def _line_ends(raw: bytes) -> bytes:
    """With line ends that the rest understands: some programs write CR alone, and some gateways a CR too many."""
    head = raw[:MAX_BLOCK]
    if b"\r\r\n" in head:
        raw = raw.replace(b"\r\r\n", b"\r\n")
    elif b"\r" in head and head.count(b"\r") > _FEW_ENDS * head.count(b"\n"):
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw


def _start(raw: bytes) -> int:
    """Past a byte order mark, blank lines and the "From " lines of an mbox, in any order."""
    start = len(BOM_UTF8) if raw.startswith(BOM_UTF8) else 0
    while found := _PREAMBLE.match(raw[start : start + MAX_BLOCK]):
        start += found.end()
    return start


def _border(raw: bytes, start: int) -> tuple[int, int]:
    """Where the header block ends and where the body begins."""
    if raw[start : start + 1] == b"\n":
        return start, start + 1
    found = [(at, at + len(mark)) for mark in (b"\n\r\n", b"\n\n") if (at := raw.find(mark, start)) >= 0]
    return min(found) if found else (len(raw), len(raw))


def _fields(lines: list[bytes], defects: list[str]) -> tuple[tuple[tuple[str, str], ...], int | None, bytes | None]:
    """Unfolded fields, how many of them stand above a line that is none (None: all), and the text from where the block
    ends without a blank line (None: it does not)."""
    fields: list[tuple[str, list[bytes], int]] = []
    sure: int | None = None
    junk = 0
    for n, line in enumerate(lines):
        line = line.rstrip(b"\r")
        if not line:
            continue
        if line[:1] in (b" ", b"\t"):
            if fields:
                _extend(fields, line, defects)
            continue
        if not _NAME.match(line):
            if junk < _MOST_JUNK and _goes_on(lines[n + 1 :], is_mbox=bool(_MBOX.match(line))):
                junk, sure = junk + 1, len(fields) if sure is None else sure
                defects.append("junk_in_headers")
                continue
            return _values(fields, defects), sure, b"\n".join(lines[n:])
        if len(fields) >= MAX_FIELDS:
            defects.append("too_many_headers")
            break
        name, _, value = line.partition(b":")
        if len(value) > MAX_FIELD:
            defects.append("header_cut")
        fields.append((name.strip().lower().decode("ascii"), [value[:MAX_FIELD]], len(value)))
    return _values(fields, defects), sure, None


def _goes_on(lines: list[bytes], *, is_mbox: bool) -> bool:
    """Whether fields of a mail, and nothing else, stand below a line that is none: every one of them is then read.
    `is_mbox`: it is the line of an mbox, where a relay has put its own fields above it."""
    below = [line for line in (line.rstrip(b"\r") for line in lines) if line and line[:1] not in (b" ", b"\t")]
    names = [line.partition(b":")[0].strip().lower() for line in below if _NAME.match(line)]
    others = len(below) - len(names)
    return others < min(_MOST_JUNK, len(names)) and (is_mbox or any(name in _OF_MAILS for name in names))


def _extend(fields: list[tuple[str, list[bytes], int]], line: bytes, defects: list[str]) -> None:
    name, parts, size = fields[-1]
    room = MAX_FIELD - size
    if len(line) > room:
        defects.append("header_cut")
    if room > 0:
        parts.append(line[:room])
    fields[-1] = (name, parts, size + len(line))


def _values(fields: list[tuple[str, list[bytes], int]], defects: list[str]) -> tuple[tuple[str, str], ...]:
    out = []
    for name, parts, _ in fields:
        raw = b" ".join(part.strip() for part in parts)
        if b"\0" in raw:
            defects.append("nul_in_header")
        out.append((name, (raw.decode("ascii") if raw.isascii() else decode(raw, "")).replace("\0", "")))
    return tuple(out)


def decoded(value: str) -> str:
    """RFC 2047 words as text on one line, controls removed. What cannot be decoded stays as it was written."""
    return " ".join(cleaned(_whole(value)).split())


def hides(value: str) -> bool:
    """Whether a field holds letters that turn its direction round or are not seen, in its encoded words too."""
    return any(turns(one.encode("utf-8", "replace").decode("utf-8")) for one in (value, _whole(value)))


def _whole(value: str) -> str:
    if "=?" in value and value.count("=?") <= MAX_ENCODED_WORDS:
        try:
            pieces = decode_header(_GAP.sub("?==?", value) if "?==?" in value else value)
        except (HeaderParseError, binascii.Error, ValueError):
            pieces = [(value, None)]
        value = "".join(_piece(text, charset) for text, charset in _joined(pieces)) or value
    return value


def _joined(pieces: list[tuple[str | bytes, str | None]]) -> list[tuple[str | bytes, str | None]]:
    """Neighbouring words of one charset as one: mailers cut multi-byte letters between two words."""
    out: list[tuple[str | bytes, str | None]] = []
    for text, charset in pieces:
        if out and charset is not None and out[-1][1] == charset:
            before = out[-1][0]
            if isinstance(before, bytes) and isinstance(text, bytes):
                out[-1] = (before + text, charset)
                continue
        out.append((text, charset))
    return out


def _piece(text: str | bytes, charset: str | None) -> str:
    if isinstance(text, str):
        return text
    return text.decode("raw_unicode_escape", "replace") if charset is None else decode(text, charset)


def ids(value: str) -> tuple[str, ...]:
    """Message ids without brackets, in order, at most MAX_IDS of them: the first and the latest."""
    found = list(dict.fromkeys(m.group(1) for m in _ID.finditer(value) if len(m.group(1)) < MAX_ID))
    if not found and "=?" in value:
        return ids(decoded(value).replace("?=", "")) if "=?" not in decoded(value) else ()
    if not found and value and " " not in value.strip() and "@" in value:
        found = [value.strip().strip("<>")]
    return tuple(found if len(found) <= MAX_IDS else [found[0], *found[1 - MAX_IDS :]])


def date(value: str) -> datetime | None:
    """The instant of a Date header in UTC; None when it is not one. Without a zone it is taken as UTC."""
    try:
        at = parsedate_to_datetime(value)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return at if 1990 <= at.year <= 2200 else None


# How deep and how wide a mail's tree is, measured in its bytes before the library's recursive parser sees them. It
# builds no tree and reads no words: it follows boundaries and embedded mails line for line, as that parser would. The
# limits are ours; a conversation forwarded twenty times over stays far below them.

MAX_DEPTH = 50
MAX_PARTS = 1000
_NO_BOUNDARY = b"\n"
#: Content-Type and Content-Disposition fields anywhere in the body, with their folded lines.
_CONTENT = re2.compile(rb"(?im)^content-(?:type|disposition):.*(?:\r?\n[ \t].*)*", _BYTES)
#: What opens or closes a level of the tree: a delimiter line, an embedded message, a boundary parameter.
_STRUCTURE = re2.compile(
    rb"(?im)^(?:--([^\r\n]+)|content-type:[ \t]*(?:\r?\n[ \t]+)*message/)"
    rb"|\bboundary\*?0?\*?[ \t]*=[ \t]*\"?([^\"\r\n;]+)",
    _BYTES,
)


def too_much(headers: Headers, body: bytes) -> str:
    """Why the library's recursive parser must not be let near the body; "" where it may."""
    declared = headers.get("content-type").lower()
    if not declared.lstrip().startswith(("multipart", "message")):
        return ""
    if body.count(b"\r") > body.count(b"\r\n"):  # the library takes a bare one for the end of a line
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    fields = [field.lower() for field in _CONTENT.findall(body)]
    if any(len(field) > MAX_FIELD for field in fields):
        return "mime_header_too_long"
    levels = sum(b"boundary" in field or b"message/" in field for field in fields)
    if 2 * levels + 2 < MAX_DEPTH and body.count(b"\n--") < MAX_PARTS:
        return ""
    return _measured(declared.encode("utf-8", "replace"), body)


def _measured(declared: bytes, body: bytes) -> str:
    """The same, by following the boundaries line for line."""
    stack: list[bytes] = [found.group(2).strip() for found in _STRUCTURE.finditer(declared) if found.group(2)]
    parts = 0
    for match in _STRUCTURE.finditer(body):
        line, boundary = match.groups()
        if line is None:
            stack.append(boundary.strip() if boundary else _NO_BOUNDARY)
        else:
            line = line.rstrip()
            mark = line[:-2] if line.endswith(b"--") and line[:-2] in stack else line
            if mark in stack:
                parts += 1
                del stack[stack.index(mark) + (mark is line) :]
        if len(stack) > MAX_DEPTH:
            return "mime_too_deep"
        if parts > MAX_PARTS:
            return "too_many_parts"
    return ""
