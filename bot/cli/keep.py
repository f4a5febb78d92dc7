"""`backup`, `restore`, `export`, `purge`: what is kept, put back, handed over and forgotten.

An export is for the person who must answer a request for all that is held of one case; a purge is for the day after
which nothing may be. Both name the case by its ref. It decides no retention: the operator says what is over.
"""

import json
import os
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.case.command import Ref, written
from bot.cli.open import database, found, now, office
from bot.cli.output import DEFAULT, AsJson, ConfigDir, complain, emit, json_text, say_lines, when
from bot.daemon.life.life import alone
from bot.model import Case
from bot.model.errors import BotError, StoreError
from bot.rules.workdays import LONDON
from bot.settings.home import home
from bot.store import cases, codec, mails, outbox
from bot.store import keep as copies
from bot.store.cases import Stored
from bot.store.db import Database
from bot.store.server import glance


def backup(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A new file; never written over.")],
    config: ConfigDir = DEFAULT,
) -> None:
    """A checked copy of the database, taken while the daemon runs.

    \b
    Example:
      challenge-bot backup /backup/bot-2027-01-15.db
    """
    with database(config) as db:
        copies.backup(db, target)
    say_lines(f"{target}: {target.stat().st_size} bytes, checked.")


def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `backup` made.")],
    config: ConfigDir = DEFAULT,
) -> None:
    """Puts a backup back, while the daemon is stopped. Letters it holds unsent are held: they may have gone since.

    The database that stood there is moved aside, not removed. Mail that came since is read again from the inboxes.

    \b
    Example:
      challenge-bot restore /backup/bot-2027-01-15.db
    """
    where = home(config, os.environ)
    target = glance.file(where.database)
    if target is None:
        raise BotError("only SQLite is put back by this command: for PostgreSQL use pg_restore")
    with alone(where):
        aside, held = copies.restore(source, target, now())
    say_lines(f"{source} is in place as {target}.")
    if aside is not None:
        say_lines(f"What stood there is {aside}.")
    if held:
        say_lines(f"{held} letters are held, as they may have gone already. See: challenge-bot outbox")
    say_lines("Letters sent after the backup was taken are not known to it: start in `mode: shadow` and look first.")


# --- one case, whole --------------------------------------------------------------------------------------------------


def export(
    ref: Ref,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write; made if it is not there.")],
    config: ConfigDir = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """All that is held of a case: the full record with every mail, the case, its journal and each letter as sent.

    \b
    Example:
      challenge-bot export CE-2027-0007 --out handed-over
    """
    with office(config) as o:
        paths = written(o, o.db, ref, out, full=True)
        stored = found(o.db, ref)
        paths += _held(o.db, stored, out)
    for path in paths:
        if as_json:
            emit({"file": str(path), "size": path.stat().st_size})
        else:
            say_lines(str(path))


def _held(db: Database, stored: Stored, out: Path) -> list[Path]:
    """The case and its journal as JSON, and its letters' bytes; one not yet made is said in the JSON alone."""
    ref, number = stored.case.ref, stored.case.number
    with db.read() as tx:
        letters, journal = outbox.of_case(tx, number), cases.journal(tx, number)
        told: dict[str, Any] = {
            "case": codec.encode(stored.case),
            "policy_text": stored.policy_text,
            "journal": [{"at": r.at, "fact": r.fact, "events": r.events} for r in journal],
            "mails": [{"received": m.received, "sha256": m.digest, "why": m.why} for m in mails.of_case(tx, number)],
            "letters": [
                {"kind": q.letter.kind.value, "queued": q.queued, "status": q.status, "recipients": q.recipients}
                for q in letters
            ],
        }
    made = [(f"{ref}-letter-{n:03}.eml", q.raw) for n, q in enumerate(letters, 1) if q.raw is not None]
    made.append((f"{ref}-held.json", (json.dumps(told, indent=1, default=json_text) + "\n").encode()))
    try:
        for name, content in made:
            (out / name).write_bytes(content)
            (out / name).chmod(0o600)
    except OSError as error:
        raise BotError(f"{out} cannot be written: {error.strerror}") from None
    return [out / name for name, _ in made]


# --- forgetting -------------------------------------------------------------------------------------------------------


def purge(
    by: Annotated[str, typer.Option("--by", help="Who says so: printed, and not kept.")],
    reason: Annotated[str, typer.Option("--reason", help="Why: printed, and not kept.")],
    ref: Annotated[str, typer.Argument(metavar="[REF]", help="Such as CE-2027-0007.")] = "",
    closed_before: Annotated[
        str, typer.Option("--closed-before", metavar="DATE", help="Every case closed before that day: 2031-04-01.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this the cases are only named.")] = False,
    config: ConfigDir = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Forgets people, texts and mails of closed cases for good. Ref, dates and the journal's chain stay.

    File what must be kept first (`record --full`, `export`). Backups taken earlier still hold what is forgotten here.

    \b
    Examples:
      challenge-bot purge CE-2027-0007 --by "Ann Shaw" --reason "retention schedule" --yes
      challenge-bot purge --closed-before 2031-04-01 --by "Ann Shaw" --reason "retention schedule"
    """
    if bool(ref) == bool(closed_before):
        raise typer.BadParameter("name one REF, or --closed-before DATE")
    with database(config) as db:
        meant = [found(db, ref).case] if ref else _closed_before(db, _day(closed_before))
        failed = [_purged(db, case, by, reason, yes, as_json) for case in meant]
        if yes and not all(failed) and not db.scrub():
            complain(
                "The database is in use: its write-ahead log may show what was forgotten until the daemon restarts."
            )
    if not meant and not as_json:
        say_lines("No such case is closed and still held.")
    elif not yes and not as_json:
        say_lines("Nothing was forgotten. Add --yes to do it; it cannot be undone.")
    if any(failed):
        raise typer.Exit(1)


def _day(written_as: str) -> datetime:
    try:
        day = datetime.strptime(written_as, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise typer.BadParameter(f"{written_as} is no day: write it as 2031-04-01") from None
    return datetime.combine(day, time(), LONDON)


def _closed_before(db: Database, day: datetime) -> list[Case]:
    with db.read() as tx:
        return [c for c in cases.all_cases(tx) if c.closed and c.closed < day and not cases.is_purged(tx, c.number)]


def _purged(db: Database, case: Case, by: str, reason: str, yes: bool, as_json: bool) -> bool:
    """True when it could not be done, and then says why."""
    try:
        if yes:
            with db.begin() as tx:
                cases.purge(tx, case.number, now())
                cases.note_purge(tx, case.ref, now())
    except StoreError as error:
        complain(str(error))
        return True
    if as_json:
        emit({"ref": case.ref, "closed": case.closed, "purged": yes, "by": by, "reason": reason})
    else:
        done = f"forgotten, by {by}: {reason}" if yes else "would be forgotten"
        say_lines(f"{case.ref}, closed {when(case.closed)}: {done}.")
    return False
