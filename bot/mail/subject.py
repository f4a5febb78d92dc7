"""What a subject line says: the policy's phrase, prefixes and markings, the time asked for, refs.

Everything is compared as words, folded first, so that dashes, quotes, case and invisible characters do not matter.
It must not know who wrote the mail nor what kind of mail it is: an automatic reply still repeats the phrase.
It does not decide what a misspelt phrase is worth; it only says that it was misspelt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import OSA

from bot.mail import re2
from bot.mail.patterns.topics import topic
from bot.model import Automatic, Flag, SubjectReading, Window
from bot.rules.windows import DOUBTFUL, LONGEST, Requested, fold, requested


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase that opens a case, the tiers its policy offers, and near phrases people write instead."""

    text: str
    tiers: tuple[Window, ...] = ()
    aliases: tuple[str, ...] = ()


# --- prefixes and markings ------------------------------------------------------------------------------------------

_MARKS = topic("marks")
_HEAD, _TAIL, _RECALLS = _MARKS.pattern("head"), _MARKS.pattern("tail"), _MARKS.pattern("recalls")
_MARKINGS, _AUTOMATIC = _MARKS.rows("markings"), _MARKS.rows("automatic")
_EDGES = " ,;|_-"
_REF = re2.compile(r"(?i)\b([a-z]{2,4}-20\d{2}-\d{4,9})\b")


@dataclass(frozen=True, slots=True)
class _Stripped:
    rest: str
    prefixes: tuple[str, ...] = ()  # reply, forward or auto, outermost first
    markings: tuple[str, ...] = ()
    automatic: str = ""  # the text of an automatic prefix that no reply prefix precedes


def _strip(subject: str) -> _Stripped:
    """Takes prefixes and markings off both ends, again and again, in whatever order gateways put them there."""
    rest, automatic = _folded(subject), ""
    prefixes: list[str] = []
    markings: list[str] = []
    while m := _HEAD.match(rest):
        kind = m.lastgroup
        if kind in {"reply", "forward", "auto"}:
            automatic = automatic or (m.group("auto") if kind == "auto" and not prefixes else "")
            prefixes.append(kind)
        else:
            markings.append(_marking(m.group(kind)))
        rest = rest[m.end() :].strip(_EDGES)
    while m := _TAIL.search(rest):
        markings.append(_marking(m.group(m.lastgroup)))
        rest = rest[: m.start()].strip(_EDGES)
    named = tuple(dict.fromkeys(name for name in markings if name))
    return _Stripped(rest.strip(_EDGES), tuple(prefixes), named, automatic)


def _folded(subject: str) -> str:
    """The part that is read; cut twice, because one character may fold to eighteen."""
    return fold(subject[:LONGEST])[:LONGEST]


def _marking(words: str) -> str:
    words = words.strip("[](){}<>*#:|- ")
    return next((name for pattern, name in _MARKINGS if pattern.match(words)), "")


# --- about challenges, and none ---------------------------------------------------------------------------------------

_ANNOUNCED, _OF_PHRASE = _MARKS.pattern("announced"), _MARKS.pattern("of_phrase")


def _announces(rest: str, phrase: Phrase) -> bool:
    """Whether the subject speaks of a course or a document about challenges, and so is none."""
    if _ANNOUNCED.search(rest):
        return True
    behind = (_behind(name, rest) for name in (phrase.text, *phrase.aliases))
    return any(_OF_PHRASE.match(words) for words in behind if words)


def _behind(name: str, rest: str) -> str:
    """What follows a phrase in the subject; "" where it does not stand there."""
    found = _named(name).search(rest)
    return rest[found.end() :] if found else ""


@lru_cache(maxsize=512)
def _named(name: str) -> Any:
    """A policy's phrase, however it is spaced: the same for every mail."""
    words = (re2.escape(word) for word in fold(name).split())
    return re2.compile(rf"(?i)\b{'[ -]+'.join(words)}\b")


# --- phrases --------------------------------------------------------------------------------------------------------

#: A hyphen parts words ("multi-agency"), except where it turns one into its contrary ("de-escalation").
_WORD = re2.compile(rf"(?:\b(?:de|non)-)?[\p{{L}}\p{{M}}\p{{N}}{DOUBTFUL}]+")


def read(subject: str, phrases: Sequence[Phrase], sent: datetime) -> SubjectReading:
    """Everything the subject says. Only its first LONGEST characters are read; `sent` places "by Friday".

    A time is read only beside a phrase: in any other mail it is nobody's business. Raises ValueError for a naive
    `sent` and for nothing a stranger can write.
    """
    stripped = _strip(subject)
    phrase, certainty = _match(_words(_folded(subject)), phrases)
    wanted = requested(stripped.rest, sent, phrase.tiers) if phrase else Requested()
    announced = (Flag.ANNOUNCES,) if phrase and _announces(stripped.rest, phrase) else ()
    return SubjectReading(
        phrase=phrase.text if phrase else None,
        certainty=certainty,
        is_reply="reply" in stripped.prefixes,
        is_forward="forward" in stripped.prefixes,
        markings=stripped.markings,
        window=wanted.window,
        by=wanted.by,
        flags=(*wanted.flags, *announced),
        rest=stripped.rest,
    )


def automatic_prefix(subject: str) -> Automatic:
    """What the standard English beginnings say of themselves.

    A gateway's marking may stand before it; after `RE:` it is a person's answer to such a mail, and NO.
    """
    words = _strip(subject).automatic
    if words:
        return next(Automatic(kind) for pattern, kind in _AUTOMATIC if pattern.match(words))
    return Automatic.RECALL if _RECALLS.search(_folded(subject)) else Automatic.NO


def ref_in(text: str) -> tuple[str, ...]:
    """The case refs in a subject or a text, in upper case, each once, in order: [CE-2027-0007] -> CE-2027-0007."""
    return tuple(dict.fromkeys(m.group(1).upper() for m in _REF.finditer(fold(text))))


def _words(text: str) -> tuple[str, ...]:
    return tuple(m.group(0) for m in _WORD.finditer(text.casefold()))


@lru_cache(maxsize=512)
def _words_of(name: str) -> tuple[str, ...]:
    """Of a policy's phrase: the same for every mail."""
    return _words(fold(name))


def _match(said: tuple[str, ...], phrases: Sequence[Phrase]) -> tuple[Phrase | None, str]:
    """The phrase and how it was matched: the longest exact one, else the longest alias, else one misspelt."""
    for certainty, names, fits in (
        ("exact", lambda p: (p.text,), _stands_in),
        ("alias", lambda p: p.aliases, _stands_in),
        ("misspelt", lambda p: (p.text,), _nearly_stands_in),
    ):
        found = [
            (len(words), bool(phrase.tiers), -n, phrase)
            for n, phrase in enumerate(phrases)
            for name in names(phrase)
            if (words := _words_of(name)) and fits(words, said)
        ]
        if found:
            return max(found, key=lambda f: f[:3])[3], certainty
    return None, "exact"


def _stands_in(words: tuple[str, ...], said: tuple[str, ...]) -> bool:
    return f" {' '.join(words)} " in f" {' '.join(said)} "


def _nearly_stands_in(words: tuple[str, ...], said: tuple[str, ...]) -> bool:
    """Every word nearly right, or all of them with a space too many, too few or in the wrong place."""
    size, joined = len(words), "".join(words)
    for i in range(len(said)):
        if len(said) - i >= size and all(_is_near(w, s, size) for w, s in zip(words, said[i:], strict=False)):
            return True
        if size > 1 and any(_distance(joined, "".join(said[i : i + n])) <= 2 for n in (size - 1, size, size + 1)):
            return True
    return False


def _is_near(word: str, said: str, size: int) -> bool:
    """Short words leave no room for slips, and a phrase of one word little: escalating is no escalation."""
    slips = 0 if len(word) < 5 else 1 if len(word) < 8 or size == 1 else 2
    return _distance(word, said) <= slips


def _distance(one: str, other: str) -> int:
    """Letters to add, drop, change or swap; 3 for anything further."""
    return OSA.distance(one, other, score_cutoff=2)


# The mark of a mail that `probe` sends through a door: it stands in the subject, which every server keeps. A running
# daemon sees such a mail, knows it by this mark and lets it be, answers to it too. Anybody can forge the mark, and
# gains nothing but that their own mail is ignored. It knows no door.

_PROBE = re2.compile(r"(?i)\bMailbox probe ([0-9a-f]{32})\b")


def probe_subject(token: str) -> str:
    """The subject of a probe. `token`: 32 hexadecimal digits, new for each."""
    return f"Mailbox probe {token}"


def is_probe(title: str) -> bool:
    """Whether a subject, with whatever a gateway or an automatic reply put around it, is a probe's."""
    return bool(_PROBE.search(title))
