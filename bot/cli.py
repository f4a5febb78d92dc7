"""The operator's commands: `challenge-bot`, also `python -m bot`. This file only puts them together.

Exit codes: 0 done; 1 something is wrong with the data or the run, said in plain words; 2 usage or configuration. No
traceback for an operator's mistake; one for a fault of ours. What each command does stands in cli_*.py.
"""

from __future__ import annotations

import logging
import sys

import typer

from bot import cli_cases, cli_check, cli_flow, cli_mail, cli_rehearse, cli_run, cli_understand, logs
from bot.cli_output import complain
from bot.errors import BotError, ConfigError

app = typer.Typer(
    name="challenge-bot",
    help="Keeps the clock of professional safeguarding challenges, by email alone.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.command("run")(cli_run.run)
app.command("once")(cli_run.one_pass)
app.command("demo")(cli_rehearse.demo)
app.command("rehearse")(cli_rehearse.stories)
app.command("check")(cli_check.check)
app.command("cases")(cli_cases.listed)
app.command("case")(cli_cases.one)
app.add_typer(cli_mail.review, name="review")
app.add_typer(cli_mail.letters, name="outbox")
app.command("adopt")(cli_mail.adopt)
app.command("hold")(cli_cases.hold)
app.command("release")(cli_cases.release)
app.command("record")(cli_cases.record)
app.command("letters")(cli_check.letters)
app.command("flow")(cli_flow.flow)
app.add_typer(cli_check.policies, name="policy")
app.command("understand")(cli_understand.understand)
app.command("verify")(cli_run.verify)
app.command("backup")(cli_run.backup)
app.command("status")(cli_run.status)


def main() -> None:
    """The entry point. Faults of configuration end with 2, other mistakes with 1, each in its own words."""
    logs.configure(level=logging.ERROR)  # `run` and `once` say more; stdout is for answers
    try:
        app(prog_name="challenge-bot")
    except ConfigError as error:
        complain(*map(str, error.problems))
        sys.exit(2)
    except BotError as error:
        complain(str(error))
        sys.exit(1)
