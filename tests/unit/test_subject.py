"""The subject lines that must be recognised, row by row, and those that must not."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from bot.mail.subject import Phrase, automatic_prefix, read, ref_in
from bot.model import Flag, SubjectReading, Unit, Window
from bot.rules.workdays import LONDON

TIERS = (Window(24, Unit.HOURS), Window(10, Unit.WORKING_DAYS))
CHALLENGE = "Professional Safeguarding Challenge"
PHRASES = (
    Phrase(CHALLENGE),  # another policy, which takes no times
    Phrase(CHALLENGE, TIERS, ("Professional Challenge", "Safeguarding Challenge", "PSC", "Her Broffesiynol Diogelu")),
    Phrase("Multi-Agency Resolution"),
    Phrase("Escalation Notice"),
    Phrase("Escalation"),
    Phrase("Formal Dispute"),
)
TUESDAY = datetime(2027, 1, 12, 10, 5, tzinfo=LONDON)
URGENT, STANDARD = Window(24, Unit.HOURS, "requested"), Window(10, Unit.WORKING_DAYS, "requested")
ODD = ("nonstandard_window",)


def reading(subject: str) -> SubjectReading:
    return read(subject, PHRASES, TUESDAY)


def days(n: int) -> Window:
    return Window(n, Unit.CALENDAR_DAYS, "requested")


@pytest.mark.parametrize(
    ("subject", "window", "flags"),
    [
        (f"{CHALLENGE} – 24 hours", URGENT, ()),
        (f"{CHALLENGE} - 10 working days", STANDARD, ()),
        ("PROFESSIONAL SAFEGUARDING CHALLENGE — 24HRS", URGENT, ()),
        (f"{CHALLENGE} 24hr response required", URGENT, ()),
        ("professional safeguarding challenge: response req'd within 24hours", URGENT, ()),
        (f"{CHALLENGE} – ten working days", STANDARD, ()),
        (f"{CHALLENGE} – 10WD", STANDARD, ()),
        (f"{CHALLENGE} – 10 w/d", STANDARD, ()),
        (f"{CHALLENGE} – 10 wking days", STANDARD, ()),
        (f"{CHALLENGE} -- two weeks", days(14), ODD),
        (f"{CHALLENGE} – within 5 days", days(5), ODD),
        (f"{CHALLENGE} - 48 hours", Window(48, Unit.HOURS, "requested"), ODD),
        (f"{CHALLENGE}", None, ()),
        (f"24 hours – {CHALLENGE} – J.S.", URGENT, ()),
        (f"{CHALLENGE} – 24 hours – JOHN SMITH 12/03/2015", URGENT, ()),
        (f"{CHALLENGE} – JOHN SMITH 12/03/2015", None, ()),
        (f"Training: {CHALLENGE} course 10 working days notice", STANDARD, (Flag.ANNOUNCES,)),
        (f"##12345## {CHALLENGE} – 24 hours (ref: ABC123)", URGENT, ()),
        (f"\U0001f6a8 {CHALLENGE} \U0001f6a8 24 hours - ", URGENT, ()),
        (f"{CHALLENGE} – 24 hours" + " padding" * 40, URGENT, ()),
    ],
)
def test_the_phrase_and_its_time(subject: str, window: Window | None, flags: tuple[str, ...]) -> None:
    """The policy's phrase is found exactly, and the time beside it is read (rows 1-11, 14, 15, 29 and 30)."""
    found = reading(subject)
    assert (found.phrase, found.certainty, found.window, found.by) == (CHALLENGE, "exact", window, None)
    assert (found.flags, found.is_reply, found.is_forward) == (flags, False, False)


@pytest.mark.parametrize(
    ("subject", "announces"),
    [
        (f"{CHALLENGE}: 24 hours left to book!", True),
        (f"FW: {CHALLENGE} policy - new version", True),
        (f"{CHALLENGE} and Escalation Policy 2027", True),
        (f"{CHALLENGE} SPOC list update", True),
        (f"[EXTERNAL] Newsletter: {CHALLENGE} and more", True),
        (f"Save the date: {CHALLENGE} webinar", True),
        (f"{CHALLENGE} policy breach 24 hours", False),
        (f"{CHALLENGE} - policy not followed - 24 hours", False),
        (f"{CHALLENGE} – training placement for J - 24 hours", False),
        (f"{CHALLENGE} - CP conference 24 hours", False),
        (f"{CHALLENGE} (procedure not followed) 10 working days", False),
        ("Escalation policy not followed: Stage 2", False),
    ],
)
def test_a_course_or_a_document_about_challenges_is_told_from_one(subject: str, announces: bool) -> None:
    """Only what follows the phrase at once, or what nobody writes in a challenge, counts (row 29)."""
    assert (Flag.ANNOUNCES in reading(subject).flags) is announces


@pytest.mark.parametrize(
    ("words", "day", "hour"),
    [("by 5pm Friday", 15, 17), ("by 15/01/27", 15, 17), ("by 15.1.2027", 15, 17), ("by noon tomorrow", 13, 12)],
)
def test_the_phrase_and_its_instant(words: str, day: int, hour: int) -> None:
    """A stated instant is read relative to the day of sending (row 10)."""
    found = reading(f"{CHALLENGE} - response needed {words}")
    assert (found.by, found.window) == (datetime(2027, 1, day, hour, tzinfo=LONDON), None)


@pytest.mark.parametrize(
    ("subject", "certainty"),
    [
        ("Professional Challenge - 24 hours", "alias"),
        ("Safeguarding Challenge 24 hrs", "alias"),
        ("PSC – 24h", "alias"),
        ("Her Broffesiynol Diogelu – 24 awr", "alias"),
        ("Proffesional Safegaurding Chalenge – 24 hours", "misspelt"),
        ("Profesional Safeguarding Challange – 24 hours", "misspelt"),
        ("Professional Safeguarding Challenges – 24 hours", "misspelt"),
        ("ProfessionalSafeguarding Challenge – 24 hours", "misspelt"),
        ("Professional Safe-guarding Challenge – 24 hours", "misspelt"),
        ("Professional\u00a0Safe\u00adguarding\u200b Challenge\u201424 hours", "exact"),
        ("“Professional_Safeguarding_Challenge” – 24 hours", "exact"),
        ("Ｐrofessional Safeguarding Challenge – 24 hours", "exact"),
    ],
)
def test_near_misses_are_named_for_what_they_are(subject: str, certainty: str) -> None:
    """An alias or a misspelling stands for its phrase, and is never passed off as exact (rows 12, 13, 32)."""
    found = reading(subject)
    assert (found.phrase, found.certainty, found.window) == (CHALLENGE, certainty, URGENT)


@pytest.mark.parametrize(
    ("subject", "phrase"),
    [
        ("Escalation Notice - A", "Escalation Notice"),
        ("Multi Agency Resolution Stage 2", "Multi-Agency Resolution"),
        ("Stage 2 escalation (was PSC 24hrs)", "Escalation"),
        ("Formal dispute", "Formal Dispute"),
    ],
)
def test_the_longest_exact_phrase_wins(subject: str, phrase: str) -> None:
    """Other policies' triggers are told apart, the longer before the shorter, exact before alias (row 28)."""
    assert (reading(subject).phrase, reading(subject).certainty) == (phrase, "exact")


@pytest.mark.parametrize(
    "subject",
    [
        "", "Hello", "Professional development newsletter", "Safeguarding training", "A challenge for professionals",
        "Professional Safeguarding Training", "Challenge Cup 24 hours", "Meeting in 10 working days",
        "De-escalation", "Escalating costs", "Escalator out of order", "Formula disposal", "Formal dispatch", "PSCs",
        "Step 3 referral", "Professional safeguarding advice", "Safeguarding: professional curiosity and challenge",
    ],
)  # fmt: skip
def test_unrelated_subjects_say_nothing(subject: str) -> None:
    """A subject without a phrase triggers nothing, and its times are nobody's business."""
    found = reading(subject)
    assert (found.phrase, found.window, found.by, found.flags) == (None, None, None, ())


@pytest.mark.parametrize(
    ("marked", "markings"),
    [
        ("OFFICIAL-SENSITIVE: {}", ("official-sensitive",)),
        ("OFFICIAL-SENSITIVE PERSONAL - {}", ("official-sensitive",)),
        ("OFFICIAL-SENSITIVE [PERSONAL] {}", ("official-sensitive",)),
        ("OFFICIAL - SENSITIVE {}", ("official-sensitive",)),
        ("OFFICIAL–SENSITIVE: {}", ("official-sensitive",)),
        ("[OFFICIAL:SENSITIVE] {}", ("official-sensitive",)),
        ("OFFICIAL SENSITIVE - {}", ("official-sensitive",)),
        ("{{OS}} {}", ("official-sensitive",)),
        ("**OFFICIAL** {}", ("official",)),
        ("OFFICIAL: {}", ("official",)),
        ("[EXTERNAL] {}", ("external",)),
        ("EXTERNAL: {}", ("external",)),
        ("#External: {}", ("external",)),
        ("[EXT] {}", ("external",)),
        ("*EXT* {}", ("external",)),
        ("[External Email] {}", ("external",)),
        ("CAUTION: External {}", ("external",)),
        ("CAUTION: External - {}", ("external",)),
        ("[SECURE] {}", ("secure",)),
        ("[secure] {}", ("secure",)),
        ("[encrypt] {}", ("secure",)),
        ("Encrypt: {}", ("secure",)),
        ("Secure: {}", ("secure",)),
        ("CJSM {}", ("secure",)),
        ("[CJSM] {}", ("secure",)),
        ("[Sent Securely] {}", ("secure",)),
        ("{} [SEC=OFFICIAL]", ("secure",)),
        ("{} [secure]", ("secure",)),
        ("{} - OFFICIAL-SENSITIVE", ("official-sensitive",)),
        ("{} [EXTERNAL] [CE-2027-0007]", ("external",)),
        ("[SUSPECTED SPAM] {}", ("spam",)),
        ("[EXTERNAL] [secure] OFFICIAL-SENSITIVE: {} {{OS}}", ("external", "secure", "official-sensitive")),
    ],
)
def test_markings_come_off_both_ends(marked: str, markings: tuple[str, ...]) -> None:
    """Gateways' and offices' markings are recorded and leave the reading as it was (rows 16-19)."""
    found = reading(marked.format(f"{CHALLENGE} – 24 hours"))
    assert (found.phrase, found.window, found.markings) == (CHALLENGE, URGENT, markings)
    assert found.rest == f"{CHALLENGE} - 24 hours"
    assert not found.is_reply


@pytest.mark.parametrize(
    ("prefix", "is_reply", "is_forward"),
    [
        ("RE:", True, False),
        ("R:", True, False),
        ("AW:", True, False),
        ("SV:", True, False),
        ("ATB:", True, False),
        ("RE[2]:", True, False),
        ("Re (3) :", True, False),
        ("回复：", True, False),
        ("FW:", False, True),
        ("Fwd:", False, True),
        ("TR:", False, True),
        ("WG:", False, True),
        ("YML:", False, True),
        ("RE: FW: [EXTERNAL] RE: OFFICIAL-SENSITIVE: RE:", True, True),
        ("[secure] FW:", False, True),
        ("##12345## RE:", True, False),
        ("Re: Fwd: RE:", True, True),
    ],
)
def test_reply_and_forward_prefixes(prefix: str, is_reply: bool, is_forward: bool) -> None:
    """Prefixes of many languages are answers or forwards, nested and mixed with markings (rows 20, 21, 27)."""
    found = reading(f"{prefix} {CHALLENGE} – 24 hours")
    assert (found.is_reply, found.is_forward, found.window) == (is_reply, is_forward, URGENT)
    assert found.rest == f"{CHALLENGE} - 24 hours"


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("Automatic reply: {}", "auto_reply"),
        ("Out of Office: {}", "auto_reply"),
        ("Out of Office AutoReply: {}", "auto_reply"),
        ("AUTO: {}", "auto_reply"),
        ("[EXTERNAL] Automatic reply: {}", "auto_reply"),
        ("Read: {}", "receipt"),
        ("Not read: {}", "receipt"),
        ("Delivered: {}", "receipt"),
        ("Relayed: {}", "receipt"),
        ("Undeliverable: {}", "bounce"),
        ("Delivery Status Notification (Failure)", "bounce"),
        ("Mail delivery failed: returning message to sender", "bounce"),
        ("Returned mail: see transcript for details", "bounce"),
        ("Undelivered Mail Returned to Sender", "bounce"),
        ("Recall: {}", "recall"),
        ("Fay Marsh would like to recall the message, “{}”", "recall"),
        ("Accepted: {}", "meeting"),
        ("Declined: {}", "meeting"),
        ("Tentative: {}", "meeting"),
        ("Canceled: {}", "meeting"),
        ("Cancelled: {}", "meeting"),
        ("Updated invitation: {}", "meeting"),
        ("{}", ""),
        ("RE: {}", ""),
        ("RE: Automatic reply: {}", ""),
        ("FW: Undeliverable: {}", ""),
        ("Automatic doors: {}", ""),
        ("Read this: {}", ""),
        ("Accepted practice: {}", ""),
    ],
)
def test_automatic_beginnings(subject: str, kind: str) -> None:
    """What mail programs write before a subject is named; a person's answer to it is a person's (rows 22-26)."""
    said = subject.format(f"{CHALLENGE} – 24 hours")
    assert automatic_prefix(said) == kind
    if CHALLENGE in said:
        assert reading(said).phrase == CHALLENGE


@pytest.mark.parametrize(
    ("text", "refs"),
    [
        ("RE: Challenge [CE-2027-0007]", ("CE-2027-0007",)),
        ("ce-2027-0007", ("CE-2027-0007",)),
        ("CE\u20112027\u20110007 and [SAND-2026-12345] CE-2027-0007", ("CE-2027-0007", "SAND-2026-12345")),
        ("C-2027-0007 ABCDE-2027-0007 CE-1999-0007 CE-2027-007 CE-2027-0007x", ()),
        ("", ()),
        ("x " * 5_000 + "CE-2027-0007", ("CE-2027-0007",)),
    ],
)
def test_refs_are_found_in_any_text(text: str, refs: tuple[str, ...]) -> None:
    """Refs are found wherever they stand, however their hyphens were rewritten, and nothing else is one."""
    assert ref_in(text) == refs


@pytest.mark.parametrize(
    "subject",
    [
        "Re: " * 50_000,
        "[secure]" * 20_000,
        "by " * 50_000,
        "24 hours " * 20_000,
        "professional safeguarding " * 10_000,
        "\ufdfa" * 50_000,
        "(" * 100_000,
        "\x00\ud800" * 10_000,
    ],
)
def test_endless_subjects_cost_nothing(subject: str) -> None:
    """Whatever a stranger writes is read within a moment, and never raises."""
    began = time.process_time()
    assert len(reading(subject).rest) <= 2_000
    automatic_prefix(subject)
    assert time.process_time() - began < 1
