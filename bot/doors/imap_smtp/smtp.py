"""Letters out by SMTP, driven stage by stage, so that what cannot be taken back is known before it happens.

One connection in an event loop thread of its own is kept and reused. TLS is required and verified, never fallen back
from; `tls: none` is for loopback alone. It knows no outbox and never tries a letter twice: up to DATA a lost connection
is DoorClosed (surely not sent), from DATA on it is Unsure.
"""

import asyncio
import contextlib
import socket
import ssl

import aiosmtplib
from aiosmtplib import SMTPException

from bot.doors.gate import Allowed, check_lines, sift
from bot.doors.imap_smtp.stages import (
    OUR_FAULT,
    LoopThread,
    id_told,
    login_advice,
    mail,
    mail_options,
    rcpt,
    refusal,
    words,
)
from bot.doors.ports import CarriedOffer, Envelope, Outcome, Refusal
from bot.doors.tokens import tokens_of
from bot.model.errors import ConfigError, DoorClosed, LoginRefused, Problem, Unsure
from bot.model.failpoints import failpoint
from bot.settings.settings import Door

STALE = 30.0  # seconds a connection may have been idle: past that a dead one costs more than a new one
ANSWER = 600.0  # seconds to wait for the answer to the final dot (RFC 5321 section 4.5.3.2.6)


class SmtpTransport:
    """A Transport to one submission server. `answer`: seconds to wait for the answer to the final dot."""

    def __init__(self, door: Door, allowed: Allowed, *, answer: float = ANSWER) -> None:
        self._door = door
        self._allowed = allowed
        self._answer = answer
        self._tls = _tls(door)
        self._tokens = tokens_of(door) if door.oauth else None
        self._token = ""
        self._line = LoopThread()
        self._client: aiosmtplib.SMTP | None = None
        self._used = 0.0
        self._current: CarriedOffer | None = None

    def offer(self, envelope: Envelope) -> CarriedOffer:
        """MAIL and RCPT. Raises DoorClosed when the server cannot be used now."""
        check_lines(envelope.raw)
        accepted, barred = sift(envelope, self._allowed)
        offer = self._offered(envelope, accepted, barred) if accepted else CarriedOffer(self, envelope, (), barred)
        self._current = offer
        return offer

    def _offered(self, envelope: Envelope, recipients: tuple[str, ...], barred: tuple[Refusal, ...]) -> CarriedOffer:
        """With a token of this moment where tokens are used; a refused one is given up and one other is tried."""
        if self._tokens is None:
            return self._line.run(self._offer(envelope, recipients, barred))
        self._token = self._tokens.get()
        try:
            return self._line.run(self._offer(envelope, recipients, barred))
        except LoginRefused:
            self._tokens.refuse()
            self._token = self._tokens.get()
            return self._line.run(self._offer(envelope, recipients, barred))

    def deliver(self, offer: CarriedOffer) -> Outcome:
        """DATA, for the offer made last. Called by the offer."""
        if offer is not self._current or not offer.accepted:
            raise DoorClosed("this offer is over: the letter must be offered again")
        self._current = None
        return self._line.run(self._data(offer))

    def abandon(self, offer: CarriedOffer) -> None:
        if offer is self._current:
            self._current = None
            if offer.accepted:
                self._line.run(self._reset())

    def find(self, offer_id: str) -> bool:  # noqa: ARG002 - it means nothing here
        """See ports.Transport. SMTP knows no offers."""
        return False

    def close(self) -> None:
        """QUIT, if anybody still listens; a server that hangs up instead is no error.

        May be called from another thread: an offer that is waiting for the server ends as DoorClosed, a delivery as
        Unsure.
        """
        self._line.cancel()
        if self._client is not None:
            self._line.run(self._quit())
        self._line.close()

    # --- inside the event loop ---------------------------------------------------------------------------------------

    async def _offer(
        self, envelope: Envelope, recipients: tuple[str, ...], barred: tuple[Refusal, ...]
    ) -> CarriedOffer:
        try:
            client = await self._ready()
            options = mail_options(client, envelope)
            failpoint("smtp.mail.before")
            refused = await mail(client, envelope, recipients, options)
            failpoint("smtp.mail.after")
            if not refused:
                refused = [r for r in [await rcpt(client, address) for address in recipients] if r]
            failpoint("smtp.rcpt.after")
        except (SMTPException, OSError, DoorClosed, asyncio.CancelledError) as error:
            self._drop()
            said = words(error).replace(self._token or "\0", "...")
            if isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code >= 500:
                text = f"{self._where} {LoginRefused.MARK} ({said}): {login_advice(self._door)}"
                raise LoginRefused(text) from error
            raise DoorClosed(f"{self._where}: {said}") from error
        named = {r.recipient for r in refused}
        return CarriedOffer(self, envelope, tuple(a for a in recipients if a not in named), (*barred, *refused))

    async def _data(self, offer: CarriedOffer) -> Outcome:
        client = self._client
        if client is None or not client.is_connected:
            raise DoorClosed(f"{self._where}: the connection was lost before the letter was handed over")
        try:
            failpoint("smtp.data.before")
            reply = await client.data(offer.envelope.raw, timeout=self._answer)
            failpoint("smtp.data.after")
        except aiosmtplib.SMTPDataError as error:
            return self._refused(offer, error)
        except (SMTPException, OSError, asyncio.CancelledError) as error:
            self._drop()
            raise Unsure(f"{self._where}: {words(error)} while the letter was handed over") from error
        self._used = asyncio.get_running_loop().time()
        told = id_told(reply.message)
        return Outcome(
            accepted=offer.accepted,
            refused=offer.refused,
            assigned_id="" if told == offer.envelope.message_id else told,
            reply=f"{reply.code} {reply.message}",
        )

    def _refused(self, offer: CarriedOffer, error: aiosmtplib.SMTPDataError) -> Outcome:
        """The server answered DATA, or the final dot, with no: that is certain, and holds for every recipient."""
        if not 400 <= error.code < 600:
            self._drop()
            raise Unsure(f"{self._where}: {words(error)} is no answer to a letter") from error
        if error.code in OUR_FAULT:
            self._drop()
            raise DoorClosed(f"{self._where}: {words(error)}") from error
        refusals = tuple(refusal(address, error) for address in offer.accepted)
        return Outcome((), (*offer.refused, *refusals), reply=words(error))

    async def _ready(self) -> aiosmtplib.SMTP:
        """The kept connection if it still answers, else a new one. RSET both asks and forgets what was begun."""
        now = asyncio.get_running_loop().time()
        if self._client is not None and self._client.is_connected and now - self._used < STALE:
            with contextlib.suppress(SMTPException, OSError):  # it went stale: what follows connects anew
                failpoint("smtp.reset.before")
                await self._client.rset()
                failpoint("smtp.reset.after")
                self._used = now
                return self._client
        self._drop()
        self._client = await self._connect()
        self._used = now
        return self._client

    async def _connect(self) -> aiosmtplib.SMTP:
        door = self._door
        client = aiosmtplib.SMTP(
            hostname=door.host,
            port=door.port or None,
            timeout=door.timeout,
            use_tls=door.tls == "implicit",
            start_tls=False,  # done below, as a stage of its own
            tls_context=self._tls,
            local_hostname=_own_name(),
        )
        try:
            failpoint("smtp.connect.before")
            await client.connect()
            await client.ehlo()
            failpoint("smtp.connect.after")
            if door.tls == "starttls":
                await client.starttls()
                await client.ehlo()
            await self._log_in(client)
        except BaseException:
            _hang_up(client)
            raise
        return client

    async def _log_in(self, client: aiosmtplib.SMTP) -> None:
        door = self._door
        if not door.user:
            return
        failpoint("smtp.login.before")
        if self._tokens is not None:
            await client.auth_xoauth2(door.user, self._token)
        else:
            await client.login(door.user, door.password.get_secret_value())
        failpoint("smtp.login.after")

    async def _reset(self) -> None:
        try:
            if self._client is not None and self._client.is_connected:
                await self._client.rset()
        except (SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            _hang_up(client)

    async def _quit(self) -> None:
        client, self._client = self._client, None
        if client is None or client.transport is None:
            return
        wire = client.transport  # which the library forgets when the server hangs up first
        with contextlib.suppress(SMTPException, OSError):
            failpoint("smtp.quit.before")
            await client.quit(timeout=2)
        _hang_up(client, wire)

    @property
    def _where(self) -> str:
        return f"SMTP server {self._door.host}:{self._door.port or 'default port'}"


def _hang_up(client: aiosmtplib.SMTP, wire: asyncio.BaseTransport | None = None) -> None:
    """At once: an encrypted line would wait half a minute for the other side's goodbye, past the end of our loop."""
    wire = wire or client.transport
    client.close()
    if isinstance(wire, asyncio.WriteTransport):
        wire.abort()


def _tls(door: Door) -> ssl.SSLContext | None:
    if door.tls == "none":  # which a Door allows on loopback alone
        return None
    try:
        context = ssl.create_default_context(cafile=door.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError([Problem(door.ca_file, 0, f"cannot be read as certificates: {error}")]) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _own_name() -> str:
    # Not getfqdn: it asks DNS, which may hang, and submission servers do not look at this name.
    name = socket.gethostname()
    return name if name.isascii() and name.replace("-", "").replace(".", "").isalnum() else "localhost"
