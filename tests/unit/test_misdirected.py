"""Who says that a mail was not meant for them, and who says nothing else."""

from __future__ import annotations

import pytest

from bot.mail.words.promises import disclaims, says_wrong_person
from bot.model import Attachment

WRONG = (
    "Not for me", "I think you have the wrong person", "This isn't for me", "wrong email address",
    "I'm not sure why I'm receiving this", "This was sent to me by mistake", "I have received this in error",
    "I believe this email was intended for someone else", "This has been misdirected",
    "You have sent this to the incorrect recipient", "I believe I've been emailed by accident",
    "I dont know why I got this",
)  # fmt: skip
FROM_OUTSIDE = (
    "I am not the right person for this", "I don't work there", "I no longer work in that team",
    "You've sent this to the wrong Fay Marsh", "I shouldn't have received this", "Why have I been sent this?",
    "please remove me from this", "not my case", "nothing to do with me", "I'm not Fay",
    "I am a parent governor, this should not have come to me", "I do not know this child", "This is not our patient",
    "I'm a teacher in Leeds and know nothing about this", "I think you meant a different Helen",
    "I have moved to a new role and am no longer the team manager", "I have no idea what this is",
    "I don't deal with this", "Can you take me off this email please", "This is confidential and I should not see it",
    "Not sure this is for me?", "I do not work for Cheshire East", "I'm not involved in this case",
    "why am i getting this", "I am no longer with the Trust", "I'm on the wrong distribution list",
    "Who are you? I am not a social worker", "I left that team in 2024", "NOT MINE!",
)  # fmt: skip
MEANT = (
    "Thank you for your message, we will reply soon.", "I am the father and I want to know what is happening",
    "wrong decision", "I am not happy with this", "I'm not sure that this is right", "You are wrong about Tom",
)  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_address_is_heard_from_anybody(text: str) -> None:
    """Nobody says these of a mail that is theirs."""
    assert says_wrong_person(text)
    assert says_wrong_person(text, is_outside=True)


@pytest.mark.parametrize("text", FROM_OUTSIDE)
def test_vaguer_words_are_heard_from_outside(text: str) -> None:
    """A colleague may say them of a case; from outside they mean that a mail went astray."""
    assert says_wrong_person(text, is_outside=True)
    assert not says_wrong_person(text)


@pytest.mark.parametrize("text", MEANT)
def test_other_words_tell_of_no_wrong_address(text: str) -> None:
    """Anger, thanks and questions are no sign that a mail went astray."""
    assert not says_wrong_person(text, is_outside=True)


@pytest.mark.parametrize(
    "text",
    [
        "I am not the right person for this, please contact Priya Shah.",
        "Not for me, sorry.",
        "This isn't my case any more.",
        "I no longer manage this team.",
        "not mine - try Priya",
        "Wrong person.",
        "This is not one of ours. It should go to MASH.",
        "I've left the team.\nFay",
        "Sorry, this is not for me. I have forwarded it to Dev.",
        "Hi Helen,\n\nThis isn't for me I'm afraid - it is with the Court Team now.\n\nKind regards\nFay",
        "This one isn't mine, it's Priya's",
        "She is not open to us.",
        "I'm not the team manager any more, it's Priya Shah now.",
        "This should be sent to the Court Team, not us.",
        "Hi, this one's not for my team. Best to contact MASH.",
        "I've moved to another team, please contact Dev.",
        "Please can you send this to the MASH team as it is not ours",
        "This belongs to North team",
        "I am not the manager for this worker. Ida Moss is.",
    ],
)
def test_who_says_only_that_it_is_not_theirs_has_not_answered(text: str) -> None:
    """With a hint whose it is, a promise or a courtesy beside it, it is still no answer."""
    assert disclaims(text, (), "Fay Marsh")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Agreed",
        "Please contact Priya Shah.",
        "This is not for us: the threshold is not met.",
        "Not for me to decide, but we visited today.",
        "We do not have concerns.",
        "I no longer have concerns",
        "It is not for our team, and we will take no further action.",
        "I'm not the allocated worker but I visited today and she is safe.",
        "We have no record of the visit.",
        "This is not our policy.",
        "The case is with the court team and remains closed",
        "It should go to conference, and we have asked for one.",
        "This is for the court to decide.",
        "We will not visit because it is not our view that she is at risk.",
    ],
)
def test_who_says_more_has_answered(text: str) -> None:
    """One sentence about the matter itself is an answer, whoever's it may be."""
    assert not disclaims(text, (), "Fay Marsh")


def test_a_file_beside_it_is_an_answer() -> None:
    """What is attached may be one."""
    assert not disclaims("Not for me.", (Attachment("Response.docx", "application/msword", 10, "0" * 64),))
