"""The daemon's own process on Exchange, in and out, through a challenge's whole course; and on four doors at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integration.office import raw_mail
from tests.integration.test_course import SECRETS, Town, daemon, whole_course
from tests.servers.dovecot import Dovecot
from tests.servers.ews import EwsServer
from tests.servers.graph import GraphServer
from tests.servers.smtp import SmtpServer
from tests.unit.case_samples import BOT, CREWE, DEV, FAY, HELEN, MO, RUTH, UNIT
from tests.until import until

HEAD = """
database: sqlite:///{root}/var/bot.db
operator: bot-operator@council.example
senders: {{trust: {{profile: rfc8601, authserv_ids: [mx.council.example]}}}}
recipients: {{allowed_domains: [council.example, csc.example, health.example, school.example, cescp.example]}}
var: {root}/var
"""
EXCHANGE = """
bot:
  name: Safeguarding Challenge Clock (automatic)
  address: {bot}
  receive: &door
    kind: ews
    endpoint: {endpoint}
    user: '{user}'
    password: "${{EWS}}"
    access: impersonation
    ca_file: {ca}
  send: *door
mailboxes:
  - {{area: CE, team: Crewe Assessment Team, address: {crewe}, policy: short, receive: *door}}
"""
FOUR = """
bot:
  name: Safeguarding Challenge Clock (automatic)
  address: {bot}
  receive: {{kind: maildir, path: {root}/bot}}
  send: {{kind: smtp, host: 127.0.0.1, port: {smtp}, tls: none}}
mailboxes:
  - {{area: CE, address: {boxes[0]}, policy: short, receive: {{kind: maildir, path: {root}/team}}}}
  - area: CE
    address: {boxes[1]}
    policy: short
    receive: {{kind: imap, host: {host}, port: {port}, user: {imap_user}, password: "${{IMAP}}", ca_file: {imap_ca}}}
  - area: CE
    address: {boxes[2]}
    policy: short
    receive: {{kind: ews, endpoint: {ews}, user: {boxes[2]}, password: "${{EWS}}", ca_file: {ews_ca}}}
  - area: CE
    address: {boxes[3]}
    policy: short
    receive:
      kind: graph
      endpoint: {graph}
      ca_file: {graph_ca}
      oauth: {{tenant: {tenant}, client_id: {client}, client_secret: "${{GRAPH}}", authority: {authority}}}
"""
SERVICE = "COUNCIL\\svc-clock"
PEOPLE = (BOT, CREWE, HELEN, FAY, DEV, MO, RUTH, UNIT)


class ExchangeTown(Town):
    """Everybody has a mailbox on one Exchange server; a service account acts as the bot and reads the team's."""

    secrets = SECRETS | {"EWS": "let me in"}

    def __init__(self, root: Path, server: EwsServer) -> None:
        self.root, self.server = root, server
        self._number = 0
        for address in PEOPLE:
            server.add(address)
        server.add("svc-clock@csc.example", user=SERVICE).impersonates |= {BOT, CREWE}

    def bot_yaml(self) -> str:
        text = HEAD + EXCHANGE
        ca, endpoint = self.server.certificate.ca, self.server.endpoint
        return text.format(root=self.root, bot=BOT, crewe=CREWE, endpoint=endpoint, user=SERVICE, ca=ca)

    def carry(self, at: datetime | None = None) -> int:
        """The server hands its letters round by itself."""
        return len(self.server.letters)

    def put(self, address: str, raw: bytes, at: datetime) -> None:
        self.server.store.put(self.server.store.at(address, "INBOX"), raw, at)

    def held(self, address: str) -> list[bytes]:
        return [item.raw for item in list(self.server.store.at(address, "INBOX").items.values())]


def test_whole_course_on_exchange(tmp_path: Path, ews: EwsServer) -> None:
    """From the challenge to the record, in real time; then the team's mails lie as they lay, and no draft is left."""
    town = ExchangeTown(tmp_path, ews)
    whole_course(town)
    inbox = ews.store.at(CREWE, "INBOX")
    assert not any(item.is_read for item in inbox.items.values())
    assert {kind for kind, _ in inbox.log} == {"create"}
    assert len(ews.store.at(BOT, "Drafts").items) == 0
    assert len(ews.store.at(BOT, "Sent Items").items) == len([one for one in ews.letters if one.sender == BOT])
    assert set(ews.asked) & {"MoveItem", "CopyItem", "CreateFolder"} == set()


class FourDoors(Town):
    """Four team inboxes behind four protocols; letters by SMTP."""

    boxes = (CREWE, "second@csc.example", "third@csc.example", "fourth@csc.example")

    def __init__(self, root: Path, imap: Dovecot, smtp: SmtpServer, ews: EwsServer, graph: GraphServer) -> None:
        super().__init__(root, imap, smtp)
        self.ews, self.graph = ews, graph
        self.secrets = SECRETS | {"EWS": "let me in", "GRAPH": graph.tokens.secret}
        ews.add(self.boxes[2])
        graph.add(self.boxes[3])
        for name in ("bot", "team"):
            for part in ("new", "cur", "tmp"):
                (root / name / part).mkdir(parents=True)

    def bot_yaml(self) -> str:
        graph, ews = self.graph, self.ews
        return (HEAD + FOUR).format(
            root=self.root, bot=BOT, boxes=self.boxes, smtp=self.smtp.port, host=self.imap.host,
            port=self.imap.tls_port, imap_user=self.user(self.boxes[1]), imap_ca=self.imap.ca_file,
            ews=ews.endpoint, ews_ca=ews.certificate.ca, graph=graph.endpoint, graph_ca=graph.certificate.ca,
            tenant=graph.tokens.tenant, client=graph.tokens.client, authority=f"https://127.0.0.1:{graph.port}",
        )  # fmt: skip

    def arrive(self, n: int, raw: bytes) -> None:
        """A mail in the n-th of the four."""
        now = datetime.now(UTC)
        if n == 0:
            (self.root / f"team/new/{now.timestamp():.0f}.m{n}").write_bytes(raw)
        elif n == 1:
            self.imap.deliver(self.user(self.boxes[1]), raw)
        elif n == 2:
            self.ews.store.put(self.ews.store.at(self.boxes[2], "INBOX"), raw)
        else:
            self.graph.mailboxes[self.boxes[3]].add(raw, received=now)


@pytest.fixture
def four(
    tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, ews: EwsServer, graph_server: GraphServer
) -> Iterator[FourDoors]:
    yield FourDoors(tmp_path, dovecot, smtp_server, ews, graph_server)


@pytest.mark.dovecot
def test_one_daemon_on_four_doors(four: FourDoors) -> None:
    """A challenge that comes by each is acknowledged while the process runs, and one SIGTERM ends it with all four."""

    def receipts() -> int:
        assert process.poll() is None, (four.root / "log").read_text("utf-8")[-3000:]
        return sum(HELEN in mail.recipients for mail in four.smtp.mails)

    with daemon(four) as process:
        for n, box in enumerate(four.boxes):
            now = datetime.now(UTC)
            text = f"We disagree with the decision about child {n} of four. " * 3
            four.arrive(n, raw_mail(number=f"m{n}", at=now, to=FAY, cc=box, text=text))
            until(lambda n=n: receipts() > n, 30)
        process.terminate()
        assert process.wait(8) == 0
