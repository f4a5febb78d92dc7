"""The windows that a policy file writes: "5 working days", "the same working day", "one working week".

What it does not know it refuses, and says what may stand there: a file is mended once and read for years. It knows no
policy and no calendar; what people type in subjects is windows.py's.
"""

from __future__ import annotations

import re2

from bot.model import Unit, Window
from bot.rules.windows import digits

_STRICT = re2.compile(
    r"(?:within )?(\d{1,3})(?: ?(?:-|to|or) ?(\d{1,3}))? "
    r"(hour|working day|working week|(?:calendar )?(?:day|month)|week)s?"
)
_SAME_DAY = re2.compile(r"(?:(?:by|within|on) )?(?:the )?(?:(?:end|close) of )?(?:the )?same working day")
_NEXT_DAY = re2.compile(r"(?:(?:by|within|on) )?(?:the )?(?:(?:end|close) of )?(?:the )?next working day")
_AT_ONCE_WORDS = ("immediately", "at once", "straight away", "without delay", "as soon as possible")
_ACCEPTED = (
    'write a whole number and its unit: "24 hours", "5 working days", "5 days" (calendar days), "2 weeks", "1 month",'
    ' or "the same working day"'
)
_STRICT_UNITS = {
    "hour": (1, Unit.HOURS),
    "working day": (1, Unit.WORKING_DAYS),
    "working week": (5, Unit.WORKING_DAYS),
    "calendar day": (1, Unit.CALENDAR_DAYS),
    "day": (1, Unit.CALENDAR_DAYS),
    "week": (7, Unit.CALENDAR_DAYS),
    "calendar month": (1, Unit.MONTHS),
    "month": (1, Unit.MONTHS),
}


def parse_window(text: str, source: str = "policy", *, zero: bool = False) -> Window:
    """ "5 working days", "the same working day", "one working week" -> Window; of "1-3 working days" the longer end.

    `zero`: no time at all may stand here. Raises ValueError for a bare number, an unknown
    unit (no bare integers, R1), no time at all, and "immediately".
    """
    plain = _written(text) if text.isascii() else ""
    if _SAME_DAY.fullmatch(plain):
        return Window(0, Unit.WORKING_DAYS, source)
    if _NEXT_DAY.fullmatch(plain):
        return Window(1, Unit.WORKING_DAYS, source)
    if is_at_once(text):
        raise ValueError(f'"{text.strip()}" has no end: {_IN_HOURS}')
    m = _STRICT.fullmatch(digits(plain))
    if m is None:
        raise ValueError(f'"{text.strip()}" is not a window: {_ACCEPTED}')
    n, (factor, unit) = max(int(n) for n in m.groups()[:2] if n), _STRICT_UNITS[m.group(3)]
    if not n and not zero:
        raise ValueError(f'"{text.strip()}" leaves no time at all: {_ACCEPTED}')
    return Window(n * factor, unit, source)


_IN_HOURS = "say in hours what it means here, such as `4 hours` with `source: local`"


def is_at_once(text: str) -> bool:
    """Whether these words ask for an answer and name no time: "immediately"."""
    return _written(text) in _AT_ONCE_WORDS


def is_span(text: str) -> bool:
    """Whether it names two lengths: "1-3 working days"."""
    m = _STRICT.fullmatch(digits(_written(text)))
    return m is not None and m.group(2) is not None


def _written(text: str) -> str:
    return " ".join(text.casefold().split())
