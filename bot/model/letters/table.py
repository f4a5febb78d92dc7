"""Every wording there is, by the name of its template: `chaser-half` is mail_templates/chaser-half.txt.j2.

A class that stands in one of these kinds is in the table by that alone. It holds no value and renders nothing.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.model.letters.answers import Relay, Response
from bot.model.letters.course import Chaser, Escalation, Redirect
from bot.model.letters.ending import Outcome, Record
from bot.model.letters.information import Information
from bot.model.letters.office import Alert, Answer, Digest
from bot.model.letters.opening import Acknowledgement, Notice
from bot.model.letters.questions import Question
from bot.model.letters.wording import Wording, name_of

_KINDS: tuple[type, ...] = (
    Acknowledgement,
    Notice,
    Chaser,
    Escalation,
    Response,
    Relay,
    Redirect,
    Question,
    Information,
    Outcome,
    Record,
    Digest,
    Answer,
    Alert,
)

WORDINGS: Mapping[str, type[Wording]] = MappingProxyType(
    {
        name_of(wording): wording
        for kind in _KINDS
        for wording in vars(kind).values()
        if isinstance(wording, type) and issubclass(wording, Wording)
    }
)
