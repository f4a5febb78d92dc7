"""What automatic replies tell, and what they do not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.mail.machine.absence import told
from bot.mail.read import Reading, read
from bot.model import Mail, MailKind

MAILS = Path(__file__).parent.parent / "mails" / "automatic"
NOW = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)
READING = Reading(own_addresses=("clock@clock.partnership.example",), id_domain="clock.partnership.example")


def mail(name: str) -> Mail:
    return read((MAILS / f"{name}.eml").read_bytes(), READING, NOW)


@pytest.mark.parametrize(
    ("name", "until", "on", "named", "is_gone"),
    [
        ("exchange_away", "Monday 18 January 2027", date(2027, 1, 18), (("Priya Shah", "01270 111111"),), False),
        ("exchange_away_bare", "Tue 19 January", date(2027, 1, 19), (), False),
        ("sieve_vacation", "Monday 18 January 2027", date(2027, 1, 18),
         (("Tom Lee", "tom.lee@csc.example, 01270 000000"),), False),
        ("sieve_welsh_subject", "18/01/2027", date(2027, 1, 18), (("Tom Lee", "01270 000000"),), False),
        ("sieve_mime", "the 18th", date(2027, 1, 18), (), False),
        ("sieve_has_left", "", None, (("Priya Shah", "priya.shah@csc.example"),), True),
        ("ticket", "", None, (), False),
    ],
)  # fmt: skip
def test_real_automatic_replies_tell(
    name: str, until: str, on: date | None, named: tuple[tuple[str, str], ...], is_gone: bool
) -> None:
    """Until when, as said and as a date, who is named instead, and whether the post is gone."""
    found = mail(name)
    assert found.kind is MailKind.AUTO_REPLY
    assert found.absence is not None
    told_us = found.absence
    assert (told_us.until, told_us.until_on, told_us.named, told_us.is_gone) == (until, on, named, is_gone)


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("away until February 8th", date(2027, 2, 8)),
        ("away from 21 January to 8 February", date(2027, 2, 8)),
        ("I will be back in the office on Monday.", date(2027, 1, 18)),
        ("returning 2027-02-08", date(2027, 2, 8)),
        ("back tomorrow", date(2027, 1, 16)),
        ("until further notice", None),
        ("away until 31/02", None),
    ],
)
def test_the_day_is_counted_from_when_it_was_sent(text: str, on: date | None) -> None:
    """UK dates, names of days and ordinals; a day that no calendar has is none."""
    assert told(text, NOW).until_on == on


@pytest.mark.parametrize(
    ("text", "is_gone"),
    [
        ("I no longer work for the council.", True),
        ("Fay Marsh has now left the service.", True),
        ("Please note this mailbox is no longer monitored.", True),
        ("This inbox is not monitored.", True),
        ("This mailbox is not monitored outside office hours.", False),
        ("I am on leave until Monday.", False),
    ],
)
def test_a_post_that_is_gone_is_told_from_an_absence(text: str, is_gone: bool) -> None:
    """A mailbox that is only unread at night is no vacancy."""
    assert told(text, NOW).is_gone is is_gone


@pytest.mark.parametrize(
    ("text", "title", "is_receipt"),
    [
        ("Your request has been logged with reference number REQ-48211.", "Re: x", True),
        (
            "Thank you for your email. A member of the team will reply within five working days.",
            "Automatic reply",
            True,
        ),
        ("Thank you for contacting Crewe Assessment Team. If a child is at risk, ring 999.", "Automatic reply", True),
        ("We have received your enquiry and aim to respond within 10 working days.", "", True),
        ("[#48211] A new ticket has been created for your request.", "", True),
        ("Diolch am eich e-bost. Byddwn yn ymateb o fewn pum diwrnod.", "Ateb awtomatig", True),
        ("Thank you for your email. I work Mondays to Wednesdays.", "Automatic reply", False),
        ("Thank you for your email. I am out of the office.", "", False),
        ("Thank you for your email. Fay Marsh is away until Monday.", "", False),
        ("Thank you for your email.", "Out of office: x", False),
        ("Thank you for your email. This mailbox is no longer monitored.", "", False),
        ("Thank you for your email. The team is on leave.\n\n> Your message has been received.", "", False),
        ("Ik ben er niet.", "Automatisch antwoord", False),
        ("", "Automatic reply: x", False),
    ],
)
def test_a_machines_receipt_is_no_absence(text: str, title: str, is_receipt: bool) -> None:
    """A ticket or a team mailbox that thanks everybody takes nobody away; whatever speaks of a person, or of nothing
    that we can read, is an absence as before."""
    assert told(text, NOW, title).is_receipt is is_receipt


def test_reasons_are_never_kept() -> None:
    """The reason stands in the mail itself, and in no value that a letter is made of."""
    assert "surgery" in mail("exchange_away").text
    assert "surgery" not in repr(mail("exchange_away").absence)


def test_people_tell_no_absence() -> None:
    """What a person writes about being away is theirs to say; nothing is taken from it."""
    raw = b"From: a@csc.example\nSubject: Re: your challenge\n\nI am away until Monday, but the plan is agreed.\n"
    assert read(raw, READING, NOW).absence is None
