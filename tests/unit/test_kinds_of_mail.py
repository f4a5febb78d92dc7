"""Mails of kinds that were once met for the first time: each was read wrongly, or stands beside one that was."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.mail.read import Reading, read
from bot.model import Mail, MailKind

MAILS = Path(__file__).parent.parent / "mails" / "automatic"
NOW = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)
READING = Reading(own_addresses=("clock@clock.partnership.example",), id_domain="clock.partnership.example")


def mail(name: str) -> Mail:
    return read((MAILS / f"{name}.eml").read_bytes(), READING, NOW)


@pytest.mark.parametrize(
    "name",
    [
        "words_wrapped",
        "title_tells_closed",
        "title_tells_ooo",
        "title_not_read",
        "mail_system_for_a_person",
        "program_for_holidays",
        "junk_that_answers",
        "submitted_vacation",
        "left_the_team",
        "away_and_regards",
        "away_travelling",
        "text_says_reply",
        "welsh_words_only",
        "spanish_words_only",
        "closed_for_holidays",
        "address_changed",
        "left_the_council",
        "title_tells_name",
    ],
)
def test_an_automatic_reply_is_known_without_the_usual_headers(name: str) -> None:
    """Old programs answer too, and gateways drop headers: one sign of its own, or words that say nothing else."""
    assert mail(name).kind is MailKind.AUTO_REPLY


@pytest.mark.parametrize(
    "name",
    [
        "person_sends_a_bounce_on",
        "person_by_a_rule",
        "person_speaks_of_ooo",
        "person_by_a_web_desk",
        "person_child_left",
        "person_child_no_longer_there",
        "person_child_away",
        "person_away_from_home",
        "person_left_the_papers",
        "person_service_closed",
        "person_away_accepts",
        "person_away_tomorrow",
    ],
)
def test_a_person_beside_such_a_sign_is_a_person(name: str) -> None:
    """Who sends a bounce on, is redirected by a rule, or says that somebody else is away has something to say."""
    assert mail(name).kind is MailKind.HUMAN


def test_a_portal_that_sends_through_a_mailing_service_is_no_person() -> None:
    """A new mail in HTML alone, through a service for programs, that wants a link to be opened."""
    assert mail("portal_assigns").kind is MailKind.OTHER_AUTOMATED


@pytest.mark.parametrize(
    ("name", "status", "is_hard", "reason"),
    [
        (
            "bounce_busy",
            "4.0.0",
            False,
            "the other organisation's mail system is busy; their mail system is still trying",
        ),
        ("bounce_after_four_days", "4.0.0", True, "the other organisation's mail system could not be reached"),
        ("bounce_failed_full", "4.2.2", True, "the mailbox is full"),
        ("bounce_beside_a_version", "5.0.0", True, "the address does not exist there"),
        ("group_of_members", "5.7.133", True, "the group accepts mail only from its members"),
    ],
)
def test_a_bounce_is_hard_or_soft_by_its_own_code(name: str, status: str, is_hard: bool, reason: str) -> None:
    """A plain 4xx means later, but not once the letter has come back; a mail program's version is no status."""
    found = mail(name).bounce
    assert found is not None
    assert (found.status, found.is_hard, found.reason) == (status, is_hard, reason)


def test_who_has_left_names_who_is_there() -> None:
    """Over a line's end, and in a list behind a colon."""
    told = mail("left_the_team").absence
    assert told is not None
    assert (told.is_gone, told.is_receipt, told.named) == (True, False, (("Priya Shah", "priya.shah@csc.example"),))


def test_the_day_in_a_subject_is_told() -> None:
    """Where the subject alone says until when."""
    told = mail("title_tells_ooo").absence
    assert told is not None
    assert told.until == "25 January"


def answered(text: str) -> MailKind:
    raw = f"From: Fay Marsh <fay.marsh@csc.example>\nIn-Reply-To: <q@clock.example>\nSubject: Re: x\n\n{text}\n"
    return read(raw.encode(), READING, NOW).kind


@pytest.mark.parametrize(
    "text",
    [
        "I am away today, I did ring the GP and she confirms the injury.",
        "I am on leave until Monday, please hold the meeting without me.",
        "I am on leave from Monday and Priya Shah will answer this for us by Friday.",
        "I am out of the office on Monday and available on Tuesday at 10.",
        "I'm away this week, Tuesday at 2 is fine.",
        "I am on holiday, the referral was sent on Friday.",
        "I am away until Monday and Tom has done the enquiry.",
        "On Tuesday at 2 pm. I am on leave until then.",
        "I am unable to attend on Monday. I am on leave.",
        "If the mother rings then tell her. I am on leave until Monday.",
        "In my view the matter is closed. I am on leave until Monday.",
        "Please call the police. I am on leave until Monday.",
        "Thank you, noted. I am on leave until Monday.",
        "No. I am on leave until Monday.",
        "The request is not urgent. I am on leave until Monday.",
        "I am on leave, so the matter is closed.",
        "I am no longer working with this family. The core group was cancelled.",
        "I am no longer in agreement with the plan.",
        "I have left the service and hand over the file of Jayden.",
        "Mia Marsh is no longer with her aunt.",
        "I am on leave; the injury is confirmed.",
        "I expect a response by Monday. I am on leave until then.",
        "I have questions. I am on leave until Monday.",
        "Hallo ja das stimmt\n\nIch bin im Urlaub.",
        "Je suis en congé. Je vous répondrai sur la blessure lundi.",
        "Danke, wir stimmen zu. Ich bin im Urlaub.",
        "Ich bin im Urlaub und habe den Vater gesprochen.",
    ],
)
def test_one_word_more_than_an_absence_is_a_person(text: str) -> None:
    """Who is away may have done something, asked for something or settled something, in the same sentence."""
    assert answered(text) is MailKind.HUMAN


@pytest.mark.parametrize(
    "text",
    [
        "I am away until Monday 18 January, with no access to mail. If urgent, ring the duty team on 01632 960123.",
        "I am on leave this week but will check my mail. Please contact the Family Hub.",
        "I'm on paternity leave until further notice; in an emergency call the duty manager.",
        "I will have limited access to my email this week.",
        "Je suis en congé jusqu'au 2 février. Je vous répondrai à mon retour.",
        "Away on a course. Back 20 January.",
        "Out until the 20th. Will read mail once I return.",
        "I'm on PTO this week, back Wednesday.",
        "I'm travelling and will be back on 20 January. Priya Shah is covering for me.",
        "Ms Fay Marsh has retired. Please direct enquiries to the assessment team.",
        "Derzeit bin ich im Urlaub und habe bis zum 9. Februar keinen Zugriff auf E-Mails.",
        "Jsem na dovolené.\n\nS pozdravem\n\nFay Marsh",
    ],
)
def test_an_absence_is_known_by_its_words_in_any_order(text: str) -> None:
    """Sentences that have no word but those of being away, of coming back and of who is there instead."""
    assert answered(text) is MailKind.AUTO_REPLY


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("I am on annual leave until 25 January", MailKind.AUTO_REPLY),
        ("Out of office Re: your challenge", MailKind.AUTO_REPLY),
        ("I am on leave from Monday - Jayden", MailKind.HUMAN),
    ],
)
def test_a_subject_of_an_absence_says_until_when_and_no_more(title: str, kind: MailKind) -> None:
    """A person who hands something over begins in the same way."""
    raw = f"From: Fay Marsh <fay.marsh@csc.example>\nSubject: {title}\n\nPlease take over the referral.\n"
    assert read(raw.encode(), READING, NOW).kind is kind


def test_a_child_with_the_family_name_of_the_writer_is_somebody_else() -> None:
    """Foster carers and parents write too."""
    raw = (
        "From: Fay Marsh <fay.marsh@csc.example>\nSubject: {} Marsh is away until Monday\n\nPlease call 01632 960123.\n"
    )
    kinds = [read(raw.format(given).encode(), READING, NOW).kind for given in ("Mia", "Fay")]
    assert kinds == [MailKind.HUMAN, MailKind.AUTO_REPLY]
