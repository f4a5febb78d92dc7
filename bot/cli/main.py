"""The operator's commands: `challenge-bot`, also `python -m bot`. This file only puts them together.

Exit codes: 0 done; 1 something is wrong with the data or the run, said in plain words; 2 usage or configuration. No
traceback for an operator's mistake; one for a fault of ours. What each command does stands in the file named like it,
which is loaded when the command is called and not before: the list of all of them costs no more than this file.
"""

import logging
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from bot import __version__
from bot.model.errors import BotError, ConfigError

#: Each command: its name, where it stands below bot.cli (a function, or the Typer of several), and how its help begins.
LIST = """
run        run:run                   The daemon.
once       run:one_pass              One pass for cron: read every mailbox, answer what is due, send what is waiting.
demo       rehearsal.command:demo    Three weeks of one challenge in half a minute: a live timeline, the letters,
rehearse   rehearsal.command:stories Play stories through the real engine on a virtual clock, and check what they
check      check:check               Is everything configured? Files, who answers each stage, every letter.
deliver    main:deliver              Takes one mail on stdin for a mailbox with a Maildir, for a mail server's pipe.
cases      case.command:listed       Cases: where each stands and what is due when.
case       case.command:one          One case: what happened, what happens next, when, and why then.
adopt      mail:adopt                A challenge already in flight, or made by telephone, becomes a case.
hold       case.command:hold         Letters of a case wait; its clock does not.
release    case.command:release      Letters of a held case go again.
correct    case.command:correct      Puts a case right.
record     case.command:record       The record of a case as it stands: a PDF for people, the journal, and with
register   case.registers:register   Every escalation as the policy registers it, an agency's own log, or learning
report     case.registers:report     A quarter or a year in figures, all of cases: who challenges whom, stages reached,
probe      probe.command:probe       Does mail really come and go? Lists every mailbox, sends itself a mail, reads
letters    rehearsal.letters:letters Every letter there is, with sample people: to read before anybody receives one.
forms      shown.forms:printed       Every form of every policy, as Word document and PDF: what the policies' letters
guide      shown.guide:handed        A page to hand out: who does what by when under one policy, as Word document
flow       shown.flow:flow           How a case moves: every kind of fact, and the states in which it does something;
directory  shown.directory:contacts  Who answers each stage of each watched team, and who would be written to in
understand understand:understand     What the bot reads in a raw mail: kind, new text, window, trust, command.
verify     run:verify                Is all as it was written: journals, cases, texts, gaps, and what became of mails
backup     keep:backup               A checked copy of the database, taken while the daemon runs.
restore    keep:restore              Puts a backup back, while the daemon is stopped.
export     keep:export               All that is held of a case: the full record with every mail, the case, its
purge      keep:purge                Forgets people, texts and mails of closed cases for good.
status     status.command:status     Is it alive, and what has stopped? For monitors: exits with 0 when all is well,
fleet      status.fleet:fleet        Many cells at once: one partnership a cell, each with a folder of its own.
review     mail:review               Mail that a person must place: ambiguous or doubtful, or set aside as
outbox     mail:letters              Letters that are not sent yet: their state, when they are tried again, why they
setup      setup:commands            Makes the blocks of bot.yaml for a mail server, and what its administrator must
policy     policy:policies           What a policy file says; a first file.
"""
#: `deliver` reads its own words: __main__ calls it without this file, which only lists it.
UNREAD = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": list[str]()}


@dataclass(frozen=True, slots=True)
class Command:
    """A line of LIST."""

    name: str
    where: str
    help: str

    def load(self) -> Any:
        """The command as the command line calls it."""
        file, _, name = self.where.partition(":")
        found = getattr(import_module(f"bot.cli.{file}"), name)
        if isinstance(found, typer.Typer):
            return get_group(found)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        alone.command(self.name, context_settings=UNREAD if found is deliver else None)(found)
        return get_command(alone)


COMMANDS = tuple(Command(*line.split(maxsplit=2)) for line in LIST.strip().splitlines())


class Listed(TyperGroup):
    """The commands as the list has them; the one that is called is loaded."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = {one.name: TyperCommand(one.name, help=one.help) for one in COMMANDS}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, found, rest = super().resolve_command(ctx, args)
        called = next((one for one in COMMANDS if one.name == name), None)
        if called is None:
            return name, found, rest
        loaded = called.load()
        if ctx.obj is not None:
            ctx.obj()
        return name, loaded, rest


def deliver(context: typer.Context) -> None:
    """Takes one mail on stdin for a mailbox with a Maildir, for a mail server's pipe."""
    from bot.doors.maildir import pipe

    raise typer.Exit(pipe.deliver(context.args, datetime.now(UTC)))


def _say_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"challenge-bot {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="challenge-bot",
    cls=Listed,
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


def _config_last(words: list[str]) -> list[str]:
    """`--config DIR` before the command means what it means behind it, where every command knows it."""
    if words[:1] == ["--config"]:
        return [*words[2:], *words[:2]]
    return [*words[1:], words[0]] if words and words[0].startswith("--config=") else words


def main() -> None:
    """The entry point. Faults of configuration end with 2, other mistakes with 1, each in its own words."""
    try:
        app(_config_last(sys.argv[1:]), prog_name="challenge-bot", obj=_quiet)
    except ConfigError as error:
        _complain(*map(str, error.problems))
        sys.exit(2)
    except BotError as error:
        _complain(str(error))
        sys.exit(1)


def _complain(*lines: str) -> None:
    from bot.cli.output import complain

    complain(*lines)


def _quiet() -> None:
    """Where a command brings the log with it, faults alone are written: `run` and `once` say more, and stdout is for
    answers."""
    if "structlog" in sys.modules:
        from bot.daemon import logs

        logs.configure(level=logging.ERROR)
