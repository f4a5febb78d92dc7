"""How a part's bytes were packed for the way: base64 and quoted-printable as programs really declare them.

A declaration may be quoted, commented, missing or wrong, and gateways write plain lines behind a packed body; so what
is declared is held against what stands there. It also joins flowed lines. It does not know which parts are the body
(parse.py), nor charsets (text.py).
"""

from __future__ import annotations

import binascii
import quopri
from email.errors import MessageError
from email.message import Message

from bot.mail import re2

_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
_PACKED = re2.compile(rb"^[A-Za-z0-9+/]+={0,2}$", _BYTES)
#: A line that base64 programs fill; short ones may be words.
_FULL = 40
_HEX = re2.compile(rb"=[0-9A-Fa-f]{2}", _BYTES)
_ESCAPE = re2.compile(rb"=(?:[0-9A-Fa-f]{2}|[ \t]*(?:\r?\n|$))", _BYTES)
_FEWEST_ESCAPES = 2
_MOST_LINES = 200_000
_ESCAPED, _MARKED = re2.compile(r"(?m)^>(>*From )"), re2.compile(r"(?m)^[ \t]*>")
#: Letters that no plain text holds: what was unpacked is no text.
_CONTROLS = frozenset(range(9)) | frozenset(range(14, 32))


#: What the standard library raises for pieces of mails that its own parser took.
FAULTS = (ValueError, LookupError, AttributeError, TypeError, MessageError)
_CTE = "content-transfer-encoding"
_UUENCODED = ("uuencode", "x-uuencode", "uue", "x-uue")
#: Types as they are written by hand.
_EXCHANGED = {"plain/text": "text/plain", "html/text": "text/html", "text/htm": "text/html", "text/txt": "text/plain"}


def kind(part: Message) -> str:
    """A part's content type, also where its two halves are exchanged."""
    given = str(part.get("content-type") or "").partition(";")[0].strip().lower()
    return _EXCHANGED.get(given, part.get_content_type())


def content(part: Message) -> tuple[bytes, bool]:
    """The decoded bytes of a leaf, b"" where its payload is no text at all; and whether they could be decoded."""
    given = part.get(_CTE)
    encoding = declared(str(given or ""))
    try:
        if encoding in _UUENCODED:
            payload = part.get_payload(decode=True)
            return (payload, True) if isinstance(payload, bytes) else (b"", True)
        del part[_CTE]  # the library then gives the bytes as they came
        payload = part.get_payload(decode=True)
        if given is not None:
            part[_CTE] = given
        if not isinstance(payload, bytes):
            return b"", True
        return unpacked(payload, encoding, is_text=kind(part).startswith("text/")), True
    except FAULTS:
        return str(part.get_payload()).encode("utf-8", "replace"), False


def whole(message: Message, most: int) -> bytes:
    """An embedded mail as bytes: its headers alone, `most` letters of each, where the library cannot write what it has
    read. They identify it well enough."""
    try:
        return message.as_bytes()
    except FAULTS:
        return "".join(f"{name}: {str(value)[:most]}\n" for name, value in message.items()).encode("utf-8", "replace")


def parameter(part: Message, name: str) -> str:
    """A parameter of its Content-Type; "" where it has none, or nobody can read what stands there."""
    try:
        return str(part.get_param(name) or "")
    except FAULTS:
        return ""


def declared(value: str) -> str:
    """The first word of a Content-Transfer-Encoding in lower case, without quotes and comments."""
    words = value.partition(";")[0].partition("(")[0].replace('"', " ").replace("'", " ").split()
    return words[0].lower() if words else ""


def unpacked(body: bytes, encoding: str, *, is_text: bool) -> bytes:
    """The bytes of a part. `is_text`: what was declared is doubted where the body says otherwise."""
    if encoding in ("base64", "base-64", "b"):
        return _from_base64(body, is_text=is_text)
    if encoding in ("quoted-printable", "quopri", "q"):
        return quopri.decodestring(body)
    if not is_text:
        return body
    if _is_base64(body):
        plain = _from_base64(body, is_text=True)
        return plain if _is_words(plain) else body
    return quopri.decodestring(body) if _is_escaped(body) else body


def _from_base64(body: bytes, *, is_text: bool) -> bytes:
    """Packed lines unpacked, and of a text what stands in plain lines below them; a plain text stays as it is."""
    if not is_text:
        return _decoded(body)
    lines = body.split(b"\n", _MOST_LINES)
    end = next((n for n, line in enumerate(lines) if line.strip() and not _PACKED.match(line.strip())), len(lines))
    if end < len(lines):
        packed, rest = b"".join(line.strip() for line in lines[:end]), b"\n".join(lines[end:])
        words = _decoded(packed) if len(packed) >= 4 else b""
        return words + b"\n\n" + rest if words and _is_words(words) else body
    return _decoded(body)


def _decoded(packed: bytes) -> bytes:
    """Whatever can be unpacked; letters beyond the alphabet and a torn end are left out."""
    letters = b"".join(packed.split())
    try:
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:
        return binascii.a2b_base64(letters[: len(letters) - len(letters) % 4 - 4] or b"")


def _is_base64(body: bytes) -> bool:
    """Whether an undeclared body is nothing but full packed lines and one shorter."""
    lines = [line.strip() for line in body.strip().split(b"\n", _MOST_LINES)]
    return len(lines[0]) >= _FULL and len(b"".join(lines)) % 4 == 0 and all(_PACKED.match(line) for line in lines)


def _is_escaped(body: bytes) -> bool:
    """Whether an undeclared body is quoted-printable: every equals sign begins an escape, and some are letters."""
    signs = body.count(b"=")
    escapes = len(_HEX.findall(body))
    return escapes >= _FEWEST_ESCAPES and signs == len(_ESCAPE.findall(body)) and not any(b > 127 for b in body)


def _is_words(plain: bytes) -> bool:
    return bool(plain) and not any(letter in _CONTROLS for letter in plain[:4096])


def unescaped(text: str) -> str:
    """Less the mark that a mailbox of the mbox form puts before "From ", where no other line is marked: then it quotes
    nobody."""
    found = _ESCAPED.findall(text)
    return _ESCAPED.sub(r"\1", text) if found and len(found) == len(_MARKED.findall(text)) else text


def joined(text: str, *, drops_space: bool) -> str:
    """Lines of `format=flowed` (RFC 3676) joined at their soft ends; with `DelSp=yes` their last space goes."""
    if not drops_space:
        return text
    out: list[str] = []
    is_soft = False
    for line in text.replace("\r\n", "\n").split("\n"):
        is_quoted = line.startswith(">")
        if is_soft and out and is_quoted == out[-1].startswith(">"):
            out[-1] += line.lstrip("> ") if is_quoted else line.removeprefix(" ")
        else:
            out.append(line)
        is_soft = line.endswith(" ") and line != "-- "
        if is_soft:
            out[-1] = out[-1][:-1]
    return "\n".join(out)
