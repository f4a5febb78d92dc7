"""How the program writes its log: JSON lines on stderr, key=value on a terminal; ids only.

An exception is written as its type and the place where it arose, never with its words: they may quote a subject, a name
or an address. Of a library's own warnings only the sentence is kept, without the values it was given. It decides
nothing and rotates nothing (the service manager keeps the lines).
"""

import contextlib
import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import structlog

Entry = MutableMapping[str, Any]


def configure(stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Sends log lines of ours from `level` on, and warnings of the libraries, to `stream`."""
    written: Any = structlog.processors.JSONRenderer()
    if stream.isatty():
        written = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_words,
            written,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Patient(stream))),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)


def without_words(_logger: object, _method: str, entry: Entry) -> Entry:
    """An exception as its type and its last places in our code and others': nothing that it says."""
    given = entry.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        entry["fault"] = type(error).__name__
        entry["at"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return entry


def without_addresses(words: str) -> str:
    """A sentence of ours as the log may hold it."""
    return " ".join("(address)" if "@" in word else word for word in words.split(" "))


class _Patient:
    """A log that cannot be written, as on a full disk, loses its lines and ends nobody's work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        with contextlib.suppress(OSError):
            self._stream.write(line)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


class _Libraries(logging.Handler):
    """A library's warning as a line of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger("libraries")
        log.warning("a library warns", library=record.name, said=str(record.msg), exc_info=record.exc_info)
