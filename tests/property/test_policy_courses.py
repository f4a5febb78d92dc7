"""Every policy walked for a year with random behaviour of all parties, over `decide` alone: the shipped ones, and those
of tests/policies.

Each open case has a next action, no stage is skipped unless the policy says so, every due date equals the oracle's
(oracle.py), and what a policy calls "before" goes before.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.case.table import decide
from bot.cli.rehearsal import story
from bot.model import (
    Alarm,
    Arrival,
    Case,
    ClosedAs,
    Decision,
    Fact,
    Inbox,
    Letter,
    LetterKind,
    LetterServed,
    LetterUndelivered,
    Opening,
    State,
    Unit,
)  # fmt: skip
from bot.rules import directory_file
from bot.rules.answering import coverage
from bot.rules.book import Rules
from bot.rules.policy import file as policy_file
from tests.property.oracle import LONDON, OFF, Oracle, days_on
from tests.some import some
from tests.unit.case_samples import mail, rules

FURTHER = Path(__file__).parents[1] / "policies"

POLICIES = {
    "cheshire-east": (Inbox("CE", "crewe.assessment@csc.example", "cheshire-east", "Crewe Assessment Team"),
                      "mo.reid@health.example", "fay.marsh@csc.example", "Professional Safeguarding Challenge"),
    "pan-cheshire": (Inbox("WA", "warrington.assessment@wacsc.example", "pan-cheshire", "Warrington Assessment Team"),
                     "nia.bowen@health.example", "tess.byrne@wacsc.example", "Professional Challenge"),
    "sandwell": (Inbox("SW", "cmt4@sct.example", "sandwell", "Care Management Team 4"),
                 "sam.cole@oak.example", "jo.ford@sct.example", "Escalation of Safeguarding Concern"),
    "salford": (Inbox("SA", "swinton.family@sacsc.example", "salford", "Swinton Family Team"),
                "adam.voss@health.example", "beth.lowe@sacsc.example", "Professional Safeguarding Challenge"),
    "cumberland": (Inbox("CU", "carlisle.support@cucsc.example", "cumberland", "Carlisle Support Team"),
                   "ken.relph@health.example", "ivy.nixon@cucsc.example", "Escalation"),
}  # fmt: skip
#: What is asked when a case has ended, and of a word that nobody confirmed.
AFTERWARDS = ("child_file", "action", "action_late", "prompt", "prompt_late", "meeting_record", "word_manager")
AGREED = "OUTCOME: agreed\n- visit, Fay Marsh, by 3 March 2027\n- a letter, Tom Lee, soon"
#: Who does what when something is asked of them: (side, words).
MOVES = (
    ("raiser", "NOT RESOLVED"), ("raiser", "ESCALATE"), ("raiser", "RESOLVED"), ("raiser", "Thank you."),
    ("responder", "We have read the file again and see it differently."), ("responder", "Will call you."),
    ("responder", AGREED), ("responder", "RECEIVED by Friday"), ("responder", "RESOLVED"),
    ("decider", "DECIDED: a meeting is held"), ("raiser", "REOPEN"), ("responder", "NOT CHILD PROTECTION"),
    ("responder", "CHILD PROTECTION"),
)  # fmt: skip
URGENT = ("raiser", "URGENT")  # where no word of child protection crosses it
MEETING = ("responder", "MEETING Friday")  # where nothing that is asked afterwards counts from it
#: Further policies, with the words of a subject that their tracks know: everybody stands in their first story.
ELSEWHERE = {
    policy: (Inbox(area, "assessment@csc.example", policy, "Assessment Team"), "una.park@oak.example", to, title)
    for policy, area, to, title in (
        ("west-yorkshire", "WY", "ros.hale@csc.example", "Professional Disagreement"),
        ("leeds", "WY", "ros.hale@csc.example", "Concerns Resolution: immediate"),
        ("sefton-2017", "SE", "ben.ashby@csc.example", "Professional Disagreement"),
        ("croydon", "CR", "ros.hale@csc.example", "Escalation and Resolution"),
        ("lincolnshire", "LI", "ben.ashby@csc.example", "Professional Escalation"),
        ("torbay", "TO", "ros.hale@csc.example", "Channel Escalation"),
    )
}
TEXTS = ("We disagree.", "The child is on a child protection plan.", "This is not a child protection matter.")
STARTS = st.integers(0, 260_000).map(lambda n: datetime(2026, 12, 1, tzinfo=UTC) + timedelta(minutes=n))


def morning(day: date) -> datetime:
    return datetime.combine(day, time(9), LONDON).astimezone(UTC)


def worked(day: date, step: int) -> date:
    """The next day worked after this one, or the last before it."""
    day += timedelta(days=step)
    while day.weekday() > 4 or day in OFF:
        day += timedelta(days=step)
    return day


def month_on(day: date) -> date:
    """The same day of the next month, or its last where there is none."""
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    last = (following + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return following.replace(day=min(day.day, last.day))


def follow_ups(case: Case, book: Rules, now: datetime) -> set[tuple[str, int, datetime]]:
    """What must be asked after this end, and when: counted by hand from what the file says."""
    asked: set[tuple[str, int, datetime]] = set()
    says = book.policy.follow_up
    if case.closed_as not in (ClosedAs.RESOLVED, ClosedAs.DECIDED) or case.unproven == "stranger":
        return asked
    if says.child_file is not None:
        asked.add(("child_file", 0, morning(days_on(now, says.child_file.chase.n).astimezone(LONDON).date())))
    for n, prompt in enumerate(says.prompts, 1):
        holds = not prompt.stages or case.stage in prompt.stages
        if prompt.within is None or not holds or (prompt.when == "decided" and case.closed_as is ClosedAs.RESOLVED):
            continue
        assert prompt.within.unit is Unit.MONTHS
        assert prompt.within.n == 1
        end = month_on((case.closing_at or now).astimezone(LONDON).date())
        asked |= {("prompt", n, morning(worked(end, -1))), ("prompt_late", n, morning(worked(end, 1)))}
    for n in range(1, len(case.tasks) + 1):
        task = next((t for t in case.tasks if t.id == f"action/{n}"), None)
        if task is not None and task.day is not None:
            at = morning(task.day)
            at = at if at > now else morning(worked(now.astimezone(LONDON).date(), 1))
            late = datetime.combine(worked(at.astimezone(LONDON).date(), 1), time(17), LONDON)
            asked |= {("action", n, at), ("action_late", n, late.astimezone(UTC))}
    return asked


@dataclass
class Life:
    """One case, played on: alarms at their minute, letters served at once, but to the dead."""

    book: Rules
    dead: frozenset[str]
    case: Case | None = None
    letters: list[Letter] = field(default_factory=list)
    over: set[str] = field(default_factory=set)  # keys of letters that were served or known undeliverable
    oracle: Oracle = field(init=False)

    def __post_init__(self) -> None:
        self.oracle = Oracle(self.book)

    def take(self, fact: Fact, now: datetime) -> None:
        before = self.case
        decision = decide(self.case, fact, self.book, now)
        self.case = decision.case
        self.oracle.see(before, decision, now)
        self.oracle.check_clocks(before, fact, decision.case, now)
        self.check(before, decision, now)
        waiting = list(decision.letters)
        while waiting:
            ready = [one for one in waiting if not set(one.after) & {w.key for w in waiting}]
            assert ready, "letters that wait for each other never go"
            self.hand_over(ready[0], now)
            waiting.remove(ready[0])

    def hand_over(self, letter: Letter, now: datetime) -> None:
        assert set(letter.after) <= self.over, "a letter went before one that it names"
        self.over.add(letter.key)
        self.letters.append(letter)
        everybody = [c.email for c in (*letter.to, *letter.cc)]
        reached = tuple(e for e in everybody if e not in self.dead)
        for email in (e for e in everybody if e in self.dead):
            self.take(LetterUndelivered(letter.key, letter.kind, letter.stage, email, "5.1.1", True), now)
        if reached:
            self.take(LetterServed(letter.key, letter.kind, letter.stage, reached, now, letter.starts_clock), now)

    def check(self, before: Case | None, decision: Decision, now: datetime) -> None:
        case = decision.case
        running = [a for a in case.deadlines if a.kind not in AFTERWARDS]
        assert bool(running) == case.is_open, "an open case has a next action, a closed one waits for nobody"
        if before is not None and before.is_open and not case.is_open:
            assert {(a.kind, a.item, a.at) for a in case.deadlines} == follow_ups(case, self.book, now)
        if case.is_open:
            assert running == [a for a in case.deadlines if a.kind != "word_manager"], (
                "a reopened case asks nothing more"
            )
        assert (case.due is not None) == case.is_open
        if before is not None and before.stage != case.stage:
            assert self.oracle.lands(before, case) == case.stage, "a stage was skipped"
        run = case.runs[-1]
        is_running = (
            case.state is State.AWAITING_RESPONSE and run.began is not None and run.ended is None and not case.tellings
        )
        if is_running:
            assert run.due == case.due == self.oracle.due(case)

    def play(self, until: datetime) -> None:
        while self.case is not None and self.case.deadlines and self.case.deadlines[0].at <= until:
            row = self.case.deadlines[0]
            self.take(Alarm(row), row.at)


@functools.cache
def elsewhere(name: str) -> Rules:
    """The rules of a policy of tests/policies, with the directory of its first story."""
    texts = {path.stem: (path.read_text("utf-8"), path.name) for path in FURTHER.glob("*.yaml")}
    policy, problems = policy_file.load(*texts[name], None, texts)
    assert policy is not None, problems
    told = story.load(min(FURTHER.glob(f"stories/{name}*.yaml")))
    directory, _ = directory_file.from_rows([{k: str(v) for k, v in row.items()} for row in told.directory])
    return replace(rules("salford"), policy=policy, directory=directory)


def speaker(case: Case, side: str, book: Rules) -> str:
    stage = book.policy.stage(case.stage)
    if side == "raiser":
        return case.raiser.email
    if side == "decider" and stage.decider is not None:
        return coverage.deciders(stage, book.directory, case.area, (case.responder_agency, case.team))[0].email
    return next((s.contact.email for s in case.served if not s.is_dead), case.raiser.email)


@pytest.mark.parametrize("policy", [*POLICIES, *ELSEWHERE])
@settings(max_examples=some(10), deadline=None)
@given(
    start=STARTS,
    text=st.sampled_from(TEXTS),
    moves=st.lists(st.tuples(st.integers(1, 400), st.sampled_from((*MOVES, URGENT, MEETING))), max_size=8),
    dead=st.booleans(),
    quick=st.booleans(),
)
def test_every_policy_keeps_its_course(
    policy: str, start: datetime, text: str, moves: list[tuple[int, tuple[str, str]]], dead: bool, quick: bool
) -> None:
    """Whatever the parties do or leave, the next thing is known, in its order, and at the time the file says."""
    inbox, raiser, responder, title = POLICIES[policy] if policy in POLICIES else ELSEWHERE[policy]
    book = rules(policy) if policy in POLICIES else elsewhere(policy)
    title += ": immediate risk" if quick else ""
    first = mail(raiser, text, at=start, title=title, to=(responder,), cc=(inbox.address,))
    life = Life(book, frozenset({responder}) if dead else frozenset())
    life.take(Opening(first, inbox, 7, f"{inbox.area}-2027-0007"), start)
    now = start
    crossed = any(track.flag == "child_protection" for track in book.policy.tracks)
    idle = ({URGENT} if crossed else set()) | ({MEETING} if book.policy.follow_up.prompts else set())
    for n, (gap, (side, words)) in enumerate(move for move in moves if move[1] not in idle):
        now += timedelta(hours=gap)
        life.play(now)
        assert life.case is not None
        who = speaker(life.case, side, book)
        answer = mail(who, words, at=now, to=(life.case.raiser.email, inbox.address), size=n)
        life.take(Arrival(answer, "our letter"), now)
    life.play(start + timedelta(days=366))
    assert life.case is not None
    if not moves and not any(stage.skip_to for stage in book.policy.stages):
        assert [run.stage for run in life.case.runs] == [stage.id for stage in book.policy.course()]
        assert any(one.kind is LetterKind.INFORMATION and one.variant == "telling" for one in life.letters)
