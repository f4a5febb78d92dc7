"""The words that act, and the sentences that only look like them."""

from __future__ import annotations

import pytest

from bot.mail.words.commands import ALONE, WITH_NOTE, command, opens_with_command
from bot.mail.words.promises import is_holding
from bot.model import Attachment, Command, Word


@pytest.mark.parametrize("word", ALONE)
def test_a_word_alone_on_the_first_line_is_a_command(word: str) -> None:
    """Case, end punctuation, emphasis and later lines do not matter."""
    for line in (
        word,
        word.lower(),
        f"{word.capitalize()}.",
        f"*{word}*",
        f" {word} !",
        f'"{word}"',
        f"\n\n{word}\nThanks, Helen",
    ):
        assert command(line) == Command(word), line


@pytest.mark.parametrize(
    "text",
    [
        "No, we have not been told",
        "I think it is RESOLVED",
        "Escalated already",
        "Urgently needed",
        "phone me tomorrow",
        "The outcome: none",
        "outcome is good",
        "Withdrawing the offer",
        "Received with thanks",
        "Received your challenge; we visited today.",
        "Meeting notes are attached",
        "Correct, we did not visit",
        "Report attached",
        "A 0147",
        "",
        "   \n  ",
    ],
)
def test_a_sentence_is_no_command(text: str) -> None:
    """A word inside a sentence, below one, or followed by more that it may not have never acts."""
    assert command(text) is None


@pytest.mark.parametrize(
    ("text", "word", "note"),
    [
        ("WITHDRAW", "WITHDRAW", ""),
        ("Withdraw - sent in error", "WITHDRAW", "sent in error"),
        ("ANSWERED by phone at 10", "ANSWERED", "by phone at 10"),
        ("phone: rang Fay at 14:20, agreed a visit", "PHONE", "rang Fay at 14:20, agreed a visit"),
        ("EXTEND 5 working days", "EXTEND", "5 working days"),
        ("extend to Friday 22 January", "EXTEND", "to Friday 22 January"),
        ("RECEIVED", "RECEIVED", ""),
        ("Received by 5pm Friday", "RECEIVED", "by 5pm Friday"),
        ("RECEIVED, by noon", "RECEIVED", "by noon"),
        ("OUTCOME: - visit, Fay, Friday", "OUTCOME", "- visit, Fay, Friday"),
        ("Meeting 21 January 10:00", "MEETING", "21 January 10:00"),
        ("CORRECT stage step-2", "CORRECT", "stage step-2"),
        ("Decided: the plan stands", "DECIDED", "the plan stands"),
        ("APPOINT Dr Ann Hill", "APPOINT", "Dr Ann Hill"),
        ("REPORT 2026Q4", "REPORT", "2026Q4"),
        ("record CE-2027-0007", "RECORD", "CE-2027-0007"),
        ("REGISTER", "REGISTER", ""),
        ("SPOC Crewe", "SPOC", "Crewe"),
    ],
)
def test_what_follows_a_word_is_its_note(text: str, word: str, note: str) -> None:
    """Words with a note keep the rest of the line, which never acts by itself."""
    found = command(text)
    assert found is not None
    assert (found.word, found.note) == (word, note)


def test_every_word_with_a_note_is_known_alone_and_with_a_colon() -> None:
    """The tables and the reader agree."""
    assert [command(word) for word in WITH_NOTE] == [Command(word) for word in WITH_NOTE]
    noted = [(word, "partly" if word is Word.IMPACT else "x") for word in WITH_NOTE]  # IMPACT is a heading, too
    found = [command(f"{word}: {note}") for word, note in noted]
    assert [(one.word, one.note) for one in found if one] == noted


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("RESOLVED. Thanks", True),
        ("Not resolved as far as I am concerned, please keep going.", True),
        ("Escalate this please", True),
        ("withdraw", True),
        ("No, we have not been told", False),
        ("Yes, we visited", False),
        ("Received your challenge; we visited today.", False),
        ("We visited. RESOLVED", False),
        ("Resolvedness is a word", False),
        ("", False),
    ],
)
def test_a_line_that_opens_with_a_command_is_seen(text: str, opens: bool) -> None:
    """Such a mail is asked about and never counted as an answer; ordinary yes and no are answers."""
    assert opens_with_command(text) is opens


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "Thanks",
        "ok",
        "Acknowledged.",
        "Will call you",
        "Looking into it",
        "I'll look into this and come back to you tomorrow.",
        "Hi Helen,\n\nThank you for your email. I will come back to you as soon as possible.\n\nKind regards\nFay",
        "Received with thanks.",
        "Noted, thanks. We are looking into this.",
        "Will respond by 5pm Friday",
        "We acknowledge receipt of your challenge.",
        "Bear with me",
        "I have passed this on to my manager",
        "Speak tomorrow",
        "Thanks Helen, I am looking into this and will call you this afternoon.",
        "In a meeting until 3, will ring after.",
        "Hi Helen,\n\nJust to let you know I've got this and will come back to you asap.\n\nFay",
        "Acknowledged. I need to speak to the social worker first and will update you.",
        "Will discuss with my manager and revert.",
        "I am just checking with the allocated worker and will be in touch shortly.",
        "Please bear with us while we look into this",
        "Give me until tomorrow and I'll let you know.",
        "Can we speak tomorrow?",
        "can I call you at 2?",
        "Am on it",
        "Got it, thanks",
        "I've asked Priya to look at this and come back to you.",
        "Thank you for your email. I have forwarded it to my team manager who will respond.",
        "Apologies for the delay, I will respond tomorrow",
        "I'm out on a visit, will call when back",
        "Hi, happy to discuss - I'll give you a ring after lunch.",
        "I'll review the file and get back to you.",
        "Trying to get hold of the worker. Will update you once I have spoken to her.",
        "This is being looked at.",
        "We are reviewing this and will reply in full by tomorrow.",
        "I will give this my urgent attention.",
        "Just seen this, will respond in the morning",
        "On behalf of Fay: she has seen this and will answer tomorrow.",
        "Diolch, byddaf yn cysylltu yfory",
        "Hi Helen, thanks for raising this. On duty today so will look at it tomorrow morning and come back to you.",
        "Hello, I'm not in the office today but will respond first thing tomorrow.",
        "Thanks for your email Helen. Leave this with me and I'll get back to you by close of play.",
        "I am in back to back meetings but will call you at 4pm.",
        "Received and understood. A full response will follow.",
        "We will respond within the timescale.",
        "I'll ask the worker to call you.",
        "I have asked for an update from the allocated worker and will let you know.",
        "Can you give me a call to discuss please?",
        "Will pick this up when I'm back at my desk",
        "Please can we have a conversation about this? When are you free?",
        "Many thanks, this has been received and will be responded to within 24 hours.",
        "A response will be sent to you by Friday.",
        "Acknowledging receipt.",
        "This is to acknowledge receipt of your email.",
        "Just to acknowledge your email, I will respond in due course",
        "I will discuss this in supervision and get back to you",
        "I need some more time to look into this",
        "Sorry I missed your call, I will try you again this afternoon",
        "Tried calling you, no answer. Will try again later.",
        "I've left you a voicemail.",
        "Let's speak tomorrow",
        "On leave today, back tomorrow and will reply then",
        "Noted and passed to the team manager",
        "I will respond shortly. Thank you for your patience.",
        "Hiya - got this, bear with",
        "Yes will do, thanks",
        "Thank you, I'll come back to you once I've spoken with the social worker, Jo Bloggs.",
        "In hand - response to follow",
        "Response to follow",
        "I will provide a full response by tomorrow 10am",
        "I'm liaising with legal and will update you asap",
    ],
)
def test_a_promise_is_holding(text: str) -> None:
    """Phrases that promise an answer give none."""
    assert is_holding(text, (), "Fay Marsh")


@pytest.mark.parametrize(
    "text",
    [
        "Agreed",
        "No",
        "The threshold is not met.",
        "We visited this morning and the child is safe.",
        "I will look into this. The plan has changed: two visits a week from Monday.",
        "Will call you. We do not agree.",
        "Thanks, we have allocated a worker",
        "NFA",
        "I will look into this on reflection though the threshold is simply not met here",
        "I will call the family tomorrow",
        "I will contact her mother today",
        "I have allocated a social worker, who will visit tomorrow.",
        "We have reviewed this and will call you to explain why it remains closed.",
        "Spoken to school, child seen today.",
        "We will hold a strategy meeting on Thursday.",
        "I'll send the minutes this afternoon.",
        "The plan will be reviewed at conference on Monday.",
        "Agreed\nFay",
        "In court today the order was made.",
        "At the visit today she was safe and well",
        "This has been reviewed.",
        "Will call you.\nAgreed",
        "We are looking into a placement for her.",
        "I will visit with the police this afternoon.",
        "Strategy discussion held today; outcome section 47.",
        "We have contacted the family and they are safe.",
        "I have asked the worker to visit today.",
        "The worker will call the family and visit on Monday.",
        "I've asked the worker to reopen the case.",
        "We will respond to the concerns by reopening the assessment.",
        "The team will follow up with a home visit.",
        "I confirm the case will be reopened.",
        "Your challenge has been considered and is not upheld.",
        "We don't accept this.",
        "I will send the minutes",
        "The case will be reviewed on Monday",
        "I can confirm receipt of the referral, which does not meet threshold.",
        "We are dealing with the neglect through a CP plan.",
        "Let me explain: the child was seen on Friday.",
        "Noted. We have closed the case.",
        "See my earlier email.",
        "I spoke to Mo this morning and we agreed a joint visit.",
        "I will take this to panel on Thursday",
        "Yes, we will reopen it.",
        "Thanks, agreed.",
        "ok agreed",
        "Okay, visit booked",
        "I will contact school to arrange a visit tomorrow",
        "We are looking at removing the child tonight",
    ],
)
def test_an_answer_is_not_holding(text: str) -> None:
    """One sentence that is not on the list makes it an answer."""
    assert not is_holding(text, (), "Fay Marsh")


def test_an_attachment_is_something_new() -> None:
    """An empty mail with a form attached is an answer."""
    assert not is_holding("", (Attachment("Response.docx", "application/msword", 10, "0" * 64),))


@pytest.mark.parametrize("name", ["image001.png", "Outlook-logo.jpg", "smime.p7s", "Fay Marsh.vcf"])
def test_what_mail_programs_attach_is_nothing_new(name: str) -> None:
    """A signature's picture beside "will call you" makes no answer of it; a photograph is one."""
    assert is_holding("Will call you", (Attachment(name, "application/octet-stream", 10, "0" * 64),))
    assert not is_holding("Will call you", (Attachment("Photo.jpg", "image/jpeg", 10, "0" * 64),))
