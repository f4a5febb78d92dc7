"""Agreed actions out of the text of an outcome: one a line, `- what, who, by when`.

A day is read only where the words leave no doubt: a weekday that is not that date's, "next Friday", "in two weeks" or
a day that has passed give none, and whoever wrote them is asked. It knows no person: `who` is somebody's words.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.mail import re2
from bot.mail.patterns.topics import topic
from bot.model import MONTHS, WEEKDAYS, Flag
from bot.rules.windows import LONDON, granted

MAX_TEXT = 20_000
MOST = 20  # actions of one outcome
LONGEST = 300  # characters of what is to be done

_BULLET = re2.compile(r"^[ \t]*(?:[-*•–—·]|\(?\d{1,2}[.)])[ \t]+(.+)$")
_ORDERS = topic("orders")
_STARTS, _DOUBT = _ORDERS.pattern("day_starts"), _ORDERS.pattern("day_in_doubt")
_BY = re2.compile(r"(?i)\bby\s+(.{3,60})$")
_WEEKDAY = re2.compile(rf"(?i)\b({'|'.join(WEEKDAYS)})[a-z]*\b")


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
    return read.by is not None or Flag.TIME_IN_THE_PAST in read.flags


def _day(words: str, sent: datetime) -> date | None:
    read = granted(words, sent, ())
    if read.by is None or Flag.TWO_TIMES in read.flags or _DOUBT.search(words):
        return None
    day = read.by.astimezone(LONDON).date()
    named = _WEEKDAY.search(words)
    if named and WEEKDAYS.index(str(named.group(1)).lower()) != day.weekday():
        return None
    return day


# The telephone call before a challenge, out of its writer's own words: when it was, and whether a message was left.
# Read only where one sentence gives one clock time for a call that was made; a call to come, one that was not made,
# or two times give none, and the writer is asked. It knows no case.

_SENTENCES = re2.compile(r"[!?\n;]+|\.(?:\s|$)")
_CALL, _NOT_MADE, _OTHER_DAY = (_ORDERS.pattern(name) for name in ("call", "call_not_made", "other_day"))
_MESSAGE, _NO_MESSAGE = _ORDERS.pattern("message"), _ORDERS.pattern("no_message")
_TIME = re2.compile(
    r"(?i)\b(?:(\d{1,2})(?:[:.](\d{2}))?\s*([ap])\.?m\b|([01]?\d|2[0-3])[:.]([0-5]\d)\b|(noon|midday)\b)"
)


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
    found = [_hour(m) for m in _TIME.finditer(sentence)]
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


# When something was that a person tells of: a day and perhaps an hour, the latest that fits and is past.

_DATE = re2.compile(
    r"(?i)\b(?:(20\d\d)-(\d\d)-(\d\d)|(\d{1,2})[./](\d{1,2})(?:[./](?:20)?(\d\d))?"
    rf"|(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({'|'.join(MONTHS)})[a-z]*(?:,?\s+(20\d\d))?)\b"
)
_OPENS = time(9)


def past(words: str, sent: datetime) -> datetime | None:
    """The instant these words name, not later than `sent`; 9am of a day without an hour. None: they name none."""
    local = sent.astimezone(LONDON)
    hours = {_hour(m) for m in _TIME.finditer(words)}
    hour = hours.pop() if len(hours) == 1 else None
    day = _past_day(words, local.date())
    if day is None and hour is None:
        return None
    at = datetime.combine(day or local.date(), hour or _OPENS, LONDON)
    if day is None and at > sent:
        at -= timedelta(days=1)
    return at if at <= sent else sent if at.date() == local.date() else None


def _past_day(words: str, today: date) -> date | None:
    lower = words.lower()
    if "yesterday" in lower or "last night" in lower:
        return today - timedelta(days=1)
    if "today" in lower or "this " in lower:
        return today
    found = _DATE.search(words)
    if found is not None:
        return _dated(found, today)
    named = _WEEKDAY.search(words)
    if named is None:
        return None
    return today - timedelta(days=(today.weekday() - WEEKDAYS.index(str(named.group(1)).lower())) % 7)


def _dated(m: Any, today: date) -> date | None:
    """A date without a year is the latest that is past. None for one that the calendar has not."""
    iso_year, iso_month, iso_day, day, month, short, on, name, year = m.groups()
    number = int(iso_day or day or on)
    in_month = int(iso_month or month or 0) or MONTHS.index(str(name).lower()) + 1
    given = int(iso_year or year or 0) or (2000 + int(short) if short else 0)
    try:
        found = date(given or today.year, in_month, number)
        return found if given or found <= today else date(today.year - 1, in_month, number)
    except ValueError:
        return None
