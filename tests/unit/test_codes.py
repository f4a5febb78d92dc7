"""A YES that nothing proves and that relaxes acts by six digits alone, whatever letter it cites; a NO needs none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.model import Case, Decision, LetterKind, Meaning, Proof, Question, QuestionKind, State
from bot.rules.book import Rules
from bot.rules.policy.blocks import Decider
from tests.unit.case_samples import (
    BOT,
    DEV,
    FAY,
    HELEN,
    MO,
    START,
    UNIT,
    arrived,
    fired,
    first_stage,
    hours,
    kinds,
    letter,
    letters,
    mail,
    opened,
    rules,
    served,
    to,
)

DECIDED_BY = rules(stages=first_stage(rules().policy, decider=Decider(role="service_manager")))
LATER = START + timedelta(days=20)


def says(
    case: Case, text: str, question: Question, proof: Proof = Proof.NONE, who: str = "", book: Rules | None = None
) -> Decision:
    one = mail(who or question.asked, text, at=LATER, to=(BOT,), proof=proof)
    return arrived(case, one, book, answered_key=question.key, answered_to=(question.asked,))


def about(case: Case, kind: QuestionKind) -> Question:
    return next(q for q in case.questions if q.about is kind)


def action() -> Case:
    """The day of an agreed action: both sides are asked whether it is done."""
    case = arrived(served(opened()), mail(HELEN, "RESOLVED", at=START + hours(1))).case
    case = arrived(case, mail(FAY, "OUTCOME: agreed\n- visit, Fay Marsh, by 20 January", at=START + hours(2))).case
    return fired(case, "action").case


def party() -> Case:
    """The unit appoints somebody of the challenged agency: the decider is asked."""
    case = served(opened(book=DECIDED_BY), DECIDED_BY)
    return arrived(case, mail(UNIT, f"APPOINT {DEV}", at=START + hours(1), to=(BOT,)), DECIDED_BY).case


def ended() -> Case:
    """The unit says that it is no challenge: the raiser is asked."""
    return arrived(served(opened()), mail(UNIT, "NOT OURS", at=START + hours(1), to=(BOT,))).case


ASKED: dict[QuestionKind, tuple[Callable[[], Case], str]] = {
    QuestionKind.TASK: (action, "task"),
    QuestionKind.IMPARTIAL: (party, "appointed"),
    QuestionKind.ENDED: (ended, "closed"),
}


@pytest.mark.parametrize("kind", ASKED)
def test_a_yes_that_nothing_proves_needs_the_digits(kind: QuestionKind) -> None:
    """By the id of the letter alone it does nothing: its sender's own address is asked, once, with a code that acts."""
    (make, fact), book = ASKED[kind], DECIDED_BY if kind is QuestionKind.IMPARTIAL else None
    case = make()
    question = about(case, kind)
    bare = says(case, "YES", question, book=book)
    asking = letter(bare, LetterKind.QUESTION, "confirm_word")
    assert (fact in kinds(bare), to(asking)) == (False, {question.asked})
    assert not letters(says(bare.case, "Yes.", question, book=book), LetterKind.QUESTION)
    mine = next(q for q in bare.case.questions if q.key == asking.key)
    assert fact not in kinds(says(bare.case, "YES", mine, book=book))
    followed = says(bare.case, f"YES {mine.code}", mine, book=book)
    assert fact in kinds(followed)
    assert mine.code not in {q.code for q in followed.case.questions}


@pytest.mark.parametrize("kind", ASKED)
def test_a_proven_yes_needs_none(kind: QuestionKind) -> None:
    """It acts as it stands."""
    (make, fact), book = ASKED[kind], DECIDED_BY if kind is QuestionKind.IMPARTIAL else None
    case = make()
    assert fact in kinds(says(case, "YES", about(case, kind), Proof.PROVEN, book=book))


def test_a_no_is_heard_without_proof() -> None:
    """That an action is not done only adds."""
    case = action()
    assert "task" in kinds(says(case, "NO", about(case, QuestionKind.TASK)))


def test_that_a_mail_is_the_answer_needs_what_it_is_needs() -> None:
    """It ends reminders: YES to that question is IT IS, and the digits are asked for."""
    asked = arrived(served(opened()), mail(FAY, "I've asked Sam.", at=START + hours(1), meaning=Meaning.DOUBTFUL)).case
    question = about(asked, QuestionKind.WHOSE_ANSWER)
    one = mail(HELEN, "YES", at=START + hours(2), proof=Proof.NONE)
    bare = arrived(asked, one, answered_key=question.key, answered_to=(HELEN,))
    assert bare.case.state is State.AWAITING_RESPONSE
    mine = about(bare.case, QuestionKind.WORD)
    coded = mail(HELEN, f"YES {mine.code}", at=START + hours(3), proof=Proof.NONE)
    followed = arrived(bare.case, coded, answered_key=mine.key, answered_to=(HELEN,))
    assert followed.case.state is State.AWAITING_CONFIRMATION


@pytest.mark.parametrize("text", ["YES", "NO"])
def test_a_letter_that_offers_undo_asks_for_no_yes(text: str) -> None:
    """It is told what the letter asks for, and nothing follows."""
    asked = arrived(served(opened()), mail(HELEN, "EXTEND 30 hours", at=START + hours(1), proof=Proof.NONE))
    word = about(asked.case, QuestionKind.WORD)
    coded = mail(HELEN, f"YES {word.code}", at=START + hours(2), proof=Proof.NONE)
    told = arrived(asked.case, coded, answered_key=word.key, answered_to=(HELEN,)).case
    after = says(told, text, about(told, QuestionKind.UNDO), who=MO)
    assert (after.case.due, after.case.state) == (told.due, told.state)
    assert "UNDO" in letter(after, LetterKind.INFORMATION, "nothing_changed").values.instead
