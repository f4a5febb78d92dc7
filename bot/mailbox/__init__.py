"""Mail in, one module per protocol; this file only knows which module opens which kind of door.

A module is loaded when a door of its kind is opened, so that a daemon on Maildir never imports an IMAP client. Opening
touches neither network nor disk: the first `fetch` does, and says DoorClosed when it cannot.
"""

from __future__ import annotations

from importlib import import_module

from bot.errors import BotError
from bot.ports import Mailbox
from bot.settings import Door

KINDS = {
    "ews": ("bot.mailbox.ews", "EwsMailbox"),
    "graph": ("bot.mailbox.graph", "GraphMailbox"),
    "imap": ("bot.mailbox.imap", "ImapMailbox"),
    "maildir": ("bot.mailbox.maildir", "MaildirMailbox"),
}


def open_mailbox(name: str, door: Door) -> Mailbox:
    """The mailbox behind `door`; `name` is how messages call it. One object serves one thread.

    Raises BotError for a door that mail only leaves by.
    """
    if door.kind not in KINDS:
        raise BotError(f"{name}: mail cannot be read by {door.kind}; receive needs one of: {', '.join(KINDS)}")
    module, made = KINDS[door.kind]
    mailbox: Mailbox = getattr(import_module(module), made)(name, door)
    return mailbox
