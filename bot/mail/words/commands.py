"""The words that act, in the first line that a person wrote.

A greeting, a name, thanks or please round a word are no words, and a line of nothing else is passed over. Only the
table of commands is known here; who may use a word is rules/authority.py's business, and what stands beside one that
closes is only weighed. Everything else said in words is no command: `opens_with_command` says where it begins like one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.mail import re2
from bot.mail.patterns.topics import topic
from bot.mail.words import courtesies
from bot.model import Command, Word

_ORDERS = topic("orders")
ALONE = tuple(map(Word, _ORDERS.listed("alone")))
WITH_NOTE = tuple(map(Word, _ORDERS.listed("with_note")))
#: The longest first, so that NOT RESOLVED is not NO.
_ALL = sorted((*ALONE, *WITH_NOTE), key=len, reverse=True)
#: YES, NO, GO and their like begin ordinary answers too, so they count only alone.
_ORDINARY = _ORDERS.words("ordinary")
_OPENERS = {*ALONE, *WITH_NOTE} - _ORDINARY
_BARE = _ORDERS.words("bare")
#: What must follow a word that also begins ordinary sentences, where it is not written large; what must never.
_NOTES = {word: pattern for pattern, word in _ORDERS.rows("notes")}
_SENTENCES = {word: pattern for pattern, word in _ORDERS.rows("sentences")}
_HEDGES, _SIGNATURE, _IDIOM = (_ORDERS.pattern(name) for name in ("hedges", "signature", "no_idiom"))
_ANOTHER_PAPER = _ORDERS.pattern("another_paper")
_ADDS_NOTHING = {
    Word.YES: _ORDERS.pattern("agreeing"),
    Word.NO: _ORDERS.pattern("denying"),
    Word.CLOSE: _ORDERS.pattern("closing_it"),
}
_NAMING = frozenset(map(Word, _ORDERS.words("naming")))
#: Headings that people write large as well: only what must follow them makes them words.
_HEADINGS = (Word.IMPACT,)
_ASKING = (Word.WHY, Word.STATUS, Word.HELP)
_SENT_TO, _CLOCK_ALONE = _ORDERS.pattern("sent_to"), _ORDERS.pattern("clock_alone")
_REF = _ORDERS.pattern("ref_first")
_AFTER_YES = (Word.RESOLVED, Word.ESCALATE, Word.WITHDRAW, Word.URGENT, Word.ON_FILE)
_AFTER_NO = (Word.NOT_RESOLVED, Word.ESCALATE)
_LEADS = ((re2.compile(r"(?i)^yes\W+"), _AFTER_YES), (re2.compile(r"(?i)^no\W+"), _AFTER_NO))

_HYPHENS = str.maketrans({"-": " ", "‐": " ", "‑": " "})
_MOST_SKIPPED = 4
_MOST_LEADING = 4
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class _Found:
    """A word at the beginning of some words, and what stands behind it."""

    word: Word
    tail: str
    is_large: bool


def command(new_text: str, names: Iterable[str] = ()) -> Command | None:
    """The command in the first line that says anything, or None. Case and end punctuation do not matter.

    `names`: of the writer and of those written to, which may stand beside a word.
    """
    known = courtesies.parts_of(names)
    lines = _lines(new_text, known)
    found = _of_line(lines[0], known) if lines else None
    return _weighed(*found, lines[1:], known) if found else None


def yes_or_no(new_text: str, names: Iterable[str] = ()) -> Command | None:
    """YES or NO with whatever words after it, as an answer to a question: only whoever knows of one may ask."""
    known = courtesies.parts_of(names)
    lines = _lines(new_text, known)
    line = courtesies.without(lines[0], known) if lines else ""
    found = _begins(line)
    if found is None or found.word not in (Word.YES, Word.NO) or _IDIOM.match(line):
        return None
    return _weighed(found.word, _note(found, known), lines[1:], known)


def is_another_paper(new_text: str) -> bool:
    """Whether the words say of a paper that came with them that it is not the one asked for, or that there is none."""
    said = (line for line in _lines(new_text, frozenset()) if not _SIGNATURE.search(line))
    return any(_ANOTHER_PAPER.search(line) for line in said)


def opens_with_command(new_text: str) -> bool:
    """Whether the first line begins with a word of the table, valid or not: such a mail is no answer."""
    lines = _lines(new_text, frozenset())
    line = lines[0].upper().translate(_HYPHENS) if lines else ""
    return any(line.startswith(word) and not line[len(word) : len(word) + 1].isalnum() for word in _OPENERS)


def sent_to(note: str) -> str:
    """To which stage or whom the note of ESCALATE sends a challenge, as it is written; "" where it does not say."""
    found = _SENT_TO.match(note[:200])
    return str(found.group(1)) if found else ""


def names_no_day(note: str) -> bool:
    """Whether the note of RECEIVED is a time of the clock alone: it is today's."""
    return bool(_CLOCK_ALONE.match(note[:200].strip()))


def _lines(new_text: str, known: frozenset[str]) -> list[str]:
    """The lines that say something; those that only greet or thank are left out at the beginning."""
    lines = [" ".join(courtesies.framed(line[:1000]).split()) for line in new_text[:_MOST].split("\n")]
    lines = [line for line in lines if line]
    skipped = 0
    while skipped < min(len(lines), _MOST_SKIPPED) and courtesies.is_greeting(lines[skipped], known):
        skipped += 1
    return lines[skipped:]


def _of_line(line: str, known: frozenset[str]) -> tuple[Word, str] | None:
    """The word of a line and its note, after the courtesies that may lead it."""
    rest, is_greeted, only = line, True, tuple(Word)
    for _ in range(_MOST_LEADING):
        found = _begins(rest)
        if found is not None and found.word in only and (is_greeted or found.is_large or found.word not in _ORDINARY):
            taken = _taken(found, known)
            if taken is not None:
                return taken
        elif found is not None and _REF.match(found.tail.lstrip(" :")):
            return _taken(found, known)
        lead = next(((m, words) for pattern, words in _LEADS if (m := pattern.match(rest))), None)
        if lead is not None:
            rest, only = rest[lead[0].end() :], lead[1]
            continue
        less = courtesies.without_one(rest, known)
        is_greeted = is_greeted and less.is_greeting
        less_name = courtesies.addressed(rest, known)
        if rest in (less.rest, less_name) and less.rest == less_name:
            return None
        rest = less.rest if less.rest != rest else less_name
    return None


def _begins(words: str) -> _Found | None:
    upper = words.upper().translate(_HYPHENS)
    for known in _ALL:
        if not upper.startswith(known) or len(upper) != len(words):
            continue
        tail = words[len(known) :]
        is_large = words.startswith(known[:1]) and words[: len(known)].isupper()
        is_part = tail[:1].isalnum() or (tail[:1] in "'’" and tail[1:2].isalnum())
        if is_part or (tail[:1] == "-" and tail[1:2].isalnum() and not is_large):
            continue
        return _Found(known, tail, is_large)
    return None


def _taken(found: _Found, known: frozenset[str]) -> tuple[Word, str] | None:
    """None where it is an ordinary sentence that only begins so ("Received with thanks"), or a question."""
    word, tail = found.word, found.tail
    if tail.lstrip(" \"'*_)”’").startswith("?") and word not in _ASKING:
        return None
    if word in _SENTENCES and _SENTENCES[word].match(tail):
        return None
    note = _note(found, known)
    if not note:
        return word, ""
    if word in ALONE:
        return (word, note) if _REF.match(note) else None
    pattern = _NOTES.get(word)
    is_meant = found.is_large and word not in _HEADINGS
    return None if pattern and not is_meant and not pattern.match(tail) else (word, note)


def _note(found: _Found, known: frozenset[str]) -> str:
    """What stands behind the word, "" where it says nothing."""
    adds_nothing = _ADDS_NOTHING.get(found.word)
    says_whom = found.word in _NAMING
    tail = found.tail.replace("?", " ") if found.word in _ASKING else found.tail  # "Status please?" asks, as it says
    rest = courtesies.without(tail, frozenset() if says_whom else known, follows=not says_whom)
    rest = courtesies.inner(rest)
    if not rest or (adds_nothing and adds_nothing.match(rest.replace("’", "'"))):
        return ""
    note = found.tail.strip().lstrip(":-–—,.!").strip()
    ref = _REF.match(note)
    return note.strip("[] ") if ref and ref.end() == len(note) else note


def _weighed(word: Word, note: str, later: list[str], known: frozenset[str]) -> Command:
    """The command, and whether nothing beside it speaks against it."""
    ref = _REF.match(note)
    own = note[ref.end() :] if ref else note
    if word is Word.EXTEND:
        own = own.removeprefix("until").removeprefix("till")
    said = [line for line in later if not _SIGNATURE.search(line) and courtesies.without(line, known)]
    is_plain = not any(_HEDGES.search(words) for words in (own, *said))
    return Command(word, note, is_plain and not (own and word in _BARE))
