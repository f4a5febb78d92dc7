"""`run`, `once`, `status`, `verify`: the daemon and the health of what it keeps.

It starts the daemon and looks at what the daemon leaves; it decides nothing itself.
"""

import os
import sys
from collections.abc import Container, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.open import database, now
from bot.cli.output import DEFAULT, AsJson, ConfigDir, complain, emit, say_lines, time_of, when
from bot.daemon import logs
from bot.daemon.alert import conditions, last_touched, read_heartbeat
from bot.daemon.configuration import home, load
from bot.daemon.daemon import Daemon
from bot.daemon.lease import joined
from bot.daemon.life import HEARTBEAT, alone, disk, is_at_work, once, owner
from bot.model.errors import BotError, StoreError
from bot.store import cases, lives, mailboxes, meta
from bot.store.proof import beside

#: A heartbeat older than this many of its own intervals has stopped; `once` beats as often as cron calls it.
BEATS = 12
#: A mailbox that has been asked for so long, and has not answered when the heartbeat was written, is deaf or slow.
UNANSWERED = timedelta(seconds=8)
#: What an older heartbeat was waiting for may have come since.
FRESH = timedelta(seconds=30)
ONCE_GRACE = timedelta(hours=1)


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
            else:
                raise BotError(
                    f"another challenge-bot works on the database ({lease.others()}): `once` has nothing to do"
                )
    if troubles:
        complain(*troubles)
        raise typer.Exit(1)


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
    found, standing = _kept(config, env)
    where = home(config, env)
    found["free_mb"], short = disk(where.database, where.var, where.least_free_mb, now())
    stopped = [*(f"{c.subject}: {c.text}" for c in short), *standing]
    beat = read_heartbeat(where.var / HEARTBEAT)
    found |= {name: beat.get(name) for name in ("version", "mode", "pid", "started")}
    dead = _heart(beat, where.var)
    deaf = [] if dead else _deaf(beat, found["closed"] or ())
    stopped = [*dead, *dict.fromkeys([*stopped, *deaf, *_told(beat, stopped)])]
    own = {"ok": not stopped, "stopped": stopped, "heartbeat": beat.get("at"), "uncaged": _uncaged(beat)}
    return {**own, **found}, beat


def _kept(config: Path, env: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """What the database counts, and what it says has stopped: at once, whatever time an alert gives it, for who asks
    wants to know how it is now. Of one that cannot be read nothing is known but why."""
    try:
        with database(config, env) as db, db.read() as tx:
            shared = lives.listed(tx)
            found = {
                "cases": meta.cases_by_state(tx),
                "mails": meta.mails_by_disposition(tx),
                "letters": meta.letters_by_status(tx),
                "mailboxes": mailboxes.last_listed(tx),
                "closed": {name: why for name, _, until, why in mailboxes.gaps(tx, now(), now()) if until is None},
                "database": db.name,
                "lives": [_life(one) for one in shared],
            }
            is_idle = not any(one.is_active for one in shared)
            over = [
                f"no life works on {db.name}: {one.name} was last seen {when(one.seen)}"
                for one in shared[:1]
                if is_idle
            ]
            return found, over + [f"{c.subject}, since {when(c.since)}: {c.text}" for c in conditions(tx, now())]
    except StoreError as error:
        return dict.fromkeys(("cases", "mails", "letters", "mailboxes", "closed", "database", "lives")), [str(error)]


def _life(one: lives.Life) -> dict[str, Any]:
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


def _lasting(started: datetime) -> str:
    hours, seconds = divmod(int((now() - started).total_seconds()), 3600)
    return f"{hours // 24} days {hours % 24} hours" if hours >= 24 else f"{hours} hours {seconds // 60} minutes"


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
