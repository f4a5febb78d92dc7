"""A mail, inbound, and what was read in it. Nothing here parses: that is the mail room.

Addresses are lower-cased addr-specs; message ids stand without their brackets.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bot.model.flags import Flag
from bot.model.forms import FormRead
from bot.model.marks import PersonalText, PlainText
from bot.model.times import Window, aware


class Disposition(StrEnum):
    """What became of a mail."""

    UNREAD = "unread"
    CASE = "case"
    PEN = "holding_pen"  # a person is to place it
    IGNORED = "ignored"  # none of our business: its bytes are deleted
    ASIDE = "set_aside"  # it could not be read


class MailKind(StrEnum):
    HUMAN = "human"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    RECEIPT = "receipt"
    MEETING = "meeting"
    OTHER_AUTOMATED = "other_automated"


class Automatic(StrEnum):
    """What a subject that a mail program begins says of its mail; NO: a person may have written it."""

    NO = ""
    AUTO_REPLY = "auto_reply"
    RECEIPT = "receipt"
    BOUNCE = "bounce"
    RECALL = "recall"
    MEETING = "meeting"


class Proof(StrEnum):
    """How far the sender is proven. `none`: no trust profile was configured or no evidence was there to read."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    FAILED = "failed"
    NONE = "none"


class Unproven(StrEnum):
    """Who stands behind a challenge that nobody has confirmed yet; NO: it is as good as proven."""

    NO = ""
    KNOWN = "known"  # an address of the directory, without proof
    STRANGER = "stranger"


class Meaning(StrEnum):
    """What a person's mail would be as a reply of the challenged side. Only an answer ends reminders; nothing of these
    three stops the time of a stage."""

    ANSWER = "answer"  # what was decided or done, or will be done, for the child or the plan
    HOLDING = "holding"  # it speaks of the reply only: promises, delegates, asks, thanks, acknowledges, commits
    DOUBTFUL = "doubtful"  # it may be either: the raiser is asked


@dataclass(frozen=True, slots=True)
class Address:
    email: PersonalText
    name: PersonalText = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part a person would call an attachment. `digest` is the SHA-256 of its decoded bytes."""

    name: PersonalText
    type: PlainText
    size: int
    digest: PlainText


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery status notification says. `message_ids`: ids of ours that it cites, without brackets."""

    recipient: PersonalText | None
    status: PlainText  # enhanced status, "" where none was given
    is_hard: bool
    message_ids: tuple[PersonalText, ...]
    words: PersonalText = ""  # the server's diagnostic, for the operator
    reason: PersonalText = ""  # why, for a reader who knows no mail server: "the mailbox is full"


@dataclass(frozen=True, slots=True)
class Absence:
    """What an automatic reply tells, less its reasons. `named`: (name, contact words), to show, never to write to."""

    until: PersonalText = ""  # the words that say until when: "Monday 4 January"
    until_on: date | None = None  # the day they mean, counted from when the reply was sent
    named: tuple[tuple[PersonalText, PersonalText], ...] = ()
    is_gone: bool = False  # the person has left, or nobody reads this mailbox
    is_receipt: bool = False  # a machine confirms that the mail came; nobody is away


@dataclass(frozen=True, slots=True)
class SubjectReading:
    """What a subject line says. `certainty`: exact (a policy's own phrase), alias, or misspelt."""

    phrase: PlainText | None = None  # the policy phrase it triggers, as written in the policy
    certainty: PlainText = "exact"
    is_reply: bool = False
    is_forward: bool = False
    markings: tuple[PersonalText, ...] = ()
    window: Window | None = None  # a requested length of time
    by: datetime | None = None  # a requested instant
    flags: tuple[Flag, ...] = ()  # what was doubtful about its time, and whether it announces something
    rest: PersonalText = ""  # what is left after prefixes and markings; may hold personal data


class Word(StrEnum):
    """The command table: words that act, as people write them. Whose each is stands in rules/authority.py, what it does
    in case/said/cells.py."""

    RESOLVED = "RESOLVED"
    NOT_RESOLVED = "NOT RESOLVED"
    ESCALATE = "ESCALATE"
    WITHDRAW = "WITHDRAW"
    REOPEN = "REOPEN"
    CLOSE = "CLOSE"
    EXTEND = "EXTEND"
    URGENT = "URGENT"
    NOT_URGENT = "NOT URGENT"
    ANSWERED = "ANSWERED"
    IT_IS = "IT IS"
    IT_IS_NOT = "IT IS NOT"
    RECEIVED = "RECEIVED"
    OUTCOME = "OUTCOME"
    NOT_MINE = "NOT MINE"
    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    PHONE = "PHONE"
    MEETING = "MEETING"
    ON_FILE = "ON FILE"
    UNDO = "UNDO"
    STATUS = "STATUS"
    WHY = "WHY"
    CHILD_PROTECTION = "CHILD PROTECTION"
    NOT_CHILD_PROTECTION = "NOT CHILD PROTECTION"
    CORRECT = "CORRECT"
    SAME = "SAME"
    DIFFERENT = "DIFFERENT"
    YES = "YES"
    NO = "NO"
    SEND = "SEND"
    DECIDED = "DECIDED"
    APPOINT = "APPOINT"
    HOLD = "HOLD"
    RELEASE = "RELEASE"
    NOT_OURS = "NOT OURS"
    ADMIT = "ADMIT"
    GO = "GO"
    LEAVE = "LEAVE"
    OPEN = "OPEN"
    HELP = "HELP"
    REGISTER = "REGISTER"
    REPORT = "REPORT"
    RECORD = "RECORD"
    SPOC = "SPOC"
    NEW = "NEW"
    NUDGE = "NUDGE"
    LEARNING = "LEARNING"
    THEME = "THEME"
    IMPACT = "IMPACT"


@dataclass(frozen=True, slots=True)
class Command:
    """A word of the command table in the first non-empty line of the new text; `note` is the rest of that line.

    `is_plain`: beside the word stand only a greeting, a name, thanks, a signature, or plain words without condition,
    negation, question or new risk. A word that closes or gives time acts on nothing else.
    """

    word: Word
    note: PersonalText = ""
    is_plain: bool = True


@dataclass(frozen=True, slots=True)
class Mail:
    """One inbound message, as far as it could be read. Parsing never raises: what was wrong stands in `defects`."""

    digest: PlainText  # SHA-256 of the raw bytes, hex
    received: datetime  # when it reached the server that we read it from
    message_id: PersonalText | None = None  # without angle brackets
    sender: Address | None = None  # the single From; None when there is none, two, or a defect
    on_behalf: Address | None = None  # Sender, where it differs from From
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: PersonalText = ""
    date: datetime | None = None
    in_reply_to: tuple[PersonalText, ...] = ()
    references: tuple[PersonalText, ...] = ()
    thread_index: PersonalText = ""
    text: PersonalText = ""  # the whole text
    new_text: PersonalText = ""  # what the sender wrote above the quote, less banners, disclaimers and signature
    quoted: PersonalText = ""  # the rest
    attachments: tuple[Attachment, ...] = ()
    forms: tuple[FormRead, ...] = ()
    unopened: tuple[PersonalText, ...] = ()  # attachments that may hold a form, not read: why (macros, locked ...)
    kind: MailKind = MailKind.HUMAN
    kind_why: PersonalText = ""
    is_recall: bool = False  # a mail program asks to take a mail back: nothing is taken back
    is_machine_by_looks: bool = False  # told by spelling, bulk marks or wording alone: a known person's is theirs
    is_list: bool = False  # a list's own headers: opens nothing
    is_readable: bool = True  # False: encrypted, or set aside: only the headers speak
    answers_inline: bool = False  # "see my comments below": what is new cannot be told apart
    is_unsure: bool = False  # a cut would have left nothing, so words were kept: shown to nobody but their writer
    is_reaction: bool = False  # a thumb or a heart, as a mail program tells it, or signs without a word
    is_notice: bool = False  # says only when its writer works, or that a mail came: no answer, whoever sent it
    meaning: Meaning = Meaning.ANSWER  # of a person's mail
    meaning_why: PlainText = ""  # by which list or model it was read so: codes and numbers, never words
    promised: PersonalText = ""  # the words that say until when an answer is promised
    is_risk: bool = False  # it holds words of new risk: an injury, a disclosure, a child missing
    is_confidence: bool = False  # it speaks of a person's conduct, or in confidence
    bounce: Bounce | None = None
    absence: Absence | None = None  # of automatic replies
    trigger: SubjectReading = field(default_factory=SubjectReading)
    quoted_trigger: SubjectReading | None = None  # the original challenge quoted in it, if any
    quoted_from: PersonalText | None = None  # the address in the quoted header block
    quoted_sent: datetime | None = None
    quoted_to: PersonalText = ""  # to whom the quoted original says it was written
    command: Command | None = None
    proof: Proof = Proof.NONE
    proof_why: PersonalText = ""
    defects: tuple[PersonalText, ...] = ()
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
