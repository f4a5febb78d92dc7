"""One letter for each person and event: in one decision, and of all deadlines of one minute, nobody is written to twice
where one letter could carry both.

What may stand beside another letter is a table with its reasons, and nothing else may. Walked over every shipped
policy, in every mode that writes. Two letters of a bounce or of a mail that follow others in the minute are none of
this: those before have gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import Alarm, Arrival, Letter, LetterKind, Mail, MailKind, Meaning, Proof
from bot.model.letters import WORDINGS
from bot.rules.book import Mode, Rules
from tests.property.case_walk import ANSWERS, PROOFS, TALK, WORDS, Passed, Step, World
from tests.property.test_policy_courses import POLICIES
from tests.some import some
from tests.unit.case_samples import BOT, START, STRANGER, mail, rules

RISK = ("She has a new bruise today.", "He has run away and is missing since last night.")
DOUBTFUL = ("I will speak to the family.", "I have asked Sam to look at it.", "Please see my comments below.")
MORE = (
    "IT IS", "IT IS NOT", "CLOSE", "UNDO", "WHY", "NUDGE", "RESOLVED but what about the plan?",
    "NOT RESOLVED she was not seen",
    "OUTCOME: agreed\n- visit, Fay Marsh, by 3 March 2027\n- a letter, Tom Lee, soon", "DECIDED: a meeting is held",
)  # fmt: skip
WINDOWS = ("", " – 24 hours", " – 10 working days", " – 3 working days", " – by 12 noon Friday")

#: What goes beside another letter of the same decision, by name, and why.
BESIDE = {
    "record-full": "a document to be filed, which is forwarded and kept as it is",
    "record-minimal": "a document to be filed, which is forwarded and kept as it is",
    "record-form": "a document to be filed, which is forwarded and kept as it is",
    "information-notify": "the policy's own notice to a role, which it asks for whatever else that person is sent",
    "question-risk": "ring now: nothing else to be read or answered may stand in it",
    "information-risk": "a person may be at risk: it is never left out, and stands alone",
    "question-approve": "GO is the unit's as an office, beside a repeat to it as a stage's contact",
    "question-undo": "an unproven word acted: it may be taken back for 24 hours, whatever else its reader hears",
    "alert-plain": "the operator's, one for each fault; another channel reads them",
    "alert-incident": "the operator's, one for each fault; another channel reads them",
}
#: Of deadlines that fall in one minute besides.
OF_A_MINUTE = {
    "question-confirm_manager": "YES and NO answer the letter they cite: a reply to a reminder may not pass for YES",
    "chaser-clock": "what the policy asks besides the answer has an action of its own, and others who are told",
}


@dataclass
class OwnWorld(World):
    """As World; mails reach our mailbox alone, or the raiser too, and risk and doubt are read as the mail room does."""

    raiser: str = ""
    only_us: bool = True

    def _arrival(self, step: Step, now: datetime, n: int) -> Arrival:
        meaning = Meaning.DOUBTFUL if step.text in DOUBTFUL else Meaning.ANSWER
        came = mail(
            step.who, step.text, at=now, to=(BOT,) if self.only_us else (self.raiser, BOT), proof=step.proof,
            kind=step.kind, size=n, is_risk=step.text in RISK, meaning=meaning,
        )  # fmt: skip
        fact = super()._arrival(step, now, n)
        return replace(fact, mail=came)


def emails(book: Rules, area: str) -> list[str]:
    return sorted({email for row in book.directory.rows if row.area == area for email in row.addresses})


@st.composite
def lives(draw: st.DrawFn, policy: str) -> tuple[OwnWorld, Mail, list[Step]]:
    """A challenge under that policy, and who writes what about it."""
    inbox, raiser, responder, title = POLICIES[policy]
    book = replace(rules(policy), mode=draw(st.sampled_from((Mode.LIVE, Mode.LIVE, Mode.APPROVE))))
    people = emails(book, inbox.area)
    steps = st.builds(
        Step,
        gap=st.one_of(st.floats(0.02, 5), st.floats(1, 150)),
        who=st.sampled_from((*[raiser] * 6, *[responder] * 6, *people)),
        text=st.one_of(*map(st.sampled_from, ((*WORDS, *MORE), ANSWERS, (*TALK, *RISK, *DOUBTFUL)))),
        proof=PROOFS,
        kind=st.sampled_from([*[MailKind.HUMAN] * 8, MailKind.AUTO_REPLY]),
        answers=st.integers(0, 3),
    )
    first = mail(
        draw(st.sampled_from((raiser, raiser, raiser, STRANGER))),
        draw(st.sampled_from(("We disagree.", "The child is on a child protection plan."))),
        at=START + timedelta(hours=draw(st.integers(0, 200))),
        title=title + draw(st.sampled_from(WINDOWS)),
        to=(responder,),
        cc=(inbox.address,),
        proof=draw(st.sampled_from((Proof.PROVEN, Proof.PROVEN, Proof.NONE))),
    )
    dead = draw(st.sets(st.sampled_from(people), max_size=2).map(frozenset))
    world = OwnWorld(book=book, inbox=inbox, dead=dead, raiser=raiser, only_us=draw(st.booleans()))
    return world, first, draw(st.lists(steps, max_size=8))


def named(letters: Sequence[Letter], reasons: dict[str, str]) -> list[str]:
    """The letters that need a reason to stand beside others, and have none."""
    return [one.values.name for one in letters if one.values.name not in reasons]


def twice(letters: Sequence[Letter], reasons: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Who is on several of these letters that none of the reasons excuses, and which those are."""
    by: dict[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        for contact in (*letter.to, *letter.cc):
            by[contact.email].append(letter)
    for email, mine in by.items():
        if len(unexcused := named(mine, reasons)) > 1:
            yield email, unexcused


def of_minutes(course: Sequence[Passed]) -> Iterator[list[Letter]]:
    """The letters of all deadlines that fall in one minute."""
    found: dict[datetime, list[Letter]] = defaultdict(list)
    for passed in course:
        if isinstance(passed.fact, Alarm):
            found[passed.now.replace(second=0, microsecond=0)] += passed.decision.letters
    yield from found.values()


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=some(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_one_letter_for_each_person_and_event(policy: str, data: st.DataObject) -> None:
    """Whatever is written by whomever, no decision and no minute's deadlines write to anybody twice without a reason
    that stands in the table."""
    world, first, steps = data.draw(lives(policy))
    course = list(world.live(first, steps))
    for passed in course:
        assert list(twice(passed.decision.letters, BESIDE)) == [], passed.fact
        keys = [letter.key for letter in passed.decision.letters]
        assert sorted(set(keys)) == sorted(keys), passed.fact  # of two with one key one is lost
    for letters in of_minutes(course):
        assert list(twice(letters, BESIDE | OF_A_MINUTE)) == []


def test_the_tables_name_wordings_that_there_are() -> None:
    """A reason stands for a wording, not for a name that nothing has any more."""
    assert {*BESIDE, *OF_A_MINUTE} <= set(WORDINGS)
    assert not any(name.startswith(LetterKind.ESCALATION) for name in (*BESIDE, *OF_A_MINUTE))
