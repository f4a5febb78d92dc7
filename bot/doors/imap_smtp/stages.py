"""SMTP's stages MAIL and RCPT, and what a server's replies mean: about the letter, one address, or us.

Refusals come back as values; what is about us is raised as aiosmtplib raises it. It keeps no connection.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import aiosmtplib
from aiosmtplib import SMTPResponseException

from bot.doors.ports import Envelope, Refusal
from bot.model.errors import DoorClosed
from bot.model.failpoints import failpoint
from bot.settings.settings import Door

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


# An event loop in a thread of its own, for a library that speaks no other way; the rest of the house is synchronous.
# It starts when first needed and ends when closed. It knows no protocol and never retries.

T = TypeVar("T")

#: Seconds in which a connection that its server has just dropped is still noticed and closed.
DRAIN = 0.02


class LoopThread:
    """Runs coroutines for other threads, which wait for their results."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def cancel(self) -> None:
        """Ends whatever waits; returns when it has ended."""
        if self._loop is not None:
            self.run(_cancel_others())

    def close(self) -> None:
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(asyncio.sleep(DRAIN))  # lets closed and dropped connections be told so
        self._loop.close()
        self._loop = self._thread = None


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
