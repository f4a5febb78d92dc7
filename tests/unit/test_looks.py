"""People are people: looks alone prove no machine; and what programs send in a person's name is told apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.case.placement import Ignore, Known, Open, Pen, place, weighed
from bot.mail.bytes.contents import is_decoration
from bot.mail.machine.notices import is_notice, is_reaction
from bot.mail.read import Reading, read
from bot.mail.subject import Phrase
from bot.model import Bounce, Mail, MailKind, Proof
from tests.unit.case_samples import DAY, FAY, HELEN, INBOX, STRANGER, mail, shipped

NOW = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)
READING = Reading(phrases=(Phrase("Professional Safeguarding Challenge"),))
RAISED = "Nobody has been to see Kit, and we do not agree with the closing of the case."
HUMAN, OTHER, AUTO, BOUNCED = MailKind.HUMAN, MailKind.OTHER_AUTOMATED, MailKind.AUTO_REPLY, MailKind.BOUNCE


def written(fields: str = "", text: str = RAISED, sender: str = "helen@health.example", title: str = DAY) -> Mail:
    raw = f"From: {sender}\nSubject: {title}\nMessage-ID: <a@health.example>\n{fields}\n\n{text}\n"
    return read(raw.encode(), READING, NOW)


@pytest.mark.parametrize(
    "sender",
    [
        "cp.alerts@health.example", "hub-notifications@csc.example", "bounce.castle@nursery.example",
        "no-reply.team@school.example", "news@nursery.example", "office@alerts.trust.example",
        "Bulletin and Newsletter Desk <ina@health.example>", "Do Not Reply (Duty) <duty@csc.example>",
    ],
)  # fmt: skip
@pytest.mark.parametrize("fields", ["X-Other: 1", "In-Reply-To: <letter@county.example>"])
def test_an_address_or_a_name_proves_no_machine(sender: str, fields: str) -> None:
    """A challenge, and an answer to one, stay a person's whatever the mailbox is called."""
    assert written(fields, sender=sender).kind is HUMAN


@pytest.mark.parametrize(
    "fields",
    [
        "List-Unsubscribe: <mailto:u@health.example>", "Precedence: bulk", "Precedence: junk", "Precedence: list",
        "X-Microsoft-Antispam: BCL:7;", "Return-Path: <no-reply@health.example>", "X-Autoreply:",
        "Return-Path: <ina@bounces.health.example>", "Feedback-ID: 1:2:3:health", "Return-Path: <>",
    ],
)  # fmt: skip
def test_one_mark_of_bulk_mail_makes_no_machine_of_a_challenge(fields: str) -> None:
    """Gateways and mailing services put them into people's mail, too; it opens, for it came by no list."""
    found = written(fields)
    assert (found.kind, found.is_list) == (HUMAN, False)


@pytest.mark.parametrize(
    "text",
    [
        "This mailbox is not monitored, we were told, so nobody answers the school. We challenge the closing.",
        "Your enquiry was received with reference number 4471: that was all the answer we had. We disagree.",
        f"{RAISED}\n\nHelen\nTo opt out of our newsletter view this email in your browser.",
        "This is an automated message, said your portal, and nothing else came. We disagree.",
    ],
)
def test_words_of_machines_make_none_of_a_challenge(text: str) -> None:
    """A person quotes the other side's machine, and signs with a newsletter's footer."""
    assert written(text=text).kind is HUMAN


@pytest.mark.parametrize("sender", ["mail@nursery.example", "postmaster@school.example", "bounce@play.example"])
@pytest.mark.parametrize(
    "words",
    [
        "The file does not exist", "Action not taken", "Our letter was returned to sender", "We are giving up waiting",
        "He bounced from one aunt to the other", "Our form was automatically rejected",
        "She is not listed in your records", "We were unable to deliver the child to school",
    ],
)  # fmt: skip
def test_a_phrase_is_no_bounce(sender: str, words: str) -> None:
    """Neither as a challenge nor as an answer: a bounce is known by its form or by what it cites."""
    for fields in ("X-Other: 1", "Return-Path: <>", "In-Reply-To: <letter@county.example>"):
        found = written(fields, f"{words}. {RAISED}", sender)
        assert (found.kind, found.bounce) == (HUMAN, None)


def test_two_sorts_of_looks_and_any_structure_are_a_machine() -> None:
    """A newsletter that announces a course about challenges; and a header that only programs write."""
    news = written("List-Unsubscribe: <https://x.example/u>", sender="news@training.example")
    assert (news.kind, news.is_machine_by_looks) == (OTHER, True)
    for fields in ("Auto-Submitted: auto-generated", "X-Campaign-ID: 7", "X-Cron-Env: <HOME=/>"):
        found = written(fields)
        assert (found.kind, found.is_machine_by_looks) == (OTHER, False)


def test_a_bounce_has_a_form() -> None:
    """A code beside an address, or the returned headers, from a mail system."""
    for text in (
        "Delivery failed.\n\n<tom@csc.example>: 550 5.1.1 User unknown",
        "The mail could not be delivered.\n\nReceived: by mx.example\nMessage-ID: <l@county.example>\n",
    ):
        found = written("Return-Path: <>", text, "mailer-daemon@csc.example", "Mail failed")
        assert (found.kind, found.is_machine_by_looks) == (BOUNCED, False)


def test_a_known_and_proven_sender_outweighs_looks_and_no_structure() -> None:
    """Whoever the directory lists and the border proves is a person until the structure says otherwise."""
    directory = shipped().directory
    looks = {"kind": OTHER, "kind_why": "an address that nobody reads", "is_machine_by_looks": True}
    assert weighed(mail(FAY, **looks), directory).kind is HUMAN
    bounced = mail(FAY, **(looks | {"kind": BOUNCED, "bounce": Bounce(None, "", True, ())}))
    assert weighed(bounced, directory).bounce is None
    for other in (
        mail(STRANGER, **looks),
        mail(FAY, proof=Proof.UNPROVEN, **looks),
        mail(FAY, **(looks | {"is_machine_by_looks": False})),
    ):
        assert replace(weighed(other, directory), sender=other.sender, to=other.to) == other  # names aside


def test_what_reads_as_a_machine_is_read_to_its_end() -> None:
    """Its words and its command wait for whoever knows the sender."""
    found = written("Precedence: bulk", "RESOLVED", title="RE: our talk")
    assert (found.is_machine_by_looks, found.new_text) == (True, "RESOLVED")
    assert found.command is not None


def test_no_trigger_subject_is_dropped() -> None:
    """A bounce of nothing we sent waits for a person where its subject is a challenge's."""
    directory, bounce = shipped().directory, Bounce(FAY, "5.1.1", True, ("x@council.example",))
    assert isinstance(place(mail(FAY, kind=BOUNCED, bounce=bounce, title=DAY), INBOX, Known(), directory), Pen)
    assert isinstance(place(mail(FAY, kind=BOUNCED, bounce=bounce, title="x"), INBOX, Known(), directory), Ignore)
    assert isinstance(place(mail(HELEN, title=DAY), INBOX, Known(), directory), Open)


def test_what_exchange_could_not_hand_over_waits_for_a_person() -> None:
    """Its placeholder is unreadable, and stands for a mail that nobody has seen."""
    title = "Retrieval using the IMAP4 protocol failed for the following\n message: 20117"
    found = written(text="The server couldn't retrieve the following message:", title=title)
    assert not found.is_readable
    assert isinstance(place(found, INBOX, Known(), shipped().directory), Pen)


@pytest.mark.parametrize("fields", ["X-MS-Journal-Report:", "X-Other: 1"])
def test_a_journal_report_opens_nothing(fields: str) -> None:
    """It tells of a mail between others, and nobody wrote it."""
    sender = f"MicrosoftExchange{'0a' * 16}@csc.example" if fields == "X-Other: 1" else "journal@csc.example"
    found = written(fields, "Sender: helen@health.example\nSubject: x\n", sender)
    assert found.kind is OTHER
    assert isinstance(place(found, INBOX, Known(), shipped().directory), Pen)


@pytest.mark.parametrize("kind", ["message/rfc822", 'application/octet-stream; name="fwd.eml"'])
def test_a_challenge_handed_on_as_an_attachment_is_seen(kind: str) -> None:
    """Under whatever subject: a person looks at it."""
    inner = f"From: Helen <{HELEN}>\nTo: {FAY}\nSubject: {DAY}\nMessage-ID: <i@health.example>\n\n{RAISED}"
    disposition = 'Content-Disposition: attachment; filename="fwd.eml"'
    body = (
        f"--b\nContent-Type: text/plain\n\nPlease log this.\n--b\nContent-Type: {kind}\n{disposition}\n\n{inner}\n--b--"
    )
    found = written('Content-Type: multipart/mixed; boundary="b"', body, FAY, "for the file")
    assert found.quoted_from == HELEN
    assert isinstance(place(found, INBOX, Known(), shipped().directory), Pen)


@pytest.mark.parametrize(
    "text",
    [
        "Ina Rowe reacted to your message:", "Rowe, Ina reacted with 👍 to your message", "👍 Ina liked your message",
        "👍\n\nIna Rowe reacted via Gmail\n<https://mail.example/about>", "Loved “Please reply by Wednesday”", "Like",
        "❤ by Ina Rowe", "Ina hat mit 👍 auf Ihre Nachricht reagiert", "Ina a réagi à votre message :", "👍🏻", "✅",
        "+1", "🙏🙏",
        "Ymatebodd Ina i'ch neges", ":thumbsup:", "👍👍👍 !",
    ],
)  # fmt: skip
def test_a_reaction_is_known(text: str) -> None:
    """However a mail program tells of it, and a sign alone."""
    assert is_reaction(text)


@pytest.mark.parametrize(
    "text", ["", "Agreed 👍", "We reacted to your message by visiting.", "No.", "Yes ✅",
             "He liked your message and agreed",
             "We like the plan.", "By Friday."]
)  # fmt: skip
def test_words_are_no_reaction(text: str) -> None:
    """As soon as somebody says something."""
    assert not is_reaction(text)


def test_gmails_own_part_tells_of_a_reaction() -> None:
    """And is no attachment."""
    body = "--b\nContent-Type: text/plain\n\nok\n--b\nContent-Type: text/vnd.google.email-reaction+json\n\n{}\n--b--"
    found = written('Content-Type: multipart/alternative; boundary="b"', body, title="Re: x")
    assert (found.is_reaction, found.new_text, found.attachments) == (True, "ok", ())


@pytest.mark.parametrize(
    "text",
    [
        "I only work Tuesday to Thursday and will reply on my next working day.",
        "Please note that this mailbox is monitored between 9 and 5.",
        "The nursery is closed for the summer holidays. If you are worried about anybody please ring 999.",
        "Thank you for your enquiry. We aim to respond within two working days.",
        "Your message has been received. A member of the team will be in touch shortly.\n\nKind regards\nThe Duty Team",
        "Hello, we have logged your request. Reference: INC-00412.",
        "I'm out of the office today. I will have no access to emails.",
    ],
)
def test_a_note_without_a_header_is_known(text: str) -> None:
    """By every sentence of it."""
    assert is_notice(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "We agree.", "The case is closed.", "Your referral has been reviewed and no further action will be taken.",
        "I work Monday to Wednesday. Tom saw the mother on Friday.", "Thank you for your email.",
        "The school is closed for half term. We have opened a section 47.", "It has been allocated to Priya Shah.",
        "We will answer: the threshold is not met.",
    ],
)  # fmt: skip
def test_an_answer_is_no_note(text: str) -> None:
    """One sentence more is somebody's."""
    assert not is_notice(text)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("OpenPGP_signature.asc", True), ("ATT00002.htm", True), ("facebook.png", True), ("image003.emz", True),
        ("PastedGraphic-2.png", True), ("NHS_logo.jpg", True), ("smime.p7s", True), ("noname", True),
        ("smime.p7m", False), ("plan.pdf", False), ("bruise.jpg", False), ("response.txt", False),
        ("scan0001.png", False),
    ],
)  # fmt: skip
def test_what_programs_attach_is_no_answer(name: str, is_one: bool) -> None:
    """Seals, cut bodies and a signature's pictures; never a document, a photograph, or a sealed mail."""
    assert is_decoration(name) is is_one
