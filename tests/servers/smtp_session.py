"""One connection of the test SMTP server: at every stage it first asks the server's rules, then does the ordinary.

It keeps what arrives in the server's list. It knows aiosmtpd; what the rules are for is smtp.py's.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

if TYPE_CHECKING:
    from tests.servers.smtp import SmtpServer

DROP, STALL = "drop", "stall"
#: After the final dot: dropped without the letter being kept; kept, and half a line of answer before the drop; kept,
#: and the answer that follows. At any stage: the ordinary, a little late.
LOSE, HALF, KEEP, SLOW = "lose", "half", "keep ", "slow"
SLOW_SECONDS = 0.3
SMTP_SCOPE = "https://outlook.office365.com/.default"


@dataclass(frozen=True)
class Arrived:
    """One letter as the server took it."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    options: tuple[str, ...]
    is_tls: bool
    user: str


@dataclass
class Rule:
    """What to do at a stage instead of the ordinary: a reply line, DROP or STALL; `left` times, None for ever."""

    stage: str
    deed: str
    who: str = ""
    left: int | None = None


class Session(SMTP):
    """One connection; every command asks the server's rules first."""

    def __init__(self, box: SmtpServer, context: ssl.SSLContext | None) -> None:
        self._box = box
        super().__init__(
            self,
            enable_SMTPUTF8=box.utf8,
            hostname="mx.test.example",
            tls_context=context if box.tls == "starttls" else None,
            require_starttls=box.tls == "starttls",
            auth_required=False,
            auth_require_tls=box.tls == "starttls",
            authenticator=self._know,
            auth_exclude_mechanism=[] if box.authority is None else ["LOGIN", "PLAIN"],
            loop=box.loop,
        )
        if box.authority is None:
            del self._auth_methods["XOAUTH2"]

    def _know(self, _server: SMTP, session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        if not isinstance(given, LoginPassword):
            return AuthResult(success=False)
        user = given.login.decode()
        if self._box.users.get(user) != given.password.decode():
            return AuthResult(success=False, handled=False)
        session.user = user
        return AuthResult(success=True)

    async def auth_XOAUTH2(self, _server: SMTP, args: list[str]) -> AuthResult:
        """`user=NAME^Aauth=Bearer TOKEN^A^A`; a refusal is a challenge first, as Exchange gives it."""
        user, token = _named(args[1] if len(args) == 2 else "")
        if self._box.authority is not None and self._box.authority.knows(token, SMTP_SCOPE):
            assert self.session is not None
            self.session.user = user
            return AuthResult(success=True)
        answer = await self.challenge_auth('{"status": "401", "schemes": "Bearer"}')
        assert answer == b"", "a client answers the error with an empty line"
        return AuthResult(success=False, handled=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._box.deed("CONNECT", "") == DROP:
            transport.close()
        self._box.opened(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._box.closed(self.transport)
        super().connection_lost(error)

    async def _told(self, stage: str, arg: str | None) -> bool:
        """Whether a rule took this stage over."""
        deed = self._box.deed(stage, arg or "")
        if deed is None:
            return False
        if deed == SLOW:
            await asyncio.sleep(SLOW_SECONDS)
            return False
        if deed == STALL:
            await self._box.going.wait()
            return False
        if deed == DROP:
            assert isinstance(self.transport, asyncio.WriteTransport)
            self.transport.close()
            raise asyncio.CancelledError
        await self.push(deed)
        if deed.startswith("421"):
            assert self.transport is not None
            self.transport.close()
        return True

    async def handle_DATA(self, _server: SMTP, session: Any, envelope: Any) -> str:
        raw, reply = envelope.original_content, "250 2.0.0 Ok: queued"
        if self._box.renames:
            new = f"<renamed-{len(self._box.mails)}@mx.test.example>"
            raw = re.sub(rb"(?im)^(message-id:)[^\r\n]*", rb"\1 " + new.encode(), raw, count=1)
            reply = f"250 2.0.0 OK {new} [Hostname=MX.TEST.EXAMPLE]"
        deed = self._box.deed("DOT", envelope.mail_from)
        if deed == SLOW:
            await asyncio.sleep(SLOW_SECONDS)
            deed = None
        if deed is None or deed in (DROP, STALL, HALF) or deed.startswith(KEEP):
            self._box.keep(
                Arrived(
                    sender=envelope.mail_from,
                    recipients=tuple(envelope.rcpt_tos),
                    raw=raw,
                    options=tuple(envelope.mail_options),
                    is_tls=session.ssl is not None or self._box.tls == "implicit",
                    user=getattr(session, "user", ""),
                )
            )
        if deed == HALF:
            assert isinstance(self.transport, asyncio.WriteTransport)
            self.transport.write(b"25")
        if deed in (DROP, STALL, HALF, LOSE):
            self._box.rules.insert(0, Rule("KEPT", STALL if deed == STALL else DROP, left=1))
            await self._told("KEPT", None)
        return deed.removeprefix(KEEP) if deed else reply

    async def smtp_DATA(self, arg: str) -> None:
        self._box.note("DATA")
        if await self._told("DATA", arg):
            return
        deed = self._box.deed("BODY", "")
        if deed is None:
            await super().smtp_DATA(arg)
            return
        await self.push("354 go on")
        await self._reader.readuntil(b"\r\n")
        self._box.rules.insert(0, Rule("CUT", deed, left=1))
        await self._told("CUT", None)


def _named(packed: str) -> tuple[str, str]:
    """User and token of an XOAUTH2 response."""
    said = dict(part.partition("=")[::2] for part in base64.b64decode(packed).decode().split("\x01"))
    return said.get("user", ""), said.get("auth", "").removeprefix("Bearer ")


def _scripted(stage: str) -> Callable[[Session, Any], Any]:
    ordinary = getattr(SMTP, f"smtp_{stage}")

    async def command(self: Session, arg: Any) -> None:
        self._box.note(stage)
        if not await self._told(stage, arg):
            await ordinary(self, arg)

    return command


for _stage in ("EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "RSET", "QUIT"):
    setattr(Session, f"smtp_{_stage}", _scripted(_stage))
