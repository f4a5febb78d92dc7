"""The day of something that has happened, out of somebody's words: "the conference of Thursday 4 February".

Read only where the words leave no doubt: one day, not in the future, beside the name of what happened; else nobody's
guess counts and the writer is asked. It knows no case and no calendar.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import re2

from bot.model import WEEKDAYS, aware
from bot.rules.instants import LONDON, dated, days

MAX_TEXT = 20_000
LONG_AGO = timedelta(days=180)  # a day without a year that is further back lies ahead
_SENTENCE = re2.compile(r"(?:[.!?;]\s+|\n+)")


def past_day(text: str, event: str, sent: datetime) -> date | None:
    """The day of `event` in this text, None where it names none, two, or one that lies ahead.

    `event`: its name, "conference"; "" for any sentence, in an answer to the question itself. Raises ValueError for a
    naive `sent`.
    """
    today = aware(sent).astimezone(LONDON).date()
    wanted = event.casefold()
    found = {
        day
        for sentence in _SENTENCE.split(text[:MAX_TEXT])
        if wanted in sentence.casefold()
        for day in _days(sentence, today)
    }
    day = found.pop() if len(found) == 1 else None
    return day if day is not None and day <= today else None


def _days(sentence: str, today: date) -> Iterator[date]:
    for words in days(sentence):
        try:
            day = _day(words.lower(), today)
        except ValueError:
            continue  # 31 February is no day
        if day is not None:
            yield day


def _day(words: str, today: date) -> date | None:
    """The latest such day up to today. Raises ValueError where the calendar has none."""
    if "yesterday" in words or "today" in words:
        return today - timedelta(days="yesterday" in words)
    day = dated(words, today)
    if day is None:
        name = next((n for n, short in enumerate(WEEKDAYS) if words.startswith(short)), None)
        return None if name is None else today - timedelta(days=(today.weekday() - name) % 7)
    if words.isalnum():  # "4th": of this month, or of the one before
        month = today if day.day <= today.day else today.replace(day=1) - timedelta(days=1)
        return month.replace(day=day.day)
    if day <= today or str(day.year) in words or words.endswith(f"{day:%y}"):
        return day
    earlier = day.replace(year=day.year - 1)
    return earlier if earlier > today - LONG_AGO else day
