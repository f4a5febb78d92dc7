"""Letters out: one file per protocol, and here the table that opens the one a door names.

A transport hands over in two steps (see bot/ports.py) and asks the allow-list again on the final envelope. It knows no
case and no outbox, and never tries twice.
"""

from __future__ import annotations

from importlib import import_module

from bot.ports import Transport
from bot.settings import Door
from bot.transport.gate import Allowed

KINDS = {
    "ews": ("bot.transport.ews", "EwsTransport"),
    "graph": ("bot.transport.graph", "GraphTransport"),
    "maildir": ("bot.transport.maildir", "MaildirTransport"),
    "smtp": ("bot.transport.smtp", "SmtpTransport"),
}


def open_transport(door: Door, allowed: Allowed) -> Transport:
    """The transport for a `send:` door; nothing is connected yet, and no other kind's library is loaded.

    Raises ConfigError for a door that cannot be used.
    """
    module, made = KINDS[door.kind]
    transport: Transport = getattr(import_module(module), made)(door, allowed)
    return transport
