"""What the business unit asks in the first line of a mail: the word, the case that the line names, and the rest.

Its line is read more freely than anybody else's: a ref may stand behind any word, "please" before it, and a few things
are asked for in ordinary words. It knows neither cases nor people: whether a ref is there, and whether the sender may
ask, is the caller's to find.
"""

from dataclasses import dataclass

from bot.mail import re2
from bot.mail.patterns.topics import topic
from bot.mail.words.commands import command
from bot.model import Command, Word

_ORDERS = topic("orders")
_GREETING, _PLEASE = _ORDERS.pattern("office_greeting"), _ORDERS.pattern("office_please")
_OF_CASE, _ASKS = _ORDERS.pattern("office_of_case"), _ORDERS.rows("office_asks")
_REF = re2.compile(r"(?i)\[?\b([a-z]{1,6}-\d{4}-\d{4,9})\b\]?")
_WORDS = sorted(Word, key=lambda word: -len(word))
_ENDS = " \t,;:.?!-–—"
#: Words that speak of another case than their own: there a ref behind something else names that one.
_OF_ANOTHER = (Word.CORRECT,)
MOST = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """`ref`: the case that the line names, "" for none; `others`: further refs in it; `text`: as it was written."""

    command: Command | None = None
    ref: str = ""
    others: tuple[str, ...] = ()
    text: str = ""


def first_line(new_text: str) -> Line:
    """What the first line that says something asks for. No command: it is none of these."""
    line = _line(new_text)
    bare = _bare(line)
    found = _of_case(bare) or command(bare) or _in_words(bare)
    if found is None:
        return Line(text=line)
    return _taken_apart(found, line)


def _line(text: str) -> str:
    lines = (" ".join(line[:MOST].split()) for line in text.split("\n"))
    return next((line for line in lines if line and not _GREETING.match(line)), "")


def _bare(line: str) -> str:
    """The line less what only asks kindly, twice at most: "Hello, could you please"."""
    for _ in range(2):
        line = _PLEASE.sub("", line, count=1)
    return line.strip(" \t*_\"'“”‘’")


def _of_case(line: str) -> Command | None:
    """A word of the table with a ref behind it, whatever follows."""
    for word in _WORDS:
        if line[: len(word)].upper() != word or line[len(word) : len(word) + 1].isalnum():
            continue
        rest = _OF_CASE.match(line[len(word) :])
        return Command(word, f"{rest.group(1)} {rest.group(2)}".strip()) if rest else None
    return None


def _in_words(line: str) -> Command | None:
    for pattern, word in _ASKS:
        if match := pattern.match(line):
            return Command(Word(word), next((part for part in match.groups() if part), "").strip(_ENDS))
    return None


def _taken_apart(found: Command, line: str) -> Line:
    """The case that the note names, and the note without it."""
    note = found.note
    refs = [match.group(1).upper() for match in _REF.finditer(note)]
    leading = _REF.match(note)
    if leading is not None:
        note = note[leading.end() :]
    elif found.word in _OF_ANOTHER:
        return Line(found, "", tuple(refs), line)
    elif refs:
        note = _REF.sub(" ", note, count=1)
    note = " ".join(note.split()).strip(_ENDS)
    return Line(Command(found.word, note), refs[0] if refs else "", tuple(refs[1:]), line)
