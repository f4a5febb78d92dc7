"""What somebody asks of this service itself, answered by a letter: where the case stands, and what the unit may see.

STATUS is anybody's of the case; the rest is the business unit's alone. It changes no case. Who may ask is
authority.py's; what a letter says of more than this case is put in when it goes (registers.py).
"""

from __future__ import annotations

from bot.case.draft import Draft
from bot.model import Contact, LetterKind, Mail

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
