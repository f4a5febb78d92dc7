"""What a report is made of: cases, policies, agencies and the office's calendar; and which cases fall into its days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.model import Case, ClosedAs
from bot.records import plain
from bot.records.report.periods import Quarter
from bot.rules.policy.blocks import Edition
from bot.rules.policy.policy import Policy
from bot.rules.workdays import Calendar

NO_CHALLENGE = (ClosedAs.DUPLICATE, ClosedAs.NOT_A_CHALLENGE)


@dataclass(frozen=True, slots=True)
class Source:
    """`agencies`: all that the directory knows, for those that nobody named; `sectors`: theirs, where it says so.
    `partnership` and `edition`: whose it is and for whom, where it is of one policy."""

    cases: Sequence[Case]
    policies: Mapping[str, Policy]
    agencies: Sequence[str]
    calendar: Calendar
    now: datetime
    sectors: Mapping[str, str] = field(default_factory=dict)
    partnership: str = ""
    edition: Edition | None = None

    def day(self, at: datetime) -> date:
        return at.astimezone(self.calendar.zone).date()

    def opened(self, start: date, end: date) -> list[Case]:
        """Challenges received in these days, the last one included; what turned out to be none is left out."""
        return [c for c in self.cases if start <= self.day(c.opened) <= end and c.closed_as not in NO_CHALLENGE]

    def received(self, quarter: Quarter) -> list[Case]:
        return self.opened(quarter.first, quarter.last)

    def closed(self, start: date, end: date) -> list[Case]:
        kept = (c for c in self.cases if c.closed and c.closed_as not in NO_CHALLENGE)
        return [c for c in kept if c.closed and start <= self.day(c.closed) <= end]

    def stage(self, case: Case, stage: str) -> str:
        policy = self.policies[case.policy]
        return f"{policy.title}: {next((s.name for s in policy.stages if s.id == stage), stage)}"

    def is_at_partnership(self, case: Case) -> bool:
        """Whether its parties were told of a stage that is the partnership's own."""
        stages = {run.stage for run in plain.told(case)}
        return any(s.level == "partnership" and s.id in stages for s in self.policies[case.policy].stages)
