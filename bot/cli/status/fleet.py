"""`fleet status`: how many cells are, in one table. A cell is one partnership: a configuration, a database, a daemon.

It asks each cell what `status` asks, one after another, in the cell's own folder and with the cell's own secrets; it
knows no cell's cases. It starts and changes nothing.
"""

import os
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.output import AsJson, show
from bot.cli.status.command import health
from bot.model.errors import BotError, ConfigError
from bot.settings.home import BOT

fleet = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

#: Where challenge-bot@.service has them: the configurations, each with its `secrets/`, and the daemons' folders.
CELLS, HOMES = Path("/etc/challenge-bot/cells"), Path("/var/lib/challenge-bot")
SECRETS = "secrets"


@fleet.callback()
def cells() -> None:
    """Many cells at once: one partnership a cell, each with a folder of its own."""


@fleet.command("status")
def status(
    where: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER...", help=f"Configurations, or folders that hold them; {CELLS} if left out."),
    ] = None,
    homes: Annotated[
        Path, typer.Option("--homes", metavar="DIR", help="Holds a folder a cell, in which its daemon was started.")
    ] = HOMES,
    as_json: AsJson = False,
) -> None:
    """What `status` says of each cell, a line a cell. Exits as `status` does: 0 when all is well everywhere, 1 when
    something has stopped, 2 when a cell's configuration cannot be read.

    \b
    Examples:
      challenge-bot fleet status
      challenge-bot fleet status /srv/cells --homes /srv/run --json
    """
    found = [
        _looked(config.absolute(), homes.absolute()) for one in where or [CELLS] for config in _configurations(one)
    ]
    if not as_json:
        for row in found:
            more = len(row["stopped"]) - 1
            row["status"] = "; ".join(row["stopped"][:1]) + (f" (and {more} more)" if more > 0 else "")
            row["status"] = row["status"] or "Nothing has stopped."
    show(found, as_json, ("cell", "version", "mode", "open", "mailboxes", "works", "status"), "There is no cell.")
    worst = max((row["exit"] for row in found), default=2)
    if worst:
        raise typer.Exit(worst)


def _configurations(folder: Path) -> Iterator[Path]:
    """The folder itself, or those in it that hold a bot.yaml. Raises BotError for one without any."""
    if (folder / BOT).exists():
        yield folder
        return
    inside = sorted(path.parent for deep in ("*", "*/config") for path in folder.glob(f"{deep}/{BOT}"))
    if not inside:
        raise BotError(f"{folder} holds no configuration: give the folder of a cell, or one that holds such folders")
    yield from inside


def _looked(config: Path, homes: Path) -> dict[str, Any]:
    """What is to be said of that cell; paths of its bot.yaml count from its own folder."""
    name = config.parent.name if config.name == "config" else config.name
    home = next((place for place in (homes / name, config.parent) if place.is_dir()), Path.cwd())
    env = {**os.environ, "CREDENTIALS_DIRECTORY": str(config / SECRETS)} if (config / SECRETS).is_dir() else os.environ
    row: dict[str, Any] = {"cell": name, "config": str(config), "version": None, "mode": None, "open": None}
    row |= {"mailboxes": None, "works": None, "heartbeat": None}
    try:
        with chdir(home):
            found, _ = health(config, env)
    except ConfigError as error:
        return row | {"ok": False, "stopped": [str(problem) for problem in error.problems], "exit": 2}
    except (BotError, OSError) as error:
        return row | {"ok": False, "stopped": [str(error)], "exit": 1}
    cases = found["cases"]
    return row | {
        "version": found["version"],
        "mode": found["mode"],
        "open": None if cases is None else sum(n for state, n in cases.items() if state != "closed"),
        "mailboxes": None if found["mailboxes"] is None else len(found["mailboxes"]),
        "works": next((one["life"] for one in found["lives"] or () if one["state"] == "works"), found["pid"]),
        "heartbeat": found["heartbeat"],
        "ok": found["ok"],
        "stopped": found["stopped"],
        "exit": 0 if found["ok"] else 1,
    }
