"""What a command opens before it can answer: the database alone, or the rules with it. No door, ever.

Reading works beside a running daemon and without the secrets of mailboxes. A command that changes a case takes the
same turn as the daemon does; the daemon finds the letters that follow. It prints nothing.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import typer

from bot.cli.output import NO_DATABASE
from bot.cli.output import now as now
from bot.daemon.app import Office, assembled, reading_of
from bot.daemon.configuration import load
from bot.daemon.life.life import alone
from bot.daemon.standing import is_at_work
from bot.engine.reading.intake import Intake
from bot.engine.reading.reader.sandbox import Sandbox
from bot.model.errors import BotError
from bot.settings.home import home
from bot.settings.settings import Settings
from bot.store import cases
from bot.store.cases import Stored
from bot.store.db import Database
from bot.store.server import glance, lives


class Doorless(dict[str, str]):
    """The environment of a command that opens no door: a secret that is not known here is not needed here."""

    def get(self, name: str, default: object = None) -> str:  # noqa: ARG002
        return super().get(name) or ("" if name == "CREDENTIALS_DIRECTORY" else "unknown-here")


@contextmanager
def database(root: Path, env: Mapping[str, str] = os.environ) -> Iterator[Database]:
    """The database of this configuration, which must be there already; one of an earlier version is brought up to date
    first, unless a daemon of that version still works with it. Raises ConfigError, BotError."""
    where = home(root, env)
    db = Database(_there(where.database), check=False)
    try:
        if db.is_behind():
            with alone(where):
                _nobody_works(db)
                db.migrate()
        yield db
    finally:
        db.close()


def _nobody_works(db: Database) -> None:
    """A life of that version may work with it from another machine. Raises BotError."""
    with db.read() as tx:
        active = next((life for life in lives.listed(tx) if life.is_active), None)
    if active is not None:
        raise BotError(
            f"{active.name} works with {db.name}, and is of version {active.version}: bring it up to date first"
        )


def _there(url: str) -> str:
    if (file := glance.file(url)) and not file.exists():
        raise BotError(NO_DATABASE.format(file))
    return url


def settings(root: Path, env: Mapping[str, str] = os.environ) -> Settings:
    """The configuration, or the last valid one of open cases, for a command that opens no door. Raises ConfigError."""
    return load(root, Doorless(env), now().date()).settings


@contextmanager
def office(root: Path) -> Iterator[Office]:
    """All that a command needs to change or to file a case. Raises ConfigError, BotError."""
    with database(root) as db:
        yield assembled(settings(root), db)


@contextmanager
def intake(of: Office) -> Iterator[Intake]:
    """For placing a mail by hand: its bytes are read in a process of their own, as ever."""
    reader = Sandbox(reading_of(of.settings))
    try:
        yield of.intake(reader)
    finally:
        reader.close()


def at_next_step(root: Path) -> str:
    """When a letter goes that nothing holds any more: that depends on whether anything runs here."""
    if is_at_work(home(root, os.environ).var):
        return "goes within half a minute"
    return "goes when the daemon runs again: none runs here now"


def found(db: Database, ref: str) -> Stored:
    """The case of that ref, in small letters too, or of its number alone where only one has it. Exits with 1 and a
    sentence when there is none."""
    asked = ref.strip().strip("[]").upper()
    with db.read() as tx:
        number = cases.by_ref(tx, asked)
        if number is not None:
            return cases.load(tx, number)
        known = {case.ref: case.number for case in cases.all_cases(tx)}
        meant = [one for one in known if asked.isdecimal() and int(one.rpartition("-")[2]) == int(asked)]
        if len(meant) == 1:
            return cases.load(tx, known[meant[0]])
    near = f" The latest is {[*known][-1]}." if known else " There is no case yet."
    near = f" {ref} may be {' or '.join(meant)}." if meant else near
    typer.echo(f"There is no case {ref}.{near} See: challenge-bot cases", err=True)
    raise typer.Exit(1)
