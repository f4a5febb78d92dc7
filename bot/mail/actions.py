"""Agreed actions out of the text of an outcome: one a line, `- what, who, by when`.

A day is read only where the words leave no doubt: a weekday that is not that date's, "next Friday", "in two weeks" or
a day that has passed give none, and whoever wrote them is asked. It knows no person: `who` is somebody's words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import re2

from bot.rules.windows import LONDON, granted

MAX_TEXT = 20_000
MOST = 20  # actions of one outcome
LONGEST = 300  # characters of what is to be done

_BULLET = re2.compile(r"^[ \t]*(?:[-*•–—·]|\(?\d{1,2}[.)])[ \t]+(.+)$")
_STARTS = re2.compile(
    r"(?i)^(?:by|on|before|until|due)?[ :]*(?:the )?(?:\d|mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug"
    r"|sep|oct|nov|dec|today|tomorrow|next|end|close|noon|cop\b)"
)
_BY = re2.compile(r"(?i)\bby\s+(.{3,60})$")
_DOUBT = re2.compile(r"(?i)\b(?:next|around|about|or|early|late|mid|tbc|end of)\b|\?")
_WEEKDAY = re2.compile(r"(?i)\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*\b")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Action:
    """`day` is None where none was given or the words leave a doubt."""

    what: str
    who: str = ""
    day: date | None = None


def actions(text: str, sent: datetime) -> tuple[Action, ...]:
    """The actions in this text, in their order; `sent` places a day such as "Friday"."""
    found: list[Action] = []
    for line in text[:MAX_TEXT].split("\n"):
        plain = line.strip()
        bullet = _BULLET.match(plain)
        action = _action(str(bullet.group(1)) if bullet else _after_word(plain), sent)
        if action is not None and (bullet or (action.who and action.day)):
            found.append(action)
    return tuple(found[:MOST])


def the_day(words: str, sent: datetime) -> date | None:
    """The day that these words alone give, as the note of a command does; None where they leave a doubt."""
    plain = words[:100].strip(" \t.;")
    return _day(plain, sent) if _names_a_day(plain, sent) else None


def _after_word(line: str) -> str:
    """The line without the command that opens it."""
    head, colon, rest = line.partition(":")
    return rest.strip() if colon and head.strip().upper() in ("OUTCOME", "DECIDED") else line


def _action(line: str, sent: datetime) -> Action | None:
    """None for a line that holds nothing."""
    parts = [part.strip(" \t.;") for part in line[: 2 * LONGEST].split(",")]
    parts = [part for part in parts if part]
    if not parts:
        return None
    for taken in (2, 1):  # "Friday, 15 January 2027" holds a comma of its own
        tail = ", ".join(parts[-taken:])
        if len(parts) > taken and _names_a_day(tail, sent):
            return _with(parts[:-taken], _day(tail, sent))
    by = _BY.search(parts[-1])
    if by and len(parts) < 3 and _names_a_day(str(by.group(1)), sent):
        first = parts[-1][: by.start()].strip()
        return _with([*parts[:-1], *([first] if first else [])], _day(str(by.group(1)), sent))
    return _with(parts[:2] if len(parts) < 3 else parts[:-1], None)


def _with(parts: list[str], day: date | None) -> Action:
    """What, and the last part as who, where there are two."""
    if len(parts) < 2:
        return Action(", ".join(parts)[:LONGEST], "", day)
    return Action(", ".join(parts[:-1])[:LONGEST], parts[-1][:80], day)


def _names_a_day(words: str, sent: datetime) -> bool:
    """Whether these words, and no others before them, give a day."""
    if not _STARTS.match(words):
        return False
    read = granted(words, sent, ())
    return read.by is not None or "time_in_the_past" in read.flags


def _day(words: str, sent: datetime) -> date | None:
    read = granted(words, sent, ())
    if read.by is None or "two_times" in read.flags or _DOUBT.search(words):
        return None
    day = read.by.astimezone(LONDON).date()
    named = _WEEKDAY.search(words)
    if named and _WEEKDAYS.index(str(named.group(1)).lower()) != day.weekday():
        return None
    return day
