"""A finished letter made fit for Microsoft Graph, which reads the recipients out of the headers and limits the size.

Both work on the bytes as they stand: what need not change does not. Pure; it knows the letters' own form
(letters/mime.py) and no server.
"""

import base64
from collections.abc import Iterable, Sequence
from email.utils import formataddr, getaddresses

import re2

Attached = tuple[str, str, bytes]  # name, type, content

_MIXED = re2.compile(rb'(?i)content-type:\s*multipart/mixed;\s*boundary="([^"]{1,70})"')
_NAME = re2.compile(rb'(?i)filename="([^"]{1,200})"')
_TYPE = re2.compile(rb"(?i)^content-type:\s*([a-z0-9.+-]+/[a-z0-9.+-]+)")


def addressed(raw: bytes, recipients: Sequence[str]) -> bytes:
    """The letter with exactly these addresses in To, Cc and Bcc; unchanged where they stand there already.

    Who is named and is no recipient is taken out; a recipient whom no header names goes into Bcc, shown to nobody.
    """
    head, gap, body = raw.partition(b"\r\n\r\n")
    fields = _fields(head)
    named = {name: _addresses(fields, name) for name in (b"to", b"cc", b"bcc")}
    wanted = {address.lower() for address in recipients}
    shown = {address.lower() for those in named.values() for _, address in those}
    if shown == wanted:
        return raw
    rest = [("", address) for address in recipients if address.lower() not in shown]
    kept = [field for field in fields if _name(field) not in named]
    for name, those in ((b"To", named[b"to"]), (b"Cc", named[b"cc"]), (b"Bcc", [*named[b"bcc"], *rest])):
        if left := [who for who in those if who[1].lower() in wanted]:
            kept.append(name + b": " + b",\r\n ".join(formataddr(who).encode("ascii") for who in left))
    return b"\r\n".join(kept) + gap + body


def lightened(raw: bytes, most: int) -> tuple[bytes, list[Attached]] | None:
    """The letter without the largest of its files, so that no more than `most` bytes are left, and those files.

    None where that cannot be had: its words alone are too large.
    """
    if len(raw) <= most:
        return raw, []
    head, gap, body = raw.partition(b"\r\n\r\n")
    mixed = _MIXED.search(head)
    if mixed is None:
        return None
    mark, end = b"--" + mixed[1] + b"\r\n", b"--" + mixed[1] + b"--\r\n"
    _, words, *files = body.removesuffix(end).split(mark)
    taken: list[bytes] = []
    size = len(raw)
    for file in sorted(files, key=len, reverse=True):
        if size > most:
            taken.append(file)
            size -= len(mark) + len(file)
    if size > most:
        return None
    kept = [words, *(file for file in files if file not in taken)]
    rest = head + gap + b"".join(mark + part for part in kept) + end
    return rest, [_file(file) for file in files if file in taken]


def _file(part: bytes) -> Attached:
    head, _, content = part.partition(b"\r\n\r\n")
    content = content.removesuffix(b"\r\n")
    if b"content-transfer-encoding: base64" in head.lower():
        content = base64.b64decode(content)
    name, kind = _NAME.search(head), _TYPE.search(head)
    shown = name[1].decode("ascii", "replace") if name else "attachment"
    return shown, kind[1].decode("ascii").lower() if kind else "application/octet-stream", content


def _fields(head: bytes) -> list[bytes]:
    """Header fields, each with the lines it goes on in."""
    fields: list[bytes] = []
    for line in head.split(b"\r\n"):
        if fields and line[:1] in (b" ", b"\t"):
            fields[-1] += b"\r\n" + line
        else:
            fields.append(line)
    return fields


def _name(field: bytes) -> bytes:
    return field.partition(b":")[0].strip().lower()


def _addresses(fields: Iterable[bytes], name: bytes) -> list[tuple[str, str]]:
    """(name as written, address) of everybody that fields of this name hold."""
    values = [field.partition(b":")[2].replace(b"\r\n", b"") for field in fields if _name(field) == name]
    found = getaddresses([value.decode("utf-8", "replace") for value in values])
    return [(shown, address) for shown, address in found if address]
