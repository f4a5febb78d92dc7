"""Letters that tell the raiser of an answer, and ask whether it is resolved; and what the raiser's side wrote to us."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.letters.parts import FormRow, Person
from bot.model.letters.wording import Wording
from bot.model.marks import PersonalText


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToTheRaiser(Wording):
    """`who` answered, and when. `until`: when others are asked, or told, that it was answered and is not confirmed."""

    asks_resolved = True
    who: Person
    when: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Followed(_ToTheRaiser):
    """`again`: when they, or somebody for them, are asked next; None for not any more."""

    again: datetime | None = None


class Response:
    """An answer that went to the raiser themselves."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Responded(_Followed):
        """`reported`: their side told us of it; `unshown`: it came to this service alone, and its words are shown to
        nobody."""

        readable: bool
        reported: bool
        unshown: bool = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Again(_Followed):
        """`wrote`: when they wrote since, in words that say neither; `manager`: who may be asked next; `forms`: that
        are asked for once more in the same minute."""

        wrote: datetime | None = None
        manager: PersonalText = ""
        forms: tuple[FormRow, ...] = ()

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Manager(_ToTheRaiser):
        """To the raiser's manager or deputy. `away`: the raiser's mailbox says that they are; `wrote`: as above."""

        away: bool = False
        wrote: datetime | None = None


class Relay:
    """Words that reached only us."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Reply(_Followed):
        """`text`: the reply's own words, which keep their lines; `attachments`: how many stay with us."""

        text: PersonalText
        attachments: int

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Onward(Wording):
        """To the other side: what somebody wrote to us. `text`: "" where it is not quoted; `awaited`: its reader is to
        answer the challenge."""

        who: Person
        when: datetime
        text: PersonalText
        attachments: int
        awaited: bool = True
