"""The blocks of a policy file: telephone lines, the intake, copies, alternates, tracks, filing.

Each is a frozen value; a key it does not know is a fault. They know neither each other's sense nor the stages that
hold them (policy.py), and no partnership: what a policy says is data.
"""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.model import Flag, Window
from bot.rules import workdays
from bot.rules.policy.grammar import AnyRoles, AWindow, Role, Roles, Sector, Sectors, Span, Text, Words, listed
from bot.rules.policy.yaml_file import nearest


class Part(BaseModel):
    """A block of a policy file: unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class CalendarBlock(Part):
    """Which days are not worked: the bank holidays of a part of the United Kingdom, `bank_holidays` more of them, the
    `closures` of an office, `remove` some. `add`: closures, as files of earlier versions call them."""

    holidays: Literal["england-and-wales", "scotland", "northern-ireland"] = "england-and-wales"
    bank_holidays: tuple[date, ...] = ()
    closures: tuple[date, ...] = ()
    add: tuple[date, ...] = ()
    remove: tuple[date, ...] = ()

    @property
    def days(self) -> workdays.Calendar:
        """The calendar that dates are computed by."""
        return workdays.calendar(self.shut, self.remove, part=self.holidays, bank_holidays=self.bank_holidays)

    @property
    def shut(self) -> tuple[date, ...]:
        """Closure days, under either name."""
        return (*self.closures, *self.add)


#: What is known of the child: from words, a form's tick or a party's word. "urgent" is the raiser's own word.
Child = Literal[Flag.CHILD_PROTECTION, Flag.CHILD_PROTECTION_PLAN, Flag.LOOKED_AFTER]
Children = Annotated[tuple[Child, ...], BeforeValidator(listed)]


class Clauses(Part):
    """When something of the policy applies: every clause that is given must hold, of a list one member."""

    holder: Literal["", "is_party"] = ""  # the agency that holds the role in question is raiser or responder
    side: Literal["either", "raising", "responding"] = "either"  # whose agency and sector are meant
    agency: Words = ()
    sector: Annotated[tuple[Sector, ...], BeforeValidator(listed)] = ()
    child: Children = ()
    area: Words = ()
    raiser: AnyRoles = ()  # a role that the raiser holds
    urgent: bool | None = None
    same_person: bool = False  # whoever would answer answered before

    @property
    def has_clauses(self) -> bool:
        """Whether anything is asked at all: without a clause it applies always."""
        return self != Clauses()


#: The conditions that have a name of their own.
NAMED: dict[str, dict[str, Any]] = {
    "": {},
    "holder_is_party": {"holder": "is_party"},
    "child_protection_or_looked_after": {"child": ["child_protection", "child_protection_plan", "looked_after"]},
}


def _named(value: Any) -> Any:
    if isinstance(value, str) and value not in NAMED:
        text = "write holder_is_party, child_protection_or_looked_after, or clauses such as {sector: school}"
        raise ValueError(f"unknown condition {value}{nearest(value, NAMED)}: {text}")
    return {} if value is None else NAMED[value] if isinstance(value, str) else value


Condition = Annotated[Clauses, BeforeValidator(_named)]


class Phone(Part):
    """Whom to ring. `hours`: weekday names (mon ... sun) to "08:30-17:00"; empty means any hour."""

    name: Text
    phone: Text
    hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], Span] = Field(default_factory=dict)


class Emergency(Part):
    """The emergency route of one area; mandatory. `text` stands in letters before the numbers, `elsewhere` after."""

    front_door: Phone = Field(description="give the name and number to ring in office hours")
    out_of_hours: Phone = Field(description="give the name and number to ring at night and at weekends")
    text: Text | Literal[""] = ""  # "": the sentence of book.py, about whom the policy is for
    elsewhere: Text | Literal[""] = ""  # whom to ring for somebody who lives elsewhere; "": the council there


class Reach(Part):
    """Whom to turn to, by telephone or mail."""

    name: Text
    phone: str = ""
    email: str = ""

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if not (self.phone or self.email):
            raise ValueError(f"{self.name} has neither phone nor email: give one of them")
        return self


class Conduct(Part):
    """Where words about how a person acts, or in confidence, belong: whole sentences, and per area whom to turn to."""

    text: Text = Field(description="say in whole sentences whom to tell of how a person acts")
    source: Literal["policy", "local"] = "policy"
    contacts: dict[str, Reach] = Field(default_factory=dict)  # by area code


class Edition(Part):
    """For whom the partnership's report is, as it follows `Report to`; and what its headline says first."""

    to: Text = Field(description="say whom the report is for")
    first: Annotated[
        tuple[Literal["received", "answered", "reached", "closed", "outcome", "open"], ...], BeforeValidator(listed)
    ] = ()


class Tier(Part):
    """A window that a challenge may ask for in its subject."""

    window: AWindow
    needs: tuple[Literal["rationale", "call_time"], ...] = ()


class Intake(Part):
    # phrases that open a case; the first is the fixed words of its letters
    subjects: Annotated[Words, Field(min_length=1)] = Field(description="list the subjects that open a case")
    aliases: Words = ()  # near phrases: a doubtful subject
    tiers: tuple[Tier, ...] = ()  # empty: times are not requested; the stage's own window counts
    tier_when_missing: AWindow | None = None
    asks: Annotated[
        tuple[Literal["child_status", "concern_date", "problem", "aim", "record_writer"], ...], BeforeValidator(listed)
    ] = ()


class Notify(Part):
    """A copy for somebody who is not the addressee. `when`: enter, exit, lapse or close of the stage."""

    role: Role
    when: Literal["enter", "exit", "lapse", "close"]
    condition: Condition = Clauses()  # none: always
    content: Literal["minimal", "full"] = "minimal"  # full: with the original, where every addressee is secure
    first: bool = False  # served, or known undeliverable, before the next of these copies and the stage's letter
    side: Literal["either", "both", "raising", "responding"] = "either"  # whose holder, where agencies hold the role


class Decider(Part):
    """Whose DECIDED ends the matter at a stage. `side`: whose agency's holder of the role; none: a role of the
    partnership, or of the challenged agency."""

    role: Role = Field(description="name the role that decides")
    side: Literal["", "raising", "responding"] = ""


def _by_role(value: Any) -> Any:
    return {"role": value} if isinstance(value, str) else value


ADecider = Annotated[Decider, BeforeValidator(_by_role)]


class Alternate(Part):
    """Who acts at a stage where the one who acted before would act again, by the agency's sector."""

    sector: Sectors
    role: Roles = Field(description="name the role that steps in")


class Track(Part):
    """Shorter windows for cases that bear a flag. Child protection only the policy's executive lead takes away again,
    `urgent` the raiser's side."""

    flag: Literal[Flag.CHILD_PROTECTION, Flag.CHILD_PROTECTION_PLAN, Flag.LOOKED_AFTER, Flag.URGENT]
    window: AWindow
    windows: dict[str, AWindow] = Field(default_factory=dict)  # stage id -> its own, where they differ
    stages: Words = ()  # where it applies; none: at every stage
    words: Words = ()  # in the subject of the opening mail they set the flag
    ceiling: AWindow | None = None  # the latest end of its stages, from receipt

    def at(self, stage_id: str) -> Window | None:
        """Its window at that stage, None where it does not apply."""
        applies = not self.stages or stage_id in self.stages
        return self.windows.get(stage_id, self.window) if applies else None


class SharedCeiling(Part):
    """Several stages that together may take no longer than `within`, from the beginning of the first of them."""

    stages: Annotated[Words, Field(min_length=2)] = Field(description="list the ids of the stages that share it")
    within: AWindow


class Skip(Part):
    """A stage that is passed over: where the condition holds, the case goes to `to` instead."""

    to: Text
    condition: Condition = Clauses()


class Clock(Part):
    """A time inside a stage for something else than its answer. Its end is a reminder and a flag, never a next stage.

    `starts`: enter (the stage's clock begins), response (an answer is recorded) or resolved (the closing word).
    `until`: what ends it early: a response, RECEIVED, MEETING, or any mail of the side it runs on.
    """

    id: Text
    says: Text = Field(description="say what is to be done, such as: speak with the person who raised it")
    side: Literal["raising", "responding"] = Field(description="say on whom it runs: raising or responding")
    starts: Literal["enter", "response", "resolved"] = "enter"
    until: Literal["response", "received", "meeting", "mail"] = "mail"
    window: AWindow
    source: Literal["policy", "local"] = "policy"
    then: AnyRoles = ()  # who else is told when it has passed


class Meeting(Part):
    """A meeting of a stage, in the letter that opens it. `record`: who keeps its record, and is asked for it on the
    working day after a `MEETING` that was named."""

    who: Text = Field(description="say who meets, as it follows `a meeting of`")
    asked: Literal["consider", "convene"] = "consider"
    convener: AnyRoles = ()  # none: whoever is to answer
    record: AnyRoles = ()  # none: nobody is asked for it


class Consult(Part):
    """Whom both sides may bring in at a stage, in its letter; of each agency the holders of the first role held."""

    who: Text = Field(description="say who may help, as `a Designated Nurse`")
    role: Roles = Field(description="name the role whose holders are meant")


class Exclusion(Part):
    """What the procedure is not for, and where that goes; the acknowledgement says it."""

    what: Text
    where: str = ""


class PrintedContact(Part):
    """A contact as the document prints it: a fact with its source. No letter goes there; the directory says where."""

    name: Text
    source: Text = Field(description="say where the document prints it, such as Appendix A")
    area: str = ""
    role: Role | Literal[""] = ""  # whose address it is: `check` holds the directory's against it
    email: str = ""
    phone: str = ""
    address: str = ""  # postal


class Filing(Part):
    """What is filed with the partnership's inbox, and when."""

    when: Literal["close", "stage"] = "close"
    content: Literal["minimal", "full"] = "minimal"


class StageRecord(Part):
    """A record filed with the partnership's inbox when a stage is entered."""

    when: Literal["stage"] = "stage"
    content: Literal["minimal", "full"] = "minimal"


class ParentNote(Part):
    """An information to both sides when the parent policy's own window has passed."""

    after: AWindow
    policy: Text  # its title, as letters name it
