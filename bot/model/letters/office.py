"""Letters to those who look after the service: the daily letter, answers to what they asked, and alerts."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.letters.parts import (
    Answering,
    Choice,
    Entered,
    OpenCase,
    Person,
    Proposal,
    Shared,
    ToBeDone,
    Unreached,
    Unsaid,
    Waiting,
    Watched,
    Withheld,
)
from bot.model.letters.standing import Emergency
from bot.model.letters.wording import Wording
from bot.model.marks import PersonalText, PlainText


class Digest:
    """To an area's business unit."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Daily(Wording):
        """`pen`: mails to be placed; `set_aside`: that could not be read; `head`: of the journal's chain,
        as it was `head_at`;
        `actions`: agreed and not yet done, over their day first."""

        is_of_case = False
        open: tuple[OpenCase, ...]
        pen: tuple[Waiting, ...]
        set_aside: tuple[Waiting, ...]
        letters_open: int
        withheld: tuple[Withheld, ...]
        mailboxes: tuple[Watched, ...]
        head: PlainText
        actions: tuple[ToBeDone, ...] = ()
        head_at: PlainText = ""  # as `verify --at` takes it
        proposed: tuple[Proposal, ...] = ()  # stands over the file
        unreached: tuple[Unreached, ...] = ()
        shared: tuple[Shared, ...] = ()  # told on Mondays
        unsaid: tuple[Unsaid, ...] = ()
        without_effect: tuple[Proposal, ...] = ()  # confirmed, and in no directory; told on Mondays

        @property
        def presses(self) -> bool:
            """Whether somebody is to do something about it today, whether or not they were told before."""
            cases = any(one.over or one.is_loose or one.is_today for one in self.open)
            undone = any(one.is_over for one in self.actions)
            return bool(cases or undone or self.pen or self.set_aside or self.unreached or self.letters_open)

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Unchanged(Wording):
        """Nothing presses, and what the letter of the day `since` listed stands as it was. `next`: the step that is due
        first; `head` and `head_at` as in `Daily`."""

        is_of_case = False
        since: datetime
        open: int
        next: datetime | None
        mailboxes: tuple[Watched, ...]
        head: PlainText
        head_at: PlainText = ""


class Answer:
    """What somebody asked of this service itself."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Status(Wording):
        """`named`: its reader is of the case, and may be told who raised it."""

        state: PlainText
        history: tuple[Entered, ...]
        named: bool = True

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Why(Wording):
        """How the due time is worked out. `began`: since when the stage's time runs, `cause` why so long."""

        state: PlainText
        began: datetime | None
        cause: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Done(Wording):
        """What a mail about a case has done, and what not: whole sentences. `choices`: what its writer may say."""

        done: tuple[PersonalText, ...]
        undone: tuple[PersonalText, ...]
        choices: tuple[Choice, ...]

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Office(Wording):
        """The same to the business unit, of no case, or of several."""

        is_of_case = False
        emergency: Emergency
        done: tuple[PersonalText, ...]
        undone: tuple[PersonalText, ...]
        choices: tuple[Choice, ...]

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Elsewhere(Wording):
        """To somebody the directory knows who is no party: the same whatever they wrote, and whether there is such a
        case or not."""

        is_of_case = False
        emergency: Emergency
        unit: Person

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Register(Wording):
        """`log`: learning alone, or "" for all of it; `unread`: words that nothing followed from."""

        is_of_case = False
        log: PlainText = ""
        unread: PersonalText = ""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Report(Wording):
        """`period`: the quarter or year; `public`: the edition without small numbers; `unread`: words that nothing
        followed from; `is_scheduled`: nobody asked."""

        is_of_case = False
        period: PlainText = ""
        public: bool = False
        unread: PersonalText = ""
        is_scheduled: bool = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Open(Wording):
        """`rows`: as things are when it goes."""

        is_of_case = False
        area: PlainText
        rows: tuple[OpenCase, ...] = ()

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Spoc(Wording):
        """`rows`: as things are when it goes; `team`: of which alone, "" for all."""

        is_of_case = False
        area: PlainText
        rows: tuple[Answering, ...] = ()
        team: PlainText = ""
        unread: PersonalText = ""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Proposed(Wording):
        """A change of who answers, as it was read: was it meant so? `asked`: who is asked besides, None where nobody
        can be; `lacks`: what could not be read, and then nobody is asked."""

        is_of_case = False
        proposal: Proposal
        asked: Person | None
        lacks: PlainText = ""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Help(Wording):
        is_of_case = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Pen(Wording):
        """What was done with the mails that somebody placed, and which lines could not be followed."""

        is_of_case = False
        done: tuple[PersonalText, ...]
        unclear: tuple[PersonalText, ...]

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Corrected(Wording):
        """`line`: as it was written; `why` it was not followed, "" when it was; `stages`: ids."""

        line: PersonalText
        why: PersonalText
        stages: tuple[PlainText, ...]


class Alert:
    """Something that a person must look at."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Plain(Wording):
        is_of_case = False
        subject: PersonalText
        lines: tuple[PersonalText, ...]

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Unworked(Wording):
        """Mails of these inboxes that a fault of ours kept from being worked, the oldest received at `since`. `refs`:
        the cases they belong to, as far as that is known."""

        is_of_case = False
        count: int
        mailboxes: tuple[PersonalText, ...]
        refs: tuple[PlainText, ...]
        since: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Incident(Wording):
        """A mail reached somebody it was not meant for. `fields`: which kinds of details; `until`: when it must have
        been told."""

        is_of_case = False
        subject: PlainText
        case: PlainText
        what: PlainText
        whom: PersonalText
        at: datetime
        fields: PlainText
        until: datetime
