"""A policy as typed values: stages, windows, roles, forms of words, notices.

It must not know any partnership: what a policy says is data. It does not resolve people (directory.py) nor compute
dates (workdays.py); a file is read, and its faults across stages are found, in policy_file.py. A case stays on the
version it opened under.
"""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from bot.model import Unit, Window
from bot.rules.directory import ROLES, SECTORS
from bot.rules.windows import parse_window
from bot.rules.yaml_file import nearest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: When a copy goes: to the holder's agency only if it is raiser or responder; on signs of a plan or care order.
Condition = Literal["", "holder_is_party", "child_protection_or_looked_after"]


# --- small grammars ---------------------------------------------------------------------------------------------------


def _window(value: Any) -> Any:
    if value is None or isinstance(value, (dict, list)):
        raise ValueError("write a window with its unit, such as 5 working days or 24 hours")
    return parse_window(value) if isinstance(value, str) else value


def _role(value: str, info: ValidationInfo) -> str:
    """A role of the vocabulary, or a document's own title for one, as the policy's `roles` block maps it."""
    titles: dict[str, str] = (info.context or {}).get("roles", {})
    role = titles.get(value, value)
    if role not in ROLES:
        raise ValueError(f"unknown role {value}{nearest(value, (*ROLES, *titles))}")
    return role


def _sector(value: str) -> str:
    if value not in SECTORS:
        raise ValueError(f"unknown sector {value}{nearest(value, SECTORS)}")
    return value


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _hours(value: str) -> str:
    """ "08:30-17:00", as the emergency block and quiet hours write it."""
    ends = value.replace(".", ":").split("-")
    if len(ends) != 2:
        raise ValueError("write hours such as 08:30-17:00")
    try:
        for end in ends:
            time.fromisoformat(end.strip())
    except ValueError:
        raise ValueError("write hours such as 08:30-17:00") from None
    return value


def _chase(value: str) -> str:
    """A reminder's place: "half way", "4 hours before", "1 working day after opening"."""
    text = value.strip().lower()
    if text == "half way":
        return value
    for ending in (" before", " after opening"):
        if text.endswith(ending):
            parse_window(text.removesuffix(ending))
            return value
    raise ValueError("write `half way`, `<time> before` or `<time> after opening`, such as 1 working day before")


def _date(value: str) -> str:
    if value:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ValueError("write a date such as 2027-01-31") from None
    return value


def _some_text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


AWindow = Annotated[Window, BeforeValidator(_window)]
Role = Annotated[str, AfterValidator(_role)]
Sector = Annotated[str, AfterValidator(_sector)]
Roles = Annotated[tuple[Role, ...], BeforeValidator(_listed), Field(min_length=1)]
Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Text = Annotated[str, AfterValidator(_some_text)]


# --- the blocks of a file ---------------------------------------------------------------------------------------------


class Part(BaseModel):
    """A block of a policy file: unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Phone(Part):
    """Whom to ring. `hours`: weekday names (mon ... sun) to "08:30-17:00"; empty means any hour."""

    name: Text
    phone: Text
    hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], Annotated[str, AfterValidator(_hours)]] = (
        Field(default_factory=dict)
    )


class Emergency(Part):
    """The emergency route of one area; mandatory. `text` stands in letters before the number."""

    front_door: Phone = Field(description="give the name and number to ring in office hours")
    out_of_hours: Phone = Field(description="give the name and number to ring at night and at weekends")
    text: Text = "If a child is at immediate risk, ring 999."


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


class Notify(Part):
    """A copy for somebody who is not the addressee. `when`: enter, exit, lapse or close of the stage."""

    role: Role
    when: Literal["enter", "exit", "lapse", "close"]
    condition: Condition = ""  # empty: always
    content: Literal["minimal", "full"] = "minimal"
    first: bool = False  # served, or known undeliverable, before the next of these copies and the stage's letter
    side: Literal["either", "both", "raising", "responding"] = "either"  # whose holder, where agencies hold the role


class Alternate(Part):
    """Who acts at a stage where the one who acted before would act again, by the agency's sector."""

    sector: Annotated[tuple[Sector, ...], BeforeValidator(_listed), Field(min_length=1)]
    role: Roles = Field(description="name the role that steps in")


class Track(Part):
    """A shorter window for cases that bear a flag. Only the policy's executive lead takes the flag away again."""

    flag: Literal["child_protection"]
    window: AWindow
    stages: Words = ()  # where it applies; none: at every stage


class Filing(Part):
    """What is filed with the partnership's inbox, and when."""

    when: Literal["close", "stage"] = "close"
    content: Literal["minimal", "full"] = "minimal"


class ParentNote(Part):
    """An information to both sides when the parent policy's own window has passed."""

    after: AWindow
    policy: Text  # its title, as letters name it


class Stage(Part):
    id: Text
    name: Text
    level: Literal["agency", "partnership"] = "agency"
    raising_role: Roles = Field(description="name the role that acts for the raiser's side")
    responding_role: Roles = Field(description="name the role that must answer")
    decider: Role | None = None
    source: Literal["policy", "local"] = "policy"
    respond_within: Window | Literal["requested"] = Field(
        description="write it with its unit, and `source: local` where the policy itself gives none"
    )
    ceiling: AWindow | None = None
    # beside the usual points; "1 working day after opening"
    chase: tuple[Annotated[str, AfterValidator(_chase)], ...] = ()
    confirm_within: AWindow | None = None
    original: Literal["attach", "no"] = "no"  # "attach": on hours windows, to secure domains of the two agencies
    content: Literal["minimal", "full"] = "minimal"
    notify: tuple[Notify, ...] = ()
    record: Filing | None = None  # filed when the stage is entered
    copies: Annotated[tuple[Role, ...], BeforeValidator(_listed)] = ()  # copied on the letter of the stage itself
    alternates: tuple[Alternate, ...] = ()  # where who acted before would act again, on either side
    opens_on: Words = ()  # words in a subject that open here ("Stage 2")
    opens_to: Annotated[tuple[Role, ...], BeforeValidator(_listed)] = ()  # a mail addressed to one of these opens here
    next: str | None = None

    @field_validator("respond_within", mode="before")
    @classmethod
    def _with_source(cls, value: Any, info: ValidationInfo) -> Any:
        if value == "requested":
            return value
        window = _window(value)
        return Window(window.n, window.unit, info.data.get("source", "policy")) if isinstance(value, str) else window

    @field_validator("ceiling", mode="after")
    @classmethod
    def _in_working_days(cls, value: Window | None) -> Window | None:
        if value is not None and value.unit is not Unit.WORKING_DAYS:
            raise ValueError("a ceiling is counted in working days from the opening")
        return value


class Policy(Part):
    """One partnership's escalation procedure. Constructing one checks blocks, not the course of its stages."""

    id: Text
    title: Text
    version: Text
    partnership: Text
    source: str = ""
    review_by: Annotated[str, AfterValidator(_date)] = ""
    timescales: Literal["guideline", "required", "indicative"] = "required"
    used_at_opening: AWindow | None = None
    fixed_words: str = ""
    emergency: dict[str, Emergency] = Field(  # by area code
        min_length=1, description="give the front door and the out-of-hours number of every area"
    )
    advice: Phone | None = None  # a consultation line that the document names; it stands in every letter
    intake: Intake = Field(description="give the subjects that open a case")
    stages: tuple[Stage, ...] = Field(min_length=1, description="list the steps of the policy, the first one first")
    opens_at: str | None = None  # the stage a plain subject opens, where that is not the first in the file
    executive_lead: Role | None = None  # who alone may say NOT CHILD PROTECTION
    tracks: tuple[Track, ...] = ()
    filing: Filing = Filing()
    conflict: Literal["local", "shorter"] = "local"
    parent_note: ParentNote | None = None
    approve_timeout: AWindow | None = None
    quiet_hours: str = ""
    roles: dict[str, Role] = Field(default_factory=dict)  # a document's own titles to our vocabulary

    @field_validator("quiet_hours")
    @classmethod
    def _is_span(cls, value: str) -> str:
        return _hours(value) if value else value

    def stage(self, stage_id: str) -> Stage:
        """The stage of that id. Raises KeyError."""
        for stage in self.stages:
            if stage.id == stage_id:
                return stage
        raise KeyError(f"the policy has no stage {stage_id}")

    @property
    def first(self) -> Stage:
        """The stage that a subject naming none opens."""
        return self.stage(self.opens_at) if self.opens_at else self.stages[0]

    def after(self, stage_id: str) -> Stage | None:
        """The next stage, None at the last."""
        following = self.stage(stage_id).next
        return self.stage(following) if following else None

    def course(self) -> tuple[Stage, ...]:
        """The stages in their order from the one a plain subject opens."""
        stages = [self.first]
        while (following := self.after(stages[-1].id)) is not None and following not in stages:
            stages.append(following)
        return tuple(stages)

    def before(self, stage_id: str) -> tuple[Stage, ...]:
        """Every stage that leads to this one, the earliest first."""
        found: list[Stage] = []
        here = stage_id
        while (leading := next((s for s in self.stages if s.next == here), None)) is not None and leading not in found:
            found.insert(0, leading)
            here = leading.id
        return tuple(found)
