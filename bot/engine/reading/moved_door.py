"""A watched mailbox that moved, or whose place went back: the same inbox behind another protocol, server or path, or
put back from a backup, made again, numbered anew.

The new door has other keys for the same mails, and often other bytes. Everything it holds is listed again, and what
the former door gave already is known by its Message-ID or its bytes and does nothing a second time. The floor below
which a mail opens nothing rises to the last listing through the former door, and is never lowered. It opens no door.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.engine.reading.place import hash_id
from bot.model import Disposition, Mail
from bot.store import mailboxes
from bot.store.mails import NOTHING, Listed, Waiting, held, seen

#: Why a mail does nothing that was read through the former door, or before the place went back.
AGAIN = "read before, through the former door of this mailbox"
HELD = "the same mail waits for a person already"

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


def go_back(tx: Connection, name: str, margin: timedelta, now: datetime) -> None:
    """The door is the same and no longer goes on from our place: what it holds is compared with what was read, until it
    was listed to its end. The floor rises as behind another door."""
    former = mailboxes.watched(tx, name)
    if not former.is_moving:  # what comes again behind another door is compared already
        mailboxes.list_again(tx, name, now)
    if former.floor and former.last_listed:
        mailboxes.set_floor(tx, name, max(former.floor, former.last_listed - margin))


def known(tx: Connection, one: Waiting, mail: Mail, moved: Windows) -> str:
    """Why a mail does nothing, "" where it is new: the same was read before through a former door, or before the place
    went back, and what became of it then stands in its own row; or the same bytes wait for a person already.

    Times of arrival are not asked: some servers give every mail they take over that of the move. Through the same door
    a mail has its bytes yet, and a Message-ID that comes again with others is another mail.
    """
    if one.digest == NOTHING:
        return ""  # of a mail that was not given nothing can be compared
    found = _before(tx, one, mail, moved)
    if found is not None and found.digest == one.digest:
        return AGAIN
    if found is not None and mailboxes.came_by_another_door(tx, one.mailbox, moved[one.mailbox][0]):
        return AGAIN
    return HELD if held(tx, one.mailbox, one.digest, one.entry) else ""


def alike(tx: Connection, one: Waiting, mail: Mail, moved: Windows) -> tuple[Listed, ...]:
    """The mail that waits for a person and may be this one in other bytes: its content tells."""
    found = _before(tx, one, mail, moved) if one.digest != NOTHING else None
    return (found,) if found is not None and found.disposition in (Disposition.PEN, Disposition.ASIDE) else ()


def _before(tx: Connection, one: Waiting, mail: Mail, moved: Windows) -> Listed | None:
    """What was read before of the same bytes or the same Message-ID, while that is asked."""
    start, end = moved.get(one.mailbox, (None, None))
    if start is None or one.arrived < start or (end is not None and one.arrived > end):
        return None
    return seen(tx, one.mailbox, one.digest, hash_id(mail.message_id), one.entry, start)
