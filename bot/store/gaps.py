"""When each mailbox was last listed whole, and all time in which one could not be read. Records state it; it judges
nothing. mails.py offers these functions as its own.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, or_, select, update

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
