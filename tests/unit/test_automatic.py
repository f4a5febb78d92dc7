"""Which mails machines write, and what a bounce says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.mail.machine import absence
from bot.mail.read import Reading, read
from bot.mail.understood import understand
from bot.model import Mail, MailKind

MAILS = Path(__file__).parent.parent / "mails"
NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)
READING = Reading(own_addresses=("clock@partnership.example",), id_domain="clock.partnership.example")
OURS = ("letter-7@clock.partnership.example",)


def mail(name: str) -> Mail:
    return read((MAILS / name).read_bytes(), READING, NOW)


def with_header(line: str, subject: str = "RE: your challenge", sender: str = "fay.marsh@csc.example") -> Mail:
    raw = f"From: {sender}\nSubject: {subject}\nMessage-ID: <a@csc.example>\n{line}\n\nThank you for your mail.\n"
    return read(raw.encode(), READING, NOW)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("outlook_html_reply.eml", MailKind.HUMAN),
        ("plain_reply.eml", MailKind.HUMAN),
        ("out_of_office.eml", MailKind.AUTO_REPLY),
        ("bounce_hard.eml", MailKind.BOUNCE),
        ("bounce_delayed.eml", MailKind.BOUNCE),
        ("bounce_in_words.eml", MailKind.BOUNCE),
        ("delivered.eml", MailKind.RECEIPT),
        ("read_receipt.eml", MailKind.RECEIPT),
        ("meeting_reply.eml", MailKind.MEETING),
    ],
)
def test_each_mail_is_of_its_kind(name: str, kind: MailKind) -> None:
    """People, out-of-office, bounces, receipts and calendars are told apart, with a reason for each machine."""
    found = mail(name)
    assert found.kind is kind
    assert bool(found.kind_why) is (kind is not MailKind.HUMAN)
    assert understand((MAILS / name).read_bytes(), READING)["reply"] == (
        found.new_text if kind is MailKind.HUMAN else ""
    )


@pytest.mark.parametrize(
    ("name", "status", "is_hard"),
    [
        ("bounce_hard.eml", "5.1.1", True),
        ("bounce_delayed.eml", "4.4.1", False),
        ("bounce_in_words.eml", "5.0.0", True),
    ],
)
def test_a_bounce_names_recipient_status_and_our_letter(name: str, status: str, is_hard: bool) -> None:
    """Whom it did not reach, for good or for now, and which letter of ours it was."""
    found = mail(name).bounce
    assert found is not None
    assert (found.recipient, found.status, found.is_hard, found.message_ids) == (
        "tom.lee@csc.example",
        status,
        is_hard,
        OURS,
    )


def test_a_bounce_cites_only_ids_of_ours() -> None:
    """Ids of other people's domains are no letters of ours."""
    raw = (MAILS / "bounce_hard.eml").read_bytes().replace(b"clock.partnership.example>", b"elsewhere.example>")
    found = read(raw, READING, NOW).bounce
    assert found is not None
    assert found.message_ids == ()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Auto-Submitted: auto-replied", MailKind.AUTO_REPLY),
        ("Auto-Submitted: auto-replied; owner-email=x", MailKind.AUTO_REPLY),
        ("Auto-Submitted: auto-generated", MailKind.OTHER_AUTOMATED),
        ("Auto-Submitted: no", MailKind.HUMAN),
        ("X-Autoreply: yes", MailKind.AUTO_REPLY),
        ("X-Autoreply: no", MailKind.HUMAN),
        ("Precedence: auto_reply", MailKind.AUTO_REPLY),
        ("X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent", MailKind.AUTO_REPLY),
        ("X-Auto-Response-Suppress: All", MailKind.HUMAN),
        ("X-MS-Exchange-Inbox-Rules-Loop: fay.marsh@csc.example", MailKind.HUMAN),
        ("Precedence: bulk", MailKind.AUTO_REPLY),
        ("Precedence: bulk\nList-Id: <x.example>", MailKind.HUMAN),
        ("Return-Path: <>\nPrecedence: junk", MailKind.AUTO_REPLY),
        ("Return-Path: <bounces+SRS=a=b@forwarder.example>", MailKind.HUMAN),
        ("Return-Path: <noreply@portal.example>", MailKind.OTHER_AUTOMATED),
        ("Content-Class: urn:content-classes:calendarmessage", MailKind.MEETING),
    ],
)
def test_headers_tell_machines_from_people(line: str, kind: MailKind) -> None:
    """Only headers that identify count: a request for silence is written by people's programs too."""
    assert with_header(line).kind is kind


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Automatic reply: Professional Safeguarding Challenge", MailKind.AUTO_REPLY),
        ("Ateb awtomatig: x", MailKind.AUTO_REPLY),
        ("Fay Marsh is out of the office.", MailKind.AUTO_REPLY),
        ("Who is out of the office on Friday?", MailKind.HUMAN),
        ("Out of Office: x", MailKind.AUTO_REPLY),
        ("Read: x", MailKind.RECEIPT),
        ("Undeliverable: x", MailKind.BOUNCE),
        ("Recall: x", MailKind.OTHER_AUTOMATED),
        ("Accepted: x", MailKind.MEETING),
        ("RE: Automatic reply: x", MailKind.HUMAN),
    ],
)
def test_subjects_of_mail_programs_are_known(subject: str, kind: MailKind) -> None:
    """A subject that only programs write is enough; answering such a mail is human."""
    assert with_header("X-Other: 1", subject).kind is kind


@pytest.mark.parametrize(
    ("subject", "is_recall"),
    [
        ("Recall: x", True),
        ("Accepted: x", False),
        ("RE: Recall: x", False),
        ("Fay would like to recall the message, “x”", True),
    ],
)
def test_a_recall_is_told_from_other_mail_of_programs(subject: str, is_recall: bool) -> None:
    """Whether a program asks to take a mail back stands beside the mail's kind, for whoever must ask its writer."""
    assert with_header("X-Other: 1", subject).is_recall is is_recall


def test_our_own_letter_coming_back_is_no_person() -> None:
    """A mail from our own address is never read as an answer."""
    assert with_header("X-Other: 1", sender="clock@partnership.example").kind is MailKind.OTHER_AUTOMATED


@pytest.mark.parametrize(
    "line",
    ["List-Id: <news.example>", "List-Post: <mailto:x@news.example>",
     "List-Unsubscribe: <mailto:x@news.example>\nPrecedence: list"],
)  # fmt: skip
def test_list_mail_is_marked(line: str) -> None:
    """Mail by a list stays somebody's words, but it opens nothing; a mark that people's mail may bear makes no list."""
    found = with_header(line)
    assert (found.is_list, found.kind) == (True, MailKind.HUMAN)
    for other in ("X-Other: 1", "List-Unsubscribe: <mailto:x@news.example>", "Precedence: list"):
        assert not with_header(other).is_list


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I am away until Monday 4 January with no access.", "Monday 4 January"),
        ("On leave till 4th January 2027 owing to illness.", "4th January 2027"),
        ("I return to work on 04/01/2027.", "04/01/2027"),
        ("Back in the office on Tuesday", "Tuesday"),
        ("I am unwell and away.", ""),
    ],
)
def test_only_the_date_of_an_absence_is_given(text: str, words: str) -> None:
    """The date that somebody is away until, never why."""
    assert absence.told(text, NOW).until == words
