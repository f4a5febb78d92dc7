"""A word that closes or gives time, with words beside it, is asked about; YES and NO answer whether it is resolved."""

import pytest

from bot.model import Case, Decision, Letter, LetterKind, Proof, State
from tests.unit.case_samples import (
    DEV,
    FAY,
    HELEN,
    MO,
    START,
    arrived,
    hours,
    letter,
    letters,
    mail,
    opened,
    served,
    to,
)
from tests.unit.test_workflow import at_state

CONDITION = "RESOLVED\n\nprovided that somebody sees the baby today"
ALL_THE_SAME = (LetterKind.QUESTION, "all_the_same")
AT = START + hours(6)


def answered() -> Decision:
    """Fay answers to the bot alone: her words go to Helen, with the question whether it is resolved."""
    return arrived(served(opened()), mail(FAY, "We visited today and the baby was seen.", at=START + hours(2)))


def asking(decision: Decision) -> Letter:
    return letter(decision, LetterKind.RELAY, "reply")


def says(
    case: Case, text: str, who: str = HELEN, *, cites: Letter | None = None, n: int = 0, **more: object
) -> Decision:
    return arrived(case, mail(who, text, at=AT + hours(n), **more), answered_key=cites.key if cites else "")


def test_a_condition_closes_nothing_until_it_is_dropped() -> None:
    """The words are quoted back to their writer; CLOSE closes, citing the letter or not."""
    asked = says(answered().case, CONDITION)
    back = letter(asked, *ALL_THE_SAME)
    assert (to(back), asked.case.state) == ({HELEN}, State.AWAITING_CONFIRMATION)
    assert "provided that somebody" in back.values.text
    for cites in (back, None):
        assert says(asked.case, "CLOSE", cites=cites, n=1).case.state is State.AWAITING_OUTCOME


def test_close_with_a_condition_is_asked_about_again() -> None:
    """What is asked about is never closed by half."""
    asked = says(answered().case, CONDITION)
    again = says(asked.case, "CLOSE but only if Fay rings", cites=letter(asked, *ALL_THE_SAME), n=1)
    assert again.case.state is State.AWAITING_CONFIRMATION
    assert says(again.case, "Yes", cites=letter(again, *ALL_THE_SAME), n=2).case.state is State.AWAITING_OUTCOME


def test_nobody_else_agrees_to_it() -> None:
    """CLOSE of the other side, or of one who was not asked, closes nothing."""
    asked = says(answered().case, CONDITION)
    for who in (FAY, DEV, MO):
        assert (
            says(asked.case, "CLOSE", who, cites=letter(asked, *ALL_THE_SAME), n=1).case.state
            is State.AWAITING_CONFIRMATION
        )


def test_new_risk_beside_the_word_is_asked_about() -> None:
    """The mail room saw words of risk in the mail, whatever the word's own line says."""
    assert says(answered().case, "RESOLVED", is_risk=True).case.state is State.AWAITING_CONFIRMATION


def test_an_unproven_word_with_a_condition_is_confirmed_twice() -> None:
    """YES says whose word it is, and no more: the condition is asked about before it closes anything."""
    first = says(answered().case, CONDITION, proof=Proof.NONE)
    mine = says(first.case, "YES", cites=letter(first, LetterKind.QUESTION, "confirm_word"), n=1)
    assert mine.case.state is State.AWAITING_CONFIRMATION
    back = letter(mine, *ALL_THE_SAME)
    assert back.values.text == ""
    assert says(mine.case, "CLOSE", cites=back, n=2).case.state is State.AWAITING_OUTCOME


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Yes", State.AWAITING_OUTCOME),
        ("Yes please, thank you Fay", State.AWAITING_OUTCOME),
        ("Yes, but nobody has seen the older child", State.AWAITING_CONFIRMATION),
        ("No.", State.AWAITING_RESPONSE),
        ("No. That does not answer my question.", State.AWAITING_RESPONSE),
        ("No problem, thank you", State.AWAITING_CONFIRMATION),
    ],
)
def test_yes_and_no_say_whether_it_is_resolved(text: str, state: State) -> None:
    """In answer to the letter that asks: YES is RESOLVED and needs what it needs, NO is NOT RESOLVED."""
    decision = answered()
    assert says(decision.case, text, cites=asking(decision)).case.state is state


def test_a_yes_without_proof_is_asked_about() -> None:
    """It closes, so it needs what RESOLVED needs."""
    decision = answered()
    after = says(decision.case, "Yes", cites=asking(decision), proof=Proof.NONE)
    assert after.case.state is State.AWAITING_CONFIRMATION
    assert to(letter(after, LetterKind.QUESTION, "confirm_word")) == {HELEN}


def test_a_yes_to_an_overtaken_letter_closes_nothing() -> None:
    """Another answer has come since: it is asked about. Once the next stage has begun, its sender is told."""
    decision = answered()
    more = arrived(decision.case, mail(FAY, "The older child was not at home.", at=START + hours(3)))
    assert letter(says(more.case, "Yes", cites=asking(decision)), *ALL_THE_SAME).values.newer
    moved = says(more.case, "NOT RESOLVED")
    late = says(moved.case, "Yes", cites=asking(decision), n=1)
    assert late.case.state is State.AWAITING_RESPONSE
    assert "moved on" in letter(late, LetterKind.INFORMATION, "nothing_changed").values.why


def test_not_resolved_with_a_reason_is_asked_about_before_an_answer() -> None:
    """YES calls in the next stage; alone on its line it does so at once."""
    waiting = at_state(State.AWAITING_RESPONSE)
    asked = says(waiting, "NOT RESOLVED: nobody rings me back")
    assert asked.case.stage == waiting.stage
    agreed = says(asked.case, "Yes please", cites=letter(asked, LetterKind.QUESTION, "next_now"), n=1)
    assert agreed.case.stage == says(waiting, "Not resolved, thanks").case.stage != waiting.stage


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("ESCALATE", "step-2"),
        ("please escalate, nobody rings back", "step-2"),
        ("ESCALATE to step-3", "step-3"),
        ("escalate to Step 3 now please", "step-3"),
        ("Escalate to Dev please", "step-2"),
        ("ESCALATE to frontline", "frontline"),
        ("ESCALATE to the moon", "frontline"),
    ],
)
def test_a_stage_may_be_named_and_only_forwards(text: str, stage: str) -> None:
    """By its id, its name or who answers there; anything else is asked about, with the stages that follow."""
    decision = says(at_state(State.AWAITING_RESPONSE), text)
    assert decision.case.stage == stage
    assert bool(letters(decision, LetterKind.QUESTION, "meaning")) is (stage == "frontline")


def test_yes_before_an_answer_in_words_is_that_answer() -> None:
    """ "Yes" and a sentence, of whoever is challenged, in answer to no question of ours."""
    decision = says(at_state(State.AWAITING_RESPONSE), "Yes\n\nWe visited on Friday and the plan is open again.", FAY)
    assert decision.case.state is State.AWAITING_CONFIRMATION


def test_a_risk_that_the_challenged_side_sees_is_asked_about() -> None:
    """URGENT is the raising side's word: the raiser and their manager are asked in that minute."""
    decision = says(at_state(State.AWAITING_RESPONSE), "URGENT", FAY)
    asked = {email for one in letters(decision, LetterKind.QUESTION, "meaning") for email in to(one)}
    assert asked == {HELEN, MO}
