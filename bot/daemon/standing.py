"""What has stopped, and what the heartbeat of the daemon said last: looked at from beside, by `status` and by the tick.

It loads nothing that reads, decides or sends: a monitor asks every minute. It tells nobody: that is alert.py.
"""

import fcntl
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.model.errors import FAULT, LoginRefused
from bot.model.letters import Sending
from bot.store.server import glance
from bot.store.server.glance import Ask

HEARTBEAT, LOCK = "heartbeat.json", "daemon.lock"
LITTLE_ROOM = "there is little room on the disk"
GRACE = timedelta(minutes=10)  # how long a mailbox or a letter may fail before a human hears of it
SOON = timedelta(minutes=3)  # the same where a login was refused: nobody else can mend that


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that does not work. `subject` tells one from another and stays the same while it lasts."""

    subject: str
    text: str
    since: datetime
    grace: timedelta = GRACE


def conditions(ask: Ask) -> list[Condition]:
    """What the database says has stopped: mailboxes, the way out, and letters that only a human can help."""
    found = [
        Condition(f"mailbox {name} cannot be read", why, since, _grace(why)) for name, since, why in glance.closed(ask)
    ]
    oldest = glance.oldest_failing(ask)
    if oldest is not None:
        since, why = oldest
        text = f"The oldest has waited since {at_utc(since)}."
        if LoginRefused.MARK in why:  # other words may name a recipient
            text += f" {why}"
        found.append(Condition("letters cannot be sent", text, since, _grace(why)))
    return found + [c for c in (_stuck(*row) for row in glance.doubtful(ask)) if c is not None]


def _grace(why: str) -> timedelta:
    return SOON if LoginRefused.MARK in why else GRACE


def _stuck(letter: int, status: str, resends: int, why: str, since: datetime) -> Condition | None:
    """Why this letter needs a human, if it does."""
    at_once = timedelta(0)
    if status == Sending.UNKNOWN and resends:
        return Condition(f"letter {letter} may not have arrived", "It was sent twice; both answers were lost.", since)
    if status == Sending.HELD and why:  # without a reason a person's HOLD, which ends by itself
        return Condition(f"letter {letter} is held", why, since, at_once)
    if why.startswith(FAULT):
        return Condition(f"letter {letter} cannot be made", why, since, at_once)
    return None


def at_utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


# --- the folder `var` -------------------------------------------------------------------------------------------------


def last_touched(path: Path) -> datetime:
    """When the daemon last gave a sign of life by this file, though it may have found no room to write what it says."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.min.replace(tzinfo=UTC)


def read_heartbeat(path: Path) -> dict[str, Any]:
    """What was last written; {} when there is none or it cannot be understood."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def is_at_work(var: Path) -> bool:
    """Whether a daemon, or one pass, holds that folder now."""
    try:
        with (var / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # nothing has ever run here
    return False


def disk(database: str, var: Path, least_mb: int, now: datetime) -> tuple[dict[str, int], list[Condition]]:
    """Free megabytes where the database (a file) and `var` lie, and what has too few: told before a write fails. Of a
    disk that cannot be asked there are none."""
    file = glance.file(database)
    places = {"var": var} | ({"database": file.parent} if file else {})
    free = {name: _free_mb(place.absolute()) for name, place in places.items()}
    short = {name: mb for name, mb in free.items() if mb < least_mb}
    text = "Make room before a write fails: without one no mail is taken in and no letter goes."
    said = ", ".join(f"{mb} MB left for {name}" for name, mb in sorted(short.items()))
    return free, [Condition(LITTLE_ROOM, f"{said}. {text}", now, timedelta(0))] if short else []


def _free_mb(place: Path) -> int:
    try:
        there = next(one for one in (place, *place.parents) if one.exists())
        return shutil.disk_usage(there).free // 1_000_000
    except OSError:
        return 0
