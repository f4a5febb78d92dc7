"""Where no sender can be proven: a relaxing word that acted is told to that side's manager, and UNDO takes it back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.model import Case, Decision, LetterKind, Proof, State
from bot.model.letters import Question
from tests.unit.case_samples import (
    DAY,
    FAY,
    HELEN,
    MO,
    TEN,
    arrived,
    hours,
    letters,
    mail,
    opened,
    served,
    to,
)

NONE = Proof.NONE
ANSWER = "We visited today and the plan is changed."


def waiting(title: str = DAY) -> Case:
    return served(opened(mail(title=title, to=(FAY,))))


def said(case: Case, who: str, text: str, after: float, key: str = "", proof: Proof = NONE) -> Decision:
    """A mail of that person, in reply to the letter of that key."""
    return arrived(case, mail(who, text, at=case.opened + hours(after), proof=proof), answered_key=key)


def confirmed(case: Case, text: str) -> Decision:
    """Helen's word without proof, and her YES to the question whether it is hers."""
    asked = said(case, HELEN, text, 1)
    (question,) = [q for q in asked.case.questions if q.about == "confirm_word"]
    return said(asked.case, HELEN, f"YES {question.code}", 2, question.key)


def told(decision: Decision) -> str:
    """The key of the letter to the manager that offers UNDO."""
    (one,) = [one for one in letters(decision, LetterKind.QUESTION) if isinstance(one.values, Question.Undo)]
    assert to(one) == {MO}
    return one.key


@pytest.mark.parametrize("text", ["RESOLVED", "WITHDRAW"])
def test_a_close_is_taken_back(text: str) -> None:
    """The manager hears of it in its minute; her UNDO starts the stage again, though nothing proves her either."""
    made = confirmed(waiting(), text)
    assert made.case.state in (State.AWAITING_OUTCOME, State.CLOSED)
    back = said(made.case, MO, "UNDO", 3, told(made))
    assert back.case.state is State.AWAITING_RESPONSE
    assert (back.case.closing_word, back.case.closed_as) == ("", None)


def test_time_that_was_given_is_taken_back() -> None:
    """The earlier due time counts again, and both sides hear of it."""
    case = waiting()
    made = confirmed(case, "EXTEND 10 working days")
    assert case.due is not None
    assert made.case.due is not None
    assert made.case.due > case.due
    back = said(made.case, MO, "UNDO", 3, told(made))
    assert back.case.due == case.due
    assert {HELEN, FAY} <= {email for one in back.letters for email in to(one)}


def test_an_earlier_time_that_has_passed_is_now() -> None:
    """Nothing falls due in the past."""
    made = confirmed(waiting(), "EXTEND 10 working days")
    back = said(made.case, MO, "UNDO", 25, told(made))
    assert back.case.due == made.case.opened + hours(25)


def test_time_of_a_stage_that_is_over_is_not_taken_back() -> None:
    """The next stage keeps its own window, whatever was given to the one before."""
    made = confirmed(waiting(), "EXTEND 10 working days")
    onward = served(said(made.case, HELEN, "ESCALATE", 4, proof=Proof.PROVEN))
    back = said(onward, MO, "UNDO", 5, told(made))
    assert (back.case.stage, back.case.due) == (onward.stage, onward.due)
    assert MO in to(back.letters[0])


def test_a_word_that_is_proven_is_told_to_nobody_so() -> None:
    """Only where nothing proves a sender is the manager asked to look."""
    made = said(waiting(), HELEN, "RESOLVED", 1, proof=Proof.PROVEN)
    assert not [one for one in made.letters if isinstance(one.values, Question.Undo)]


@pytest.mark.parametrize(("who", "after", "cites"), [(MO, 3, False), (FAY, 3, True), (MO, 26.5, True)])
def test_others_and_later_words_take_nothing_back(who: str, after: float, cites: bool) -> None:
    """Not without the letter, not of the other side, and not after 24 hours."""
    made = confirmed(waiting(TEN), "RESOLVED")
    back = said(made.case, who, "UNDO", after, told(made) if cites else "")
    assert back.case.state is State.AWAITING_OUTCOME


def test_it_is_taken_back_once() -> None:
    """A second UNDO to the same letter finds nothing."""
    made = confirmed(waiting(TEN), "RESOLVED")
    key = told(made)
    back = said(made.case, MO, "UNDO", 3, key).case
    again = said(back, MO, "UNDO", 4, key)
    assert len(again.case.runs) == len(back.runs)
    assert timedelta(0) == again.case.runs[-1].entered - back.runs[-1].entered
