"""The frozen values everybody shares, under one name: `from bot.model import Case`.

A Mail is inbound, a Letter is outbound, a Fact is something that happened, a Decision is what follows from it. Nothing
here does anything: no I/O, no clock, no rule. Read cases.py first, then mails.py, facts.py, forms.py and times.py.
The face is lazy: `deliver` starts anew for each mail, needs errors.py and names.py, and must not pay for the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.model.cases import COMMITMENT as COMMITMENT
    from bot.model.cases import WAITING as WAITING
    from bot.model.cases import AlarmKind as AlarmKind
    from bot.model.cases import Case as Case
    from bot.model.cases import ClosedAs as ClosedAs
    from bot.model.cases import Contact as Contact
    from bot.model.cases import Deadline as Deadline
    from bot.model.cases import Delayed as Delayed
    from bot.model.cases import Outsider as Outsider
    from bot.model.cases import Question as Question
    from bot.model.cases import QuestionKind as QuestionKind
    from bot.model.cases import Served as Served
    from bot.model.cases import StageRun as StageRun
    from bot.model.cases import State as State
    from bot.model.cases import Task as Task
    from bot.model.events import EventKind as EventKind
    from bot.model.facts import Alarm as Alarm
    from bot.model.facts import Arrival as Arrival
    from bot.model.facts import Correction as Correction
    from bot.model.facts import CorrectionKind as CorrectionKind
    from bot.model.facts import Decision as Decision
    from bot.model.facts import Event as Event
    from bot.model.facts import Fact as Fact
    from bot.model.facts import FactKind as FactKind
    from bot.model.facts import Hold as Hold
    from bot.model.facts import Inbox as Inbox
    from bot.model.facts import LetterServed as LetterServed
    from bot.model.facts import LetterUndelivered as LetterUndelivered
    from bot.model.facts import Opening as Opening
    from bot.model.flags import Flag as Flag
    from bot.model.flags import Flagged as Flagged
    from bot.model.forms import FieldRead as FieldRead
    from bot.model.forms import FormRead as FormRead
    from bot.model.forms import FormState as FormState
    from bot.model.forms import MailForms as MailForms
    from bot.model.letters import WANTS_ANSWERS as WANTS_ANSWERS
    from bot.model.letters import Letter as Letter
    from bot.model.letters import LetterKind as LetterKind
    from bot.model.letters import Wording as Wording
    from bot.model.mails import Absence as Absence
    from bot.model.mails import Address as Address
    from bot.model.mails import Attachment as Attachment
    from bot.model.mails import Bounce as Bounce
    from bot.model.mails import Command as Command
    from bot.model.mails import Mail as Mail
    from bot.model.mails import MailKind as MailKind
    from bot.model.mails import Meaning as Meaning
    from bot.model.mails import Proof as Proof
    from bot.model.mails import SubjectReading as SubjectReading
    from bot.model.mails import Word as Word
    from bot.model.marks import Personal as Personal
    from bot.model.marks import Plain as Plain
    from bot.model.times import Due as Due
    from bot.model.times import Unit as Unit
    from bot.model.times import Window as Window
    from bot.model.times import aware as aware

_FILES = ("cases", "events", "facts", "flags", "forms", "letters", "mails", "marks", "times")


def __getattr__(name: str) -> object:
    """The value of that name from the file that defines it, kept for the next who asks."""
    if not name.startswith("_"):
        for file in _FILES:
            found = getattr(import_module(f"bot.model.{file}"), name, None)
            if found is not None:
                globals()[name] = found
                return found
    raise AttributeError(f"bot.model has no {name}")
