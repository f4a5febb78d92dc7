"""Mails that are set aside: those that nothing can read, and those whose decision failed by a fault of ours.

All of one batch are set aside in one commit with one alert, so that no mail is aside unsaid and a bad release tells of
a hundred mails once. A failed decision is told to the business unit too, whose challenge waits unheard; the mail is
kept as it came and read again by `review retry`. It reads and decides nothing.
"""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection

from bot.case.placement import Attach
from bot.engine.reading.place import hash_id, place
from bot.engine.turn import Turn
from bot.model import Disposition, Inbox, Letter, Mail
from bot.model.errors import StoreError
from bot.model.failpoints import failpoint
from bot.model.letters import Alert
from bot.store import cases, mailboxes, mails
from bot.store.db import Database
from bot.store.mails import Listed, Waiting

#: Why a mail is aside that can be read, and by which `review retry` finds all such mails.
FAILED = "its decision failed by a fault of this service"
MOST_LINES = 20

#: A mail that is none of our business: its ledger row, why, and the hash of its Message-ID.
Unrelated = tuple[int, str, str]

log = structlog.get_logger("reading")


@dataclass(frozen=True, slots=True)
class Found:
    """A mail to be set aside. `is_failed`: by a fault of ours; then `area` and `ref` are where it belongs, as far as
    that can be known."""

    one: Waiting
    why: str
    message_id_hash: str
    is_failed: bool = False
    area: str = ""
    ref: str = ""


class Aside:
    """Gathers the mails of one batch. `inbox_of(mailbox, mail)` says which watched inbox a mail belongs to."""

    def __init__(self, db: Database, turn: Turn, inbox_of: Callable[[str, Mail], Inbox]) -> None:
        self.db = db
        self.turn = turn
        self._inbox_of = inbox_of
        self._found: dict[int, Found] = {}  # by entry: a transaction that is tried again says it again

    def unreadable(self, one: Waiting, mail: Mail, why: str) -> None:
        self._found[one.entry] = Found(one, why, hash_id(mail.message_id))

    def failed(self, one: Waiting, mail: Mail, fault: Exception) -> None:
        """Its decision raised `fault`, which goes to the log; the alert names where it came from."""
        log.error("a decision failed", entry=one.entry, exc_info=fault)
        area, ref = self._belongs(one, mail)
        why = f"{FAILED} ({_origin(fault)})"
        self._found[one.entry] = Found(one, why, hash_id(mail.message_id), is_failed=True, area=area, ref=ref)

    def settle(self, now: datetime) -> None:
        """Sets aside what was gathered and tells of it."""
        gathered = sorted(self._found.items())
        if not gathered:
            return
        with self.db.begin() as tx:
            found = [each for entry, each in gathered if mails.is_unread(tx, entry)]
            if not found:
                return
            for each in found:
                hashed = each.message_id_hash
                mails.dispose(
                    tx, each.one.entry, Disposition.ASIDE, each.why, now, message_id_hash=hashed, guesses=each.ref
                )
            self._tell_operator(tx, found, now)
            for area in sorted({each.area for each in found if each.area}):
                self._tell_unit(tx, area, [each for each in found if each.area == area], now)
            failpoint("aside.settling")
        failpoint("aside.settled")

    def _belongs(self, one: Waiting, mail: Mail) -> tuple[str, str]:
        """The area and the case of a mail that nothing could decide; "" for what cannot be known either."""
        area = ""
        try:
            inbox = self._inbox_of(one.mailbox, mail)
            area = inbox.area
            with self.db.read() as tx:
                found, _ = place(tx, mail, inbox, self.turn.books.settings.directory, is_old=one.is_old)
                case = cases.load(tx, found.case).case if isinstance(found, Attach) else None
        except Exception:  # most likely the fault that is told of already
            log.exception("a failed mail cannot be placed", entry=one.entry)
            return area, ""
        return (case.area, case.ref) if case else (area, "")

    def _tell_operator(self, tx: Connection, found: Sequence[Found], now: datetime) -> None:
        many = len(found) > 1
        lines = [
            f"Mail {each.one.entry} of mailbox {each.one.mailbox}{f', of {each.ref}' if each.ref else ''}: {each.why}."
            for each in found[:MOST_LINES]
        ]
        if len(found) > MOST_LINES:
            lines.append(f"And {len(found) - MOST_LINES} more.")
        lines.append(f"{'They are kept as they' if many else 'It is kept as it'} came. See: challenge-bot review")
        if any(each.is_failed for each in found):
            lines.append("A failed decision is a fault of this service: tell who maintains it.")
            lines.append("After the upgrade: challenge-bot review retry reads them all again.")
        subject = f"{len(found)} mails were set aside" if many else "A mail was set aside"
        self.turn.alert(tx, f"set_aside/{found[0].one.entry}", subject, lines, now)

    def _tell_unit(self, tx: Connection, area: str, found: Sequence[Found], now: datetime) -> None:
        unit = self.turn.books.settings.directory.unit(area)
        if not unit:
            return
        values = Alert.Unworked(
            count=len(found),
            mailboxes=tuple(dict.fromkeys(each.one.mailbox for each in found)),
            refs=tuple(dict.fromkeys(each.ref for each in found if each.ref)),
            since=min(each.one.received for each in found),
        )
        occasion = f"unworked/{area}/{found[0].one.entry}"
        self.turn.post(tx, Letter(values, occasion, unit, decided=now, subject="Mail that was not worked"), now)


def read_again(tx: Connection, now: datetime) -> int:
    """Puts back to unread every mail whose decision failed, as after an upgrade; returns how many."""
    failed = [row.entry for row in mails.listed(tx, Disposition.ASIDE) if row.why.startswith(FAILED)]
    for entry in failed:
        mails.replace(tx, entry, Disposition.UNREAD, "read again by hand", now)
    return len(failed)


def again(tx: Connection, row: Listed, now: datetime) -> bool:
    """Puts one mail back to unread; True where its server never gave its bytes, so that it is fetched anew first: the
    entry ends, and what comes has another."""
    if row.digest != mails.NOTHING:
        mails.replace(tx, row.entry, Disposition.UNREAD, "read again by hand", now)
        return False
    mailboxes.begin_anew(tx, row.mailbox, now)  # its place may stand on what came after a mailbox was put back
    mails.replace(tx, row.entry, Disposition.IGNORED, "its server is asked for it again", now)
    return True


@dataclass(eq=False, slots=True)
class Batch:
    """What is under way while a batch is read."""

    now: datetime
    aside: Aside
    unrelated: list[Unrelated] = field(default_factory=list)  # read, and to be settled in one commit
    has_written: bool = False  # since a mail stumbled
    _stumbled: list[tuple[Waiting, Mail]] = field(default_factory=list)
    _is_again: bool = False

    def failed(self, one: Waiting, mail: Mail, fault: Exception) -> None:
        """A decision raised `fault`. Where the database refused it, that is the mail's only if the database takes
        others' meanwhile: it is tried again behind them. Raises `fault` where the database takes nobody's."""
        if not isinstance(fault, StoreError):
            self.aside.failed(one, mail, fault)
        elif not self._is_again and not self._stumbled:
            self._stumbled.append((one, mail))
            self.has_written = False
        elif self._is_again and self.has_written:
            self.aside.failed(one, mail, fault)
        else:
            raise fault

    def undone(self, many: int, fault: Exception) -> None:
        """So many mails could not share a commit: whose `fault` it is, is found when each is decided alone."""
        log.info("mails are decided one by one", many=many, why=type(fault).__name__)

    def again(self) -> list[tuple[Waiting, Mail]]:
        """What stumbled, to be tried once more behind the rest of the batch."""
        self._is_again = True
        return list(self._stumbled)


def _origin(fault: Exception) -> str:
    """The kind of fault and the line it came from, without a word of its text, which may be a piece of mail."""
    frames = traceback.extract_tb(fault.__traceback__)
    where = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{where}"
