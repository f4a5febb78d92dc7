"""How a case stands when a letter of it is decided: what its template knows beside the letter's own values.

Field names are those that templates read. It is filled in one place (case/making/draft.py) and decides nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime

from bot.model.letters.parts import Besides, Person
from bot.model.marks import PersonalText, PlainText


@dataclass(frozen=True, slots=True)
class Emergency:
    """The box that every letter of a case bears: the policy's text, and the whole of it: both numbers with their
    hours."""

    text: PlainText
    say: PlainText


@dataclass(frozen=True, slots=True)
class ClockLine:
    """Another clock of the stage: what is to be done, on whose side, by when. `source`: policy or local."""

    says: PlainText
    side: PlainText
    by: datetime
    source: PlainText


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The case, its policy, its running stage and its people."""

    ref: PlainText
    policy_title: PlainText
    partnership: PlainText
    advice: PlainText  # name and number, "" where the policy gives none
    emergency: Emergency
    timescales: PlainText  # guideline, indicative or required
    fixed_words: PlainText  # of the subject

    opened: datetime
    team: PlainText
    urgent: bool
    unconfirmed: bool
    raiser: Person
    responder: Person

    stage_name: PlainText
    level: PlainText
    decision_word: PlainText
    decides: PlainText
    window: PlainText  # "24 hours"
    local_window: bool
    due: datetime | None
    due_why: PlainText
    clocks: tuple[ClockLine, ...]
    next_stage_name: PlainText
    next_people: tuple[Person, ...]

    late: PersonalText  # why it comes late, in a sentence
    human: Person
    ring: Person
    counts_from: PlainText = ""  # the event whose day the stage's time counts from
    conduct: PlainText = ""  # where words in confidence or about a person belong, for who wrote such; else ""
    own_record: PlainText = ""  # what the policy calls it; "": by whom it is about
    besides: Besides = field(default_factory=Besides)  # what the policy asks of the stage beside its answer
    over: int = 0  # whole hours over the time asked for in hours, while no answer is recorded
    goes_to: tuple[Person, ...] = ()  # who reads what is written in reply to the letter; of two sides one for each
    about: PlainText = "child"  # of whom the policy speaks: child, adult or child_or_adult
