"""A command as it was given: what the functions that act on one are handed; those that only ask, or only tell.

A word that changes nothing where the case stands is never swallowed: its sender hears why (Tell), and what would.
Which word does that in which state is cells.py's table.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.case.making.draft import Draft
from bot.model import Arrival, Contact, EventKind, LetterKind, Mail, Word
from bot.rules.authority import Side

#: The letter that tells it.
NOTHING_CHANGED = (LetterKind.INFORMATION, "nothing_changed")


@dataclass(frozen=True, slots=True)
class Said:
    """By whom, in which mail, and on which sides of the case they stand."""

    word: Word
    note: str
    by: Contact
    mail: Mail
    fact: Arrival
    stand: Collection[Side]


@dataclass(frozen=True, slots=True)
class Tell:
    """Why a word changes nothing here, and what would change something, "" for nothing: whole sentences."""

    why: str
    instead: str = ""


def nothing_changed(d: Draft, said: Said, because: Tell) -> None:
    """The word is written down as one that was not acted on, and its sender is told why."""
    d.event(EventKind.REFUSED, by=said.by.email, note=f"{said.word}: {because.why}")
    tell(d, said, because)


def tell(d: Draft, said: Said, because: Tell) -> None:
    if is_known(d, said.by):
        d.write(
            *NOTHING_CHANGED,
            [said.by],
            mail=said.mail,
            word=said.word.value,
            why=because.why,
            instead=because.instead,
        )


def is_known(d: Draft, who: Contact) -> bool:
    """Whether the directory or the case knows the address: then its words are answered. A stranger's are not, nor
    those of somebody else at a known domain."""
    if d.rules.directory.person(who.email) is not None:
        return True
    inboxes = {d.case.inbox, *(address for _, address in d.rules.inboxes)} - {""}
    return who.email in inboxes or (bool(who.agency) and any(c.email == who.email for _, _, c in d.case.people))


# What somebody asks of this service itself, answered by a letter: where the case stands, and what the unit may see.
# STATUS is anybody's of the case; the rest is the business unit's alone. It changes no case. Who may ask is
# rules/authority.py's; what a letter says of more than this case is put in when it goes (engine/registers.py).

#: Words that are answered with or without a case, each in a letter of its own: what it carries of which area.
HANDED_OUT = {
    Word.REGISTER: "register:{}",
    Word.REPORT: "report:{}/",
    Word.OPEN: "",
    Word.SPOC: "",
    Word.HELP: "",
}


def status(d: Draft, said: Said) -> None:
    """Its sender is told the state, and the stages so far."""
    history = [{"at": r.entered.isoformat(), "what": d.rules.policy.stage(r.stage).name} for r in d.case.runs]
    d.write(LetterKind.ANSWER, "status", [said.by], mail=said.mail, state=d.case.state.value, history=history)


def handed_out(d: Draft, said: Said) -> None:
    """Its sender is sent what they ask for, of the case's area."""
    carried = HANDED_OUT[said.word].format(d.case.area)  # a quarter other than the last is named in a mail of its own
    d.write(
        LetterKind.ANSWER,
        said.word.lower(),
        [said.by],
        mail=said.mail,
        attach=(carried,) if carried else (),
        area=d.case.area,
        rows=[],
    )
