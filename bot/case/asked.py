"""What somebody asks of this service itself, answered by a letter: where the case stands, the register, the report.

It changes no case. Who may ask is authority.py's.
"""

from __future__ import annotations

from bot.case.draft import Draft
from bot.model import Contact, LetterKind, Mail


def status(d: Draft, by: Contact, mail: Mail) -> None:
    """STATUS: the state, and the stages so far."""
    history = [{"at": r.entered.isoformat(), "what": d.rules.policy.stage(r.stage).name} for r in d.case.runs]
    d.write(LetterKind.ANSWER, "status", [by], mail=mail, state=d.case.state.value, history=history)


def register(d: Draft, by: Contact, mail: Mail) -> None:
    """REGISTER, of the business unit: the area's. The workbook is made when the letter goes."""
    d.write(LetterKind.ANSWER, "register", [by], mail=mail, attach=(f"register:{d.case.area}",))


def report(d: Draft, by: Contact, mail: Mail) -> None:
    """REPORT, of the business unit: the area's, of the last full quarter. Another is named in a mail of its own."""
    d.write(LetterKind.ANSWER, "report", [by], mail=mail, attach=(f"report:{d.case.area}/",))
