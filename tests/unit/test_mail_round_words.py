"""What real programs, gateways, lists and desks put round a person's words goes; the words stay."""

from datetime import UTC, datetime

import pytest

from bot.mail.bytes import parse
from bot.mail.bytes.text import decode
from bot.mail.cut.quote import split
from bot.mail.read import Reading, read
from bot.mail.subject import Phrase
from bot.model import Mail, MailKind, Meaning

NOW = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)
READING = Reading(phrases=(Phrase("Professional Safeguarding Challenge"),))
TITLE = "RE: Professional Safeguarding Challenge [CE-2027-0001]"
WORDS = "We will hold a strategy meeting on Friday at 10."


def written(fields: str, text: str = WORDS, sender: str = "ina.rowe@csc.example", title: str = TITLE) -> Mail:
    raw = f"From: {sender}\nSubject: {title}\nMessage-ID: <a@csc.example>\n{fields}\n\n{text}\n"
    return read(raw.encode(), READING, NOW)


def new(text: str, writer: str = "Ina Rowe") -> str:
    return " ".join(split(text, writer, TITLE).new.split())


@pytest.mark.parametrize("sender", ["referral.alerts@csc.example", "Hub <hub-notifications@csc.example>"])
@pytest.mark.parametrize("fields", ["Auto-Submitted: no", "Precedence: bulk\nList-Unsubscribe: <mailto:u@csc.example>"])
def test_an_answer_about_a_challenge_is_a_persons_whatever_it_looks_like(sender: str, fields: str) -> None:
    """The mailbox is called like a program's, and the service that sends for it marks all it sends."""
    assert written(fields, sender=sender).kind is MailKind.HUMAN


def test_what_answers_by_itself_stays_a_machine() -> None:
    """An answer marked as junk, or as bulk with an empty envelope."""
    for fields in ("Precedence: junk", "Precedence: bulk\nReturn-Path: <>"):
        assert written(f"In-Reply-To: <l@county.example>\n{fields}", "Bin im Urlaub.").kind is MailKind.AUTO_REPLY


@pytest.mark.parametrize(
    "banner",
    [
        "*** EXTERNAL: this mail arrived over the internet. Ash Mail could not verify the sender. ***",
        "Ash Defend: The content of this message may be unsafe. Take care before opening links. Send feedback: "
        "https://ash.example/f/1",
        "!! STOP AND THINK !! Ashby IT: this message came from OUTSIDE the trust network.\n"
        "!! Hover over links. If in doubt call the helpdesk. !!",
        "Warning: Unusual sender <ina.rowe@csc.example>\nYou don't usually receive emails from this address. Make "
        "sure you know this sender before opening attachments.",
        "Classification: OFFICIAL-SENSITIVE\nHandling: named recipients only. Do not forward outside a secure domain.",
        "Ashby Homes – Confidential. If you are not the addressee you must not read or copy this message.",
    ],
)
def test_a_banner_of_any_make_goes(banner: str) -> None:
    """Framed by stars or exclamation marks, under the name of a product, with a handling line."""
    assert new(f"{banner}\n\n{WORDS}") == WORDS


@pytest.mark.parametrize(
    "footer",
    [
        "PRIVILEGED AND CONFIDENTIAL. This message may be subject to legal professional privilege. Nothing in it "
        "forms a contract. Ashby cannot accept responsibility for any damage. Save paper: do not print.",
        "Ashby Council is committed to equality and diversity. Email disclaimer: www.ashby.example/d",
        "Please note: my working days are Tuesday to Friday.\nThink before you print.",
        "########################################\n\nTo unsubscribe from the LEADS list, click here:\nhttps://l.example/1",
        "-=-=-=-=-=-=-=-=-=-\nGroups.io Links: You receive all messages sent to this group.\nMute This Topic: "
        "https://g.example/1\n-=-=-=-=-=-=-=-=-=-",
        "You receive this message because you are registered with the parish. Unsubscribe",
    ],
)
def test_a_footer_of_any_make_goes(footer: str) -> None:
    """Disclaimers, hours of work, mottoes, what lists add."""
    assert new(f"{WORDS}\n\n{footer}") == WORDS


@pytest.mark.parametrize(
    "words",
    [
        "Ashby House: we do not agree. If in doubt ring the duty desk.",
        "No. Call me if in doubt.",
        "The Trust is committed to reopening this case.",
        "Threshold Met: this message is confidential.\nPlease call.",
        "Handling: the manager handles it and will see the child today.",
        "My working days are Monday to Thursday but I came in. The child was seen.",
        "Nothing in your email makes a contract with mother; the plan stays.",
        "You receive this because you asked twice: no.",
        "Stop and think, you wrote. We have: the plan stays.",
        "Content of the message is unusual for this family. We visit.",
        "Not the intended outcome, we agree. A visit is booked.",
    ],
)
def test_an_answer_in_such_words_stays(words: str) -> None:
    """What resembles a banner, a motto or hours of work says something of the child."""
    assert new(words) == " ".join(words.split())


def test_windows_letters_under_another_label_are_read() -> None:
    """Bytes that are no UTF-8 are Windows-1252, one by one: no letter is replaced."""
    assert decode(b"It\x92s \x93no\x94 \x96 caf\xc3\xa9", "utf-8") == "It’s “no” – café"


def test_the_mark_of_a_mailbox_is_no_quotation() -> None:
    """`>From ` is how an mbox writes "From "; where other lines are marked it may quote."""
    assert written("X-A: 1", "Helen,\n\n>From the file I see it.").new_text == "Helen,\n\nFrom the file I see it."
    assert parse.parse(b"Subject: a\n\n>From the file\n> we see").text.startswith(">From")


@pytest.mark.parametrize("kind", ["image/jpeg", "application/pdf"])
def test_words_below_a_file_are_of_the_body(kind: str) -> None:
    """Apple writes below a picture in a second text, which Exchange calls ATT00001.txt; it is no attachment."""
    parts = (
        "--b\nContent-Type: text/plain\n\nThe agreement:\n"
        f'--b\nContent-Type: {kind}; name="a.bin"\n\nx\n'
        '--b\nContent-Type: text/plain; name="ATT00002.txt"\nContent-Disposition: attachment; '
        f'filename="ATT00002.txt"\n\n{WORDS}\n--b--'
    )
    found = written('MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"', parts)
    assert (WORDS in found.new_text, [a.name for a in found.attachments]) == (True, ["a.bin"])


def test_a_stub_that_points_to_a_website_hides_no_words() -> None:
    """The words stand in the HTML; under its rule somebody is quoted."""
    parts = (
        "--b\nContent-Type: text/plain\n\nTrouble viewing this message? View it online: https://m.example/1\n"
        f"--b\nContent-Type: text/html\n\n<div>{WORDS}</div><hr><div>On 8 January you wrote: visit!</div>\n--b--"
    )
    found = written('MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="b"', parts)
    assert found.new_text == WORDS


DESKS = [
    "##- Type your reply above this line -##\n\nYour ticket (771) has been updated.\n\n----------\n\nIna Rowe, Jan 12, "
    "2027, 10:00 GMT\n\n{}\n\n----------\n\nHelen Marsh, Jan 11, 2027, 09:00 GMT\n\nWe challenge this.\n\n[AB12C-9XY8]",
    "Reply from Children's Services on ticket CS77:\n2027-01-12 10:00:51 GMT - Ina Rowe Comments\n{}\n"
    "2027-01-11 09:00:02 GMT - helen@health.example Comments\nWe challenge this.\nRef:MSG118_x",
    "Reply above this line.\n\nIna Rowe commented:\n\n{}\n\nView request: https://d.example/7\nPowered by Ash Desk",
    "New comment on case 12\n\nIna Rowe\n12 January 2027 at 10:00\n\n{}\n\nHelen\n11 January 2027 at 09:00\n\nWhy?",
]


@pytest.mark.parametrize("desk", DESKS)
def test_an_agents_words_are_found_in_what_a_desk_sends(desk: str) -> None:
    """Below the desk's own line and a head that names who wrote when; the requester's words are the quotation."""
    assert new(desk.format(WORDS)) == WORDS


def test_a_pasted_log_is_nobodys_desk() -> None:
    """Heads of the same form without a line of a desk's above them are the writer's own account."""
    log = f"Ina Rowe, 12 January 2027, 10:00\n{WORDS}\n\nDev Shah, 13 January 2027, 11:00\nHe was seen."
    assert new(log, "") == " ".join(log.split())


def test_a_desk_that_hands_on_its_agents_words_is_a_person() -> None:
    """It marks all it sends as made by a program; the sender named in the head wrote this."""
    fields = "In-Reply-To: <l@county.example>\nAuto-Submitted: auto-generated\nPrecedence: bulk"
    said = DESKS[2].format(WORDS)
    found = written(fields, said, "Ina Rowe <desk@csc.example>")
    assert (found.kind, found.new_text) == (MailKind.HUMAN, WORDS)
    assert written(fields, said, "Ash Desk <desk@csc.example>").kind is not MailKind.HUMAN


@pytest.mark.parametrize(
    "below",
    [
        "\n=== ATEBWCH UWCHBEN Y LLINELL HON / ANSWER ABOVE THIS LINE (case 12) ===\nWe challenge this.",
        "\n[Write your answer above this line]\nWe challenge this.",
        "\n-----helen@health.example wrote: -----\nTo: ina.rowe@csc.example\nWe challenge this.",
        "\n11/01/2027 16:02 (Europe/London) - Helen Marsh wrote:\n> Why was it closed?",
        "\n>>> Helen Marsh <helen@health.example> 11/01/2027 08:44 >>>\nWe challenge that.\n\nHelen",
    ],
)
def test_a_quotation_of_a_desk_or_an_old_program_goes(below: str) -> None:
    """Nothing of what was quoted is taken for the writer's."""
    found = split(f"{WORDS}\n{below}", "Ina Rowe", TITLE)
    assert (found.new, found.answers_inline) == (WORDS, False)


CARDS = [
    "Ina Rowe\n\nTeam Manager",
    "Ina Rowe RSW\nAdvanced Practitioner, Hub\nAshby Council, AB1 2CD\nT 01632 960 114",
    "I. Rowe | Head of Service",
    "Ina Rowe (she/her)\n\nPanel Chair | Ashby Council\n\nM: 07700 900123\n\nI work flexibly. I don't expect a reply "
    "outside your hours.",
    "Ina Rowe\nQuality Lead\nAshby Care: we agree, we act, we keep every child safe",
    "Your Hub-Team\n\n Ina Rowe\n\n--\n Ashby Hub\n 1 Station Yard\n--",
]


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_name_with_its_titles_is_a_signature_without_a_mark(card: str, gap: str) -> None:
    """The sender's own name, and below it titles, an address, what the organisation says of itself."""
    if card.startswith(("I.", "Your")) and gap == "\n":
        return
    assert new(f"{WORDS}{gap}{card}", "Ina Rowe ina rowe@ashby-care.example") == WORDS


@pytest.mark.parametrize(
    "words",
    [
        "Noted.\n\nIna Rowe\nTeam Manager\nThe case is reopened.",
        "Present:\nIna Rowe\nTeam Manager\nDev Shah\nNamed Nurse",
        "Noted.\n\nDev Shah\nTeam Manager\nAgreed to visit today",
    ],
)
def test_a_statement_under_a_name_stays(words: str) -> None:
    """A name and a title alone make no signature of what is said below them."""
    assert new(words, "Ina Rowe ina rowe@csc.example") == " ".join(words.split())


@pytest.mark.parametrize("mark", ["PS", "P.S.", "PS:", "P.P.S"])
def test_a_postscript_is_new_text(mark: str) -> None:
    """What stands under the name because it was thought of last; what stands below it is no part of it."""
    found = new(f"Thank you.\n\nKind regards\nIna\n\n{mark} {WORDS}\n\nAshby Council, 1 North Road")
    assert found == f"Thank you. Kind regards Ina {mark} {WORDS}"


OWN = "From: Helen Marsh\nSent: 12 January 2027 10:00\nTo: Ina Rowe\nSubject: {title}\n\n"


def test_answers_under_questions_are_the_new_text() -> None:
    """The letter's questions, each with its mark, and an answer under each; the last may be a name."""
    text = "> 1. Why was he not seen?\n\nFather refused.\n\n> 2. Who has the case?\n\nDev Shah."
    found = split(f"Helen, my answers are below.\n\n{text}", "Ina Rowe", TITLE)
    assert " ".join(found.new.split()) == "Helen, my answers are below. Father refused. Dev Shah."
    assert found.answers_inline


def test_points_with_such_marks_are_no_quotation() -> None:
    """A list of actions whose writer likes arrows."""
    words = "We did this:\n\n> Visit today.\n\nFather was there.\n\n> Meeting on Friday."
    assert new(words) == " ".join(words.split())


@pytest.mark.parametrize("tags", [("[IR]", "[IR]"), ("Ina:", "Ina:"), ("(Ina Rowe)", "<IR>"), ("IR -", "IR -")])
def test_answers_under_the_writers_initials_are_the_new_text(tags: tuple[str, str]) -> None:
    """Inside a quotation without marks; it is no certain answer, for a log may be written so, too."""
    first, second = tags
    text = f"Helen,\nWhy was he not seen?\n\n{first} Father refused.\n\nWhat now?\n\n{second} We visit today.\n\nHelen"
    found = split(f"-----Original Message-----\n{OWN.format(title=TITLE)}{text}", "Ina Rowe", TITLE)
    assert " ".join(found.new.split()) == f"{first} Father refused. {second} We visit today."
    assert found.answers_inline


def test_the_initials_of_others_are_quoted() -> None:
    """What the quoted person tells of a third one is nobody's answer."""
    text = "[DS] said no.\n\n[DS] said yes.\n\nHelen"
    found = split(f"-----Original Message-----\n{OWN.format(title=TITLE)}{text}", "Ina Rowe", TITLE)
    assert (found.new, found.is_unsure) == ("", True)


def test_an_answer_below_the_quoted_persons_name_is_found() -> None:
    """Below the sign-off of the letter and above the writer's own name; without the latter it is not told apart."""
    letter = f"{OWN.format(title=TITLE)}He was not seen.\n\nKind regards\n\nHelen\nTeam Manager\n\n{WORDS}"
    found = split(f"{letter}\n\nIna Rowe\n\nTeam Manager", "Ina Rowe", TITLE)
    assert (found.new, found.is_unsure) == (WORDS, False)
    assert split(letter, "Ina Rowe", TITLE).is_unsure


def test_words_beside_an_encrypted_block_are_shown_and_are_no_answer() -> None:
    """The rest cannot be read, so nothing is made of them."""
    block = "-----BEGIN PGP MESSAGE-----\n\nhQEMA1b0aWmVb9pW\n=Qm1x\n-----END PGP MESSAGE-----"
    found = written("X-A: 1", f"RESOLVED, names are below.\n\n{block}")
    assert (found.new_text, found.is_readable) == ("RESOLVED, names are below.", False)
    assert (found.meaning, found.command) == (Meaning.DOUBTFUL, None)
    assert written("X-A: 1", block).new_text == ""
