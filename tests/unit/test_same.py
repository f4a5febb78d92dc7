"""One challenge written twice: which two are asked about, and what SAME and DIFFERENT do with both cases at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.case.guesses import are_nearly_same
from bot.model import Arrival, ClosedAs, Correction, CorrectionKind, Flag, LetterKind, Proof, QuestionKind, State
from bot.model.errors import CaseMoved
from bot.store import cases
from tests.unit.case_samples import CREWE, DAY, FAY, HELEN, MO, START, TEN, mail
from tests.unit.engine_samples import WORDS, House, eml, to

HOUR = timedelta(hours=1)
AGAIN = WORDS.replace("at home", "in her home")


def twice(house: House, first: str = TEN, second: str = DAY) -> None:
    """Two cases of one challenge, the second asked about; all letters served."""
    house.put(eml(title=first))
    house.take_in(START)
    house.serve(START)
    at = START + HOUR
    house.put(eml(title=second, text=AGAIN, at=at), at)
    house.take_in(at)
    house.serve(at)


def say(house: House, word: str, sender: str = HELEN, *, at: datetime = START + 2 * HOUR, proof: str = "pass") -> None:
    """An answer to the second case's acknowledgement."""
    cited = house.letters(LetterKind.ACKNOWLEDGEMENT)[1].letter.message_id
    house.put(eml(sender, f"RE: {DAY}", word, at=at, to=(CREWE,), cc=(), answers=cited, proof=proof), at)
    house.take_in(at)


# --- which two --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (WORDS, AGAIN, True),
        ("No minutes of the core group.", "Sent again with the date: no minutes of the core group of 4 January.", True),
        (WORDS, "Another family: the plan was ended without a meeting and nobody was told of it.", False),
        ("The plan.", "The plan.", False),
        ("The plan was closed.", "The plan was closed. " + " ".join(f"other{n} matter{n}" for n in range(9)), False),
        ("", WORDS, False),
    ],
    ids=["a word", "a date more", "another family", "too few words", "much more", "nothing"],
)
def test_texts_are_nearly_the_same_with_a_few_words_changed(one: str, other: str, same: bool) -> None:
    """Whichever came first; too few words, or a text with much more in it, tell nothing."""
    assert are_nearly_same(one, other) is same
    assert are_nearly_same(other, one) is same


def test_the_same_again_after_a_week_is_not_asked_about(house: House) -> None:
    """Nor of another team, nor another raiser's."""
    house.put(eml())
    house.take_in(START)
    late = START + timedelta(days=8)
    house.put(eml(text=AGAIN, at=late), late)
    house.take_in(late)
    house.put(eml(MO, text=AGAIN, at=START + HOUR), START + HOUR)
    house.take_in(START + HOUR)
    assert len(house.cases()) == 3
    assert not [q for case in house.cases() for q in case.questions if q.about is QuestionKind.SAME]


def test_a_ref_is_asked_about_of_a_party_and_of_an_open_case_alone(house: House) -> None:
    """Whatever the words; a closed case is not one to go on with."""
    house.put(eml())
    house.take_in(START)
    other = "Nobody told us when the meeting about the twins will be."
    titled = f"{DAY} [{house.case().ref}]"
    house.put(eml(title=titled, text=other, at=START + HOUR), START + HOUR)
    house.take_in(START + HOUR)
    assert [q.other for q in house.case(2).questions] == [house.case().ref]
    with house.db.begin() as tx:
        values = {"duplicate_of": "CE-2027-0099"}
        house.turn.take(tx, 1, Correction(CorrectionKind.CORRECT, "x", "y", values), START + HOUR)
    house.put(eml(title=titled, text=f"{other} Ever.", at=START + 2 * HOUR), START + 2 * HOUR)
    house.take_in(START + 2 * HOUR)
    assert [q.other for q in house.case(3).questions] == [house.case(2).ref]  # by its words, not by the ref


# --- SAME -------------------------------------------------------------------------------------------------------------


def test_same_merges_into_the_first(house: House) -> None:
    """The first keeps its ref and stage and has the earlier time and the urgency; the second is a duplicate of it."""
    twice(house)
    sooner = house.case(2).due
    say(house, "SAME")
    first, second = house.cases()
    assert (second.state, second.closed_as, second.same_as) == (State.CLOSED, ClosedAs.DUPLICATE, first.ref)
    assert (first.state, first.stage, first.due, first.urgent) == (State.AWAITING_RESPONSE, "frontline", sooner, True)
    assert not second.deadlines
    told = house.letters(LetterKind.INFORMATION)
    assert [(q.case, q.letter.variant, to(q.letter)) for q in told if q.letter.variant == "corrected"] == [
        (1, "corrected", (HELEN,)), (1, "corrected", (FAY,)),
    ]  # fmt: skip


def test_an_earlier_time_of_the_first_stays(house: House) -> None:
    """A second case with more time gives the first none."""
    twice(house, DAY, TEN)
    before = house.case(1).due
    say(house, "SAME")
    assert house.case(1).due == before
    assert not [q for q in house.letters(LetterKind.INFORMATION) if q.letter.variant == "corrected"]


def test_what_is_known_of_the_child_goes_with_it(house: House) -> None:
    """A mark that makes people careful is not lost with the case that bore it."""
    twice(house)
    with house.db.begin() as tx:
        stored = cases.load(tx, 2)
        plan = house.turn.plan(tx, 2, Correction(CorrectionKind.HOLD, "x", "y"), START + HOUR)
        marked = replace(plan.decision.case, flags=(Flag.LOOKED_AFTER,), hold_until=None)
        house.turn.save(tx, replace(plan, stored=stored, decision=replace(plan.decision, case=marked)), START + HOUR)
    say(house, "SAME")
    assert house.case(1).has(Flag.LOOKED_AFTER)


def test_an_answer_to_the_second_counts_for_the_first_from_when_it_came(house: House) -> None:
    """Though the first was never answered itself."""
    twice(house)
    cited = next(q for q in house.letters(LetterKind.NOTICE) if q.case == 2).letter.message_id
    at = START + 2 * HOUR
    words = "We have reopened the assessment, and Sara Lund visits the family tomorrow at ten."
    house.put(eml(FAY, f"RE: {DAY}", words, at=at, to=(HELEN,), answers=cited), at)
    house.take_in(at)
    say(house, "SAME", at=START + 3 * HOUR)
    first = house.case(1)
    assert (first.state, first.runs[-1].responded) == (State.AWAITING_CONFIRMATION, at)


@pytest.mark.parametrize(("sender", "proof"), [(MO, "pass"), (FAY, "pass"), (HELEN, "none"), (HELEN, "fail")])
def test_same_is_the_second_raisers_own_word_and_needs_proof(house: House, sender: str, proof: str) -> None:
    """Of their manager, the other side, or without proof it merges nothing, and both clocks run."""
    twice(house)
    before = [case.due for case in house.cases()]
    say(house, "SAME", sender, proof=proof)
    assert [case.state for case in house.cases()] == [State.AWAITING_RESPONSE] * 2
    assert [case.due for case in house.cases()] == before


def test_same_as_a_case_that_has_ended_closes_nothing(house: House) -> None:
    """Its sender hears that, and the second goes on: no clock is lost."""
    twice(house)
    house.put(eml(title=f"RE: {DAY} [{house.case(1).ref}]", text="WITHDRAW", at=START + HOUR * 1.5), START + HOUR * 1.5)
    house.take_in(START + HOUR * 1.5)
    assert house.case(1).state is State.CLOSED
    say(house, "SAME")
    assert house.case(2).state is State.AWAITING_RESPONSE
    told = house.letters(LetterKind.INFORMATION, "nothing_changed")[-1]
    assert (to(told.letter), told.case) == ((HELEN,), 2)


def test_a_case_that_ends_meanwhile_makes_the_second_decide_again(house: House) -> None:
    """What one case hands to another never falls into one that is closed."""
    twice(house)
    with house.db.begin() as tx:
        values = {"duplicate_of": "CE-2027-0099"}
        house.turn.take(tx, 1, Correction(CorrectionKind.CORRECT, "x", "y", values), START + HOUR)
    word = mail(HELEN, "SAME", at=START + 2 * HOUR, proof=Proof.PROVEN)
    with house.db.begin() as tx, pytest.raises(CaseMoved):
        house.turn.take(tx, 2, Arrival(word, "our letter", same_as=house.case(1).ref), START + 2 * HOUR)


# --- afterwards -------------------------------------------------------------------------------------------------------


def test_a_mail_to_the_letters_of_a_duplicate_joins_the_case_that_goes_on(house: House) -> None:
    """Its answer is an answer there, and the ledger says where it lies."""
    twice(house)
    say(house, "SAME")
    cited = next(q for q in house.letters(LetterKind.NOTICE) if q.case == 2).letter.message_id
    at = START + 3 * HOUR
    words = "We have reopened the assessment, and Sara Lund visits the family tomorrow at ten."
    house.put(eml(FAY, f"RE: {DAY}", words, at=at, to=(HELEN,), answers=cited), at)
    house.take_in(at)
    assert house.case(1).state is State.AWAITING_CONFIRMATION
    assert [row.case for row in house.listed("case") if row.received == at] == [1]


def test_reopen_takes_the_second_case_apart_again(house: House) -> None:
    """It is the second's word, and mails to it stay there."""
    twice(house)
    say(house, "SAME")
    say(house, "REOPEN", at=START + 3 * HOUR)
    second = house.case(2)
    assert (second.state, second.same_as) == (State.AWAITING_RESPONSE, "")
    say(house, "STATUS", at=START + 4 * HOUR)
    assert house.letters(LetterKind.ANSWER)[-1].case == 2


def test_different_ends_the_question(house: House) -> None:
    """Both go on; a SAME after it is told that nobody asks."""
    twice(house)
    say(house, "DIFFERENT")
    assert not [q for q in house.case(2).questions if q.about is QuestionKind.SAME]
    say(house, "SAME", at=START + 3 * HOUR)
    assert [case.state for case in house.cases()] == [State.AWAITING_RESPONSE] * 2
    assert house.letters(LetterKind.INFORMATION, "nothing_changed")[-1].letter.values.why.startswith("Nobody asked")


@pytest.mark.parametrize(("word", "state"), [("YES", State.CLOSED), ("NO", State.AWAITING_RESPONSE)])
def test_yes_and_no_to_the_question_are_same_and_different(house: House, word: str, state: State) -> None:
    """Replied to the acknowledgement that asks it."""
    twice(house)
    say(house, word)
    assert house.case(2).state is state
    assert not [q for q in house.case(2).questions if q.about is QuestionKind.SAME]
