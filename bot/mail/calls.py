"""The telephone call before a challenge, out of its writer's own words: when it was, and whether a message was left.

Read only where one sentence gives one clock time for a call that was made; a call to come, one that was not made, or
two times give none, and the writer is asked. It knows no case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import re2

from bot.rules.windows import LONDON

MAX_TEXT = 20_000

_SENTENCES = re2.compile(r"[!?\n;]+|\.(?:\s|$)")
_CALL = re2.compile(
    r"(?i)\b(?:rang|phoned|telephoned|called|tried to (?:ring|call|phone)|spoke (?:to|with)|spoken (?:to|with)"
    r"|(?:my|our|the|a) (?:tele)?(?:phone )?call\b|left (?:\w+ ){0,3}(?:message|voice ?mail))"
)
_NOT_MADE = re2.compile(
    r"(?i)\b(?:will|shall|going to|please|can you|could you|tomorrow|next)\b|'ll\b|\b(?:not|never|n't|nobody|no one)\b"
    r"[^,]{0,12}\b(?:rang|phoned|telephoned|called|spoken?)|\b(?:he|she|they) (?:rang|phoned|called)"
)
_CLOCK = re2.compile(
    r"(?i)\b(?:(\d{1,2})(?:[:.](\d{2}))?\s*([ap])\.?m\b|([01]?\d|2[0-3])[:.]([0-5]\d)\b|(noon|midday)\b)"
)
_OTHER_DAY = re2.compile(
    r"(?i)\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b|\b\d{1,2}(?:st|nd|rd|th)\b|\d{1,2}/\d{1,2}\b"
    r"|\b\d{1,2}\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|\blast (?:week|month)\b"
)
_NO_MESSAGE = re2.compile(
    r"(?i)\b(?:not|n't|no|unable|without|nor)\b[^.]{0,30}\b(?:message|voice ?mail)|\bno (?:message|voice ?mail)\b"
)
_MESSAGE = re2.compile(r"(?i)\b(?:left|leaving)\b[^.]{0,30}\b(?:message|voice ?mail)|\bmessage (?:was )?left\b")


@dataclass(frozen=True, slots=True)
class Call:
    """`at` is None where the words give no time or more than one; `message`: yes, no or "" where nothing is said."""

    is_named: bool = False
    at: datetime | None = None
    message: str = ""


def call(text: str, sent: datetime, before: datetime) -> Call:
    """What these words, sent then, say of a call made before the instant `before`."""
    said = [s for s in _SENTENCES.split(text[:MAX_TEXT].replace("’", "'")) if s]
    made = [s for s in said if _CALL.search(s) and not _NOT_MADE.search(s)]
    times = {at for s in made for at in _times(s, sent, before)}
    message = "no" if any(_NO_MESSAGE.search(s) for s in made) else ""
    message = message or ("yes" if any(_MESSAGE.search(s) for s in made) else "")
    return Call(bool(made), times.pop() if len(times) == 1 and None not in times else None, message)


def _times(sentence: str, sent: datetime, before: datetime) -> set[datetime | None]:
    """The instants of one sentence; None for one that cannot be placed."""
    found = [_hour(m) for m in _CLOCK.finditer(sentence)]
    if not found:
        return set()
    if _OTHER_DAY.search(sentence):
        return {None}
    lower = sentence.lower()
    if "yesterday" in lower:
        day = sent.astimezone(LONDON).date() - timedelta(days=1)
    elif "today" in lower or "this " in lower:
        day = sent.astimezone(LONDON).date()
    else:
        day = before.astimezone(LONDON).date()
    placed = {datetime.combine(day, hour, LONDON) if hour else None for hour in found}
    return {at if at is not None and at <= before + timedelta(minutes=5) else None for at in placed}


def _hour(m: Any) -> time | None:
    """None for half past three that may be morning or afternoon."""
    if m.group(6):
        return time(12)
    if m.group(3):
        hour = int(m.group(1))
        if not 1 <= hour <= 12 or int(m.group(2) or 0) > 59:
            return None
        return time(hour % 12 + (12 if m.group(3).lower() == "p" else 0), int(m.group(2) or 0))
    hour = int(m.group(4))
    return time(hour, int(m.group(5))) if hour >= 7 else None
