"""Letters that tell somebody of a case and ask nothing; and two of no case, to operator and business unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model.letters.parts import InFlight as OlderMail
from bot.model.letters.parts import Named, Original, Person
from bot.model.letters.wording import LetterKind, Wording
from bot.model.marks import PersonalText, PlainText


class Information:
    """For information."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Away(Wording):
        """`until`: in the words of the automatic reply; `named`: whom it names, who are never written to."""

        kind = LetterKind.INFORMATION
        variant = "away"
        absent: Person
        until: PersonalText
        deputies: tuple[Person, ...]
        named: tuple[Named, ...]
        gone: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Transfer(Wording):
        """`event`: asked, accepted, again or declined; `left`: the team that had it."""

        kind = LetterKind.INFORMATION
        variant = "transfer"
        event: PlainText
        who: Person
        team_asked: PlainText
        left: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class NothingChanged(Wording):
        """`why`: why the word changes nothing now; `instead`: what would change something, "" for nothing."""

        kind = LetterKind.INFORMATION
        variant = "nothing_changed"
        word: PlainText
        why: PlainText
        instead: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Received(Wording):
        kind = LetterKind.INFORMATION
        variant = "received"
        who: Person
        words: PersonalText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Appointed(Wording):
        """`decider`: who named them."""

        kind = LetterKind.INFORMATION
        variant = "appointed"
        who: Person
        decider: Person

    @dataclass(frozen=True, slots=True, kw_only=True)
    class NotMine(Wording):
        kind = LetterKind.INFORMATION
        variant = "not_mine"
        who: Person

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Represented(Wording):
        kind = LetterKind.INFORMATION
        variant = "represented"
        who: Person
        when: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Meeting(Wording):
        kind = LetterKind.INFORMATION
        variant = "meeting"
        who: Person
        day: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Extended(Wording):
        kind = LetterKind.INFORMATION
        variant = "extended"
        before: datetime
        after: datetime
        past_ceiling: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Changed(Wording):
        """A word set the time anew."""

        kind = LetterKind.INFORMATION
        variant = "changed"
        before: datetime
        after: datetime
        word: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class ParentNote(Wording):
        """`window`: of the policy above, and not of the case."""

        kind = LetterKind.INFORMATION
        variant = "parent_note"
        parent_title: PlainText
        window: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Notify(Wording):
        """`event`: enter, exit, lapse or close; `attached`: the original mail comes with it."""

        kind = LetterKind.INFORMATION
        variant = "notify"
        event: PlainText
        original: Original
        attached: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Clock(Wording):
        """Another clock of the stage has passed, on the other side. `passed`: when, in words."""

        kind = LetterKind.INFORMATION
        variant = "clock"
        says: PlainText
        passed: PlainText
        local: bool
        side: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Telling(Wording):
        """No stage follows. `due`: when it is told again, whatever the case itself waits for."""

        kind = LetterKind.INFORMATION
        variant = "telling"
        n: int
        decider: Person | None
        lapsed: datetime
        due: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Nobody(Wording):
        kind = LetterKind.INFORMATION
        variant = "nobody"
        tried: tuple[Person, ...]

    @dataclass(frozen=True, slots=True, kw_only=True)
    class SpocWrong(Wording):
        """`status`: of the failed delivery, or gone; `goes_on`: the next in the row is written to."""

        kind = LetterKind.INFORMATION
        variant = "spoc_wrong"
        contact: Person
        status: PlainText
        why: PersonalText
        goes_on: bool
        manager: Person | None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class RaiserLost(Wording):
        kind = LetterKind.INFORMATION
        variant = "raiser_lost"
        why: PersonalText
        answered: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Held(Wording):
        kind = LetterKind.INFORMATION
        variant = "held"
        until: datetime
        by: PersonalText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Corrected(Wording):
        kind = LetterKind.INFORMATION
        variant = "corrected"
        what: PlainText
        before: PersonalText
        after: PersonalText
        by: Person

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Duplicate(Wording):
        kind = LetterKind.INFORMATION
        variant = "duplicate"
        other_ref: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class RecordKept(Wording):
        kind = LetterKind.INFORMATION
        variant = "record_kept"
        where: PlainText
        why: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class InFlight(Wording):
        kind = LetterKind.INFORMATION
        variant = "in_flight"
        is_of_case = False
        items: tuple[OlderMail, ...]

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Unreachable(Wording):
        """So many absences of one contact within so many days."""

        kind = LetterKind.INFORMATION
        variant = "unreachable"
        is_of_case = False
        contact: Person
        times: int
        days: int
