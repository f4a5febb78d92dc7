"""What a policy may say beyond stages and windows: tracks, alternates, entries and the order of copies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.model import Case, Contact, Decision, Inbox, LetterKind
from bot.rules.directory import Directory, Row
from bot.rules.policy_blocks import Alternate, Track
from bot.rules.policy_file import load
from tests.unit.case_samples import arrived, letters, mail, opened, rules, served
from tests.unit.test_policy import GOOD

L = LetterKind
CARLISLE = Inbox("CU", "carlisle.support@cucsc.example", "cumberland", "Carlisle Support Team")
TRUST = Inbox("SW", "cmt4@sct.example", "sandwell", "Care Management Team 4")
SUE, MAX, IVY = "sue.armer@cucsc.example", "max.steele@health.example", "ivy.nixon@cucsc.example"
CHAIR = "chair@cuscp.example"
AT = datetime(2027, 1, 22, 16, 10, tzinfo=UTC)


def to_the_chair(text: str, title: str = "Escalation") -> Decision:
    first = mail(MAX, text, at=AT, title=title, to=(CHAIR,), cc=(CARLISLE.address,))
    return opened(first, rules("cumberland"), CARLISLE)


def due(case: Case) -> str:
    return case.due.isoformat()[:16] if case.due else ""


@pytest.mark.parametrize(
    ("text", "title", "end"),
    [
        ("This is child protection.", "Escalation", "2027-01-23T16:10"),
        ("We disagree.", "Escalation: section 47", "2027-01-23T16:10"),
        ("This is not a child protection matter.", "Escalation", "2027-02-02T17:00"),
        ("We disagree about a family support worker.", "Formal Dispute", "2027-02-02T17:00"),
    ],
)
def test_a_mail_to_the_chair_has_the_time_of_its_kind(text: str, title: str, end: str) -> None:
    """Words of child protection give the track's hours; a denial, or none, the policy's working days."""
    case = to_the_chair(text, title).case
    assert (case.stage, due(case)) == ("stage-three", end)


@pytest.mark.parametrize(
    ("who", "end"), [(IVY, "2027-01-23T16:10"), (SUE, "2027-02-02T17:00"), (MAX, "2027-02-02T17:00")]
)
def test_only_the_executive_lead_takes_the_hours_back(who: str, end: str) -> None:
    """The word of a line manager of the challenged side moves nothing."""
    case = served(to_the_chair("This is child protection."), rules("cumberland"))
    said = mail(who, "NOT CHILD PROTECTION", at=AT.replace(hour=18))
    assert due(arrived(case, said, rules("cumberland")).case) == end


def test_a_word_shortens_from_when_it_was_said() -> None:
    """CHILD PROTECTION of any party counts its hours from the word, and never makes a due time later."""
    book = rules("cumberland")
    case = served(to_the_chair("We disagree."), book)
    said = arrived(case, mail(IVY, "CHILD PROTECTION", at=AT.replace(day=25, hour=9)), book).case
    assert due(said) == "2027-01-26T16:10".replace("16:10", "09:10")
    again = arrived(said, mail(IVY, "CHILD PROTECTION", at=AT.replace(day=26, hour=8)), book).case
    assert due(again) == due(said)


def test_a_plain_mail_copied_to_the_chair_opens_as_ever() -> None:
    """Only an addressee of To chooses the stage."""
    first = mail(MAX, "We disagree.", at=AT, title="Escalation", to=(IVY,), cc=(CHAIR, CARLISLE.address))
    decision = opened(first, rules("cumberland"), CARLISLE)
    assert decision.case.stage == "level-2"
    assert "held_before_the_bot" not in decision.case.flags


def test_first_copies_go_in_their_order_before_the_stage() -> None:
    """Each later letter names the earlier ones, so that the sender holds it until they are served or undeliverable."""
    book = rules("sandwell")
    first = mail("sam.cole@oak.example", "We disagree.", title="Escalation of Safeguarding Concern - Stage 2",
                 to=("lee.grant@sct.example",), cc=(TRUST.address,))  # fmt: skip
    case = served(opened(first, book, TRUST), book)
    asked = arrived(case, mail("sam.cole@oak.example", "NOT RESOLVED", at=first.received.replace(hour=12)), book)
    copies = letters(asked, L.INFORMATION, "notify")
    assert [one.to[0].role for one in copies] == ["director_quality_review", *["senior_representative"] * 2]
    assert [one.after for one in copies] == [(), (copies[0].key,), (copies[0].key, copies[1].key)]
    assert [one.after for one in letters(asked, L.ESCALATION)] == [tuple(one.key for one in copies)]


@pytest.mark.parametrize(
    ("sector", "stands_in"),
    [
        ("early_years", "early_years_team"),
        ("school", "scie_team"),
        ("college", "scie_team"),
        ("general_practice", "named_doctor"),
        ("hospital", "designated_nurse"),
        ("police", "designated_safeguarding_lead"),
    ],
)
def test_alternates_by_sector(sector: str, stands_in: str) -> None:
    """A lead who is the line manager too gives way to the sector's alternate; where none is named they act again."""
    book = rules("pan-cheshire")
    both = [Row("CW", role, "head@both.example", "Both", sector, name="Joan Pike")
            for role in ("line_manager", "designated_safeguarding_lead")]  # fmt: skip
    teams = [Row("CW", role, f"{role}@all.example") for role in
             ("early_years_team", "scie_team", "named_doctor", "designated_nurse")]  # fmt: skip
    book = replace(book, directory=Directory((*book.directory.rows, *both, *teams)))
    inbox = Inbox("CW", "chester.assessment@cwcsc.example", "pan-cheshire", "Chester Assessment Team")
    first = mail("head@both.example", "We disagree.", title="Professional Challenge", to=("gail.frost@cwcsc.example",))
    case = served(opened(first, book, inbox), book)
    later = arrived(case, mail("head@both.example", "NOT RESOLVED", at=first.received.replace(hour=12)), book)
    raising: list[Contact] = [c for stage, side, c in later.case.people if (stage, side) == ("step-2", "raising")]
    assert [c.role for c in raising] == [stands_in]


LED = "executive_lead: director\ntracks:\n  - "
FAULTS = [
    (LED + "{flag: child_protection, window: 24 hours, stages: [tow]}\n", "names no stage: tow; did you mean two?"),
    ("tracks:\n  - {flag: child_protection, window: 24 hours}\n", "no executive_lead"),
    (LED + "{flag: weather, window: 24 hours}\n", "child_protection"),
    (LED + "{flag: child_protection, window: 24}\n", "unit"),
]


@pytest.mark.parametrize(("added", "said"), FAULTS)
def test_a_track_that_cannot_be_is_named(added: str, said: str) -> None:
    """A stage that is not there, nobody to end it, an unknown flag, a window without unit."""
    policy, problems = load(GOOD + added, "sample.yaml")
    assert policy is None
    assert any(said in p.text and p.line for p in problems)


def test_an_unknown_sector_or_role_of_an_alternate_is_named() -> None:
    """Both are of closed vocabularies."""
    for block in ("{sector: schol, role: iro}", "{sector: school, role: irow}"):
        policy, problems = load(GOOD + f"    alternates: [{block}]\n", "sample.yaml")
        assert policy is None
        assert any("did you mean" in p.text for p in problems)
    good, _ = load(GOOD + "    alternates: [{sector: school, role: scie_team}]\n", "sample.yaml")
    assert good is not None
    assert good.stage("two").alternates == (Alternate(sector=("school",), role=("scie_team",)),)


def test_a_track_without_stages_is_for_all() -> None:
    """From the stage the case is at when the flag is set, and at every later one."""
    book = rules("cumberland")
    tracks = (Track(flag="child_protection", window=book.policy.tracks[0].window),)
    book = replace(book, policy=book.policy.model_copy(update={"tracks": tracks}))
    first = mail(MAX, "A section 47 enquiry was refused.", at=AT, title="Escalation", to=(IVY,), cc=(CARLISLE.address,))
    assert due(opened(first, book, CARLISLE).case) == "2027-01-23T16:10"
