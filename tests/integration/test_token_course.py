"""A challenge's course with IMAP and SMTP by an app's tokens: the daemon's own process, Dovecot, in real time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.test_course import Town, daemon, filed, is_of_the_case
from tests.integration.test_graph_course import course
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer
from tests.servers.tokens import SECRET, TokenServer
from tests.unit.case_samples import BOT, CREWE

pytestmark = pytest.mark.dovecot

OAUTH = 'oauth: {{tenant: {tenant}, client_id: {client}, client_secret: "${{APP}}", authority: "{url}", ca_file: {ca}}}'


class TokenTown(Town):
    """The same servers; each watched mailbox is opened by the tokens of an app of its own, and by nothing else."""

    def __init__(self, root: Path, imap: Dovecot, smtp: SmtpServer, authority: TokenServer) -> None:
        super().__init__(root, imap, smtp)
        self.authority = authority
        self.secrets = {"APP": SECRET}
        for address in (BOT, CREWE):
            authority.service.others[address] = SECRET
            imap.believe(authority.service, self.user(address), address)

    def bot_yaml(self) -> str:
        text = super().bot_yaml()
        for login, address in (
            ('password: "${IMAP}"', BOT),
            ('password: "${SMTP}"', BOT),
            ('password: "${IMAP}"', CREWE),
        ):
            assert login in text
            oauth = OAUTH.format(
                tenant=self.authority.service.tenant,
                client=address,
                url=self.authority.authority,
                ca=self.authority.certificate.ca,
            )
            text = text.replace(login, oauth, 1)
        assert "password" not in text
        return text


@pytest.mark.timeout(240)
def test_whole_course_of_the_daemon(
    tmp_path: Path, dovecot: Dovecot, token_server: TokenServer, open_smtp: Callable[..., SmtpServer]
) -> None:
    """From the challenge over silence to the record, one token for each door, and none of them in the log."""
    town = TokenTown(tmp_path, dovecot, open_smtp(tls="starttls", authority=token_server.service), token_server)
    with daemon(town) as process:

        def alive() -> None:
            assert process.poll() is None, (town.root / "log").read_text("utf-8")[-3000:]
            town.carry()

        original, letters, record = course(town, alive)
        process.terminate()
        assert process.wait(10) == 0
    ref = str(letters[0]["Subject"]).rpartition("[")[2].rstrip("]")
    for message in letters:
        is_of_the_case(message, original, ref)
    filed(record, ref)
    assert token_server.service.asked == 3  # to read two mailboxes, and to send: none was lost or refused
    log = (town.root / "log").read_text("utf-8")
    assert not any(secret in log for secret in (SECRET, *token_server.service.grants))
