"""What stands round a person's words and is not theirs: banners, mobile footers, disclaimers, signatures.

A cut needs two signs: the wording (boilerplate.py, patterns/trimmings.yaml) and its place at the top, at the end or
in a frame; a signature's mark and what signatures hold (signature.py). Taking something off serves reading only; the
mail itself is kept whole, and what is no trimming for certain stays, for nothing that a person said may be lost. It
does not know quotations (quote.py).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.mail import re2
from bot.mail.cut import boilerplate, signature
from bot.mail.patterns.topics import topic
from bot.model import MONTHS, WELSH_MONTHS

_TRIMMINGS = topic("trimmings")
_MOBILE, _FOOTER_AT_END = _TRIMMINGS.pattern("mobile"), _TRIMMINGS.pattern("footer_at_end")
_TITLE, _GREETING, _CONTACT = _TRIMMINGS.pattern("title"), _TRIMMINGS.pattern("greeting"), _TRIMMINGS.pattern("contact")

_LONGEST_FOOTER = 300
_MOST_FRAMED = 30
_MOST_LINES = 4000
#: Of a text of more paragraphs only the first and the last are looked at.
_MOST_BLOCKS, _SOME_BLOCKS = 80, 40
_MOST_FOOTERS = 20
_MOST_TRIED = 12
_MANY_WORDS = 25
_SURE_KINDS = 2
_SHORT_NAME = 3
_POSTSCRIPT = re2.compile(r"^\W*(?:P\.? ?P?\.?S\b|O\.N\.|ps\b)[\s.:,–-]*\S")
_SIGNED = re2.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----\s*$")
_SIGNATURE = re2.compile(r"^-----BEGIN PGP SIGNATURE-----\s*$")
_SIGNATURE_END = re2.compile(r"^-----END PGP SIGNATURE-----\s*$")
_EDGES = " \t-_=*–—~#|"

_LONDON = ZoneInfo("Europe/London")
_MONTHS = {name: n for names in (MONTHS, WELSH_MONTHS) for n, name in enumerate(names, 1)}
_SENT_AT = re2.compile(
    r"(?i)\b(?:(\d{1,2})(?:st|nd|rd|th)?\s+([a-z]+)|([a-z]+)\s+(\d{1,2})"
    r"|(\d{1,2})/(\d{1,2})/),?\s*(20\d\d),?\s+(?:at\s+)?"
    r"(\d{1,2}):(\d\d)(?::\d\d)?(?:\s*([ap])\.?m)?"
)


_REMEMBERED = 10_000


def trimmed(lines: list[str], writer: str = "") -> str:
    """A person's own words among `lines`. Where nothing but trimmings is found, nothing is left. `writer`: the sender's
    name, which begins a signature where it stands above titles."""
    return cut(lines, writer)[0]


def cut(lines: list[str], writer: str = "") -> tuple[str, bool]:
    """The same, and whether all that was taken off is certain; where it is not, and nothing or only a greeting would be
    left, everything stays."""
    whole = tuple(lines)
    return _remembered(whole, writer) if sum(map(len, whole)) <= _REMEMBERED else _cut(whole, writer)


@lru_cache(maxsize=64)
def _remembered(lines: tuple[str, ...], writer: str) -> tuple[str, bool]:
    """One mail's words are cut by each who asks what they mean. Long ones are not kept in mind."""
    return _cut(lines, writer)


def _cut(lines: tuple[str, ...], writer: str) -> tuple[str, bool]:
    given = _without_marked(list(lines))
    taken = _taken(given)
    rest = [line for n, line in enumerate(given) if n not in taken]
    rest, is_begun = _led(rest)
    rest, is_sure = _without_mobile(rest)
    rest = _edged(rest)
    begun = signature.begins(rest, writer)
    kept = _edged([*rest[:begun], *_postscript(rest[begun:])])
    text = "\n".join(line.rstrip() for line in kept).strip("\n").strip()
    if not is_bare(text):
        return text, is_sure
    gone = [given[n] for n in sorted(taken)]
    if is_begun or not gone or _is_certain(gone):
        return text, True
    whole = "\n".join(line.rstrip() for line in _edged([*gone, *rest])).strip()
    return whole, False


def adds(lines: Sequence[str]) -> bool:
    """Whether these lines, below words and a quotation, are more than the footers that stand there."""
    above = ["Words.", ""]
    return bool(lines) and trimmed([*above, *lines]) != above[0]


def _postscript(lines: Sequence[str]) -> list[str]:
    """What was written last of all, under a signature, and says so: its paragraph, and a short name above it."""
    first = next((n for n, line in enumerate(lines) if _POSTSCRIPT.match(line) and signature.states(line)), len(lines))
    end = next((n for n in range(first, len(lines)) if not lines[n].strip()), len(lines))
    is_short = sum(1 for line in lines[:first] if line.strip()) <= _SHORT_NAME
    return ["", *lines[0 if is_short else first : end]] if first < end else []


def unframed(lines: list[str]) -> list[str]:
    """Less the frame of a mail that is signed in the clear (RFC 4880, 7)."""
    begun = next((n for n, line in enumerate(lines) if line.startswith("-----B") and _SIGNED.match(line)), -1)
    if begun < 0:
        return lines
    end = next((n for n, line in enumerate(lines) if n > begun and _SIGNATURE.match(line)), -1)
    if end < 0:
        return lines
    first = next((n for n in range(begun + 1, end) if not lines[n].strip()), begun)
    last = next((n for n in range(end, len(lines)) if _SIGNATURE_END.match(lines[n])), len(lines) - 1)
    return [*lines[:begun], *(line.removeprefix("- ") for line in lines[first + 1 : end]), *lines[last + 1 :]]


def is_bare(text: str) -> bool:
    """Whether a text is nothing or a greeting alone."""
    return not text.strip() or (len(text) < _LONGEST_FOOTER and bool(_GREETING.match(text.strip())))


def _is_certain(lines: Sequence[str]) -> bool:
    """Whether the boilerplate is about two things at least, or has a form that no person gives it."""
    said = [line for line in lines if line.strip()]
    if all(boilerplate.is_heading(line) or boilerplate.is_marking(line) or boilerplate.is_rule(line) for line in said):
        return True
    return len(boilerplate.anchors(" ".join(said))) >= _SURE_KINDS


def _edged(lines: Sequence[str]) -> list[str]:
    """Without rules and blank lines at both ends."""
    said = [n for n, line in enumerate(lines) if line.strip(_EDGES)]
    return list(lines[said[0] : said[-1] + 1]) if said else []


def _without_marked(lines: list[str]) -> list[str]:
    """Less what a gateway has put between its own marks."""
    for _ in range(_MOST_FOOTERS):
        begun = next((n for n, line in enumerate(lines) if boilerplate.BEGINS.match(line)), -1)
        if begun < 0:
            break
        within = range(begun, min(len(lines), begun + _MOST_FRAMED))
        end = next((n for n in within if boilerplate.ENDS.search(lines[n])), begun)
        lines = [*lines[:begun], *lines[end + 1 :]]
    return lines


def _taken(lines: Sequence[str]) -> frozenset[int]:
    """The lines that are boilerplate at the top, at the end or in a frame."""
    blocks = _blocks(lines[:_MOST_LINES])
    blocks = blocks if len(blocks) <= _MOST_BLOCKS else [*blocks[:_SOME_BLOCKS], *blocks[-_SOME_BLOCKS:]]
    known = [_known(lines, start, end) for start, end in blocks]
    said = [n for n, block in enumerate(blocks) if _states(lines, block, known[n])]
    own = [n for n, (block, found) in enumerate(zip(blocks, known, strict=True)) if _is_own(lines, block, found)]
    taken: set[int] = set()
    for n, ((_, end), found) in enumerate(zip(blocks, known, strict=True)):
        first = own[0] if own else len(blocks)
        is_below = not any(k > n for k in said)
        if _TITLE.match(lines[blocks[n][0]]) and n > first and len(lines[blocks[n][0]]) < 60:
            taken.update(range(blocks[n][0], len(lines)))
            break
        if not found:
            continue
        is_long = sum(len(lines[k].split()) for k in found) >= _MANY_WORDS
        is_whole = found[0] == blocks[n][0] and found[-1] == end - 1
        if n <= first or is_below or is_long or (is_whole and _is_framed(lines, *blocks[n])):
            taken.update(found)
    last = max(
        (n for n, found in enumerate(known) if taken.intersection(found) and own and n > own[0]), default=len(blocks)
    )
    for n in range(last + 1, len(blocks)):  # under a disclaimer: whose it is, and where they are
        if n not in said and any(signature.is_of_one(line) for line in lines[slice(*blocks[n])]):
            taken.update(range(*blocks[n]))
    return frozenset(taken)


def _states(lines: Sequence[str], block: tuple[int, int], known: tuple[int, ...]) -> bool:
    """Whether what is no boilerplate in a paragraph states something."""
    rest = [lines[n] for n in range(*block) if n not in known and not _MOBILE.match(lines[n])]
    return any(map(signature.states, rest))


def _blocks(lines: Sequence[str]) -> list[tuple[int, int]]:
    """First line and end of each paragraph; a rule parts paragraphs, too."""
    blocks, start = [], -1
    for n, line in enumerate((*lines, "")):
        is_part = not line.strip() or boilerplate.is_rule(line)
        if is_part and start >= 0:
            blocks.append((start, n))
        start = -1 if is_part else n if start < 0 else start
    return blocks


def _known(lines: Sequence[str], start: int, end: int) -> tuple[int, ...]:
    """The lines of a paragraph that are boilerplate: all, those at its beginning, or those at its end."""
    if end - start > _MOST_FRAMED or not _may_be_known(lines[start:end]):
        return ()
    if boilerplate.is_known(lines[start:end]) or (
        _is_framed(lines, start, end) and boilerplate.is_mostly(" ".join(lines[start:end]))
    ):
        return tuple(range(start, end))
    at = next((n for n in range(max(start + 1, end - _MOST_TRIED), end) if boilerplate.is_known(lines[n:end])), end)
    to = next(
        (n for n in range(min(end - 1, start + _MOST_TRIED), start, -1) if boilerplate.is_known(lines[start:n])), start
    )
    if to > start and any(line.strip() for line in lines[:start]):  # under words: what states nothing goes with it
        to = next((n for n in range(to, end) if signature.states(lines[n])), end)
    return (*range(start, to), *range(max(at, to), end))


def _may_be_known(lines: Sequence[str]) -> bool:
    """A cheap look that spares most paragraphs the rest."""
    if boilerplate.is_anchored(" ".join(lines)):
        return True
    return any(boilerplate.is_heading(line) or boilerplate.is_marking(line) for line in lines)


def _is_framed(lines: Sequence[str], start: int, end: int) -> bool:
    """Whether a rule stands above and below a paragraph."""
    above = next((line for line in reversed(lines[:start]) if line.strip()), "")
    below = next((line for line in lines[end:] if line.strip()), "")
    return boilerplate.is_rule(above) and boilerplate.is_rule(below)


def _is_own(lines: Sequence[str], block: tuple[int, int], known: tuple[int, ...]) -> bool:
    """Whether somebody's own words stand in a paragraph: more than a greeting, a name, a contact or a footer."""
    rest = [lines[n] for n in range(*block) if n not in known]
    said = [line for line in rest if not _MOBILE.match(line) and not _CONTACT.search(line)]
    return bool(said) and not is_bare(" ".join(said)) and not boilerplate.is_known(said)


def _led(lines: list[str]) -> tuple[list[str], bool]:
    """Less what a gateway has put into the first line, before its first words; and whether it had."""
    first = next((n for n, line in enumerate(lines) if line.strip()), -1)
    at = boilerplate.leading(lines[first]) if first >= 0 and len(lines[first]) < 2000 else 0
    return ([*lines[:first], lines[first][at:], *lines[first + 1 :]], True) if at else (lines, False)


def _without_mobile(lines: list[str]) -> tuple[list[str], bool]:
    """Less the footer of a telephone or a program, and what stands below it; and whether no sentences do, for somebody
    may have written under it."""
    for _ in range(_MOST_FOOTERS):
        at = next((n for n, line in enumerate(lines) if len(line) < _LONGEST_FOOTER and _MOBILE.match(line)), -1)
        if at < 0:
            return lines, True
        above, below = lines[:at], lines[at + 1 :]
        if not is_bare("\n".join(above)):
            return above, not any(signature.states(line) for line in below[: signature.begins(below, "")][:_MOST_LINES])
        lines = [*above, *below]
    return lines, False


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
