"""A command as it was given: what the functions that act on one are handed; and those that only ask."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.case.making.draft import Draft
from bot.model import Arrival, Contact, LetterKind, Mail
from bot.rules.authority import Side


@dataclass(frozen=True, slots=True)
class Said:
    """By whom, in which mail, and on which sides of the case they stand."""

    word: str
    note: str
    by: Contact
    mail: Mail
    fact: Arrival
    stand: Collection[Side]


# What somebody asks of this service itself, answered by a letter: where the case stands, and what the unit may see.
# STATUS is anybody's of the case; the rest is the business unit's alone. It changes no case. Who may ask is
# rules/authority.py's; what a letter says of more than this case is put in when it goes (engine/registers.py).

#: Words that are answered with or without a case, each in a letter of its own: what it carries of which area.
HANDED_OUT = {"REGISTER": "register:{}", "REPORT": "report:{}/", "OPEN": "", "SPOC": "", "HELP": ""}


def status(d: Draft, by: Contact, mail: Mail) -> None:
    """STATUS: the state, and the stages so far."""
    history = [{"at": r.entered.isoformat(), "what": d.rules.policy.stage(r.stage).name} for r in d.case.runs]
    d.write(LetterKind.ANSWER, "status", [by], mail=mail, state=d.case.state.value, history=history)


def handed_out(d: Draft, word: str, by: Contact, mail: Mail) -> None:
    """One of HANDED_OUT, of the case's area. A quarter other than the last is named in a mail of its own."""
    carried = HANDED_OUT[word].format(d.case.area)
    d.write(
        LetterKind.ANSWER,
        word.lower(),
        [by],
        mail=mail,
        attach=(carried,) if carried else (),
        area=d.case.area,
        rows=[],
    )
