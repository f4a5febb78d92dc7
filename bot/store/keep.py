"""What an operator does with the whole of it: a copy that can be put back, taken while the daemon runs and checked
before it is called one; and forgetting a closed case for good: nobody of it is left, the chain stays whole.

Copies are SQLite's only; PostgreSQL has pg_dump and pg_restore, which know it better. Nothing is rotated: what stood
where a copy is put back is moved aside, and what a backup holds a purge does not reach. The file itself is scrubbed by
db.py. It decides no retention. cases.py offers the purge as its own.
"""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bot.model import Case, Disposition, IdKind, Sending
from bot.model.errors import StoreError
from bot.store import codec, mails, meta, outbox, schema
from bot.store.db import Database, quick_check
from bot.store.proof import chain, ways
from bot.store.server.glance import in_words

_cases, _ids, _out, _ledger = schema.cases, schema.ids, schema.outbox, schema.ledger

#: What an id in `ids` is where it is no letter of ours: an id or a digest of somebody's mail.
_OF_MAILS = (IdKind.ORIGINAL, IdKind.MAIL, IdKind.CONTENT, IdKind.WORDS)


def backup(db: Database, target: Path) -> None:
    """Copies the database to the new file `target` (0600). Raises StoreError when it exists, cannot be written, or the
    copy is damaged, and then leaves no file behind."""
    if not db.is_sqlite:
        raise StoreError(
            f"{db.name} is backed up with its own tool: pg_dump --format=custom --file={target} {db.url.database}"
        )
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise StoreError(f"{target} exists already: a backup is never written over") from None
    except OSError as error:
        raise StoreError(f"the backup {target} cannot be written: {error.strerror}") from error
    try:
        _copy(db, target)
    except BaseException:
        target.unlink()
        raise


def _copy(db: Database, target: Path) -> None:
    try:
        with closing(sqlite3.connect(str(db.file))) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            quick_check(copy, f"the backup {target}")
    except sqlite3.Error as error:
        raise StoreError(f"the backup {target} failed: {in_words(error)}") from error


def restore(source: Path, target: Path, now: datetime) -> tuple[Path | None, int]:
    """Puts the backup `source` where the database `target` stands; nobody may have it open. Letters that the copy
    holds unsent are held: they may have gone since it was taken.

    Returns where the former database was moved (None: there was none) and how many letters are held. Raises StoreError
    for a file that is damaged, no database of this program, or newer than it; then nothing has changed.
    """
    fresh = target.with_name(f"{target.name}.restoring")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _take(source, fresh)
        held = _held(fresh, now)
        aside = _aside(target, now)
        fresh.rename(target)
    except OSError as error:
        raise StoreError(f"{source} cannot be put back at {target}: {error.strerror}") from error
    finally:
        for path in _family(fresh):
            path.unlink(missing_ok=True)
    return aside, held


def _take(source: Path, fresh: Path) -> None:
    """A whole copy beside the place it is for: the rename that follows is then one step."""
    with source.open("rb") as old, fresh.open("wb") as new:
        fresh.chmod(0o600)
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())
    try:
        with closing(sqlite3.connect(fresh)) as copy:
            quick_check(copy, f"the backup {source}")
            tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error as error:
        raise StoreError(f"{source} cannot be put back: {in_words(error)}") from error
    if not {"alembic_version", "cases", "journal"} <= tables:
        raise StoreError(f"{source} is no database of this program: give a file that `backup` made")


def _held(fresh: Path, now: datetime) -> int:
    """Brings the copy to this program's schema and holds its letters."""
    db = Database(f"sqlite:///{fresh}")
    try:
        db.migrate()
        with db.begin() as tx:
            held = outbox.hold_all(tx, "put back from a backup: it may have gone since", now)
        db.tidy()
    finally:
        db.close()
    return held


def _aside(target: Path, now: datetime) -> Path | None:
    """The former database under a name that says when, with its WAL: nothing is lost by putting back the wrong one."""
    if not target.exists():
        return None
    aside = target.with_name(f"{target.name}.before-{now:%Y%m%dT%H%M%SZ}")
    for old, new in zip(_family(target), _family(aside), strict=True):
        if old.exists():
            old.rename(new)
    return aside


def _family(file: Path) -> tuple[Path, Path, Path]:
    return (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm"))


def purge(tx: Connection, number: int, now: datetime) -> None:
    """Forgets the personal texts and raw mails of a closed case; the chain stays whole. The case stays, with tokens
    where people stood; ids of our own letters still lead to it. Raises KeyError; StoreError while it is open, or
    something of it is still to be asked or sent."""
    row = tx.execute(select(_cases).where(_cases.c.number == number).with_for_update()).one_or_none()
    if row is None:
        raise KeyError(number)
    case = codec.loads(Case, row.snapshot)
    if case.is_open:
        raise StoreError(f"{row.ref} is open: only a closed case can be purged")
    if case.deadlines:
        raise StoreError(f"{row.ref} still has something to come ({case.deadlines[-1].why}): purge it after that")
    if not row.salt:
        return  # purged before
    others = _of_no_case(tx, case)
    statuses = {*others.values(), *(letter.status for letter in outbox.of_case(tx, number))}
    if statuses - set(outbox.FINISHED):
        raise StoreError(f"{row.ref} still has letters to send: see `outbox`, then purge it again")
    # What its journal makes of it without its texts: of a case that was forgotten before and written to since, hiding
    # anew would make other tokens than the rows of before hold.
    bare = codec.canonical(chain.fold((kept.body for kept in chain.stored(tx, number)), {}))
    tx.execute(update(_cases).where(_cases.c.number == number).values(snapshot=bare, salt=""))
    tx.execute(delete(schema.texts).where(schema.texts.c.case_number == number))
    tx.execute(delete(_ids).where(_ids.c.case_number == number, _ids.c.what.in_(_OF_MAILS)))
    tx.execute(update(_ids).where(_ids.c.case_number == number).values(what=IdKind.LETTER))  # a key names an addressee
    _forget_mails(tx, number, now)
    tx.execute(delete(schema.absences).where(schema.absences.c.case_number == number))
    outbox.forget(tx, list(others), now)
    outbox.forget_case(tx, number, now)


def _forget_mails(tx: Connection, number: int, now: datetime) -> None:
    """Deletes the bytes of the case's mails; the rows stay, as ignored, with digest and reason."""
    mine = _ledger.c.case_number == number
    digests = tx.execute(select(_ledger.c.digest).where(mine).distinct().order_by(_ledger.c.digest)).scalars().all()
    purged = update(_ledger).where(mine).values(disposition=Disposition.IGNORED, why="purged", guesses="")
    ways.changed(tx, ways.MAIL, now, *tx.execute(purged.returning(_ledger.c.id)).scalars())
    for digest in digests:
        mails.forget(tx, digest)


def is_purged(tx: Connection, number: int) -> bool:
    """Whether its people and texts were forgotten."""
    return not tx.execute(select(_cases.c.salt).where(_cases.c.number == number)).scalar_one()


def note_purge(tx: Connection, ref: str, now: datetime) -> None:
    """When it was forgotten: the journal of the case says nothing any more. Who wanted it, and why, may name somebody
    of the case: that stands in what the operator was told, and not here."""
    meta.put(tx, f"purged/{ref}", now.isoformat())


def _of_no_case(tx: Connection, case: Case) -> dict[int, Sending]:
    """Alerts and daily letters that tell of this case, what went to strangers who wrote to it, and what answered a mail
    that cites one of it: id and status."""
    addresses = {text for text in chain.texts_of(tx, case.number).values() if "@" in text and " " not in text}
    told = {case.ref, *addresses}
    known = set(tx.execute(select(_ids.c.message_id).where(_ids.c.case_number == case.number)).scalars())
    rows = select(_out.c.id, _out.c.status, _out.c.message_id, _out.c.letter).where(_out.c.case_number == 0)
    return {
        number: Sending(status)
        for number, status, message_id, letter in tx.execute(rows)
        if message_id in known or _tells(said := json.loads(letter), told) or not known.isdisjoint(_cites(said))
    }


def _cites(letter: dict[str, Any]) -> tuple[str, ...]:
    return (letter.get("in_reply_to", ""), *letter.get("references", ()))


def _tells(letter: dict[str, object], told: set[str]) -> bool:
    """Whether the letter speaks of one of these; whom it is addressed to is no word of it."""
    spoken = [
        letter.get(part) for part in ("values", "standing", "about", "subject")
    ]  # `about`: before values had types
    words = json.dumps(spoken, ensure_ascii=False).lower()
    return any(one.lower() in words for one in told)
