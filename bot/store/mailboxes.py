"""When each mailbox was last listed whole, and all time in which one could not be read. Records state it; it judges
nothing. mails.py offers these functions as its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from bot.store import schema

_gaps, _mailboxes = schema.gaps, schema.mailboxes


def gap_opened(tx: Connection, mailbox: str, now: datetime, why: str) -> None:
    """The mailbox cannot be read from now on (kept once while it lasts)."""
    tx.execute(schema.insert_into(tx, _gaps).values(mailbox=mailbox, since=now, why=why).on_conflict_do_nothing())


def gap_closed(tx: Connection, mailbox: str, now: datetime) -> None:
    tx.execute(update(_gaps).where(_gaps.c.mailbox == mailbox, _gaps.c.until.is_(None)).values(until=now))


def gaps(tx: Connection, since: datetime, until: datetime) -> list[tuple[str, datetime, datetime | None, str]]:
    """(mailbox, from, to or None, why): all time in which a mailbox could not be read."""
    touching = select(_gaps.c.mailbox, _gaps.c.since, _gaps.c.until, _gaps.c.why).where(
        _gaps.c.since <= until, or_(_gaps.c.until.is_(None), _gaps.c.until >= since)
    )
    return [(m, a, b, why) for m, a, b, why in tx.execute(touching.order_by(_gaps.c.since, _gaps.c.id))]


def listed_at(tx: Connection, mailbox: str, now: datetime) -> None:
    """A listing of the whole mailbox succeeded at `now`."""
    row = schema.insert_into(tx, _mailboxes).values(name=mailbox, cursor="", last_listed=now)
    tx.execute(row.on_conflict_do_update(index_elements=["name"], set_={"last_listed": row.excluded.last_listed}))


def last_listed(tx: Connection) -> dict[str, datetime]:
    """Mailbox -> when it was last listed whole; those never listed are missing."""
    listed = select(_mailboxes.c.name, _mailboxes.c.last_listed).where(_mailboxes.c.last_listed.is_not(None))
    return dict(iter(tx.execute(listed)))


# What the database knows of itself: its secret, small named values, and the last configuration that was valid. It
# does not know what the values mean, and never prints a secret.


def meta_get(tx: Connection, key: str) -> str | None:
    return tx.execute(select(schema.meta.c.value).where(schema.meta.c.key == key)).scalar()


def meta_set(tx: Connection, key: str, value: str) -> None:
    row = schema.insert_into(tx, schema.meta).values(key=key, value=value)
    tx.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}))


def meta_forget(tx: Connection, key: str) -> None:
    tx.execute(delete(schema.meta).where(schema.meta.c.key == key))


def with_prefix(tx: Connection, prefix: str) -> dict[str, str]:
    """The values whose keys begin with `prefix`, by the rest of the key."""
    rows = tx.execute(select(schema.meta.c.key, schema.meta.c.value).where(schema.meta.c.key.startswith(prefix)))
    return {key.removeprefix(prefix): value for key, value in rows}


def secret(tx: Connection) -> bytes:
    """The 32 random bytes that our Message-IDs are signed with, made once. Needs a write transaction the first time."""
    kept = meta_get(tx, "secret")
    if kept is None:
        made = schema.insert_into(tx, schema.meta).values(key="secret", value=secrets.token_hex(32))
        tx.execute(made.on_conflict_do_nothing())  # another daemon may have been first: its secret stands
        kept = meta_get(tx, "secret")
    return bytes.fromhex(kept or "")


def keep_texts(tx: Connection, texts: Mapping[str, str]) -> None:
    """Keeps these files, by name, as the last valid configuration, in place of the one before."""
    tx.execute(delete(schema.config_kept))
    if texts:
        tx.execute(insert(schema.config_kept), [{"name": name, "text": text} for name, text in texts.items()])


def kept_texts(tx: Connection) -> dict[str, str]:
    """The files of the last valid configuration, by name; {} before the first."""
    return dict(iter(tx.execute(select(schema.config_kept.c.name, schema.config_kept.c.text))))
