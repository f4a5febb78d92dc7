"""Read: one mail after another to a committed disposition of its own, the oldest arrival at the server first.

Mails that wait together share a commit, a lone one waits for none; what goes wrong undoes all of it, and each is then
decided alone. A mail that kills the reader is set aside after three strikes, one whose decision fails at once and alone
(aside.py), and the mails behind it flow. How mail is received is receiving.py's; it decides no case (turn.py).
"""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate

from sqlalchemy import Connection

from bot.case.placement import Ignore, weighed
from bot.doors.ports import Mailbox
from bot.engine.reading import moved_door
from bot.engine.reading import place as placing
from bot.engine.reading.aside import Aside, Batch, Unrelated
from bot.engine.reading.brought import Brought
from bot.engine.reading.carrying import Carrying, unreadable
from bot.engine.reading.office import Office
from bot.engine.reading.pen.answers import UNREADABLE, Answered, Penned
from bot.engine.reading.place import content_key, hash_id, place
from bot.engine.reading.reader.sandbox import InProcess, Sandbox, SandboxDied
from bot.engine.reading.receiving import BATCH, Boxes, Receiving
from bot.engine.turn import Turn
from bot.mail.read import Reading, headers_only
from bot.model import Disposition, Inbox, Mail
from bot.model.errors import CaseMoved
from bot.model.failpoints import failpoint
from bot.store import mailboxes, mails
from bot.store.db import Database
from bot.store.mails import Waiting

STRIKES = 3
#: So many mails share a commit, or as many as were read within so many seconds; none waits for a slow one behind it.
GROUP, PATIENCE = 32, 0.025
#: A mail larger than this is not parsed: its headers speak.
MAX_READ = 40_000_000


class Intake:
    """Receives and reads. One reading thread; receiving may run in a thread for each mailbox."""

    def __init__(self, db: Database, turn: Turn, reader: Sandbox | InProcess, reading: Reading, boxes: Boxes) -> None:
        self.db = db
        self.turn = turn
        self.reader = reader
        self.reading = reading
        self.boxes = boxes
        self._moved: moved_door.Windows = {}
        self.receiving = Receiving(db, turn, boxes)
        self.office = Office(turn, boxes.inboxes)
        self.brought = Brought(turn, self.office, boxes.inboxes)
        self._carrying = Carrying(turn, self.office, self.brought)
        self.penned = Penned(db, turn, reader, reading, self._inbox, boxes.inboxes, self.brought)

    def receive(self, name: str, mailbox: Mailbox, now: datetime) -> int:
        """One whole pass over a mailbox; returns how many messages were new. Raises DoorClosed."""
        return self.receiving.receive(name, mailbox, now)

    def read(self, now: datetime, limit: int = BATCH) -> int:
        """Reads waiting mails, oldest arrival at the server first, each to its end before the next; those of which the
        reader died one by one behind all others, and what it died of three times is set aside together. Returns how
        many were taken up. A mail whose decision fails is set aside alone."""
        with self.db.read() as tx:
            waiting = _fitting(_next(mails.waiting(tx, limit, now, fresh_first=True)))
            self.turn.books.look(tx)
            self._moved = mailboxes.moves(tx) if waiting else {}
        fresh = [one for one in waiting if one.attempts == 0 and not _is_too_large(one)]
        together = {one.entry for one in fresh} if len(fresh) > 1 else set()
        answers = self._read_together(fresh, now) if together else iter(())
        batch = Batch(now, Aside(self.db, self.turn, self._inbox))
        group: list[tuple[Waiting, Mail]] = []
        until = 0.0
        for one in waiting:
            if group and (len(group) >= GROUP or not self.reader.answers_within(until - time.monotonic())):
                self._decide_all(group, batch)
                group = []
            found = next(answers) if one.entry in together else self._read_alone(one, now)
            if found is None:
                continue
            until = until if group else time.monotonic() + PATIENCE
            group.append((one, found))
        self._decide_all(group, batch)
        self._end(batch)
        return len(waiting)

    def _read_together(self, waiting: Sequence[Waiting], now: datetime) -> Iterator[Mail | None]:
        """A batch, read on while its mails are disposed of. None: it ended the reader, and is next read alone."""
        with self.db.read() as tx:
            raws = mails.raws(tx, [one.digest for one in waiting])
        jobs = [(raws[one.digest], one.received) for one in waiting]
        for one, answer in zip(waiting, self.reader.read_each(jobs), strict=True):
            if isinstance(answer, SandboxDied):
                self._strike(one, now)
            yield answer if isinstance(answer, Mail) else None

    def _read_alone(self, one: Waiting, now: datetime) -> Mail | None:
        """None: it ended the reader, and is taken up again. After three strikes its headers speak for it."""
        with self.db.read() as tx:
            raw = mails.raw(tx, one.digest)
        if _is_too_large(one):
            return headers_only(raw, self.reading, one.received, f"{UNREADABLE}: {_lack(raw)}")
        if one.attempts >= STRIKES:
            return headers_only(raw, self.reading, one.received, f"{UNREADABLE}: it ended the reader three times")
        try:
            return self.reader.read(raw, one.received, opens_files=one.attempts == 0)
        except SandboxDied:
            self._strike(one, now)
            return None

    def _strike(self, one: Waiting, now: datetime) -> None:
        """The reader died of it: the only thing that is held against a mail."""
        with self.db.begin() as tx:
            mails.attempt(tx, one.entry, now)
            failpoint("intake.striking")
        failpoint("intake.struck")

    # --- a batch --------------------------------------------------------------------------------------------------

    def _decide_all(self, group: Sequence[tuple[Waiting, Mail]], batch: Batch) -> None:
        """Mails that wait together, in one commit if they can be; else one by one."""
        try:
            if len(group) > 1 and not self._moved and not any(self._is_answer(*each) for each in group):
                self._decide_together(group, batch)
                return
        except Exception as fault:  # whose it is, is found and told below
            batch.undone(len(group), fault)
        for one, found in group:
            self._decide(one, found, batch)

    def _decide_together(self, group: Sequence[tuple[Waiting, Mail]], batch: Batch) -> None:
        """All of them or none. Their cases are held until the commit: whoever else waits for one goes first, so that
        no letter that has just gone is left unmarked for their sake."""
        self._ignore(batch.unrelated, batch.now)
        with self.db.begin(gives_way=True) as tx:
            for one, found in group:
                self._settle(tx, one, found, batch)
            failpoint("intake.disposing")
        failpoint("intake.disposed")
        batch.has_written = True

    def _is_answer(self, one: Waiting, found: Mail) -> bool:
        """Whether others are read again because of it, which is done before anything is locked."""
        if not self.boxes.inboxes[one.mailbox].is_bot:
            return False
        mail = self.office.understood(weighed(found, self.turn.books.settings.directory))
        return self.penned.answered(mail, self._inbox(one.mailbox, mail)) is not None

    def _settle(self, tx: Connection, one: Waiting, found: Mail, batch: Batch) -> None:
        """Disposes of one mail in the transaction of several; no mailbox moves meanwhile."""
        if not mails.is_unread(tx, one.entry):
            return  # another desk was faster
        directory = self.turn.books.settings.directory
        mail = weighed(found, directory)
        inbox = self._inbox(one.mailbox, mail)
        placed = place(tx, mail, inbox, directory, is_old=one.is_old)
        why = moved_door.known(tx, one, mail, self._moved)
        if not why and isinstance(placed[0], Ignore) and mail.trigger.phrase is None and not unreadable(mail):
            why = placed[0].why
        if why:
            digest = hash_id(mail.message_id)
            mails.dispose(tx, one.entry, Disposition.IGNORED, why, batch.now, message_id_hash=digest)
            return
        told = self.office.understood(mail)
        if told is not mail:
            placed = place(tx, told, inbox, directory, is_old=one.is_old)
        self._carrying.out(tx, one, told, inbox, placed, batch)

    def _decide(self, one: Waiting, found: Mail, batch: Batch) -> None:
        """Disposes of one mail. A fault of ours in it costs no other mail anything."""
        try:
            mail = weighed(found, self.turn.books.settings.directory)
            if (none_of_ours := self._unrelated(one, mail)) is not None:
                batch.unrelated.append(none_of_ours)
                return
            self._ignore(batch.unrelated, batch.now)
            self._dispose(one, mail, batch)
        except Exception as fault:
            if self.turn.books.strict or isinstance(fault, (MemoryError, OSError)):
                raise
            batch.failed(one, found, fault)
        else:
            batch.has_written = True

    def _end(self, batch: Batch) -> None:
        for one, found in batch.again():
            self._decide(one, found, batch)
        self._ignore(batch.unrelated, batch.now)
        batch.aside.settle(batch.now)

    def _unrelated(self, one: Waiting, mail: Mail) -> Unrelated | None:
        """Whether it is surely none of our business, found without a write lock. None: it is disposed of by itself."""
        if mail.trigger.phrase is not None or unreadable(mail):
            return None
        with self.db.read() as tx:
            if why := moved_door.known(tx, one, mail, self._moved):
                return (one.entry, why, hash_id(mail.message_id))
            directory = self.turn.books.settings.directory
            placement, _ = place(tx, mail, self._inbox(one.mailbox, mail), directory, is_old=one.is_old)
        return (one.entry, placement.why, hash_id(mail.message_id)) if isinstance(placement, Ignore) else None

    def _ignore(self, unrelated: list[Unrelated], now: datetime) -> None:
        """They leave one row each and nothing else; they come in crowds, so they share a commit."""
        if unrelated:
            with self.db.begin() as tx:
                for entry, why, digest in sorted(unrelated):
                    if not mails.is_unread(tx, entry):
                        continue
                    mails.dispose(tx, entry, Disposition.IGNORED, why, now, message_id_hash=digest)
                failpoint("intake.disposing")
            failpoint("intake.disposed")
        unrelated.clear()

    def _dispose(self, one: Waiting, mail: Mail, batch: Batch) -> None:
        """Finds the case and saves what follows; decides again when the case moved in between."""
        now = batch.now
        if self._is_known(one, mail, now):
            return
        inbox, directory = self._inbox(one.mailbox, mail), self.turn.books.settings.directory
        mail = self.office.understood(mail)
        answered = self.penned.answered(mail, inbox)
        while True:
            try:
                with self.db.begin() as tx:
                    if not mails.is_unread(tx, one.entry):
                        break  # another desk was faster
                    if answered is not None:
                        self._obey(tx, one, answered, now)
                        failpoint("intake.disposing")
                        break
                    placed = place(tx, mail, inbox, directory, is_old=one.is_old)
                    self._carrying.out(tx, one, mail, inbox, placed, batch)
                    failpoint("intake.disposing")
                break
            except CaseMoved:
                continue
        failpoint("intake.disposed")

    def _is_known(self, one: Waiting, mail: Mail, now: datetime) -> bool:
        """Whether it was read before, or waits for a person already: it is noted and does nothing."""
        with self.db.read() as tx:
            why = moved_door.known(tx, one, mail, self._moved)
            alike = () if why else moved_door.alike(tx, one, mail, self._moved)
        if not why and any(content_key(self.penned.reread(held)) == content_key(mail) for held in alike):
            why = moved_door.HELD
        if why:
            self._ignore([(one.entry, why, hash_id(mail.message_id))], now)
        return bool(why)

    def _obey(self, tx: Connection, one: Waiting, answered: Answered, now: datetime) -> None:
        """An answer to the digest: what it says is done, and it waits for a person itself where nothing was."""
        why = self.penned.obey(tx, answered, one.entry, now)
        said, digest = why or answered.what, hash_id(answered.mail.message_id)
        mails.dispose(tx, one.entry, Disposition.PEN if why else Disposition.IGNORED, said, now, message_id_hash=digest)

    def _inbox(self, name: str, mail: Mail) -> Inbox:
        """The watched inbox it came by; for our own mailbox, the inbox of the team that the mail addresses."""
        return placing.inbox_of(self.boxes.inboxes, self.turn.books.settings.directory, name, mail)


def _is_too_large(one: Waiting) -> bool:
    return one.is_truncated or one.size > MAX_READ


def _lack(raw: bytes) -> str:
    """Why a mail that is not whole with us is not taken apart."""
    return "it is too large to be read" if raw else "its server lists it and does not give it"


def _next(waiting: Sequence[Waiting]) -> list[Waiting]:
    """Which of them are read now: the fresh ones; else one that the reader died of; else those it is done with."""
    fresh = [one for one in waiting if one.attempts == 0]
    again = [one for one in waiting if one.attempts < STRIKES]
    return fresh or again[:1] or list(waiting)


def _fitting(waiting: Sequence[Waiting]) -> list[Waiting]:
    """The first of them that fit into memory together, one at least."""
    totals = accumulate(one.size for one in waiting)
    return [one for one, total in zip(waiting, totals, strict=True) if total <= MAX_READ or one is waiting[0]]
