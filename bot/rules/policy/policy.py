"""A policy as typed values: its stages in their order, and what holds for all of them.

It must not know any partnership: what a policy says is data. It does not resolve people (directory.py) nor compute
dates (workdays.py); the blocks are blocks.py's; a file is read, and its faults across stages are found, in
file.py. A case stays on the version it opened under.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from bot.model import Unit, Window
from bot.rules.policy.blocks import (
    ADecider,
    Alternate,
    CalendarBlock,
    Clock,
    Conduct,
    Consult,
    Edition,
    Emergency,
    Exclusion,
    Filing,
    Intake,
    Meeting,
    Notify,
    ParentNote,
    Part,
    Phone,
    PrintedContact,
    SharedCeiling,
    Skip,
    StageRecord,
    Track,
)
from bot.rules.policy.follow_up import OF_CHILDREN, THEMES, FollowUp, Representation
from bot.rules.policy.forms import Form, Log, StageForm
from bot.rules.policy.grammar import (
    ALength,
    AnyRoles,
    AWindow,
    Chase,
    Day,
    Role,
    Roles,
    SpanOrNone,
    Text,
    Titles,
    Words,
    a_window,
)
from bot.rules.workdays import Calendar


class Stage(Part):
    id: Text
    name: Text
    level: Literal["agency", "partnership"] = "agency"
    raising_role: Roles = Field(description="name the role that acts for the raiser's side")
    responding_role: Roles = Field(description="name the role that must answer")
    decider: ADecider | None = None
    decision_word: Text = "decision"  # what the decider gives: a decision, a recommendation
    source: Literal["policy", "local"] = "policy"
    respond_within: Window | Literal["requested"] = Field(
        description="write it with its unit, and `source: local` where the policy itself gives none"
    )
    counts_from: Text | Literal[""] = Field("", alias="from")  # the event whose day its time counts from; "": its begin
    ceiling: AWindow | None = None
    # beside the usual points; "1 working day after opening"
    chase: tuple[Chase, ...] = ()
    confirm_within: AWindow | None = None
    # an answer that nobody confirmed by the stage's due time: the next stage is entered, or it is only asked about
    unconfirmed: Literal["enter", "ask"] = "enter"
    clocks: tuple[Clock, ...] = ()
    skip_to: Annotated[tuple[Skip, ...], BeforeValidator(lambda v: [v] if isinstance(v, dict) else v)] = ()
    representation: Representation | None = None  # both sides write down their view, at a stage of the partnership
    meeting: Meeting | None = None  # that its letter asks for, or to consider
    consult: Consult | None = None  # whom its letter says may be brought in
    original: Literal["attach", "no"] = "no"  # "attach": on hours windows, to secure domains of the two agencies
    content: Literal["minimal", "full"] = "minimal"  # full: its letter carries the original, to secure addressees only
    notify: tuple[Notify, ...] = ()
    record: StageRecord | None = None  # filed when the stage is entered
    forms: tuple[StageForm, ...] = ()  # what this stage asks for
    copies: AnyRoles = ()  # copied on the letter of the stage itself
    alternates: tuple[Alternate, ...] = ()  # where who acted before would act again, on either side
    redirect: Literal["", "manager"] = ""  # who is written to for a contact that is away, before the inboxes
    opens_on: Words = ()  # words in a subject that open here ("Stage 2")
    opens_to: AnyRoles = ()  # a mail addressed to one of these opens here
    next: str | None = None

    @field_validator("respond_within", mode="before")
    @classmethod
    def _with_source(cls, value: Any, info: ValidationInfo) -> Any:
        if value == "requested":
            return value
        window = a_window(value, info)
        return Window(window.n, window.unit, info.data.get("source", "policy")) if isinstance(value, str) else window

    @field_validator("ceiling", mode="after")
    @classmethod
    def _in_working_days(cls, value: Window | None) -> Window | None:
        if value is not None and value.unit is not Unit.WORKING_DAYS:
            raise ValueError("a ceiling is counted in working days from the opening")
        return value

    @property
    def decides(self) -> Literal["", "responder", "another"]:
        """Who ends the matter here: whoever must answer, another beside them, or nobody."""
        if self.decider is None:
            return ""
        is_responder = self.decider.role in self.responding_role and self.decider.side != "raising"
        return "responder" if is_responder else "another"


class Policy(Part):
    """One partnership's escalation procedure. Constructing one checks blocks, not the course of its stages."""

    id: Text
    title: Text
    version: Text
    partnership: Text
    parent: str = ""  # the policy whose fields stand where this file gives none
    about: Literal["child", "adult", "child_or_adult"] = "child"  # of whom letters speak
    areas: Words = ()  # area codes it is for; none: any
    source: str = ""
    review_by: Day = ""
    calendar: CalendarBlock | None = None  # none: the one of bot.yaml
    timescales: Literal["guideline", "required", "indicative"] = "required"
    used_at_opening: ALength | None = None
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
    ceilings: tuple[SharedCeiling, ...] = ()
    raise_within: AWindow | None = (
        None  # how soon after the disagreement it is to be raised; it is said, never enforced
    )
    unit_aliases: dict[str, AWindow] = Field(default_factory=dict)  # "48 hours": 2 working days
    exclusions: tuple[Exclusion, ...] = ()
    conduct: Conduct | None = None  # none: the words of book.py
    report: Edition | None = None  # none: addressed to nobody in particular
    contacts_printed: tuple[PrintedContact, ...] = ()
    filing: Filing = Filing()
    forms: tuple[Form, ...] = ()
    logs: tuple[Log, ...] = ()
    conflict: Literal["local", "shorter"] = "local"
    parent_note: ParentNote | None = None
    approve_timeout: AWindow | None = None
    quiet_hours: SpanOrNone = ""
    follow_up: FollowUp = FollowUp()  # what is asked when a case has ended
    titles: Titles = ()  # roles of its own, beyond our vocabulary: a directory may have rows of them
    total: AWindow | None = None  # all stages together, where the document says so: what sums past it is a fault
    roles: dict[str, Role] = Field(default_factory=dict)  # a document's own titles to our vocabulary

    def stage(self, stage_id: str) -> Stage:
        """The stage of that id. Raises KeyError."""
        for stage in self.stages:
            if stage.id == stage_id:
                return stage
        raise KeyError(f"the policy has no stage {stage_id}")

    def form(self, form_id: str) -> Form:
        """The form of that id. Raises KeyError."""
        for form in self.forms:
            if form.id == form_id:
                return form
        raise KeyError(f"the policy has no form {form_id}")

    @property
    def first(self) -> Stage:
        """The stage that a subject naming none opens."""
        return self.stage(self.opens_at) if self.opens_at else self.stages[0]

    @property
    def themes(self) -> tuple[str, ...]:
        """What a challenge may be about: the policy's own list, or of the usual one what fits whom it is about."""
        listed = self.follow_up.themes
        is_usual = self.about == "adult" and listed == THEMES
        return tuple(theme for theme in listed if not (is_usual and theme in OF_CHILDREN))

    def as_meant(self, window: Window) -> Window:
        """A window that somebody asked for, as this policy means its words ("48 hours" as 2 working days)."""
        known = {" ".join(words.casefold().split()): meant for words, meant in self.unit_aliases.items()}
        found = known.get(str(window))
        return replace(found, source=window.source) if found else window

    def track(self, flags: Collection[str], stage_id: str) -> Track | None:
        """The first track that applies at this stage to a case with these flags."""
        return next((t for t in self.tracks if t.flag in flags and t.at(stage_id) is not None), None)

    def days(self, other: Calendar) -> Calendar:
        """The calendar its dates are computed by: its own, or `other`, the configuration's, where it names none."""
        return self.calendar.days if self.calendar else other

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
