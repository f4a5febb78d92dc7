"""Mails as ZIP parts that pass a mail server, each with a manifest that a person and a program can read.

Names hold the ref and a number, never anything out of a mail. The same mails give the same bytes. A mail too large
for a part stands alone in one: the caller sees its size and keeps it back. It parses no mail.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.model import aware

LIMIT = 7_000_000  # octets of a part: under 10 MB as base64, with room for PDF and journal

_EPOCH = (1980, 1, 1, 0, 0, 0)  # ZIP's own beginning: a file's time must not make two equal parts differ

Kept = tuple[str, datetime, bytes]  # digest, received, bytes


class Entry(NamedTuple):
    """A file that was made."""

    name: str
    sha256: str
    size: int


def cell(value: object) -> str:
    """A value for CSV that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text.lstrip()[:1] in set("=+-@|%") or text[:1] in set("\t\r\n") else text


def zipped(ref: str, mails: Sequence[Kept]) -> tuple[tuple[bytes, ...], tuple[Entry, ...]]:
    """The parts, and an entry for each mail in them; () for no mails."""
    named = [(f"{ref}-mail-{n:03}.eml", received, raw) for n, (_, received, raw) in enumerate(mails, 1)]
    groups: list[list[Kept]] = []
    size = LIMIT + 1
    for mail in named:
        size += len(mail[2])
        if size > LIMIT:
            groups.append([])
            size = len(mail[2])
        groups[-1].append(mail)
    return tuple(_part(g) for g in groups), tuple(entry(name, raw) for name, _, raw in named)


def entry(name: str, raw: bytes) -> Entry:
    return Entry(name, hashlib.sha256(raw).hexdigest(), len(raw))


def _part(mails: Iterable[Kept]) -> bytes:
    mails = list(mails)
    rows = [
        {
            "name": name,
            "received": aware(received).isoformat(),
            "sha256": hashlib.sha256(raw).hexdigest(),
            "size": len(raw),
        }
        for name, received, raw in mails
    ]
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(["name", "received", "sha256", "size"])
    writer.writerows([cell(v) for v in row.values()] for row in rows)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as part:
        for name, raw in (
            ("manifest.csv", sheet.getvalue().encode()),
            ("manifest.json", (json.dumps(rows, indent=1) + "\n").encode()),
            *((name, raw) for name, _, raw in mails),
        ):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            part.writestr(info, raw)
    return made.getvalue()
