"""What a policy may say beyond stages and windows: tracks, alternates, entries and the order of copies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Case, Contact, Decision, Inbox, LetterKind
from bot.rules.directory import Directory, Row
from bot.rules.policy.blocks import Alternate, Track
from bot.rules.policy.file import load
from tests.letters import about
from tests.unit.case_samples import alarms, arrived, fired, letter, letters, mail, opened, rules, served, to
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
    ours = case.raiser.agency
    assert [about(one)["raising"] for one in copies] == [one.to[0].agency == ours for one in copies]
    assert {about(one)["raising"] for one in copies} == {True, False}


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


STAGES = "stages: [one, two]"
FURTHER = [
    (f"ceilings:\n  - {{{STAGES}, within: 8 working days}}\n", "stages.two ends by 13 working days, after the 8"),
    ("ceilings:\n  - {stages: [one, tow], within: 20 working days}\n", "names no stage: tow; did you mean two?"),
    ("ceilings:\n  - {stages: [one], within: 20 working days}\n", "ceilings.1.stages"),
    (f"ceilings:\n  - {{{STAGES}, within: 20}}\n", '"20" is not a window'),
    (
        f"ceilings:\n  - {{{STAGES}, within: 20 working days}}\n  - {{{STAGES}, within: 30 working days}}\n",
        "one shares two ceilings, the first on line",
    ),
    (LED + "{flag: urgent, window: 24 hours, windows: {tow: 4 hours}}\n", "names no stage: tow; did you mean two?"),
    ("    skip_to: {to: tree}\n", "skip_to names no stage: tree"),
    ("    skip_to: {to: one}\n", "stages.two: skip_to leads back to one: name a later stage"),
    ("    clocks: [{id: a, says: speak, side: responding}]\n", "stages.two.clocks.a has no window"),
    ("    clocks: [{id: a, says: speak, side: nobody, window: 2 hours}]\n", "'raising' or 'responding'"),
    ("    clocks: [{id: a, side: raising, window: 2 hours}]\n", "has no says: say what is to be done"),
    ("    notify: [{role: iro, when: enter, condition: holder_is_a_party}]\n", "did you mean holder_is_party?"),
    ("    notify: [{role: iro, when: enter, condition: {sector: schol}}]\n", "did you mean school?"),
    ("    notify: [{role: iro, when: enter, condition: {child: ill}}]\n", "condition.child"),
    ("    notify: [{role: iro, when: enter, condition: {citty: x}}]\n", "unknown key citty"),
    ("unit_aliases: {48 hours: 2}\n", '"2" is not a window'),
    ("contacts_printed: [{name: The Unit, email: a@b.example}]\n", "has no source: say where the document prints it"),
    ("contacts_printed: [{name: Unit, role: unit, source: page 1}]\n", "unknown role unit"),
    ("parent: nowhere\n", "there is no policy nowhere"),
]


@pytest.mark.parametrize(("added", "said"), FURTHER, ids=lambda v: v[:40])
def test_what_cannot_be_said_is_named_with_its_line(added: str, said: str) -> None:
    """Each fault says where it stands and what to write."""
    policy, problems = load(GOOD + added, "sample.yaml")
    assert policy is None
    assert any(said in p.text and p.line for p in problems), problems


def test_a_stage_that_only_a_skip_leads_to_is_reached() -> None:
    """It is no stage that nobody comes to."""
    extra = (
        "  - {id: three, name: T, raising_role: iro, responding_role: iro, respond_within: 5 hours, source: local}\n"
    )
    assert "never reached" in str(load(GOOD + extra, "sample.yaml")[1][0])
    assert load(GOOD + "    skip_to: {to: three, condition: {urgent: true}}\n" + extra, "sample.yaml")[1] == ()


def test_the_policys_own_word_for_a_window_is_read() -> None:
    """A working week is what the file says it is, wherever a window stands."""
    text = GOOD.replace("within: 6 working days", "within: A  working week")
    policy, problems = load(text + "unit_aliases: {a working week: 5 working days}\n", "sample.yaml")
    assert policy is not None, problems
    assert str(policy.stage("two").respond_within) == "5 working days"


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


# --- the Executive Lead's letter and the Chair's decision -------------------------------------------------------------

#: At stage two; nobody of the directors has written to the Chair yet.
BEFORE = datetime(2027, 1, 20, 12, tzinfo=UTC)


def unresolved(text: str) -> tuple[Case, Decision]:
    """Stage Two opened a day before, and is not resolved on Wednesday at noon."""
    book = rules("cumberland")
    first = mail(MAX, text, at=BEFORE - timedelta(days=1), title="Formal Dispute", to=(SUE,), cc=(CARLISLE.address,))
    case = served(opened(first, book, CARLISLE), book)
    asked = arrived(case, mail(MAX, "NOT RESOLVED", at=BEFORE, to=(CARLISLE.address,)), book)
    return served(asked, book), asked


@pytest.mark.parametrize(
    ("text", "end"),
    [("A section 47 enquiry is needed.", "2027-01-21T12:00"), ("We disagree.", "2027-01-29T17:00")],
)
def test_two_clocks_of_one_length_run_at_the_last_stage(text: str, end: str) -> None:
    """One for the Executive Lead's letter to the Chair, one for the decision."""
    case, asked = unresolved(text)
    assert (case.stage, due(case)) == ("stage-three", end)
    assert [a.isoformat()[:16] for a in alarms(case, "clock")] == [end]
    assert about(letter(asked, L.ESCALATION))["clocks"][0]["by"][:16] == end


def test_the_executive_lead_is_reminded_and_then_the_business_manager_told() -> None:
    """Of the letter to the Chair; a mail of the lead ends that clock, another's does not."""
    book = rules("cumberland")
    case, _ = unresolved("A section 47 enquiry is needed.")
    passed = fired(case, "clock", book)
    reminder, note = letter(passed, L.CHASER, "clock"), letter(passed, L.INFORMATION, "clock")
    assert to(reminder) == {MAX}
    assert ([c.role for c in note.to], note.after) == (["business_manager"], (reminder.key,))
    at = BEFORE + timedelta(hours=2)
    other = arrived(case, mail("ken.relph@health.example", "We wait for news.", at=at, to=(CHAIR,)), book)
    assert alarms(other.case, "clock")
    wrote = arrived(case, mail(MAX, "Chair, the issue is this, and we tried that.", at=at, to=(CHAIR,)), book)
    assert not alarms(wrote.case, "clock")
    assert wrote.case.due == case.due


def test_child_protection_said_later_is_urgent_from_then() -> None:
    """Its hours count from the word, for both clocks; the letter goes again at 09:00; the lead's word ends it all."""
    book = rules("cumberland")
    case, _ = unresolved("We disagree.")
    assert not case.urgent
    at = BEFORE + timedelta(days=1)
    word = arrived(case, mail(SUE, "CHILD PROTECTION", at=at), book).case
    assert (word.urgent, due(word)) == (True, "2027-01-22T12:00")
    assert [a.isoformat()[:16] for a in alarms(word, "clock")] == ["2027-01-22T12:00"]
    assert [a.isoformat()[:16] for a in alarms(word, "repeat")] == [f"2027-01-{n}T09:00" for n in (22, 25, 26)]
    back = arrived(word, mail(SUE, "NOT CHILD PROTECTION", at=at + timedelta(hours=1)), book).case
    assert (back.urgent, due(back), alarms(back, "repeat")) == (False, "2027-01-29T17:00", [])


def test_the_executive_lead_lifts_hours_that_were_asked_for_too() -> None:
    """No other time may be asked for in this policy: a subject's 24 hours stand and fall with child protection."""
    book = rules("cumberland")
    first = mail(MAX, "We disagree.", at=AT, title="Escalation - 24 hours", to=(IVY,), cc=(CARLISLE.address,))
    case = served(opened(first, book, CARLISLE), book)
    assert due(case) == "2027-01-23T16:10"
    decision = arrived(case, mail(SUE, "NOT CHILD PROTECTION", at=AT.replace(hour=17)), book)
    lifted = decision.case
    assert (due(lifted), lifted.urgent) == ("2027-01-29T17:00", False)
    assert [(one.kind, one.by, one.note) for one in decision.events] == [("protection", SUE, "NOT CHILD PROTECTION")]
