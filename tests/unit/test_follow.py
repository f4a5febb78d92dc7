"""What is asked after an end: once, at 09:00, of the right side, and never late at an odd hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.case.table import ALARMS, decide
from bot.model import Alarm, Case, Deadline, LetterKind, Proof, State, Task
from tests.letters import about
from tests.unit.case_samples import (
    FAY,
    HELEN,
    MO,
    START,
    STRANGER,
    arrived,
    fired,
    letters,
    mail,
    opened,
    rules,
    served,
    to,
)

L = LetterKind
AFTER = {"child_file", "action", "action_late", "prompt", "prompt_late"}


def ended(outcome: str = "OUTCOME: agreed\n- visit, Fay Marsh, by 20 January", word: str = "RESOLVED") -> Case:
    """Resolved at once, and the outcome written an hour later, on Tuesday 12 January."""
    case = arrived(served(opened()), mail(HELEN, word, at=START + timedelta(hours=1))).case
    return arrived(case, mail(FAY, outcome, at=START + timedelta(hours=2))).case if case.is_open else case


def test_alarms_after_the_end_act_in_no_other_state() -> None:
    """An open case is asked nothing of what follows an end."""
    assert {kind for kind, row in ALARMS.items() if row.acts_in == (State.CLOSED,)} == AFTER


def test_a_challenge_taken_back_is_not_asked_about() -> None:
    """Only an end as resolved or decided has something to follow."""
    case = ended(word="WITHDRAW\nsent in error")
    assert (case.state, case.deadlines, case.tasks) == (State.CLOSED, (), ())


def test_the_side_that_answered_is_left_alone() -> None:
    """ON FILE of one side leaves one letter, to the other."""
    case = arrived(ended(), mail(HELEN, "ON FILE", at=START + timedelta(hours=3))).case
    decision = fired(case, "child_file")
    assert [to(one) for one in letters(decision, L.QUESTION, "child_file")] == [{FAY}]
    assert "child_file" not in {a.kind for a in decision.case.deadlines}


@pytest.mark.parametrize("kind", ["child_file", "action"])
def test_what_was_missed_waits_for_a_working_morning(kind: str) -> None:
    """After a night without the service nothing is sent at the minute it wakes: 09:00 of the next working day."""
    missed = fired(ended(), kind, late=timedelta(hours=14))
    assert missed.letters == ()
    (again,) = [a for a in missed.case.deadlines if a.kind == kind]
    assert (again.at.hour, again.at.minute, again.at.weekday() < 5) == (9, 0, True)
    assert letters(decide(missed.case, Alarm(again), rules(), again.at), L.QUESTION)


@pytest.mark.parametrize(
    ("who", "text", "proof", "said"),
    [
        (HELEN, "YES", Proof.PROVEN, "yes"),
        (HELEN, "Not done.", Proof.PROVEN, "no"),
        (MO, "YES", Proof.PROVEN, "yes"),  # her manager speaks for her side
        (FAY, "YES", Proof.PROVEN, ""),  # the other side has a letter of its own
        (STRANGER, "YES", Proof.PROVEN, ""),
        (HELEN, "YES", Proof.FAILED, ""),
    ],
)
def test_an_action_is_answered_by_the_side_that_was_asked(who: str, text: str, proof: Proof, said: str) -> None:
    """By the one who was asked or somebody of that side, never with a failed proof."""
    decision = fired(ended(), "action")
    asked = next(one for one in letters(decision, L.QUESTION, "action") if to(one) == {HELEN})
    answer = mail(who, text, at=START + timedelta(days=8, hours=2), proof=proof)
    case = arrived(decision.case, answer, answered_key=asked.key).case
    (action,) = [t for t in case.tasks if t.id == "action/1"]
    assert action.said_by("raising") == said
    assert case.state is State.CLOSED


def test_done_is_a_word_only_in_answer_to_an_action() -> None:
    """A manager who answers a challenge with it has answered."""
    assert arrived(served(opened()), mail(FAY, "Done.", at=START + timedelta(hours=1))).case.state is (
        State.AWAITING_CONFIRMATION
    )


def test_an_outcome_after_the_end_completes_what_was_open() -> None:
    """The actions are read anew and asked about; nothing else changes."""
    case = ended("OUTCOME: agreed\n- visit, Fay Marsh, soon")
    assert "action" not in {a.kind for a in case.deadlines}
    again = mail(FAY, "OUTCOME: agreed\n- visit, Fay Marsh, by 20 January", at=START + timedelta(hours=3))
    later = arrived(case, again)
    assert later.letters == ()
    assert [a.at for a in later.case.deadlines if a.kind == "action"] == [datetime(2027, 1, 20, 9, tzinfo=UTC)]
    assert (later.case.state, later.case.closed) == (case.state, case.closed)


def test_an_outcome_that_was_missing_is_missing_no_more() -> None:
    """Written after the end that came without it, it is kept, and the case no longer counts as one without."""
    case = arrived(served(opened()), mail(HELEN, "RESOLVED", at=START + timedelta(hours=1))).case
    case = fired(case, "outcome_due").case
    assert (case.state, case.outcome, "outcome_missing" in case.flags) == (State.CLOSED, "", True)
    written = mail(FAY, "OUTCOME: agreed", at=START + timedelta(days=9))
    after = arrived(case, written).case
    assert (after.outcome, "outcome_missing" in after.flags) == (written.digest, False)


@pytest.mark.parametrize(("kind", "is_late"), [("prompt", False), ("prompt_late", True)])
def test_a_prompt_is_late_after_its_day_alone(kind: str, is_late: bool) -> None:
    """The reminder before the day marks nothing; the one after it marks the case, for the register."""
    book = rules(follow_up=rules("sandwell").policy.follow_up)
    day, at = date(2027, 2, 15), datetime(2027, 2, 12, 9, tzinfo=UTC)
    row = Deadline(kind, at, "", stage=ended().stage, item=1)
    case = replace(ended(), tasks=(Task("learning", day),), deadlines=(row,))
    decision = fired(case, kind, book)
    assert [about(one)["passed"] for one in letters(decision, L.CHASER, "prompt")] == [is_late]
    assert ("late:learning" in decision.case.flags) is is_late


def test_an_owner_is_named_only_if_the_directory_knows_them() -> None:
    """Whatever else stands there may be a child's name: it is in the outcome and in no letter of ours."""
    decision = fired(ended("OUTCOME: agreed\n- visit, Jaden, by 20 January"), "action")
    assert [about(one)["action"]["owner"] for one in decision.letters] == [None, None]
    assert "Jaden" not in str([dict(about(one)) for one in decision.letters])


def test_what_was_committed_to_stays_written_down_and_runs_no_more_after_the_end() -> None:
    """Each RECEIVED is kept with its words, the last one runs; a challenge taken back or reopened runs none."""
    case = served(opened())
    for n, words in enumerate(("by 3pm", "by 5pm", ""), 1):
        case = arrived(case, mail(FAY, f"RECEIVED {words}".strip(), at=START + timedelta(minutes=n))).case
    said = [(task.id, task.what, task.owner and task.owner.email) for task in case.commitments]
    assert said == [("commitment/1", "by 3pm", FAY), ("commitment/2", "by 5pm", FAY), ("commitment", "", FAY)]
    for words in (("WITHDRAW\nsent in error",), ("WITHDRAW\nsent in error", "REOPEN")):
        later = case
        for n, word in enumerate(words, 1):
            later = arrived(later, mail(HELEN, word, at=START + timedelta(hours=n))).case
        assert [(task.id, task.what) for task in later.tasks] == [
            ("commitment/1", "by 3pm"), ("commitment/2", "by 5pm"), ("commitment/3", "")
        ]  # fmt: skip
    assert later.is_open
