"""What a policy may ask of a stage beside its answer: other clocks, shared ceilings, skips, copies in full."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.case.table import restated
from bot.model import Arrival, Case, Decision, Inbox, LetterKind, Proof, Unit, Window
from bot.model.letters import TheMail
from bot.rules.book import Rules
from bot.rules.policy.blocks import Clauses, Clock, Filing, Notify, SharedCeiling, Skip, Track
from tests.letters import about
from tests.unit.case_samples import alarms, arrived, fired, kinds, letter, letters, mail, opened, rules, served, to

L = LetterKind
TRUST = Inbox("SW", "cmt4@sct.example", "sandwell", "Care Management Team 4")
SAM, HEAD, JO, LEE = "sam.cole@oak.example", "head@oak.example", "jo.ford@sct.example", "lee.grant@sct.example"
AT = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)  # a Monday
DAYS = {n: Window(n, Unit.WORKING_DAYS) for n in (1, 2, 3, 5)}
TITLE = "Escalation of Safeguarding Concern"


def staged(number: int = 0, policy: dict[str, Any] | None = None, **changes: Any) -> Rules:
    """Sandwell's rules with one stage changed, and the policy itself."""
    book = rules("sandwell")
    stages = list(book.policy.stages)
    stages[number] = stages[number].model_copy(update=changes)
    return rules("sandwell", stages=tuple(stages), **(policy or {}))


def begun(book: Rules, title: str = TITLE, text: str = "We do not agree.") -> Decision:
    return opened(mail(SAM, text, at=AT, title=title, to=(JO,), cc=(TRUST.address,)), book, TRUST)


def said(case: Case, who: str, text: str, book: Rules, days: float = 1, **more: Any) -> Decision:
    at = AT + timedelta(days=days)
    return arrived(case, mail(who, text, at=at, to=(SAM, TRUST.address)), book, **more)


def clock(**changes: Any) -> Clock:
    return Clock.model_validate({"id": "contact", "says": "speak", "side": "responding", "window": DAYS[2], **changes})


# --- clocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "who", "text", "left"),
    [
        ({}, JO, "We have read the file and see it differently.", 0),
        ({}, JO, "Will call you.", 1),  # a holding reply is none
        ({}, SAM, "Thank you.", 1),
        ({"until": "received"}, JO, "RECEIVED by Friday", 0),
        ({"until": "received"}, SAM, "Thank you.", 1),
        ({"until": "meeting"}, JO, "MEETING Friday 15 January", 0),
        ({"until": "response"}, JO, "We have read the file and see it differently.", 0),
        ({"until": "response"}, JO, "RECEIVED by Friday", 1),
    ],
)
def test_a_clock_ends_at_what_the_policy_says(changes: dict[str, Any], who: str, text: str, left: int) -> None:
    """A mail, RECEIVED, MEETING or a response; a holding reply and the other side's mail end nothing."""
    book = staged(clocks=(clock(**changes),))
    case = served(begun(book), book)
    assert alarms(case, "clock") == [datetime(2027, 1, 13, 17, tzinfo=UTC)]
    assert len(alarms(said(case, who, text, book).case, "clock")) == left


def test_its_end_reminds_and_calls_in_nobody() -> None:
    """Those it runs on are reminded, the other side and whom the policy names hear after them; stage and time stand."""
    book = staged(clocks=(clock(then=("business_manager",)),))
    case = served(begun(book), book)
    after = fired(case, "clock", book)
    reminder, note = letter(after, L.CHASER, "clock"), letter(after, L.INFORMATION, "clock")
    assert (to(reminder), about(reminder)["says"]) == ({JO}, "speak")
    assert SAM in to(note)
    assert {c.role for c in note.to} >= {"business_manager"}
    assert note.after == (reminder.key,)
    assert (after.case.stage, after.case.due, after.case.state) == (case.stage, case.due, case.state)
    assert "passed:contact" in after.case.flags
    assert not letters(after, L.ESCALATION)


def test_letters_say_it_with_its_time() -> None:
    """Both sides read what else is asked, of whom and by when."""
    book = staged(clocks=(clock(),))
    for kind in (L.NOTICE, L.ACKNOWLEDGEMENT):
        (line,) = about(letter(begun(book), kind, "opened"))["clocks"]
        assert (line["says"], line["side"], line["by"][:16]) == ("speak", "responding", "2027-01-13T17:00")


def test_a_letter_that_waited_states_the_times_it_starts() -> None:
    """Served two days late, its clocks count from then, and it says so."""
    book = staged(1, clocks=(clock(),))
    decision = fired(served(begun(book), book), "lapse", book)
    waited = letter(decision, L.ESCALATION)
    late = AT + timedelta(days=7)
    again = restated(waited, decision.case, book, late)
    assert about(waited)["clocks"][0]["by"][:10] == "2027-01-18"
    assert (about(again)["clocks"][0]["by"][:10], about(again)["due"][:10]) == ("2027-01-20", "2027-01-21")


def test_the_raisers_own_clock_starts_with_the_answer() -> None:
    """Asked whether it is settled, the raiser has a time too; their word ends it."""
    book = staged(clocks=(clock(id="say", side="raising", starts="response"),))
    case = served(begun(book), book)
    assert not alarms(case, "clock")
    answered = said(case, JO, "We have read the file and see it differently.", book).case
    assert alarms(answered, "clock") == [datetime(2027, 1, 14, 17, tzinfo=UTC)]
    assert not alarms(said(answered, SAM, "Thank you, I have to think about it.", book, 1.1).case, "clock")
    assert to(letter(fired(answered, "clock", book), L.CHASER, "clock")) == {SAM}


def test_a_new_stage_has_its_own_clocks() -> None:
    """What ran at the stage before is over when the next begins."""
    book = staged(clocks=(clock(window=DAYS[5]),))
    case = served(begun(book), book)
    assert not alarms(fired(case, "lapse", book).case, "clock")


# --- ceilings ---------------------------------------------------------------------------------------------------------


def test_stages_share_a_ceiling() -> None:
    """Each stage ends with the whole group's time, counted from the first of them, however late it began."""
    shared = SharedCeiling(stages=("stage-1", "stage-2"), within=DAYS[5])
    book = staged(1, {"ceilings": (shared,)}, ceiling=None)
    case = served(begun(book), book)
    second = served(fired(case, "lapse", book), book)
    assert (second.stage, second.due) == ("stage-2", datetime(2027, 1, 18, 17, tzinfo=UTC))
    assert "that these stages share" in second.due_why


@pytest.mark.parametrize(("n", "flags"), [(3, 1), (5, 0)])
def test_a_shared_ceiling_that_leaves_no_day_gives_way(n: int, flags: int) -> None:
    """As a stage's own does: the window stands and the case is flagged."""
    shared = SharedCeiling(stages=("stage-1", "stage-2"), within=DAYS[n])
    book = staged(1, {"ceilings": (shared,)}, ceiling=None)
    second = served(fired(served(begun(book), book), "lapse", book), book)
    assert second.flags.count("ceiling_gave_way") == flags


# --- tracks -----------------------------------------------------------------------------------------------------------

URGENT = Track(flag="urgent", window=Window(24, Unit.HOURS), words=("immediate",), stages=("stage-1", "stage-2"),
               windows={"stage-2": Window(4, Unit.HOURS)})  # fmt: skip


@pytest.mark.parametrize(
    ("title", "end"),
    [
        (f"{TITLE} - Immediate", "2027-01-12T09:00"),
        (TITLE, "2027-01-14T17:00"),
    ],
)
def test_a_subject_sets_the_urgent_course(title: str, end: str) -> None:
    """The policy's own words in a subject choose the shorter windows."""
    case = begun(staged(policy={"tracks": (URGENT,)}), title).case
    assert case.due is not None
    assert case.due.isoformat()[:16] == end
    assert case.urgent is (end == "2027-01-12T09:00")


def test_urgent_sets_it_and_not_urgent_takes_it_back() -> None:
    """The raiser's words; the next stage has the track's own window for it."""
    book = staged(policy={"tracks": (URGENT,)})
    case = served(begun(book), book)
    shorter = said(case, SAM, "URGENT", book, 0.5).case
    assert shorter.due == AT + timedelta(days=1.5)
    second = served(fired(shorter, "lapse", book), book)
    assert second.due is not None
    assert second.due == AT + timedelta(days=1.5, hours=4)
    assert said(case, SAM, "URGENT", book, 0.5).case.urgent
    longer = said(shorter, SAM, "NOT URGENT", book, 0.6).case
    assert (longer.due, longer.urgent, "urgent" in longer.flags) == (case.due, False, False)


def test_a_track_has_a_ceiling_of_its_own() -> None:
    """In hours it counts from receipt, and gives way only when it has passed."""
    quick = URGENT.model_copy(update={"ceiling": Window(25, Unit.HOURS)})
    book = staged(policy={"tracks": (quick,)})
    second = served(fired(served(begun(book, f"{TITLE} immediate"), book), "lapse", book), book)
    assert second.due == AT + timedelta(hours=25)


# --- stages passed over -----------------------------------------------------------------------------------------------

STATUS = "The child is looked after."


@pytest.mark.parametrize(
    ("clauses", "stage"),
    [
        ({}, "stage-3"),
        ({"sector": "school", "side": "raising"}, "stage-3"),
        ({"sector": "school", "side": "responding"}, "stage-2"),
        ({"agency": "SCT"}, "stage-3"),
        ({"agency": "SCT", "side": "raising"}, "stage-2"),
        ({"child": "looked_after"}, "stage-3"),
        ({"child": "child_protection"}, "stage-2"),
        ({"area": "SW"}, "stage-3"),
        ({"area": "CE"}, "stage-2"),
        ({"raiser": "line_manager"}, "stage-3"),
        ({"raiser": "iro"}, "stage-2"),
        ({"urgent": True}, "stage-2"),
        ({"urgent": False}, "stage-3"),
        ({"same_person": True}, "stage-2"),
        ({"agency": "SCT", "area": "CE"}, "stage-2"),
    ],
)
def test_a_stage_is_passed_over_where_its_condition_holds(clauses: dict[str, Any], stage: str) -> None:
    """Each clause alone, and two that must both hold."""
    book = staged(1, skip_to=(Skip(to="stage-3", condition=Clauses.model_validate(clauses)),))
    case = served(begun(book, text=STATUS), book)
    asked = said(case, SAM, "ESCALATE", book)
    assert asked.case.stage == stage
    assert ("skipped" in kinds(asked)) is (stage == "stage-3")
    assert case.deadlines


def test_a_risk_begins_higher_unless_the_subject_names_its_stage() -> None:
    """A plain challenge begins where the policy sends it."""
    book = staged(skip_to=(Skip(to="stage-2", condition=Clauses(child=("looked_after",))),))
    higher = begun(book, text=STATUS)
    assert higher.case.stage == "stage-2"
    assert to(letter(higher, L.NOTICE)) == {LEE}
    assert begun(book, f"{TITLE} - Stage 1", STATUS).case.stage == "stage-1"
    assert begun(book).case.stage == "stage-1"


def test_whoever_answered_before_is_passed_over() -> None:
    """Where one person holds both roles the next stage is somebody else's."""
    book = staged(1, skip_to=(Skip(to="stage-3", condition=Clauses(same_person=True)),))
    rows = tuple(
        replace(row, email=JO, aliases=()) if (row.role, row.email) == ("service_manager", LEE) else row
        for row in book.directory.rows
    )
    book = replace(book, directory=replace(book.directory, rows=rows))
    assert said(served(begun(book), book), SAM, "ESCALATE", book).case.stage == "stage-3"


# --- in full ----------------------------------------------------------------------------------------------------------


def secured(book: Rules, *roles: str) -> Rules:
    rows = tuple(replace(row, secure=not roles or row.role in roles) for row in book.directory.rows)
    return replace(book, directory=replace(book.directory, rows=rows))


@pytest.mark.parametrize(("roles", "whole"), [(("iro",), True), (("chair",), False)])
def test_a_copy_is_whole_only_where_it_is_safe(roles: tuple[str, ...], whole: bool) -> None:
    """The original goes to a secure address; elsewhere the letter says where it lies and the case is flagged."""
    book = secured(staged(notify=(Notify(role="iro", when="enter", content="full"),)), *roles)
    decision = begun(book)
    copy = letter(decision, L.INFORMATION, "notify")
    assert bool(copy.attach) is whole is about(copy)["attached"]
    assert about(copy)["original"]["inbox"] == TRUST.team
    assert ("minimal_not_secure" in decision.case.flags) is not whole


@pytest.mark.parametrize(("roles", "whole"), [((), True), (("iro",), False)])
def test_a_stage_in_full_needs_everybody_secure(roles: tuple[str, ...], whole: bool) -> None:
    """One addressee or copy without a secure address keeps the letter minimal."""
    book = secured(staged(1, content="full"), *roles)
    case = served(begun(book), book)
    escalation = letter(fired(case, "lapse", book), L.ESCALATION)
    assert any(isinstance(part, TheMail) for part in escalation.attach) is whole is about(escalation)["attached"]


def test_what_nobody_confirmed_is_attached_to_nothing() -> None:
    """A challenge whose sender is not proven runs its course, and its words go to nobody."""
    book = secured(staged(1, content="full"))
    first = mail(SAM, "We do not agree.", at=AT, title=TITLE, to=(JO,), cc=(TRUST.address,), proof=Proof.UNPROVEN)
    case = served(opened(first, book, TRUST), book)
    escalation = letter(fired(case, "lapse", book), L.ESCALATION)
    assert not any(isinstance(part, TheMail) for part in escalation.attach)
    assert about(escalation)["attached"] is False


def test_records_are_filed_at_each_stage_where_the_policy_says() -> None:
    """`filing.when: stage`: at the opening, and whenever a stage begins."""
    book = staged(policy={"filing": Filing(when="stage", content="minimal")})
    first = begun(book)
    second = fired(served(first, book), "lapse", book)
    assert [len(letters(d, L.RECORD)) for d in (first, second)] == [1, 1]
    assert not letters(begun(rules("sandwell")), L.RECORD)


# --- words ------------------------------------------------------------------------------------------------------------


def test_the_policys_own_words_for_a_time_are_meant() -> None:
    """48 hours as two working days: asked for in a subject, and in an extension."""
    book = staged(policy={"unit_aliases": {"48 hours": DAYS[2]}})
    friday = mail(SAM, "We do not agree.", at=AT + timedelta(days=4), title=f"{TITLE} - 48 hours", to=(JO,))
    case = opened(friday, book, TRUST).case
    assert case.due == datetime(2027, 1, 19, 17, tzinfo=UTC)
    assert "nonstandard_window" not in case.flags
    longer = arrived(case, mail(SAM, "EXTEND 48 hours", at=AT + timedelta(days=7), to=(JO,)), book)
    assert longer.case.due == datetime(2027, 1, 20, 17, tzinfo=UTC)


def test_both_sides_are_asked_about_the_child_once() -> None:
    """Where nobody said it, in the letters that go anyway; an answer is noted and the officer is told then."""
    book = rules("sandwell")
    first = begun(book)
    assert "child_status" in about(letter(first, L.ACKNOWLEDGEMENT))["asks"]
    assert about(letter(first, L.NOTICE))["asks"] == ["child_status"]
    assert not letters(first, L.INFORMATION, "notify")
    case = served(first, book)
    told = said(case, JO, "Will call you. They are looked after.", book)
    assert "looked_after" in told.case.flags
    assert {c.role for c in letter(told, L.INFORMATION, "notify").to} == {"iro"}
    again = said(told.case, SAM, "Yes, there is a care order.", book, 1.2)
    assert not letters(again, L.INFORMATION, "notify")
    known = begun(book, text="The child is on a child protection plan.")
    assert "child_status" not in about(letter(known, L.ACKNOWLEDGEMENT))["asks"]
    assert about(letter(known, L.NOTICE))["asks"] == []


def test_a_stranger_starts_no_clock_and_tells_nothing() -> None:
    """What a stranger sent goes no further than before."""
    book = staged(clocks=(clock(),))
    first = mail("somebody@elsewhere.example", "We do not agree.", at=AT, title=TITLE, to=(JO,), cc=(TRUST.address,))
    case = opened(first, book, TRUST).case
    assert not alarms(case, "clock")
    answer = Arrival(mail("somebody@elsewhere.example", STATUS, at=AT + timedelta(hours=1)), "the ref")
    assert "looked_after" not in arrived(case, answer.mail, book).case.flags
    unit = mail("business@scsp.example", "YES", at=AT + timedelta(hours=2))
    assert alarms(arrived(case, unit, book).case, "clock") == [datetime(2027, 1, 13, 17, tzinfo=UTC)]
