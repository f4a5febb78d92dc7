"""`rehearse` and `demo`: the real engine on a virtual clock, in a folder of its own that is gone afterwards.

What a row holds is rows.py's contract; how a story is played is rehearse.py's. Nothing here reaches a real mailbox.
"""

import os
import sys
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from bot.cli.output import DEFAULT, AsJson, ConfigDir, complain, emit, say_lines
from bot.cli.rehearsal import rehearse, story
from bot.cli.rehearsal.rehearse import Played
from bot.cli.rehearsal.rows import Row
from bot.rules.workdays import Calendar, say
from bot.settings import settings
from bot.settings.settings import Settings


def stories(
    files: Annotated[list[Path] | None, typer.Argument(metavar="STORY.yaml...", help="Stories to play.")] = None,
    config: ConfigDir = DEFAULT,
    as_json: AsJson = False,
    mailbox: Annotated[
        Path | None, typer.Option(help="An old Maildir, mbox or folder of .eml to play instead.")
    ] = None,
    inbox: Annotated[str, typer.Option(help="Whose mail that is: an address of bot.yaml.")] = "",
    since: Annotated[datetime | None, typer.Option("--from", help="Mail from then on.")] = None,
    until: Annotated[datetime | None, typer.Option("--until", help="And the clock runs to then.")] = None,
) -> None:
    """Play stories through the real engine on a virtual clock, and check what they expect; or real past mail.

    \b
    Examples:
      challenge-bot rehearse my-story.yaml
      challenge-bot rehearse tests/stories/*.yaml
      challenge-bot rehearse my-story.yaml --json
      challenge-bot rehearse --mailbox old-mail/ --from 2026-01-01 --until 2026-04-01
    """
    base = settings.load(config, os.environ, None)
    if mailbox is not None:
        _past(mailbox, since, until, inbox, base, as_json=as_json)
        return
    if not files:
        raise typer.BadParameter("name a story, or a mailbox with --mailbox")
    failed = 0
    for file in _shown(files):
        played = rehearse.rehearse(story.load(file), base)
        failed += bool(played.faults)
        if as_json:
            emit(*played.rows)
        else:
            _timeline(played, base.calendar, is_short=len(files) > 1)
        complain(*(f"{file}: {line}" for line in (*played.short, *played.faults)))
    if failed:
        complain(f"{failed} of {len(files)} stories failed.")
        raise typer.Exit(1)


def _past(
    path: Path, since: datetime | None, until: datetime | None, inbox: str, base: Settings, *, as_json: bool
) -> None:
    """What the bot would have done with real past mail."""
    start, end = (at.replace(tzinfo=base.calendar.zone) if at else None for at in (since, until))
    with tempfile.TemporaryDirectory(prefix="past-mail-") as folder:
        told = rehearse.story_of(path, start, end, base, Path(folder), inbox)
        played = rehearse.rehearse(told, base, base.config.senders)
    complain(*(f"{path}: {line}" for line in played.short))
    if as_json:
        emit(*played.rows)
    else:
        _timeline(played, base.calendar, is_short=False)


def _shown(files: list[Path]) -> Iterable[Path]:
    """With a bar of progress where somebody watches."""
    if len(files) > 1 and sys.stderr.isatty():
        return track(files, description="rehearsing", console=Console(stderr=True), transient=True)
    return files


def _timeline(played: Played, calendar: Calendar, *, is_short: bool) -> None:
    if not is_short:
        say_lines(played.story.story, "")
        for row in played.rows:
            say_lines(_line(row, calendar))
        say_lines("")
    checks = len(played.story.expect) + len(played.story.never)
    said = "ok" if not played.faults else f"{len(played.faults)} faults"
    say_lines(f"{said}: {played.story.path.name} ({checks} expectations, {len(played.rows)} rows)")


def _line(row: Row, calendar: Calendar) -> str:
    if row["what"] == "case":
        due = f", due {_at(row['due'], calendar)}" if row["due"] else ""
        closed = f" as {row['closed_as']}" if row["closed_as"] else ""
        return f"case {row['case']}  {row['ref']}: {row['state']}{closed} at {row['stage']}{due}"
    at = f"{_at(row['at'], calendar):<36}"
    match row["what"]:
        case "mail":
            return f"{at} mail    {row['mail'] or 'our own letter'}: {row['disposition']} ({row['why']})"
        case "fact":
            return f"{at} fact    {row['kind']} {row['note']}".rstrip() + f" [{row['stage']}] by {row['by']}"
        case _:
            return f"{at} letter  {row['kind']} to {', '.join(row['to'])}"


def _at(iso: str, calendar: Calendar) -> str:
    return say(datetime.fromisoformat(iso), calendar)


def demo(
    policy: Annotated[str, typer.Option("--policy", help="Which shipped policy to play.")] = "cheshire-east",
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where letters and the record are left.")] = Path(
        "demo"
    ),
    plain: Annotated[bool, typer.Option("--plain", help="Plain lines, as in a pipe.")] = False,
    seconds: Annotated[float, typer.Option("--seconds", min=0, help="How long the three weeks shall take.")] = 25,
) -> None:
    """Three weeks of one challenge in half a minute: a live timeline, the letters, and the record.

    \b
    Examples:
      challenge-bot demo
      challenge-bot demo --policy sandwell --seconds 5 --plain
    """
    from bot.cli.rehearsal.demo import demo as play

    raise typer.Exit(play(policy, out, plain or not sys.stdout.isatty(), seconds))
