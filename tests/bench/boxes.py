"""What is measured against: a private Dovecot full of mail, both databases, and a mail server in its own process.

Also the bot's settings that lead to them: the shipped policies and directory, one watched team and the bot's own box.
The mail server is a process of its own (`python -m tests.bench.boxes`), so that it does not compete with the bot for
the interpreter. It measures nothing.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.settings.settings import Settings, from_texts
from tests.bench.corpus import TEAM, Piece
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp import SmtpServer
from tests.servers.smtp_session import Arrived

CONFIG = Path(__file__).parents[2] / "config"
TEAM_NAME = "CE Crewe Assessment Team"
YAML = """
database: ${{BENCH_DATABASE}}
var: {var}
operator: bot-operator@council.example
templates: {templates}
senders:
  trust: {{profile: rfc8601, authserv_ids: [mx.council.example]}}
recipients:
  allowed_domains: [council.example, csc.example, health.example, school.example, cescp.example]
bot:
  name: Safeguarding Challenge Clock (automatic)
  address: challenge-clock@council.example
  receive: {{{receive}, user: clock-{user}}}
  send: {{kind: smtp, host: 127.0.0.1, port: {smtp}, tls: none}}
mailboxes:
  - area: CE
    team: Crewe Assessment Team
    address: {team}
    policy: cheshire-east
    receive: {{{receive}, user: {user}}}
"""


def config_texts(var: Path, server: Dovecot, user: str, smtp: int) -> dict[str, str]:
    """The files of a configuration: the shipped ones of one area, and a bot.yaml that leads to these servers."""
    rows = (CONFIG / "directory.csv").read_text("utf-8").splitlines()
    receive = (
        f"kind: imap, host: 127.0.0.1, port: {server.tls_port}, tls: implicit, ca_file: {server.ca_file}, "
        'password: "${BENCH_PASSWORD}"'
    )
    yaml = YAML.format(
        var=var,
        templates=CONFIG.parent / "mail_templates",
        receive=receive,
        user=user,
        smtp=smtp or 1,
        team=TEAM,
    )
    policies = {f"policies/{p.name}": p.read_text("utf-8") for p in (CONFIG / "policies").glob("*.yaml")}
    here = [rows[0], *(row for row in rows[1:] if row.startswith("CE,"))]
    return {"bot.yaml": yaml, "directory.csv": "\n".join(here) + "\n", **policies}


def env(database: str) -> dict[str, str]:
    """What the configuration takes from its surroundings: what is secret."""
    return {"BENCH_PASSWORD": PASSWORD, "BENCH_DATABASE": database}


def settings(database: str, var: Path, server: Dovecot, user: str, smtp: int = 0) -> Settings:
    return from_texts(CONFIG, config_texts(var, server, user, smtp), env(database))


def fill(server: Dovecot, user: str, pieces: list[Piece]) -> None:
    """Delivers the mails and has the server number them, so that nobody's first listing pays for it."""
    for piece in pieces:
        server.deliver(user, piece.raw, received=piece.at)
    with server.human(user) as client:
        client.search()


# --- the mail server --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """A letter that was accepted: by the machine's steady clock, which all its processes share."""

    at: float
    recipients: tuple[str, ...]


@dataclass
class Sink:
    """The mail server's process as its parent sees it."""

    port: int
    process: subprocess.Popen[str]
    accepted: list[Accepted] = field(default_factory=list)
    _came: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            at, *recipients = line.split()
            with self._came:
                self.accepted.append(Accepted(float(at), tuple(recipients)))
                self._came.notify_all()

    def wait_for(self, recipient: str, since: float, seconds: float = 30) -> float:
        """When a letter to this recipient, and to nobody before them, was accepted. Raises TimeoutError."""

        def found() -> float | None:
            mine = (a.at for a in self.accepted if a.at >= since and a.recipients[0] == recipient)
            return next(mine, None)

        with self._came:
            at = self._came.wait_for(found, seconds)
        if at is None:
            raise TimeoutError(f"no letter within {seconds} s")
        return at


@contextlib.contextmanager
def sink() -> Iterator[Sink]:
    """A mail server that takes everything and tells when."""
    command = [sys.executable, "-m", "tests.bench.boxes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        made = Sink(int(process.stdout.readline()), process)
        threading.Thread(target=made.listen, daemon=True).start()
        try:
            yield made
        finally:
            process.terminate()


class _Telling(SmtpServer):
    """Prints what it accepted, and keeps nothing."""

    def keep(self, mail: Arrived) -> None:
        sys.stdout.write(f"{time.monotonic()} {' '.join(mail.recipients)}\n")
        sys.stdout.flush()

    def note(self, stage: str) -> None:
        """Commands are not remembered: there will be thousands."""


if __name__ == "__main__":
    server = _Telling().start()
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    sys.stdin.read()
