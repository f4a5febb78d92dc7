"""A word of command is found under whatever a gateway or its writer's courtesy puts above it."""

import pytest

from bot.mail.cut.quote import split
from bot.mail.words.commands import command
from bot.model import Word

BANNERS = (
    (
        "CAUTION: This email originated from outside of the organization. Do not click links or open attachments "
        "unless you recognize the sender and know the content is safe."
    ),
    "[EXTERNAL] This message came from outside the council.",
    "EXTERNAL SENDER - be careful with links and attachments",
    "This sender is new to you. Take care when replying.",
    "You have not emailed this person before. Report phishing",
    "Be careful with this message: the sender's identity could not be verified.",
    "Sophos Email: this sender could not be authenticated.",
    "Barracuda Sentinel has detected that this email came from a new sender.",
    "This message was scanned by Trend Micro and no threats were found.",
    "Ironscales: this is the first email you have received from this sender.",
    "Darktrace has flagged this email because the sender is unusual.",
    "This email was sent to you securely using Egress.",
    "This message was sent securely with Zivver.",
    "Galaxkey secured this message.",
    "*** This email came from outside the NHS. Please be vigilant. ***",
    "!! External mail - think before you click !!",
    "Warning: the sender of this email could not be confirmed by Microsoft Defender.",
    "Email from outside the Trust. If it looks odd, forward it to the service desk.",
    "Security banner: sender not in your contacts. Learn more",
    "This is an external email. Treat it with caution.",
    "External email: please check who it is from before you reply.",
    "Mae'r e-bost hwn wedi dod o'r tu allan i'r cyngor. Peidiwch â chlicio ar ddolenni.",
    "INKY: External sender. Report this email | FAQ | Protection by INKY",
    "Classification: OFFICIAL-SENSITIVE",
    "OFFICIAL - SENSITIVE: PERSONAL",
    "Marking: OFFICIAL SENSITIVE [PERSONAL DATA]",
    "This email is marked OFFICIAL.",
    "Sensitivity: General",
    "This message has been classified as CONFIDENTIAL by its author.",
    "Secure: sent over TLS 1.2",
    "Trustwave MailMarshal: this mail is from somebody you rarely hear from.",
    "You rarely hear from this sender. Check before you act.",
    "Be cautious: this person has never written to you.",
    "Egress Prevent: you correspond with this domain infrequently.",
    "Mimecast could not verify who sent this message.",
    "Report this message to the helpdesk if you did not expect it.",
)
#: Sentences of people about the same things.
OWN = (
    "We visited the family, who came from outside the council area.",
    "This message came late from school: she is safe.",
    "The sender of the referral was the GP.",
    "Sender details were wrong, the case is closed.",
    "Official visit held today.",
    "Marking: the plan is agreed.",
    "Egress would not open, so I rang: he is safe.",
    "Somebody you know found her.",
    "We have checked the file and the threshold is not met.",
)
QUOTED = (
    "\n\nOn Tue, 12 Jan 2027 at 09:14, Clock <clock@p.example> wrote:\n> Dear colleague,\n>\n> ESCALATE or RESOLVED\n"
)


@pytest.mark.parametrize("banner", BANNERS)
def test_a_banner_above_a_word_is_cut(banner: str) -> None:
    """The first line is the word's, for certain."""
    found = split(f"{banner}\n\nRESOLVED\n\nHelen", "Helen Ash", "RE: x")
    assert (found.new.split("\n")[0], found.is_unsure) == ("RESOLVED", False)


@pytest.mark.parametrize("words", OWN)
def test_a_sentence_about_senders_and_messages_stays(words: str) -> None:
    """What a person says in such words is kept."""
    assert words in split(f"{words}\n\nHelen", "Helen Ash", "RE: x").new


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Hi there,\n\nMany thanks.\n\nESCALATE\n\nHelen", Word.ESCALATE),
        ("Hello\nThank you very much\nEXTEND 2 days\nHelen", Word.EXTEND),
        ("Many thanks.\n\nescalate\n\nHelen", Word.ESCALATE),
        ("Thanks Dev.\n\nMany thanks.\n\nESCALATE\nHelen", Word.ESCALATE),
        ("Thanks\n\nRESOLVED\n\nHelen Ash\nNamed Nurse\nTel: 01632 960123", Word.RESOLVED),
        ("Status please?", Word.STATUS),
        ("Why?\nHelen", Word.WHY),
        ("Resolved?", None),
        ("Hi\n\nThanks,\nHelen\n\nHelen Ash\nNamed Nurse\nTel 01632 960999", None),
    ],
)
def test_thanks_above_a_word_are_no_signature(text: str, word: Word | None) -> None:
    """Greeting, thanks and names stand above the word, and it is found; a question mark asks where the word does."""
    found = split(f"{text}{QUOTED}", "Helen Ash", "RE: x")
    said = command(found.new, ["Helen Ash", "Dev Rao"])
    assert (said.word if said else None, found.is_unsure) == (word, False)
