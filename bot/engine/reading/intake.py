"""Read: one mail after another to one committed disposition each, the oldest arrival at the server first.

A mail that kills the reader is set aside after three strikes, one whose decision fails at once and alone (aside.py),
and the mails behind it flow. How mail is received is receiving.py's; it decides no case (turn.py) and sends nothing.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import accumulate

from sqlalchemy import Connection

from bot.case.placement import Attach, Ignore, Open, Pen, Placement, weighed
from bot.doors.ports import Mailbox
from bot.engine.reading import moved_door
from bot.engine.reading import place as placing
from bot.engine.reading.aside import Aside, Batch, Unrelated
from bot.engine.reading.brought import HANDED_IN, LINES, Brought
from bot.engine.reading.join import alone, attach, suggest, to_open
from bot.engine.reading.office import Office
from bot.engine.reading.pen import UNREADABLE, Answered, Penned
from bot.engine.reading.place import content_key, hash_id, keys_of, place
from bot.engine.reading.reader.sandbox import InProcess, Sandbox, SandboxDied
from bot.engine.reading.receiving import BATCH, Boxes, Receiving
from bot.engine.turn import Turn
from bot.mail.read import Reading, headers_only
from bot.model import Disposition, Flag, How, Inbox, Mail
from bot.model.errors import CaseMoved
from bot.model.failpoints import failpoint
from bot.store import cases, mailboxes, mails
from bot.store.db import Database
from bot.store.mails import Waiting

STRIKES = 3
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
            self._moved = mailboxes.moves(tx) if waiting else {}
        fresh = [one for one in waiting if one.attempts == 0 and not _is_too_large(one)]
        together = {one.entry for one in fresh} if len(fresh) > 1 else set()
        answers = self._read_together(fresh, now) if together else iter(())
        batch = Batch(now, Aside(self.db, self.turn, self._inbox))
        for one in waiting:
            found = next(answers) if one.entry in together else self._read_alone(one, now)
            if found is not None:
                self._decide(one, found, batch)
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
                    placement, known_id = place(tx, mail, inbox, directory, is_old=one.is_old)
                    placement, named = self.office.placed(tx, mail, placement)
                    told = alone(tx, mail, directory) if isinstance(placement, Open | Pen) else mail
                    if self.brought.is_handed_in(told, placement, is_old=one.is_old):
                        self._hand_in(tx, one, mail, now)
                    else:
                        self._carry_out(tx, one, mail, inbox, placement, known_id, named, batch)
                        self.office.answer(tx, told, inbox, placement, now)
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
        named: tuple[str, ...], batch: Batch,
    ) -> None:  # fmt: skip
        now = batch.now
        dispose = partial(mails.dispose, tx, one.entry, now=now, message_id_hash=hash_id(mail.message_id))
        match placement:
            case Attach(case=number, how=How.COPY):
                dispose(Disposition.CASE, "the same mail again", case=number)
            case Attach(case=number, how=how, letter=key):
                number = attach(self.turn, tx, mail, number, how, key, now, named, same_id=same_id).case.number
                dispose(Disposition.CASE, how, case=number)
            case Open(flags=flags, same_as=same_as):
                more = (Flag.DUPLICATE_MESSAGE_ID,) if same_id else ()
                told = to_open(tx, mail, self.turn.books.settings.directory)
                decision = self.turn.open(tx, told, inbox, now, (*flags, *more), same_as=same_as)
                number = decision.case.number
                cases.note_ids(tx, number, keys_of(mail))
                dispose(Disposition.CASE, "it opened the case", case=number)
            case Pen(why=why, guesses=guesses, asks=asks):
                for number, others in asks:
                    suggest(self.turn, tx, mail, number, why, others, now)
                dispose(Disposition.PEN, why, guesses=" ".join(guesses))
            case Ignore(why=why) if not unreadable(mail):
                dispose(Disposition.IGNORED, why)
            case Ignore():
                batch.aside.unreadable(one, mail, unreadable(mail))


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


def unreadable(mail: Mail) -> str:
    """Why we could not read it; "" for a mail that was read, encrypted ones included."""
    return next((d for d in mail.defects if d.startswith((UNREADABLE, "parser_failed"))), "")
