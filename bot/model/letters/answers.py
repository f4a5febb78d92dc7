"""Letters that tell the raiser of an answer, and ask whether it is resolved."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.letters.parts import Person
from bot.model.letters.wording import Wording
from bot.model.marks import PersonalText


class Response:
    """An answer that went to the raiser themselves."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Responded(Wording):
        """`reported`: their side told us of it."""

        asks_resolved = True
        who: Person
        when: datetime
        readable: bool
        reported: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Again(Wording):
        asks_resolved = True
        who: Person
        when: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Manager(Wording):
        """To the raiser's manager, where the raiser does not say."""

        asks_resolved = True
        who: Person
        when: datetime


class Relay:
    """An answer that reached only us."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Reply(Wording):
        """`text`: the reply's own words, which keep their lines; `attachments`: how many stay with us."""

        asks_resolved = True
        who: Person
        when: datetime
        text: PersonalText
        attachments: int
