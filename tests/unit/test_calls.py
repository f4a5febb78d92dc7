"""The call before a challenge: read where the words leave no doubt, and otherwise left to be asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.mail.words.actions import Call, call

SENT = datetime(2027, 1, 15, 16, 45, tzinfo=UTC)
HALF_PAST = datetime(2027, 1, 15, 15, 30, tzinfo=UTC)

SAID = [
    ("I rang at 15:30 and left a message.", Call(True, HALF_PAST, "yes")),
    ("Following my call this afternoon at 3.30pm, I write to you.", Call(True, HALF_PAST, "")),
    ("I telephoned at 3:30 pm; I could not leave a message.", Call(True, HALF_PAST, "")),
    ("I rang at 15.30 but was unable to leave a message", Call(True, HALF_PAST, "no")),
    ("I phoned yesterday at 15:30 and left her a voicemail", Call(True, HALF_PAST.replace(day=14), "yes")),
    ("I spoke to Fay at noon.", Call(True, HALF_PAST.replace(hour=12, minute=0), "")),
    ("I rang this afternoon.", Call(True, None, "")),
    ("I rang at 3.30 and left a message", Call(True, None, "yes")),
    ("I rang at 15:30 and at 16:10.", Call(True, None, "")),
    ("I rang on Tuesday at 15:30.", Call(True, None, "")),
    ("I rang at 17:30.", Call(True, None, "")),
    ("I will call you at 15:30.", Call()),
    ("I have not called at 15:30.", Call()),
    ("She rang at 15:30.", Call()),
    ("The visit was at 15:30.", Call()),
    ("", Call()),
]


@pytest.mark.parametrize(("words", "read"), SAID, ids=[words for words, _ in SAID])
def test_a_call_is_read_or_left_open(words: str, read: Call) -> None:
    """One clock time of a call that was made, placed on the day that the words give."""
    assert call(words, SENT, SENT) == read


def test_a_later_answer_speaks_of_the_day_of_the_challenge() -> None:
    """Who answers the next morning means the call before they wrote, whether or not they say yesterday."""
    morning = datetime(2027, 1, 16, 9, 0, tzinfo=UTC)
    assert call("I rang at 15:30", morning, SENT).at == HALF_PAST
    assert call("I rang yesterday at 15:30", morning, SENT).at == HALF_PAST
    assert call("I rang today at 8:30", morning, SENT).at is None
