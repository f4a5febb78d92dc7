"""What a reply says that gives no answer: promises, that it is not theirs; and what the raising side may mean.

A reply is holding when nothing is new and nothing attached, or when every sentence of it is on the list of promises.
The list errs on the safe side twice: a sentence that is not on it counts as an answer, which the raiser is asked
about. The words stand in patterns/promises.yaml. It knows no case, no state and no directory.
"""

from collections.abc import Sequence
from functools import lru_cache

from bot.mail import re2
from bot.mail.bytes.contents import is_decoration
from bot.mail.cut import trimmings
from bot.mail.patterns.topics import topic
from bot.mail.words import shape
from bot.model import Attachment

_PROMISES = topic("promises")
_OPENING = _PROMISES.pattern("opening")
_HOLDING = tuple(pattern for pattern, _ in _PROMISES.rows("holding"))
_GREETING, _JOINED = _PROMISES.pattern("greeting"), _PROMISES.pattern("joined")
_OF_REPLY = _PROMISES.words("of_the_reply")
_TALKS, _ACTS, _SET_PHRASES = (_PROMISES.pattern(name) for name in ("talks_of_it", "acts", "set_phrases"))
_CALLED = re2.compile(r"^(\p{Lu}[\p{Ll}'-]+)\s*(?:,|\s[-–—])\s*")
_TOKEN = re2.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}:.]*(?:['-][\p{L}]+)*")
_SHORTENED = _PROMISES.pattern("shortened")
_TITLE_CASE = re2.compile(r"^\p{Lu}\p{Ll}+(?:[-']\p{Lu}?\p{Ll}+)*$")
_MOST_NAMES = 3
_SHORTEST = 3  # of a short form: Lin for Linda
_SENTENCE_END = re2.compile(r"[.!?;\n]+(?:\s+|$)|\n+")
_WORDS = re2.Words(r"[\p{L}\p{M}]+", "[A-Za-z]+")
_MAX = 1200
_MAX_GREETING = 6


def is_holding(new_text: str, attachments: Sequence[Attachment], writer: str = "") -> bool:
    """True where nothing is new and nothing attached, or where only an answer to come is spoken of.

    `writer`: the sender's name, which may stand alone in the last line.
    """
    text = new_text.strip()
    if any(not is_decoration(file.name) for file in attachments):
        return False
    if not text:
        return True
    if len(text) > _MAX:
        return False
    return all(_promises(piece) or all(map(_holds, clauses(_uncalled(piece)))) for piece in sentences(text, writer))


def sentences(text: str, writer: str = "") -> list[str]:
    """What is said, sentence by sentence, less greeting, trimmings and the writer's own name at the end."""
    return [piece for piece in _sentences(_unsigned(_trimmed(text), writer)) if piece]


def lines(text: str, writer: str = "") -> list[str]:
    """The lines of what is said, with their marks, less greeting, trimmings and the writer's own name at the end."""
    return _ungreeted(_unsigned(_trimmed(text), writer))


def _trimmed(text: str) -> list[str]:
    return [line for line in trimmings.trimmed(text.split("\n")).split("\n") if line.strip()]


def clauses(sentence: str) -> list[str]:
    """A sentence of several promises in its parts; not one of them may be more than a promise."""
    return [clause for clause in _JOINED.split(sentence) if clause]


@lru_cache(maxsize=256)
def _promises(words: str) -> bool:
    """Whether these words are on the list, with or without what people say before them."""
    begun = _OPENING.match(words)
    rest = words[begun.end() :] if begun else words
    return any(pattern.match(words) or pattern.match(rest) for pattern in _HOLDING)


def _holds(clause: str) -> bool:
    return _promises(clause) or _talks_of_reply(clause)


def _uncalled(piece: str) -> str:
    """A sentence less the name of its reader at the beginning."""
    called = _CALLED.match(piece)
    return piece[called.end() :] if called and _is_name(called.group(1)) else piece


def _talks_of_reply(clause: str) -> bool:
    """Whether a clause speaks of the reply in words of a closed list and names, and does nothing else: it promises one,
    hands the question on, thanks or acknowledges."""
    plain = _SET_PHRASES.sub("it", clause)
    if not (_TALKS.search(clause) or _SET_PHRASES.match(clause)) or _ACTS.search(plain):
        return False
    unknown = [word for word in _TOKEN.findall(plain) if not _is_of_reply(word)]
    return len(unknown) <= _MOST_NAMES and all(map(_is_name, unknown))


def _is_of_reply(word: str) -> bool:
    plain = _SHORTENED.sub("", word.lower().strip(".:"))
    return plain[:1].isdigit() or plain in _OF_REPLY


def _is_name(word: str) -> bool:
    """Whether a word is none of English that is known here, and begins large alone."""
    bare = word.strip(".:").removesuffix("'s").removesuffix("'ll")
    plain = bare.lower()
    if not _TITLE_CASE.match(bare) or plain.endswith(("ed", "ing", "ly")) or plain in _OF_REPLY:
        return False
    return not shape.is_listed(shape.stem(plain))


def _unsigned(lines: list[str], writer: str) -> list[str]:
    """Less a last line that holds nothing but the writer's name, or one word that is a name."""
    names = {word.casefold() for word in _WORDS.findall(writer)}
    last = [word.casefold() for word in _WORDS.findall(lines[-1])] if len(lines) > 1 else []
    is_own = bool(last) and all(word in names or _is_short_for(word, names) for word in last)
    return lines[:-1] if is_own or (last and _is_name(lines[-1].strip(" \t,.-"))) else lines


def _is_short_for(word: str, names: set[str]) -> bool:
    return len(word) >= _SHORTEST and any(name.startswith(word) for name in names)


def _ungreeted(lines: list[str]) -> list[str]:
    return lines[1:] if lines and _GREETING.match(lines[0]) and len(lines[0].split()) <= _MAX_GREETING else lines


def _sentences(lines: list[str]) -> list[str]:
    pieces = [piece for line in _ungreeted(lines) for piece in _SENTENCE_END.split(line)]
    return [" ".join(piece.strip(" \t,.!?;:-–—*'\"’").split()).replace("’", "'") for piece in pieces]


# --- what stands beside a file under a password ---------------------------------------------------------------------

_COVERS = topic("marks").pattern("covers")


def only_covers(text: str) -> bool:
    """Whether the words beside a locked file say nothing themselves."""
    said = [clause for sentence in sentences(text) for clause in clauses(sentence)]
    return all(_COVERS.match(clause) or is_holding(clause, ()) for clause in said)


# --- that it is not theirs ------------------------------------------------------------------------------------------
# Two questions, because they have two askers. Of an outsider: do they say that it should never have reached them? Any
# such phrase will do, since a note too many costs little. Of somebody who is asked for an answer: do they say nothing
# but that it is not theirs? Then it answers nothing, whatever else stands beside it must be a promise or a hint where
# it belongs.

_WRONG, _FROM_OUTSIDE = _PROMISES.pattern("wrong"), _PROMISES.pattern("from_outside")
_DISCLAIMED, _POINTED = _PROMISES.pattern("disclaimed"), _PROMISES.pattern("pointed")
_WITHIN = 600


def says_wrong_person(text: str, *, is_outside: bool = False) -> bool:
    """Whether the new words say that the mail was meant for somebody else. `is_outside`: their writer belongs to no
    agency of the directory, and vaguer words will do."""
    said = text[:_WITHIN].replace("’", "'")
    return bool(_WRONG.search(said)) or (is_outside and bool(_FROM_OUTSIDE.search(said)))


def disclaims(text: str, attachments: Sequence[Attachment], writer: str = "") -> bool:
    """Whether somebody who was asked for an answer says only that it is not theirs, and perhaps whose it is."""
    if attachments or len(text) > _WITHIN:
        return False
    said = [clause for sentence in sentences(text, writer) for clause in clauses(sentence)]
    if not any(_DISCLAIMED.match(clause) for clause in said):
        return False
    return all(_DISCLAIMED.match(c) or _POINTED.match(c) or is_holding(c, ()) for c in said)


# --- what the raising side may mean ---------------------------------------------------------------------------------
# "Happy with that" may end a challenge, "they need more time" may lengthen it, "she rang me" may be an answer: each
# brings the words of command that would say so. These choose a question and never act; a word too many costs one.

ENDS, MORE_TIME, ANSWERED = "ends", "more_time", "answered"
_MEANT = {name: _PROMISES.pattern(name) for name in (ENDS, MORE_TIME, ANSWERED)}
_MOST_MEANT = 20_000


def meanings(text: str) -> frozenset[str]:
    """What these words may mean, of `ends`, `more_time` and `answered`."""
    said = text[:_MOST_MEANT].replace("’", "'")
    return frozenset(name for name, words in _MEANT.items() if words.search(said))
