"""Words of new risk, and words in confidence or about a person, in what is new of a mail.

The first are passed on at once and taken for no answer; the second go to nobody. A risk that is denied in its
clause, of long ago, told again or dealt with is none, unless the clause says that it is new. The words stand in
patterns/risk.yaml and patterns/confidence.yaml. A word too many costs a question; what happens then is not known here.
"""

from __future__ import annotations

import re2

from bot.mail.patterns.topics import topic

MOST = 100_000

_RISK, _CONFIDENCE = topic("risk"), topic("confidence")
_FOUND, _DENIED, _SETTLED, _RENEWED, _CLAUSES = (
    _RISK.pattern(name) for name in ("risk", "denied", "settled", "renewed", "clauses")
)
_TIMES = re2.compile(r"(\d)[.:](\d)")  # the dot in one ends no clause
_CONFIDES, _FOOTERS = (_CONFIDENCE.pattern(name) for name in ("confidence", "footers"))


def is_risk(new_text: str) -> bool:
    """Whether a clause of it speaks of harm that has come or may come, and does not deny it."""
    clauses = _CLAUSES.split(_TIMES.sub(r"\1 \2", new_text[:MOST].replace("’", "'")))
    return any(_FOUND.search(clause) and not _is_none(clause) for clause in clauses)


def _is_none(clause: str) -> bool:
    """Whether its harm is denied, or told again or dealt with and nothing in it is new."""
    return bool(_DENIED.search(clause) or (_SETTLED.search(clause) and not _RENEWED.search(clause)))


def is_confidence(new_text: str) -> bool:
    """Whether a line of it is meant for its reader alone or speaks of somebody's conduct."""
    lines = new_text[:MOST].replace("’", "'").split("\n")
    return any(_CONFIDES.search(line) and not _FOOTERS.search(line) for line in lines)
