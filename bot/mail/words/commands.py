"""The words that act, in the first line that a person wrote.

Only the table of commands is known here; who may use a word is rules/authority.py's business. Everything else said in
words is no command: a sentence that begins with one is not either, and `opens_with_command` says so.
"""

from __future__ import annotations

import re2

from bot.model import Command

#: Words that stand alone on the line.
ALONE = (
    "NOT CHILD PROTECTION", "CHILD PROTECTION", "NOT RESOLVED", "NOT URGENT", "NOT MINE", "NOT OURS", "ON FILE",
    "RESOLVED", "ESCALATE", "URGENT", "REOPEN", "ACCEPT", "DECLINE", "STATUS", "YES", "NO",
    "HOLD", "RELEASE", "ADMIT", "GO", "LEAVE", "OPEN", "HELP",
)  # fmt: skip
#: Words that may be followed by a note on the same line.
WITH_NOTE = (
    "WITHDRAW", "ANSWERED", "EXTEND", "RECEIVED", "MEETING", "CORRECT", "APPOINT", "REGISTER", "REPORT", "RECORD",
    "SPOC",
)  # fmt: skip
#: Words that a colon must follow, so that "phone me" or "the outcome is" is no command.
WITH_COLON = ("PHONE", "OUTCOME", "DECIDED")

_FRAME = " \t*_\"'“”‘’«»•·"
_END = " \t.!,;:*_\"'“”‘’…-–—"
_HYPHENS = str.maketrans({"-": " ", "‐": " ", "‑": " "})


def command(new_text: str) -> Command | None:
    """The command in the first non-empty line of the new text, or None. Case and end punctuation do not matter."""
    line = _first_line(new_text)
    word = line.rstrip(_END).upper().translate(_HYPHENS)
    if word in ALONE:
        return Command(word)
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


#: What must follow a word that also begins ordinary sentences, where it is not written large.
_NOTES = {
    "RECEIVED": re2.compile(r"(?i)^\s*:|^\W*by\b"),
    "MEETING": re2.compile(r"(?i)^\s*:|^\s*(?:on\s+)?(?:\d|(?:mon|tues|wednes|thurs|fri)day|tomorrow)"),
    "CORRECT": re2.compile(r"(?i)^\s*:|^\s*(?:stage|due|responder|recipient|duplicate|case|team|area)\b"),
    "REPORT": re2.compile(r"(?i)^\s*:|^\s*(?:20\d\d|q[1-4])"),
    "RECORD": re2.compile(r"(?i)^\s*:|^\s*[a-z]{1,4}-20\d\d-"),
}


def opens_with_command(new_text: str) -> bool:
    """Whether the first line begins with a word of the table, valid or not: such a mail is no answer."""
    line = _first_line(new_text).upper().translate(_HYPHENS)
    return any(line.startswith(word) and not line[len(word) : len(word) + 1].isalnum() for word in _OPENERS)


#: YES, NO, GO and their like begin ordinary answers too ("No, we have not"), so they count only alone.
_ORDINARY = frozenset(
    {
        "YES",
        "NO",
        "GO",
        "OPEN",
        "HOLD",
        "HELP",
        "LEAVE",
        "ADMIT",
        "MEETING",
        "REPORT",
        "RECORD",
        "CORRECT",
        "RECEIVED",
        "STATUS",
    }
)
_OPENERS = tuple(word for word in (*ALONE, *WITH_NOTE, *(f"{word}:" for word in WITH_COLON)) if word not in _ORDINARY)


def _first_line(new_text: str) -> str:
    line = next((line for line in new_text.split("\n") if line.strip()), "")
    return " ".join(line[:1000].strip(_FRAME).split())
