"""A real SMTP server for tests (aiosmtpd), in a thread of its own, on a loopback port it chooses.

It records what arrives and can be told to misbehave: `answer("RCPT", "550 5.1.1 nobody", who="x@y.example")`,
`drop("DOT")`, `stall("DATA")`. Stages: CONNECT EHLO STARTTLS AUTH MAIL RCPT DATA BODY (within the letter, before the
final dot) DOT (after the final dot, the letter kept) RSET QUIT. It delivers nothing to anybody.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from pydantic import SecretStr

from bot.settings import Door
from tests.servers.certificates import Certificate, make_certificate

Tls = Literal["none", "starttls", "implicit"]

DROP, STALL = "drop", "stall"


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


@dataclass
class SmtpServer:
    """Start it, point a transport at `door()`, look into `mails`."""

    tls: Tls = "none"
    users: dict[str, str] = field(default_factory=dict)
    certificate: Certificate | None = None
    renames: bool = False  # replaces the Message-ID and tells the new one in its answer, as Exchange Online does
    utf8: bool = True
    port: int = 0
    mails: list[Arrived] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._rules: list[Rule] = []
        self._open: set[asyncio.BaseTransport] = set()
        self._came = threading.Condition()

    # --- being told --------------------------------------------------------------------------------------------------

    def answer(self, stage: str, line: str, *, who: str = "", times: int | None = None) -> None:
        self._rules.append(Rule(stage, line, who, times))

    def drop(self, stage: str, *, who: str = "", times: int | None = 1) -> None:
        self.answer(stage, DROP, who=who, times=times)

    def stall(self, stage: str, *, who: str = "", times: int | None = 1) -> None:
        self.answer(stage, STALL, who=who, times=times)

    def behave(self) -> None:
        """Forgets every rule."""
        self._rules.clear()

    def hang_up(self) -> None:
        """Closes every open connection, as a server does that is restarted."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(self._close_all)
        self._loop.call_soon_threadsafe(done.set)
        done.wait(5)

    def door(self, **changes: Any) -> Door:
        """A `send:` door that leads here."""
        known: dict[str, Any] = {"kind": "smtp", "host": "127.0.0.1", "port": self.port, "tls": self.tls, "timeout": 5}
        if self.certificate is not None:
            known["ca_file"] = str(self.certificate.ca)
        for user, password in self.users.items():
            known |= {"user": user, "password": SecretStr(password)}
        return Door(**(known | changes))

    def wait_for(self, count: int, seconds: float = 10) -> list[Arrived]:
        """Blocks until that many letters have come. Fails the test otherwise."""
        with self._came:
            if not self._came.wait_for(lambda: len(self.mails) >= count, seconds):
                pytest.fail(f"{len(self.mails)} letters came within {seconds} s, not {count}")
        return self.mails

    def wait_until(self, stage: str, seconds: float = 10) -> None:
        """Blocks until that command has come. Fails the test otherwise."""
        with self._came:
            if not self._came.wait_for(lambda: stage in self.commands, seconds):
                pytest.fail(f"no {stage} came within {seconds} s")

    # --- life --------------------------------------------------------------------------------------------------------

    def start(self) -> SmtpServer:
        """Listens; after a `stop` on the same port again."""
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        if not ready.wait(5):
            pytest.fail("the SMTP server did not start")
        return self

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _run(self, ready: threading.Event) -> None:
        context = self.certificate.server_context() if self.certificate else None
        listening = self._loop.run_until_complete(
            self._loop.create_server(
                lambda: _Session(self, context),
                "127.0.0.1",
                self.port,
                ssl=context if self.tls == "implicit" else None,
            )
        )
        self.port = listening.sockets[0].getsockname()[1]
        self._loop.call_soon(ready.set)
        self._loop.run_forever()
        listening.close()
        self._close_all()
        self._loop.run_until_complete(self._settle())
        self._loop.close()

    async def _settle(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)

    def _close_all(self) -> None:
        for wire in list(self._open):
            if isinstance(wire, asyncio.WriteTransport):
                wire.abort()
        self._open.clear()

    # --- used by sessions --------------------------------------------------------------------------------------------

    def deed(self, stage: str, arg: str) -> str | None:
        for rule in self._rules:
            if rule.stage == stage and rule.who.lower() in arg.lower() and rule.left != 0:
                if rule.left is not None:
                    rule.left -= 1
                return rule.deed
        return None

    def note(self, stage: str) -> None:
        with self._came:
            self.commands.append(stage)
            self._came.notify_all()

    def keep(self, mail: Arrived) -> None:
        with self._came:
            self.mails.append(mail)
            self._came.notify_all()

    def opened(self, wire: asyncio.BaseTransport) -> None:
        self.connections += 1
        self._open.add(wire)

    def closed(self, wire: asyncio.BaseTransport | None) -> None:
        if wire is not None:
            self._open.discard(wire)


class _Session(SMTP):
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
            loop=box._loop,
        )

    def _know(self, _server: SMTP, session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        if not isinstance(given, LoginPassword):
            return AuthResult(success=False)
        user = given.login.decode()
        if self._box.users.get(user) != given.password.decode():
            return AuthResult(success=False, handled=False)
        session.user = user
        return AuthResult(success=True)

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
        if deed == STALL:
            await asyncio.Event().wait()
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
        if deed is None or deed in (DROP, STALL):
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
        if deed in (DROP, STALL):
            self._box._rules.insert(0, Rule("KEPT", str(deed), left=1))
            await self._told("KEPT", None)
        return deed or reply

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
        self._box._rules.insert(0, Rule("CUT", deed, left=1))
        await self._told("CUT", None)


def _scripted(stage: str) -> Callable[[_Session, Any], Any]:
    ordinary = getattr(SMTP, f"smtp_{stage}")

    async def command(self: _Session, arg: Any) -> None:
        self._box.note(stage)
        if not await self._told(stage, arg):
            await ordinary(self, arg)

    return command


for _stage in ("EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "RSET", "QUIT"):
    setattr(_Session, f"smtp_{_stage}", _scripted(_stage))


@pytest.fixture
def open_smtp(tmp_path: Path) -> Iterator[Callable[..., SmtpServer]]:
    """Starts servers: `open_smtp(tls="starttls", users={...}, renames=True)`; makes a certificate where one is due."""
    started: list[SmtpServer] = []

    def start(**how: Any) -> SmtpServer:
        if how.get("tls", "none") != "none":
            how.setdefault("certificate", make_certificate(tmp_path / f"certificate-{len(started)}"))
        started.append(SmtpServer(**how).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def smtp_server(open_smtp: Callable[..., SmtpServer]) -> SmtpServer:
    """A plain server, as `tls: none` on loopback has it."""
    return open_smtp()
