"""The holding pen: mail that a person must place, placed by the operator's command or by an answer to the digest.

Placing goes the way of every mail: the same reader, the same turn, the same journal. An answer counts from the business
unit of the area alone, proven, or citing the digest that went to that address; it acts in the transaction of its own
disposition, and its sender is told what was done. What the lines mean is mail/words/orders.py's; it guesses nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.case import dated
from bot.case.course import opening
from bot.case.placement import weighed
from bot.case.said.command import HANDED_OUT
from bot.engine import registers
from bot.engine.contacts import still
from bot.engine.reading import spoc
from bot.engine.reading.brought import Brought
from bot.engine.reading.join import attach, to_open
from bot.engine.reading.office import areas_of
from bot.engine.reading.pen import entries, undo
from bot.engine.reading.place import keys_of
from bot.engine.reading.reader.sandbox import InProcess, Sandbox, SandboxDied
from bot.engine.turn import Turn
from bot.mail.read import Reading, headers_only
from bot.mail.words import orders
from bot.mail.words.orders import NEW, NOT_OURS, UNDO, Order
from bot.model import Contact, Decision, Disposition, Flag, Inbox, Letter, Mail, MailKind, Proof, Word
from bot.model.errors import StoreError
from bot.model.failpoints import failpoint
from bot.model.letters import Answer
from bot.store import cases, mails, outbox
from bot.store.db import Database
from bot.store.mails import Listed
from bot.store.outbox import Queued

UNREADABLE = "could not be read"
BY_HAND = "placed by hand"
#: A mail that has waited longer than this is counted from the answer: its window would be over before anybody knew.
FRESH = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Answered:
    """A mail that answers a digest. `areas`: where its sender may place mail, () for nowhere."""

    mail: Mail
    by: Contact
    areas: tuple[str, ...]
    given: orders.Orders
    letters: Mapping[str, int]  # letters of the digest it cites -> entries
    read: Mapping[int, Mail] = field(default_factory=dict)  # the named entries, read again
    wants: Word | None = None  # one of HANDED_OUT: what its sender asks for instead of placing anything
    change: Queued | None = None  # the letter about a change of the directory that it says YES or NO to

    @property
    def what(self) -> str:
        """What the mail is, in the ledger's words."""
        return "an answer about the directory" if self.change else self.wants or "an answer to the holding pen"

    def entry(self, name: str) -> int:
        """The entry a name means; 0 for a letter of no digest."""
        return int(name) if name.isdecimal() else self.letters.get(name, 0)


@dataclass(eq=False, slots=True)
class Penned:
    """Places mail. `inbox_of(mailbox, mail)` says which watched inbox a mail belongs to; `areas`: area -> mailboxes."""

    db: Database
    turn: Turn
    reader: Sandbox | InProcess
    reading: Reading
    inbox_of: Callable[[str, Mail], Inbox]
    watched: Mapping[str, Inbox]
    brought: Brought

    # --- by the operator's command ------------------------------------------------------------------------------

    def reread(self, listed: Listed) -> Mail:
        """A mail that was put aside, read again. Raises KeyError when its bytes are gone."""
        with self.db.read() as tx:
            raw = mails.raw(tx, listed.digest)
        why = ""
        for opens_files in (True, False):  # an attachment may be what ends the reader
            try:
                mail = self.reader.read(raw, listed.received, opens_files=opens_files)
                return weighed(mail, self.turn.books.settings.directory)
            except SandboxDied as died:
                why = str(died)
        return headers_only(raw, self.reading, listed.received, f"{UNREADABLE}: {why}")

    def place(self, listed: Listed, mail: Mail, number: int, now: datetime) -> None:
        """A person said to which case a mail of the holding pen belongs: it takes effect as if it had found it."""
        with self.db.begin() as tx:
            self._put(tx, listed, mail, number, BY_HAND, now)
            failpoint("intake.placing")
        failpoint("intake.placed")

    def adopt(
        self, listed: Listed, mail: Mail, inbox: Inbox, now: datetime, stage: str, day_zero: datetime
    ) -> Decision:
        """A person said that a mail opens a case, at this stage, counted from that day."""
        with self.db.begin() as tx:
            decision = self._open(tx, listed, mail, inbox, now, stage, day_zero, "adopted by hand")
            failpoint("intake.adopting")
        failpoint("intake.adopted")
        return decision

    def _put(self, tx: Connection, listed: Listed, mail: Mail, number: int, how: str, now: datetime) -> None:
        number = attach(self.turn, tx, mail, number, how, "", now).case.number
        mails.replace(tx, listed.entry, Disposition.CASE, how, now, case=number)

    def _open(
        self, tx: Connection, listed: Listed, mail: Mail, inbox: Inbox, now: datetime, stage: str,
        day_zero: datetime, how: str,
    ) -> Decision:  # fmt: skip
        told = to_open(tx, mail, self.turn.books.settings.directory)
        decision = self.turn.open(tx, told, inbox, now, (Flag.ADOPTED,), stage, day_zero)
        cases.note_ids(tx, decision.case.number, keys_of(mail))
        mails.replace(tx, listed.entry, Disposition.CASE, how, now, case=decision.case.number)
        return decision

    # --- by an answer to the digest -----------------------------------------------------------------------------

    def answered(self, mail: Mail, inbox: Inbox) -> Answered | None:
        """Whether the mail answers a digest, or names entries of the pen by itself; named mails are read again here,
        before anything is locked. None: it is an ordinary mail."""
        if not inbox.is_bot or mail.kind is not MailKind.HUMAN or mail.is_list or mail.sender is None:
            return None
        with self.db.read() as tx:
            cited = outbox.by_message_id(tx, mail.cited) if mail.cited else []
            listed = {row.entry: row for row in entries.waiting(tx)}
        if change := still.about(cited, mail):
            return Answered(mail, Contact(mail.sender.email), (), orders.Orders((), ()), {}, change=change)
        digests = [queued for queued in cited if entries.lists_entries(queued)]
        by, areas = self._authority(mail, digests)
        if mail.command is not None and mail.command.word in HANDED_OUT and areas:
            return Answered(mail, by, areas, orders.Orders((), ()), {}, wants=mail.command.word)
        given = orders.orders(mail.new_text)
        is_of_case = any(queued.case is not None for queued in cited)
        if mail.command is not None or (len(digests) < len(cited) and (is_of_case or not given.orders)):
            return None
        if not digests and not (areas and given.orders):
            return None
        found = Answered(mail, by, areas, given, entries.lettered(digests))
        rows = [listed[e] for o in given.orders if areas and (e := found.entry(o.name)) in listed]
        return Answered(mail, by, areas, given, found.letters, {row.entry: self.reread(row) for row in rows})

    def _authority(self, mail: Mail, digests: list[Queued]) -> tuple[Contact, tuple[str, ...]]:
        """Who wrote it, and the areas whose business unit that is; none without proof, unless it cites the digest that
        went to that very address, and never with a failed proof or one of another day."""
        email = mail.sender.email if mail.sender else ""
        directory = self.turn.books.settings.directory
        held = areas_of(directory, email)
        by = next(iter(held.values()), Contact(email))
        was_sent = any(directory.same_person(to.email, email) for q in digests for to in q.letter.to)
        told = max((q.queued for q in digests), default=None)
        is_old = dated.outdated(mail, told, is_seen=False, behind=dated.SLOW)
        if is_old or mail.proof is Proof.FAILED or (mail.proof is not Proof.PROVEN and not was_sent):
            return by, ()
        return by, tuple(held)

    def obey(self, tx: Connection, one: Answered, entry: int, now: datetime) -> str:
        """Does what was said and answers. Returns why the answer itself must wait for a person, "" when it need not.
        Unauthorised words do nothing. Raises CaseMoved."""
        if one.change is not None:
            return still.take(spoc.Changes(self.turn, self.brought.office), tx, one.mail, one.change, now)
        if not one.areas:
            return "an answer to the holding pen from somebody who may not place mail, or without proof"
        if one.wants:
            for area in one.areas:
                self._hand_out(tx, one, area, now)
            return ""
        waiting = {row.entry: row for row in entries.waiting(tx)}
        how = f"placed by the answer in mail {entry}"
        done: list[str] = []
        is_theirs = one.mail.proof is Proof.PROVEN  # else it may be anybody's words: they are said back to nobody
        unclear = [f"“{line}”" if is_theirs else "A line that nobody understands" for line in one.given.unclear]
        for order in one.given.orders:
            row = waiting.get(one.entry(order.name))
            said, is_done = self._follow(tx, one, order, row, how, now)
            (done if is_done else unclear).append(said)
        self._tell(tx, one, done, unclear, now)
        return "" if done else "an answer to the holding pen that could not be followed; its sender was asked"

    def _hand_out(self, tx: Connection, one: Answered, area: str, now: datetime) -> None:
        """What its sender asks for, of one area; a change of the directory is put to both sides instead."""
        directory, command = self.turn.books.settings.directory, one.mail.command
        if command is None or command.word is not Word.SPOC or not spoc.is_change(command.note):
            self.turn.post(tx, registers.letter(one.mail, one.by, area, now, directory.teams(area)), now)
            return
        spoc.Changes(self.turn, self.brought.office).put(tx, one.mail, one.by, area, command.note, now)

    def _follow(
        self, tx: Connection, one: Answered, order: Order, row: Listed | None, how: str, now: datetime
    ) -> tuple[str, bool]:
        """What was done with one order, in words, and whether it was."""
        if order.what == UNDO:
            return undo.take_back(tx, order.name, one.areas if one.mail.proof is Proof.PROVEN else (), now)
        if row is None:
            return f"{order.name}: no mail of that name waits. Letters count in an answer to their own digest", False
        inbox = self._permitted_inbox(row, one)
        if inbox is None:
            return f"{order.name}: that mail lies in a mailbox of another area", False
        if order.what == NOT_OURS and one.mail.proof is not Proof.PROVEN:
            return f"{order.name}: it could not be proven that you wrote this, so that mail waits on", False
        if order.what == NOT_OURS:
            mails.replace(tx, row.entry, Disposition.IGNORED, f"not ours: {how}", now, keeps=True)
            undo.note(tx, row, inbox.area, now)
            back = f"until then UNDO {row.entry} takes that back"
            return f"Mail {row.entry} is none of our business. Its text is gone in 24 hours; {back}", True
        mail = one.read.get(row.entry)
        if mail is None:
            return f"{order.name}: that mail cannot be read any more", False
        if order.what == NEW:
            return self._opened(tx, row, mail, inbox, how, now)
        ref, number = entries.case_of(tx, order.what, one.areas)
        if number is None:
            return f"{order.name}: {ref}", False
        self._put(tx, row, mail, number, how, now)
        undo.note(tx, row, inbox.area, now, ref)
        return f"Mail {row.entry} belongs to {ref} now", True

    def _opened(
        self, tx: Connection, row: Listed, mail: Mail, inbox: Inbox, how: str, now: datetime
    ) -> tuple[str, bool]:
        if inbox.policy not in self.turn.books.settings.policies:
            return f"Mail {row.entry}: it cannot be told which policy it comes under; please ask the operator", False
        if self.brought.office.areas(mail):
            return self._handed_in(tx, row, mail, how, now)
        is_fresh = now - row.received < FRESH
        began = opening.day_zero(mail) if is_fresh else now
        try:
            decision = self._open(tx, row, mail, inbox, now, "", began, how)
        except StoreError as error:
            return f"Mail {row.entry}: {error}", False
        undo.note(tx, row, inbox.area, now, decision.case.ref)
        since = "its receipt" if is_fresh else "your answer, since it has waited for more than three days"
        asks = "; nobody knows its sender, so please answer YES to its notice as well" if decision.case.unproven else ""
        return f"Mail {row.entry} opened {decision.case.ref}; its time counts from {since}{asks}", True

    def _handed_in(self, tx: Connection, row: Listed, mail: Mail, how: str, now: datetime) -> tuple[str, bool]:
        """What the business unit wrote itself tells of somebody else's challenge."""
        found = self.brought.open(tx, mail, now)
        if found.decision is None:
            return f"Mail {row.entry}: {'; '.join(found.undone)}", False
        mails.replace(tx, row.entry, Disposition.CASE, how, now, case=found.decision.case.number)
        return f"Mail {row.entry}: {'; '.join((*found.done, *found.undone))}", True

    def _permitted_inbox(self, row: Listed, one: Answered) -> Inbox | None:
        """The inbox that an entry belongs to, if the sender may place mail there."""
        own = self.watched.get(row.mailbox)
        if own is not None and not own.is_bot:
            return own if own.area in one.areas else None
        mail = one.read.get(row.entry)
        found = self.inbox_of(row.mailbox, mail) if mail is not None and row.mailbox in self.watched else None
        if found is not None and found.area:
            return found if found.area in one.areas else None
        of_area = [box for box in self.watched.values() if not box.is_bot and box.area in one.areas]
        policies = {(box.area, box.policy) for box in of_area}
        area, policy = policies.pop() if len(policies) == 1 else (one.areas[0], "")
        return Inbox(area, own.address if own else "", policy, "", is_bot=True)

    def _tell(self, tx: Connection, one: Answered, done: list[str], unclear: list[str], now: datetime) -> None:
        cited = tuple(i for i in (*one.mail.references[-5:], one.mail.message_id or "") if i)
        values, about = Answer.Pen(done=tuple(done), unclear=tuple(unclear)), "Mails that you placed"
        letter = Letter(
            values, one.mail.digest, (one.by,), decided=now, subject=about, in_reply_to=one.mail.message_id or "",
            references=cited,
        )  # fmt: skip
        self.turn.post(tx, letter, now)
