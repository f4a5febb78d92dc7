"""The blocks of a policy file: telephone lines, the intake, copies, alternates, tracks, filing.

Each is a frozen value; a key it does not know is a fault. They know neither each other's sense nor the stages that
hold them (policy.py), and no partnership: what a policy says is data.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.rules.policy_grammar import AWindow, Role, Roles, Sectors, Span, Text, Words

#: When a copy goes: to the holder's agency only if it is raiser or responder; on signs of a plan or care order.
Condition = Literal["", "holder_is_party", "child_protection_or_looked_after"]


class Part(BaseModel):
    """A block of a policy file: unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Phone(Part):
    """Whom to ring. `hours`: weekday names (mon ... sun) to "08:30-17:00"; empty means any hour."""

    name: Text
    phone: Text
    hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], Span] = Field(default_factory=dict)


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

    sector: Sectors
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
