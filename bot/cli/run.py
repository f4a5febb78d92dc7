"""`run`, `once`, `status`, `verify`: the daemon and the health of what it keeps.

It starts the daemon and looks at what the daemon leaves; it decides nothing itself.
"""

import os
import sys
from typing import Annotated

import typer

from bot.cli.open import database, now
from bot.cli.output import DEFAULT, AsJson, ConfigDir, complain, emit, say_lines, time_of
from bot.daemon import logs
from bot.daemon.configuration import load
from bot.daemon.daemon import Daemon
from bot.daemon.life.lease import joined
from bot.daemon.life.life import alone, once, owner
from bot.model.errors import BotError
from bot.settings.home import home
from bot.store import cases
from bot.store.proof import beside


def run(config: ConfigDir = DEFAULT) -> None:
    """The daemon. SIGTERM ends it within five seconds, SIGHUP takes a changed configuration.

    On PostgreSQL there may be several, each with a `var:` of its own: one works, the others stand by and take over.

    \b
    Example:
      challenge-bot run --config /etc/challenge-bot
    """
    logs.configure()
    where, is_finished = home(config, os.environ), True
    with alone(where):
        loaded = load(config, os.environ, now().date())
        for problem in (*loaded.faults, *loaded.settings.warnings):
            complain(str(problem))
        if loaded.faults:
            complain("The configuration has faults; with open cases the last valid one is used until they are mended.")
        with joined(where) as lease:
            if lease is None:
                is_finished = Daemon(config, os.environ, loaded, owner()).run()
            elif lease.stand_by(os.environ):
                loaded = load(config, os.environ, now().date())  # which may be another one by now
                is_finished = Daemon(config, os.environ, loaded, lease.owner, lease.database()).run()
    if not is_finished:
        # A thread still waits for a server; what it was at is found again in the database.
        sys.stderr.flush()
        os._exit(0)


def one_pass(config: ConfigDir = DEFAULT) -> None:
    """One pass for cron: read every mailbox, answer what is due, send what is waiting.

    \b
    Example:
      */5 * * * *  cd /var/lib/challenge-bot && challenge-bot once --config /etc/challenge-bot
    """
    logs.configure()
    where = home(config, os.environ)
    with alone(where):
        loaded = load(config, os.environ, now().date())
        complain(*map(str, loaded.faults))
        with joined(where) as lease:
            if lease is None:
                troubles = once(loaded, owner())
            elif lease.take():
                troubles = once(loaded, lease.owner, lease.database())
                lease.has_done()
            else:
                raise BotError(
                    f"another challenge-bot works on the database ({lease.others()}): `once` has nothing to do"
                )
    if troubles:
        complain(*troubles)
        raise typer.Exit(1)


def verify(
    earlier: Annotated[
        str, typer.Option("--head", metavar="HEAD", help="A head that was noted before: is all as it was then?")
    ] = "",
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="The time beside that head in a daily letter.")] = "",
    config: ConfigDir = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Is all as it was written: journals, cases, texts, gaps, and what became of mails and letters? Exits with 1 on any
    fault.

    With --head also where it is not the head of today, or with --at of that time; of one from before journals were
    rewritten it says so. Whoever may write the database could chain all of it anew: a head in a daily letter shows it.

    \b
    Examples:
      challenge-bot verify
      challenge-bot verify --head 3672f59f87875bad406de78d10e838d3319a73d56409f1f4c630187019f439ef
      challenge-bot verify --at 2027-01-15T07:50Z --head b1946ac92492d2347c6235b4d2611184f4e1c7a3d0b9e85a6c2f7d10e838d3
    """
    then = time_of(at) if at else None
    if then and not earlier:
        raise typer.BadParameter("give the head that stands beside that time, too: --head HEAD")
    with database(config) as db, db.read() as tx:
        journals, count, head = list(cases.verify(tx)), cases.count(tx), cases.head(tx)
        # of the journals alone: a head says nothing of what stands beside them
        is_intact, said = cases.judged(tx, earlier, then) if earlier and not journals else (not earlier, "")
        faults = [*db.faults(), *journals, *beside.faults(tx)]
    if as_json:
        emit(*({"fault": fault} for fault in faults))
        emit({"ok": not faults, "cases": count, "head": head} | ({"earlier": said} if said else {}))
    else:
        complain(*faults)
        say_lines(f"{count} cases, {len(faults)} faults. Head of all journals: {head}")
        say_lines(*([f"The head given: {said}."] if said else []))
    if faults or not is_intact:
        raise typer.Exit(1)
