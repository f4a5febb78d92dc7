"""A greeting, a name, thanks, please: words that stand round others and say nothing.

The words are in patterns/orders.yaml. A name is one that is known, one that follows a greeting or thanks, or one or
two words that begin large behind a comma or a dash. It knows no word of command but that it is nobody's name.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.mail import re2
from bot.mail.patterns.topics import topic

_ORDERS = topic("orders")
_GREETS, _THANKS, _FOR = (_ORDERS.pattern(name) for name in ("greets", "thanks", "thanks_for"))
_HEDGES = _ORDERS.pattern("hedges")
_TITLES = _ORDERS.words("more_names")
_COMMANDS = {part.lower() for name in ("alone", "with_note") for word in _ORDERS.listed(name) for part in word.split()}
_NO_NAMES = (_ORDERS.words("not_names") - _TITLES) | _COMMANDS
_BETWEEN = re2.compile(r"^[\s\p{P}\p{So}\p{Sk}\x{200d}\x{fe0f}]+")
_END = re2.compile(r"[\s\p{P}\p{So}\p{Sk}\x{200d}\x{fe0f}]+$")
_TOKEN = re2.compile(r"^[\s,/&]*(?:and\s+)?(\p{L}[\p{L}\p{M}'’.-]*)")
_ADDRESSED = re2.compile(r"^\s*(\p{L}[\p{L}\p{M}'’-]*(?:\s+\p{L}[\p{L}\p{M}'’-]*){0,2})\s*(?:[,.!:;–—-]|$)")
_SIGNED = re2.compile(r"^\s*[,.;:(–—-]\s*(\p{Lu}[\p{Ll}'’-]+(?:\s+\p{Lu}[\p{Ll}'’-]+)?)[\s\p{P}]*$")
_CALLED = re2.compile(r"^\s*(\p{Lu}[\p{Ll}'’]+)\s*(?:,|[–—-]+\s)\s*")
_LETTERS = re2.Words(r"[\p{L}\p{M}]+", "[A-Za-z]+")
_MOST = 8
_MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Less:
    """What is left of some words without the courtesy that led them, and whether that was a greeting."""

    rest: str
    is_greeting: bool


def parts_of(names: Iterable[str]) -> frozenset[str]:
    """The single names of people, in lower case."""
    found = {part.lower() for name in names for part in _LETTERS.findall(name[:200])}
    return frozenset(found - _NO_NAMES)


def framed(line: str) -> str:
    """The line without the marks round it, but for those that end a sentence."""
    begun = _BETWEEN.match(line)
    return (line[begun.end() :] if begun else line).rstrip(" \t*_\"'“”‘’«»•·")


def inner(words: str) -> str:
    """The words without any mark before or behind them."""
    begun = _BETWEEN.match(words)
    rest = words[begun.end() :] if begun else words
    end = _END.search(rest)
    return rest[: end.start()] if end else rest


def is_greeting(line: str, known: frozenset[str]) -> bool:
    """Whether the line only greets, thanks or names its reader."""
    if not without(line, known):
        return True
    words = inner(line).split()
    return len(words) < _MOST_NAMES and all(_is_name(word, known) for word in words)


def without(words: str, known: frozenset[str], *, follows: bool = False) -> str:
    """The words less every courtesy at their beginning, "" where nothing else is said. `follows`: they stand behind
    something, so that a name may end them."""
    rest = words
    for _ in range(_MOST):
        less = without_one(rest, known)
        if not inner(less.rest):
            return words if "?" in words else ""
        if less.rest == rest:
            break
        rest = less.rest
    signed = _SIGNED.match(words if rest == words else f", {rest}")
    if follows and signed and all(_is_name(part, known) for part in str(signed.group(1)).split()):
        return ""
    return rest


def addressed(words: str, known: frozenset[str]) -> str:
    """The words less a name at their beginning that a comma or a dash parts from them; the same where there is none."""
    called = _CALLED.match(words)
    return words[called.end() :] if called and _is_name(str(called.group(1)), known) else words


def without_one(words: str, known: frozenset[str]) -> Less:
    """The words less one courtesy at their beginning and the name behind it; the same words where there is none."""
    begun = _BETWEEN.match(words)
    rest = words[begun.end() :] if begun else words
    greets, thanks = _GREETS.match(rest), _THANKS.match(rest)
    courtesy = greets or thanks
    if courtesy is None:
        named = _less_names(rest, known, only_known=True)
        return Less(named if named != rest else words, is_greeting=True)
    rest = rest[courtesy.end() :]
    addressed = _ADDRESSED.match(rest) if greets else None
    if addressed and not {part.lower() for part in str(addressed.group(1)).split()} & _NO_NAMES:
        rest = rest[addressed.end(1) :]
    else:
        rest = _less_names(rest, known)
    what = _FOR.match(rest) if thanks else None
    rest = rest[what.end() :] if what and not _HEDGES.search(what.group()) else rest
    after = _BETWEEN.match(rest)
    return Less(rest[after.end() :] if after else rest, is_greeting=greets is not None)


def _less_names(words: str, known: frozenset[str], *, only_known: bool = False) -> str:
    rest = words
    for _ in range(_MOST_NAMES):
        token = _TOKEN.match(rest)
        if token is None:
            break
        name = str(token.group(1))
        if not (_parts(name) <= known if only_known else _is_name(name, known)):
            break
        rest = rest[token.end() :]
    return rest


def _is_name(word: str, known: frozenset[str]) -> bool:
    parts = _parts(word)
    if not parts or parts <= known:
        return bool(parts)
    return parts <= _TITLES or (word[:1].isupper() and not parts & _NO_NAMES and not word.lower().endswith("ly"))


def _parts(word: str) -> set[str]:
    return {part.lower() for part in _LETTERS.findall(word)}
