"""The report that nobody has to ask for: each business unit is sent the last quarter's or year's once it is over.

On the first working day after it, not before the hour that is set; later where the service stood still, and then the
last span alone. Each once: the letter's key is of the area, the span and the edition. Nothing goes of a time before the
first challenge of the area. What a report says is records/report's, its files are made when the letter goes.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import Connection

from bot.engine.turn import Turn
from bot.model import Letter
from bot.model.failpoints import failpoint
from bot.model.letters import Answer, TheReport
from bot.records.report.periods import Quarter
from bot.store import cases, meta
from bot.store.db import Database

SUBJECT = "The report of professional challenges"


class Reports:
    """Posts what is due in these areas."""

    def __init__(self, db: Database, turn: Turn, areas: Collection[str]) -> None:
        self.db = db
        self.turn = turn
        self.areas = areas

    def post(self, now: datetime) -> None:
        """Queues the reports of the spans that ended last, if their hour has come and they are not queued yet."""
        settings = self.turn.books.settings
        wanted, local = settings.config.report, now.astimezone(settings.calendar.zone)
        if not wanted.every or not settings.calendar.is_working(local.date()) or local.time() < wanted.at:
            return
        quarter = Quarter.before(local.date())
        ended = [quarter if every == "quarter" else Quarter(local.year - 1, 0) for every in wanted.every]
        spans = " ".join(map(str, ended))
        with self.db.read() as tx:
            if meta.get(tx, "reports") == spans:
                return
        with self.db.begin() as tx:
            for letter in self._letters(tx, ended, now):
                self.turn.post(tx, letter, now)
            meta.put(tx, "reports", spans)
            failpoint("reports.posting")
        failpoint("reports.posted")

    def _letters(self, tx: Connection, ended: Collection[Quarter], now: datetime) -> Iterator[Letter]:
        settings = self.turn.books.settings
        public = (False, True) if settings.config.report.public else (False,)
        first = {case.area: case.opened for case in reversed(list(cases.all_cases(tx)))}
        for area in sorted(set(self.areas) & set(first)):
            unit, since = settings.directory.unit(area), first[area].astimezone(settings.calendar.zone).date()
            for span in ended if unit else ():
                for edition in public if since <= span.last else ():
                    yield Letter(
                        Answer.Report(period=str(span), public=edition, is_scheduled=True),
                        f"report/{area}/{span}{'/public' if edition else ''}",
                        unit,
                        decided=now,
                        subject=SUBJECT,
                        attach=(TheReport(area, str(span), edition),),
                    )
