"""Letters that tell somebody of a case and ask nothing; and two of no case, to operator and business unit."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.letters.parts import Action, FormRow, Holding, Named, Original, Person, Representation
from bot.model.letters.parts import InFlight as OlderMail
from bot.model.letters.standing import Emergency
from bot.model.letters.wording import Wording
from bot.model.marks import PersonalText, PlainText


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passed(Wording):
    """Another stage was written to. `sent`: None while that waits for a GO; `who` answered at `when`, or asked."""

    waits = False
    cause: PlainText
    sent: datetime | None
    who: Person | None
    when: datetime | None
    holding: tuple[Holding, ...]
    unread: bool


class Information:
    """For information."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class SentOn(_Passed):
        """To the raiser and their manager. `read_from`: it may not be read before then; None in office hours."""

        read_from: datetime | None
        forms: tuple[FormRow, ...] = ()

    @dataclass(frozen=True, slots=True, kw_only=True)
    class PassedOn(_Passed):
        """To those who had it before, and the team's inbox. `answered`: their stage was, and it goes on unsettled."""

        answered: bool = False
        representation: Representation | None = None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Away(Wording):
        """`until`: in the words of the automatic reply; `named`: whom it names, who are never written to."""

        absent: Person
        until: PersonalText
        deputies: tuple[Person, ...]
        named: tuple[Named, ...]
        gone: bool
        read_from: datetime | None = None  # out of hours: it may not be read before

    @dataclass(frozen=True, slots=True, kw_only=True)
    class CameBack(Wording):
        absent: Person
        others: tuple[Person, ...]  # it went to them as well, as the raiser's side hears
        stopped: bool = False  # nobody else had it: the time begins anew with them

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Transfer(Wording):
        """`event`: asked, named, accepted, again or declined; `left`: the team that had it."""

        event: PlainText
        who: Person
        team_asked: PlainText
        left: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class NotTheirs(Wording):
        """Who is named as raiser says that the challenge is not theirs."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class NothingChanged(Wording):
        """`why`: why the word changes nothing now; `instead`: what would change something, "" for nothing."""

        waits = False
        word: PlainText
        why: PlainText
        instead: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Risk(Wording):
        """To both sides' managers: `who` wrote words of new risk, not repeated. It stands alone, and yields to none."""

        waits = False
        yields = False
        who: Person

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Received(Wording):
        """`joined`: it may answer too, and the raiser is asked already of an earlier one; `by`: when they promise."""

        who: Person
        words: PersonalText
        joined: bool = False
        by: datetime | None = None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Answered(Wording):
        """An answer is recorded. `mine`: to who wrote it; else to those who were to act, or are to know."""

        who: Person
        when: datetime
        mine: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Taken(Wording):
        """To who wrote what may answer. `as_`: asked (the raiser is), holding (passed on), aside (holding, and shown to
        nobody), answer, nothing, other (another answer stands), unproven or outdated (asked: may not be theirs)."""

        when: datetime
        as_: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class EarlierAnswer(Wording):
        """The raiser's side says that a mail to the stage before was the answer: it moves nothing now."""

        who: Person
        when: datetime
        by: Person

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Appointed(Wording):
        """`decider`: who named `who`; `asked`: not yet known to be impartial; `mine`: to whoever decides."""

        who: Person
        decider: Person
        asked: bool = False
        mine: bool = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class ClosingWord(Wording):
        """`said`: a decision's words, where they may be seen; `by`: when `owing` write it; `mine`: its reader's."""

        mine: bool = False
        word: PlainText
        who: Person
        said: PersonalText
        by: datetime
        owing: tuple[Person, ...]

    @dataclass(frozen=True, slots=True, kw_only=True)
    class ActionOpen(Wording):
        """It is not done: `who` said so, or nobody YES; `does`: whose it is; `side`: its reader's; `claimed`: done."""

        action: Action
        who: Person | None
        does: Person
        side: PlainText
        claimed: bool = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class NotMine(Wording):
        who: Person

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Represented(Wording):
        who: Person
        when: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Meeting(Wording):
        who: Person
        day: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Extended(Wording):
        before: datetime
        after: datetime
        past_ceiling: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Changed(Wording):
        """A word set the time anew."""

        before: datetime
        after: datetime
        word: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class ParentNote(Wording):
        """`window`: of the policy above, and not of the case."""

        parent_title: PlainText
        window: PlainText
        holding: tuple[Holding, ...] = ()
        unread: bool = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Notify(Wording):
        """`event`: enter, exit, lapse, close; `meant`: the role that nobody holds; `raising`: a reader is of it."""

        event: PlainText
        original: Original
        attached: bool
        meant: PlainText = ""
        holding: tuple[Holding, ...] = ()
        unread: bool = False
        raising: bool = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Clock(Wording):
        """Another clock of the stage has passed, on the other side. `passed`: when, in words."""

        says: PlainText
        passed: PlainText
        local: bool
        side: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Telling(Wording):
        """No stage follows. `due`: when it is told again, whatever the case itself waits for."""

        n: int
        decider: Person | None
        lapsed: datetime
        due: datetime
        who: Person | None = None  # who answered, where that is not confirmed
        answered: datetime | None = None
        holding: tuple[Holding, ...] = ()
        unread: bool = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class TooLate(Wording):
        """To whoever commits to answer at a time when the stage's own is over."""

        at: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Nobody(Wording):
        tried: tuple[Person, ...]

    @dataclass(frozen=True, slots=True, kw_only=True)
    class SpocWrong(Wording):
        """`status`: of the failed delivery, or gone; `goes_on`: the next in the row is written to."""

        contact: Person
        status: PlainText
        why: PersonalText
        goes_on: bool
        manager: Person | None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class RaiserLost(Wording):
        why: PersonalText
        answered: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Held(Wording):
        until: datetime
        by: PersonalText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Corrected(Wording):
        what: PlainText
        before: PersonalText
        after: PersonalText
        by: Person

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Duplicate(Wording):
        other_ref: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class RecordKept(Wording):
        where: PlainText
        why: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class InConfidence(Wording):
        """To who wrote in confidence, or of how a person acts; it yields to none."""

        yields = False
        when: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class InFlight(Wording):
        is_of_case = False
        items: tuple[OlderMail, ...]

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Strangers(Wording):
        """In place of a letter for each challenge of a stranger above `most` an hour; `first`: the ref of the first."""

        is_of_case = False
        emergency: Emergency
        most: int
        first: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Unreachable(Wording):
        """So many absences of one contact within so many days."""

        is_of_case = False
        contact: Person
        times: int
        days: int
