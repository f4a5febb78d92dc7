"""What a column holds: instants that compare as text on every database, and any Python string.

It knows no table and no database beyond what text it can take.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import re2
from sqlalchemy import BindParameter, Dialect, String, Text, TypeDecorator, bindparam

from bot.model import aware


class Instant(TypeDecorator[datetime]):
    """An aware datetime as `2027-01-15T16:45:00.000000Z`."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else aware(value).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


class Plain(TypeDecorator[str]):
    """Text as people see it. What a database cannot take, a NUL or a lone surrogate (a file name, a broken header), is
    stored as an escape and comes back as it was."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None or (value.isascii() and "\0" not in value and "\\" not in value):
            return value
        escaped = value.replace("\\", "\\\\").encode("utf-8", "backslashreplace").decode("utf-8")
        return escaped.replace("\0", "\\u0000")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return value if value is None or "\\" not in value else _ESCAPE.sub(_unescaped, value)


_ESCAPE = re2.compile(r"\\(\\|u[0-9a-f]{4})")


def _unescaped(escape: Any) -> str:
    said: str = escape.group(1)
    return said if said == "\\" else chr(int(said[1:], 16))


def at(instant: datetime) -> BindParameter[datetime]:
    """The instant as a bound value where no column gives it its type."""
    return bindparam(None, instant, type_=Instant())
