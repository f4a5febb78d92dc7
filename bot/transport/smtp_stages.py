"""SMTP's stages MAIL and RCPT, and what a server's replies mean: about the letter, one address, or us.

Refusals come back as values; what is about us is raised as aiosmtplib raises it. It keeps no connection.
"""

from __future__ import annotations

import aiosmtplib
from aiosmtplib import SMTPResponseException

from bot.errors import DoorClosed
from bot.failpoints import failpoint
from bot.ports import Envelope, Refusal
from bot.settings import Door

#: Replies that speak of us, not of the letter: the operator mends them, and the letter waits.
OUR_FAULT = frozenset({421, 530, 534, 535, 538})


def mail_options(client: aiosmtplib.SMTP, envelope: Envelope) -> list[str]:
    """ESMTP parameters of MAIL. Raises DoorClosed when the server cannot carry the letter as it is."""
    options = [f"SIZE={len(envelope.raw)}"] if client.supports_extension("size") else []
    if not envelope.raw.isascii():
        if not client.supports_extension("8bitmime"):
            raise DoorClosed("it takes no 8-bit letters")
        options.append("BODY=8BITMIME")
    if any(map(_needs_utf8, (envelope.sender, *envelope.recipients))) and client.supports_extension("smtputf8"):
        options.append("SMTPUTF8")
    return options


async def mail(
    client: aiosmtplib.SMTP, envelope: Envelope, recipients: tuple[str, ...], options: list[str]
) -> list[Refusal]:
    """MAIL FROM. A letter that is too big is refused for everybody; any other no is about us: DoorClosed."""
    try:
        await client.mail(envelope.sender, options=options, encoding="utf-8")
    except aiosmtplib.SMTPSenderRefused as error:
        if error.code != 552:
            raise
        return [refusal(address, error) for address in recipients]
    return []


async def rcpt(client: aiosmtplib.SMTP, address: str) -> Refusal | None:
    """RCPT TO. None: the server takes letters for this address."""
    if _needs_utf8(address) and not client.supports_extension("smtputf8"):
        return Refusal(address, "5.6.7", "the server takes no address outside ASCII", is_hard=True)
    try:
        failpoint("smtp.rcpt.before")
        await client.rcpt(address, encoding="utf-8")
    except aiosmtplib.SMTPRecipientRefused as error:
        if error.code in OUR_FAULT or not 400 <= error.code < 600:
            raise
        return refusal(address, error)
    return None


def refusal(address: str, error: SMTPResponseException) -> Refusal:
    """A server's no to one address, for good (5xx) or for now (4xx)."""
    return Refusal(address, _status(error), words(error), is_hard=error.code >= 500)


def _status(error: SMTPResponseException) -> str:
    """The enhanced status the reply begins with (RFC 3463), else one that says no more than its first digit."""
    status = error.message.partition(" ")[0]
    digits = status.split(".")
    is_given = len(digits) == 3 and all(d.isascii() and d.isdigit() for d in digits)
    return status if is_given else f"{error.code // 100}.0.0"


def id_told(reply: str) -> str:
    """The Message-ID in a reply such as `2.0.0 OK <new@id> [Hostname=...]`: some servers replace ours and say so."""
    inside = reply.partition("<")[2].partition(">")[0]
    return inside if "@" in inside and not any(c.isspace() for c in inside) else ""


def login_advice(door: Door) -> str:
    if door.oauth is None:
        return "check user and password, and whether the server allows this login at all"
    return "check that the app may send (SMTP.SendAsApp), and as this mailbox, and that SMTP AUTH is on for it"


def words(error: BaseException) -> str:
    """What went wrong, the server's own words first."""
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__


def _needs_utf8(address: str) -> bool:
    return not address.isascii()
