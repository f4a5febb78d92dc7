"""`policy show` and `policy new`: a policy read back in plain English, and a first file to change.

They read policy files alone: no settings, no directory, no database. What a policy means is told by
rules/policy/prose.py.
"""

from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated, Any

import typer

from bot.cli.open import now
from bot.cli.output import DEFAULT, AsJson, ConfigDir, complain, emit, say_lines
from bot.cli.shown import picture
from bot.model.errors import BotError, ConfigError
from bot.rules.policy import file as policy_file
from bot.rules.policy import prose as policy_prose
from bot.rules.policy.policy import Policy
from bot.rules.policy.prose import Worked
from bot.rules.policy.yaml_file import nearest
from bot.rules.workdays import LONDON, MORNING, Calendar, calendar, say

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
    policy = _read(config, name)
    cal = policy.days(calendar())
    received = _received(on)
    if mermaid:
        say_lines(picture.mermaid(policy))
        return
    dated = {one.stage.id: one for one in policy_prose.worked(policy, received, cal)}
    if as_json:
        emit(*_rows(policy, dated))
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


def _skeleton(name: str) -> str:
    """A small policy of that id, with a comment at everything one may change.

    Its telephone numbers are kept for fiction, so that `check` reminds of them until the real ones stand there.
    """
    return Template(files("bot.rules.policy").joinpath("skeleton.yaml").read_text("utf-8")).substitute(id=name)


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
    path, text = out or config / "policies" / f"{name}.yaml", _skeleton(name)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BotError(f"{path} is there already: nothing was written; name another file with --out") from None
    except OSError as error:
        raise BotError(f"{path} cannot be written: {error.strerror}") from None
    say_lines(f"{path} is written. Change it, then: challenge-bot check; challenge-bot policy show {name}")
