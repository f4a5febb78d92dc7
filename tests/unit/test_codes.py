"""A YES that nothing proves and that relaxes acts by six digits alone, whatever letter it cites; a NO needs none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.model import Case, Decision, LetterKind, Meaning, Proof, Question, QuestionKind, State
from bot.rules.book import Rules
from bot.rules.policy.blocks import Decider
from tests.unit.case_samples import (
    ANIL,
    BOT,
    DEV,
    FAY,
    HELEN,
    MO,
    START,
    UNIT,
    arrived,
    cc,
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


# --- in honest hands --------------------------------------------------------------------------------------------------


def worded(text: str = "EXTEND 30 hours") -> tuple[Case, Question]:
    """A word of Helen's that nothing proves: her own address is asked about it, with a code."""
    case = arrived(served(opened()), mail(HELEN, text, at=START + hours(1), to=(BOT,), proof=Proof.NONE)).case
    return case, about(case, QuestionKind.WORD)


def replies(
    case: Case, text: str, question: Question, n: float = 2, who: str = HELEN, below: str = "", **more: Any
) -> Decision:
    one = mail(who, text, at=START + hours(n), **({"to": (BOT,), "proof": Proof.NONE} | more))
    one = replace(one, text=below or text)
    return arrived(case, one, answered_key=question.key, answered_to=(question.asked,))


def codes(case: Case) -> set[str]:
    return {q.code for q in case.questions if q.about is QuestionKind.WORD and q.code}


@pytest.mark.parametrize(
    "text",
    [
        "YES {}\n\nHelen Visser\n01632 960101",
        "YES {}, ring me on 01632 960101",
        "Yes please {}",
        "Hello,\n\nyes, it was me: {}",
        "{} YES",
    ],
)
def test_a_phone_number_is_no_second_code(text: str) -> None:
    """The right digits stand with the YES; what else is written below or behind them is no try."""
    case, question = worded()
    assert replies(case, text.format(question.code), question).case.due != case.due


@pytest.mark.parametrize("text", ["YES, ring me on 01632 960101", "YES\n\nHelen\n01632 960101", "YES\n\n960101"])
def test_a_phone_number_ends_no_code(text: str) -> None:
    """Without digits that stand with the YES nothing was tried: the code of the letter counts on."""
    case, question = worded()
    after = replies(case, text, question).case
    assert (after.due, codes(after)) == (case.due, {question.code})
    assert replies(after, f"YES {question.code}", question, 3).case.due != case.due


@pytest.mark.parametrize("text", ["YES 111111", "YES, it was me 111111", "YES 111111 {0}", "111111 YES {0}"])
def test_a_wrong_code_is_tried_once(text: str) -> None:
    """The first digits of that line are the try: they end the code, and another one goes to the address asked."""
    case, question = worded()
    tried = replies(case, text.format(question.code), question)
    anew = letter(tried, LetterKind.QUESTION, "confirm_word")
    assert (tried.case.due, to(anew), anew.values.word) == (case.due, {HELEN}, "EXTEND")
    assert question.code not in codes(tried.case)
    old = replies(tried.case, f"YES {question.code}", question, 3)
    assert (old.case.due, letters(old, LetterKind.QUESTION)) == (case.due, [])
    (code,) = codes(old.case)
    mine = next(q for q in old.case.questions if q.key == anew.key)
    assert replies(old.case, f"YES {code}", mine, 4).case.due != case.due


QUOTED = "YES\n\n> Please reply with YES {} if you wrote it."


@pytest.mark.parametrize(
    ("cc", "counts"), [((), True), ((MO,), True), ((FAY,), False), (("x@elsewhere.example",), False)]
)
def test_a_quotation_of_who_was_asked_ends_no_code(cc: tuple[str, ...], counts: bool) -> None:
    """Among their own side their quotation is no leak; to others it is, and they are asked with another code."""
    case, question = worded()
    quoted = replies(case, "YES", question, below=QUOTED.format(question.code), cc=cc)
    assert quoted.case.due == case.due
    assert (codes(quoted.case) == {question.code}, bool(letters(quoted, LetterKind.QUESTION))) == (counts, not counts)
    (code,) = codes(quoted.case)
    mine = next(q for q in quoted.case.questions if q.code == code)
    assert replies(quoted.case, f"YES {code}", mine, 3).case.due != case.due


def test_a_code_passed_on_is_replaced_at_once_only_once_a_day() -> None:
    """A mailbox that passes every letter on asks for no letter after letter; a YES of who was asked does."""
    case, question = worded()
    first = replies(case, "YES", question, below=QUOTED.format(question.code), cc=(FAY,))
    (code,) = codes(first.case)
    mine = next(q for q in first.case.questions if q.code == code)
    again = replies(first.case, "YES", mine, 3, below=QUOTED.format(code), cc=(FAY,))
    assert (codes(again.case), letters(again, LetterKind.QUESTION)) == (set(), [])
    assert codes(replies(again.case, "YES", mine, 4).case) - {"", code, question.code}


def test_a_code_in_another_mail_is_replaced_when_its_reader_answers() -> None:
    """Nothing goes to an address whose letters reach somebody else until its owner writes; then no YES is lost."""
    case, question = worded()
    seen = replies(case, "x", question, who=MO, below=QUOTED.format(question.code))
    assert (codes(seen.case), letters(seen, LetterKind.QUESTION)) == (set(), [])
    answered = replies(seen.case, f"YES {question.code}", question, 3)
    assert (answered.case.due, to(letter(answered, LetterKind.QUESTION, "confirm_word"))) == (case.due, {HELEN})
    (code,) = codes(answered.case)
    mine = next(q for q in answered.case.questions if q.code == code)
    assert replies(answered.case, f"YES {code}", mine, 4).case.due != case.due


def test_the_same_word_asks_again_once_its_code_is_void() -> None:
    """Within a day it asks nobody again, but where no code is left that could answer."""
    case, _ = worded()
    dead = replace(case, questions=tuple(replace(q, code="") for q in case.questions))
    again = mail(HELEN, "EXTEND 30 hours", at=START + hours(3), to=(BOT,), proof=Proof.NONE)
    assert not letters(arrived(case, again), LetterKind.QUESTION)
    assert to(letter(arrived(dead, again), LetterKind.QUESTION, "confirm_word")) == {HELEN}


def test_of_a_manager_the_question_is_put_anew_as_it_was() -> None:
    """They are asked whether somebody else's word is meant, not whether it is theirs."""
    case = fired(worded()[0], "word_manager").case
    question = next(q for q in case.questions if q.asked == MO)
    at = (question.at or START) - START + hours(1)
    tried = replies(case, "YES 111111", question, at / hours(1), who=MO)
    assert to(letter(tried, LetterKind.QUESTION, "confirm_manager")) == {MO}


# --- of a matter that is over -----------------------------------------------------------------------------------------


def test_a_word_that_was_said_again_provenly_is_asked_of_no_manager() -> None:
    """Whoever was asked has said it anew: what is left of the question is theirs alone."""
    case, _ = worded()
    said = arrived(case, mail(HELEN, "EXTEND 30 hours", at=START + hours(2), to=(BOT,))).case
    assert letters(fired(case, "word_manager"), LetterKind.QUESTION)
    assert not letters(fired(said, "word_manager"), LetterKind.QUESTION)


def test_a_word_that_would_do_nothing_now_is_asked_of_nobody() -> None:
    """Neither of whose it is said to be nor of their manager; a forged one is not even answered."""
    case = arrived(served(opened()), mail(HELEN, "RESOLVED", at=START + hours(1), to=(BOT,), proof=Proof.NONE)).case
    ended = arrived(case, mail(MO, "RESOLVED", at=START + hours(2), to=(BOT,))).case
    assert ended.state is State.AWAITING_OUTCOME
    assert not letters(fired(ended, "word_manager"), LetterKind.QUESTION)
    for proof, told in ((Proof.UNPROVEN, 1), (Proof.FAILED, 0)):
        again = arrived(ended, mail(HELEN, "RESOLVED", at=START + hours(3), to=(BOT,), proof=proof))
        assert not letters(again, LetterKind.QUESTION)
        assert len(letters(again, LetterKind.INFORMATION, "nothing_changed")) == told


def test_a_yes_to_a_question_that_was_answered_asks_nobody_whether_they_wrote_yes() -> None:
    """Its code has been used: its sender hears that nothing is open."""
    case, question = worded()
    done = replies(case, f"YES {question.code}", question, 2).case
    again = replies(done, "YES", question, 3)
    assert not letters(again, LetterKind.QUESTION)
    assert "no open question" in letter(again, LetterKind.INFORMATION, "nothing_changed").values.why
    assert again.case.due == done.due


def test_a_question_that_is_put_anew_names_the_minute_of_the_word() -> None:
    """However often its code was guessed, the mail that is asked about came once."""
    case, question = worded()
    came = letter(replies(case, "YES 111111", question, 2), LetterKind.QUESTION, "confirm_word").values.said
    assert came == question.came
    assert came < START + hours(2)


# --- of a stage that has ended ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["ESCALATE", "URGENT", "EXTEND 30 hours"])
@pytest.mark.parametrize("proof", [Proof.PROVEN, Proof.NONE])
def test_a_late_yes_acts_on_no_later_stage(word: str, proof: Proof) -> None:
    """The word was said of the stage before: who says YES is told that the challenge has moved on."""
    case = arrived(served(opened()), mail(HELEN, word, at=START + hours(1), to=(BOT,), proof=Proof.NONE)).case
    question = next(q for q in case.questions if q.asked == HELEN)
    moved = served(arrived(case, mail(HELEN, "ESCALATE", at=START + hours(2), to=(BOT,))))
    assert moved.stage != case.stage
    late = replies(moved, f"YES {question.code}".strip(), question, 3, proof=proof)
    assert (late.case.stage, late.case.due, late.case.runs) == (moved.stage, moved.due, moved.runs)
    assert "moved on" in letter(late, LetterKind.INFORMATION, "nothing_changed").values.why
    anew = mail(HELEN, word, at=START + hours(4), to=(BOT,), proof=Proof.NONE)
    assert HELEN in to(letters(arrived(moved, anew), LetterKind.QUESTION, "confirm_word")[0])


def test_no_manager_is_asked_about_a_word_of_a_stage_that_has_ended() -> None:
    """Asked now, their YES would act on the stage of today."""
    case, _ = worded()
    moved = served(arrived(case, mail(HELEN, "ESCALATE", at=START + hours(2), to=(BOT,))))
    assert not letters(fired(moved, "word_manager"), LetterKind.QUESTION)


def test_whoever_decides_hears_that_the_decision_is_recorded() -> None:
    """With their own words, in the letter that tells the others."""
    case = served(opened(book=DECIDED_BY), DECIDED_BY)
    decision = arrived(case, mail(ANIL, "DECIDED: the plan stands", at=START + hours(1), to=(BOT,)), DECIDED_BY)
    told = [one for one in letters(decision, LetterKind.INFORMATION, "closing_word") if ANIL in to(one) | cc(one)]
    assert [one.values.said for one in told] == ["DECIDED: the plan stands"]
