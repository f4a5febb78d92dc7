"""The frozen values everybody shares.

A Mail is inbound, a Letter is outbound, a Fact is something that happened, a Decision is what follows from it.
Nothing here does anything: no I/O, no clock, no rule. Instants are always aware; naive ones are refused here, at the
border. Addresses are lower-cased addr-specs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


def aware(at: datetime) -> datetime:
    """`at` in UTC. Raises ValueError for a naive instant: it would be an hour wrong half of the year."""
    if at.tzinfo is None:
        raise ValueError(f"an instant without a time zone: {at!r}")
    return at.astimezone(UTC)


# --- time -----------------------------------------------------------------------------------------------------------


class Unit(StrEnum):
    HOURS = "hours"
    WORKING_DAYS = "working days"
    CALENDAR_DAYS = "days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Window:
    """The time a stage allows. `source`: policy, local (the policy gives none) or requested (by the mail)."""

    n: int
    unit: Unit
    source: str = "policy"

    def __str__(self) -> str:
        unit = self.unit.value
        return f"{self.n} {unit[:-1] if self.n == 1 else unit}"


@dataclass(frozen=True, slots=True)
class Due:
    """An instant and, in words, how it was worked out."""

    at: datetime
    why: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", aware(self.at))


# --- mail -----------------------------------------------------------------------------------------------------------


class MailKind(StrEnum):
    HUMAN = "human"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    RECEIPT = "receipt"
    MEETING = "meeting"
    OTHER_AUTOMATED = "other_automated"


class Proof(StrEnum):
    """How far the sender is proven. `none`: no trust profile was configured or no evidence was there to read."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    FAILED = "failed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Address:
    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part a person would call an attachment. `digest` is the SHA-256 of its decoded bytes."""

    name: str
    type: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery status notification says. `message_ids`: ids of ours that it cites, without brackets."""

    recipient: str | None
    status: str  # enhanced status, "" where none was given
    is_hard: bool
    message_ids: tuple[str, ...]
    words: str = ""  # the server's diagnostic, for the operator


@dataclass(frozen=True, slots=True)
class SubjectReading:
    """What a subject line says. `certainty`: exact (a policy's own phrase), alias, or misspelt."""

    phrase: str | None = None  # the policy phrase it triggers, as written in the policy
    certainty: str = "exact"
    is_reply: bool = False
    is_forward: bool = False
    markings: tuple[str, ...] = ()
    window: Window | None = None  # a requested length of time
    by: datetime | None = None  # a requested instant
    flags: tuple[str, ...] = ()  # nonstandard_window, two_times, time_in_the_past ...
    rest: str = ""  # what is left after prefixes and markings; may hold personal data


@dataclass(frozen=True, slots=True)
class Command:
    """A word of the command table in the first non-empty line of the new text; `note` is the rest of that line."""

    word: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """One inbound message, as far as it could be read. Parsing never raises: what was wrong stands in `defects`."""

    digest: str  # SHA-256 of the raw bytes, hex
    received: datetime  # when it reached the server that we read it from
    message_id: str | None = None  # without angle brackets
    sender: Address | None = None  # the single From; None when there is none, two, or a defect
    on_behalf: Address | None = None  # Sender, where it differs from From
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    thread_index: str = ""
    text: str = ""  # the whole text
    new_text: str = ""  # what the sender wrote above the quote, less banners, disclaimers and signature
    quoted: str = ""  # the rest
    attachments: tuple[Attachment, ...] = ()
    kind: MailKind = MailKind.HUMAN
    kind_why: str = ""
    is_list: bool = False  # List-Id or bulk headers: opens nothing
    is_readable: bool = True  # False: encrypted, or set aside: only the headers speak
    answers_inline: bool = False  # "see my comments below": what is new cannot be told apart
    bounce: Bounce | None = None
    trigger: SubjectReading = field(default_factory=SubjectReading)
    quoted_trigger: SubjectReading | None = None  # the original challenge quoted in it, if any
    quoted_from: str | None = None  # the address in the quoted header block
    quoted_sent: datetime | None = None
    command: Command | None = None
    proof: Proof = Proof.NONE
    proof_why: str = ""
    defects: tuple[str, ...] = ()
    size: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "received", aware(self.received))
        for name in ("date", "quoted_sent"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, aware(value))

    @property
    def cited(self) -> tuple[str, ...]:
        """Every message id it answers, nearest first."""
        return tuple(dict.fromkeys((*self.in_reply_to, *reversed(self.references))))


# --- people ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody or some inbox, as the directory gives it."""

    email: str
    name: str = ""
    role: str = ""
    agency: str = ""
    team: str = ""
    phone: str = ""
    deputy: str = ""  # an address, "" for none
    is_secure: bool = False
    sector: str = ""

    def __str__(self) -> str:
        return self.name or self.email


# --- the case -------------------------------------------------------------------------------------------------------


class State(StrEnum):
    PROVISIONAL = "provisional"
    AWAITING_RESPONSE = "awaiting_response"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    AWAITING_OUTCOME = "awaiting_outcome"
    CLOSED = "closed"


class ClosedAs(StrEnum):
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"
    DUPLICATE = "duplicate"
    NOT_A_CHALLENGE = "not_a_challenge"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A row of the alarm table. (case, kind, n, at) is unique: it is the occasion of what it causes."""

    kind: str  # chaser, lapse, repeat, telling, ask, outcome_chaser, outcome_due, parent_note, hold_end, unserved
    at: datetime
    why: str
    n: int = 0
    stage: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", aware(self.at))

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.stage}/{self.n}/{self.at:%Y%m%dT%H%M%SZ}"


@dataclass(frozen=True, slots=True)
class Served:
    """One responding contact of the running stage and what became of the letter to them."""

    contact: Contact
    at: datetime | None = None  # None: not yet accepted, or bounced
    is_dead: bool = False  # refused or bounced
    is_away: bool = False


@dataclass(frozen=True, slots=True)
class StageRun:
    """One pass through a stage: how long it had, when it began, how it ended."""

    stage: str
    entered: datetime
    window: Window | None
    began: datetime | None = None  # when its clock started
    due: datetime | None = None
    why: str = ""
    ended: datetime | None = None
    ended_as: str = ""  # responded, lapsed, not_resolved, escalated, resolved, withdrawn ...
    by: datetime | None = None  # a requested instant that binds this run
    responded: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A yes/no (or choice) put to somebody by a letter; `mail` is the digest of the mail it is about."""

    key: str  # the occasion of the letter that asks it
    about: str  # confirm_word, whose_answer, which_team, provisional, transfer ...
    asked: str  # address
    mail: str = ""
    word: str = ""
    note: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One challenge's life. Saved whole after every decision; the journal holds what changed."""

    number: int  # the case's row id
    ref: str
    policy: str
    policy_version: str
    area: str
    state: State
    stage: str
    opened: datetime  # day zero: when the challenge reached us
    raiser: Contact
    team: str = ""
    responder_agency: str = ""
    inbox: str = ""  # address of the watched inbox it came in by
    window: Window | None = None  # as requested or assumed at opening
    requested_by: datetime | None = None
    urgent: bool = False  # opened on an hours window
    unproven: str = ""  # "", known (directory address without proof) or stranger: while provisional
    opening_mail: str = ""  # digest
    opening_id: str = ""  # its Message-ID
    opening_thread: str = ""  # its Thread-Index
    phrase: str = ""  # fixed words of the subject
    served: tuple[Served, ...] = ()  # responding contacts of the running stage
    runs: tuple[StageRun, ...] = ()
    people: tuple[tuple[str, str, Contact], ...] = ()  # (stage, side, contact), everybody who was involved
    deadlines: tuple[Deadline, ...] = ()
    due: datetime | None = None
    due_why: str = ""
    questions: tuple[Question, ...] = ()
    flags: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()  # digests, in order of reading
    thread: tuple[str, ...] = ()  # message ids a letter may cite: the opening and the latest of each side
    holding: tuple[tuple[datetime, str], ...] = ()  # holding replies: when, from whom
    owner: str = ""  # who committed to answer, else the first responder
    asks: int = 0  # how often the raiser was asked to confirm
    tellings: int = 0
    hold_until: datetime | None = None
    closing_word: str = ""  # the word that will close it: resolved or decided
    closing_at: datetime | None = None
    closed_as: ClosedAs | None = None
    closed: datetime | None = None
    outcome: str = ""  # digest of the mail that wrote the outcome
    commitments: tuple[tuple[str, str], ...] = ()  # RECEIVED by: (address, words)

    def __post_init__(self) -> None:
        for name in ("opened", "due", "requested_by", "hold_until", "closing_at", "closed"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, aware(value))

    @property
    def run(self) -> StageRun | None:
        return self.runs[-1] if self.runs else None

    @property
    def is_open(self) -> bool:
        return self.state is not State.CLOSED


# --- letters --------------------------------------------------------------------------------------------------------


class LetterKind(StrEnum):
    ACKNOWLEDGEMENT = "acknowledgement"
    NOTICE = "notice"
    CHASER = "chaser"
    ESCALATION = "escalation"
    RESPONSE = "response"
    RELAY = "relay"
    REDIRECT = "redirect"
    QUESTION = "question"
    INFORMATION = "information"
    OUTCOME = "outcome"
    RECORD = "record"
    DIGEST = "digest"
    ANSWER = "answer"
    ALERT = "alert"


#: Letters that want an out-of-office or a bounce to come back to us.
WANTS_ANSWERS = frozenset({LetterKind.NOTICE, LetterKind.CHASER, LetterKind.ESCALATION, LetterKind.REDIRECT})


@dataclass(frozen=True, slots=True)
class Letter:
    """One outbound letter, its values fixed when decided; bytes are made when it is first claimed.

    `key` is `occasion/kind/first addressee` and unique within the case (or within the daemon, without a case).
    `about` holds only JSON values; names in it are those the template knows (see case/letters.py).
    """

    kind: LetterKind
    occasion: str
    to: tuple[Contact, ...]
    about: Mapping[str, Any]
    cc: tuple[Contact, ...] = ()
    stage: str = ""
    variant: str = ""  # which wording of this kind
    subject: str = ""  # without the ref; fixed words and window only
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    thread_index: str = ""
    starts_clock: bool = False  # the running stage's clock counts from this letter's being served
    attach: tuple[str, ...] = ()  # "mail:<digest>", "record:minimal", "record:full"
    after: tuple[str, ...] = ()  # keys of letters that must be served, or known undeliverable, first
    message_id: str = ""  # given by the turn: it holds an HMAC
    to_stranger: bool = False  # the one fixed letter that may leave the allow-list

    @property
    def key(self) -> str:
        return f"{self.occasion}/{self.kind.value}/{self.to[0].email if self.to else '-'}"


# --- facts and decisions ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where a mail was read. `team` may be empty: then the team is the one whose address stands in To or Cc."""

    area: str
    address: str
    policy: str
    team: str = ""
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """A mail that opens a case. The store hands out `number` and `ref`."""

    mail: Mail
    inbox: Inbox
    number: int
    ref: str
    stage: str = ""  # where `adopt` says another than the first
    day_zero: datetime | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that belongs to a case. `how`: by what it was matched; `answered`: the kind of our letter it answers."""

    mail: Mail
    how: str
    answered: str = ""  # letter kind, "" when it answers no letter of ours
    answered_key: str = ""  # that letter's key
    reached_parties: bool = True  # False: it came to the bot's mailbox alone


@dataclass(frozen=True, slots=True)
class Alarm:
    """A deadline of the case has come. `deaf_since`: its inbox has not been read up to the deadline."""

    deadline: Deadline


@dataclass(frozen=True, slots=True)
class LetterServed:
    """A letter was accepted for these addresses. `at` is the claim whose attempt was accepted."""

    key: str
    kind: LetterKind
    stage: str
    recipients: tuple[str, ...]
    at: datetime
    starts_clock: bool = False


@dataclass(frozen=True, slots=True)
class LetterUndelivered:
    """A letter was refused, or bounced, for one address."""

    key: str
    kind: LetterKind
    stage: str
    recipient: str
    status: str
    is_hard: bool
    starts_clock: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """An operator's or business unit's word that is not a mail: `what` is hold, release, correct, ..."""

    what: str
    by: str
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)


Fact = Opening | Arrival | Alarm | LetterServed | LetterUndelivered | Correction


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that the journal says happened, under the name other tools read (opened, responded, lapsed ...)."""

    kind: str
    stage: str = ""
    by: str = ""  # an address, or "clock"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from a fact: the case as it now stands, letters to queue, and what to write down."""

    case: Case
    letters: tuple[Letter, ...] = ()
    events: tuple[Event, ...] = ()
    why: str = ""
