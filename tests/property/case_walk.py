"""A case's random life over `decide` alone: who may write what, when, with what proof; and a world that plays it.

The world is a pure function of its steps: alarms fire at their minute, every letter is served at once unless its
address is dead. It checks nothing; test_case_life.py does, after every decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import strategies as st

from bot.case.table import decide
from bot.model import (
    Alarm,
    Arrival,
    Case,
    Decision,
    Fact,
    Inbox,
    Letter,
    LetterServed,
    LetterUndelivered,
    Mail,
    MailKind,
    Opening,
    Proof,
)
from bot.rules.book import Rules
from tests.unit.case_samples import (
    ANIL,
    CREWE,
    DEV,
    FAY,
    HELEN,
    INBOX,
    MANAGER,
    MO,
    RUTH,
    START,
    STRANGER,
    TOM,
    UNIT,
    mail,
    rules,
)

COLLEAGUE = "kim@csc.example"  # of the challenged agency, in no row of the directory
OUTSIDE = "copied@elsewhere.example"  # stands in To, Cc and nowhere else
PEOPLE = (HELEN, MO, RUTH, FAY, TOM, DEV, ANIL, UNIT, MANAGER, COLLEAGUE, STRANGER, CREWE, "")
ANSWERS = (
    "We have reviewed this with the team and a strategy meeting is arranged for Thursday.",
    "The visit was made today and the child was seen.",
)
WORDS = (
    "RESOLVED", "NOT RESOLVED", "ESCALATE", "URGENT", "NOT URGENT", "REOPEN", "WITHDRAW\nsent in error", "ANSWERED",
    "PHONE: spoke to the manager", "EXTEND 2 working days", "EXTEND 10 working days", "EXTEND next week", "ACCEPT",
    "DECLINE", "NOT MINE", "RECEIVED by Friday", "OUTCOME: joint visit", "YES", "NO", "ON FILE", "STATUS",
    "CHILD PROTECTION", "NOT CHILD PROTECTION", "MEETING Friday", "CORRECT", "DECIDED: uphold", "APPOINT A Person",
    "HOLD", "RELEASE", "NOT OURS", "ADMIT", "GO", "LEAVE", "OPEN", "HELP", "REGISTER", "RECORD",
)  # fmt: skip
TALK = ("I will call you.", "Thank you, happy with that.", "", "Please see my comments below.", "No further action.")
#: Words that wake somebody earlier, and so lead to another course than without them.
QUICKENS = ("ESCALATE", "NOT RESOLVED", "REOPEN", "URGENT")
SUBJECTS = (
    "Professional Safeguarding Challenge – 24 hours",
    "Professional Safeguarding Challenge – 10 working days",
    "Professional Safeguarding Challenge",
    "Professional Safeguarding Challenge – 3 working days",
    "Professional Safeguarding Challenge – by 12 noon Friday",
)


@dataclass(frozen=True)
class Step:
    """After `gap` hours this mail comes. `answers`: how many letters back it answers one of ours, 0 for none."""

    gap: float
    who: str
    text: str
    proof: Proof = Proof.PROVEN
    kind: MailKind = MailKind.HUMAN
    answers: int = 0

    @property
    def is_proven(self) -> bool:
        return self.proof is Proof.PROVEN


PROOFS = st.sampled_from([Proof.PROVEN, Proof.PROVEN, Proof.PROVEN, Proof.UNPROVEN, Proof.FAILED, Proof.NONE])
KINDS = st.sampled_from([*[MailKind.HUMAN] * 8, MailKind.AUTO_REPLY, MailKind.RECEIPT, MailKind.MEETING])
STEPS = st.builds(
    Step,
    gap=st.floats(0.02, 150),
    who=st.sampled_from((HELEN, HELEN, FAY, FAY, *PEOPLE)),
    text=st.sampled_from((*WORDS, *ANSWERS, *TALK)),
    proof=PROOFS,
    kind=KINDS,
    answers=st.integers(0, 3),
)
LIVES = st.lists(STEPS, max_size=10)
DEAD = st.sets(st.sampled_from([FAY, TOM, DEV, HELEN, UNIT, "csc.dsl.duty@csc.example"]), max_size=3).map(frozenset)
OPENINGS = st.builds(
    lambda who, subject, to, cc, proof: mail(who, title=subject, to=to, cc=cc, proof=proof),
    who=st.sampled_from((HELEN, HELEN, HELEN, MO, COLLEAGUE, STRANGER, "")),
    subject=st.sampled_from(SUBJECTS),
    to=st.sampled_from([(FAY,), (TOM,), (CREWE,), (FAY, OUTSIDE), (DEV, COLLEAGUE)]),
    cc=st.sampled_from([(CREWE,), (CREWE, OUTSIDE), ()]),
    proof=PROOFS,
)


@dataclass(frozen=True)
class Passed:
    """One decision: the case before, what happened, what followed, when."""

    before: Case | None
    fact: Fact
    decision: Decision
    now: datetime


@dataclass
class World:
    """Plays a life. `dead` addresses bounce everything; `take` decides (and may save)."""

    book: Rules = field(default_factory=rules)
    inbox: Inbox = INBOX
    dead: frozenset[str] = frozenset()
    take: Callable[[Case | None, Fact, datetime], Decision] | None = None
    letters: list[Letter] = field(default_factory=list)
    case: Case | None = None
    now: datetime = START

    def live(self, first: Mail, steps: Sequence[Step], until: datetime | None = None) -> Iterator[Passed]:
        """The whole life, one decision after another; alarms fire for 30 days more where no end is given."""
        now = first.received
        yield from self.pass_on(Opening(first, self.inbox, 7, f"{self.inbox.area}-2027-0007"), now)
        for n, step in enumerate(steps):
            upto = now + timedelta(hours=step.gap)
            yield from self._alarms(upto)
            now = upto
            yield from self.pass_on(self._arrival(step, now, n), now)
        yield from self._alarms(until or now + timedelta(days=30))

    def _arrival(self, step: Step, now: datetime, n: int) -> Arrival:
        came = mail(step.who, step.text, at=now, to=(HELEN, OUTSIDE), proof=step.proof, kind=step.kind, size=n)
        answered = self.letters[-step.answers] if 0 < step.answers <= len(self.letters) else None
        if answered is None:
            return Arrival(came, "the ref")
        return Arrival(came, "our letter", answered.kind.value, answered.key)

    def _alarms(self, upto: datetime) -> Iterator[Passed]:
        while self.case is not None and self.case.deadlines and self.case.deadlines[0].at <= upto:
            row = self.case.deadlines[0]
            yield from self.pass_on(Alarm(row), row.at)

    def pass_on(self, fact: Fact, now: datetime) -> Iterator[Passed]:
        """One fact, and what becomes of its letters at once."""
        self.now = now
        before = self.case
        decision = self.take(before, fact, now) if self.take else decide(before, fact, self.book, now)
        self.case = decision.case
        yield Passed(before, fact, decision, now)
        for letter in decision.letters:
            self.letters.append(letter)
            yield from self._handed_over(letter, now)

    def _handed_over(self, letter: Letter, now: datetime) -> Iterator[Passed]:
        everybody = [c.email for c in (*letter.to, *letter.cc)]
        reached = tuple(e for e in everybody if e not in self.dead)
        if reached:
            served = LetterServed(letter.key, letter.kind, letter.stage, reached, now, letter.starts_clock)
            yield from self.pass_on(served, now)
        for email in everybody:
            if email in self.dead:
                lost = LetterUndelivered(
                    letter.key, letter.kind, letter.stage, email, "5.1.1", True, letter.starts_clock
                )
                yield from self.pass_on(lost, now)
