"""Due deadlines: claim the row, take the turn. Fires late, never early, and each row once.

Before it says that no reply has been recorded it must have read the inboxes up to the deadline; an inbox that cannot
be read for long does not stop the clock for ever, and then the letter says so. It decides nothing (turn.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.failpoints import failpoint
from bot.model import Alarm, Case
from bot.store import cases, deadlines, mails
from bot.store.db import Database
from bot.store.deadlines import DueRow
from bot.turn import Turn

LEASE = timedelta(minutes=5)
#: How long an unreadable inbox may hold back what must be said.
DEAF = timedelta(minutes=10)
#: Kinds that say or imply that nothing has been answered.
SPEAKS_OF_SILENCE = frozenset({"lapse", "chaser", "repeat", "ask", "outcome_due", "outcome_chaser", "telling"})


class Alarms:
    """Fires what is due. `mailboxes`: which mailbox names carry the mail of an inbox address ("" for our own)."""

    def __init__(self, db: Database, turn: Turn, owner: str, mailboxes: dict[str, str]) -> None:
        self.db = db
        self.turn = turn
        self.owner = owner
        self.mailboxes = mailboxes

    def fire(self, now: datetime, limit: int = 100) -> int:
        """Answers up to `limit` due rows; returns how many were answered."""
        answered = 0
        with self.db.read() as tx:
            if deadlines.count_due(tx, now) == 0:
                return 0
        for _ in range(limit):
            with self.db.begin() as tx:
                row = self._next(tx, now)
                if row is None:
                    return answered
                failpoint("alarms.claimed")
                self.turn.take(tx, row.case, Alarm(row.deadline), now)
                deadlines.done(tx, row)
                failpoint("alarms.answering")
            failpoint("alarms.answered")
            answered += 1
        return answered

    def _next(self, tx: Connection, now: datetime) -> DueRow | None:
        """The oldest due row that may be answered; rows that wait for an inbox stay leased for a while."""
        # One at a time: a claim leases what it gives, and what is not answered now would wait for its lease to end.
        while claimed := deadlines.claim_due(tx, now, self.owner, LEASE):
            row = claimed[0]
            if row.deadline.kind not in SPEAKS_OF_SILENCE or self._heard(tx, row, now):
                return row
        return None

    def _heard(self, tx: Connection, row: DueRow, now: datetime) -> bool:
        case: Case = cases.load(tx, row.case).case
        names = [self.mailboxes[a] for a in (case.inbox, "") if a in self.mailboxes]
        listed = mails.last_listed(tx)
        moment = row.deadline.at
        if now - moment > DEAF:
            moment = min(moment, now - DEAF)
        is_behind = any(name not in listed or listed[name] < moment for name in names)
        return now - row.deadline.at > DEAF or not (is_behind or self._unread_before(tx, moment))

    @staticmethod
    def _unread_before(tx: Connection, moment: datetime) -> bool:
        waiting = mails.waiting(tx, 1, moment)
        return bool(waiting) and waiting[0].received <= moment
