"""A probe of one door, as the command makes it, and servers in front of it that treat mail badly."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.cli.probe.doors import verdict
from bot.cli.probe.letters import Finding
from bot.cli.probe.through import Wanted, Way, through
from bot.model.names import BOT as NAME
from bot.settings.settings import Door
from tests.integration.office import settings_in
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer
from tests.servers.smtp_session import Arrived
from tests.unit.case_samples import BOT

QUICK = Wanted(teams=False, outside=None, wait=4, settle=0.4)


@dataclass(frozen=True)
class Told:
    """What a probe found. `harms`: what would be done to mail, `text`: all of it."""

    findings: tuple[Finding, ...]

    @property
    def harms(self) -> set[str]:
        return {finding.harm for finding in self.findings} - {""}

    @property
    def text(self) -> str:
        return "\n".join(finding.text for finding in self.findings)

    @property
    def verdict(self) -> str:
        return verdict(self.findings)

    def of(self, what: str) -> str:
        return "\n".join(finding.text for finding in self.findings if finding.what == what)


def probed(folder: Path, receive: Door, send: Door, wanted: Wanted = QUICK, **more: Any) -> Told:
    """The bot's own mailbox gone through by these doors."""
    settings = settings_in(folder, {BOT: receive, "send": send}, **more)
    way = Way(NAME, BOT, settings.config.bot.receive)
    return Told(tuple(through(settings, way, "", wanted, datetime.now(UTC), lambda _: None)))


Treatment = Callable[[bytes], list[bytes]]


class Relay:
    """A submission server that delivers what it takes into a mailbox, in the way it was told to."""

    def __init__(self, server: SmtpServer, deliver: Callable[[bytes], None]) -> None:
        self.server = server
        self.treat: Treatment = lambda raw: [raw]
        self.sent: Callable[[bytes], None] = lambda _: None
        keep = server.keep

        def kept(mail: Arrived) -> None:
            keep(mail)
            for raw in self.treat(mail.raw):
                deliver(raw)
            self.sent(mail.raw)

        server.keep = kept  # type: ignore[method-assign]


def to_dovecot(server: SmtpServer, dovecot: Dovecot, user: str) -> Relay:
    return Relay(server, lambda raw: dovecot.deliver(user, raw))


def without(*names: str) -> Treatment:
    """Takes these headers out."""

    def treat(raw: bytes) -> list[bytes]:
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if line.partition(b":")[0].decode().lower() not in names]
        return [b"\r\n".join(lines) + b"\r\n\r\n" + body]

    return treat


def replaced(pattern: bytes, by: bytes) -> Treatment:
    return lambda raw: [re.sub(pattern, by, raw, count=1)]
