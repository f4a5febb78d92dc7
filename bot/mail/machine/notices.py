"""What people's programs and shared mailboxes send in a person's name without a header that says so.

A reaction (a thumb that a mail program turns into a mail), and a note that says only when somebody works or that a mail
came, by every sentence of it. Both stay their sender's words: whatever acts on a mail takes them for no answer. It
knows no header (automatic.py) and no case.
"""

from __future__ import annotations

import re2

from bot.mail.machine import away
from bot.mail.patterns.topics import topic

_LISTS = topic("automatic")
_REACTED, _SIGN = _LISTS.pattern("reacted"), _LISTS.pattern("sign")
_NOTED, _BESIDE = _LISTS.pattern("noted"), _LISTS.pattern("beside_a_note")
_LINK = re2.compile(r"<?https?://[^\s>]+>?")
_SENTENCE = re2.compile(r"[.!?]+[\"')\]]*(?:\s+|$)|\n\s*\n|\n")
_LETTER = re2.compile(r"\pL")
_LONGEST = 300
_MOST = 12
_WITHIN = 3000


def is_reaction(new_text: str) -> bool:
    """Whether the new text is a reaction and nothing else: a program's sentence about one, or signs without a word."""
    text = " ".join(_LINK.sub(" ", new_text[:_WITHIN]).split())
    if not text or len(text) > _LONGEST:
        return False
    return bool(_REACTED.match(text) or _SIGN.match(text)) or not (
        _LETTER.search(text) or any(c.isdigit() for c in text)
    )


def is_notice(new_text: str) -> bool:
    """Whether every sentence is of a note that tells when somebody works, or that a mail came."""
    if len(new_text) > _WITHIN:
        return False
    pieces = [" ".join(piece.split()) for piece in _SENTENCE.split(new_text)]
    said = [piece for piece in pieces if _LETTER.search(piece)]
    if not said or len(said) > _MOST or any(len(piece) > _LONGEST for piece in said):
        return False
    noted = [bool(_NOTED.match(piece)) and not away.says_more(piece) for piece in said]
    return any(noted) and all(is_one or _BESIDE.match(piece) for is_one, piece in zip(noted, said, strict=True))
