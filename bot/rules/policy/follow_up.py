"""What a policy asks for beside the answers of its stages, and after a case has ended, as blocks of its file.

The entry on the child's own record, agreed actions, prompts such as "record and report", learning by a day. Values
only: whom to ask and when is case/course/follow_up.py's; which text a letter gives them is the templates'.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from bot.model import Unit, Window
from bot.model.errors import Problem
from bot.rules import workdays
from bot.rules.policy.blocks import Part
from bot.rules.policy.grammar import AWindow, Role, Text, Words, listed
from bot.rules.policy.yaml_file import Document, blocks, nearest

#: What challenges are about, where a policy has no list of its own: those of the partnerships' yearly reports.
THEMES = (
    "threshold", "referral decision", "assessment outcome", "child protection conference", "child protection plan",
    "strategy decision", "drift or delay", "non-attendance", "information sharing", "service provision", "roles",
    "lived experience", "step-up or step-down", "procedures", "other",
)  # fmt: skip
#: Of these, what a board for adults does not ask about.
OF_CHILDREN = frozenset({"child protection conference", "child protection plan"})
#: What changed, in the word that says it, and what the word means.
IMPACTS = {
    "changed": "the decision or the plan was changed",
    "partly": "a part of it was changed",
    "unchanged": "it stands as it was",
}

Sentences = Annotated[tuple[Text, ...], BeforeValidator(listed)]


class ChildFile(Part):
    """Both sides are asked, in the letter that closes the case, whether challenge and outcome are on the child's own
    record; after `chase` the side that has not answered is asked once more. `record`: what the policy calls it, as it
    follows `are on`. `at`: when the letters ask for an entry before that: at the opening, at each further stage."""

    record: Text | Literal[""] = ""  # "": "the child's own record", of whom the policy is about
    chase: AWindow = Window(5, Unit.WORKING_DAYS, "local")
    at: Annotated[tuple[Literal["opening", "stage"], ...], BeforeValidator(listed)] = ()

    @field_validator("chase")
    @classmethod
    def _in_working_days(cls, value: Window) -> Window:
        if value.unit is not Unit.WORKING_DAYS:
            raise ValueError("write it in working days: it is asked at 09:00 of the last of them")
        return value


class Prompt(Part):
    """Something that is asked once when the case has ended. With `within` it has a day: they who were asked are
    reminded the working day before, and told once when the day has passed without their YES."""

    id: Text
    words: Text = Field(description="say in words what is asked, as it follows `Please`")
    to: Literal["unit", "parties"] = (
        "unit"  # the business unit, in the record's letter; or both sides, in the outcome's
    )
    when: Literal["closed", "decided"] = "closed"  # decided: only where the final decider ended it
    stages: Words = ()  # only where the case ended at one of these; none: wherever it ended
    within: AWindow | None = None
    counts_from: Literal["end", "meeting"] = "end"  # meeting: the day of the last MEETING that was held, else the end


class FollowUp(Part):
    """All of it. What is not written is not asked."""

    child_file: ChildFile | None = None
    ask_actions: bool = True  # both sides are asked on its day whether an agreed action is done
    outcome_says: Sentences = ()  # what the outcome in writing must say besides, as it follows `Please say`
    prompts: tuple[Prompt, ...] = ()
    themes: Words = THEMES  # what the business unit may say a challenge was about
    register_from: str = ""  # the first stage whose cases the partnership's register holds; "": all

    @field_validator("prompts")
    @classmethod
    def _once(cls, value: tuple[Prompt, ...]) -> tuple[Prompt, ...]:
        ids = [prompt.id for prompt in value]
        double = next((name for name in ids if ids.count(name) > 1), None)
        if double is not None:
            raise ValueError(f"two prompts are called {double}: give each its own id")
        return value


def faults(document: Document) -> Iterator[Problem]:
    """Stages that are named here and are none."""
    stages = [stage.get("id") for stage in blocks(document.at(("stages",)))]
    block = document.at(("follow_up",))
    if not isinstance(block, dict):
        return
    found: list[tuple[tuple[str | int, ...], Any]] = [(("register_from",), block.get("register_from"))]
    for n, prompt in enumerate(blocks(block.get("prompts"))):
        named = prompt.get("stages")
        found += [(("prompts", n, "stages"), s) for s in ([named] if isinstance(named, str) else named or ())]
    for where, stage in found:
        if stage and stage not in stages:
            near = nearest(str(stage), [s for s in stages if isinstance(s, str)])
            yield document.problem(("follow_up", *where), f"follow_up names no stage: {stage}{near}")


class Representation(Part):
    """At a stage of the partnership both sides are asked to write down their view for whoever decides, by a day."""

    within: AWindow
    to: Role = "business_manager"


def day_of(window: Window, start: datetime, cal: workdays.Calendar) -> date:
    """The last day of a window, in the office's zone: one month on is the same day, clipped to the month's end."""
    return workdays.due(window, start, cal).at.astimezone(cal.zone).date()
