"""What several wordings are made of: people, and rows of a letter's lists. Instants are aware; None is none.

Field names are those that templates read. It knows no wording and formats nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.model.cases import Contact
from bot.model.marks import PersonalText, PlainText

#: A word to answer with, and what it means.
Choice = tuple[PlainText, PlainText]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as a letter names them."""

    name: PersonalText = ""
    email: PersonalText = ""
    role: PlainText = ""
    agency: PlainText = ""
    phone: PersonalText = ""


def person(contact: Contact | None) -> Person:
    """A contact as a letter names them; nobody is a Person without a name."""
    who = contact or Contact("")
    return Person(who.name, who.email, who.role, who.agency, who.phone)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of who answers, as it was read in the business unit's words. `before`: who holds the role today."""

    area: PlainText
    agency: PersonalText
    team: PersonalText
    role: PlainText
    name: PersonalText
    email: PersonalText
    before: tuple[Person, ...] = ()
    works_for: PersonalText = ""  # the agency whose address it is
    phone: PersonalText = ""

    @property
    def whose(self) -> str:
        """The team's role, else the agency's, else the area's."""
        return self.team or self.agency or self.area


@dataclass(frozen=True, slots=True)
class FormRow:
    """What a letter says of one form. `state`: asked, missing, half, or what is wrong with it; `labels`: blank ones."""

    title: PlainText
    state: PlainText
    level: PlainText  # no, should or must
    labels: tuple[PlainText, ...] = ()


@dataclass(frozen=True, slots=True)
class Original:
    """Where the whole of it lies and who can tell: minimal letters say that instead of repeating it."""

    from_: PersonalText
    sent: datetime
    inbox: PersonalText = ""


@dataclass(frozen=True, slots=True)
class Commitment:
    """Who wrote when that they will answer, and by when if they said."""

    who: Person
    at: datetime
    by: datetime | None


@dataclass(frozen=True, slots=True)
class Representation:
    """By when both sides write down their view, and to whom they send it."""

    by: datetime
    to: Person


@dataclass(frozen=True, slots=True)
class Holding:
    """Something that came and is taken for no answer, as its writer claims it. `what`: holding, doubtful, kept, replied
    (in an earlier run of a stage, and it runs again), reopened (the same before the case was closed; `who` may be
    empty), phone, meeting, day (of one) or promised; `by`: until when an answer is promised, or when it was opened
    again."""

    when: datetime
    who: PersonalText
    what: PlainText = "holding"
    by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """Whom an automatic reply names in its own place, in its words."""

    name: PersonalText
    contact: PersonalText


@dataclass(frozen=True, slots=True)
class Action:
    """An agreed action. `owner`: only whom the directory knows; `words`: only where letters may be full."""

    n: int
    owner: Person | None
    has_owner: bool
    day: datetime | None
    words: PersonalText


@dataclass(frozen=True, slots=True)
class PromptLine:
    """What the policy asks when a case has ended: the words, and the end of its day."""

    words: PlainText
    by: datetime | None


@dataclass(frozen=True, slots=True)
class MeetingLine:
    """A meeting that the policy asks for at the stage. `keeper`: who keeps its record, where the policy says so."""

    who: PlainText  # who meets
    must: bool  # else it is only to be considered
    convener: Person
    keeper: Person | None = None


@dataclass(frozen=True, slots=True)
class Besides:
    """What the policy asks of a stage beside its answer. `entry`: when an entry on the own record is asked for:
    opening, stage; `consult`: who may be brought in, in the policy's words, with whom the directory knows as such."""

    entry: tuple[PlainText, ...] = ()
    meeting: MeetingLine | None = None
    consult: PlainText = ""
    known: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenCase:
    """An open case, in the daily letter and in the answer to OPEN."""

    ref: PlainText
    stage: PlainText
    due: datetime | None
    waiting_for: PersonalText
    asks: int
    elsewhere: bool  # a letter of ours was answered from an address that it never went to
    watched: bool
    forms: tuple[PlainText, ...]  # titles of those that are missing
    untold: tuple[PlainText, ...] = ()  # roles that the policy wants told and nobody holds
    sides: tuple[PersonalText, ...] = ()  # the agency that raised it and the one that was challenged, where known
    who: Person | None = None  # whose move it is, with their number; None: nobody can be reached
    asked: PlainText = ""  # the time that was asked for: "24 hours"
    over: datetime | None = None  # when that ended, of a challenge that nobody has answered
    hours_over: int = 0  # whole hours since then, of a time in hours
    is_loose: bool = False  # answered and not confirmed, and the stage's time is over
    is_answered: bool = False  # and nobody has said whether that resolves it
    is_ending: bool = False  # resolved or decided: the outcome is awaited
    is_today: bool = False  # due on the day of the letter, and nothing of these


@dataclass(frozen=True, slots=True)
class ToBeDone:
    """An agreed action that the raiser's side has not said is done. `is_over`: its day has passed, or a NO was said."""

    ref: PlainText
    n: int
    owner: Person | None
    day: datetime | None
    is_over: bool
    raiser: Person | None = None  # whose side says whether it is done
    owner_says: bool = False  # that it is done
    raiser_denies: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail that a person must place: by whom it says it is, never its subject, which may hold a child's name."""

    letter: PlainText  # by which an answer may name it
    entry: int
    mailbox: PlainText
    received: datetime
    sender: PersonalText
    why: PlainText
    guesses: PlainText


@dataclass(frozen=True, slots=True)
class Withheld:
    """A letter that was decided in shadow mode and went to nobody."""

    ref: PlainText
    kind: PlainText
    to: tuple[PersonalText, ...]
    when: datetime


@dataclass(frozen=True, slots=True)
class Watched:
    """A mailbox, and when it was last read and written from."""

    name: PlainText
    last_read: datetime | None
    last_sent: datetime | None


@dataclass(frozen=True, slots=True)
class InFlight:
    """An older challenge that was found when its inbox was read for the first time."""

    mailbox: PlainText
    received: datetime
    entry: int


@dataclass(frozen=True, slots=True)
class Entered:
    """A stage that the case has entered."""

    at: datetime
    what: PlainText


@dataclass(frozen=True, slots=True)
class Answering:
    """Who does what at a stage of a team: answers or decides."""

    team: PlainText
    stage: PlainText
    does: PlainText
    who: Person


@dataclass(frozen=True, slots=True)
class Unreached:
    """A stage that nobody answers who can be reached. `roles`: whose it is; `named`: whom the directory names for it,
    whose mailboxes take no letter."""

    team: PersonalText
    stage: PlainText
    roles: tuple[PlainText, ...]
    named: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Shared:
    """A role that different people hold at once. `whose`: the team's, the agency's or the area's."""

    whose: PersonalText
    role: PlainText
    held: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A role that somebody holds, and their deputy's address for it."""

    whose: PersonalText
    role: PlainText
    deputy: PersonalText = ""


@dataclass(frozen=True, slots=True)
class Unsaid:
    """A contact who was asked whether they still answer, and said nothing in time, or that they do not."""

    whose: PersonalText
    role: PlainText
    who: Person
    said_no: bool = False


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the record."""

    name: PlainText
    sha256: PlainText
    size: int
