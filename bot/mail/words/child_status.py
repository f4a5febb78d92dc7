"""Words of an opening mail that suggest the child's status: a plan, an enquiry, care.

A sign flags the case and is asked about; whether anything follows from it is the policy's to say. A mail that denies
it has none, and neither has a form's empty box, a level or plan that somebody would like, a plan that ended or one of
another child. "Child in need" is no sign. Who denies it counts: "they say that it is not" is a dispute about the very
thing, and so a sign.
"""

from typing import Any

from bot.mail import re2
from bot.mail.patterns.topics import topic
from bot.model import Flag

MAX_TEXT = 100_000

_STATUS = topic("child_status")


def _by_flag(entry: str) -> dict[Flag, Any]:
    """A pattern for each flag that the entry names."""
    return {flag: pattern for pattern, name in _STATUS.rows(entry) for flag in Flag if flag == name}


_FOUND = _by_flag("found")
_DENIED = _by_flag("denied")
_AFFIRMED = _by_flag("affirmed")
_OTHERS_SAY, _WISHED, _ELSEWHERE, _CLAUSES = (
    _STATUS.pattern(name) for name in ("others_say", "wished", "elsewhere", "clauses")
)
_EMPTY_BOX = re2.compile(r"(?m)^[ \t>]*(?:☐|□|▢|\[ ?\]|\( ?\)).*$")


def signs(text: str) -> tuple[Flag, ...]:
    """The flags that the words of this text suggest, in a fixed order."""
    said = _WISHED.sub("", _EMPTY_BOX.sub("", text[:MAX_TEXT].replace("’", "'")))
    clauses = [_ELSEWHERE.sub(" ", clause) for clause in _CLAUSES.split(said)]
    return tuple(flag for flag in _FOUND if _suggests(flag, clauses))


def _suggests(flag: Flag, clauses: list[str]) -> bool:
    """Said in a clause that does not deny it; beside a denial only where it is said outright."""
    about = [clause for clause in clauses if _FOUND[flag].search(clause)]
    denials = [c for c in about if _DENIED[flag].search(c) and not _OTHERS_SAY.search(c)]
    others = [c for c in about if c not in denials]
    if denials:
        return any(_AFFIRMED[flag].search(c) and not _DENIED[flag].search(c) for c in others)
    return bool(others)
