"""People, and a case with its stages, alarms and questions. A case is saved whole after every decision, and nothing in
it is ever changed in place. What follows from a fact is case/table.py.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.model.events import EndedAs
from bot.model.flags import Flag, Flagged
from bot.model.forms import FormState
from bot.model.mails import Unproven
from bot.model.marks import PersonalText, PlainText
from bot.model.times import Deadline, Window, aware


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody or some inbox, as the directory gives it."""

    email: PersonalText
    name: PersonalText = ""
    role: PlainText = ""
    agency: PlainText = ""
    team: PlainText = ""
    phone: PersonalText = ""
    deputy: PersonalText = ""  # an address, "" for none
    is_secure: bool = False
    sector: PlainText = ""

    def __str__(self) -> str:
        return self.name or self.email


class State(StrEnum):
    PROVISIONAL = "provisional"
    AWAITING_RESPONSE = "awaiting_response"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    AWAITING_OUTCOME = "awaiting_outcome"
    CLOSED = "closed"


#: In which an answer is waited for.
WAITING = (State.PROVISIONAL, State.AWAITING_RESPONSE)


class ClosedAs(StrEnum):
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"
    DUPLICATE = "duplicate"
    NOT_A_CHALLENGE = "not_a_challenge"


@dataclass(frozen=True, slots=True)
class Served:
    """One responding contact of the running stage and what became of the letter to them."""

    contact: Contact
    at: datetime | None = None  # None: not yet accepted, or bounced
    is_dead: bool = False  # refused or bounced, or gone for good
    has_bounced: bool = False  # refused or bounced
    is_away: bool = False
    has_written: bool = False  # a mail bears that address: letters do arrive there


@dataclass(frozen=True, slots=True)
class StageRun:
    """One pass through a stage: how long it had, when it began, how it ended."""

    stage: PlainText
    entered: datetime
    window: Window | None
    began: datetime | None = None  # when its clock started
    due: datetime | None = None
    why: PlainText = ""
    ended: datetime | None = None
    ended_as: EndedAs = EndedAs.RUNNING
    by: datetime | None = None  # a requested instant that binds this run
    responded: datetime | None = None
    answered_by: PersonalText = ""  # address of who responded
    answer: PlainText = ""  # digest of the mail that did


class QuestionKind(StrEnum):
    """What a letter asks."""

    WORD = "confirm_word"  # is this word of the command table yours
    WORD_AGAIN = "confirm_word_again"  # the same, once their manager is asked too
    WHOSE_ANSWER = "whose_answer"  # is this the answer
    PROVISIONAL = "provisional"  # do you challenge
    TRANSFER = "transfer"  # does your team take it over
    TASK = "task"  # is it done
    RESOLVED = "resolved"  # is it resolved
    ALL_THE_SAME = "all_the_same"  # is the word meant, with what stands beside it
    OUTCOME = "outcome"  # does the answer before the closing word stand as the outcome
    IMPARTIAL = "impartial"  # may somebody of a party's agency decide
    SAME = "same"  # is it the same challenge as another
    ENDED = "ended"  # is it no challenge
    UNDO = "undo"  # is a word theirs that acted without proof
    SEND = "send"  # do the words of a mail go to the other side


@dataclass(frozen=True, slots=True)
class Question:
    """A yes/no put to somebody by a letter. What it is about stands in the fields of its kind; the others are empty.
    Text that earlier journals hide is personal here too, so that one purge makes the same tokens of both."""

    key: PersonalText  # the occasion of the letter that asks it
    about: QuestionKind
    asked: PersonalText  # address
    mail: PlainText = ""  # digest of the mail it is about; RESOLVED, OUTCOME: of the answer
    command: PlainText = ""  # WORD, ALL_THE_SAME, UNDO: the word; SEND: SEND where later words join
    words: PersonalText = ""  # WORD, ALL_THE_SAME: what stood behind it; SEND: the words of the mail
    is_hedged: bool = False  # WORD: other words stood beside it
    whose: PersonalText = ""  # WORD: of whom; WHOSE_ANSWER, OUTCOME: whose mail; IMPARTIAL: who; SEND: the reader
    code: PersonalText = ""  # WORD of one that relaxes: what a reply without proof must hold; "" for no more
    hand: PersonalText = ""  # WHOSE_ANSWER: the address of who wrote it for them
    is_untold: bool = False  # WHOSE_ANSWER: nothing proves it, nobody knows its address, and that is told nothing
    agency: PlainText = ""  # TRANSFER
    team: PersonalText = ""  # TRANSFER
    task: PlainText = ""  # TASK: its id
    side: PersonalText = ""  # TASK: raising, responding or unit, whichever was asked
    other: PlainText = ""  # SAME: the other's ref
    at: datetime | None = None
    came: datetime | None = None  # WORD, WHOSE_ANSWER, SEND: when that mail came; UNDO: the due time before


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that came and is no answer: a claim of whoever said it, which letters may name. `what`: holding,
    doubtful, phone, meeting, kept (it answers an answer); unread; raiser (who wrote for them), away, reopened."""

    at: datetime
    who: PersonalText
    what: PlainText


#: Id of the task that says what was committed to last; those before it bear a number behind it.
COMMITMENT = "commitment"


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be seen done beside the stage's answer, and who has said what about it.

    `id`: child_file, action/<n>, meeting, meeting_record, representation, commitment, commitment/<n>, theme, impact, or
    the id of a prompt of the policy. `what`: an agreed action, or what was committed to, in its writer's words.
    `said`: (side, word, when), the side being raising, responding or unit.
    """

    id: PlainText
    day: date | None = None
    what: PersonalText = ""
    owner: Contact | None = None
    mail: PlainText = ""  # digest of the mail that named it
    said: tuple[tuple[PlainText, PlainText, datetime], ...] = ()

    def said_by(self, side: str) -> str:
        """The side's latest word about it, "" for none."""
        return next((word for where, word, _ in reversed(self.said) if where == side), "")


@dataclass(frozen=True, slots=True)
class Delayed:
    """A responding contact to whom a delivery is delayed, and since when."""

    address: PersonalText
    since: datetime


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody outside the directory whom a mail reached: `copied` by the raiser at the opening, or an `incident`."""

    address: PersonalText
    what: PlainText


@dataclass(frozen=True, slots=True)
class Case:
    """One challenge's life. Saved whole after every decision; the journal holds what changed."""

    number: int  # the case's row id
    ref: PlainText
    policy: PlainText
    policy_version: PlainText
    area: PlainText
    state: State
    stage: PlainText
    opened: datetime  # day zero: when the challenge reached us
    raiser: Contact
    team: PlainText = ""
    responder_agency: PlainText = ""
    inbox: PersonalText = ""  # address of the watched inbox it came in by
    window: Window | None = None  # as requested or assumed at opening
    requested_by: datetime | None = None
    urgent: bool = False  # opened on an hours window
    unproven: Unproven = Unproven.NO  # while provisional
    opening_mail: PlainText = ""  # digest
    opening_id: PersonalText = ""  # its Message-ID
    opening_thread: PersonalText = ""  # its Thread-Index, where it began the conversation
    phrase: PlainText = ""  # fixed words of the subject
    served: tuple[Served, ...] = ()  # responding contacts of the running stage
    delayed: tuple[Delayed, ...] = ()
    runs: tuple[StageRun, ...] = ()
    outsiders: tuple[Outsider, ...] = ()
    people: tuple[tuple[PlainText, PlainText, Contact], ...] = ()  # (stage, side, contact), everybody who was involved
    deadlines: tuple[Deadline, ...] = ()
    due: datetime | None = None
    due_why: PlainText = ""
    questions: tuple[Question, ...] = ()
    flags: tuple[Flagged, ...] = ()
    mails: tuple[PlainText, ...] = ()  # digests, in order of reading
    thread: tuple[PersonalText, ...] = ()  # message ids a letter may cite: the opening and the latest of each side
    holding: tuple[tuple[datetime, PersonalText], ...] = ()  # holding replies of earlier releases: when, from whom
    heard: tuple[Heard, ...] = ()  # what came and is no answer, in order
    owner: PersonalText = ""  # who committed to answer, else the first responder
    asks: int = 0  # how often the raiser was asked to confirm
    tellings: int = 0
    hold_until: datetime | None = None
    closing_word: PlainText = ""  # the word that will close it: resolved or decided
    closing_at: datetime | None = None
    closing_by: Contact | None = None  # who gave it
    closed_as: ClosedAs | None = None
    closed: datetime | None = None
    same_as: PlainText = ""  # closed as a duplicate: the ref of the case that goes on
    outcome: PlainText = ""  # digest of the mail that wrote the outcome
    forms: tuple[FormState, ...] = ()  # asked for, in order
    tasks: tuple[Task, ...] = ()  # what is to be seen done while it runs and after it has closed
    called: datetime | None = None  # the telephone call before the challenge, as the raiser gave it
    message_left: PlainText = ""  # yes or no, where the raiser said
    counted_from: datetime | None = None  # the day of what a stage's time counts from, as the raiser gave it

    def __post_init__(self) -> None:
        for name in ("opened", "due", "requested_by", "hold_until", "closing_at", "closed", "called", "counted_from"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, aware(value))

    @property
    def run(self) -> StageRun | None:
        return self.runs[-1] if self.runs else None

    def has(self, flag: Flag, of: str = "") -> bool:
        """Whether it bears that flag, of that id where one is named."""
        return Flagged(flag, of) in self.flags

    @property
    def commitments(self) -> tuple[Task, ...]:
        """What was committed to by RECEIVED, in order of saying: by whom, in which words."""
        return tuple(task for task in self.tasks if task.id.partition("/")[0] == COMMITMENT)

    @property
    def is_open(self) -> bool:
        return self.state is not State.CLOSED
