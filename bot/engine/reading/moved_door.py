"""A watched mailbox that moved: the same team's inbox behind another protocol, server or path.

The new door has other keys for the same mails, and often other bytes. Everything it holds is listed again, and what
the former door gave already is known by its Message-ID or its bytes and does nothing a second time. The floor below
which a mail opens nothing rises to the last listing through the former door, and is never lowered. It opens no door.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.engine.reading.place import hash_id
from bot.model import Mail
from bot.store import mailboxes, mails
from bot.store.mails import Waiting
from bot.store.seen import seen

#: Why a mail does nothing that was read through the former door.
AGAIN = "read before, through the former door of this mailbox"

#: Mailbox -> when what the former door had given comes again: from the move to the end of the first whole listing.
Windows = Mapping[str, tuple[datetime, datetime | None]]


def arrive(tx: Connection, name: str, door: str, margin: timedelta, now: datetime) -> None:
    """Notes through which door a mailbox is read; another than before begins its catching up.

    `door`: what tells one door from another. `margin`: how long before the last listing a mail may still open a case,
    for servers that give it another time of arrival.
    """
    former = mailboxes.meta_get(tx, f"door:{name}")
    if former == door:
        return
    mailboxes.meta_set(tx, f"door:{name}", door)
    if former is None or not mails.cursor(tx, name):
        return  # never read before: this is first sight
    mails.forget_place(tx, name, f"until {now:%Y-%m-%dT%H:%M:%S};")
    mailboxes.meta_set(tx, f"moved:{name}", now.isoformat())
    floor, listed = mailboxes.meta_get(tx, f"floor:{name}"), mails.last_listed(tx).get(name)
    if floor and listed:
        raised = max(datetime.fromisoformat(floor), listed - margin)
        mailboxes.meta_set(tx, f"floor:{name}", raised.isoformat())


def is_under_way(tx: Connection, name: str) -> bool:
    """Whether the new door has not been listed to its end yet."""
    return " " not in (mailboxes.meta_get(tx, f"moved:{name}") or " ")


def caught_up(tx: Connection, name: str, now: datetime) -> None:
    """The new door was listed to its end: from now on its mails are new ones."""
    if is_under_way(tx, name):
        mailboxes.meta_set(tx, f"moved:{name}", f"{mailboxes.meta_get(tx, f'moved:{name}')} {now.isoformat()}")


def windows(tx: Connection) -> Windows:
    """Every mailbox that has moved, and when it caught up."""
    found = {}
    for key, value in mailboxes.with_prefix(tx, "moved:").items():
        start, _, end = value.partition(" ")
        found[key] = (datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None)
    return found


def known(tx: Connection, one: Waiting, mail: Mail, moved: Windows) -> bool:
    """Whether the same mail was read through the former door: what became of it then stands, in its own row.

    Times of arrival are not asked: some servers give every mail they take over that of the move.
    """
    start, end = moved.get(one.mailbox, (None, None))
    if start is None or one.arrived < start or (end is not None and one.arrived > end):
        return False
    return seen(tx, one.mailbox, one.digest, hash_id(mail.message_id), one.entry, start) is not None
