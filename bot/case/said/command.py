"""A command as it was given: what the functions that act on one are handed; and those that only ask."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.case.making.draft import Draft
from bot.model import Arrival, Contact, Mail, Wording
from bot.model.letters import Answer, Enclosed, TheRegister, TheReport
from bot.model.letters.parts import Entered
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

#: Words that are answered with or without a case, each in a letter of its own.
HANDED_OUT = ("REGISTER", "REPORT", "OPEN", "SPOC", "HELP")


def answer(word: str, area: str, quarter: str = "") -> tuple[Wording, tuple[Enclosed, ...]]:
    """The letter that answers one of HANDED_OUT, and what it carries of that area. Raises KeyError for another word."""
    match word:
        case "REGISTER":
            return Answer.Register(), (TheRegister(area),)
        case "REPORT":
            return Answer.Report(), (TheReport(area, quarter),)
        case "OPEN":
            return Answer.Open(area=area), ()
        case "SPOC":
            return Answer.Spoc(area=area), ()
        case "HELP":
            return Answer.Help(), ()
    raise KeyError(word)


def status(d: Draft, by: Contact, mail: Mail) -> None:
    """STATUS: the state, and the stages so far."""
    history = tuple(Entered(r.entered, d.rules.policy.stage(r.stage).name) for r in d.case.runs)
    d.write(Answer.Status(state=d.case.state.value, history=history), [by], mail=mail)


def handed_out(d: Draft, word: str, by: Contact, mail: Mail) -> None:
    """One of HANDED_OUT, of the case's area. A quarter other than the last is named in a mail of its own."""
    values, carried = answer(word, d.case.area)
    d.write(values, [by], mail=mail, attach=carried)
