"""What a case may be marked with: each flag with its words, and what kind of fact it is.

A flag says of a case what people should see and what letters and clocks depend on; some name what they are about by an
id of the policy ("form_missing:appendix-a"), never by an address. Who sets one, and what follows, is case/'s to say.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, StrEnum, auto


class About(Enum):
    """What a flag is a fact about."""

    CASE = auto()
    WRITING = auto()  # how a challenge was written and handled, and nothing of a child: registers and reports show it
    CHILD = auto()  # what is known of the child


class Flag(StrEnum):
    """A row: the name in the store, the words for people, what it is about, and what an id beside it names ("" where a
    case bears the flag once). None can be made without words.

    Those about the writing stand in the order in which a report counts them.
    """

    _value_: str
    words: str
    about: About
    of: str

    def __new__(cls, name: str, words: str, about: About = About.CASE, of: str = "") -> Flag:
        flag = str.__new__(cls, name)
        flag._value_, flag.words, flag.about, flag.of = name, words, about, of
        return flag

    def __repr__(self) -> str:
        """As a policy's fault quotes it: must be 'urgent', not 'urgnt'."""
        return repr(self.value)

    # how the challenge was written and handled
    RATIONALE_MISSING = "rationale_missing", "rationale missing", About.WRITING
    WINDOW_ASSUMED = "window_assumed", "window assumed", About.WRITING
    NONSTANDARD_WINDOW = "nonstandard_window", "a time that the policy does not offer", About.WRITING
    TWO_TIMES = "two_times", "two times named", About.WRITING
    TEAM_UNKNOWN = "team_unknown", "team unknown", About.WRITING
    UNREADABLE = "unreadable", "unreadable", About.WRITING
    REPORTED_START = "reported_start", "begun by a challenge passed on", About.WRITING  # the raiser is who wrote it
    REPORTED = "reported", "a reply that the raiser reported", About.WRITING
    NO_CONTACT = "no_contact", "no contact known", About.WRITING
    OUTCOME_MISSING = "outcome_missing", "outcome missing", About.WRITING
    ALTERNATE_MISSING = "alternate_missing", "nobody to step in", About.WRITING
    CEILING_GAVE_WAY = "ceiling_gave_way", "the latest end gave way", About.WRITING
    # the child
    CHILD_PROTECTION = "child_protection", "child protection", About.CHILD
    CHILD_PROTECTION_PLAN = "child_protection_plan", "child protection plan", About.CHILD
    LOOKED_AFTER = "looked_after", "looked after", About.CHILD
    # its time and its course
    URGENT = "urgent", "urgent"
    BARE_DAYS = "bare_days", "days of no kind"
    TIME_IN_THE_PAST = "time_in_the_past", "a time in the past"
    LATE_START = "late_start", "little time was left when it began"
    HELD_BEFORE = "held_before_the_bot", "earlier stages held before it came here"
    INTRA_AGENCY = "intra_agency", "within one agency"
    PASSED = "passed", "a time inside a stage has passed", About.CASE, "clock"
    LATE = "late", "late after the end", About.CASE, "prompt"
    TRANSFERRED = "transferred", "handed to another team"
    TRANSFERRED_AGAIN = "transferred_again", "handed on a second time"
    WRONG_PERSON = "wrong_person", "wrong person"
    ACTIONS_OPEN = "actions_open", "an agreed action is not said to be done"
    APPOINTED_IS_A_PARTY = "appointed_is_a_party", "who is to decide is of an agency that is a party"
    APPOINTED_IS_UNKNOWN = "appointed_is_unknown", "who is to decide is not in the directory"
    # the mail that opened it, and those that came after
    SUBJECT_ALIAS = "subject_alias", "subject by another name"
    SUBJECT_MISSPELT = "subject_misspelt", "subject misspelt"
    ANNOUNCES = "announces", "the subject seems to announce something"
    FORWARDED = "forwarded", "forwarded"
    BROUGHT_IN = "brought_in", "handed in by the business unit"
    ADOPTED = "adopted", "opened by a person's word"
    OPENED_BY_FORM = "opened_by_form", "opened by a form"
    NO_MESSAGE_ID = "no_message_id", "a mail without an id"
    DUPLICATE_MESSAGE_ID = "duplicate_message_id", "two mails of one id"
    HIDDEN_CHARACTERS = "hidden_characters", "hidden characters"  # not seen, or turning words round
    SENT_AGAIN = "sent_again", "a mail sent again"
    MAIL_FROM_A_STRANGER = "mail_from_a_stranger", "mail from a stranger"
    UNPROVEN_WORD = "unproven_word", "a word not proven"
    WORD_FOR_A_PERSON = "word_for_a_person", "a word for a person to follow"
    COPIED_OUTSIDE = "copied_outside", "copied to an outsider"
    INCIDENT = "incident", "a mail reached an outsider"
    ANSWERED_FROM_ELSEWHERE = "answered_from_elsewhere", "answered from elsewhere"
    # forms
    FORM_MISSING = "form_missing", "form missing", About.CASE, "form"
    FORM_INCOMPLETE = "form_incomplete", "form incomplete", About.CASE, "form"
    FORM_UNPROVEN = "form_unproven", "a form not proven"
    FORM_TWO_CHILDREN = "form_two_children", "a form of two children"
    FORM_OF_ANOTHER_POLICY = "form_of_another_policy", "a form of another policy"
    ATTACHMENT_NOT_OPENED = "attachment_not_opened", "an attachment not opened"
    # its letters
    DELAYED = "delayed", "a delivery is delayed"
    LETTER_UNDELIVERED = "letter_undelivered", "letter undelivered"
    RAISER_UNREACHABLE = "raiser_unreachable", "raiser unreachable"
    NOBODY_REACHABLE = "nobody_reachable", "nobody reachable"
    NOBODY_TO_TELL = "nobody_to_tell", "nobody holds a role that the policy wants told", About.CASE, "role"
    NO_RAISING_CONTACT = "no_raising_contact", "no contact of the raising side"
    MINIMAL_NOT_SECURE = "minimal_not_secure", "sent without the mail, an address not being secure"
    RECORD_MINIMAL_NOT_SECURE = "record_minimal_not_secure", "record without mails, an address not being secure"
    RECORD_NOT_FILED = "record_not_filed", "record not filed"
    RECORD_UNDELIVERED = "record_undelivered", "record undelivered"
    # what waits for the business unit
    AWAITING_GO = "awaiting_go", "an escalation waits for a GO"
    GO_GIVEN = "go_given", "GO given"
    GO_ASKED = "go_asked", "asked for a GO"
    SHADOWED = "shadowed", "watched while no letter could go"
    SHADOW_ASKED = "shadow_asked", "asked whether to go on"
    HELD = "held", "letters were held once at a stage", About.CASE, "stage"
    SHADOW_LEFT = "shadow_left", "left to be watched only"


OF_WRITING = tuple(flag for flag in Flag if flag.about is About.WRITING)
OF_CHILD = tuple(flag for flag in Flag if flag.about is About.CHILD)


class Flagged(str):
    """A flag as a case bears it, equal to its text: "urgent", or of something, "form_missing:appendix-a".

    A text that this version has no flag for came from another version; it is kept and shown as it stands.
    """

    __slots__ = ()

    def __new__(cls, flag: Flag, of: str = "") -> Flagged:
        """`of`: the id of what the flag's row says it is of. Raises ValueError for a flag that is of nothing, and where
        an id is wanted and not given."""
        if bool(of) != bool(flag.of):
            raise ValueError(f"{flag} is {f'of one {flag.of}: say which' if flag.of else 'of nothing'}")
        return cls.read(f"{flag}:{of}" if of else str(flag))

    @classmethod
    def read(cls, text: str) -> Flagged:
        """As it was stored: another version may have known other flags."""
        return str.__new__(cls, text)

    def __reduce__(self) -> tuple[Callable[[str], Flagged], tuple[str]]:
        return Flagged.read, (str(self),)

    @property
    def flag(self) -> Flag | None:
        """Less what it is about; None for one of another version."""
        name = self.partition(":")[0]
        return next((flag for flag in Flag if flag == name), None)

    @property
    def words(self) -> str:
        """For people, less what it is about."""
        return self.flag.words if self.flag else self.partition(":")[0].replace("_", " ")
