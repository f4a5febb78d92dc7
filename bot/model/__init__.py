"""The frozen values everybody shares, under one name: `from bot.model import Case`.

A Mail is inbound, a Letter is outbound, a Fact is something that happened, a Decision is what follows from it. Nothing
here does anything: no I/O, no clock, no rule. Read cases.py first, then mails.py, facts.py, letters/, forms.py and
times.py, events.py and flags.py, marks.py, names.py, errors.py and failpoints.py. The face is lazy: `deliver` starts
anew for each mail, needs errors.py and names.py, and must not pay for the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what each file defines; of letters, which has a face of its own, what all rooms speak of
    from bot.model.cases import *
    from bot.model.events import *
    from bot.model.facts import *
    from bot.model.flags import *
    from bot.model.forms import *
    from bot.model.letters import WANTS_ANSWERS as WANTS_ANSWERS
    from bot.model.letters import Letter as Letter
    from bot.model.letters import LetterKind as LetterKind
    from bot.model.letters import Reach as Reach
    from bot.model.letters import Sending as Sending
    from bot.model.letters import Wording as Wording
    from bot.model.mails import *
    from bot.model.marks import *
    from bot.model.times import *

#: From the ground up: the first that has a name brings no more than it stands on.
_FILES = ("marks", "flags", "events", "times", "forms", "mails", "cases", "facts", "letters")


def __getattr__(name: str) -> object:
    """The value of that name from the file that defines it, kept for the next who asks."""
    if not name.startswith("_"):
        for file in _FILES:
            found = getattr(import_module(f"bot.model.{file}"), name, None)
            if found is not None:
                globals()[name] = found
                return found
    raise AttributeError(f"bot.model has no {name}")
