"""A policy file as typed values; every fault found at once, with its line.

It must not know any partnership: what a policy says is data. It does not resolve people (directory.py) nor compute
dates (workdays.py). A case stays on the version it opened under.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.model import Window
from bot.rules.windows import parse_window

Role = str  # one of directory.ROLES


def _window(value: Any) -> Any:
    return parse_window(value) if isinstance(value, str) else value


AWindow = Annotated[Window, BeforeValidator(_window)]


class Part(BaseModel):
    """A block of a policy file: unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Phone(Part):
    """Whom to ring. `hours`: weekday names (mon ... sun) to "08:30-17:00"; empty means any hour."""

    name: str
    phone: str
    hours: dict[str, str] = Field(default_factory=dict)


class Emergency(Part):
    """The emergency route of one area; mandatory. `text` stands in letters before the number."""

    front_door: Phone
    out_of_hours: Phone
    text: str = "If a child is at immediate risk, ring 999."


class Tier(Part):
    """A window that a challenge may ask for in its subject."""

    window: AWindow
    needs: tuple[Literal["rationale", "call_time"], ...] = ()


class Intake(Part):
    subjects: tuple[str, ...]  # phrases that open a case; the first is the fixed words of its letters
    aliases: tuple[str, ...] = ()  # near phrases: a doubtful subject
    tiers: tuple[Tier, ...] = ()  # empty: times are not requested; the stage's own window counts
    tier_when_missing: AWindow | None = None


class Notify(Part):
    """A copy for somebody who is not the addressee. `when`: enter, exit, lapse or close of the stage."""

    role: Role
    when: Literal["enter", "exit", "lapse", "close"]
    condition: str = ""  # grammar in conditions; empty: always
    content: Literal["minimal", "full"] = "minimal"


class Filing(Part):
    """What is filed with the partnership's inbox, and when."""

    when: Literal["close", "stage"] = "close"
    content: Literal["minimal", "full"] = "minimal"


class ParentNote(Part):
    """An information to both sides when the parent policy's own window has passed."""

    after: AWindow
    policy: str  # its title, as letters name it


class Stage(Part):
    id: str
    name: str
    level: Literal["agency", "partnership"] = "agency"
    raising_role: tuple[Role, ...]  # in order: the first the directory holds
    responding_role: tuple[Role, ...]
    decider: Role | None = None
    respond_within: AWindow | Literal["requested"]
    source: Literal["policy", "local"] = "policy"
    ceiling: AWindow | None = None
    chase: tuple[str, ...] = ()  # beside the usual points; "1 working day after opening"
    confirm_within: AWindow | None = None
    original: Literal["attach", "no"] = "no"  # "attach": on hours windows, to secure domains of the two agencies
    content: Literal["minimal", "full"] = "minimal"
    notify: tuple[Notify, ...] = ()
    record: Filing | None = None  # filed when the stage is entered
    opens_on: tuple[str, ...] = ()  # words in a subject that open here ("Stage 2")
    next: str | None = None


class Policy(Part):
    id: str
    title: str
    version: str
    partnership: str
    source: str = ""
    review_by: str = ""
    timescales: Literal["guideline", "required", "indicative"] = "required"
    used_at_opening: AWindow | None = None
    fixed_words: str = ""
    emergency: dict[str, Emergency]  # by area code
    intake: Intake
    stages: tuple[Stage, ...]
    filing: Filing = Filing()
    conflict: Literal["local", "shorter"] = "local"
    parent_note: ParentNote | None = None
    approve_timeout: AWindow | None = None
    quiet_hours: str = ""
    roles: dict[str, Role] = Field(default_factory=dict)  # a document's own titles to our vocabulary

    def stage(self, stage_id: str) -> Stage:
        """The stage of that id. Raises KeyError."""
        return next(s for s in self.stages if s.id == stage_id) if any(s.id == stage_id for s in self.stages) else _no(stage_id)

    @property
    def first(self) -> Stage:
        return self.stages[0]

    def after(self, stage_id: str) -> Stage | None:
        """The next stage, None at the last."""
        following = self.stage(stage_id).next
        return self.stage(following) if following else None


def _no(stage_id: str) -> Stage:
    raise KeyError(f"the policy has no stage {stage_id}")
