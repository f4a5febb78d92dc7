"""Words of ordinary speech that may mean a change of a case, and those that mean none."""

from __future__ import annotations

import pytest

from bot.mail.words.promises import ANSWERED, ENDS, MORE_TIME, meanings

SAID = {
    ENDS: (
        "Happy with that.", "That resolves it for me", "All sorted now thank you", "I am content with that",
        "I accept that", "Issue sorted", "We can close now", "This is now closed from our side", "job done",
        "No further action needed from us", "agreed way forward, thanks", "matter concluded", "NFA needed",
        "Not resolved I'm afraid", "I am not satisfied", "I remain concerned", "Still not happy", "I disagree",
        "This does not address my concerns", "This isn't good enough", "I want to take it further",
        "Please move to stage 2", "please take this to step 2", "I'd like to escalate", "Please disregard",
        "Ignore my last email", "I take it back", "please cancel the challenge", "no longer needed", "sent in error",
    ),
    MORE_TIME: (
        "can you extend the deadline please", "They need more time", "happy to give them until Friday",
        "please pause this",
    ),
    ANSWERED: ("He phoned me this morning", "she has answered me", "I have had a reply from Fay", "they've rung me"),
}  # fmt: skip


@pytest.mark.parametrize(("meaning", "text"), [(meaning, text) for meaning, texts in SAID.items() for text in texts])
def test_words_that_may_change_a_case_are_known(meaning: str, text: str) -> None:
    """Each brings the question with the words of command that would say it."""
    assert meaning in meanings(text)


@pytest.mark.parametrize(
    "text",
    [
        "I attach the chronology.",
        "When is the meeting?",
        "The call was at 10am on Monday.",
        "Thanks",
        "Please copy in the school nurse.",
        "I am on leave from Friday, please speak to Mo",
        "The child was seen at school today and looked well",
        "",
    ],
)
def test_other_words_bring_no_question(text: str) -> None:
    """News, thanks and questions are kept with the case and cost nobody a letter."""
    assert meanings(text) == frozenset()
