"""What an answer to the holding pen did, taken back within a day: UNDO 0147.

A mail that was called none of our business keeps its bytes for that day, and waits again after an UNDO. A mail that a
case has taken in stays there, for those who were told of it were told: whoever says UNDO hears that, and what puts it
right. Which words say it is mail/words/orders.py's.
"""

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.model import Disposition
from bot.model.errors import StoreError
from bot.model.failpoints import failpoint
from bot.store import mails, meta, schema
from bot.store.db import Database
from bot.store.mails import Listed

DAY = timedelta(days=1)


def note(tx: Connection, row: Listed, area: str, now: datetime, ref: str = "") -> None:
    """Remembers where a mail stood before a person placed it. `ref`: the case that has it now, "" for none. What it is
    about, and from whom, is not kept here."""
    was = {"at": now.isoformat(), "area": area, "ref": ref, "digest": row.digest, "as": row.disposition}
    meta.put(tx, f"{schema.UNDOABLE}{row.entry}", json.dumps(was | {"why": row.why, "guesses": row.guesses}))


def take_back(tx: Connection, name: str, areas: Collection[str], now: datetime) -> tuple[str, bool]:
    """What was done, in words, and whether it was. `areas`: whose business unit says so, () for nobody's."""
    kept = meta.get(tx, f"{schema.UNDOABLE}{name}")
    was = json.loads(kept) if kept else {}
    if not was or was["area"] not in areas or _is_over(was, now):
        return f"UNDO {name}: no mail of that number was placed by your answer in the last 24 hours", False
    if ref := was["ref"]:
        put_right = f"If the case is none, NOT OURS {ref} asks its raiser; if it is wrong, CORRECT puts it right"
        return f"UNDO {name}: {ref} has that mail, and whoever was told of it was told. {put_right}", False
    try:
        mails.replace(tx, int(name), Disposition(was["as"]), was["why"], now, guesses=was["guesses"])
    except StoreError:
        return f"UNDO {name}: the text of that mail is gone. It can only be sent again", False
    meta.drop(tx, f"{schema.UNDOABLE}{name}")
    return f"Mail {name} waits for a person again, as before", True


def forget(db: Database, now: datetime) -> None:
    """The day is over: what was called none of our business goes now."""
    with db.read() as tx:
        if not _over(tx, now):
            return
    with db.begin() as tx:
        for name, was in _over(tx, now).items():
            if not was["ref"]:
                mails.forget(tx, was["digest"])
            meta.drop(tx, f"{schema.UNDOABLE}{name}")
        failpoint("undo.forgetting")
    failpoint("undo.forgot")


def _over(tx: Connection, now: datetime) -> dict[str, dict[str, str]]:
    kept = {name: json.loads(value) for name, value in meta.with_prefix(tx, schema.UNDOABLE).items()}
    return {name: was for name, was in kept.items() if _is_over(was, now)}


def _is_over(was: dict[str, str], now: datetime) -> bool:
    return now - datetime.fromisoformat(was["at"]) >= DAY
