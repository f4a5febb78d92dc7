"""Letters, facts and decisions: what goes out, what happened, what follows.

A fact is immutable; a decision is made by a pure function and carried out elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from bot.model.cases import Case
from bot.model.events import EventKind
from bot.model.flags import Flag
from bot.model.letters import Letter, LetterKind
from bot.model.mails import Mail
from bot.model.marks import Personal, PersonalText, PlainText
from bot.model.times import Deadline


class Hold(StrEnum):
    """What holds a letter back. A decision may end the first three, and room in an hour or a day the third and fourth;
    a person's `outbox release` ends each, and alone the last."""

    HOLD = "hold"  # the business unit looks into the case
    APPROVAL = "approval"  # an escalation waits for a GO
    STRANGERS = "strangers"  # more challenges of unknown senders came than an hour's letters may be about
    FLOOD = "flood"  # one letter too many to one address within a day
    RESTORED = "restored"  # the database was put back: it may have gone already


#: Why a letter waits, as `outbox` says it.
WHY_HELD = {
    Hold.HOLD: "the business unit holds the case: it goes when that ends",
    Hold.APPROVAL: "an escalation waits for the business unit's GO",
    Hold.STRANGERS: "many challenges of unknown senders: it goes by itself when an hour has room",
    Hold.FLOOD: "too many letters to one address within a day: it goes by itself when a day has room",
    Hold.RESTORED: "the database was put back, and it may have gone already: release it if it shall go",
}


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where a mail was read. `team` may be empty: then the team is the one whose address stands in To or Cc."""

    area: PlainText
    address: PersonalText
    policy: PlainText
    team: PlainText = ""
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """A mail that opens a case. The store hands out `number` and `ref`."""

    mail: Mail
    inbox: Inbox
    number: int
    ref: PlainText
    stage: PlainText = ""  # where `adopt` says another than the first
    day_zero: datetime | None = None
    flags: tuple[Flag, ...] = ()
    same_as: PlainText = ""  # the ref of an open case that it may be written of again


class How(StrEnum):
    """By what a mail was matched with a case; where a person placed it, it is said in words instead."""

    LETTER = "our letter"  # it cites an id of ours
    BOUNCE = "a bounce of our letter"
    MAIL = "the challenge or a mail of the case"
    REF = "the ref"
    LINE = "the ref in its line"
    AGAIN = "the same challenge again"  # while the case that its sender began with the same words is open
    COPY = "copy"
    MAY_ANSWER = "it may answer an open challenge"  # the case hears of it: it waits for a person and does not join


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that belongs to a case. `how`: a How, or the words of whoever placed it; `answered`: the kind of our
    letter it answers."""

    mail: Mail
    how: PlainText
    answered: PlainText = ""  # letter kind, "" when it answers no letter of ours
    answered_key: PersonalText = ""  # that letter's key
    answered_to: tuple[PersonalText, ...] = ()  # the addresses that letter went to
    goes_to: tuple[PersonalText, ...] = ()  # the addresses to which that letter says that words in reply go
    others: tuple[PlainText, ...] = ()  # refs of the same raiser's other cases that it may belong to instead
    same_as: PlainText = ""  # the case that this one was asked about whether it is the same, while that is open
    named: tuple[PlainText, ...] = ()  # refs of other cases that its line names and its sender may speak of
    outdated: PlainText = ""  # why what proves its sender proves nothing of these words now, "" where it does
    is_misdated: bool = False  # its Date alone speaks against its proof: it is held against what relaxes
    same_id: bool = False  # another mail, of other content, bears its Message-ID


@dataclass(frozen=True, slots=True)
class Alarm:
    """A deadline of the case has come. `deaf_since`: its inbox cannot be read, and was last read then;
    `waits_unread`: a mail that may be of the case waits for a person to place or open it."""

    deadline: Deadline
    deaf_since: datetime | None = None
    waits_unread: bool = False


@dataclass(frozen=True, slots=True)
class LetterServed:
    """A letter was accepted for these addresses. `at` is the claim whose attempt was accepted."""

    key: PersonalText
    kind: LetterKind
    stage: PlainText
    recipients: tuple[PersonalText, ...]
    at: datetime
    starts_clock: bool = False


@dataclass(frozen=True, slots=True)
class LetterUndelivered:
    """A letter was refused, or bounced, for one address."""

    key: PersonalText
    kind: LetterKind
    stage: PlainText
    recipient: PersonalText
    status: PlainText
    is_hard: bool
    starts_clock: bool = False
    why: PersonalText = ""  # in words for a lay reader, "" where nobody said


class CorrectionKind(StrEnum):
    HOLD = "hold"
    RELEASE = "release"
    CORRECT = "correct"
    LIVE = "live"  # letters may go from now on
    MERGE = "merge"  # another case was the same: what it brings


@dataclass(frozen=True, slots=True)
class Correction:
    """An operator's or business unit's word that is not a mail."""

    what: CorrectionKind
    by: PersonalText
    reason: PersonalText
    values: Annotated[Mapping[str, str], Personal] = field(default_factory=dict)


Fact = Opening | Arrival | Alarm | LetterServed | LetterUndelivered | Correction


class IdKind(StrEnum):
    """What an id that leads to a case is; of a letter of ours it is that letter's key."""

    ORIGINAL = "original"
    MAIL = "mail"
    CONTENT = "content"  # made of what stays the same when a mail is delivered twice
    WORDS = "words"  # made of what stays the same when a challenge is written again
    LETTER = "letter"  # whose key was forgotten with the case: it named an addressee


class FactKind(StrEnum):
    """Kinds of fact, but alarms: those go by the kind of their deadline."""

    OPENING = "opening"
    MAIL = "mail"
    SERVED = "served"
    UNDELIVERED = "undelivered"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that the journal says happened."""

    kind: EventKind
    stage: PlainText = ""
    by: PersonalText = ""  # an address, or "clock"
    note: PersonalText = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from a fact: the case as it now stands, letters to queue, and what to write down. `frees`: the holds
    that end with it, for letters decided earlier. `wrong_move`: what the case did that no transition allows, in a
    sentence for the operator; "" as it should be."""

    case: Case
    letters: tuple[Letter, ...] = ()
    events: tuple[Event, ...] = ()
    frees: tuple[Hold, ...] = ()
    wrong_move: PlainText = ""
    onward: tuple[tuple[PlainText, Correction], ...] = ()  # (ref, what follows for that open case in the same breath)


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One row as people and records read it: hashes resolved to text where it was not purged."""

    seq: int
    at: datetime
    fact: str  # kind of fact: Opening, Arrival, Alarm ...
    events: tuple[tuple[str, str, str, str], ...]  # (kind, stage, by, note)
    letters: tuple[str, ...]  # keys
    hash: str
    body: str  # canonical JSON as stored
    values: Mapping[str, object]  # the fact as kept: ids, kinds, times, command word; never a mail's text
