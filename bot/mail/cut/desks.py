"""What a ticket system sends for an agent: its own sentences, a head that names who wrote when, the agent's words, then
the requester's, under a head of the same form.

Two signs are asked for: such a head, and a line of the system's above it, for people paste logs with such heads. Where
anything else stands above the first head, a person answers there, and nothing is found here. It does not know
quotations (quote.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.mail import re2
from bot.mail.bytes.text import unmarked
from bot.mail.patterns.topics import topic

_QUOTATION = topic("quotation")
DESK = _QUOTATION.pattern("desk")
_SAYS, _ENDS = _QUOTATION.pattern("desk_says"), _QUOTATION.pattern("desk_ends")
_HEAD, _MOMENT, _SPEAKS = (_QUOTATION.pattern(name) for name in ("desk_head", "desk_moment", "desk_speaks"))
_RULE = re2.compile(r"^[>\s]*[-_=*~#]{4,}\s*$")
_NAME = re2.compile(r"^\W*[\pL\pN][^:|,;!?/]*$")
_LONGEST, _LONGEST_NAME = 200, 60
_MOST_ABOVE = 12


@dataclass(frozen=True, slots=True)
class Desk:
    """The agent's words, the rest, and the name in the head."""

    words: list[str]
    rest: list[str]
    name: str


def read(lines: Sequence[str]) -> Desk | None:
    """The answer of an agent in what a ticket system sent; None where it is none."""
    first = _first(lines)
    if first is None:
        return None
    at, begun, name = first
    end = next((n for n in range(begun, len(lines)) if _head(lines, n) is not None), len(lines))
    ends = next((n for n in range(begun + 1, end) if len(lines[n]) < _LONGEST and _ENDS.match(lines[n])), end)
    words = list(lines[begun:ends])
    while words and (not unmarked(words[-1]).strip() or _RULE.match(words[-1])):
        words.pop()
    return Desk(words, [*lines[:at], *lines[ends:]], name) if any(line.strip() for line in words) else None


def speaks(text: str, name: str) -> bool:
    """Whether a ticket system hands on what the person of this name wrote."""
    found = read(text.split("\n")[:_LONGEST]) if name.strip() else None
    return found is not None and " ".join(found.name.split()).casefold() == " ".join(name.split()).casefold()


def without_line(lines: list[str]) -> list[str]:
    """Less "reply above this line" where nothing stands above it: the desk's own answer is below."""
    first = next((n for n, line in enumerate(lines) if unmarked(line.strip())), -1)
    if first >= 0 and len(lines[first]) < _LONGEST and DESK.match(lines[first]):
        return [*lines[:first], *lines[first + 1 :]]
    return lines


def _first(lines: Sequence[str]) -> tuple[int, int, str] | None:
    """The first head: its line, the line below it, its name; None where no line of the system's announces it."""
    above = 0
    for n, line in enumerate(lines):
        if not unmarked(line).strip() or _RULE.match(line):
            continue
        head = _head(lines, n)
        if head is not None:
            return (n, *head) if above else None
        above += 1
        is_own = len(line) < _LONGEST and bool(DESK.match(line) or _SAYS.match(line))
        if not is_own or above > _MOST_ABOVE:
            return None
    return None


def _head(lines: Sequence[str], n: int) -> tuple[int, str] | None:
    """The line below a head that begins here, and the name in it; None where none begins."""
    line = lines[n].strip()
    if not line or len(line) > _LONGEST:
        return None
    match = _HEAD.match(line) or _SPEAKS.match(line)
    if match:
        return n + 1, next((group for group in match.groups() if group), "").strip(" -*")
    below = next((k for k in range(n + 1, min(n + 3, len(lines))) if lines[k].strip()), None)
    if below is not None and len(line) < _LONGEST_NAME and _NAME.match(line) and _MOMENT.match(lines[below].strip()):
        return below + 1, line
    return None
