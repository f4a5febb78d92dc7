"""`status`: the health of what runs here, from what the daemon leaves: its heartbeat, its lock and its database.

A monitor asks every minute, so it loads no model of the settings, no engine, and no library but those of the command
line, of YAML and of the database, unless the database is of another version. It decides nothing and starts nothing.
"""

import os
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import typer

from bot.cli.output import DEFAULT, NO_DATABASE, AsJson, ConfigDir, complain, emit, now, say_lines, when
from bot.daemon.standing import HEARTBEAT, conditions, disk, is_at_work, last_touched, read_heartbeat
from bot.model.errors import BotError, StoreError
from bot.settings.home import home
from bot.store.server import glance

#: A heartbeat older than this many of its own intervals has stopped; `once` beats as often as cron calls it.
BEATS = 12
#: A mailbox that has been asked for so long, and has not answered when the heartbeat was written, is deaf or slow.
UNANSWERED = timedelta(seconds=8)
#: What an older heartbeat was waiting for may have come since.
FRESH = timedelta(seconds=30)
ONCE_GRACE = timedelta(hours=1)


def status(config: ConfigDir = DEFAULT, as_json: AsJson = False) -> None:
    """Is it alive, and what has stopped? For monitors: exits with 0 when all is well, 1 when something has stopped, 2
    when the configuration cannot be read.

    \b
    Examples:
      challenge-bot status
      challenge-bot status --json
    """
    found, beat = health(config, os.environ)
    if as_json:
        emit(found)
    else:
        _say_status(found, beat, found["stopped"])
    if found["stopped"]:
        raise typer.Exit(1)


def health(config: Path, env: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `status --json` says, and the heartbeat. Raises ConfigError, BotError."""
    where = home(config, env)
    found, standing = _kept(config, env, where.database)
    found["free_mb"], short = disk(where.database, where.var, where.least_free_mb, now())
    stopped = [*(f"{c.subject}: {c.text}" for c in short), *standing]
    beat = read_heartbeat(where.var / HEARTBEAT)
    found |= {name: beat.get(name) for name in ("version", "mode", "pid", "started", "readers")}
    dead = _heart(beat, where.var)
    deaf = [] if dead else _deaf(beat, found["closed"] or ())
    stopped = [*dead, *dict.fromkeys([*stopped, *deaf, *_told(beat, stopped)])]
    own = {"ok": not stopped, "stopped": stopped, "heartbeat": beat.get("at"), "uncaged": _uncaged(beat)}
    return {**own, **found}, beat


def _kept(config: Path, env: Mapping[str, str], database: str) -> tuple[dict[str, Any], list[str]]:
    """What the database counts, and what it says has stopped: at once, whatever time an alert gives it, for who asks
    wants to know how it is now. Of one that cannot be read nothing is known but why."""
    try:
        with looking(config, database, env) as ask:
            return _told_by(ask, glance.name(database))
    except StoreError as error:
        return dict.fromkeys(("cases", "mails", "letters", "mailboxes", "closed", "database", "lives")), [str(error)]


@contextmanager
def looking(config: Path, database: str, env: Mapping[str, str] = os.environ) -> Iterator[glance.Ask]:
    """A look at the database of this configuration; one of another version is first opened as every other command opens
    it. Raises BotError where there is none."""
    if (file := glance.file(database)) and not file.exists():
        raise BotError(NO_DATABASE.format(file))
    with glance.looking(database) as ask:
        is_behind = glance.is_behind(ask)
        if not is_behind:
            yield ask
    if is_behind:
        from bot.cli.open import database as brought_up_to_date  # and nothing of it in any other case

        with brought_up_to_date(config, env):
            pass
        with glance.looking(database) as ask:
            yield ask


def _told_by(ask: glance.Ask, name: str) -> tuple[dict[str, Any], list[str]]:
    shared = glance.lives(ask)
    found = {
        "cases": glance.cases_by_state(ask),
        "mails": glance.mails_by_disposition(ask),
        "letters": glance.letters_by_status(ask),
        "mailboxes": glance.last_listed(ask),
        "closed": {mailbox: why for mailbox, _, why in glance.closed(ask)},
        "database": name,
        "lives": [_life(one) for one in shared],
    }
    is_idle = not any(one.is_active for one in shared)
    last = shared[:1] if is_idle else []
    over = [f"no life works on {name}: {one.name} was last seen {when(one.seen)}" for one in last]
    return found, over + [f"{c.subject}, since {when(c.since)}: {c.text}" for c in conditions(ask)]


def _life(one: glance.Life) -> dict[str, Any]:
    state = "works" if one.is_active else "worked" if one.has_worked else "silent" if one.is_silent else "stands by"
    return {"life": one.name, "version": one.version, "state": state, "since": one.since, "seen": one.seen}


def _heart(beat: dict[str, Any], var: Path) -> list[str]:
    """What the heartbeat itself says of the daemon; a dead one has let go of its folder at once."""
    at = _instant(beat.get("at"))
    if at is None:
        return ["the daemon has never run here"]
    every = beat.get("every") or 0
    if every:
        at = max(at, last_touched(var / HEARTBEAT))
    if every and not is_at_work(var):
        return [f"the daemon does not run: it has shown no sign of life since {when(at)}"]
    grace = timedelta(seconds=BEATS * every) if every else ONCE_GRACE
    return [f"the daemon has shown no sign of life since {when(at)}"] if now() - at > grace else []


def _deaf(beat: dict[str, Any], closed: Container[str]) -> list[str]:
    """Mailboxes whose servers took a question and say nothing, beside those that are known to be closed."""
    at, asked = (
        _instant(beat.get("at")),
        {name: _instant(since) for name, since in (beat.get("unanswered") or {}).items()},
    )
    if at is None or now() - at > FRESH:
        return []
    return [
        f"mailbox {name} does not answer: it was asked at {when(since)}, and is waited for"
        for name, since in sorted(asked.items())
        if name not in closed and since is not None and at - since >= UNANSWERED
    ]


def _uncaged(beat: dict[str, Any]) -> list[str]:
    """What of the reading process's cage the kernel has refused: it works, and is less safe."""
    return [str(line) for line in beat.get("uncaged", ())]


def _told(beat: dict[str, Any], known: list[str]) -> list[str]:
    """What the operator was told and still lasts, as far as the database does not say it."""
    standing = [a for a in beat.get("alerts", ()) if not a.get("is_over")]
    return [a["subject"] for a in standing if not any(k.startswith(a["subject"]) for k in known)]


def _instant(iso: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(iso))
    except ValueError:
        return None


def _say_status(found: dict[str, Any], beat: dict[str, Any], stopped: list[str]) -> None:
    say_lines(f"Last sign of life: {when(_instant(beat.get('at'))) or 'none'}")
    started = _instant(found["started"])
    since = f", since {when(started)} ({_lasting(started)})" if started else ""
    if found["pid"]:
        say_lines(f"Version {found['version']}, mode {found['mode']}, process {found['pid']}{since}")
    if readers := found["readers"]:
        say_lines(f"Mail is read by {readers['now']} {_processes(readers['now'])}, by {readers['most']} at most")
    free = ", ".join(f"{mb} MB free for {name}" for name, mb in sorted(found["free_mb"].items()))
    if found["database"]:
        say_lines(f"{found['database'][:1].upper()}{found['database'][1:]}; {free}")
        _say_kept(found)
        for one in found["lives"]:
            last = "" if one["state"] in ("works", "stands by") else f", last seen {when(one['seen'])}"
            say_lines(f"Life: {one['life']}, version {one['version']}: {one['state']} since {when(one['since'])}{last}")
    else:
        say_lines(f"The database cannot be read; {free}")
    say_lines(*(f"Less safe than it could be: {line}" for line in _uncaged(beat)))
    say_lines(*([] if stopped else ["Nothing has stopped."]))
    complain(*(f"STOPPED: {one}" for one in stopped))


def _say_kept(found: dict[str, Any]) -> None:
    for name in ("cases", "mails", "letters"):
        counts = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(found[name].items()))
        say_lines(f"{name.capitalize()}: {counts or 'none'}")
    for name, at in sorted(found["mailboxes"].items()):
        closed = f"; now: {found['closed'][name]}" if name in found["closed"] else ""
        say_lines(f"Mailbox {name}: last read {when(at)}{closed}")
    for name in sorted(found["closed"].keys() - found["mailboxes"].keys()):
        say_lines(f"Mailbox {name}: never read; now: {found['closed'][name]}")


def _processes(many: int) -> str:
    return "process" if many == 1 else "processes"


def _lasting(started: datetime) -> str:
    hours, seconds = divmod(int((now() - started).total_seconds()), 3600)
    return f"{hours // 24} days {hours % 24} hours" if hours >= 24 else f"{hours} hours {seconds // 60} minutes"
