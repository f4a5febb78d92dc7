"""Letters that ask somebody something about a case."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.letters.parts import Action as ActionOf
from bot.model.letters.parts import Choice, FormRow, Held, Holding, Person, Proposal
from bot.model.letters.wording import Wording
from bot.model.marks import PersonalText, PlainText


class Question:
    """One question each."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class NotYours(Wording):
        """`who_may`: whose word it is, by name; `may_ask`: the reader is a party and may ask them."""

        waits = False
        word: PlainText
        who_may: PersonalText
        may_ask: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Risk(Wording):
        """To who wrote words of new risk: nobody who can act is told by us. `choices`: URGENT, where it still acts."""

        waits = False
        choices: tuple[Choice, ...]

    @dataclass(frozen=True, slots=True, kw_only=True)
    class ConfirmWord(Wording):
        """Is this word yours? `said`: when the mail came; `code`: what a YES that nothing proves must hold, "" for a
        word that only adds. It counts for a day, and a HOLD may last longer."""

        waits = False
        word: PlainText
        said: datetime
        code: PersonalText = ""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Undo(Wording):
        """A word of theirs acted that nothing proves, for no trust is configured: UNDO takes it back `until` then."""

        waits = False
        who: Person
        word: PlainText
        until: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class ConfirmManager(Wording):
        """The same of somebody else's word, to their manager; `at_once`: with whoever else may answer for them."""

        waits = False
        word: PlainText
        said: datetime
        who: Person
        code: PersonalText = ""
        at_once: bool = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class AllTheSame(Wording):
        """A word that closes or gives time stood beside others: is it meant all the same? `text`: what its reader
        wrote; `agree`: the word that says so; `newer`: it answered a letter that is not the last."""

        word: PlainText
        text: PersonalText
        agree: PlainText
        newer: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class NextNow(Wording):
        """No answer is recorded, and the raiser's side says NOT RESOLVED with words: shall the next stage begin?"""

        text: PersonalText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Saying(Wording):
        """The challenged side says so, and only the raising side may: is it resolved?"""

        asks_resolved = True
        who: Person
        word: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class WhatWasDone(Wording):
        """To whoever said so on the challenged side."""

        word: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Phoned(Wording):
        """The other side spoke with its reader: is it resolved? `words_noted`: as they wrote it down."""

        asks_resolved = True
        who: Person
        words_noted: PersonalText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class ByWhen(Wording):
        """RECEIVED gave no time, or one that is past."""

        past: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Ended(Wording):
        """To the raiser: somebody says that it is no challenge. Does it end?"""

        who: Person

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Meaning(Wording):
        """Which word is meant? `sent`: to whom its words went meanwhile."""

        choices: tuple[Choice, ...]
        sent: Person | None = None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Send(Wording):
        """Do the words of its reader's mail go to `goes`, whom no letter named? `when`: it came."""

        waits = False
        goes: Person
        when: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class WhoseAnswer(Wording):
        """Does that mail answer you? `others`: refs of cases that it may answer instead; `text`: its words, where it
        did not reach the reader and may be shown; `earlier`: mails before it that are asked about too; `again`: it
        was asked before, and other mails have come."""

        who: Person
        when: datetime
        others: tuple[PlainText, ...]
        reached: bool
        text: PersonalText
        earlier: tuple[Holding, ...] = ()
        again: bool = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Unconfirmed(Wording):
        """It was answered and is not confirmed: can this child wait? `who` answered, and when; `enters`: when the next
        stage is called in, None where the policy only asks."""

        who: Person
        when: datetime
        enters: datetime | None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Action(Wording):
        """Is it done? `others`: more than one was agreed."""

        action: ActionOf
        others: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Actions(Wording):
        """Who does these, and by when?"""

        actions: tuple[ActionOf, ...]

    @dataclass(frozen=True, slots=True, kw_only=True)
    class ChildFile(Wording):
        closed: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class MeetingRecord(Wording):
        """To who keeps the record of a meeting. `day`: of the meeting; `again`: it was asked for before."""

        day: datetime
        again: bool

    @dataclass(frozen=True, slots=True, kw_only=True)
    class CallTime(Wording):
        pass

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Outcome(Wording):
        """`word`: that will close the case; `by`: when the outcome is due in writing; `said`: the words of the
        decision, where the reader may see them; `answered`: when the answer of `writer` came, who is asked whether it
        is the outcome."""

        word: PlainText
        by: datetime
        outcome_says: tuple[PlainText, ...]
        said: PersonalText = ""
        answered: datetime | None = None
        writer: Person | None = None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Recall(Wording):
        pass

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Impartial(Wording):
        """May they decide, who are of one side's agency? `side`: raising or responding."""

        who: Person
        side: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Transfer(Wording):
        """Does your team take it over?"""

        who: Person
        team_asked: PlainText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Unreadable(Wording):
        when: datetime

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Provisional(Wording):
        pass

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Approve(Wording):
        pass

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Shadowed(Wording):
        pass

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Proposed(Wording):
        """Is it right that they answer from now on? To whom it names, else to whoever holds the role today. `by`: the
        business unit, who told of it; or, to the unit, whoever held it, and has said so with that (`by_holder`)."""

        is_of_case = False
        proposal: Proposal
        by: Person
        by_holder: bool = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Still(Wording):
        """Do you still answer here? `whom`: to their deputy, since they said nothing; `is_new`: it was agreed just
        now; `unit`: who looks after the directory."""

        is_of_case = False
        held: tuple[Held, ...]
        until: datetime
        unit: Person
        whom: Person | None = None
        is_new: bool = False

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Correct(Wording):
        """May this be put right? `line`: as it was written."""

        who: Person
        line: PersonalText

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Form(Wording):
        forms: tuple[FormRow, ...]
