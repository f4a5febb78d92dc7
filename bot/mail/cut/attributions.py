"""The line above a quotation that says who wrote it and when: "On ... wrote:", in many languages and folds.

A sentence may end like one ("On Friday the school wrote:"), so a time or an address is asked for, or a `>` below it,
or a year between two blank lines.
Below them: the header blocks of mail programs. The words stand in patterns/quotation.yaml. It cuts nothing (quote.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.mail import re2
from bot.mail.bytes import headers
from bot.mail.bytes.addresses import addresses_in
from bot.mail.cut import trimmings
from bot.mail.patterns.topics import topic

_NO_SENTENCE = 300
_MOST_LINES = 5

_QUOTATION = topic("quotation")
_ATTRIBUTION, _IN_LINE = _QUOTATION.pattern("attribution"), _QUOTATION.pattern("in_line")
_DATE_WORDS = _QUOTATION.words("date_words")
#: Whatever its language: a line that ends like an attribution and names an address, a year and a time.
_NAMES = (
    re2.compile(r"\b(?:19|20)\d\d\b"),
    re2.compile(r"\b\d{1,2}[:.h]\d\d\b"),
    re2.compile(r"[^<>@\s]@[^<>@\s]+\.\pL"),
)
_TIME, _ADDRESS = re2.compile(r"\b\d{1,2}[:.h]\d\d"), re2.compile(r"[^<>@\s]@[^<>@\s]")
#: The old form of webmail, without a verb and without a colon; what it quotes is marked with `>`.
_DATE_AND_ADDRESS = re2.compile(r"(?s)^\s*(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}\b[^:]*<\s*[^<>@\s]+@[^<>\s]+>\s*:?\s*$")


_CITED = re2.compile(r"^[\"“‘'«].*[\"”’'»][.!?]?$")
#: "On ... the practice wrote:" is told by a person: an article and small letters where a program puts a name.
_TOLD, _ARTICLE, _REPLIED = (_QUOTATION.pattern(name) for name in ("told", "told_of", "replied"))


@dataclass(frozen=True, slots=True)
class Begun:
    """Where a quotation begins: the line and the place in it. `is_sure`: by two signs. `is_skipped`: above it stands
    what looks like one and is told within somebody's own words."""

    line: int
    within: int
    is_sure: bool
    is_skipped: bool


def is_sure(lines: Sequence[str], n: int, title: str) -> bool:
    """Whether a second sign says that the quotation which begins here is one: an address, `>` below it, or in a header
    block the subject of the mail itself."""
    many = lines_of(lines, n)
    if many:
        return bool(_ADDRESS.search("\n".join(lines[n : n + many]))) or _is_marked_below(lines, n + many)
    block = [line for line in lines[n : n + _LOOK_AHEAD] if line.strip()]
    if any("@" in line for line in block) or not title:
        return True
    subject = header(lines[n : n + _LOOK_AHEAD + 1])[0]
    return bool(subject) and _bare(subject) == _bare(title)


def _bare(title: str) -> str:
    return " ".join(_REPLIED.sub("", title).split()).casefold()


def is_told(lines: Sequence[str], n: int) -> bool:
    """Whether what looks like a quotation is told by the writer: announced by a colon, or not in a program's words."""
    above = next((line for line in reversed(lines[max(0, n - 2) : n]) if line.strip()), "")
    if above.rstrip().endswith((":", "：")):
        return True
    many = lines_of(lines, n)
    if not many:
        return begins(lines, n)
    words = " ".join(lines[n : n + many])
    verb = _TOLD.search(words)
    return bool(verb) and bool(_ARTICLE.search(words[: verb.start()]))


def is_cited(lines: Sequence[str], n: int) -> bool:
    """Whether the words below a told attribution stand in quotation marks, as a person cites: they are no program's."""
    many = lines_of(lines, n)
    below = next((line.strip() for line in lines[n + many :] if line.strip()), "")
    return many > 0 and is_told(lines, n) and bool(_CITED.match(below))


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
    """Where in a line an attribution begins that stands behind other words, or before what it quotes; -1 where none
    does."""
    head = line[: 4 * _NO_SENTENCE]
    if "@" not in head or ":" not in head:
        return -1
    match = _IN_LINE.match(head)
    if match:
        return match.end(1) if match.group(1).strip("> \t-_*") else -1
    before = _IN_LINE.match(f"x {head}") if is_dated(head.lstrip("> ")) else None
    return 0 if before and head[before.end() - 2 :].strip() else -1


# The header block that a mail program puts above what it quotes: From, Sent, To, Subject, in many languages. Known by
# several labels at once: one of them begins many a sentence. Blocks pressed into one line by a gateway count, and
# Notes' form, whose labels stand alone. It cuts nothing
# (quote.py). A block that does not begin with From needs an address and a time, for forms have such labels, too.

_LOOK_AHEAD = 8
_LABEL_WITHIN = 24
_LONGEST_LINE = 2000
_LONGEST_TITLE = 48
_NEAR = 400

_BLOCK_FROM, _BLOCK_OTHER = _QUOTATION.pattern("block_from"), _QUOTATION.pattern("block_other")
_LABEL, _PRESSED, _ALONE = _QUOTATION.pattern("label"), _QUOTATION.pattern("pressed"), _QUOTATION.pattern("alone")
_WHO = _QUOTATION.pattern("who")
#: Words between dashes in whatever language, and behind them in the same line a label and an address.
_TITLED_IN_LINE = re2.compile(r"^(.*?)[-_=]{3,}\s?([^-_=*:@]+)\s?[-_=]{3,}\s*([^:：@]+)[:：][^@]*@")
_TITLE = re2.compile(rf"(?i)[-_=*\s]*(?:\b(?:{'|'.join(_QUOTATION.listed('titles'))})[-_=*\s]*)?$")
_MOMENT = re2.compile(
    r"(?i)^[>\s]*\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\s+(?:at\s+)?\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\s*[ap]m)?\s*$"
)


def has_colon(words: str) -> bool:
    return ":" in words or "：" in words


def is_label(line: str) -> bool:
    """Whether a line begins with a label of such a block."""
    return has_colon(line[:_LABEL_WITHIN]) and bool(_LABEL.match(line))


def begins(lines: Sequence[str], n: int) -> bool:
    """Whether a block of labels begins with this line."""
    line = lines[n]
    if not has_colon(line[:_LABEL_WITHIN]):
        return False
    if _BLOCK_FROM.match(line):
        return _kinds(lines, n) >= 2
    other = _BLOCK_OTHER.match(line)
    return bool(other) and (_is_sent_first(lines, n, bool(other and other.group(1))) or _is_mixed(lines, n))


def follows(lines: Sequence[str], n: int) -> bool:
    """Whether the next words, a few blank lines allowed, are a block."""
    said = next((k for k in range(n, min(n + 4, len(lines))) if lines[k].strip()), None)
    return said is not None and begins(lines, said)


def _kinds(lines: Sequence[str], n: int) -> int:
    """How many other labels stand below a From: line, before the next one of its kind."""
    seen: set[int] = set()
    for line in lines[n + 1 : n + 1 + _LOOK_AHEAD]:
        if not has_colon(line):
            continue
        match = _BLOCK_OTHER.match(line)
        if match:
            seen |= {k for k in (1, 2, 3) if match.group(k)}
        elif _BLOCK_FROM.match(line):
            break
    return len(seen)


def _is_sent_first(lines: Sequence[str], n: int, is_sent: bool) -> bool:
    """Whether a block begins whose time stands above its sender, as some webmail writes it."""
    return is_sent and any(_BLOCK_FROM.match(x) for x in lines[n + 1 : n + 2]) and _kinds(lines, n + 1) >= 2


def _is_mixed(lines: Sequence[str], n: int) -> bool:
    """Whether labels in any order stand on the next lines, From among them, with an address and a time."""
    if n and is_label(lines[n - 1]):
        return False
    seen: set[int] = set()
    block: list[str] = []
    for line in lines[n : n + _LOOK_AHEAD]:
        match = _LABEL.match(line) if has_colon(line[:_LABEL_WITHIN]) else None
        if not match:
            break
        seen |= {k for k in (1, 2, 3, 4) if match.group(k)}
        block.append(line)
    return len(seen) >= 3 and 1 in seen and any("@" in x for x in block) and any(_TIME.search(x) for x in block)


def block_begins_in_line(line: str) -> int:
    """Where in a line a block begins that somebody's program has pressed into it; -1 where none does."""
    if len(line) > _LONGEST_LINE or line.count(":") + line.count("：") < 3:
        return -1
    titled = _TITLED_IN_LINE.match(line) if "@" in line else None
    if titled and len(titled.group(2)) < _LONGEST_TITLE and len(titled.group(3)) < _LABEL_WITHIN:
        at: int = titled.end(1)
        return at
    found = [m for m in _PRESSED.finditer(line) if _is_capital(m.group().lstrip(" \t>*_-"))]
    for first, match in enumerate(found):
        near = [m for m in found[first:] if m.start() - match.start() < _NEAR]
        kinds = {k for m in near for k in (1, 2, 3, 4) if m.group(k)}
        if len(kinds) >= 3 and {1, 2} <= kinds and _TIME.search(line):
            return len(_TITLE.sub("", line[: match.start()]))
    return -1


def _is_capital(label: str) -> bool:
    return label[:1].isupper() or not label[:1].islower()


def begins_notes(lines: Sequence[str], n: int) -> int:
    """Where the form begins that Notes puts above an original: a name, a moment in a line of its own, and below them
    To, cc and Subject, each alone. -1 where this line is not its moment."""
    if not _MOMENT.match(lines[n]):
        return -1
    alone = [m for m in (_ALONE.match(line) for line in lines[n + 1 : n + 18]) if m]
    if not any(m.group(1) for m in alone) or not any(m.group(2) for m in alone):
        return -1
    first = n
    while first > max(0, n - 3) and _WHO.search(lines[first - 1]):
        first -= 1
    return first


def who(lines: Sequence[str]) -> str:
    """Who wrote the quoted mail, as the first block among the lines says it; "" where none does."""
    found = (_LABEL.match(line) for line in lines if has_colon(line[:_LABEL_WITHIN]))
    return next((str(match.group(5)) for match in found if match and match.group(1)), "")


def header(lines: Sequence[str]) -> tuple[str, str | None, datetime | None]:
    """Subject, address and instant of the first block among the lines, as far as they stand there."""
    subject, sender, sent = "", None, None
    for n, line in enumerate(lines[:400]):
        if not has_colon(line[:_LABEL_WITHIN]) or not _BLOCK_FROM.match(line) or _kinds(lines, n) < 2:
            continue
        for k in range(n, min(n + _LOOK_AHEAD + 1, len(lines))):
            match = _LABEL.match(lines[k])
            if not match:
                continue
            value = match.group(5).strip(" *")
            if match.group(1) and sender is None:
                sender = next(iter(addresses_in(value.replace("[mailto:", "<").replace("]", ">"))), None)
            elif match.group(2) and sent is None:
                sent = trimmings.instant(value) or headers.date(value)
            elif match.group(4) and not subject:
                subject = value
        return subject, sender, sent
    return "", None, None
