"""A placed mail is carried out: it joins or opens its case, waits for a person, or is none of our business.

Everything happens in the transaction of the mail's own disposition, which may be that of several mails. It decides no
place (place.py) and commits nothing (intake.py).
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bot.case.placement import Attach, Ignore, Open, Pen, Placement
from bot.engine.reading.aside import Batch
from bot.engine.reading.brought import HANDED_IN, LINES, Brought
from bot.engine.reading.join import alone, attach, suggest, to_open
from bot.engine.reading.office import Office
from bot.engine.reading.pen.answers import UNREADABLE
from bot.engine.reading.place import hash_id, keys_of
from bot.engine.turn import Turn
from bot.model import Disposition, Flag, How, Inbox, Mail
from bot.store import cases, mails
from bot.store.mails import Waiting


@dataclass(eq=False, slots=True)
class Carrying:
    """Carries out what was placed."""

    turn: Turn
    office: Office
    brought: Brought

    def out(
        self, tx: Connection, one: Waiting, mail: Mail, inbox: Inbox, placed: tuple[Placement, bool], batch: Batch
    ) -> None:
        """`placed`: what `place` says of it."""
        placement, named = self.office.placed(tx, mail, placed[0])
        is_apart = isinstance(placement, Open | Pen)
        told = alone(tx, mail, self.turn.books.settings.directory) if is_apart else mail
        if self.brought.is_handed_in(told, placement, is_old=one.is_old):
            self._hand_in(tx, one, mail, batch.now)
        else:
            self._carry_out(tx, one, mail, inbox, placement, placed[1], named, batch)
            self.office.answer(tx, told, inbox, placement, batch.now)

    def _hand_in(self, tx: Connection, one: Waiting, mail: Mail, now: datetime) -> None:
        """The business unit's mail opens somebody's challenge, or waits for what it lacks; it is answered."""
        found, digest = self.brought.open(tx, mail, now), hash_id(mail.message_id)
        number = found.decision.case.number if found.decision else None
        where = Disposition.PEN if number is None else Disposition.CASE
        mails.dispose(tx, one.entry, where, HANDED_IN, now, case=number, message_id_hash=digest)
        self.office.tell(tx, mail, found.done, found.undone, now, () if found.decision else LINES)

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


def unreadable(mail: Mail) -> str:
    """Why we could not read it; "" for a mail that was read, encrypted ones included."""
    return next((d for d in mail.defects if d.startswith((UNREADABLE, "parser_failed"))), "")
