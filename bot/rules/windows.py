"""The grammar of time: "24 hours", "ten working days", "by 5pm Friday".

`requested` reads subject lines: it finds a time in anything and says what it doubted. It knows no policy, no calendar
and no clock: whoever has those caps what was asked (R5) and assumes a tier where nothing was (R4, R6, and table 3.1 of
the field notes). The windows of policy files are written.py's.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import re2

from bot.model import Flag, Unit, Window, aware
from bot.rules.instants import DAY_END, MONTH, instants
from bot.rules.instants import LONDON as LONDON

LONGEST = 2_000  # characters of a subject that are read
DOUBTFUL = "�"  # stands where a digit was that is not one of 0-9


@dataclass(frozen=True, slots=True)
class Requested:
    """The time a subject asks for: a window or an instant, never both; `flags` say what was doubtful.

    Flags: nonstandard_window (no tier of the policy), bare_days (R4), two_times (the shorter was taken),
    time_in_the_past (that time was dropped).
    """

    window: Window | None = None
    by: datetime | None = None
    flags: tuple[Flag, ...] = ()


# --- what people type -----------------------------------------------------------------------------------------------


def fold(text: str) -> str:
    """One spelling for what looks alike: NFKC, plain dashes, quotes and spaces, nothing invisible, `&` as and.

    Digits and fractions other than 0-9 become DOUBTFUL, so that no number is ever read out of them. Case stays.
    """
    plain = unicodedata.normalize("NFKC", _FOREIGN.sub(lambda run: "".join(map(_safe, run[0])), text))
    plain = _CONTROLS.sub(" ", _FOREIGN.sub(lambda run: "".join(map(_plain, run[0])), plain)).replace("&", " and ")
    return " ".join(_DASHES.sub("-", plain).split())


def _safe(char: str) -> str:
    if unicodedata.category(char)[0] == "N" or any(c.isdigit() for c in unicodedata.normalize("NFKC", char)):
        return DOUBTFUL
    return "" if unicodedata.category(char) == "Cf" or _is_selector(char) else char


def _is_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef" or char == "\u034f"


def _plain(char: str) -> str:
    kind = unicodedata.category(char)
    if kind == "Pd" or char == "\u2212":
        return "-"
    return " " if kind[0] in "ZC" else _LOOKALIKES.get(char, char)


_DASHES = re.compile("-{2,}")
#: Character by character is slow, so only those outside ASCII are looked at. No re2: it refuses lone surrogates.
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")  # the others split words anyway
_LOOKALIKES = dict.fromkeys("‘’‚‛′´", "'") | dict.fromkeys("“”„‟″", '"') | {"⁄": DOUBTFUL}

# --- numbers in words -----------------------------------------------------------------------------------------------

_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_SMALL = _NUMBERS.split()
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_IN_WORDS = re2.compile(
    rf"(?i)\b(?:({'|'.join(_TENS)})(?:[\s-](?:({'|'.join(_SMALL[1:10])})\b))?|({'|'.join(_SMALL)}))\b"
)
_REWRITES = (
    (re2.compile(r"(?i)\b(within|in)\s+an?\s+"), r"\1 1 "),
    (re2.compile(r"(?i)\b(?:an?\s+)?fortnight\b"), "2 weeks"),
    (re2.compile(r"(?i)\ba\s+working\s+week\b"), "1 working week"),
    (re2.compile(r"(?i)\bnext\s+((?:working\s+)?day)\b"), r"1 \1"),
)


def digits(text: str) -> str:
    """Numbers and articles in words, as digits."""
    text = str(_IN_WORDS.sub(_number, text))
    for pattern, plain in _REWRITES:
        text = pattern.sub(plain, text)
    return text


def _number(m: Any) -> str:
    tens, one, small = m.group(1), m.group(2), m.group(3)
    if small:
        return str(_SMALL.index(small.lower()))
    return str(_TENS[tens.lower()] + (_SMALL.index(one.lower()) if one else 0))


# --- numbers that are no times --------------------------------------------------------------------------------------

_ANY_UNIT = r"(?:(?:working|calendar)\s+)?(?:years?|yrs?|months?|mths?|weeks?|wks?|days?|hours?|hrs?)"
_NO_TIMES = re2.compile(
    "(?i)"
    + "|".join(
        (
            r"##[^#]{1,40}##",  # helpdesk numbers
            r"\(was\b[^)]*\)",  # an earlier subject
            r"\b[a-z]{1,8}[-/]?\d{2,4}[-/]\d{2,}\b",  # case numbers
            r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{1,2}/(?:0?[1-9]|1[0-2])\b",
            rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}\b(?:,?\s+\d{{4}})?",
            r"(?:\+\d{2}[\s-]?(?:\(0\))?|\(?\b0)\d{2,4}\)?[\s-]?\d{3,4}[\s-]?\d{3,4}\b",  # telephones
            r"\b\d{3}[\s-]\d{3}[\s-]\d{4}\b",  # NHS numbers
            r"\d{4,}",
            r"\b\d{1,2}[:.]\d{2}\s*(?:hrs?|hours?|h|[ap]\.?m)?\b|\d[.,]\d+",  # times of day, decimals
            rf"\bage[ds]?\s*:?\s*\d{{1,3}}(?:\s*{_ANY_UNIT}(?:\s+old)?)?\b",
            rf"\b\d{{1,3}}[\s-]*{_ANY_UNIT}[\s-]+(?:old|of age|ago|late|overdue|pregnant|gestation)\b",
            r"\b\d{1,3}\s*y/?o\b",
            rf"\b(?:missing|last|past|previous)(?:\s+for)?\s+\d{{1,3}}[\s-]*{_ANY_UNIT}\b",
            r"\b(?:year|yr|stage|step|level|section|ward|room|flat|ext|extension|number|no\.)\s*\d{1,3}\b",
            r"\b(?:non|not|less)[\s-]+urgent(?:ly)?\b|\burgent\s+(?:care|treatment)\b",
        )
    )
)

# --- lengths of time ------------------------------------------------------------------------------------------------

_UNITS = (
    ("working_weeks", r"working\s+weeks?"),
    (
        "working_days",
        r"(?:(?:clear|full)\s+)?(?:(?:working|workin|wkg|wking|work|business|office|week|wk|w)[\s./-]*days?"
        r"|w[\s./]?ds?|diwrnod\s+gwaith)",
    ),
    ("calendar_days", r"calendar\s+days?"),
    ("days", r"days?|diwrnod"),
    ("weeks", r"weeks?|wks?|wythnos"),
    ("months", r"(?:calendar\s+)?months?"),
    ("hours", r"hours?|hrs?|h|awr|oriau"),
)
_LENGTH = re2.compile(
    rf"(?i)(?:^|[^\w/#£{DOUBTFUL}])(\d{{1,3}})(?:\s*(?:-|/|\(|to\b|or\b)\s*(\d{{1,3}})\s*\)?)?[\s-]*(?:"
    + "|".join(f"(?P<{name}>{pattern})" for name, pattern in _UNITS)
    + r")\b"
)
_AT_ONCE = re2.compile(
    r"(?i)\b(?:asap|a\.s\.a\.p|as soon as possible|urgent(?:ly)?|immediately|today|same(?:\s+working)?\s+day)\b"
)
_SCALE = {
    "hours": (1, Unit.HOURS),
    "working_days": (1, Unit.WORKING_DAYS),
    "working_weeks": (5, Unit.WORKING_DAYS),
    "calendar_days": (1, Unit.CALENDAR_DAYS),
    "days": (1, Unit.CALENDAR_DAYS),
    "weeks": (7, Unit.CALENDAR_DAYS),
    "months": (1, Unit.MONTHS),
}


def requested(text: str, sent: datetime, tiers: Sequence[Window]) -> Requested:
    """The time asked for in a subject's remainder. `sent` places "by Friday"; `tiers` settle bare days (R4).

    A window is kept as it was read, however long. Nothing found: an empty Requested.
    """
    now, words = aware(sent), digits(fold(text[:LONGEST])[:LONGEST])
    dated = instants(words, now)
    for found in reversed(dated):
        words = f"{words[: found.start]} | {words[found.end :]}"
    ahead = [Requested(by=found.at, flags=(Flag.NONSTANDARD_WINDOW,)) for found in dated if found.at > now]
    options = [*ahead, *_lengths(_NO_TIMES.sub(" | ", words), tiers)]
    flags = (Flag.TIME_IN_THE_PAST,) if len(ahead) < len(dated) else ()
    if not options:
        return Requested(flags=flags)
    best = min(options, key=lambda o: _ends(o, now))
    if any((o.window, o.by) != (best.window, best.by) for o in options):
        flags = (*flags, Flag.TWO_TIMES)
    return Requested(best.window, best.by, (*best.flags, *flags))


def granted(note: str, now: datetime, tiers: Sequence[Window]) -> Requested:
    """The time in a command's note, where a date at its head needs no "by": EXTEND to 22 January, EXTEND Friday."""
    return requested(f"by {_TOWARDS.sub('', note.strip())}", now, tiers)


_TOWARDS = re2.compile(r"(?i)^(?:(?:to|till?|until|by|for)\b[\s:]*)+")


def _lengths(words: str, tiers: Sequence[Window]) -> Iterator[Requested]:
    for m in _LENGTH.finditer(words):
        unit = next(name for name, _ in _UNITS if m.group(name))
        for n in (m.group(1), m.group(2)):
            if n and int(n):
                yield _length(int(n), unit, tiers)
    if _AT_ONCE.search(words):
        yield Requested(Window(24, Unit.HOURS, "requested"), flags=(Flag.NONSTANDARD_WINDOW,))


def _length(n: int, word: str, tiers: Sequence[Window]) -> Requested:
    factor, unit = _SCALE[word]
    known = {(tier.n, tier.unit) for tier in tiers}
    if word == "days" and (n, Unit.WORKING_DAYS) in known:
        return Requested(Window(n, Unit.WORKING_DAYS, "requested"), flags=(Flag.BARE_DAYS,))
    flags = () if (n * factor, unit) in known else (Flag.NONSTANDARD_WINDOW,)
    return Requested(Window(n * factor, unit, "requested"), flags=flags)


def _ends(option: Requested, now: datetime) -> tuple[datetime, int]:
    """Roughly when it ends (no holidays: only to tell which is shorter); of equals, the one with fewest doubts."""
    if option.window is None:
        return option.by or now, len(option.flags)
    n = option.window.n
    match option.window.unit:
        case Unit.HOURS:
            end = now + timedelta(hours=n)
        case Unit.WORKING_DAYS:
            end = _weekdays_on(now.astimezone(LONDON).date(), n)
        case Unit.CALENDAR_DAYS:
            end = now + timedelta(days=n)
        case Unit.MONTHS:
            end = now + timedelta(days=30 * n)
    return end, len(option.flags)


def _weekdays_on(day: date, n: int) -> datetime:
    """The day end `n` weekdays on; a weekend counts from its Friday."""
    friday = day - timedelta(days=max(0, day.weekday() - 4))
    return datetime.combine(friday + timedelta(days=n + 2 * ((friday.weekday() + n) // 5)), DAY_END, LONDON)
