"""A PDF -> the words of its pages and the fields that somebody filled in. Nothing in it is run or followed.

pypdf caps what it unpacks; pages and words are capped here, and the reading process stands around both. What cannot be
read says why.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from bot.mail.docx import Cell, Unopened

MAX_PAGES = 20
MAX_WORDS = 300_000
MAX_FIELDS = 500
_WITHIN = 1024  # readers accept a header that stands so far into the file


@dataclass(frozen=True, slots=True)
class Filled:
    """A form field: its names (own and shown), its kind (text or button) and value; "" where nothing was entered."""

    names: tuple[str, ...]
    value: str
    is_button: bool
    where: str


def is_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:_WITHIN]


def read(content: bytes) -> tuple[tuple[Cell, ...], tuple[Filled, ...]]:
    """The pages' texts and the fields. Raises Unopened."""
    from pypdf import PdfReader  # 70 ms that a reader of mails without a PDF need not wait for

    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        is_open = not reader.is_encrypted or bool(reader.decrypt(""))
        taken = (tuple(_pages(reader)), tuple(_fields(reader))) if is_open else None
    except MemoryError:
        raise Unopened("too_large") from None
    except Exception as fault:  # whatever a broken file makes of the library: the mail itself is sound
        raise Unopened("locked" if "crypt" in f"{type(fault).__name__} {fault}".lower() else "broken") from None
    if taken is None:
        raise Unopened("locked")
    return taken


def _pages(reader: Any) -> list[Cell]:
    found, size = [], 0
    for n, page in enumerate(reader.pages[:MAX_PAGES], 1):
        text = page.extract_text()[: MAX_WORDS - size]
        size += len(text)
        found.append(Cell(text, f"page {n}"))
    return found


def _fields(reader: Any) -> list[Filled]:
    found = []
    given = reader.get_fields() or {}
    for n, (name, one) in enumerate(given.items(), 1):
        if n > MAX_FIELDS:
            break
        is_button = one.get("/FT") == "/Btn"
        value = str(one.get("/V") or "").strip()
        value = "" if is_button and value in ("/Off", "Off") else value.removeprefix("/") if is_button else value
        names = (str(name), str(one.get("/TU") or ""))
        found.append(Filled(names, value, is_button, f"field {n}"))
    return found
