"""Letters out: one file per protocol, and here the table that opens the one a door names.

A transport hands over in two steps (see bot/ports.py) and asks the allow-list again on the final envelope. It knows no
case and no outbox, and never tries twice.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.ports import Transport
from bot.settings import Door
from bot.transport.gate import Allowed
from bot.transport.maildir import MaildirTransport
from bot.transport.smtp import SmtpTransport

KINDS: dict[str, Callable[[Door, Allowed], Transport]] = {"smtp": SmtpTransport, "maildir": MaildirTransport}


def open_transport(door: Door, allowed: Allowed) -> Transport:
    """The transport for a `send:` door; nothing is connected yet. Raises ConfigError for a door that cannot be used."""
    return KINDS[door.kind](door, allowed)
