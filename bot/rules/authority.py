"""Who may do what: role x command x stage x proof of sender. Default no.

It answers from the case's own people and the directory; a ref or a token attaches a mail and never proves a person.
Clauses: the command table of the design; Cheshire East 3 (the raiser's side decides what is resolved).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.model import Case, Mail
from bot.rules.book import Rules


class Side(StrEnum):
    RAISING = "raising"
    RESPONDING = "responding"
    DECIDER = "decider"
    UNIT = "unit"  # the partnership's business unit or manager
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`may` with the reason; `why` is one of: allowed, not_your_word, not_proven, unknown_word."""

    may: bool
    why: str
    side: Side


def sides(case: Case, email: str, rules: Rules) -> frozenset[Side]:
    """Every side this address stands on in this case (several for one who holds two roles)."""
    return frozenset({Side.NONE})


def may(case: Case, mail: Mail, rules: Rules) -> Verdict:
    """Whether the mail's command may act on this case. Proof is asked only of words that reduce safety's margin."""
    return Verdict(False, "not_your_word", Side.NONE)
