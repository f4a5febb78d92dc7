"""Answers that stand inside or under a quotation without marks: known by the writer's initials, or by two names.

A program that marks nothing leaves two signs: the writer's initials or name in front of each answer, in brackets; or
the sign-off of the quoted person, and under the words below it the writer's own name. Of one sign alone nothing is
made here; quote.py then says that an answer may be among the words. It does not know where a quotation begins.
"""

from collections.abc import Sequence
from itertools import pairwise

from bot.mail import re2
from bot.mail.cut import attributions, signature
from bot.mail.patterns.topics import topic

_TAGGED = re2.compile(
    r"^\s*(?:[\[({<*]+\s*(\pL[\pL .'’-]*?)\s*[:\-–]?\s*[\])}>*]+|(\pL[\pL.]*)\s?(?::|–|-\s|>))[\s:–-]*\S"
)
_WORDS = re2.compile(r"\pL+")
_ANNOUNCED = topic("quotation").pattern("announced_below")
_FEWEST_ASKED = 2
_LONGEST_TAG = 40
_HEAD = 12
_MOST_LINES = 2000


def tagged(lines: Sequence[str], writer: str) -> list[str]:
    """The paragraphs that begin with the writer's initials or name: one in brackets, or two of any form."""
    names = _names(writer)
    found: list[str] = []
    count, is_inside = 0, False
    for line in lines[:_MOST_LINES]:
        match = _TAGGED.match(line) if line.strip() and names else None
        if match and _is_of(match.group(1) or match.group(2), names):
            count += 2 if match.group(1) else 1
            is_inside = True
            found.extend(["", line] if found else [line])
        elif not line.strip():
            is_inside = False
        elif is_inside:
            found.append(line)
    return found if count > 1 else []


def under(lines: Sequence[str], writer: str) -> list[str]:
    """What stands below the sign-off of the quoted person, if the writer's own name stands under it."""
    who = {word.casefold() for word in _WORDS.findall(attributions.who(lines[:_HEAD]).partition("@")[0])}
    if not who or not writer:
        return []
    for n, line in enumerate(lines[:_MOST_LINES]):
        if not signature.is_formula(line):
            continue
        name = next((k for k in range(n + 1, min(n + 3, len(lines))) if lines[k].strip()), None)
        words = [word.casefold() for word in _WORDS.findall(lines[name])] if name is not None else []
        if name is None or not words or not who.issuperset(words):
            continue
        rest = list(lines[name + 1 : _MOST_LINES])
        while rest and (not rest[0].strip() or (signature.is_of_one(rest[0]) and not signature.states(rest[0]))):
            rest.pop(0)
        own = next((k for k, one in enumerate(rest) if k and signature.is_writers(one, writer, 1)), 0)
        return rest if any(map(signature.states, rest[:own])) else []
    return []


def _names(writer: str) -> frozenset[str]:
    """What the writer may put in front: initials, first or whole name, in small letters without spaces."""
    words = [word.casefold() for word in _WORDS.findall(writer.partition("@")[0])]
    pairs = list(pairwise(words))
    initials = [a[0] + b[0] for a, b in pairs] + [b[0] + a[0] for a, b in pairs]
    return frozenset(
        (*(w for w in words if len(w) > 1), *initials, *(a + b for a, b in pairs), *(b + a for a, b in pairs))
    )


def _is_of(tag: str, names: frozenset[str]) -> bool:
    return len(tag) < _LONGEST_TAG and "".join(_WORDS.findall(tag)).casefold() in names


def is_answered(lines: Sequence[str]) -> bool:
    """Whether lines that are marked alone are what is answered under each: announced above them, or questions."""
    marked = [n for n, line in enumerate(lines) if line.lstrip().startswith(">") and line.strip("> \t")]
    if len(marked) < _FEWEST_ASKED or all(n + 1 in marked for n in marked[:-1]):
        return False
    asked = sum(lines[n].rstrip().endswith("?") for n in marked)
    return 2 * asked >= len(marked) or bool(_ANNOUNCED.search("\n".join(lines[: marked[0]])))
