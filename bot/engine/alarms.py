"""Due deadlines: claim the row, take the turn. Fires late, never early, and each row once.

Before it says that no reply has been recorded it must have read the inboxes up to the deadline; an inbox that cannot
be read for long does not stop the clock for ever, and then the letter says so. It decides nothing (turn.py).
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.engine.turn import Turn
from bot.model import Alarm, AlarmKind, Case, Disposition
from bot.model.errors import CaseMoved
from bot.model.failpoints import failpoint
from bot.store import cases, deadlines, mailboxes, mails
from bot.store.db import Database
from bot.store.deadlines import DueRow

#: How long a row that waits for its inbox is left alone; the turn itself is one transaction and needs no lease.
LEASE = timedelta(seconds=15)
#: How long an unreadable inbox may hold back what must be said.
DEAF = timedelta(minutes=10)
#: Kinds that say or imply that nothing has been answered.
SPEAKS_OF_SILENCE = frozenset(
    {
        AlarmKind.LAPSE,
        AlarmKind.CHASER,
        AlarmKind.REPEAT,
        AlarmKind.ASK,
        AlarmKind.UNCONFIRMED,
        AlarmKind.DOUBTFUL,
        AlarmKind.OUTCOME_DUE,
        AlarmKind.OUTCOME_CHASER,
        AlarmKind.TELLING,
        AlarmKind.WORD_MANAGER,
        AlarmKind.CHILD_FILE,
        AlarmKind.PROMPT,
        AlarmKind.PROMPT_LATE,
        AlarmKind.MEETING_RECORD,
    }
)


class Alarms:
    """Fires what is due. `mailboxes`: which mailbox names carry the mail of an inbox address ("" for our own)."""

    def __init__(self, db: Database, turn: Turn, owner: str, mailboxes: dict[str, str]) -> None:
        self.db = db
        self.turn = turn
        self.owner = owner
        self.mailboxes = mailboxes

    def inboxes_due(self, now: datetime) -> set[str]:
        """The mailboxes of the cases that something is due in: theirs, and the bot's own."""
        with self.db.read() as tx:
            due = deadlines.cases_due(tx, now)
            return {name for number in due for name in self._inboxes(cases.load(tx, number).case)}

    def fire(self, now: datetime, limit: int = 100) -> int:
        """Answers up to `limit` due rows; returns how many were answered."""
        answered = 0
        with self.db.read() as tx:
            if deadlines.count_due(tx, now) == 0:
                return 0
            self.turn.books.look(tx)
        for _ in range(limit):
            try:
                if not self._answer_next(now):
                    return answered
            except CaseMoved:
                continue  # nothing of it was saved, and the row is due still
            answered += 1
        return answered

    def _answer_next(self, now: datetime) -> bool:
        """In one transaction; False when no row may be answered. Raises CaseMoved."""
        with self.db.begin() as tx:
            claimed = self._next(tx, now)
            if claimed is None:
                return False
            row, deaf_since = claimed
            failpoint("alarms.claimed")
            alarm = Alarm(row.deadline, deaf_since, self._waits_unread(tx, row))
            self.turn.take(tx, row.case, alarm, now)
            deadlines.done(tx, row)
            failpoint("alarms.answering")
        failpoint("alarms.answered")
        return True

    def _next(self, tx: Connection, now: datetime) -> tuple[DueRow, datetime | None] | None:
        """The oldest due row that may be answered, and since when its inbox is deaf; rows that wait stay leased."""
        # One at a time: a claim leases what it gives, and what is not answered now would wait for its lease to end.
        while claimed := deadlines.claim_due(tx, now, self.owner, LEASE):
            row = claimed[0]
            unread = self._unread(tx, row, now) if row.deadline.kind in SPEAKS_OF_SILENCE else ()
            if not unread:
                return row, None
            if deaf_since := self._deaf_since(tx, unread, now):
                return row, deaf_since
        return None

    def _unread(self, tx: Connection, row: DueRow, now: datetime) -> tuple[str, ...]:
        """Mailboxes of the case that were not read up to the deadline; all of them while mail of before it waits."""
        case: Case = cases.load(tx, row.case).case
        names = self._inboxes(case)
        if self._unread_before(tx, row.deadline.at):
            return names
        listed = mailboxes.last_listed(tx)
        moment = min(row.deadline.at, now)
        return tuple(name for name in names if name not in listed or listed[name] < moment)

    def _inboxes(self, case: Case) -> tuple[str, ...]:
        return tuple(self.mailboxes[a] for a in (case.inbox, "") if a in self.mailboxes)

    def _waits_unread(self, tx: Connection, row: DueRow) -> bool:
        """Whether a mail that may be of the case waits for a person: to place it, or to open it in the case's inbox."""
        if row.deadline.kind not in SPEAKS_OF_SILENCE:
            return False
        case: Case = cases.load(tx, row.case).case
        inbox = self.mailboxes.get(case.inbox)
        aside = (
            one for one in mails.listed(tx, Disposition.ASIDE) if one.mailbox == inbox and one.received >= case.opened
        )
        pen = (one for one in mails.listed(tx, Disposition.PEN) if case.ref in one.guesses.split())
        return any(True for _ in (*aside, *pen))

    def _deaf_since(self, tx: Connection, names: tuple[str, ...], now: datetime) -> datetime | None:
        """Since when one of these cannot be read, if that is long enough to speak all the same."""
        open_gaps = (since for name, since, until, _ in mailboxes.gaps(tx, now, now) if name in names and until is None)
        return next((since for since in open_gaps if now - since >= DEAF), None)

    @staticmethod
    def _unread_before(tx: Connection, moment: datetime) -> bool:
        waiting = mails.waiting(tx, 1, moment)
        return bool(waiting) and waiting[0].received <= moment
