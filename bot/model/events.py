"""What the journal may say happened in a case: each kind with its sentence and whose words its note is.

The names are a contract: other tools read them, and no kind is ever renamed. A sentence blames nobody: silence is "no
reply had been recorded". Whether anything happened is case/'s to say; how a record is laid out is records/'s.
"""

from __future__ import annotations

from enum import Enum, StrEnum, auto


class Note(Enum):
    """Whose words stand beside an event, and so whether every record may show them."""

    NONE = auto()
    OURS = auto()  # a value or a code of this service: it stands in every record
    INSIDE = auto()  # put together here, but of what somebody wrote, or who: a full record alone shows it
    THEIRS = auto()  # somebody's own words: a full record alone shows it


class EventKind(StrEnum):
    """A row: the name in the journal, the sentence of the record, the note. None can be made without all three.

    In a sentence {by} is a person's name, an address or "the clock", and {stage} the stage's name.
    """

    _value_: str
    words: str
    note: Note

    def __new__(cls, name: str, words: str, note: Note) -> EventKind:
        kind = str.__new__(cls, name)
        kind._value_, kind.words, kind.note = name, words, note
        return kind

    # the course of a case
    OPENED = "opened", "The challenge was received from {by}.", Note.NONE
    BROUGHT_IN = "brought_in", "{by} handed the challenge in for who raised it.", Note.NONE
    HELD_BEFORE = "held_before", "{stage} was held before the case came here.", Note.INSIDE
    SKIPPED = "skipped", "{stage} was passed over, as the policy says.", Note.INSIDE
    STAGE_ENTERED = "stage_entered", "The case entered {stage}.", Note.OURS
    UNCONFIRMED = "unconfirmed", "The time of {stage} ended. It was answered, and the answer not confirmed.", Note.NONE
    ASKED_MANAGERS = "asked_managers", "Managers and leads were asked: {stage} was answered, not confirmed.", Note.NONE
    LAPSED = "lapsed", "The time of {stage} ended. No reply had been recorded.", Note.NONE
    CONFIRMED = "confirmed", "{by} confirmed the challenge.", Note.NONE
    RESOLVED = "resolved", "{by} wrote that it is resolved.", Note.NONE
    NOT_RESOLVED = "not_resolved", "{by} wrote that it is not resolved.", Note.INSIDE
    DECIDED = "decided", "{by} wrote that it is decided.", Note.NONE
    WITHDRAWN = "withdrawn", "{by} withdrew the challenge.", Note.NONE
    OUTCOME = "outcome", "{by} wrote down the outcome.", Note.NONE
    CLOSED = "closed", "The case was closed.", Note.OURS
    REOPENED = "reopened", "{by} had the case opened again.", Note.NONE
    # what people write
    RESPONDED = "responded", "{by} replied.", Note.INSIDE
    REPORTED = "reported", "{by} reported a reply that had not come here.", Note.NONE
    HOLDING = "holding", "{by} sent a holding reply, which stops no clock.", Note.THEIRS
    DOUBTFUL = "doubtful", "A mail from {by} may be an answer; the raiser was asked.", Note.NONE
    SUGGESTED = "suggested", "A mail from {by} may answer the challenge; the raiser was asked.", Note.NONE
    ATTACHED = "attached", "A mail from {by} was kept with the case.", Note.INSIDE
    ON_BEHALF = "on_behalf", "A mail from {by} was sent on their behalf.", Note.INSIDE
    REFUSED = "refused", "A word from {by} was not acted on.", Note.INSIDE
    RECEIVED = "received", "{by} said that it was seen.", Note.THEIRS
    EXTENDED = "extended", "{by} gave more time.", Note.OURS
    PHONE = "phone", "{by} noted a telephone call.", Note.NONE
    NOT_MINE = "not_mine", "{by} said that it belongs to somebody else.", Note.INSIDE
    CALLED = "called", "{by} gave the time of the telephone call before the challenge.", Note.OURS
    COUNTED_FROM = "counted_from", "{by} gave the day that the time counts from.", Note.NONE
    RATIONALE = "rationale", "{by} gave the reason for the time asked for.", Note.NONE
    MEETING = "meeting", "{by} named the day of a meeting.", Note.OURS
    TASK = "task", "{by} said how something stands that was asked after the end.", Note.OURS
    ON_FILE = "on_file", "{by} confirmed the entry on the person's own record.", Note.NONE
    CHILD_STATUS = "child_status", "{by} told of the child's plan or care.", Note.INSIDE
    APPOINTED = "appointed", "{by} named who is to decide.", Note.INSIDE
    # who has it, who sees to it
    TRANSFER_OFFERED = "transfer_offered", "{by} asked that another team takes the challenge over.", Note.INSIDE
    TRANSFERRED = "transferred", "The challenge was handed to another team.", Note.INSIDE
    TRANSFER_DECLINED = "transfer_declined", "{by} did not take the challenge over.", Note.INSIDE
    CORRECTED = "corrected", "{by} corrected the case.", Note.INSIDE
    NUDGED = "nudged", "{by} had those reminded who are to reply.", Note.NONE
    LEARNING = "learning", "{by} wrote down what was learned.", Note.THEIRS
    HELD = "held", "{by} asked that letters wait.", Note.NONE
    RELEASED = "released", "Letters go again.", Note.INSIDE
    FLAGGED = "flagged", "A flag was set.", Note.OURS
    URGENCY = "urgency", "{by} said how urgent it is.", Note.OURS
    PROTECTION = "protection", "{by} said whether it is a matter of child protection.", Note.OURS
    FILED = "filed", "The record was filed.", Note.OURS
    # what became of letters
    ABSENT = "absent", "An automatic reply said that {by} is away.", Note.NONE
    RECEIPT = "receipt", "An automatic reply from {by} said that a mail was received.", Note.NONE
    UNDELIVERED = "undelivered", "A letter to {by} could not be delivered.", Note.OURS
    INCIDENT = "incident", "A mail of the case reached {by}, for whom it was not meant.", Note.NONE
    TOKEN_ELSEWHERE = "token_elsewhere", "A letter was answered by {by}, to whom it was not sent.", Note.INSIDE
    # forms
    FORM_ASKED = "form_asked", "A form was asked for.", Note.OURS
    FORM_RECEIVED = "form_received", "{by} sent a completed form.", Note.OURS
    FORM_INCOMPLETE = "form_incomplete", "{by} sent a form with blank fields.", Note.OURS
    FORM_UNPROVEN = "form_unproven", "A form came whose sender was not proven.", Note.INSIDE
    FORM_OF_ANOTHER_POLICY = "form_of_another_policy", "{by} sent a form that is not one of this policy.", Note.INSIDE
    FORM_NOT_OPENED = "form_not_opened", "An attachment from {by} was kept and not opened.", Note.INSIDE

    @property
    def has_public_note(self) -> bool:
        """Whether the note may stand in a record that names nobody's words."""
        return self.note is Note.OURS


class EndedAs(StrEnum):
    """How a pass through a stage ended: its name in the store, its words, and whether it meets the stage's time."""

    _value_: str
    words: str
    is_agreed: bool

    def __new__(cls, name: str, words: str, is_agreed: bool = False) -> EndedAs:
        ended = str.__new__(cls, name)
        ended._value_, ended.words, ended.is_agreed = name, words, is_agreed
        return ended

    RUNNING = "", "still running"
    RESPONDED = "responded", "a reply was recorded", True
    LAPSED = "lapsed", "no reply recorded"
    ASKED = "asked", "the next stage was called in, and no reply had been recorded"
    CORRECTED = "corrected", "a person put the stage right, and no reply had been recorded"
    WATCHED = "watched", "watched only"
    TOLD_AFRESH = "told_afresh", "told afresh: it had been watched only"
    NOT_RESOLVED = "not_resolved", "ended by a person's word, and no reply had been recorded"  # before the three above
    RESOLVED = "resolved", "resolved", True
    DECIDED = "decided", "decided", True
    WITHDRAWN = "withdrawn", "withdrawn", True
    DUPLICATE = "duplicate", "a duplicate of another case", True
    NOT_A_CHALLENGE = "not_a_challenge", "not a challenge", True

    @property
    def is_watched(self) -> bool:
        """Whether nobody was written to at that stage: it counts as nothing."""
        return self in (EndedAs.WATCHED, EndedAs.TOLD_AFRESH)


def kind_of(name: str) -> EventKind | None:
    """The kind of that name; None for one that this version does not write."""
    return next((kind for kind in EventKind if kind == name), None)
