"""All that leaves the bot or is kept beside its cases, as named pieces of text.

Not read here, for these are the case itself: the words of a letter that quotes them to the parties, the case's record
and forms, an original that the policy lets an escalation carry, and the database. Of all of them the names outside
(subject, headers, file names) are read like any other's.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32, default
from pathlib import Path
from typing import NamedTuple

import re2
from pypdf import PdfReader

from bot.daemon.app import App
from bot.daemon.standing import conditions
from bot.engine import registers
from bot.model import LetterKind, Sending
from bot.records import register
from bot.records.report.made import made
from bot.records.report.periods import Quarter
from bot.store import cases, outbox
from bot.store.server import glance

#: Letters that are of no case, or whose words are ours alone: read whole.
WHOLE = (LetterKind.DIGEST, LetterKind.ALERT)
#: Headers that hold no words but ids: initials could stand there by chance.
IDS = ("message-id", "in-reply-to", "references", "thread-index")
#: Handed out of many cases at once: read inside too. What begins with a case's ref is that case's.
_OF_ALL = ("register", "report-", "one-page-guide")
_TAG = re2.compile(r"<[^>]*>")


class Piece(NamedTuple):
    where: str
    text: str
    has_words: bool = True


def letters(app: App) -> Iterator[Piece]:
    """Of every letter that was ever queued: subject, headers, file names; of some all."""
    with app.db.read() as tx:
        queued = [one for status in Sending for one in outbox.of_status(tx, status)]
    for one in queued:
        kind = one.letter.kind
        name = f"{one.letter.values.name}"
        yield Piece(f"{name}: subject as decided", one.letter.subject)
        if one.raw:
            yield from _letter(name, one.raw, kind)


def _letter(name: str, raw: bytes, kind: LetterKind) -> Iterator[Piece]:
    message = message_from_bytes(raw, policy=default)
    for part in _ours(message):
        for header, value in part.items():
            yield Piece(f"{name}: {header}", f"{value}", header.lower() not in IDS)
        for key, value in part.get_params(failobj=[], header="content-disposition"):
            yield Piece(f"{name}: {key}", str(value))
        yield Piece(f"{name}: file name", decoded(part.get_filename() or ""))
        if part.get_content_type() == "text/html" and not part.is_attachment():
            page = part.get_content()
            yield Piece(f"{name}: title", page.partition("<title>")[2].partition("</title>")[0])
        if part.is_multipart() or part.get_content_maintype() == "message":
            continue
        if kind in WHOLE and part.get_content_maintype() == "text":
            yield Piece(f"{name}: body", _TAG.sub(" ", part.get_content()) + part.get_content())
        if (file := part.get_filename() or "").startswith(_OF_ALL):
            yield from inside(f"{name}: {file}", file, part.get_payload(decode=True))
    head = message_from_bytes(raw, policy=compat32)
    for header, value in head.items():  # and as a program reads it that decodes one header at a time
        yield Piece(f"{name}: {header}", decoded(str(value)), header.lower() not in IDS)


def _ours(message: Message) -> Iterator[Message]:
    """The letter and its parts, not the inside of a mail that it carries."""
    yield message
    if message.get_content_maintype() == "multipart":
        for part in message.iter_parts():
            yield from _ours(part)


def decoded(value: str) -> str:
    """A header as it is read."""
    return str(make_header(decode_header(value)))


def inside(where: str, name: str, content: bytes) -> Iterator[Piece]:
    """The text of a file by its kind."""
    if name.endswith((".xlsx", ".docx")):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            for entry in book.namelist():
                yield Piece(f"{where}: {entry}", _TAG.sub(" ", book.read(entry).decode("utf-8", "replace")))
    elif name.endswith(".pdf"):
        pages = PdfReader(io.BytesIO(content))
        yield Piece(where, " ".join(page.extract_text() for page in pages.pages))
        yield Piece(f"{where}: about", str(pages.metadata))
    else:
        yield Piece(where, content.decode("utf-8", "replace"))


def handed_out(app: App, now: datetime) -> Iterator[Piece]:
    """Registers and reports of every area, as the commands write them."""
    settings = app.settings
    for area in sorted({box.area for box in settings.config.mailboxes}):
        with app.db.read() as tx:
            found = registers.held(tx, settings.policies, area=area)
        for log in registers.LOGS:
            sheets = registers.sheets(log, found, settings.policies, settings.calendar, now)
            yield from inside(f"register {log}", "r.csv", register.as_csv(sheets, settings.calendar))
            if sheets:
                yield from inside(f"register {log}", "r.xlsx", register.as_xlsx(sheets, settings.calendar))
        source = registers.report_source(settings, found, (area,), now)
        for public in (True, False):
            report = made(source, Quarter(now.year, 0), public=public)
            for file in report.files("report"):
                yield from inside(f"report {'public' if public else 'full'}", file.name, file.content)


def status(app: App, database: str) -> Iterator[Piece]:
    """What `status` says, and the head of the journals."""
    with glance.looking(database) as ask:
        told = (
            glance.cases_by_state(ask), glance.mails_by_disposition(ask), glance.letters_by_status(ask),
            glance.last_listed(ask), list(glance.closed(ask)), conditions(ask),
        )  # fmt: skip
    yield Piece("status", str(told))
    with app.db.read() as tx:
        yield Piece("head of the journals", cases.head(tx), has_words=False)


def names_of_files(folder: Path) -> Iterator[Piece]:
    """Where the files of `var` and the letters lie."""
    for path in folder.rglob("*"):
        yield Piece("a file's name", path.relative_to(folder).as_posix())
