"""Which of the boxes printed beside words are ticked: ☒ [x] ✓ in all the ways people and programs write them.

A list of choices without any mark says nothing; one choice written out by itself is that choice. It knows no form.
"""

from collections.abc import Sequence

from bot.mail import re2
from bot.mail.patterns.topics import topic

_WORD = re2.Words(r"[\p{L}\p{M}\p{N}]+", "[A-Za-z0-9]+")
_MARK = topic("marks").pattern("box")

#: A choice is known by so many of its first words at least.
_LEAST = 2


def ticked(text: str, choices: Sequence[str]) -> tuple[str, ...]:
    """The choices that are ticked in this text, in the order of the form."""
    spans = {choice: span for choice in choices if (span := _span(text, choice, choices)) is not None}
    marks = [(m.start(), m.lastgroup != "no") for m in _MARK.finditer(text)]
    if marks:
        return tuple(c for c in choices if c in spans and _is_marked(spans[c], spans, marks))
    said = _words(text)
    whole = [c for c in choices if said and (_words(c)[: len(said)] == said or said[: len(_words(c))] == _words(c))]
    return tuple(whole) if len(whole) == 1 and len(spans) < _LEAST else ()


def _is_marked(span: tuple[int, int], spans: dict[str, tuple[int, int]], marks: list[tuple[int, bool]]) -> bool:
    """The mark that belongs to a choice stands before it where the first choice has one before it, else after it."""
    starts = sorted(start for start, _ in spans.values())
    is_before = marks[0][0] < starts[0]
    start, end = span
    if is_before:
        low = max((e for _, e in spans.values() if e <= start), default=0)
        return any(is_yes for at, is_yes in marks if low <= at < start)
    high = min((s for s in starts if s >= end), default=1 << 60)
    return any(is_yes for at, is_yes in marks if end <= at < high)


def _span(text: str, choice: str, choices: Sequence[str]) -> tuple[int, int] | None:
    """Where it is printed: over two lines perhaps, or without its last words as far as no other choice has the rest."""
    tokens = [(m.group(0).casefold(), m.start(), m.end()) for m in _WORD.finditer(text)]
    words, others = _words(choice), [_words(c) for c in choices if c != choice]
    for size in range(len(words), min(len(words), _LEAST) - 1, -1):
        wanted = words[:size]
        if size < len(words) and any(other[:size] == wanted for other in others):
            continue
        for i in range(len(tokens) - size + 1):
            if [t[0] for t in tokens[i : i + size]] == wanted:
                return tokens[i][1], tokens[i + size - 1][2]
    return None


def _words(text: str) -> list[str]:
    return [m.group(0).casefold() for m in _WORD.finditer(text)]
