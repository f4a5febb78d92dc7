"""A watched mailbox that moved: the same team's inbox behind another protocol, server or path.

The new door has other keys for the same mails, and often other bytes. Everything it holds is listed again, and what
the former door gave already is known by its Message-ID or its bytes and does nothing a second time. The floor below
which a mail opens nothing rises to the last listing through the former door, and is never lowered. It opens no door.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.engine.reading.place import hash_id
from bot.model import Mail
from bot.store import mailboxes
from bot.store.mails import Waiting, seen

#: Why a mail does nothing that was read through the former door.
AGAIN = "read before, through the former door of this mailbox"

#: Mailbox -> when what the former door had given comes again: from the move to the end of the first whole listing.
Windows = Mapping[str, tuple[datetime, datetime | None]]


def arrive(tx: Connection, name: str, door: str, margin: timedelta, now: datetime) -> None:
    """Notes through which door a mailbox is read; another than before begins its catching up.

    `door`: what tells one door from another. `margin`: how long before the last listing a mail may still open a case,
    for servers that give it another time of arrival.
    """
    former = mailboxes.watched(tx, name)
    if former.door == door:
        return
    mailboxes.enter(tx, name, door)
    if former.door is None or not former.cursor:
        return  # never read before: this is first sight
    mailboxes.begin_anew(tx, name, now)
    if former.floor and former.last_listed:
        mailboxes.set_floor(tx, name, max(former.floor, former.last_listed - margin))


def known(tx: Connection, one: Waiting, mail: Mail, moved: Windows) -> bool:
    """Whether the same mail was read through the former door: what became of it then stands, in its own row.

    Times of arrival are not asked: some servers give every mail they take over that of the move.
    """
    start, end = moved.get(one.mailbox, (None, None))
    if start is None or one.arrived < start or (end is not None and one.arrived > end):
        return False
    return seen(tx, one.mailbox, one.digest, hash_id(mail.message_id), one.entry, start) is not None
