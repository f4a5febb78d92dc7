"""`policy show` and `policy new`: a policy read back in plain English, and a first file to change.

They read policy files alone: no settings, no directory, no database. What a policy means is told by
rules/policy/prose.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.open import now
from bot.cli.output import AsJson, ConfigDir, complain, emit, say_lines
from bot.model.errors import BotError, ConfigError
from bot.rules.policy import file as policy_file
from bot.rules.policy import prose as policy_prose
from bot.rules.policy.policy import Policy
from bot.rules.policy.prose import Worked
from bot.rules.policy.yaml_file import nearest
from bot.rules.workdays import LONDON, MORNING, Calendar, calendar, say

# The file that `policy new` writes: a small policy that passes `check`, with a comment at everything one may change.
# Its telephone numbers are kept for fiction, so that `check` reminds of them until the real ones stand there.

SKELETON = """\
# One partnership's escalation procedure. Everything it may say stands in docs/policies.md.
#   challenge-bot check                 every fault with its line; nothing is started
#   challenge-bot policy show {id}      reads it back in plain English, with a worked example of dates
#   challenge-bot rehearse STORY.yaml   plays a story of your own on it, in seconds
# A case stays on the text it opened under: change `version` when the document changes.

id: {id}                                 # the name of this file
title: Resolving Professional Differences         # as letters name the document
version: "1"
partnership: Our Safeguarding Children Partnership
source: The procedure, section 1                  # where in the document the times stand
# review_by: 2028-01-31                           # `check` warns when this day is past
timescales: required                              # required, guideline or indicative: how letters speak of the times
# used_at_opening: 2 working days                 # days of the ceilings that are used before a challenge is written

# Whom to ring if a child may be at risk now, for each area code. It stands in every letter.
emergency:
  XX:
    front_door:
      name: Children's Front Door
      phone: 01632 960101                         # put the real number
      hours: {{mon: "09:00-17:00", tue: "09:00-17:00", wed: "09:00-17:00", thu: "09:00-17:00", fri: "09:00-16:30"}}
    out_of_hours: {{name: Emergency Duty Team, phone: 01632 960102}}

intake:
  subjects: [Professional Safeguarding Challenge] # subjects that open a case
  # tiers:                                        # times that a subject may ask for
  #   - {{window: 24 hours, needs: [rationale]}}
  #   - {{window: 10 working days}}
  # tier_when_missing: 24 hours
  # asks: [child_status]                          # both sides are asked whether the child has a plan or is looked after

# What the procedure is not for; the acknowledgement says it.
# exclusions:
#   - {{what: Whistleblowing, where: your own agency's procedure}}

# A shorter course for child protection; only the executive lead's NOT CHILD PROTECTION ends it.
# executive_lead: director
# tracks:
#   - {{flag: child_protection, window: 24 hours, stages: [leads]}}

filing: {{when: close, content: minimal}}           # what the business unit's inbox gets, and when

# The steps in their order. A time has always its unit: 24 hours, 5 working days, 5 days (calendar days), 1 month.
stages:
  - id: managers
    name: "Stage 1: Line Managers"                # as letters name it
    raising_role: line_manager                    # who acts for the side that raises it
    responding_role: line_manager                 # who answers
    respond_within: 5 working days
    # source: local                               # where the document itself gives no time
    # ceiling: 7 working days                     # the latest end, from receipt of the challenge
    # clocks:                                     # other times inside the stage; they remind and call in nobody
    #   - {{id: contact, says: speak with the person who raised it, side: responding, window: 2 working days}}
    # notify:                                     # copies for others
    #   - {{role: iro, when: enter, condition: child_protection_or_looked_after}}
    # skip_to: {{to: partnership, condition: {{urgent: true}}}}
    next: leads

  - id: leads
    name: "Stage 2: Safeguarding Leads"
    opens_on: [Stage 2]                           # words in a subject that open the case here
    raising_role: designated_safeguarding_lead
    responding_role: designated_safeguarding_lead
    respond_within: 5 working days
    next: partnership

  - id: partnership
    name: "Stage 3: The Partnership"
    opens_on: [Stage 3]
    level: partnership                            # its letter asks the business manager to bring in the partners
    raising_role: designated_safeguarding_lead
    responding_role: [business_manager, business_unit]
    # decider: chair                              # whose DECIDED: ends the matter
    respond_within: 10 working days
"""


DEFAULT = Path("config")
NAME = "abcdefghijklmnopqrstuvwxyz0123456789-"

policies = typer.Typer(rich_markup_mode=None, help="What a policy file says; a first file.", no_args_is_help=True)


@policies.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="The name of its file, without .yaml.")],
    config: ConfigDir = DEFAULT,
    on: Annotated[
        str, typer.Option("--date", metavar="DATE", help="Of the worked example: 2027-04-12, or with T09:30.")
    ] = "",
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As a Mermaid flowchart.")] = False,
    as_json: AsJson = False,
) -> None:
    """A policy in plain English, with the dates of a challenge that nobody answers.

    \b
    Examples:
      challenge-bot policy show cheshire-east
      challenge-bot policy show sandwell --date 2027-01-11
      challenge-bot policy show cumberland --mermaid > cumberland.mmd
    """
    policy, cal = _read(config, name), calendar()
    received = _received(on)
    if mermaid:
        say_lines(policy_prose.mermaid(policy))
        return
    dated = {one.stage.id: one for one in policy_prose.worked(policy, received, cal)}
    if as_json:
        for row in _rows(policy, dated):
            emit(row)
        return
    say_lines(f"{policy.title} ({policy.partnership}), version {policy.version}", *policy_prose.opening(policy))
    for stage in policy.stages:
        say_lines("", f"{stage.name} [{stage.id}]", *(f"  {line}" for line in policy_prose.stage_lines(policy, stage)))
    say_lines("", "When it has ended", *(f"  {line}" for line in policy_prose.ending(policy)))
    say_lines("", f"For example: a challenge that is received on {say(received, cal)} and never answered", "")
    for one in dated.values():
        say_lines(*(f"  {line}" for line in _example(one, cal)))


def _example(one: Worked, cal: Calendar) -> list[str]:
    lines = [f"{one.stage.name}: due {say(one.due.at, cal)}", f"  {one.due.why}"]
    sides = {"raising": "The raising side", "responding": "The challenged side"}
    return lines + [f"  {sides[clock.side]} is to {clock.says} by {say(due.at, cal)}" for clock, due in one.clocks]


def _rows(policy: Policy, dated: Mapping[str, Worked]) -> list[dict[str, Any]]:
    rows = []
    for stage in policy.stages:
        one = dated.get(stage.id)
        clocks = one.clocks if one else ()
        rows.append(
            {
                "stage": stage.id,
                "name": stage.name,
                "raising": list(stage.raising_role),
                "responding": list(stage.responding_role),
                "window": str(stage.respond_within),
                "ceiling": str(stage.ceiling) if stage.ceiling else None,
                "next": stage.next,
                "says": list(policy_prose.stage_lines(policy, stage)),
                "begins": one.begins if one else None,
                "due": one.due.at if one else None,
                "why": one.due.why if one else None,
                "clocks": [{"id": c.id, "side": c.side, "says": c.says, "by": due.at} for c, due in clocks],
            }
        )
    return rows


def _received(on: str) -> datetime:
    """09:00 of that day, or the minute it names; today's without one."""
    text = on.strip()
    try:
        if "T" in text:
            at = datetime.fromisoformat(text)
            return at if at.tzinfo else at.replace(tzinfo=LONDON)
        day = date.fromisoformat(text) if text else now().astimezone(LONDON).date()
    except ValueError:
        raise typer.BadParameter("write a day such as 2027-04-12, or a minute such as 2027-04-12T09:30") from None
    return datetime.combine(day, MORNING, LONDON)


def _read(config: Path, name: str) -> Policy:
    """The policy of that id. Raises ConfigError with its faults."""
    paths = {path.stem: path for path in sorted((config / "policies").glob("*.yaml"))}
    if name not in paths:
        known = ", ".join(paths) or f"none in {config / 'policies'}"
        raise typer.BadParameter(f"there is no policy {name}{nearest(name, paths)}: {known}")
    try:
        texts = {stem: (path.read_text("utf-8-sig"), str(path)) for stem, path in paths.items()}
    except OSError as error:
        raise BotError(f"{error.filename} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BotError(f"a file of {config / 'policies'} is not UTF-8 (byte {error.start}): save it as UTF-8") from None
    text, file = texts[name]
    policy, problems = policy_file.load(text, file, now().date(), texts)
    if policy is None:
        raise ConfigError([problem for problem in problems if not problem.is_warning])
    complain(*(f"warning: {problem}" for problem in problems))
    return policy


@policies.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="ID", help="Small letters, digits and dashes: my-partnership.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write; policies/ID.yaml if left out.")
    ] = None,
    config: ConfigDir = DEFAULT,
) -> None:
    """Writes a small policy to change: it passes `check`, and says at each line what may stand there.

    \b
    Example:
      challenge-bot policy new my-partnership
    """
    if not name or set(name) - set(NAME) or name.startswith("-"):
        raise typer.BadParameter("an id has small letters, digits and dashes, such as my-partnership")
    path = out or config / "policies" / f"{name}.yaml"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(SKELETON.format(id=name))
    except FileExistsError:
        raise BotError(f"{path} is there already: nothing was written; name another file with --out") from None
    except OSError as error:
        raise BotError(f"{path} cannot be written: {error.strerror}") from None
    say_lines(f"{path} is written. Change it, then: challenge-bot check; challenge-bot policy show {name}")
