"""How deep and how wide a mail's tree is, measured in its bytes before the library's recursive parser sees them.

It builds no tree and reads no words: it follows boundaries and embedded mails line for line, as that parser would. The
limits are ours; a conversation forwarded twenty times over stays far below them.
"""

from __future__ import annotations

import re2

from bot.mail.headers import MAX_FIELD, Headers

MAX_DEPTH = 50
MAX_PARTS = 1000
_NO_BOUNDARY = b"\n"
_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
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
