"""The instants that a subject asks for: "by 5pm Friday", "by 15/01/27", "COP tomorrow".

Day first, in the office's zone, placed relative to when the mail was sent. A word that sets a limit (by, before,
deadline, close of play ...) must lead: a date on its own is somebody's birthday. It knows no calendar, so a day
without a clock time ends at 17:00 whether it is worked or not, and it judges nothing: the past is found too.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import re2

from bot.model import MONTHS, WEEKDAYS, aware

LONDON = ZoneInfo("Europe/London")
DAY_END = time(17)
RECENT = timedelta(days=60)  # a date without a year that is older than this means next year's

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
)
_TH = r"(?:st|nd|rd|th)"
_DATE = (
    r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{1,2}/\d{1,2}"
    rf"|\d{{1,2}}{_TH}?\s+(?:of\s+)?{MONTH}(?:,?\s+\d{{4}})?|{MONTH}\s+\d{{1,2}}{_TH}?(?:,?\s+\d{{4}})?|\d{{1,2}}{_TH})"
)
_DAY = (
    r"(?:(?:the|this|next|on|coming)\s+)*(?:today|tomorrow|eow|end of (?:the |this )?(?:working )?week"
    rf"|(?:{_WEEKDAY},?\s+(?:the\s+)?)?{_DATE}|{_WEEKDAY})\b"
)
_CLOSE = r"(?:cop|cob|eod|close of (?:play|business)|end of (?:the )?(?:working )?(?:day|play|business)|end of)\b"
_HOUR = (
    r"(?:12\s+)?(?:noon|midday|midnight)\b|\d{1,2}(?:[:.]\d{2})?\s*[ap]\.?m\b\.?|\d{1,2}[:.]\d{2}(?:\s*h(?:ou)?rs)?\b"
    r"|\d{4}\s*h(?:ou)?rs\b|\d{1,2}\s+o'?clock\b"
)
_SEP = r"(?:\s*,\s*|\s+(?:-\s+)?)(?:(?:on|at|of)\s+|@\s*)?"
_LEAD = (
    r"\b(?:by|before|until|till?|deadline|due|latest|(?:no|not) later than)"
    r"(?:\s+(?:by|before|on|at|is|the latest|latest))*(?:\s+|\s*[:=]\s*|\s+-\s+)"
)
_LED = re2.compile(
    rf"(?i){_LEAD}(?:({_DAY})(?:{_SEP}({_CLOSE}|{_HOUR}|\d{{4}}\b))?|({_CLOSE}|{_HOUR})(?:{_SEP}({_DAY}))?|(\d{{4}}){_SEP}({_DAY}))"
)
_CLOSING = re2.compile(rf"(?i)\b({_CLOSE}){_SEP}({_DAY})|\b({_WEEKDAY}|tomorrow|today)\s+({_CLOSE})|\b(cop|cob|eod)\b")

_ANY_DAY = re2.compile(rf"(?i)\b(?:yesterday|today|(?:{_WEEKDAY},?\s+(?:the\s+)?)?{_DATE}|{_WEEKDAY})\b")

_ISO = re2.compile(r"(\d{4})-(\d{2})-(\d{2})")
_NUMBERS = re2.compile(r"(\d{1,2})[./-](\d{1,2})(?:[./-](\d{2,4}))?")
_DAY_MONTH = re2.compile(rf"(?i)(\d{{1,2}}){_TH}?\s+(?:of\s+)?({MONTH})(?:,?\s+(\d{{4}}))?")
_MONTH_DAY = re2.compile(rf"(?i)({MONTH})\s+(\d{{1,2}}){_TH}?(?:,?\s+(\d{{4}}))?")
_NTH = re2.compile(rf"(?i)\b(\d{{1,2}}){_TH}\b")
_NAMED_DAY = re2.compile(rf"(?i)\b({_WEEKDAY})\b")
_TIME = re2.compile(r"(?i)(\d{1,2})(?:[:.]?(\d{2}))?\s*([ap])?")


@dataclass(frozen=True, slots=True)
class Found:
    """Where in the text an instant stands, and which it is."""

    start: int
    end: int
    at: datetime


def instants(text: str, sent: datetime) -> tuple[Found, ...]:
    """Every instant that the text asks for, in UTC; dates that do not exist (31/02) are left alone."""
    now = aware(sent).astimezone(LONDON)
    found = []
    for m in _LED.finditer(text):
        day, hour = m.group(1) or m.group(4) or m.group(6), m.group(2) or m.group(3) or m.group(5)
        found.append((m.start(), m.end(), _instant(day, hour, now)))
    for m in _CLOSING.finditer(text):
        if not any(start <= m.start() < end for start, end, _ in found):
            found.append((m.start(), m.end(), _instant(m.group(2) or m.group(3), "close", now)))
    return tuple(Found(start, end, at) for start, end, at in found if at is not None)


def days(text: str) -> tuple[str, ...]:
    """Every piece of the text that names a day, as it is written: "Thursday 4 February", "yesterday", "the 4th"."""
    return tuple(m.group(0) for m in _ANY_DAY.finditer(text))


def _instant(day: str | None, hour: str | None, now: datetime) -> datetime | None:
    """The instant of a day and an hour, either of which may be missing."""
    at, midnight = _hour(hour)
    if at is None:
        return None
    if day is None:
        return _next(at, midnight, is_close=hour is not None and not any(c.isdigit() for c in hour), now=now)
    on = _day(day, at, now)
    if on is None:
        return None
    return _on(on, at, midnight)


def _on(day: date, at: time, midnight: bool) -> datetime:
    """Midnight of a day is its end: who writes "by midnight Friday" has Friday left."""
    return aware(datetime.combine(day + timedelta(days=midnight), at, LONDON))


def _next(at: time, midnight: bool, is_close: bool, now: datetime) -> datetime:
    """An hour without a day: today; "by 9am" written in the afternoon is tomorrow's, "by close of play" never is."""
    today = _on(now.date(), at, midnight)
    return today if today > now or (is_close and at == DAY_END) else _on(now.date() + timedelta(days=1), at, midnight)


def _hour(words: str | None) -> tuple[time | None, bool]:
    """The clock time and whether it is a midnight; the day end where nothing or a close of play is said."""
    words = (words or "").lower()
    if "midnight" in words:
        return time(0), True
    if "noon" in words or "midday" in words:
        return time(12), False
    m = _TIME.match(words)
    if m is None:
        return DAY_END, False
    hour, minute, half = int(m.group(1)), int(m.group(2) or 0), m.group(3)
    if "o" in words and not half and hour < 8:
        half = "p"  # five o'clock, in an office
    if half:
        if not 1 <= hour <= 12:
            return None, False
        hour = hour % 12 + (12 if half == "p" else 0)
    return (time(hour, minute), False) if hour < 24 and minute < 60 else (None, False)


def _day(words: str, at: time, now: datetime) -> date | None:
    """The day that the words mean, counted from the day of sending; None for one that does not exist."""
    words, today = words.lower(), now.date()
    if "today" in words:
        return today
    if "tomorrow" in words:
        return today + timedelta(days=1)
    try:
        return dated(words, today) or _named(words, at, now)
    except ValueError:
        return None


def dated(words: str, today: date) -> date | None:
    """A day given by number. Raises ValueError when the calendar has no such day."""
    if m := _ISO.search(words):
        return date(int(m.group(1)), int(m.group(2)), int(m.group(3)))
    if m := _NUMBERS.search(words):
        return _dmy(int(m.group(1)), int(m.group(2)), m.group(3), today)
    if m := _DAY_MONTH.search(words):
        return _dmy(int(m.group(1)), MONTHS.index(m.group(2)[:3]) + 1, m.group(3), today)
    if m := _MONTH_DAY.search(words):
        return _dmy(int(m.group(2)), MONTHS.index(m.group(1)[:3]) + 1, m.group(3), today)
    if m := _NTH.search(words):
        here = today.replace(day=int(m.group(1)))
        return here if here >= today else (today.replace(day=1) + timedelta(days=32)).replace(day=here.day)
    return None


def _dmy(day: int, month: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    this = date(today.year, month, day)
    return this if this >= today - RECENT else date(today.year + 1, month, day)


def _named(words: str, at: time, now: datetime) -> date | None:
    """The coming day of that name; today's own name means today until the hour has gone. A week ends on Friday."""
    m = _NAMED_DAY.search(words)
    name = m.group(1)[:3] if m else "fri"
    ahead = (WEEKDAYS.index(name) - now.weekday()) % 7
    day = now.date() + timedelta(days=ahead)
    return day if ahead or datetime.combine(day, at, LONDON) > now else day + timedelta(days=7)
