"""The operator's commands: `challenge-bot`, also `python -m bot`. This file only puts them together.

Exit codes: 0 done; 1 something is wrong with the data or the run, said in plain words; 2 usage or configuration. No
traceback for an operator's mistake; one for a fault of ours. What each command does stands in the file named like it.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot import __version__
from bot.cli import check, keep, mail, policy, run, setup, shown, understand
from bot.cli.case import command as cases
from bot.cli.case import registers
from bot.cli.output import complain, say_lines
from bot.cli.probe import command as probe
from bot.cli.rehearsal import command as rehearse
from bot.daemon import logs
from bot.doors.maildir import pipe
from bot.model.errors import BotError, ConfigError

#: `deliver` reads its own words: __main__ calls it without this file, which only lists it.
UNREAD = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": list[str]()}


def _say_version(is_asked: bool) -> None:
    if is_asked:
        say_lines(f"challenge-bot {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="challenge-bot",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def _version(
    _shown: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Keeps the clock of professional safeguarding challenges, by email alone.

    --config DIR, the folder that holds bot.yaml, may stand before the command or behind it.
    """


app.command("run")(run.run)
app.command("once")(run.one_pass)
app.command("demo")(rehearse.demo)
app.command("rehearse")(rehearse.stories)
app.command("check")(check.check)


@app.command("deliver", help=pipe.HELP, context_settings=UNREAD)
def _deliver(context: typer.Context) -> None:
    raise typer.Exit(pipe.deliver(context.args, datetime.now(UTC)))


app.command("cases")(cases.listed)
app.command("case")(cases.one)
app.add_typer(mail.review, name="review")
app.add_typer(mail.letters, name="outbox")
app.command("adopt")(mail.adopt)
app.command("hold")(cases.hold)
app.command("release")(cases.release)
app.command("correct")(cases.correct)
app.command("record")(cases.record)
app.command("register")(registers.register)
app.command("report")(registers.report)
app.add_typer(setup.commands, name="setup")
app.command("probe")(probe.probe)
app.command("letters")(check.letters)
app.command("forms")(shown.printed)
app.command("flow")(shown.flow)
app.add_typer(policy.policies, name="policy")
app.command("directory")(shown.listed)
app.command("understand")(understand.understand)
app.command("verify")(run.verify)
app.command("backup")(keep.backup)
app.command("restore")(keep.restore)
app.command("export")(keep.export)
app.command("purge")(keep.purge)
app.command("status")(run.status)


def _config_last(words: list[str]) -> list[str]:
    """`--config DIR` before the command means what it means behind it, where every command knows it."""
    if words[:1] == ["--config"]:
        return [*words[2:], *words[:2]]
    return [*words[1:], words[0]] if words and words[0].startswith("--config=") else words


def main() -> None:
    """The entry point. Faults of configuration end with 2, other mistakes with 1, each in its own words."""
    logs.configure(level=logging.ERROR)  # `run` and `once` say more; stdout is for answers
    try:
        app(_config_last(sys.argv[1:]), prog_name="challenge-bot")
    except ConfigError as error:
        complain(*map(str, error.problems))
        sys.exit(2)
    except BotError as error:
        complain(str(error))
        sys.exit(1)
