"""Mail in: receive (a batch into the ledger, then the cursor), and read (one mail to one committed disposition).

Acknowledge last: what a mailbox gave is safe in the database before its cursor moves. A mail that kills the reader is
set aside after three strikes and the mails behind it flow. It decides no case (turn.py) and sends nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import accumulate

from sqlalchemy import Connection

from bot.case.placement import Attach, Ignore, Open, Pen, Placement, weighed
from bot.doors.ports import Mailbox
from bot.engine.reading import moved_door
from bot.engine.reading import place as placing
from bot.engine.reading.brought import HANDED_IN, LINES, Brought
from bot.engine.reading.join import attach
from bot.engine.reading.office import Office
from bot.engine.reading.pen import UNREADABLE, Answered, Penned
from bot.engine.reading.place import hash_id, keys_of, place
from bot.engine.reading.sandbox import InProcess, Sandbox, SandboxDied
from bot.engine.turn import Turn
from bot.mail.read import Reading, headers_only
from bot.model import Arrival, Disposition, Flag, How, Inbox, Mail
from bot.model.errors import CaseMoved
from bot.model.failpoints import failpoint
from bot.store import cases, mailboxes, mails
from bot.store.db import Database
from bot.store.mails import Waiting

STRIKES = 3
BATCH = 100
#: A mail larger than this is not parsed: its headers speak.
MAX_READ = 40_000_000

#: A mail that is none of our business: its ledger row, why, and the hash of its Message-ID.
Unrelated = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Boxes:
    """The watched mailboxes by name, our own among them; `doors`: what tells the door of each from another."""

    inboxes: dict[str, Inbox]
    first_sight: dict[str, timedelta]
    doors: dict[str, str] = field(default_factory=dict)


class Intake:
    """Receives and reads. One reading thread; receiving may run in a thread for each mailbox."""

    def __init__(self, db: Database, turn: Turn, reader: Sandbox | InProcess, reading: Reading, boxes: Boxes) -> None:
        self.db = db
        self.turn = turn
        self.reader = reader
        self.reading = reading
        self.boxes = boxes
        self._entered: dict[str, str] = {}
        self._moved: moved_door.Windows = {}
        self._struck: set[int] = set()
        self.office = Office(turn, boxes.inboxes)
        self.brought = Brought(turn, self.office, boxes.inboxes)
        self.penned = Penned(db, turn, reader, reading, self._inbox, boxes.inboxes, self.brought)

    def receive(self, name: str, mailbox: Mailbox, now: datetime) -> int:
        """One whole pass over a mailbox; returns how many messages were new. Raises DoorClosed."""
        new = 0
        self._enter(name, now)
        while True:
            with self.db.read() as tx:
                cursor = mailboxes.cursor(tx, name)
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
                    mailboxes.caught_up(tx, name, now)
                    mailboxes.listed_at(tx, name, now)
                    mailboxes.gap_closed(tx, name, now)
                failpoint("intake.receiving")
            failpoint("intake.received")
            mailbox.ack([m.key for m in batch.mails])
            if batch.done:
                return new

    def _enter(self, name: str, now: datetime) -> None:
        """Before the first pass of this process: is it still the door the mailbox was read through?"""
        door = self.boxes.doors.get(name, "")
        if self._entered.get(name) != door:
            with self.db.begin() as tx:
                moved_door.arrive(tx, name, door, self._sight(name), now)
                failpoint("intake.entering")
            failpoint("intake.entered")
            self._entered[name] = door

    def _sight(self, name: str) -> timedelta:
        return self.boxes.first_sight.get(name, timedelta(days=3))

    def _floor(self, tx: Connection, name: str, folder: str, is_first: bool, now: datetime) -> datetime:
        """Mail that reached the server before this can open nothing; set at first sight and never lowered."""
        watched, since = mailboxes.watched(tx, name), now - self._sight(name)
        if watched.floor is None:
            mailboxes.set_floor(tx, name, since)
            return since
        own = mailboxes.folder_floor(tx, name, folder)
        if watched.is_moving:
            return max(watched.floor, own or watched.floor)
        if own is None and is_first and folder:
            mailboxes.set_folder_floor(tx, name, folder, since)
            own = since
        return own or watched.floor

    def read(self, now: datetime, limit: int = BATCH) -> int:
        """Reads waiting mails, oldest arrival at the server first, those that ended the reader one by one behind all
        others; returns how many were begun."""
        with self.db.read() as tx:
            every = mails.waiting(tx, limit + len(self._struck), now)
            others = [one for one in every if one.entry not in self._struck]
            waiting = _fitting(others[:limit] or every[:1])
            self._moved = mailboxes.moves(tx) if waiting else {}
        fresh = [one for one in waiting if one.attempts == 0 and not _is_too_large(one)]
        together = {one.entry for one in fresh} if len(fresh) > 1 else set()
        read = {one.entry: self._read_alone(one, now) for one in waiting if one.entry not in together}
        answers = self._read_together(fresh, now)
        unrelated: list[Unrelated] = []
        for one in waiting:
            found = read[one.entry] if one.entry in read else next(answers)
            if found is None:
                self._struck.add(one.entry)
                continue
            self._struck.discard(one.entry)
            mail = weighed(found, self.turn.books.settings.directory)
            if (none_of_ours := self._unrelated(one, mail)) is not None:
                unrelated.append(none_of_ours)
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
            return self.reader.read(raw, one.received, opens_files=strikes == 1)
        except SandboxDied as died:
            if strikes < STRIKES:
                return None
            return headers_only(raw, self.reading, one.received, f"{UNREADABLE}: {died}")

    def _unrelated(self, one: Waiting, mail: Mail) -> Unrelated | None:
        """Whether it is surely none of our business, found without a write lock. None: it is disposed of by itself."""
        if mail.trigger.phrase is not None or unreadable(mail):
            return None
        with self.db.read() as tx:
            if moved_door.known(tx, one, mail, self._moved):
                return (one.entry, moved_door.AGAIN, hash_id(mail.message_id))
            directory = self.turn.books.settings.directory
            placement, _ = place(tx, mail, self._inbox(one.mailbox, mail), directory, is_old=one.is_old)
        return (one.entry, placement.why, hash_id(mail.message_id)) if isinstance(placement, Ignore) else None

    def _ignore(self, unrelated: list[Unrelated], now: datetime) -> None:
        """They leave one row each and nothing else; they come in crowds, so they share a commit."""
        if unrelated:
            with self.db.begin() as tx:
                for entry, why, digest in unrelated:
                    mails.dispose(tx, entry, Disposition.IGNORED, why, now, message_id_hash=digest)
                failpoint("intake.disposing")
            failpoint("intake.disposed")
        unrelated.clear()

    def _dispose(self, one: Waiting, mail: Mail, now: datetime) -> None:
        """Finds the case and saves what follows; decides again when the case moved in between."""
        if self._is_known(one, mail, now):
            return
        inbox = self._inbox(one.mailbox, mail)
        mail = self.office.understood(mail)
        answered = self.penned.answered(mail, inbox)
        while True:
            try:
                with self.db.begin() as tx:
                    if answered is not None:
                        self._obey(tx, one, answered, now)
                        failpoint("intake.disposing")
                        break
                    placement, known_id = place(tx, mail, inbox, self.turn.books.settings.directory, is_old=one.is_old)
                    placement, named = self.office.placed(tx, mail, placement)
                    if self.brought.is_handed_in(mail, placement, is_old=one.is_old):
                        self._hand_in(tx, one, mail, now)
                    else:
                        self._carry_out(tx, one, mail, inbox, placement, known_id, named, now)
                        self.office.answer(tx, mail, inbox, placement, now)
                    failpoint("intake.disposing")
                break
            except CaseMoved:
                continue
        failpoint("intake.disposed")

    def _is_known(self, one: Waiting, mail: Mail, now: datetime) -> bool:
        """Whether the mailbox has moved and the mail was read before: it is noted and does nothing."""
        with self.db.read() as tx:
            is_known = moved_door.known(tx, one, mail, self._moved)
        if is_known:
            self._ignore([(one.entry, moved_door.AGAIN, hash_id(mail.message_id))], now)
        return is_known

    def _obey(self, tx: Connection, one: Waiting, answered: Answered, now: datetime) -> None:
        """An answer to the digest: what it says is done, and it waits for a person itself where nothing was."""
        why = self.penned.obey(tx, answered, one.entry, now)
        said, digest = why or answered.what, hash_id(answered.mail.message_id)
        mails.dispose(tx, one.entry, Disposition.PEN if why else Disposition.IGNORED, said, now, message_id_hash=digest)

    def _hand_in(self, tx: Connection, one: Waiting, mail: Mail, now: datetime) -> None:
        """The business unit's mail opens somebody's challenge, or waits for what it lacks; it is answered."""
        found, digest = self.brought.open(tx, mail, now), hash_id(mail.message_id)
        number = found.decision.case.number if found.decision else None
        where = Disposition.PEN if number is None else Disposition.CASE
        mails.dispose(tx, one.entry, where, HANDED_IN, now, case=number, message_id_hash=digest)
        self.office.tell(tx, mail, found.done, found.undone, now, () if found.decision else LINES)

    def _inbox(self, name: str, mail: Mail) -> Inbox:
        """The watched inbox it came by; for our own mailbox, the inbox of the team that the mail addresses."""
        return placing.inbox_of(self.boxes.inboxes, self.turn.books.settings.directory, name, mail)

    def _carry_out(
        self, tx: Connection, one: Waiting, mail: Mail, inbox: Inbox, placement: Placement, same_id: bool,
        named: tuple[str, ...], now: datetime,
    ) -> None:  # fmt: skip
        dispose = partial(mails.dispose, tx, one.entry, now=now, message_id_hash=hash_id(mail.message_id))
        match placement:
            case Attach(case=number, how=How.COPY):
                dispose(Disposition.CASE, "the same mail again", case=number)
            case Attach(case=number, how=how, letter=key):
                number = attach(self.turn, tx, mail, number, how, key, now, named).case.number
                dispose(Disposition.CASE, how, case=number)
            case Open(flags=flags, same_as=same_as):
                more = (Flag.DUPLICATE_MESSAGE_ID,) if same_id else ()
                decision = self.turn.open(tx, mail, inbox, now, (*flags, *more), same_as=same_as)
                number = decision.case.number
                cases.note_ids(tx, number, keys_of(mail))
                dispose(Disposition.CASE, "it opened the case", case=number)
            case Pen(why=why, guesses=guesses, asks=asks):
                for number, others in asks:
                    self.turn.take(tx, number, Arrival(mail, why, others=others), now)
                dispose(Disposition.PEN, why, guesses=" ".join(guesses))
            case Ignore(why=why) if not unreadable(mail):
                dispose(Disposition.IGNORED, why)
            case Ignore():
                self._set_aside(tx, one, mail, now)

    def _set_aside(self, tx: Connection, one: Waiting, mail: Mail, now: datetime) -> None:
        mails.dispose(tx, one.entry, Disposition.ASIDE, unreadable(mail), now, message_id_hash=hash_id(mail.message_id))
        lines = [
            f"Mail {one.entry} of mailbox {one.mailbox}: {unreadable(mail)}.",
            "It is kept as it came. See: challenge-bot review",
        ]
        self.turn.alert(tx, f"set_aside/{one.entry}", "A mail was set aside", lines, now)


def _is_too_large(one: Waiting) -> bool:
    return one.is_truncated or one.size > MAX_READ


def _fitting(waiting: Sequence[Waiting]) -> list[Waiting]:
    """The first of them that fit into memory together, one at least."""
    totals = accumulate(one.size for one in waiting)
    return [one for one, total in zip(waiting, totals, strict=True) if total <= MAX_READ or one is waiting[0]]


def unreadable(mail: Mail) -> str:
    """Why we could not read it; "" for a mail that was read, encrypted ones included."""
    return next((d for d in mail.defects if d.startswith((UNREADABLE, "parser_failed"))), "")
