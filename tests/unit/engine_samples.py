"""A bot in a folder of its own, for tests of the engine: real Maildirs, real SQLite, a clock that is moved by hand.

It stands on the shipped configuration with two of its inboxes, of two areas; mails are real bytes and letters are files
that can be read. No reading process is started and no thread.
"""

from __future__ import annotations

import email
import email.policy
import functools
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from bot.cli.rehearsal.rehearse import StillNow
from bot.daemon.app import App, build
from bot.doors.maildir.send import deliver
from bot.model import Case, Contact, Letter, LetterKind, LetterServed, Mail
from bot.model.letters import Alert
from bot.settings.settings import Door, Settings
from bot.store import cases, mails, outbox
from bot.store.db import Database
from bot.store.mails import Listed
from bot.store.outbox import Queued
from tests.unit.case_samples import BOT, CREWE, DAY, FAY, HELEN, INBOX, START, mail, shipped

CHESTER = "chester.assessment@cwcsc.example"
CREWE_BOX, CHESTER_BOX = "CE Crewe Assessment Team", "CW Chester Assessment Team"
WORDS = "The assessment was closed without anybody seeing the baby at home."
#: The shipped policies as they are kept with a case, made once: to read them costs more than the rest of a test.
_TEXTS: dict[str, str] = {}


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bot.db"
        db = Database(f"sqlite:///{file}")
        db.migrate()
        db.close()
        return file.read_bytes()


def migrated(folder: Path) -> Database:
    """An empty database in that folder; its tables are made once for all tests."""
    file = folder / "bot.db"
    if not file.exists():
        file.write_bytes(_migrated())
    return Database(f"sqlite:///{file}")


def settings_in(folder: Path, watched: tuple[str, ...], **changes: Any) -> Settings:
    """The shipped settings with doors in that folder. `changes` are made to bot.yaml."""
    config = shipped().config
    send, own = Door(kind="maildir", path=str(folder / "letters")), maildir(folder, BOT)
    boxes = tuple(
        box.model_copy(update={"receive": maildir(folder, box.address)})
        for box in config.mailboxes
        if box.address in watched
    )
    update = {"bot": config.bot.model_copy(update={"receive": own, "send": send}), "mailboxes": boxes, **changes}
    return replace(shipped(), config=config.model_copy(update=update))


def maildir(folder: Path, address: str) -> Door:
    return Door(kind="maildir", path=str(folder / address))


def eml(
    sender: str = HELEN,
    title: str = DAY,
    text: str = WORDS,
    *,
    at: datetime = START,
    to: tuple[str, ...] = (FAY,),
    cc: tuple[str, ...] = (CREWE,),
    answers: str = "",
    proof: str = "pass",
    name: str = "",
    **headers: str,
) -> bytes:
    """A mail as a gateway hands it over. `answers`: the Message-ID that it cites; `name`: the left part of its own."""
    message = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=990))  # else ids are folded in pieces
    domain = sender.rpartition("@")[2]
    message["Authentication-Results"] = f"mx.council.example; dmarc={proof} header.from={domain}"
    message["From"], message["To"], message["Subject"] = sender, ", ".join(to), title
    if cc:
        message["Cc"] = ", ".join(cc)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{name or f'{at.timestamp()}.{len(text)}'}@{domain}>"
    if answers:
        message["In-Reply-To"] = message["References"] = f"<{outbox.bare(answers)}>"
    for key, value in headers.items():
        message[key.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


class House:
    """One bot in `folder`, with what a test asks of it."""

    def __init__(self, folder: Path, watched: tuple[str, ...] = (CREWE, CHESTER), **changes: Any) -> None:
        self.folder = folder
        self.clock = StillNow(START)
        self.settings = settings_in(folder, watched, **changes)
        self.app: App = build(self.settings, read_now=self.clock, in_process=True, database=migrated(folder))
        self.db, self.turn = self.app.db, self.app.turn
        self.turn.books._texts = _TEXTS

    def put(self, raw: bytes, at: datetime = START, address: str = CREWE) -> None:
        """The mail reaches that inbox at that instant."""
        deliver(Path(maildir(self.folder, address).path), raw, at)

    def receive(self, now: datetime) -> int:
        """One pass over every mailbox; how many messages were new."""
        self.clock.now = now
        return sum(self.app.receive(name, now) for name in self.app.mailboxes)

    def take_in(self, now: datetime) -> None:
        """One pass over every mailbox, and all of it read."""
        self.receive(now)
        while self.app.intake.read(now):
            pass

    def send(self, now: datetime) -> list[EmailMessage]:
        """Every letter that may go goes; all that have gone by then, in the order of their files."""
        self.clock.now = now
        self.app.sender.drain(now)
        files = sorted((self.folder / "letters/new").glob("*"))
        return [parsed(file.read_bytes()) for file in files]

    def open(self, first: Mail | None = None) -> int:
        """A case of Crewe's, opened by the mail (Helen's, asking for 24 hours, where none is given): its number."""
        first = first or mail(HELEN, WORDS, title=DAY, to=(FAY,), cc=(CREWE,))
        with self.db.begin() as tx:
            return self.turn.open(tx, first, INBOX, first.received).case.number

    def serve(self, now: datetime) -> None:
        """All letters that are queued reach everybody, and their cases hear of it."""
        with self.db.begin() as tx:
            for one in outbox.of_status(tx, "queued"):
                to = tuple(address for address, _, _ in one.recipients)
                letter = one.letter
                fact = LetterServed(letter.key, letter.kind, letter.stage, to, now, letter.starts_clock)
                self.turn.tell(tx, one, fact, now)

    def case(self, number: int = 1) -> Case:
        with self.db.read() as tx:
            return cases.load(tx, number).case

    def cases(self) -> list[Case]:
        with self.db.read() as tx:
            return cases.all_cases(tx)

    def listed(self, *dispositions: str) -> list[Listed]:
        with self.db.read() as tx:
            return [row for one in dispositions for row in mails.listed(tx, one)]

    def letters(self, kind: LetterKind, variant: str = "") -> list[Queued]:
        """All such letters, whatever became of them, in the order of queueing."""
        statuses = ("queued", "held", "withheld", "claimed", "in_data", "deferred", "unknown", "sent", "refused")
        with self.db.read() as tx:
            found = [q for status in statuses for q in outbox.of_status(tx, status)]
        wanted = (q for q in found if q.letter.kind is kind and variant in ("", q.letter.variant))
        return sorted(wanted, key=lambda q: q.id)

    def close(self) -> None:
        self.app.close()


def to(letter: Letter) -> tuple[str, ...]:
    return tuple(contact.email for contact in letter.to)


def post(house: House, *addresses: str, occasion: str = "a letter") -> int:
    """A letter of no case, queued; its row."""
    contacts = tuple(Contact(address) for address in addresses)
    values = Alert.Plain(subject="Something", lines=("A line.",))
    letter = Letter(values, occasion, contacts, decided=START, subject="Something")
    with house.db.begin() as tx:
        house.turn.post(tx, letter, START)
        return max(q.id for q in outbox.of_status(tx, "queued"))


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def texts(messages: list[EmailMessage], subject: str = "") -> list[str]:
    """The text of each message whose subject holds these words."""
    found = [m for m in messages if subject in str(m["Subject"])]
    return ["" if (body := m.get_body(("plain",))) is None else " ".join(body.get_content().split()) for m in found]


def attached(message: EmailMessage) -> dict[str, bytes]:
    """What a letter carries, by name."""
    return {str(part.get_filename()): _content(part) for part in message.iter_attachments()}


def _content(part: Any) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner: bytes = part.get_payload(0).as_bytes()
        return inner
    content: bytes = part.get_payload(decode=True)
    return content


def running(folder: Path, **changes: Any) -> Iterator[House]:
    """For fixtures: a House that is closed afterwards."""
    house = House(folder, **changes)
    yield house
    house.close()
