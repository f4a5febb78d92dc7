"""A challenge's whole course on real servers: people's mail in Dovecot, letters by SMTP, read back from their inboxes.

Once in this process with a clock that the test holds, through reminder and silence; once as the daemon's own process
in real time. The policy is one of its own, with windows of an hour.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from pypdf import PdfReader

from bot.cli.rehearsal.rehearse import StillNow
from bot.daemon.app import App, build
from bot.model import ClosedAs
from bot.settings import settings
from bot.store import cases
from tests.integration.office import raw_mail
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp import SmtpServer
from tests.unit.case_samples import BOT, CREWE, DEV, FAY, HELEN, MO, RUTH, START, UNIT
from tests.until import until

pytestmark = pytest.mark.dovecot

HOUSE = Path(__file__).parents[2]
SUBJECT = "Professional Safeguarding Challenge – 1 hour"
ANSWER = "The visit was made today and the child was seen.\n"
CONFIG = """
database: sqlite:///{root}/var/bot.db
operator: bot-operator@council.example
senders: {{trust: {{profile: rfc8601, authserv_ids: [mx.council.example]}}}}
recipients: {{allowed_domains: [council.example, csc.example, health.example, school.example, cescp.example]}}
var: {root}/var
bot:
  name: Safeguarding Challenge Clock (automatic)
  address: {bot}
  receive: {{kind: imap, host: {host}, port: {port}, user: {bot_user}, password: "${{IMAP}}", ca_file: {imap_ca}}}
  send:
    {{kind: smtp, host: 127.0.0.1, port: {smtp}, tls: starttls, user: clock, password: "${{SMTP}}", ca_file: {smtp_ca}}}
mailboxes:
  - area: CE
    team: Crewe Assessment Team
    address: {crewe}
    policy: short
    receive: {{kind: imap, host: {host}, port: {port}, user: {crewe_user}, password: "${{IMAP}}", ca_file: {imap_ca}}}
"""
SECRETS = {"IMAP": PASSWORD, "SMTP": "let me send"}


class Town:
    """Everybody's inboxes on one IMAP server, the way out, and who has got what."""

    secrets = SECRETS

    def __init__(self, root: Path, imap: Dovecot, smtp: SmtpServer) -> None:
        self.root, self.imap, self.smtp = root, imap, smtp
        self.users: dict[str, str] = {}
        self._carried = 0
        self._number = 0

    def user(self, address: str) -> str:
        if address not in self.users:
            self.users[address] = self.imap.new_user()
        return self.users[address]

    def configure(self) -> Path:
        """A configuration folder: the shipped directory and templates, this town's doors, a policy of hours."""
        folder = self.root / "config"
        (folder / "policies").mkdir(parents=True)
        rows = (HOUSE / "config/directory.csv").read_text("utf-8").splitlines()
        area = [row for row in rows if row.startswith(("area,", "CE,"))]
        (folder / "directory.csv").write_text("\n".join(area), "utf-8")
        shutil.copytree(HOUSE / "mail_templates", self.root / "mail_templates")
        shutil.copytree(HOUSE / "config/forms", folder / "forms")
        policy = (HOUSE / "config/policies/cheshire-east.yaml").read_text("utf-8")
        for shipped, ours in (
            ("id: cheshire-east", "id: short"),
            ("window: 24 hours", "window: 1 hour"),
            ("window: 10 working days", "window: 2 hours"),
            ("tier_when_missing: 24 hours", "tier_when_missing: 1 hour"),
        ):
            assert shipped in policy
            policy = policy.replace(shipped, ours)
        kept = [line for line in policy.splitlines() if not line.startswith(("parent_note", "conflict"))]
        (folder / "policies/short.yaml").write_text("\n".join(kept), "utf-8")
        parent = (HOUSE / "config/policies/pan-cheshire.yaml").read_text("utf-8")
        days = "respond_within: 6 working days"
        assert days in parent
        (folder / "policies/pan-cheshire.yaml").write_text(parent.replace(days, "respond_within: 3 hours"), "utf-8")
        (folder / "bot.yaml").write_text(self.bot_yaml(), "utf-8")
        return folder

    def bot_yaml(self) -> str:
        """Where mail comes from and letters go."""
        assert self.smtp.certificate is not None
        return CONFIG.format(
            root=self.root, bot=BOT, crewe=CREWE, host=self.imap.host, port=self.imap.tls_port,
            bot_user=self.user(BOT), crewe_user=self.user(CREWE), imap_ca=self.imap.ca_file, smtp=self.smtp.port,
            smtp_ca=self.smtp.certificate.ca,
        )  # fmt: skip

    def carry(self, at: datetime | None = None) -> int:
        """Puts what the SMTP server took into its recipients' inboxes; how many letters it has taken by now."""
        while self._carried < len(self.smtp.mails):
            mail = self.smtp.mails[self._carried]
            self._carried += 1
            for address in mail.recipients:
                self.imap.deliver(self.user(address), mail.raw, received=at)
        return self._carried

    def write(self, sender: str, text: str, answered: EmailMessage | None, at: datetime, to: str = BOT) -> str:
        """Somebody's mail, as their gateway delivers it; returns its Message-ID without brackets."""
        self._number += 1
        cited = str(answered["Message-ID"]).strip("<>") if answered else ""
        subject = f"RE: {str(answered['Subject']).removeprefix('RE: ')}" if answered else SUBJECT
        raw = raw_mail(sender, text, at=at, number=f"w{self._number}", subject=subject, to=to, cc="", answers=cited)
        for address in to.split(", "):
            self.put(address, raw, at)
        return f"w{self._number}@{sender.rpartition('@')[2]}"

    def put(self, address: str, raw: bytes, at: datetime) -> None:
        """Into somebody's inbox."""
        # The server takes no APPEND from the future, where the held clock is; a delivery may come at any time.
        put = self.imap.deliver if at > datetime.now(UTC) else self.imap.append
        put(self.user(address), raw, received=at)

    def held(self, address: str) -> list[bytes]:
        """What lies in somebody's inbox, as their own program would fetch it by IMAP."""
        return [held.raw for held in self.imap.held(self.user(address))]

    def inbox(self, address: str) -> list[EmailMessage]:
        """The bot's letters in somebody's inbox."""
        found = [message_from_bytes(raw, policy=default) for raw in self.held(address)]
        return [m for m in found if isinstance(m, EmailMessage) and BOT in str(m["From"])]

    def letter(self, address: str, words: str) -> EmailMessage | None:
        """The latest letter there whose text holds these words."""
        fitting = [m for m in self.inbox(address) if words in text_of(m)]
        return fitting[-1] if fitting else None


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    return " ".join(body.get_content().split()) if body else ""


@pytest.fixture
def town(tmp_path: Path, dovecot: Dovecot, open_smtp: Callable[..., SmtpServer]) -> Town:
    return Town(tmp_path, dovecot, open_smtp(tls="starttls", users={"clock": SECRETS["SMTP"]}))


def is_of_the_case(message: EmailMessage, original: str, ref: str) -> None:
    """Every letter: from our own mailbox, the fixed words and the ref as subject, threaded under the challenge."""
    assert BOT in str(message["From"])
    assert BOT in str(message["Reply-To"])
    assert str(message["Subject"]) == f"RE: {SUBJECT} [{ref}]"
    assert f"<{original}>" in str(message["References"]).split()
    assert str(message["In-Reply-To"]) in str(message["References"]).split()
    assert message["Message-ID"]


# --- with a clock that we hold ----------------------------------------------------------------------------------------


class Held:
    """The App in this process; `at` passes a minute of its clock and carries the letters."""

    def __init__(self, town: Town, app: App, clock: StillNow) -> None:
        self.town, self.app, self.clock = town, app, clock

    def at(self, now: datetime) -> None:
        self.clock.now = now
        for _ in range(2):  # letters to watched inboxes come back, and are read
            assert self.app.once(now) == []
            self.town.carry(now)


@pytest.fixture
def held(town: Town) -> Iterator[Held]:
    clock = StillNow(START - timedelta(hours=1))
    app = build(settings.load(town.configure(), SECRETS), read_now=clock, strict=True)
    found = Held(town, app, clock)
    found.at(clock.now)
    yield found
    app.close()


def test_whole_course(held: Held) -> None:
    """Acknowledged and noticed, chased, escalated on silence, answered, confirmed, closed and filed: each letter lies
    in its reader's inbox, in one conversation, in its minute; the team's own inbox is untouched."""
    town, minute = held.town, timedelta(minutes=1)
    original = town.write(HELEN, "The assessment was closed.\n", None, START, f"{FAY}, {CREWE}")
    held.at(START)
    receipt, notice = town.letter(HELEN, "CE-2027-0001"), town.letter(FAY, "Helen Visser")
    assert receipt is not None
    assert notice is not None
    assert "12 January, 11:05am" in text_of(receipt)
    assert "12 January, 11:05am" in text_of(notice)
    assert receipt["Auto-Submitted"]
    assert not notice["Auto-Submitted"]
    assert notice["X-Auto-Response-Suppress"] == "DR, RN, NRN, AutoReply"

    held.at(START + 29 * minute)
    assert len(town.inbox(FAY)) == 1
    held.at(START + 30 * minute)
    assert len(town.inbox(FAY)) == 2
    assert len(town.inbox(HELEN)) == 2  # the last reminder of a window is told to the raiser too

    held.at(START + 59 * minute)
    assert town.inbox(DEV) == []
    held.at(START + 60 * minute)
    (escalation,) = town.inbox(DEV)
    assert "No reply has been recorded" in text_of(escalation)
    assert [len(town.inbox(who)) for who in (RUTH, HELEN, FAY, CREWE, MO)] == [1, 3, 3, 3, 2]

    replied = START + 90 * minute
    town.write(DEV, ANSWER, escalation, replied, f"{HELEN}, {CREWE}")
    held.at(replied)
    response = town.inbox(HELEN)[-1]
    assert "RESOLVED" in text_of(response)
    town.write(HELEN, "RESOLVED\nThank you.\n", response, replied + 5 * minute)
    held.at(replied + 5 * minute)
    question = town.inbox(DEV)[-1]
    town.write(DEV, "OUTCOME: joint visits\n- visit weekly, Dev Patel, by 1 February\n", question,
               replied + 9 * minute)  # fmt: skip
    held.at(replied + 9 * minute)

    with held.app.db.read() as tx:
        (case,) = cases.all_cases(tx)
        assert cases.verify(tx) == []
    assert (case.ref, case.closed_as, case.stage) == ("CE-2027-0001", ClosedAs.RESOLVED, "step-2")
    for who in (HELEN, MO, FAY, DEV, RUTH, CREWE):
        for message in town.inbox(who):
            is_of_the_case(message, original, case.ref)
    ids = [str(m["Message-ID"]) for m in town.inbox(HELEN)]
    assert len(set(ids)) == len(ids) == 6  # among them that her word to close was taken
    assert {h.flags - {r"\Recent"} for h in town.imap.held(town.user(CREWE))} == {frozenset()}
    filed(town.inbox(UNIT)[-1], case.ref)


def filed(record: EmailMessage, ref: str) -> None:
    """The record: a PDF that a person can read, and the journal; minimal, so without a mail."""
    attached = {part.get_filename(): part for part in record.iter_attachments()}
    assert set(attached) == {f"{ref}-record.pdf", f"{ref}-journal.json"}
    pdf = PdfReader(io.BytesIO(attached[f"{ref}-record.pdf"].get_content()))
    words = " ".join(page.extract_text() for page in pdf.pages)
    assert ref in words
    assert "Dev Patel" in words
    assert "assessment was closed" not in words


# --- as the daemon's own process --------------------------------------------------------------------------------------


@contextmanager
def daemon(town: Town) -> Iterator[subprocess.Popen[bytes]]:
    """The daemon over this town; killed at the end if it still runs."""
    folder = town.configure()
    line = [sys.executable, "-m", "bot", "run", "--config", str(folder)]
    env = {**os.environ, **town.secrets, "PYTHONPATH": str(HOUSE), "PYTHONWARNINGS": "error"}
    with (
        (town.root / "log").open("wb") as log,
        subprocess.Popen(line, cwd=town.root, env=env, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def test_whole_course_of_the_daemon(town: Town) -> None:
    """The same servers, a process of its own and real time: silence goes to the next stage, every mail is answered as
    it comes, up to the record, and SIGTERM ends it."""
    whole_course(town)


def whole_course(town: Town) -> None:
    """From the challenge to the record, by the daemon over this town."""

    def got(address: str, words: str) -> EmailMessage:
        def look() -> EmailMessage | None:
            assert process.poll() is None, (town.root / "log").read_text("utf-8")[-3000:]
            town.carry()
            return town.letter(address, words)

        found = until(look, 60)
        assert found is not None
        return found

    with daemon(town) as process:
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
        record = got(UNIT, "record")
        process.terminate()
        assert process.wait(5) == 0
    ref = str(receipt["Subject"]).rpartition("[")[2].rstrip("]")
    for message in (receipt, escalation, response, question):
        is_of_the_case(message, original, ref)
    filed(record, ref)
    said = (town.root / "log").read_text("utf-8").replace(str(town.root), "")
    assert [secret for secret in town.secrets.values() if secret in said] == []
