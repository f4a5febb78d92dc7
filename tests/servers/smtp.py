"""A real SMTP server for tests (aiosmtpd), in a thread of its own, on a loopback port it chooses.

It records what arrives and can be told to misbehave: `answer("RCPT", "550 5.1.1 nobody", who="x@y.example")`,
`drop("DOT")`, `stall("DATA")`. Stages: CONNECT EHLO STARTTLS AUTH MAIL RCPT DATA BODY (within the letter, before the
final dot) DOT (after the final dot, the letter kept) RSET QUIT. It delivers nothing to anybody.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import SecretStr

from bot.settings.settings import Door
from tests.servers.certificates import Certificate, make_certificate
from tests.servers.smtp_session import DROP, STALL, Arrived, Rule, Session
from tests.servers.tokens import TokenService

Tls = Literal["none", "starttls", "implicit"]


@dataclass
class SmtpServer:
    """Start it, point a transport at `door()`, look into `mails`."""

    tls: Tls = "none"
    users: dict[str, str] = field(default_factory=dict)
    certificate: Certificate | None = None
    renames: bool = False  # replaces the Message-ID and tells the new one in its answer, as Exchange Online does
    utf8: bool = True
    authority: TokenService | None = None  # whose tokens log in by XOAUTH2
    port: int = 0
    mails: list[Arrived] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self.rules: list[Rule] = []
        self._open: set[asyncio.BaseTransport] = set()
        self._came = threading.Condition()

    # --- being told --------------------------------------------------------------------------------------------------

    def answer(self, stage: str, line: str, *, who: str = "", times: int | None = None) -> None:
        self.rules.append(Rule(stage, line, who, times))

    def drop(self, stage: str, *, who: str = "", times: int | None = 1) -> None:
        self.answer(stage, DROP, who=who, times=times)

    def stall(self, stage: str, *, who: str = "", times: int | None = 1) -> None:
        self.answer(stage, STALL, who=who, times=times)

    def go_on(self) -> None:
        """Whoever is stalled at a command is served after all, and nobody is stalled any more."""
        self.loop.call_soon_threadsafe(self.going.set)

    def behave(self) -> None:
        """Forgets every rule."""
        self.rules.clear()

    def hang_up(self) -> None:
        """Closes every open connection, as a server does that is restarted."""
        done = threading.Event()
        self.loop.call_soon_threadsafe(self._close_all)
        self.loop.call_soon_threadsafe(done.set)
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
        self.loop = asyncio.new_event_loop()
        self.going = asyncio.Event()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        if not ready.wait(5):
            pytest.fail("the SMTP server did not start")
        return self

    def stop(self) -> None:
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()

    def _run(self, ready: threading.Event) -> None:
        context = self.certificate.server_context() if self.certificate else None
        listening = self.loop.run_until_complete(
            self.loop.create_server(
                lambda: Session(self, context),
                "127.0.0.1",
                self.port,
                ssl=context if self.tls == "implicit" else None,
            )
        )
        self.port = listening.sockets[0].getsockname()[1]
        self.loop.call_soon(ready.set)
        self.loop.run_forever()
        listening.close()
        self._close_all()
        self.loop.run_until_complete(self._settle())
        self.loop.close()

    async def _settle(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)

    def _close_all(self) -> None:
        for wire in list(self._open):
            if isinstance(wire, asyncio.WriteTransport) and not wire.is_closing():
                wire.abort()
        self._open.clear()

    # --- used by sessions --------------------------------------------------------------------------------------------

    def deed(self, stage: str, arg: str) -> str | None:
        for rule in self.rules:
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
        self.most_at_once = max(self.most_at_once, len(self._open))

    def closed(self, wire: asyncio.BaseTransport | None) -> None:
        if wire is not None:
            self._open.discard(wire)


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
