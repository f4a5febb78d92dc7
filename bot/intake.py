"""Mail in: receive (a batch into the ledger, then the cursor), and read (one mail to one committed disposition).

Acknowledge last: what a mailbox gave is safe in the database before its cursor moves. A mail that kills the reader is
set aside after three strikes and the mails behind it flow. It decides no case (turn.py) and sends nothing (sender.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from sqlalchemy import Connection

from bot import placing
from bot.case.correlate import Attach, Ignore, Open, Pen, Placement
from bot.errors import CaseMoved
from bot.failpoints import failpoint
from bot.mail.read import Reading, headers_only
from bot.model import Arrival, Decision, Inbox, LetterUndelivered, Mail
from bot.placing import content_key, hash_id, keys_of, place
from bot.ports import Mailbox
from bot.sandbox import InProcess, Sandbox, SandboxDied
from bot.store import cases, mails, meta, outbox
from bot.store.db import Database
from bot.store.mails import Listed, Waiting
from bot.turn import Turn

STRIKES = 3
BATCH = 100
#: A mail larger than this is not parsed: its headers speak.
MAX_READ = 40_000_000
UNREADABLE = "could not be read"
BY_HAND = "placed by hand"

#: A mail that is none of our business: its ledger row, why, and the hash of its Message-ID.
Unrelated = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Places:
    """The watched mailboxes by name, and our own mailbox's name."""

    inboxes: dict[str, Inbox]
    first_sight: dict[str, timedelta]


class Intake:
    """Receives and reads. One reading thread; receiving may run in a thread for each mailbox."""

    def __init__(self, db: Database, turn: Turn, reader: Sandbox | InProcess, reading: Reading, places: Places) -> None:
        self.db = db
        self.turn = turn
        self.reader = reader
        self.reading = reading
        self.places = places

    # --- receive ------------------------------------------------------------------------------------------------

    def receive(self, name: str, mailbox: Mailbox, now: datetime) -> int:
        """One whole pass over a mailbox; returns how many messages were new. Raises DoorClosed."""
        new = 0
        while True:
            with self.db.read() as tx:
                cursor = mails.cursor(tx, name)
            failpoint("intake.fetch")
            batch = mailbox.fetch(cursor, BATCH)
            failpoint("intake.fetched")
            with self.db.begin() as tx:
                for folder in dict.fromkeys(m.folder for m in batch.mails):
                    these = [m for m in batch.mails if m.folder == folder]
                    floor = self._floor(tx, name, folder, batch.is_first_sight, now)
                    new += mails.receive(tx, name, these, batch.cursor, now, floor)
                if not batch.mails:
                    self._floor(tx, name, "", batch.is_first_sight, now)
                    mails.receive(tx, name, [], batch.cursor, now, None)
                if batch.done:
                    mails.listed_at(tx, name, now)
                    mails.gap_closed(tx, name, now)
                failpoint("intake.receiving")
            failpoint("intake.received")
            mailbox.ack([m.key for m in batch.mails])
            if batch.done:
                return new

    def _floor(self, tx: Connection, name: str, folder: str, is_first: bool, now: datetime) -> datetime:
        """Mail that reached the server before this can open nothing; set at first sight and never lowered."""
        general = meta.meta_get(tx, f"floor:{name}")
        since = now - self.places.first_sight.get(name, timedelta(days=3))
        if general is None:
            meta.meta_set(tx, f"floor:{name}", since.isoformat())
            return since
        own = meta.meta_get(tx, f"floor:{name}:{folder}")
        if own is None and is_first and folder:
            meta.meta_set(tx, f"floor:{name}:{folder}", since.isoformat())
            own = since.isoformat()
        return datetime.fromisoformat(own or general)

    # --- read ---------------------------------------------------------------------------------------------------

    def read(self, now: datetime, limit: int = BATCH) -> int:
        """Reads waiting mails, oldest arrival at the server first; returns how many were disposed of."""
        with self.db.read() as tx:
            waiting = _fitting(mails.waiting(tx, limit, now))
        fresh = [one for one in waiting if one.attempts == 0 and not _is_too_large(one)]
        together = {one.entry for one in fresh} if len(fresh) > 1 else set()
        read = {one.entry: self._read_alone(one, now) for one in waiting if one.entry not in together}
        answers = self._read_together(fresh, now)
        unrelated: list[Unrelated] = []
        for one in waiting:
            mail = read[one.entry] if one.entry in read else next(answers)
            if mail is None:
                continue
            if (found := self._unrelated(one, mail)) is not None:
                unrelated.append(found)
            else:
                self._ignore(unrelated, now)
                self._dispose(one, mail, now)
        self._ignore(unrelated, now)
        return len(waiting)

    def _read_together(self, waiting: Sequence[Waiting], now: datetime) -> Iterator[Mail | None]:
        """A batch, read on while its mails are disposed of. None: it killed the reader, and is next read alone."""
        with self.db.begin() as tx:
            mails.attempts(tx, [one.entry for one in waiting], now)
            raws = mails.raws(tx, [one.digest for one in waiting])
            failpoint("intake.attempting")
        failpoint("intake.attempted")
        for answer in self.reader.read_each([(raws[one.digest], one.received) for one in waiting]):
            yield answer if isinstance(answer, Mail) else None

    def _read_alone(self, one: Waiting, now: datetime) -> Mail | None:
        """None: it killed the reader and may try again. After three strikes its headers speak for it."""
        with self.db.begin() as tx:
            strikes = mails.attempt(tx, one.entry, now)
            raw = mails.raw(tx, one.digest)
            failpoint("intake.attempting")
        failpoint("intake.attempted")
        if strikes > STRIKES:
            return headers_only(raw, self.reading, one.received, f"{UNREADABLE}: it ended the reader three times")
        if _is_too_large(one):
            return headers_only(raw, self.reading, one.received, f"{UNREADABLE}: it is too large to be read")
        try:
            return self.reader.read(raw, one.received)
        except SandboxDied as died:
            if strikes < STRIKES:
                return None
            return headers_only(raw, self.reading, one.received, f"{UNREADABLE}: {died}")

    # --- dispose ------------------------------------------------------------------------------------------------

    def _unrelated(self, one: Waiting, mail: Mail) -> Unrelated | None:
        """Whether it is surely none of our business, found without a write lock. None: it is disposed of by itself."""
        if mail.trigger.phrase is not None or unreadable(mail):
            return None
        with self.db.read() as tx:
            directory = self.turn.books.settings.directory
            placement, _ = place(tx, mail, self._inbox(one.mailbox, mail), directory, is_old=one.is_old)
        return (one.entry, placement.why, hash_id(mail.message_id)) if isinstance(placement, Ignore) else None

    def _ignore(self, unrelated: list[Unrelated], now: datetime) -> None:
        """They leave one row each and nothing else; they come in crowds, so they share a commit."""
        if unrelated:
            with self.db.begin() as tx:
                for entry, why, digest in unrelated:
                    mails.dispose(tx, entry, "ignored", why, now, message_id_hash=digest)
                failpoint("intake.disposing")
            failpoint("intake.disposed")
        unrelated.clear()

    def _dispose(self, one: Waiting, mail: Mail, now: datetime) -> None:
        """Finds the case and saves what follows; decides again when the case moved in between."""
        inbox = self._inbox(one.mailbox, mail)
        while True:
            try:
                with self.db.begin() as tx:
                    placement, known_id = place(tx, mail, inbox, self.turn.books.settings.directory, is_old=one.is_old)
                    self._carry_out(tx, one, mail, inbox, placement, known_id, now)
                    failpoint("intake.disposing")
                failpoint("intake.disposed")
                return
            except CaseMoved:
                continue

    def _inbox(self, name: str, mail: Mail) -> Inbox:
        """The watched inbox it came by; for our own mailbox, the inbox of the team that the mail addresses."""
        inbox = self.places.inboxes[name]
        if not inbox.is_bot:
            return inbox
        addressed = {a.email for a in (*mail.to, *mail.cc)}
        directory = self.turn.books.settings.directory
        watched = [box for box in self.places.inboxes.values() if not box.is_bot]
        for box in watched:
            teams = {directory.team_of(email, box.area) for email in addressed} - {""}
            if box.address in addressed or (box.team and box.team in teams):
                return Inbox(box.area, box.address, box.policy, box.team, is_bot=True)
        policies = {(box.area, box.policy) for box in watched}
        if len(policies) == 1:
            area, policy = policies.pop()
            return Inbox(area, inbox.address, policy, "", is_bot=True)
        return inbox

    def _carry_out(
        self, tx: Connection, one: Waiting, mail: Mail, inbox: Inbox, placement: Placement, same_id: bool, now: datetime
    ) -> None:
        digest = hash_id(mail.message_id)
        match placement:
            case Attach(case=number, how=placing.COPY):
                mails.dispose(tx, one.entry, "case", "the same mail again", now, case=number, message_id_hash=digest)
            case Attach(case=number, how=how, letter=key):
                self._attach(tx, mail, number, how, key, now)
                mails.dispose(tx, one.entry, "case", how, now, case=number, message_id_hash=digest)
            case Open(flags=flags):
                more = ("duplicate_message_id",) if same_id else ()
                decision = self.turn.open(tx, mail, inbox, now, (*flags, *more))
                number = decision.case.number
                cases.note_ids(tx, number, keys_of(mail))
                mails.dispose(tx, one.entry, "case", "it opened the case", now, case=number, message_id_hash=digest)
            case Pen(why=why, guesses=guesses):
                mails.dispose(tx, one.entry, "holding_pen", why, now, message_id_hash=digest, guesses=" ".join(guesses))
            case Ignore(why=why) if not unreadable(mail):
                mails.dispose(tx, one.entry, "ignored", why, now, message_id_hash=digest)
            case Ignore():
                self._set_aside(tx, one, mail, now)

    def _set_aside(self, tx: Connection, one: Waiting, mail: Mail, now: datetime) -> None:
        mails.dispose(tx, one.entry, "set_aside", unreadable(mail), now, message_id_hash=hash_id(mail.message_id))
        lines = [
            f"Mail {one.entry} of mailbox {one.mailbox}: {unreadable(mail)}.",
            "It is kept as it came. See: challenge-bot review",
        ]
        self.turn.alert(tx, f"set_aside/{one.entry}", "A mail was set aside", lines, now)

    def _attach(self, tx: Connection, mail: Mail, number: int, how: str, key: str, now: datetime) -> None:
        """The mail joins its case; a bounce tells the case which letter did not arrive."""
        letter = next((q for q in outbox.of_case(tx, number) if q.letter.key == key), None) if key else None
        kind = letter.letter.kind.value if letter else ""
        self.turn.take(tx, number, Arrival(mail, how, kind, key), now)
        cases.note_ids(tx, number, {content_key(mail): "content"})
        if mail.bounce is None or letter is None:
            return
        addresses = [address for address, _, _ in letter.recipients]
        named = mail.bounce.recipient or ""
        recipient = named if named in addresses else addresses[0] if len(addresses) == 1 else ""
        if not recipient:
            return
        status = mail.bounce.status
        hard = mail.bounce.is_hard
        if not hard or outbox.bounced(tx, letter.id, recipient, status, mail.bounce.words, now):
            one = letter.letter
            fact = LetterUndelivered(one.key, one.kind, one.stage, recipient, status, hard, one.starts_clock)
            self.turn.take(tx, number, fact, now)

    # --- by hand ------------------------------------------------------------------------------------------------

    def reread(self, listed: Listed) -> Mail:
        """A mail that was put aside, read again. Raises KeyError when its bytes are gone."""
        with self.db.read() as tx:
            raw = mails.raw(tx, listed.digest)
        try:
            return self.reader.read(raw, listed.received)
        except SandboxDied as died:
            return headers_only(raw, self.reading, listed.received, f"{UNREADABLE}: {died}")

    def place(self, listed: Listed, mail: Mail, number: int, now: datetime) -> None:
        """A person said to which case a mail of the holding pen belongs: it takes effect as if it had found it."""
        with self.db.begin() as tx:
            self._attach(tx, mail, number, BY_HAND, "", now)
            mails.replace(tx, listed.entry, "case", BY_HAND, now, case=number)
            failpoint("intake.placing")
        failpoint("intake.placed")

    def adopt(
        self, listed: Listed, mail: Mail, inbox: Inbox, now: datetime, stage: str, day_zero: datetime
    ) -> Decision:
        """A person said that a mail opens a case, at this stage, counted from that day."""
        with self.db.begin() as tx:
            decision = self.turn.open(tx, mail, inbox, now, ("adopted",), stage, day_zero)
            number = decision.case.number
            cases.note_ids(tx, number, {content_key(mail): "content"})
            mails.replace(tx, listed.entry, "case", "adopted by hand", now, case=number)
            failpoint("intake.adopting")
        failpoint("intake.adopted")
        return decision


def _is_too_large(one: Waiting) -> bool:
    return one.is_truncated or one.size > MAX_READ


def _fitting(waiting: Sequence[Waiting]) -> list[Waiting]:
    """The first of them that fit into memory together, one at least."""
    totals = accumulate(one.size for one in waiting)
    return [one for one, total in zip(waiting, totals, strict=True) if total <= MAX_READ or one is waiting[0]]


def unreadable(mail: Mail) -> str:
    """Why we could not read it; "" for a mail that was read, encrypted ones included."""
    return next((d for d in mail.defects if d.startswith((UNREADABLE, "parser_failed"))), "")
