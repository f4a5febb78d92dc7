"""A challenge's course with everybody at Microsoft: the daemon's own process, by Graph in and out, in real time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from tests.integration.office import raw_mail
from tests.integration.test_course import ANSWER, SUBJECT, Town, daemon, filed, is_of_the_case
from tests.servers.graph import GraphServer
from tests.unit.case_samples import BOT, CREWE, DEV, FAY, HELEN, MO, RUTH, UNIT
from tests.until import until

CONFIG = """
database: sqlite:///{root}/var/bot.db
operator: bot-operator@council.example
senders: {{trust: {{profile: rfc8601, authserv_ids: [mx.council.example]}}}}
recipients: {{allowed_domains: [council.example, csc.example, health.example, school.example, cescp.example]}}
var: {root}/var
bot:
  name: Safeguarding Challenge Clock (automatic)
  address: {bot}
  receive: {door}
  send: {door}
mailboxes:
  - area: CE
    team: Crewe Assessment Team
    address: {crewe}
    policy: short
    receive: {door}
"""
DOOR = (
    '{{kind: graph, endpoint: "{endpoint}", ca_file: {ca}, oauth: {{tenant: {tenant}, client_id: {client}, '
    'client_secret: "${{APP}}", authority: "{authority}"}}}}'
)


class MicrosoftTown(Town):
    """Everybody's mailbox on one Graph server, which delivers by itself."""

    def __init__(self, root: Path, server: GraphServer) -> None:
        self.root, self.server = root, server
        self.secrets = {"APP": server.tokens.secret}
        self._number = 0
        server.add(CREWE, "Mail.Read")
        for address in (BOT, HELEN, FAY, DEV, MO, RUTH, UNIT):
            server.add(address)

    def bot_yaml(self) -> str:
        door = DOOR.format(
            endpoint=self.server.endpoint, ca=self.server.certificate.ca, tenant=self.server.tokens.tenant,
            client=self.server.tokens.client, authority=self.server.endpoint.removesuffix("/v1.0"),
        )  # fmt: skip
        return CONFIG.format(root=self.root, bot=BOT, crewe=CREWE, door=door)

    def write(self, sender: str, text: str, answered: EmailMessage | None, at: datetime, to: str = BOT) -> str:
        self._number += 1
        cited = str(answered["Message-ID"]).strip("<>") if answered else ""
        subject = f"RE: {str(answered['Subject']).removeprefix('RE: ')}" if answered else SUBJECT
        raw = raw_mail(sender, text, at=at, number=f"w{self._number}", subject=subject, to=to, cc="", answers=cited)
        with self.server.lock:
            for address in to.split(", "):
                self.server.mailboxes[address].add(raw, received=at)
        return f"w{self._number}@{sender.rpartition('@')[2]}"

    def inbox(self, address: str) -> list[EmailMessage]:
        with self.server.lock:
            raws = [item.raw for item in self.server.mailboxes[address].lying_in("inbox")]
        found = [message_from_bytes(raw, policy=default) for raw in raws]
        return [m for m in found if isinstance(m, EmailMessage) and BOT in str(m["From"])]


def course(town: Town, alive: Callable[[], None]) -> tuple[str, list[EmailMessage], EmailMessage]:
    """From the challenge to the record; its Message-ID, some letters on the way, the record."""

    def got(address: str, words: str) -> EmailMessage:
        def look() -> EmailMessage | None:
            alive()
            return town.letter(address, words)

        found = until(look, 60)
        assert found is not None
        return found

    written = datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=8)  # eight seconds of its hour are left
    original = town.write(HELEN, "The assessment was closed.\n", None, written, f"{FAY}, {CREWE}")
    receipt = got(HELEN, "1 hour")
    got(FAY, "Helen Visser")
    escalation = got(DEV, "No reply has been recorded")
    town.write(DEV, ANSWER, escalation, datetime.now(UTC), f"{HELEN}, {CREWE}")
    response = got(HELEN, "A reply from Dev Patel")
    town.write(HELEN, "RESOLVED\n", response, datetime.now(UTC))
    question = got(DEV, "OUTCOME:")
    town.write(DEV, "OUTCOME: joint visits\n", question, datetime.now(UTC))
    return original, [receipt, escalation, response, question], got(UNIT, "record")


@pytest.mark.timeout(240)
def test_whole_course_of_the_daemon(tmp_path: Path, graph_server: GraphServer) -> None:
    """Silence goes to the next stage, every mail is answered as it comes, up to the record; the team's inbox is only
    read, no draft stays behind, each letter left once, and SIGTERM ends it."""
    town = MicrosoftTown(tmp_path, graph_server)
    with daemon(town) as process:

        def alive() -> None:
            assert process.poll() is None, (town.root / "log").read_text("utf-8")[-3000:]

        original, letters, record = course(town, alive)
        process.terminate()
        assert process.wait(10) == 0
    ref = str(letters[0]["Subject"]).rpartition("[")[2].rstrip("]")
    for message in letters:
        is_of_the_case(message, original, ref)
    filed(record, ref)
    assert not any(item.is_read or item.generation for item in graph_server.mailboxes[CREWE].lying_in("inbox"))
    assert graph_server.mailboxes[BOT].lying_in("drafts") == []
    ids = [message_from_bytes(sent.raw)["Message-ID"] for sent in graph_server.sent]
    assert len(ids) == len(set(ids))
    log = (town.root / "log").read_text("utf-8")
    assert graph_server.tokens.secret not in log
    assert not any(token in log for token in graph_server.tokens.grants)
