"""How many threads and open files a configuration takes, held against what the service manager's unit allows.

A figure is a sum of what the parts may hold at most, and not what a quiet day needs. It starts nothing; `check` says
what is short, and what to write instead.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.daemon.watch.hands import MOST, THREADS
from bot.settings.door import EWS_STREAMS, Door
from bot.settings.settings import Config

UNIT = "challenge-bot.service"
#: Where an operator's unit lies, and what stands beside it for a part of it.
UNITS = (Path("/etc/systemd/system"), Path("/usr/local/lib/systemd/system"), Path("/usr/lib/systemd/system"))

#: Beside the mailboxes: desk, sender, watch and ticks; a record in the making.
OTHER_TASKS = 64
#: The database, its journal, pipes to the first reading process, letters, templates and logs.
OTHER_FILES = 256
#: Of each reading process: itself, and a pipe each way.
TASKS_A_READER, FILES_A_READER = 1, 2
#: A stream of Exchange: the connection, and both ends of its bell.
FILES_A_STREAM = 3

LIMIT = re.compile(r"^[ \t]*(TasksMax|LimitNOFILE)[ \t]*=[ \t]*(\S*)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Needs:
    tasks: int
    files: int


def needs(config: Config) -> Needs:
    """What this configuration takes at most."""
    doors = [config.bot.receive, *(box.receive for box in config.mailboxes)]
    servers = {_server(door) for door in doors}
    streams = EWS_STREAMS * len({door.endpoint for door in doors if door.kind == "ews"})
    connected = [door for door in doors if door.kind != "maildir"]
    held = min(len(connected), config.connections) if all(door.kind == "imap" for door in connected) else len(connected)
    hands = min(THREADS, MOST * len(servers))
    tasks = OTHER_TASKS + hands + streams + TASKS_A_READER * config.readers
    files = OTHER_FILES + held + hands + FILES_A_STREAM * streams + FILES_A_READER * config.readers
    return Needs(tasks, files)


def _server(door: Door) -> str:
    return door.host or door.endpoint or str(Path(door.path).parent)


def short(config: Config, units: Sequence[Path] = UNITS) -> Iterator[str]:
    """What the installed unit allows too little of, one sentence each with the line to write; nothing without a unit,
    and nothing about a limit that it does not name by a number."""
    wanted = {"TasksMax": needs(config).tasks, "LimitNOFILE": needs(config).files}
    for name, allowed in _allowed(units).items():
        if allowed < wanted[name]:
            what = "threads and processes" if name == "TasksMax" else "open files"
            yield (
                f"{len(config.mailboxes)} mailboxes take up to {wanted[name]} {what}, and the unit allows {allowed}: "
                f"write {name}={_round(wanted[name])} in its [Service] (systemctl edit {UNIT})"
            )


def _allowed(units: Sequence[Path]) -> dict[str, int]:
    """The limits of the first unit found, and of the parts beside it, which come later and win."""
    file = next((folder / UNIT for folder in units if (folder / UNIT).is_file()), None)
    if file is None:
        return {}
    parts = sorted((units[0] / f"{UNIT}.d").glob("*.conf"))
    texts = [part.read_text("utf-8", "replace") for part in (file, *parts)]
    told = {name: value.partition(":")[0] for text in texts for name, value in LIMIT.findall(text)}  # soft:hard
    return {name: int(soft) for name, soft in told.items() if soft.isdecimal()}  # not: infinity, a share, a reset


def _round(value: int) -> int:
    """A figure that an operator remembers: the next power of two."""
    return 1 << (value - 1).bit_length()
