"""A letter: to whom, in which conversation, with which values and enclosures; fixed when it is decided.

Its bytes are made, and what it carries is made or fetched, when it is first claimed (engine/sending/compose.py). It
decides nothing and knows no template's text.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.cases import Contact
from bot.model.letters.standing import Standing
from bot.model.letters.wording import LetterKind, Wording
from bot.model.marks import PersonalText, PlainText
from bot.model.times import aware


class Sending(StrEnum):
    """How far a letter has come on its way. The ways between them are store/outbox.py's."""

    QUEUED = "queued"
    CLAIMED = "claimed"  # in a sender's hands, until its lease is over
    IN_DATA = "in_data"  # the step that cannot be taken back has begun
    SENT = "sent"
    DEFERRED = "deferred"  # surely not sent, or not to all: it is tried again
    REFUSED = "refused"
    UNKNOWN = "unknown"  # handed over, and the answer lost
    HELD = "held"  # see Hold
    WITHHELD = "withheld"  # decided in shadow mode, or untrue once it might go: it goes to nobody


class Reach(StrEnum):
    """What became of a letter for one of its addresses."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class TheMail:
    """A mail of the case as it came, by its digest."""

    digest: PlainText


@dataclass(frozen=True, slots=True)
class TheRecord:
    """The record of the case. `content`: minimal or full."""

    content: PlainText


@dataclass(frozen=True, slots=True)
class TheForm:
    """A form of the policy, by its id, filled in as the case stands."""

    form: PlainText


@dataclass(frozen=True, slots=True)
class TheRegister:
    """The register of an area. `log`: learning alone, or "" for all of it."""

    area: PlainText
    log: PlainText = ""


@dataclass(frozen=True, slots=True)
class TheReport:
    """The figures of an area. `quarter`: "2026Q4", "2026" for the year; "" is the last full one. `public`: without
    small numbers, refs and teams."""

    area: PlainText
    quarter: PlainText = ""
    public: bool = False


@dataclass(frozen=True, slots=True)
class TheGuide:
    """The page to hand out of each policy of an area."""

    area: PlainText


Enclosed = TheMail | TheRecord | TheForm | TheRegister | TheReport | TheGuide


@dataclass(frozen=True, slots=True)
class Letter:
    """One outbound letter. `standing` is None for a letter of no case.

    `key` is `occasion/kind/first addressee` and unique within the case (or within the daemon, without a case).
    """

    values: Wording
    occasion: PersonalText
    to: tuple[Contact, ...]
    standing: Standing | None = None
    decided: datetime | None = None
    cc: tuple[Contact, ...] = ()
    stage: PlainText = ""
    subject: PlainText = ""  # without the ref; fixed words and window only
    in_reply_to: PersonalText = ""
    references: tuple[PersonalText, ...] = ()
    thread_index: PersonalText = ""
    starts_clock: bool = False  # the running stage's clock counts from this letter's being served
    attach: tuple[Enclosed, ...] = ()
    after: tuple[PersonalText, ...] = ()  # keys of letters that must be served, or known undeliverable, first
    message_id: PlainText = ""  # given by the turn: it holds an HMAC
    to_stranger: bool = False  # the one fixed letter that may leave the allow-list

    def __post_init__(self) -> None:
        if self.decided is not None:
            object.__setattr__(self, "decided", aware(self.decided))

    @property
    def kind(self) -> LetterKind:
        return self.values.kind

    @property
    def variant(self) -> str:
        """Which wording of its kind."""
        return self.values.variant

    @property
    def ref(self) -> str:
        """Of its case, "" without one."""
        return self.standing.ref if self.standing else ""

    @property
    def key(self) -> str:
        return f"{self.occasion}/{self.kind.value}/{self.to[0].email if self.to else '-'}"
