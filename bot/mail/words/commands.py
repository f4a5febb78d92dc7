"""The words that act, in the first line that a person wrote.

Only the table of commands is known here; who may use a word is rules/authority.py's business. Everything else said in
words is no command: a sentence that begins with one is not either, and `opens_with_command` says so.
"""

from bot.mail.patterns.topics import topic
from bot.model import Command, Word

_ORDERS = topic("orders")
ALONE = tuple(map(Word, _ORDERS.listed("alone")))
WITH_NOTE = tuple(map(Word, _ORDERS.listed("with_note")))
WITH_COLON = tuple(map(Word, _ORDERS.listed("with_colon")))
#: YES, NO, GO and their like begin ordinary answers too, so they count only alone.
_OPENERS = {*ALONE, *WITH_NOTE, *(f"{word}:" for word in WITH_COLON)} - _ORDERS.words("ordinary")
#: What must follow a word that also begins ordinary sentences, where it is not written large.
_NOTES = {word: pattern for pattern, word in _ORDERS.rows("notes")}

_FRAME = " \t*_\"'“”‘’«»•·"
_END = " \t.!,;:*_\"'“”‘’…-–—"
_HYPHENS = str.maketrans({"-": " ", "‐": " ", "‑": " "})


def command(new_text: str) -> Command | None:
    """The command in the first non-empty line of the new text, or None. Case and end punctuation do not matter."""
    line = _first_line(new_text)
    word = line.rstrip(_END).upper().translate(_HYPHENS)
    if word in ALONE:
        return Command(Word(word))
    for known in WITH_COLON:
        if line[: len(known)].upper() == known and line[len(known) :].lstrip().startswith(":"):
            return Command(known, line[len(known) :].lstrip()[1:].strip())
    return _with_note(line)


def _with_note(line: str) -> Command | None:
    """Some of these begin ordinary sentences too ("Received with thanks"): those must be written large or read so."""
    for known in WITH_NOTE:
        rest = line[len(known) :]
        if line[: len(known)].upper() != known or rest[:1].isalnum():
            continue
        pattern = _NOTES.get(known)
        if pattern and rest.strip(_END) and not line.startswith(known) and not pattern.match(rest):
            return None
        return Command(known, rest.strip().lstrip(":-–—,.").strip())
    return None


def opens_with_command(new_text: str) -> bool:
    """Whether the first line begins with a word of the table, valid or not: such a mail is no answer."""
    line = _first_line(new_text).upper().translate(_HYPHENS)
    return any(line.startswith(word) and not line[len(word) : len(word) + 1].isalnum() for word in _OPENERS)


def _first_line(new_text: str) -> str:
    line = next((line for line in new_text.split("\n") if line.strip()), "")
    return " ".join(line[:1000].strip(_FRAME).split())
