"""Words of new risk, and words in confidence or about a person, in what is new of a mail.

The first are passed on at once and taken for no answer; the second go to nobody. A risk that is denied in its
clause, or of long ago, is none. The words stand in patterns/risk.yaml and patterns/confidence.yaml. A word too many
costs a question; what happens then is not known here.
"""

from __future__ import annotations

from bot.mail.patterns.topics import topic

MOST = 100_000

_RISK, _CONFIDENCE = topic("risk"), topic("confidence")
_FOUND, _DENIED, _CLAUSES = (_RISK.pattern(name) for name in ("risk", "denied", "clauses"))
_CONFIDES, _FOOTERS = (_CONFIDENCE.pattern(name) for name in ("confidence", "footers"))


def is_risk(new_text: str) -> bool:
    """Whether a clause of it speaks of harm that has come or may come, and does not deny it."""
    clauses = _CLAUSES.split(new_text[:MOST].replace("’", "'"))
    return any(_FOUND.search(clause) and not _DENIED.search(clause) for clause in clauses)


def is_confidence(new_text: str) -> bool:
    """Whether a line of it is meant for its reader alone or speaks of somebody's conduct."""
    lines = new_text[:MOST].replace("’", "'").split("\n")
    return any(_CONFIDES.search(line) and not _FOOTERS.search(line) for line in lines)
