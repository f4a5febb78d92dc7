"""The line above a quotation that says who wrote it and when: "On ... wrote:", in many languages and folds.

A sentence may end like one ("On Friday the school wrote:"), so a time or an address is asked for, or a `>` below it,
or a year between two blank lines.
It does not know header blocks (blocks.py) and cuts nothing (quote.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import re2

_NO_SENTENCE = 300
_MOST_LINES = 5

_ATTRIBUTION = re2.compile(
    r"(?is)^[>\s]*(?:-+\s*)?(?:"
    r"(?:on|at)\b.*\b(?:wrote|sent|said|writes)(?:\s+the following)?"
    r"|ar\b.*\bysgrifennodd\b.*"
    r"|(?:am|den)\b.*\b(?:schrieb|skrev)\b.*"
    r"|(?:le|el|em|il|op|w dniu|dnia|dne|den|på|tor|pe)\b.*\b(?:a écrit|escribió|escreveu|ha scritto|schreef.*|pisze"
    r"|geschreven|napisał(?:\(a\)|a)?|skrev.*|kirjoitti)"
    r"|(?:mensagem de|\d{4}[-/]\d{1,2}[-/]\d{1,2}\b.*<[^<>@\s]+@[^<>\s]+>)"
    r"|[^\n]+<[^<>@\s]+@[^<>\s]+>\s+(?:wrote|writes|schrieb|a écrit)\b.*"
    r"|[^\n]+\b(?:wrote|schrieb) on \S.*"
    r"|(?s:.*)\b(?:19|20)\d\d\b(?s:.*)(?:írta|napsala?|napísala?|napsal\(a\)|yazdı|şunu yazdı|написала?|написал\(а\)"
    r"|пише|писал\(а\)?|έγραψε|a scris|je napisala?o?|je napisal\(a\)|rašė|rakstīja|kirjutas|écrivait|a écrit|schrieb"
    r"|escribió|escreveu|ha scritto|schreef|skrev|kirjoitti|napisała?|написа|כתב(?:ה)?|كتب|写道|寫道|님이 작성)"
    r")\s*(?:[:：]|-{2,}:?)\s*$"
)
#: Whatever its language: a line that ends like an attribution and names an address, a year and a time.
_NAMES = (
    re2.compile(r"\b(?:19|20)\d\d\b"),
    re2.compile(r"\b\d{1,2}[:.h]\d\d\b"),
    re2.compile(r"[^<>@\s]@[^<>@\s]+\.\pL"),
)
_TIME, _ADDRESS = re2.compile(r"\b\d{1,2}[:.h]\d\d"), re2.compile(r"[^<>@\s]@[^<>@\s]")
#: The old form of webmail, without a verb and without a colon; what it quotes is marked with `>`.
_DATE_AND_ADDRESS = re2.compile(r"(?s)^\s*(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}\b[^:]*<\s*[^<>@\s]+@[^<>\s]+>\s*:?\s*$")
#: One that stands behind other words in the same line: a date and an address are asked for, and "wrote:" last of all
#: or before what is quoted.
_IN_LINE = re2.compile(
    r"^(.*?\S)\s*?(?:-{2,}\s*)?\b(?:On|Ar|Am|Le|El|Il|Em|Op|Den)\s(?:\pL+[.,]*\s)?"
    r"(?:\d{1,2}[./ ,]|\pL+\.? \d{1,2},)"
    r"[^@]*?[\s<(\"'\[][^<>@\s]+@[^<>@\s]+[^:]*?\s?"
    r"(?:wrote|ysgrifennodd|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|skrev)\s?[:：]"
)
_DATE_WORDS = frozenset(
    (
        *("on", "ar", "am", "den", "le", "el", "em", "il", "op", "w", "dnia", "tor", "pe", "in", "begin", "at", "dne"),
        *("mon,", "tue,", "wed,", "thu,", "fri,", "sat,", "sun,", "man.", "tir.", "ons.", "tor.", "fre.", "på"),
    )
)


def is_dated(head: str) -> bool:
    """Whether the words begin as a date does, in a number or in the word before one."""
    return head[:1].isdigit() or head[:14].lower().split(" ")[0] in _DATE_WORDS


def lines_of(lines: Sequence[str], n: int) -> int:
    """How many lines from here are one attribution, which programs fold over up to five; 0 where none begins."""
    joined = lines[n]
    for k in range(n + 1, n + _MOST_LINES + 1):
        if joined.rstrip().rstrip("-").rstrip().endswith((":", "：", "wrote")):
            is_one = _reads(joined, lines, n, k) and not _begins_later(lines, n, k)
            return k - n if is_one else 0
        if _DATE_AND_ADDRESS.match(joined) and _is_marked_below(lines, k):
            return k - n
        if k >= len(lines) or k == n + _MOST_LINES or not lines[k].strip() or len(joined) > _NO_SENTENCE:
            return 0
        joined = f"{joined}\n{lines[k].lstrip('> ')}"
    return 0


def _reads(words: str, lines: Sequence[str], first: int, below: int) -> bool:
    if len(words) > 2 * _NO_SENTENCE:
        return False
    if all(name.search(words) for name in _NAMES):
        return True
    if not _ATTRIBUTION.match(words):
        return False
    if _TIME.search(words) or _ADDRESS.search(words) or _is_marked_below(lines, below):
        return True
    around = (*lines[max(0, first - 1) : first], *lines[below : below + 1])
    return bool(_NAMES[0].search(words)) and not any(line.strip() for line in around)


def _is_marked_below(lines: Sequence[str], n: int) -> bool:
    """Whether the next words are marked with `>`."""
    return next((line.lstrip().startswith(">") for line in lines[n : n + 3] if line.strip()), False)


def _begins_later(lines: Sequence[str], n: int, end: int) -> bool:
    """Whether the lines above it are words of somebody's own: the attribution begins below them."""
    for k in range(n + 1, end):
        if (is_dated(lines[k].lstrip("> ")) or not is_dated(lines[n].lstrip("> "))) and _reads(
            "\n".join(lines[k:end]), lines, k, end
        ):
            return True
    return False


def begins_in_line(line: str) -> int:
    """Where in a line an attribution begins that stands behind other words; -1 where none does."""
    head = line[: 4 * _NO_SENTENCE]
    if "@" not in head or ":" not in head:
        return -1
    match = _IN_LINE.match(head)
    return match.end(1) if match and match.group(1).strip("> \t-_*") else -1
