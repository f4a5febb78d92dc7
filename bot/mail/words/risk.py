"""Words of new risk, and words in confidence or about a person, in what is new of a mail.

The first are passed on at once and taken for no answer; the second go to nobody. A risk that is denied in its
clause, of long ago, told again or dealt with is none, unless the clause says that it is new. The words stand in
patterns/risk.yaml and patterns/confidence.yaml. A word too many costs a question; what happens then is not known here.
"""

from __future__ import annotations

from bot.mail import re2
from bot.mail.patterns.topics import topic

MOST = 100_000

_RISK, _CONFIDENCE = topic("risk"), topic("confidence")
_DENIED, _UNEXPLAINED, _SUPPOSED, _SETTLED, _NAMES, _RENEWED, _CLAUSES, _JOINS = (
    _RISK.pattern(name)
    for name in ("denied", "unexplained", "supposed", "settled", "names", "renewed", "clauses", "joins")
)
#: By its kinds, since one pattern of them all is too large for RE2's memory.
_FOUND = tuple(pattern for pattern, _ in _RISK.rows("risk"))
_TIMES = re2.compile(r"(\d)[.:](\d)")  # the dot in one ends no clause
_CONFIDES, _FOOTERS = (_CONFIDENCE.pattern(name) for name in ("confidence", "footers"))


def is_risk(new_text: str) -> bool:
    """Whether a clause of it speaks of harm that has come or may come, and does not deny it."""
    said = _NAMES.sub(" ", _TIMES.sub(r"\1 \2", new_text[:MOST].replace("’", "'")))
    return any(_is_new(clause) for clause in _CLAUSES.split(said))


def _is_new(clause: str) -> bool:
    """Whether it tells of harm that is neither old or dealt with nor denied or only supposed where it stands."""
    if _first(clause) is None or (_SETTLED.search(clause) and not _RENEWED.search(clause)):
        return False
    return any(_tells(part) for part in _JOINS.sub(r"\n\1", clause).split("\n"))


def _tells(part: str) -> bool:
    found, supposed = _first(part), _SUPPOSED.search(part)
    if found is None or _DENIED.search(_UNEXPLAINED.sub(" ", part)):
        return False
    return supposed is None or found < supposed.start()


def _first(words: str) -> int | None:
    """Where the first word of harm begins in them, or None."""
    return min((found.start() for kind in _FOUND if (found := kind.search(words))), default=None)


def is_confidence(new_text: str) -> bool:
    """Whether a line of it is meant for its reader alone or speaks of somebody's conduct."""
    lines = new_text[:MOST].replace("’", "'").split("\n")
    return any(_CONFIDES.search(line) and not _FOOTERS.search(line) for line in lines)
