"""The reading process from inside: it loads all that reading may need, shuts its cage, says so, and reads what comes.

After the cage is shut nothing can be loaded, so whatever a library would import at the first mail that needs it is
imported before. What comes in is from our own parent and believed; what goes out is a Mail, or nothing where the mail
needed more memory than a mail may. It knows no database, no configuration and no other process (sandbox.py).
"""

import encodings
import io
import json
import os
import pickle
import resource
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum
from importlib import import_module
from pkgutil import iter_modules
from typing import BinaryIO

from bot.engine.reading.reader import cage
from bot.mail.forms import documents
from bot.mail.read import Reading, read
from bot.mail.words import model

#: Octets in front of each message, for its length.
LENGTH = 8
#: What the standard library imports at the first mail that needs it.
_LATE = ("email.generator", "email.iterators", "quopri", "stringprep")
_SAMPLE = (
    b"From: Ina Rowe <ina@csc.example>\nSubject: =?utf-8?q?Re=3A_a_visit?=\nMIME-Version: 1.0\n"
    b"Content-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: text/html\n\n"
    b"<p>We will see the family by 5pm on Friday and write again.</p><blockquote>On Monday you wrote</blockquote>\n"
    b"--q\nContent-Type: message/rfc822\n\nSubject: x\n\nhello\n--q--\n"
)


class _Plain(pickle.Pickler):
    """Writes enums by value: some releases of Python 3.11 would write a call of `getattr`, which no mail needs."""

    def reducer_override(self, obj: object) -> tuple[type[Enum], tuple[str]]:
        return (type(obj), (obj.value,)) if isinstance(obj, Enum) else NotImplemented


def serve() -> None:
    """Reads the terms, then one mail after another until its input ends. The first answer says what of the cage does
    not hold, as a JSON list of sentences."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    reading, memory, seconds = pickle.loads(_message(source))  # noqa: S301  # from our own parent
    _load(reading)
    _reply(sink, json.dumps(cage.shut(memory)).encode())
    while message := _message(source):
        opens_files, raw, received = pickle.loads(message)  # noqa: S301
        del message
        _limit_time(seconds)
        _reply(sink, _answer(raw, reading, received, opens_files=opens_files))


def _load(reading: Reading) -> None:
    """All that would be imported or opened by reading."""
    for name in (*_LATE, *(f"encodings.{one.name}" for one in iter_modules(encodings.__path__))):
        with suppress(ImportError):  # charsets of other systems, modules of other releases
            import_module(name)
    documents.load()
    model.shipped()
    read(_SAMPLE, reading, datetime(2027, 1, 15, 9, tzinfo=UTC))


def _answer(raw: bytes, reading: Reading, received: datetime, *, opens_files: bool) -> bytes:
    made = io.BytesIO()
    try:
        _Plain(made, protocol=pickle.HIGHEST_PROTOCOL).dump(read(raw, reading, received, opens_files=opens_files))
    except MemoryError:
        return b""
    return made.getvalue()


def _reply(sink: BinaryIO, data: bytes) -> None:
    sink.write(len(data).to_bytes(LENGTH, "big"))
    sink.write(data)
    sink.flush()


def _message(source: BinaryIO) -> bytes:
    head = source.read(LENGTH)
    return source.read(int.from_bytes(head, "big")) if len(head) == LENGTH else b""


def _limit_time(seconds: float) -> None:
    """Processor seconds for the next mail, on top of what was used: a busy machine takes nothing from a mail."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
