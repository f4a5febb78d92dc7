"""`probe`: every configured door gone through for real, and a verdict for each in plain words.

Team inboxes are listed and nothing more, unless `--teams` says that a mail may be sent to them. It changes nothing in
any inbox and nothing in the database; a running daemon knows the mails for what they are and lets them be.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.check import NameServer, unproven
from bot.cli.open import now
from bot.cli.output import DEFAULT, AsJson, ConfigDir, emit, say_lines
from bot.cli.probe.doors import verdict
from bot.cli.probe.letters import Finding
from bot.cli.probe.through import Wanted, Way, through
from bot.daemon.configuration import load
from bot.model.names import BOT, mailbox_name
from bot.settings.home import home
from bot.settings.settings import Settings
from bot.store import mailboxes
from bot.store.db import Database
from bot.store.server import glance


def probe(
    config: ConfigDir = DEFAULT,
    door: Annotated[str, typer.Option("--door", metavar="NAME", help="Only this mailbox, by name or address.")] = "",
    teams: Annotated[bool, typer.Option("--teams", help="Send a mail to each team inbox, too.")] = False,
    outside: Annotated[
        str, typer.Option("--outside", metavar="HOST:PORT", help="Hand a forged mail to this border, as a stranger.")
    ] = "",
    wait: Annotated[float, typer.Option("--wait", min=1, max=3600, help="Seconds a mail may take.")] = 120,
    settle: Annotated[float, typer.Option("--settle", min=0, max=600, help="Seconds a second copy may take.")] = 10,
    dns: NameServer = "",
    as_json: AsJson = False,
) -> None:
    """Does mail really come and go? Lists every mailbox, sends itself a mail, reads it back; exits with 1 if not.

    \b
    Examples:
      challenge-bot probe
      challenge-bot probe --door "CE Crewe Assessment Team" --teams
      challenge-bot probe --outside mx.council.example:25 --json
    """
    read = load(config, os.environ, now().date()).settings
    ways = _ways(read, door)
    wanted = Wanted(teams, _host_and_port(outside), wait, settle)
    is_fit = True
    for way, cursor in zip(ways, _cursors(config, ways), strict=True):
        if not as_json:
            say_lines(f"{way.name} ({way.door.kind}, {way.address})")
        found = []
        for finding in through(read, way, cursor, wanted, now(), _progress):
            found.append(finding)
            _show(way, finding, as_json)
        text = verdict(found)
        is_fit = is_fit and not any(finding.harm for finding in found)
        if as_json:
            emit({"door": way.name, "ok": not any(f.harm for f in found), "verdict": text})
        else:
            say_lines(f"  => {text}", "")
    _unproven(read, dns, as_json)
    if not is_fit:
        raise typer.Exit(1)


def _ways(read: Settings, wanted: str) -> list[Way]:
    config = read.config
    ways = [Way(BOT, config.bot.address, config.bot.receive)]
    ways += [Way(mailbox_name(b.area, b.team, b.address), b.address, b.receive) for b in config.mailboxes]
    chosen = [way for way in ways if wanted.lower() in ("", way.name.lower(), way.address)]
    if not chosen:
        raise typer.BadParameter(f"no mailbox is called {wanted}; there are {', '.join(way.name for way in ways)}")
    return chosen


def _cursors(config: Path, ways: list[Way]) -> list[str]:
    """Up to where the daemon has read each, so that nothing is fetched that it has; "" where it never ran."""
    url = home(config, os.environ).database
    if (file := glance.file(url)) and not file.exists():
        return [""] * len(ways)
    db = Database(url, check=False)
    try:
        with db.read() as tx:
            return [mailboxes.cursor(tx, way.name) for way in ways]
    finally:
        db.close()


def _host_and_port(value: str) -> tuple[str, int] | None:
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise typer.BadParameter("write HOST:PORT, such as mx.council.example:25", param_hint="--outside")
    return host.strip("[]"), int(port)


def _unproven(read: Settings, dns: str, as_json: bool) -> None:
    """Domains of the directory without DMARC: no door's fault, and good to know."""
    for problem in unproven(read, dns):
        if as_json:
            emit({"what": "dmarc", "file": problem.file, "line": problem.line, "text": problem.text})
        else:
            say_lines(f"warning: {problem}")


def _show(way: Way, finding: Finding, as_json: bool) -> None:
    if as_json:
        emit({"door": way.name, "what": finding.what, "text": finding.text, "harm": finding.harm or None})
    else:
        say_lines(f"  {'FAULT: ' if finding.harm else ''}{finding.text}")


def _progress(text: str) -> None:
    """How far it is, for people who wait."""
    typer.echo(f"  ... {text}", err=True)
