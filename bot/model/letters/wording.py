"""What kinds of letters there are, and what every wording has: a kind, a variant, and the fields its template reads.

A wording is a frozen dataclass whose fields bear the names that its template knows, mail_templates/<name>.txt.j2. A
name that Python keeps for itself has an underscore behind it, which templates do not see. It holds no value of its own.
"""

from dataclasses import dataclass
from enum import StrEnum
from re import sub
from typing import ClassVar


class LetterKind(StrEnum):
    ACKNOWLEDGEMENT = "acknowledgement"
    NOTICE = "notice"
    CHASER = "chaser"
    ESCALATION = "escalation"
    RESPONSE = "response"
    RELAY = "relay"
    REDIRECT = "redirect"
    QUESTION = "question"
    INFORMATION = "information"
    OUTCOME = "outcome"
    RECORD = "record"
    DIGEST = "digest"
    ANSWER = "answer"
    ALERT = "alert"


#: Letters that want an out-of-office or a bounce to come back to us.
WANTS_ANSWERS = frozenset({LetterKind.NOTICE, LetterKind.CHASER, LetterKind.ESCALATION, LetterKind.REDIRECT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The values of one letter. `is_of_case`: its template counts on how the case stands (standing.py);
    `asks_resolved`: YES and NO to it are RESOLVED and NOT RESOLVED; `waits`: a HOLD of the business unit keeps it back;
    `yields`: it does not go to whom a weightier letter of the same minute goes.

    A class inside the class of a kind has both from its name: Redirect.NotMine is redirect, not_mine. Where it names a
    variant itself that stands, for stored letters know it.
    """

    kind: ClassVar[LetterKind]
    variant: ClassVar[str]
    is_of_case: ClassVar[bool] = True
    asks_resolved: ClassVar[bool] = False
    waits: ClassVar[bool] = True
    yields: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        kind, _, variant = cls.__qualname__.rpartition(".")
        if kind:  # none: only others are made of it
            cls.kind = LetterKind[kind.upper()]
            cls.variant = cls.__dict__.get("variant") or sub(r"(?<=[a-z])(?=[A-Z])", "_", variant).lower()

    @property
    def name(self) -> str:
        """ "chaser-half": of its template, and of its row in table.py."""
        return name_of(type(self))


def name_of(wording: type[Wording]) -> str:
    """The same of a wording's class."""
    return f"{wording.kind.value}-{wording.variant}"
