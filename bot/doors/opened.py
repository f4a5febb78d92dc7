"""Mail in and letters out, one folder a protocol; this file only knows which module opens which kind of door.

A module is loaded when a door of its kind is opened, so that a daemon on Maildir never imports an IMAP client. Opening
touches neither network nor disk: the first `fetch` does, and says DoorClosed when it cannot.
"""

from importlib import import_module

from bot.doors.gate import Allowed
from bot.doors.ports import Mailbox, Transport
from bot.model.errors import BotError
from bot.settings.settings import Door

KINDS = {
    "ews": ("bot.doors.ews.receive", "EwsMailbox"),
    "graph": ("bot.doors.graph.receive", "GraphMailbox"),
    "imap": ("bot.doors.imap_smtp.imap", "ImapMailbox"),
    "maildir": ("bot.doors.maildir.receive", "MaildirMailbox"),
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


# Letters out: one file per protocol, and here the table that opens the one a door names. A transport hands over in
# two steps (see ports.py) and asks the allow-list again on the final envelope. It knows no case and no
# outbox, and never tries twice.

SENDING = {
    "ews": ("bot.doors.ews.send", "EwsTransport"),
    "graph": ("bot.doors.graph.send", "GraphTransport"),
    "maildir": ("bot.doors.maildir.send", "MaildirTransport"),
    "smtp": ("bot.doors.imap_smtp.smtp", "SmtpTransport"),
}


def open_transport(door: Door, allowed: Allowed) -> Transport:
    """The transport for a `send:` door; nothing is connected yet, and no other kind's library is loaded.

    Raises ConfigError for a door that cannot be used.
    """
    module, made = SENDING[door.kind]
    transport: Transport = getattr(import_module(module), made)(door, allowed)
    return transport
