"""An independent oracle of a case's course: when a stage must end, where it may lead, when its other clocks end.

It knows only the policy file's values and counts days by itself; nothing of the engine's arithmetic is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

from bot.model import Alarm, Case, Contact, Decision, Fact, Flag, Unit, Window
from bot.rules.book import Rules
from bot.rules.policy.blocks import Track
from bot.rules.policy.policy import Stage

LONDON = ZoneInfo("Europe/London")
OFF = holidays.country_holidays("GB", subdiv="ENG", years=range(2026, 2030))


def days_on(start: datetime, n: int) -> datetime:
    """17:00 of the n-th working day after the local day of `start`, counted one by one."""
    day: date = start.astimezone(LONDON).date()
    while n:
        day += timedelta(days=1)
        n -= day.weekday() < 5 and day not in OFF
    return datetime.combine(day, time(17), LONDON).astimezone(UTC)


def end_of(window: Window, start: datetime) -> datetime:
    return start + timedelta(hours=window.n) if window.unit is Unit.HOURS else days_on(start, window.n)


@dataclass
class Oracle:
    """What was known when the running stage's clock began, and what words have shortened since."""

    book: Rules
    key: tuple[int, datetime | None] = (0, None)
    flags: set[str] = field(default_factory=set)
    window: Window | None = None  # as the subject asked
    limits: dict[str, datetime] = field(default_factory=dict)  # word -> the end that it set

    def see(self, before: Case | None, decision: Decision, now: datetime) -> None:
        """Takes in one decision."""
        case = decision.case
        key = (len(case.runs), case.runs[-1].began)
        if key != self.key:
            self.key, self.flags, self.window, self.limits = key, set(case.flags), case.window, {}
            return
        for said in (event.note for event in decision.events if event.kind in ("urgency", "protection")):
            if said == "NOT CHILD PROTECTION":
                self.flags.discard("child_protection")
                self.limits.pop("CHILD PROTECTION", None)
            elif said == "CHILD PROTECTION" and before and "child_protection" not in before.flags:
                self._limit(said, self._track_window(case), now)
            elif said == "URGENT":
                self._limit(said, self._urgent(case, now), now)

    def _limit(self, word: str, window: Window | None, now: datetime) -> None:
        if window is not None:
            self.limits[word] = min(end_of(window, now), self.limits.get(word, end_of(window, now)))

    def _urgent(self, case: Case, now: datetime) -> Window:
        policy = self.book.policy
        has_own = any(t.flag == "urgent" for t in policy.tracks)
        if has_own and (own := self._track_window(case)) is not None:
            return own
        first = policy.first.respond_within
        tiers = [t.window for t in policy.intake.tiers] or ([first] if isinstance(first, Window) else [])
        return min(tiers, key=lambda w: end_of(w, now))

    def _track(self, flags: set[str], stage: str) -> Track | None:
        tracks = (t for t in self.book.policy.tracks if t.flag in flags and (not t.stages or stage in t.stages))
        return next(tracks, None)

    def _track_window(self, case: Case) -> Window | None:
        track = self._track(set(case.flags), case.stage)
        return track.windows.get(case.stage, track.window) if track else None

    def due(self, case: Case) -> datetime:
        """The earliest of the stage's window, its track's, what a word set, and the ceilings that leave a day."""
        run, stage = case.runs[-1], self._stage(case.stage)
        assert run.began is not None
        own = (
            stage.respond_within if isinstance(stage.respond_within, Window) else self.window or Window(24, Unit.HOURS)
        )
        ends = [end_of(own, run.began), *self.limits.values()]
        track = self._track(self.flags, stage.id)
        if track is not None:
            ends.append(end_of(track.windows.get(stage.id, track.window), run.began))
        for limit, top in self._tops(case, stage, track):
            leaves = top >= days_on(run.began, 1) if limit.unit is Unit.WORKING_DAYS else top > run.began
            ends += [top] if leaves else []
        return min(ends)

    def _tops(self, case: Case, stage: Stage, track: Track | None) -> list[tuple[Window, datetime]]:
        policy, tops = self.book.policy, []
        if stage.ceiling is not None:
            used = policy.used_at_opening.n if policy.used_at_opening else 0
            tops.append((stage.ceiling, days_on(case.opened, stage.ceiling.n - used)))
        for shared in policy.ceilings:
            if stage.id in shared.stages:
                first = next(run for run in case.runs if run.stage in shared.stages)
                start = case.opened if first is case.runs[0] else first.began
                tops.append((shared.within, end_of(shared.within, start or first.entered)))
        if track is not None and track.ceiling is not None:
            tops.append((track.ceiling, end_of(track.ceiling, case.opened)))
        return tops

    def _stage(self, stage_id: str) -> Stage:
        return next(s for s in self.book.policy.stages if s.id == stage_id)

    # --- where it leads -----------------------------------------------------------------------------------------------

    def lands(self, before: Case, case: Case) -> str:
        """The stage that a case which leaves its own must come to, after those that the policy passes over."""
        following = self._stage(before.stage).next
        assert following is not None, "nothing follows the last stage"
        while (to := self._passed(self._stage(following), case)) is not None:
            following = to
        return following

    def _passed(self, stage: Stage, case: Case) -> str | None:
        for skip in stage.skip_to:
            asks = skip.condition
            assert asks.model_fields_set <= {"urgent", "same_person"}, "a clause that this oracle does not know"
            is_urgent = asks.urgent is None or asks.urgent == (case.urgent or case.has(Flag.URGENT))
            if is_urgent and (not asks.same_person or self._answers_again(stage, case)):
                return skip.to
        return None

    def _answers_again(self, stage: Stage, case: Case) -> bool:
        held = self._holders(stage, case)
        earlier, here = [], stage.id
        while (one := next((s for s in self.book.policy.stages if s.next == here), None)) is not None:
            earlier.append(one)
            here = one.id
        acted = {c.email for at, side, c in case.people if side == "responding" and at in {s.id for s in earlier}}
        acted |= {c.email for one in earlier for c in self._holders(one, case)}
        return bool(held) and {c.email for c in held} <= acted

    def _holders(self, stage: Stage, case: Case) -> tuple[Contact, ...]:
        directory = self.book.directory
        found = (directory.holders(role, case.area, case.responder_agency, case.team) for role in stage.responding_role)
        return next((contacts for contacts in found if contacts), ())

    # --- other clocks -------------------------------------------------------------------------------------------------

    def check_clocks(self, before: Case | None, fact: Fact, case: Case, now: datetime) -> None:
        """A clock that starts ends by its window from now, or its track's; one that ends changes nothing else."""
        known = {a.key for a in before.deadlines} if before else set()
        for row in (a for a in case.deadlines if a.kind == "clock" and a.key not in known):
            windows = [self._stage(case.stage).clocks[row.item].window]
            windows += [short] if (short := self._track_window(case)) else []
            assert row.at == min(end_of(window, now) for window in windows)
        if isinstance(fact, Alarm) and fact.deadline.kind == "clock" and before is not None:
            assert (case.stage, case.state, case.due, case.runs) == (
                before.stage, before.state, before.due, before.runs
            ), "another clock than the answer's has moved the case"  # fmt: skip
