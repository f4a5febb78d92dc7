"""The floor of the same work on the same box: what a program costs that reads, splits and stores mails, and no more.

Two of them. The lean reader: one UID FETCH over a bare socket, a splitter by hand, one durable commit a mail; what is
reachable, and not fit for hostile mail. The textbook pipeline: imapclient, the standard library's modern parser, one
durable commit a mail; what most programs do. Neither threads, decides or answers anything, but for `answer`.
"""

from __future__ import annotations

import binascii
import email
import re
import smtplib
import socket
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import IO, Any, cast

import psycopg
from imapclient import IMAPClient

from tests.servers.dovecot import HOST, PASSWORD, Dovecot

TABLE = "CREATE TABLE mails (id INTEGER PRIMARY KEY, message_id TEXT, cited TEXT, subject TEXT, said TEXT, raw {blob})"
INSERT = "INSERT INTO mails (message_id, cited, subject, said, raw) VALUES (?, ?, ?, ?, ?)"

Row = tuple[str, str, str, str, bytes]
Keep = Callable[[Row], None]


def sqlite(folder: Path) -> Keep:
    """One durable commit a row."""
    db = sqlite3.connect(folder / "floor.db")
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        db.execute(f"PRAGMA {pragma}")
    db.execute(TABLE.format(blob="BLOB"))

    def keep(row: Row) -> None:
        with db:
            db.execute(INSERT, row)

    return keep


def postgresql(url: str) -> Keep:
    """One durable commit a row; `url` as SQLAlchemy writes it."""
    db = psycopg.connect(url.replace("+psycopg", ""))
    db.execute(TABLE.format(blob="BYTEA").replace("INTEGER", "SERIAL"))
    db.commit()
    insert = INSERT.replace("?", "%s")

    def keep(row: Row) -> None:
        db.execute(insert, row)
        db.commit()

    return keep


# --- lean -------------------------------------------------------------------------------------------------------------


def lean(server: Dovecot, user: str, keep: Keep) -> int:
    """Returns how many mails it kept."""
    context = ssl.create_default_context(cafile=server.ca_file)
    count = 0
    with (
        socket.create_connection((HOST, server.tls_port)) as bare,
        context.wrap_socket(bare, server_hostname=HOST) as line,
        line.makefile("rb", buffering=1 << 20) as file,
    ):
        file.readline()
        for command in (f"LOGIN {user} {PASSWORD}", "EXAMINE INBOX"):
            line.sendall(f"a {command}\r\n".encode())
            while not file.readline().startswith(b"a "):
                continue
        line.sendall(b"b UID FETCH 1:* (INTERNALDATE BODY.PEEK[])\r\n")
        for raw in _literals(cast("IO[bytes]", file)):
            keep(_split(raw))
            count += 1
    return count


def _literals(file: IO[bytes]) -> Iterator[bytes]:
    while not (row := file.readline()).startswith(b"b "):
        size = re.search(rb"\{(\d+)\}\r\n$", row)
        if size:
            yield file.read(int(size[1]))


def _split(raw: bytes) -> Row:
    top, _, body = raw.partition(b"\r\n\r\n")
    fields = _fields(top)
    while (boundary := re.search(rb'boundary="([^"]+)"', fields.get(b"content-type", b""))) is not None:
        part = body.partition(b"--" + boundary[1] + b"\r\n")[2].partition(b"\r\n--" + boundary[1])[0]
        inner, _, body = part.partition(b"\r\n\r\n")
        fields = {**fields, b"content-type": b"", **_fields(inner)}
    said = binascii.a2b_qp(body) if b"quoted" in fields.get(b"content-transfer-encoding", b"") else body
    found = (fields.get(name, b"").decode("utf-8", "replace") for name in (b"message-id", b"references", b"subject"))
    message_id, cited, subject = found
    return message_id, cited, subject, said.decode("utf-8", "replace"), raw


def _fields(block: bytes) -> dict[bytes, bytes]:
    lines = block.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")
    return {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}


# --- textbook ---------------------------------------------------------------------------------------------------------


#: It has no types.
_open: Any = IMAPClient


def textbook(server: Dovecot, user: str, keep: Keep) -> int:
    """Returns how many mails it kept."""
    context = ssl.create_default_context(cafile=server.ca_file)
    with _open(HOST, server.tls_port, ssl_context=context) as client:
        client.login(user, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        uids = client.search()
        for start in range(0, len(uids), 100):
            told: dict[int, Any] = client.fetch(uids[start : start + 100], ["INTERNALDATE", "BODY.PEEK[]"])
            for item in told.values():
                keep(parsed(item[b"BODY[]"])[1])
    return len(uids)


def parsed(raw: bytes) -> tuple[EmailMessage, Row]:
    mail = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain", "html"))
    said = str(body.get_content()) if body is not None else ""
    return mail, (str(mail["Message-ID"]), str(mail["References"]), str(mail["Subject"]), said, raw)


class Answer:
    """The textbook's acknowledgement: fetch what is new, parse, one durable commit, one letter on an open line."""

    def __init__(self, server: Dovecot, user: str, keep: Keep, smtp: int) -> None:
        context = ssl.create_default_context(cafile=server.ca_file)
        self._client = _open(HOST, server.tls_port, ssl_context=context)
        self._client.login(user, PASSWORD)
        self._keep = keep
        self._letters = smtplib.SMTP(HOST, smtp)
        self._last = self._client.select_folder("INBOX", readonly=True)[b"UIDNEXT"] - 1

    def step(self) -> None:
        """Answers every mail that came since the last step."""
        self._client.noop()
        for uid in (u for u in self._client.search(["UID", f"{self._last + 1}:*"]) if u > self._last):
            mail, row = parsed(self._client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"])
            self._keep(row)
            sender = mail["From"].addresses[0].addr_spec
            text = f"To: {sender}\r\nSubject: Received\r\nIn-Reply-To: {mail['Message-ID']}\r\n\r\nReceived.\r\n"
            self._letters.sendmail("clock@council.example", [sender], text.encode())
            self._last = uid

    def close(self) -> None:
        self._letters.quit()
        self._client.logout()
