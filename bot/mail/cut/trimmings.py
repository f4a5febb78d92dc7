"""What stands round a person's words and is not theirs: banners, mobile footers, disclaimers, signatures.

The words stand in patterns/trimmings.yaml, as UK public mail really carries them. Taking something off serves reading
only; the mail itself is kept whole, and what is no trimming for certain stays, for nothing that a person said may be
lost. It does not know quotations (quote.py).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import re2

from bot.mail.bytes.text import SIGNATURE_MARK
from bot.mail.patterns.topics import topic

_TRIMMINGS = topic("trimmings")
_BANNER, _BANNER_GOES_ON = _TRIMMINGS.pattern("banner"), _TRIMMINGS.pattern("banner_goes_on")
_MOBILE, _FOOTER_AT_END = _TRIMMINGS.pattern("mobile"), _TRIMMINGS.pattern("footer_at_end")
_DISCLAIMER = _TRIMMINGS.pattern("disclaimer")

_SHORTEST_DISCLAIMER = 10
_LONGEST_FOOTER = 300
_EDGES = " \t-_=*–—"

_LONDON = ZoneInfo("Europe/London")
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WELSH = ("ion", "chw", "maw", "ebr", "mai", "meh", "gor", "aws", "med", "hyd", "tac", "rha")
_MONTHS = {name: n for names in (_ENGLISH, _WELSH) for n, name in enumerate(names, 1)}
_SENT_AT = re2.compile(
    r"(?i)\b(?:(\d{1,2})(?:st|nd|rd|th)?\s+([a-z]+)|([a-z]+)\s+(\d{1,2})"
    r"|(\d{1,2})/(\d{1,2})/),?\s*(20\d\d),?\s+(?:at\s+)?"
    r"(\d{1,2}):(\d\d)(?::\d\d)?(?:\s*([ap])\.?m)?"
)


def trimmed(lines: list[str], writer: str = "") -> str:
    """A person's own words among `lines`. Where nothing but trimmings is found, nothing is left. `writer`: the sender's
    name, which begins a signature where it stands above titles."""
    rest = _without_banner(lines)
    rest = rest[: next((n for n, line in enumerate(rest) if _is_disclaimer(line)), len(rest))]
    footer = next((n for n, line in enumerate(rest) if len(line) < _LONGEST_FOOTER and _MOBILE.match(line)), len(rest))
    rest = rest[:footer] if any(line.strip() for line in rest[:footer]) else rest[footer + 1 :]
    kept = rest[: _signature_begins(rest, writer)]
    last = next((n for n in range(len(kept), 0, -1) if kept[n - 1].strip(_EDGES)), 0)
    kept = kept[:last]
    return "\n".join(line.rstrip() for line in kept).strip("\n").strip()


def _without_banner(lines: list[str]) -> list[str]:
    """Less the warning that gateways put first: its first line is known, what follows belongs to it."""
    start = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    while start < len(lines) and _BANNER.match(lines[start]):
        start += 1
        while start < len(lines) and lines[start].strip() and _BANNER_GOES_ON.search(lines[start]):
            start += 1
        while start < len(lines) and (not lines[start].strip() or not lines[start].strip("-_=*| \t")):
            start += 1
    return lines[start:]


def _is_disclaimer(line: str) -> bool:
    return len(line) >= _SHORTEST_DISCLAIMER and bool(_DISCLAIMER.match(line))


def without_footer(line: str) -> str:
    """A line less the mobile footer at its end, where a gateway has taken out the line ends."""
    found = _FOOTER_AT_END.search(line)
    return line[: found.start()] if found else line


def instant(words: str) -> datetime | None:
    """The time that Outlook writes after `Sent:` ("15 January 2027 16:45"); it carries no zone and is London's."""
    match = _SENT_AT.search(words)
    if not match:
        return None
    day, month, us_month, us_day, number_day, number_month, year, hour, minute, half = match.groups()
    try:
        in_year = int(number_month) if number_month else _MONTHS[(month or us_month)[:3].lower()]
        in_day = int(hour) % 12 + 12 * (half.lower() == "p") if half else int(hour)
        return datetime(
            int(year), in_year, int(day or us_day or number_day), in_day, int(minute), tzinfo=_LONDON
        ).astimezone(UTC)
    except (ValueError, KeyError):
        return None


# --- where a signature begins ---------------------------------------------------------------------------------------
# At its mark, at a closing formula, at a rule, or at a name with titles below it. A closing formula is one only if a
# name and titles follow it: "Thanks" may stand above an answer.

_CLOSING, _LIST, _CONTACT = _TRIMMINGS.pattern("closing"), _TRIMMINGS.pattern("list"), _TRIMMINGS.pattern("contact")
_MARKS = frozenset({"--", "__", "—", "––"})
_RULED = frozenset("-_–—=*~")
_RULE = re2.compile(r"^\s*[-_–—=*~]{10,}\s*$")
_WORDS = re2.compile(r"[\p{L}\p{M}]+")
_LONGEST_CLOSING = 60
_MAX_SIGNATURE = 25
_WITHIN = 80
_MAX_BLOCK = 9
_SHORT = 6
_LONG = 110
_FEW_WORDS = 5


def _signature_begins(lines: Sequence[str], writer: str) -> int:
    """The index of the first line of the signature; len(lines) where there is none. `writer`: the sender's name."""
    said = next((n for n, line in enumerate(lines) if line.strip(" \t" + SIGNATURE_MARK)), len(lines))
    end = next((n for n, line in enumerate(lines) if _is_mark(line.strip(), is_first=n <= said)), len(lines))
    for n in range(said + 1, end):
        if _closes(lines, n, end) or _parts(lines, n, end):
            return n
    return min(end, _name_and_titles(lines, said, end, writer))


def _is_mark(line: str, *, is_first: bool) -> bool:
    """Whether a line is a signature's mark. What a program calls a signature is an answer if nothing stands above."""
    return line in _MARKS or (line == SIGNATURE_MARK and not is_first)


def _closes(lines: Sequence[str], n: int, end: int) -> bool:
    line = lines[n]
    if len(line) > _LONGEST_CLOSING:
        return False
    formula = _CLOSING.match(line)
    if not formula or (formula.group(1) and not _is_name(formula.group(1), 1)):
        return False
    return _is_signature(_not_blank(lines[n + 1 : min(end, n + 1 + _WITHIN)]))


def _is_signature(said: Sequence[str]) -> bool:
    """Whether these are a name and its titles. Sentences may follow two such lines, or one with a telephone; what a
    rule parts from the formula is all of it."""
    if said and _RULE.match(said[0].rstrip() + "_____"):
        return True
    prose = next((n for n, line in enumerate(said) if _is_prose(line)), len(said))
    if prose == len(said):
        return len(said) <= _MAX_SIGNATURE
    return prose > 2 or (prose > 0 and any(_CONTACT.search(line) for line in said[:prose]))


def _is_rule(line: str) -> bool:
    return line.lstrip()[:1] in _RULED and bool(_RULE.match(line))


def _not_blank(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.strip()]


def _is_name(words: str, least: int) -> bool:
    """Whether these are words with capitals only, no more than a name has."""
    parts = words.replace(",", " ").split()
    return least <= len(parts) <= 5 and all(part[0].isupper() and not part[-1].isdigit() for part in parts)


def _is_prose(line: str) -> bool:
    """Whether a line reads as words of a sentence: long, ended as one, or mostly words without a capital."""
    words = line.split()
    if len(line) > _LONG or (line.rstrip()[-1] in ".!?" and len(words) > _FEW_WORDS):
        return True
    small = sum(word[0].islower() for word in words)
    return len(words) > 2 and 2 * small > len(words) and not (len(words) <= _FEW_WORDS and _CONTACT.search(line))


def _parts(lines: Sequence[str], n: int, end: int) -> bool:
    """Whether a line is a rule above a signature of a few lines, or above what a mailing list adds."""
    if not _is_rule(lines[n]) or _is_rule(lines[n - 1]):
        return False
    said = [line for line in _not_blank(lines[n + 1 : min(end, n + 1 + _WITHIN // 2)]) if not _is_rule(line)]
    if any(_LIST.search(line) for line in said[:3]):
        return True
    return 0 < len(said) < _MAX_BLOCK and not any(_is_prose(line) for line in said)


def _name_and_titles(lines: Sequence[str], first: int, end: int, writer: str) -> int:
    """Where the last paragraph begins if it is the writer's name and titles under a short answer, or a name, titles
    and a telephone under a sentence; `end` where it is something else, such as one of several that are listed."""
    last = max((n for n in range(first, end) if lines[n].strip()), default=end)
    start = last
    while start > first and lines[start - 1].strip():
        start -= 1
    above = _not_blank(lines[first:start])
    block = _not_blank([line.strip(" \t*") for line in lines[start : last + 1]])
    if not above or not 1 < len(block) < _MAX_BLOCK or any(_is_prose(line) for line in block):
        return end
    before = above[-1].rstrip()
    if before.endswith((":", "：")) or _CONTACT.search(before):
        return end
    if len(above) <= _SHORT and _is_writers(block[0], writer):
        return start
    is_under_sentence = before.endswith((".", "!", "?", "…")) or len(before.split()) == 1
    is_one = _is_name(block[0], 2) and any(_CONTACT.search(line) for line in block[1:])
    return start if is_one and is_under_sentence else end


def _is_writers(line: str, writer: str) -> bool:
    """Whether a line is the writer's name, first and last in either order."""
    names = {word.casefold() for word in _WORDS.findall(writer)}
    said = [word.casefold() for word in _WORDS.findall(line)]
    return len(said) > 1 and names.issuperset(said)
