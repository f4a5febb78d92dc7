"""The challenged side hands a challenge on among itself: that is holding, and an answer handed on is asked about."""

from dataclasses import replace
from typing import Any

import pytest

from bot.model import Decision, EventKind, LetterKind, Meaning, Proof, State
from tests.unit.case_samples import (
    CREWE,
    DAY,
    FAY,
    START,
    TOM,
    arrived,
    hours,
    kinds,
    letters,
    mail,
    opened,
    served,
    to,
)


def handed_on(text: str, **said: Any) -> Decision:
    on = mail(FAY, text, at=START + hours(1), title=f"FW: {DAY}", to=(TOM,), cc=(CREWE,))
    return arrived(served(opened()), replace(on, **({"meaning": Meaning.HOLDING} | said)))


def test_who_hands_the_challenge_to_their_deputy_answers_nothing() -> None:
    """Delegating is holding: its writer hears so, and the raiser is neither asked nor promised anything."""
    found = handed_on("Tom, please pick this up today.", promised="today")
    assert (EventKind.HOLDING in kinds(found), found.case.questions, found.case.state) == (
        True, (), State.AWAITING_RESPONSE
    )  # fmt: skip
    assert [to(one) for one in found.letters] == [{FAY}]
    assert [one.note for one in found.events if one.kind is EventKind.HOLDING] == ["today"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Tom, please pick this up today.", {"proof": Proof.UNPROVEN}),
        ("Tom, please pick this up today.", {"quoted_from": FAY}),
        ("", {}),
        ("The baby was seen today.", {"meaning": Meaning.ANSWER}),
    ],
)
def test_what_may_hand_on_an_answer_is_asked_about(text: str, said: dict[str, Any]) -> None:
    """A mail that nothing proves, their own side's words, no words at all, and words that answer."""
    found = handed_on(text, **said)
    assert EventKind.HOLDING not in kinds(found)
    assert len(letters(found, LetterKind.QUESTION, "whose_answer")) == 1
