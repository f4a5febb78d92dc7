"""Letters of a stage's course: reminders, the next stage called in, and the next contact in place of one."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.letters.parts import Commitment, FormRow, Holding, Original, Person, PromptLine, Representation
from bot.model.letters.wording import Wording
from bot.model.marks import PersonalText, PlainText


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reminder(Wording):
    left: PlainText  # "12 hours"
    commitment: Commitment | None
    forms: tuple[FormRow, ...] = ()
    holding: tuple[Holding, ...] = ()
    unread: bool = False  # not everything that came could be read


class Chaser:
    """A reminder."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Half(_Reminder):
        pass

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Last(_Reminder):
        """`go`: its readers are the business unit, who are asked for the GO in the same letter."""

        go: bool = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Raiser(_Reminder):
        """To who raised it: they may have been answered. `asked`: the mails of which they are asked whether they are
        the answer."""

        asked: tuple[Holding, ...] = ()

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Nudged(Wording):
        """A person of the business unit asks for the reply: now, though letters be held."""

        waits = False
        asked_by: Person
        commitment: Commitment | None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Provisional(Wording):
        """Nobody has said yet whether it is a challenge."""

        left: PlainText
        original: Original

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Outcome(Wording):
        """`word`: that will close the case; `by`: when the outcome is due in writing; `answered`: when the answer of
        `writer` came, who is asked whether it is the outcome."""

        word: PlainText
        by: datetime
        outcome_says: tuple[PlainText, ...]
        answered: datetime | None = None
        writer: Person | None = None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Clock(Wording):
        """Another clock of the stage has passed, for those it runs on. `passed`: when, in words."""

        says: PlainText
        passed: PlainText
        local: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Prompt(Wording):
        """What the policy asks after the end. `passed`: its day is over."""

        prompt: PromptLine
        passed: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Form(Wording):
        """`who` completes it; None where an earlier letter does not say."""

        forms: tuple[FormRow, ...]
        who: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entered(Wording):
    """`outer_limit`: it is urgent, and its due time the latest; `attached`: the original mail comes with it; `raising`:
    who acts for the side that raised it; `copied`: whom the policy copies."""

    holding: tuple[Holding, ...]
    outer_limit: bool
    out_of_hours: bool
    original: Original
    attached: bool
    representation: Representation | None
    forms: tuple[FormRow, ...] = ()
    unread: bool = False
    raising: tuple[Person, ...] = ()
    copied: tuple[Person, ...] = ()


class Escalation:
    """To the contacts of a stage that is entered."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Lapsed(_Entered):
        from_stage_name: PlainText
        lapsed: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Unconfirmed(_Entered):
        """It was answered, and the raiser's side does not say whether that resolves it. `who` answered, and when."""

        from_stage_name: PlainText
        who: Person
        answered: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class CalledIn(_Entered):
        """Somebody's word called the stage in."""

        variant = "asked"
        from_stage_name: PlainText
        asked_by: Person

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Repeat(_Entered):
        """In two lines, for the n-th time. `sent`: when the letter that it repeats went."""

        n: int
        sent: datetime | None = None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Reopened(_Entered):
        pass

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Live(_Entered):
        """The case was watched only, until now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn(Wording):
    """`attached`: the original mail comes with it."""

    absent: Person
    attached: bool = False


class Redirect:
    """To the next contact in place of one."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Away(StandIn):
        """`until`: in the words of the automatic reply."""

        until: PersonalText
        gone: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Bounced(StandIn): ...

    @dataclass(frozen=True, slots=True, kw_only=True)
    class NotMine(StandIn): ...
