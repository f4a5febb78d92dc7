"""Letters as they are decided: who gets one, and the values that its template is given, typed for each wording.

Nothing here renders (letters/), decides when a letter goes (case/) or stores one. Read wording.py first, then
letter.py, standing.py and parts.py. opening.py, course.py, answers.py, questions.py, information.py, ending.py and
office.py hold the wordings, and table.py names them all. The face is lazy as the model's own is: what asks for a kind
of letter alone must not pay for every wording.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.model.letters.answers import Relay as Relay
    from bot.model.letters.answers import Response as Response
    from bot.model.letters.course import Chaser as Chaser
    from bot.model.letters.course import Escalation as Escalation
    from bot.model.letters.course import Redirect as Redirect
    from bot.model.letters.ending import Outcome as Outcome
    from bot.model.letters.ending import Record as Record
    from bot.model.letters.information import Information as Information
    from bot.model.letters.letter import Enclosed as Enclosed
    from bot.model.letters.letter import Letter as Letter
    from bot.model.letters.letter import Reach as Reach
    from bot.model.letters.letter import Sending as Sending
    from bot.model.letters.letter import TheForm as TheForm
    from bot.model.letters.letter import TheGuide as TheGuide
    from bot.model.letters.letter import TheMail as TheMail
    from bot.model.letters.letter import TheRecord as TheRecord
    from bot.model.letters.letter import TheRegister as TheRegister
    from bot.model.letters.letter import TheReport as TheReport
    from bot.model.letters.office import Alert as Alert
    from bot.model.letters.office import Answer as Answer
    from bot.model.letters.office import Digest as Digest
    from bot.model.letters.opening import Acknowledgement as Acknowledgement
    from bot.model.letters.opening import Notice as Notice
    from bot.model.letters.parts import Person as Person
    from bot.model.letters.parts import person as person
    from bot.model.letters.questions import Question as Question
    from bot.model.letters.standing import Standing as Standing
    from bot.model.letters.table import WORDINGS as WORDINGS
    from bot.model.letters.wording import WANTS_ANSWERS as WANTS_ANSWERS
    from bot.model.letters.wording import LetterKind as LetterKind
    from bot.model.letters.wording import Wording as Wording

_FILES = (
    "wording", "parts", "standing", "letter", "opening", "course", "answers", "questions", "information", "ending",
    "office", "table",
)  # fmt: skip


def __getattr__(name: str) -> object:
    """The value of that name from the file that defines it, kept for the next who asks."""
    if not name.startswith("_"):
        for file in _FILES:
            found = getattr(import_module(f"bot.model.letters.{file}"), name, None)
            if found is not None:
                globals()[name] = found
                return found
    raise AttributeError(f"bot.model.letters has no {name}")
