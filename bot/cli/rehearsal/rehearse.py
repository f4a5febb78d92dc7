"""The same App on a virtual clock: a story's mails go in, days pass, and what came of it is listed and checked.

Real parsing, real letters, real SQLite and Maildirs; only the clock and the network are missing. The story's format is
story.py's; the rows and what is expected of them are rows.py's.
"""

import email
import email.policy
import hashlib
import mailbox
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime
from functools import cache
from pathlib import Path

from bot.cli.rehearsal.rows import Row, Rows, faults
from bot.cli.rehearsal.story import (
    BOT_ADDRESS,
    DATABASE,
    Answered,
    LetterRef,
    Story,
    StoryInbox,
    StoryMail,
    compose,
    maildir,
    message_id,
    settings_of,
)
from bot.daemon.app import App, build
from bot.doors.maildir.send import deliver
from bot.engine import flood, strangers
from bot.model import Sending
from bot.model.errors import BotError
from bot.settings.settings import Senders, Settings
from bot.store import cases, deadlines, outbox
from bot.store.db import Database
from bot.store.outbox import Queued


@dataclass
class StillNow:
    """An instant that stands still until it is told."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


class Rehearsal:
    """One story, played in a folder of its own."""

    def __init__(self, story: Story, folder: Path, base: Settings, senders: Senders | None = None) -> None:
        self.story = story
        self.folder = folder
        self.still = StillNow(story.starts)
        self.settings = settings_of(story, folder, base, senders)
        self.app: App = build(self.settings, read_now=self.still, in_process=True, strict=True)
        self.short: Counter[str] = Counter()  # how letters went whose template failed
        self._on_fault, self.app.composer.on_fault = self.app.composer.on_fault, self._went_short
        self._ids: dict[str, str] = {}
        self.rows = Rows(self.app, self._ids)
        self._coming = sorted(story.mail, key=lambda m: m.at)
        self._came: dict[str, StoryMail] = {}
        self.faults: list[str] = []
        self._copied: set[int] = set()
        self._sent: list[Queued] = []  # as of the last look at what must come back
        self._inboxes = {box.address for box in self.settings.config.mailboxes} | {BOT_ADDRESS}

    def play(self) -> Iterator[Row]:
        """Plays the whole story; yields each row as it comes, and at the end one row a case."""
        self.app.once(self.still.now)
        while (at := self._next()) is not None and at <= self.story.until:
            self.still.now = max(self.still.now, at)
            self._minute()
            yield from self.rows.new(self.still.now, self._sent)
        yield from self.rows.cases()
        self.app.close()

    def _went_short(self, template: str, fault: str) -> None:
        went = "without that Word document" if template.endswith(".docx") else "in the short form"
        self.short[f"went {went}: {template}: {fault.removeprefix(template.rpartition('/')[2] + ': ')}"] += 1
        self._on_fault(template, fault)

    def _next(self) -> datetime | None:
        """When something happens next: a mail, a deadline, a letter's next attempt; not while the daemon is down."""
        with self.app.db.read() as tx:
            most = self.app.settings.config.senders.strangers_an_hour
            now = self.still.now
            own = [deadlines.next_due(tx), outbox.next_retry(tx), strangers.next_at(tx, most, now)]
            own.append(flood.next_at(tx, now))
        own.append(self.app.digests.next_at(self.still.now))
        moments = [max(self._up(at), self.still.now + timedelta(seconds=1)) for at in own if at is not None]
        if self._coming:
            moments.append(self._up(self._coming[0].at))
        return min(moments, default=None)

    def _up(self, at: datetime) -> datetime:
        return next((until for start, until in self.story.down if start <= at < until), at)

    def _minute(self) -> None:
        """Everything of this instant: mail first, then deadlines, then letters, until nothing more follows."""
        while self._coming and self._coming[0].at <= self.still.now:
            self._deliver(self._coming.pop(0))
        while True:
            self.app.once(self.still.now)
            if not self._copy_letters():
                return

    # --- mail in ------------------------------------------------------------------------------------------------

    def _deliver(self, mail: StoryMail) -> None:
        """A mail that answers what never came or that no header holds is a fault and stays away; the story goes on."""
        try:
            answered = self._answered(mail)
        except LookupError as error:
            self.faults.append(f"mail {mail.id}: {error.args[0]}")
            return
        try:
            raw = compose(mail, self.story, answered)
        except UnicodeEncodeError:
            beyond = "an address in its from, sender, to or cc has letters beyond ASCII; write the domain as xn--..."
            self.faults.append(f"mail {mail.id}: {beyond} or the whole mail as a file")
            return
        self._ids[hashlib.sha256(raw).hexdigest()] = mail.id
        self._came[mail.id] = mail
        for address in self._addressed(mail, raw):
            self._put(address, raw, mail.at)

    def _addressed(self, mail: StoryMail, raw: bytes) -> list[str]:
        head = email.message_from_bytes(raw, policy=email.policy.compat32)
        named = {
            address.lower() for _, address in getaddresses([str(v) for n in ("To", "Cc") for v in head.get_all(n, [])])
        }
        watched = sorted(named & self._inboxes)
        return watched or ([self.story.inbox[0].address] if mail.file else [])

    def _put(self, address: str, raw: bytes, at: datetime) -> None:
        deliver(maildir(self.folder, address), raw, at)

    def _answered(self, mail: StoryMail) -> Answered:
        """What the mail answers, as its writer's mail program would cite it. Raises LookupError where it never came."""
        ref = mail.bounce or mail.answers
        if ref is None:
            return Answered()
        if isinstance(ref, str):
            before = self._came.get(ref)
            if before is None:
                raise LookupError(f"no mail {ref} came before it is answered")
            return Answered(message_id(before), (), before.subject)
        queued = self._letter(ref)
        head = email.message_from_bytes(queued.raw or b"", policy=email.policy.default)
        ids = str(head["References"] or "").replace("<", "").replace(">", "").split()
        code = str(getattr(queued.letter.values, "code", ""))
        return Answered(queued.letter.message_id, tuple(ids), str(head["Subject"]), queued.raw or b"", code)

    def _letter(self, ref: LetterRef) -> Queued:
        with self.app.db.read() as tx:
            all_cases = cases.all_cases(tx)
            wanted = all_cases[ref.case - 1] if ref.case <= len(all_cases) else None
            letters = [
                q
                for q in outbox.of_status(tx, Sending.SENT)
                if (wanted and (q.case == wanted.number or q.letter.ref == wanted.ref))
                or (q.case is None and not q.letter.ref)  # a digest is of no case
            ]
        fitting = [
            q
            for q in letters
            if ref.letter in ("*", q.letter.kind.value)
            and (not ref.stage or q.letter.stage == ref.stage)
            and set(ref.to) <= {c.email for c in q.letter.to}
        ]
        if not fitting:
            raise LookupError(f"no letter of kind {ref.letter} was sent before it is answered")
        return fitting[-1]

    # --- letters out --------------------------------------------------------------------------------------------

    def _copy_letters(self) -> bool:
        """Letters to a watched inbox come back to it, as they would."""
        found = False
        with self.app.db.read() as tx:
            self._sent = outbox.of_status(tx, Sending.SENT)
        for queued in self._sent:
            if queued.id in self._copied:
                continue
            self._copied.add(queued.id)
            for contact in (*queued.letter.to, *queued.letter.cc):
                if contact.email in self._inboxes and queued.raw:
                    self._put(contact.email, queued.raw, self.still.now)
                    found = True
        return found


@dataclass(frozen=True, slots=True)
class Played:
    """A story's outcome: every row, what did not hold, and how letters went whose template failed."""

    story: Story
    rows: tuple[Row, ...]
    faults: tuple[str, ...]
    short: tuple[str, ...]


@cache
def _empty_database() -> bytes:
    """The file of a database in which nothing stands yet: made once, for a story takes less time than its schema."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        file = Path(folder) / "empty.db"
        database = Database(f"sqlite:///{file}")
        database.migrate()
        database.close()
        return file.read_bytes()


def rehearse(story: Story, base: Settings, senders: Senders | None = None) -> Played:
    """Plays one story in a temporary folder and checks it. `senders`: how real mail's senders are proven."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        (Path(folder) / DATABASE).write_bytes(_empty_database())
        rehearsal = Rehearsal(story, Path(folder), base, senders)
        rows = list(rehearsal.play())
    short = (f"{n} {'letter' if n == 1 else 'letters'} {why}" for why, n in rehearsal.short.items())
    found = (*rehearsal.faults, *faults(story.expect, story.never, rows))
    return Played(story, tuple(rows), found, tuple(short))


# An old mailbox as a story: what the bot would have done with real past mail. A Maildir, an mbox or a folder of .eml
# files is read and left as it is; each mail arrives when its first Received header, else its Date, says. It plays
# nothing by itself and expects nothing.


def story_of(
    path: Path, start: datetime | None, until: datetime | None, base: Settings, folder: Path, address: str = ""
) -> Story:
    """The mails of `path` that arrived between `start` and `until`, copied into `folder`, as a story of the inbox
    `address` (the first of the configuration without one). Raises BotError when there is nothing to play."""
    box = next((b for b in base.config.mailboxes if address in ("", b.address)), None)
    if box is None:
        known = ", ".join(b.address for b in base.config.mailboxes)
        raise BotError(f"{address} is no inbox of config/bot.yaml; it names: {known}")
    mails = []
    for n, raw in enumerate(_raws(path), 1):
        at = arrival(message_from_bytes(raw, policy=compat32))
        if at is None or (start and at < start) or (until and at >= until):
            continue
        copy = folder / f"{n:06d}.eml"
        copy.write_bytes(raw)
        mails.append(StoryMail.model_validate({"id": f"{n}", "at": at, "file": str(copy)}))
    if not mails:
        raise BotError(f"{path}: no mail of that time whose arrival can be told")
    first, last = min(m.at for m in mails), max(m.at for m in mails)
    return Story(
        story=f"The mail of {path.name}",
        policy=box.policy,
        starts=start or first - timedelta(minutes=1),
        until=until or last + timedelta(days=1),
        inbox=(StoryInbox(address=box.address, team=box.team, area=box.area),),
        mail=tuple(mails),
        path=path,
    )


def arrival(message: Message) -> datetime | None:
    """When the mail reached its last server: the topmost Received header's date, else the Date header's."""
    received = str(message.get("Received", "")).rpartition(";")[2]
    for text in (received, str(message.get("Date", ""))):
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            continue
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def _raws(path: Path) -> Iterator[bytes]:
    if path.is_file():
        box = mailbox.mbox(path, create=False)
        for key in box.iterkeys():
            yield box.get_bytes(key)
        box.close()
    elif (path / "cur").is_dir() or (path / "new").is_dir():
        files = (f for sub in ("cur", "new") for f in sorted((path / sub).glob("*")) if f.is_file())
        yield from (file.read_bytes() for file in files)
    elif path.is_dir():
        yield from (file.read_bytes() for file in sorted(path.glob("**/*.eml")))
    else:
        raise BotError(f"{path} is no Maildir, no mbox file and no folder of .eml files")
