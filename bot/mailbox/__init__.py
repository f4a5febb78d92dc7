"""Mail in, one module per protocol; this file only knows which module opens which kind of door.

A module is loaded when a door of its kind is opened, so that a daemon on Maildir never imports an IMAP client. Opening
touches neither network nor disk: the first `fetch` does, and says DoorClosed when it cannot.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from bot.errors import BotError

if TYPE_CHECKING:  # `deliver` asks for names here, and must not pay for, or trip over, what reads settings
    from bot.ports import Mailbox
    from bot.settings import Door

#: The bot's own mailbox, as messages and commands call it.
BOT = "bot"
KINDS = {
    "ews": ("bot.mailbox.ews", "EwsMailbox"),
    "graph": ("bot.mailbox.graph", "GraphMailbox"),
    "imap": ("bot.mailbox.imap", "ImapMailbox"),
    "maildir": ("bot.mailbox.maildir", "MaildirMailbox"),
}


def mailbox_name(area: str, team: str, address: str) -> str:
    """What a watched mailbox is called; the same while its team is."""
    return f"{area} {team or address}"


def open_mailbox(name: str, door: Door) -> Mailbox:
    """The mailbox behind `door`; `name` is how messages call it. One object serves one thread.

    Raises BotError for a door that mail only leaves by.
    """
    if door.kind not in KINDS:
        raise BotError(f"{name}: mail cannot be read by {door.kind}; receive needs one of: {', '.join(KINDS)}")
    module, made = KINDS[door.kind]
    mailbox: Mailbox = getattr(import_module(module), made)(name, door)
    return mailbox
