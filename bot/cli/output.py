"""How the commands speak: people's text by rich, or one JSON object a line; the options every command has.

Values from mails and files are cleaned before they reach a terminal: none can move its cursor or colour it. What is
said stands with each command.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bot.letters.wording import clean
from bot.model.errors import BotError
from bot.rules.workdays import LONDON, Calendar, say

if TYPE_CHECKING:  # loaded where a table or a bar is shown: most answers are lines
    from rich.console import Console

ConfigDir = Annotated[Path, typer.Option("--config", metavar="DIR", help="The folder that holds bot.yaml.")]
DEFAULT = Path("config")
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, on stdout.")]
By = Annotated[str, typer.Option("--by", help="Who says so: your name; it stands in the journal.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands in the journal.")]

T = TypeVar("T")

#: An instant is said alike on every day.
ANY_DAY = Calendar({})

NO_DATABASE = "there is no database {} yet: `challenge-bot run` makes it, in the folder it is started in"

#: Columns in a pipe, where nobody's window is too narrow.
PIPE_WIDTH = 200


def now() -> datetime:
    return datetime.now(UTC)


def console() -> "Console":
    from rich.console import Console

    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(markup=False, highlight=False, emoji=False, width=width)


def say_lines(*lines: str) -> None:
    """Lines for people, on stdout."""
    for line in lines:
        typer.echo(clean(line, keep_lines=True))


def complain(*lines: str) -> None:
    """What is wrong, on stderr."""
    for line in lines:
        typer.echo(clean(line, keep_lines=True), err=True)


def emit(*rows: Mapping[str, Any]) -> None:
    """JSON objects, each on a line of its own; ASCII, as a pipe's encoding is not known."""
    for row in rows:
        typer.echo(json.dumps(row, default=json_text))


def json_text(value: Any) -> str:
    """What stands in JSON for a value that JSON has no word for."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def show(rows: Iterable[Mapping[str, Any]], as_json: bool, columns: Sequence[str], nothing: str) -> None:
    """Rows as JSON lines, or as a table of these keys; `nothing` is said to people when there are none."""
    listed = list(rows)
    if as_json:
        emit(*listed)
        return
    if not listed:
        say_lines(nothing)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in listed:
        table.add_row(*(cell(row[column]) for column in columns))
    console().print(table)


def watched(steps: Sequence[T], what: str) -> Iterable[T]:
    """The steps one after another; a person who waits at a terminal sees on stderr how far it is."""
    if not sys.stderr.isatty():
        return steps
    from rich.console import Console
    from rich.progress import track

    return track(steps, what, console=Console(stderr=True), transient=True)


def cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(clean(str(value)))


def when(at: datetime | None) -> str:
    """An instant as people in England say it: "Friday 15 January 2027, 4:45pm"."""
    return say(at, ANY_DAY) if at else ""


def time_of(written_as: str) -> datetime:
    """An instant that an option gives; local time where it names no zone. Raises typer.BadParameter."""
    try:
        at = datetime.fromisoformat(written_as)
    except ValueError:
        raise typer.BadParameter(f"{written_as} is no time: write it as 2027-01-15T17:00") from None
    return at if at.tzinfo else at.replace(tzinfo=LONDON)


# Asking the operator on a terminal: each answer judged at once, or taken from an option; and new files for answers.
# Questions go to stderr, so that stdout holds what was asked for alone. Without anybody to ask, the default stands.


def ask(given: str, option: str, text: str, judge: Callable[[str], T], default: str | None = None) -> T:
    """The answer by option, else asked for until it can be used. Without anybody to ask, the default."""
    if given:
        return judged(given, option, judge)
    while True:
        typer.echo(f"{text}{f' [{default}]' if default is not None else ''}: ", nl=False, err=True)
        line = sys.stdin.readline()
        if not line and default is None:
            raise typer.BadParameter(f"nobody answered: {text}", param_hint=option)
        try:
            return judge(line.strip() or default or "")
        except ValueError as error:
            complain(f"That cannot be used: {error}.")
            if not line:
                raise typer.BadParameter(str(error), param_hint=option) from None


def judged(given: str, option: str, judge: Callable[[str], T]) -> T:
    """What an option gave, if it can be used. Raises typer.BadParameter."""
    try:
        return judge(given)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def one_of(given: str, option: str, text: str, known: tuple[str, ...]) -> str:
    """One of these words, the first unless another is given."""

    def judge(value: str) -> str:
        if value not in known:
            raise ValueError(f"say {' or '.join(known)}")
        return value

    return ask(given, option, f"{text} ({', '.join(known)})", judge, known[0])


def yes(given: bool | None, option: str, text: str) -> bool:
    """Yes, unless the answer is no."""

    def judge(value: str) -> bool:
        if value.lower() not in ("y", "yes", "n", "no"):
            raise ValueError("say y or n")
        return value.lower().startswith("y")

    return given if given is not None else ask("", option, text, judge, "y")


def write_new(path: Path, text: str) -> None:
    """Writes a file that is not there yet, for its owner alone. Raises BotError."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise BotError(f"{path} cannot be written: {error.strerror}") from None
