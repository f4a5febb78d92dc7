"""Machines that write without saying so, and people who write like them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.mail.read import Reading, read
from bot.model import Mail, MailKind

MAILS = Path(__file__).parent.parent / "mails" / "automatic"
NOW = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)
OTHER, AUTO, HUMAN = MailKind.OTHER_AUTOMATED, MailKind.AUTO_REPLY, MailKind.HUMAN


def written(lines: str, text: str = "Hello,\n\nplease see the plan.\n", sender: str = "fay.marsh@csc.example") -> Mail:
    raw = f"From: {sender}\nMessage-ID: <a@csc.example>\n{lines}\n\n{text}"
    return read(raw.encode(), Reading(), NOW)


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ("List-Unsubscribe: <https://x.example/u>", OTHER),
        ("List-Unsubscribe: <https://x.example/u>\nList-Post: <mailto:l@x.example>", HUMAN),
        ("List-Unsubscribe: <https://x.example/u>\nList-Archive: <https://x.example/a>", HUMAN),
        ("List-Unsubscribe: <https://x.example/u>\nIn-Reply-To: <b@x.example>", HUMAN),
        ("Feedback-ID: 1:2:3:service", OTHER),
        ("Feedback-ID: 1.eu-west-1.x:AmazonSES", HUMAN),
        ("X-Mailer: Inxmail EE 4.0", OTHER),
        ("X-Mailer: Microsoft Outlook 16.0", HUMAN),
        ("Return-Path: <bounce-2+x@list.example>", OTHER),
        ("Return-Path: <x@bounces.shop.example>", OTHER),
        ("To: lee@csc.example\nReturn-Path: <news-lee=csc.example@shop.example>", OTHER),
        ("Return-Path: <bounces+SRS=a=b@forwarder.example>", HUMAN),
        ("X-Cron-Env: <HOME=/>", OTHER),
        ("Subject: ** PROBLEM Service Alert: web is CRITICAL **", OTHER),
        ("Subject: Problem with the plan for Friday", HUMAN),
        ("Subject: Confirm your email address", OTHER),
    ],
)
def test_bulk_and_programs_are_known_by_their_headers(lines: str, kind: MailKind) -> None:
    """Marks of mailing services count in a new mail; not in an answer, nor on a list that people write to."""
    assert written(lines).kind is kind


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("noreply@portal.example", OTHER),
        ("portal-no-reply@council.example", OTHER),
        ("notifications@portal.example", OTHER),
        ("mail-daemon@x.example", OTHER),
        ("root@host.example (Cron Daemon)", OTHER),
        ("Newsletter <hello@shop.example>", OTHER),
        ("offers@shop.example", OTHER),
        ("x@news.shop.example", OTHER),
        ("duty.team@csc.example", HUMAN),
        ("info@school.example", HUMAN),
        ("Noreen Reply <noreen@csc.example>", HUMAN),
    ],
)
def test_addresses_of_programs_are_known(sender: str, kind: MailKind) -> None:
    """Nobody reads there; shared mailboxes of teams are people."""
    assert written("X-Other: 1", sender=sender).kind is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("This is an automated message from the portal.", OTHER),
        ("This is an automatic reply. We will answer soon.", AUTO),
        ("Diese E-Mail wurde automatisch generiert.", OTHER),
        ("Ceci est une réponse automatique.", AUTO),
        ("Thank you for your email.\n\nThis mailbox is no longer monitored.", AUTO),
        ("A ticket has been created for your request.", AUTO),
        ("Fay Marsh has left the council.", AUTO),
        ("View this email in your browser.\n\nUnsubscribe", OTHER),
        ("To check that you are human please confirm your message to the sender.", OTHER),
        ("We agree.\n\nThis mailbox is not monitored outside office hours.", HUMAN),
        ("Agreed. Please do not reply to this email, ring me.\n\n© 2027 All rights reserved", HUMAN),
        ("Can you unsubscribe me from the list?", HUMAN),
        ("Thanks. The referral has been received and we agree to a meeting.", HUMAN),
    ],
)
def test_sentences_that_only_machines_write(text: str, kind: MailKind) -> None:
    """One doubtful sentence is not enough; a plain "this is automatic" is."""
    assert written("X-Other: 1", text + "\n").kind is kind


def test_a_quoted_robot_leaves_its_answer_human() -> None:
    """A person may answer a machine's mail, which is then quoted below."""
    text = "We agree to this.\n\nOn Fri, 15 Jan 2027 at 16:45, Clock wrote:\n> This is an automated message.\n"
    assert written("Subject: Re: x\nIn-Reply-To: <b@x.example>", text).kind is HUMAN


def test_a_letter_of_ours_is_known_by_its_id_whoever_sends_it_on() -> None:
    """Redirected mail keeps its Message-ID, also where a gateway has changed From."""
    raw = f"From: gateway@csc.example\nMessage-ID: <{'0a' * 16}.{'1b' * 16}@clock.example>\n\nPlease answer.\n"
    assert read(raw.encode(), Reading(), NOW).kind is OTHER


@pytest.mark.parametrize(
    ("name", "kind"),
    [("newsletter", OTHER), ("ticket", AUTO), ("exchange_not_read", MailKind.RECEIPT),
     ("exchange_undeliverable", MailKind.BOUNCE), ("sieve_refused_full", MailKind.BOUNCE)],
)  # fmt: skip
def test_each_automatic_mail_is_of_its_kind(name: str, kind: MailKind) -> None:
    """A refusal in the form of a receipt is a bounce; a mail deleted unread is none."""
    assert read((MAILS / f"{name}.eml").read_bytes(), Reading(), NOW).kind is kind


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Automatische Antwort: x", AUTO),
        ("[EXTERNAL] Réponse automatique : x", AUTO),
        ("自动回复: x", AUTO),
        ("Trả lời tự động: x", AUTO),
        ("Balasan otomatis: x", AUTO),
        ("Auto-resposta: x", AUTO),
        ("ตอบกลับอัตโนมัติ: x", AUTO),
        ("Freagra uathoibríoch: x", AUTO),
        ("Vacation reply", AUTO),
        ("I am out of the office", AUTO),
        ("x (auto-reply)", AUTO),
        ("Unzustellbar: x", MailKind.BOUNCE),
        ("Gelesen: x", MailKind.RECEIPT),
        ("Re: Automatische Antwort: x", HUMAN),
        ("Annual leave of our manager", HUMAN),
    ],
)
def test_subjects_in_many_languages(title: str, kind: MailKind) -> None:
    """Mail programs translate their subjects; a reply prefix makes them a person's."""
    assert written(f"Subject: {title}").kind is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("desk_request", AUTO),
        ("desk_ticket", AUTO),
        ("desk_bulk", AUTO),
        ("school_closed", AUTO),
        ("webmail_auto_response", AUTO),
        ("german_words_only", AUTO),
        ("away_without_headers", AUTO),
        ("polish_away", AUTO),
        ("bulk_holiday", AUTO),
        ("return_receipt", MailKind.RECEIPT),
    ],
)
def test_what_was_once_read_wrongly(name: str, kind: MailKind) -> None:
    """Machines that do not say what they are by their headers, or say it in their own way."""
    assert read((MAILS / f"{name}.eml").read_bytes(), Reading(), NOW).kind is kind


@pytest.mark.parametrize(
    "text",
    [
        "I am on leave from tomorrow, so Tom Lee has the case now. He visited on Friday.",
        "I am away until Monday, but the plan is agreed.",
        "Thank you for your email. We visited on Friday. This mailbox is not monitored at weekends.",
        "Thank you for your email. The case was logged on our system on Friday and a strategy meeting was held.",
        "We have received your challenge and do not agree: the threshold is not met.",
        "This is an automated system that we do not use. Please ring me instead.",
    ],
)
def test_a_person_who_speaks_of_more_is_a_person(text: str) -> None:
    """Words of an absence or of a receipt in an answer take the answer away from nobody."""
    assert written("Subject: RE: your challenge\nIn-Reply-To: <b@x.example>", f"{text}\n").kind is HUMAN
