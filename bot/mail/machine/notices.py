"""What people's programs and shared mailboxes send in a person's name without a header that says so.

A reaction (a thumb that a mail program turns into a mail), and a note that says only when somebody works, that a place
is closed or that a mail came, by every sentence of it. Both stay their sender's words: whatever acts on a mail takes
them for no answer. Of a mail that says more, such sentences answer nothing either. It knows no header (automatic.py)
and no case.
"""

from __future__ import annotations

from bot.mail import re2
from bot.mail.machine import away
from bot.mail.patterns.topics import topic
from bot.model import Address

_LISTS = topic("automatic")
_REACTED, _SIGN = _LISTS.pattern("reacted"), _LISTS.pattern("sign")
_NOTED, _BESIDE = _LISTS.pattern("noted"), _LISTS.pattern("beside_a_note")
_OF_THE_CASE, _OFFICES, _EXCUSES = (_LISTS.pattern(name) for name in ("of_the_case", "names_of_offices", "excuses"))
_OF_ABSENCE = _LISTS.pattern("of_absence")
_LINK = re2.compile(r"<?https?://[^\s>]+>?")
_SENTENCE = re2.compile(r"[.!?]+[\"')\]]*(?:\s+|$)|\n\s*\n|\n")
#: Where another clause begins, of somebody's or something's own.
_CLAUSE = _LISTS.pattern("clause")
_PICTURE = re2.compile(r"^\[[^\[\]]{1,24}\]$")
_LETTER = re2.compile(r"\pL")
_LONGEST = 300
_MOST = 12
_WITHIN = 3000


def is_reaction(new_text: str) -> bool:
    """Whether the new text is a reaction and nothing else: a program's sentence about one, or signs without a word."""
    lines = [line.strip() for line in new_text[:_WITHIN].split("\n") if line.strip()]
    if len(lines) > 1 and _REACTED.match(lines[0]) and _PICTURE.match(lines[1]):
        return True  # what was reacted to stands below
    text = " ".join(_LINK.sub(" ", new_text[:_WITHIN]).split())
    if not text or len(text) > _LONGEST:
        return False
    return bool(_REACTED.match(text) or _SIGN.match(text)) or not (
        _LETTER.search(text) or any(c.isdigit() for c in text)
    )


def is_notice(new_text: str, sender: Address | None = None) -> bool:
    """Whether every sentence is of a note that tells when somebody works, or that a mail came. `sender`: who has left
    may be named."""
    if len(new_text) > _WITHIN:
        return False
    said = _sentences(new_text)
    if not said or len(said) > _MOST or any(len(piece) > _LONGEST for piece in said):
        return False
    names = away.names_of(sender.name, sender.email) if sender else frozenset()
    noted = [_is_note(piece, names) for piece in said]
    return any(noted) and all(is_one or _is_beside(piece) for is_one, piece in zip(noted, said, strict=True))


def without_notes(new_text: str, names: frozenset[str] = frozenset()) -> str:
    """The text less the sentences of such a note and what stands beside them, where one has any; and nothing at all
    where what is left has no word of the matter, and something says that somebody is away or a place closed."""
    said = _sentences(new_text[:_WITHIN])
    noted = [_is_note(piece, names) for piece in said]
    if not any(noted):
        return new_text if _speaks(new_text) or not _OF_ABSENCE.search(new_text) else ""
    rest = [piece for is_one, piece in zip(noted, said, strict=True) if not is_one and not _is_beside(piece)]
    text = "".join(f"{piece}.\n" for piece in rest) + new_text[_WITHIN:]
    return text if _speaks(text) else ""


def _speaks(text: str) -> bool:
    """Whether a word of the matter stands there, or one that no such note has."""
    return _speaks_of_the_case(text) or away.says_more(text)


def _sentences(text: str) -> list[str]:
    pieces = [" ".join(piece.split()) for piece in _SENTENCE.split(text)]
    return [piece for piece in pieces if _LETTER.search(piece)]


def _is_note(piece: str, names: frozenset[str]) -> bool:
    plain = " ".join(_EXCUSES.sub(" ", _OFFICES.sub("office", piece)).split())
    is_one = bool(_NOTED.match(plain)) or away.has_left(piece, names)
    if not is_one or away.says_more(plain) or _speaks_of_the_case(piece):
        return False
    more = [clause for clause in _clauses(plain)[1:] if _LETTER.search(clause)]
    return all(_NOTED.match(clause) or _BESIDE.match(clause) for clause in more)


def _clauses(piece: str) -> list[str]:
    ends = list(_CLAUSE.finditer(piece))
    starts = [end.start(1) if end.group(1) else end.end() for end in ends]
    return [piece[a:b] for a, b in zip([0, *starts], [*(end.start() for end in ends), len(piece)], strict=True)]


def _is_beside(piece: str) -> bool:
    return bool(_BESIDE.match(piece)) and not _speaks_of_the_case(piece)


def _speaks_of_the_case(text: str) -> bool:
    return bool(_OF_THE_CASE.search(_OFFICES.sub("office", text)))
