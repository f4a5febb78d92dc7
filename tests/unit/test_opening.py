"""How a case opens: who raises and who must answer, how long there is, and when people are reminded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.model import (
    Flag,
    LetterKind,
    Opening,
    Proof,
    State,
    Unit,
    Window,
)
from bot.rules.policy.blocks import Notify, ParentNote
from tests.letters import about
from tests.unit.case_samples import (
    ANIL,
    BOT,
    CREWE,
    DAY,
    DEV,
    FAY,
    HELEN,
    INBOX,
    MANAGER,
    MO,
    RUTH,
    START,
    STRANGER,
    TEN,
    TOM,
    UNIT,
    alarms,
    arrived,
    cc,
    fired,
    first_stage,
    hours,
    letter,
    letters,
    mail,
    opened,
    rules,
    served,
    to,
    window,
)

L = LetterKind


def london(text: str) -> datetime:
    """A winter instant: London's clock is UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- who must answer --------------------------------------------------------------------------------------------------

#: To and Cc of the challenge -> who is served, and who gets a copy of the notice beside the team inbox.
ADDRESSED = {
    "the manager in To": ((FAY,), (CREWE,), {FAY}, set()),
    "the manager in Cc": ((CREWE,), (FAY,), {FAY}, set()),
    "her alias": (("f.marsh@csc.example",), (CREWE,), {FAY}, set()),
    "her deputy": ((TOM,), (CREWE,), {TOM}, set()),
    "both": ((FAY, TOM), (CREWE,), {FAY, TOM}, set()),
    "nobody of the role: the directory's contact": ((CREWE,), (), {FAY}, set()),
    "a colleague of the agency": ((CREWE, "kim@csc.example"), (), {FAY}, {"kim@csc.example"}),
    "the agency's lead is not the stage's role": ((DEV,), (CREWE,), {FAY}, {DEV}),
    "people elsewhere get nothing": ((FAY, STRANGER), (CREWE, RUTH), {FAY}, set()),
    "the raiser in copy": ((FAY,), (CREWE, HELEN), {FAY}, set()),
}


@pytest.mark.parametrize(("first", "copied", "responders", "copies"), ADDRESSED.values(), ids=ADDRESSED)
def test_responders(first: tuple[str, ...], copied: tuple[str, ...], responders: set[str], copies: set[str]) -> None:
    """To, then Cc, deputies included; else the directory's contact; colleagues get a copy; others nothing."""
    decision = opened(mail(title=DAY, to=first, cc=copied))
    assert {s.contact.email for s in decision.case.served} == responders
    notice = letter(decision, L.NOTICE)
    assert to(notice) == responders
    assert cc(notice) == {CREWE} | copies


def test_nobody_is_written_to_who_only_stood_in_copy() -> None:
    """Neither then nor at any later stage does a letter go to an address that only an inbound header named."""
    case = served(opened(mail(title=DAY, to=(FAY,), cc=(CREWE, STRANGER))))
    decision = fired(case, "lapse")
    assert STRANGER not in {c.email for one in decision.letters for c in (*one.to, *one.cc)}


# --- who raises -------------------------------------------------------------------------------------------------------

#: Sender and proof -> state, why it is provisional, who is acknowledged, who is noticed.
RAISERS = {
    "known and proven": (HELEN, Proof.PROVEN, State.AWAITING_RESPONSE, "", {HELEN}, {FAY}),
    "known by domain": ("new.nurse@health.example", Proof.PROVEN, State.AWAITING_RESPONSE, "",
                        {"new.nurse@health.example"}, {FAY}),
    "known, unproven": (HELEN, Proof.UNPROVEN, State.PROVISIONAL, "known", {HELEN}, {FAY}),
    "known, no evidence": (HELEN, Proof.NONE, State.PROVISIONAL, "known", {HELEN}, {FAY}),
    "known, proof failed": (HELEN, Proof.FAILED, State.PROVISIONAL, "stranger", set(), {CREWE, UNIT}),
    "stranger, proven": (STRANGER, Proof.PROVEN, State.PROVISIONAL, "stranger", {STRANGER}, {CREWE, UNIT}),
    "stranger, unproven": (STRANGER, Proof.UNPROVEN, State.PROVISIONAL, "stranger", {STRANGER}, {CREWE, UNIT}),
    "no sender": ("", Proof.UNPROVEN, State.PROVISIONAL, "stranger", set(), {CREWE, UNIT}),
}  # fmt: skip


@pytest.mark.parametrize(("who", "proof", "state", "unproven", "acked", "noticed"), RAISERS.values(), ids=RAISERS)
def test_raisers(who: str, proof: Proof, state: State, unproven: str, acked: set[str], noticed: set[str]) -> None:
    """A doubtful sender's case runs too; a stranger's is told to team inbox and business unit alone."""
    decision = opened(mail(who, title=DAY, to=(FAY,), cc=(CREWE,), proof=proof))
    assert (decision.case.state, decision.case.unproven) == (state, unproven)
    assert {e for one in letters(decision, L.ACKNOWLEDGEMENT) for e in to(one)} == acked
    assert to(letter(decision, L.NOTICE)) == noticed
    assert decision.case.due is not None


def test_manager_is_copied_into_the_acknowledgement() -> None:
    """The raiser's manager hears, and is not told twice when the manager raises it."""
    assert cc(letter(opened(), L.ACKNOWLEDGEMENT)) == {MO}
    by_manager = opened(mail(MO, title=DAY, to=(FAY,), cc=(CREWE,)))
    assert cc(letter(by_manager, L.ACKNOWLEDGEMENT)) == set()


def test_stranger_s_challenge_goes_no_further_than_the_business_unit() -> None:
    """When its window ends nobody of the next stage is woken; the unit is told, again and again."""
    case = served(opened(mail(STRANGER, title=DAY, to=(FAY,), cc=(CREWE,))))
    for _ in range(3):
        decision = fired(case, "lapse" if alarms(case, "lapse") else "telling")
        assert {e for one in decision.letters for e in to(one) | cc(one)} == {UNIT}
        case = decision.case
        assert (case.state, case.stage) == (State.PROVISIONAL, "frontline")
        assert case.due == alarms(case, "telling")[0]


def test_policy_s_copies_of_a_stranger_s_challenge_wait_for_a_person() -> None:
    """Who is copied when a stage begins hears of a stranger's challenge only when somebody confirmed it."""
    book = rules()
    book = rules(stages=first_stage(book.policy, notify=(Notify(role="service_manager", when="enter"),)))
    decision = opened(mail(STRANGER, title=DAY, to=(FAY,), cc=(CREWE,)), book)
    assert letters(decision, L.INFORMATION) == []
    confirmed = arrived(decision.case, mail(UNIT, "YES", at=START + hours(1)), book)
    assert to(letter(confirmed, L.INFORMATION, "notify")) == {ANIL}
    assert to(letter(opened(book=book), L.INFORMATION, "notify")) == {ANIL}


# --- how long there is ------------------------------------------------------------------------------------------------

#: Subject -> window, due, urgent, flags that it must have. The challenge came on Tuesday 12 January, 10:05.
WINDOWS = {
    "hours": (DAY, Window(24, Unit.HOURS), "2027-01-13 10:05", True, ()),
    "working days": (TEN, Window(10, Unit.WORKING_DAYS), "2027-01-26 17:00", False, ()),
    "no time: the shortest tier": ("Professional Safeguarding Challenge", Window(24, Unit.HOURS),
                                   "2027-01-13 10:05", True, ("window_assumed",)),
    "nonstandard, shorter": ("Professional Safeguarding Challenge – 3 working days", Window(3, Unit.WORKING_DAYS),
                             "2027-01-15 17:00", False, ("nonstandard_window",)),
    "longer than the longest tier": ("Professional Safeguarding Challenge – 20 working days",
                                     Window(10, Unit.WORKING_DAYS), "2027-01-26 17:00", False,
                                     ("nonstandard_window",)),
    "two times: the shorter": ("Professional Safeguarding Challenge – 10 working days / 24 hours",
                               Window(24, Unit.HOURS), "2027-01-13 10:05", True, ("two_times",)),
}  # fmt: skip


@pytest.mark.parametrize(("title", "asked", "due", "urgent", "flags"), WINDOWS.values(), ids=WINDOWS)
def test_windows(title: str, asked: Window, due: str, urgent: bool, flags: tuple[str, ...]) -> None:
    """A requested time may shorten and never lengthens past the longest tier; what is missing is asked about."""
    decision = opened(mail(title=title, to=(FAY,), cc=(CREWE,)))
    case = decision.case
    assert (window(case).n, window(case).unit) == (asked.n, asked.unit)
    assert case.due == london(due)
    assert case.urgent is urgent
    assert set(flags) <= set(case.flags)
    assert set(flags) <= set(about(letter(decision, L.ACKNOWLEDGEMENT))["asks"])
    assert case.due_why


def test_time_in_the_past_gives_the_shortest_tier() -> None:
    """A date that has passed is no answer time: the shortest tier counts, and the raiser is asked."""
    title = "Professional Safeguarding Challenge – by 5pm Monday 11 January 2027"
    decision = opened(mail(title=title, to=(FAY,), cc=(CREWE,)))
    assert decision.case.due == START + hours(24)
    assert "time_in_the_past" in about(letter(decision, L.ACKNOWLEDGEMENT))["asks"]


def test_requested_instant_binds_the_stage_it_opened_alone() -> None:
    """ "By Thursday noon" ends the first stage; the next has its own window."""
    title = "Professional Safeguarding Challenge – by 12 noon Thursday 14 January 2027"
    decision = opened(mail(title=title, to=(FAY,), cc=(CREWE,)))
    assert decision.case.due == london("2027-01-14 12:00")
    after = served(fired(served(decision), "lapse"))
    assert after.stage == "step-2"
    assert after.due == london("2027-01-22 17:00")


#: What the ceiling says on Tuesday 12 January -> when the stage of 5 working days ends, and whether it gave way.
CEILINGS = {
    "far off: the window": ("20 working days", "2027-01-19 17:00", False),
    "nearer than the window": ("4 working days", "2027-01-18 17:00", False),
    "passed: gives way": ("1 working day", "2027-01-19 17:00", True),
}


@pytest.mark.parametrize(("ceiling", "due", "gave_way"), CEILINGS.values(), ids=CEILINGS)
def test_ceilings(ceiling: str, due: str, gave_way: bool) -> None:
    """The earliest of window and ceiling; one that leaves less than a working day gives way and is flagged."""
    n = int(ceiling.split()[0])
    book = rules()
    stages = first_stage(book.policy, respond_within=Window(5, Unit.WORKING_DAYS), ceiling=Window(n, Unit.WORKING_DAYS))
    book = rules(stages=stages, used_at_opening=Window(1, Unit.WORKING_DAYS) if gave_way else None)
    case = opened(mail(title="Professional Safeguarding Challenge", to=(FAY,), cc=(CREWE,)), book).case
    assert case.due == london(due)
    assert ("ceiling_gave_way" in case.flags) is gave_way


def test_conflict_shorter_takes_the_parent_s_window() -> None:
    """A partnership may choose the parent policy's shorter window; no note about it is then due."""
    note = ParentNote(after=Window(5, Unit.WORKING_DAYS), policy="the parent policy")
    challenge = mail(title=TEN, to=(FAY,), cc=(CREWE,))
    local = opened(challenge, rules(parent_note=note)).case
    assert (local.due, alarms(local, "parent_note")) == (london("2027-01-26 17:00"), [london("2027-01-19 17:00")])
    shorter = opened(challenge, rules(parent_note=note, conflict="shorter")).case
    assert (shorter.due, alarms(shorter, "parent_note")) == (london("2027-01-19 17:00"), [])


# --- reminders --------------------------------------------------------------------------------------------------------

CHASERS = {
    "hours: half way, 4 hours before": (DAY, ["2027-01-12 22:05", "2027-01-13 06:05"]),
    "ten working days: 5 and 1 before": (TEN, ["2027-01-19 09:00", "2027-01-25 09:00"]),
    "three working days: 1 before": ("Professional Safeguarding Challenge – 3 working days", ["2027-01-14 09:00"]),
}


@pytest.mark.parametrize(("title", "points"), CHASERS.values(), ids=CHASERS)
def test_chasers(title: str, points: list[str]) -> None:
    """Reminders come at the points of their window's unit; the last one also goes to the raiser."""
    case = opened(mail(title=title, to=(FAY,), cc=(CREWE,))).case
    assert alarms(case, "chaser") == [london(p) for p in points]
    for point in points:
        decision = fired(case, "chaser")
        case = decision.case
        addressees = {e for one in letters(decision, L.CHASER) for e in to(one)}
        assert addressees == ({FAY, HELEN} if point == points[-1] else {FAY})


def test_missed_chaser_is_not_sent_late() -> None:
    """After downtime nobody gets a reminder that was meant for another hour."""
    assert fired(opened().case, "chaser", late=hours(2)).letters == ()


def test_quiet_hours_move_chasers_and_nothing_else() -> None:
    """A reminder that falls into the night waits for the morning; the lapse keeps its minute."""
    case = opened(book=rules(quiet_hours="21:00-07:00")).case
    assert alarms(case, "chaser") == [london("2027-01-13 07:00")]
    assert case.due == START + hours(24)


# --- adopted, and from whom -------------------------------------------------------------------------------------------


def test_adopted_case_counts_from_the_day_a_person_names() -> None:
    """At the stage and from the day that a person gave."""
    since = START - timedelta(days=3)
    case = opened(mail(title=DAY, to=(FAY,)), stage="step-2", day_zero=since).case
    assert (case.stage, case.opened) == ("step-2", since)
    assert {s.contact.email for s in case.served} == {DEV}


def test_letters_are_never_written_to_ourselves() -> None:
    """Our own mailbox in To or Cc of a challenge is nobody who must answer."""
    decision = opened(mail(title=DAY, to=(BOT, FAY), cc=(CREWE,)))
    assert BOT not in {c.email for one in decision.letters for c in (*one.to, *one.cc)}


def test_opening_reads_no_team_from_a_mailbox_that_names_it() -> None:
    """The mailbox's team is the challenged one, whoever else stands in To."""
    decision = opened(mail(title=DAY, to=("chester.assessment@cwcsc.example",), cc=(CREWE,)))
    assert (decision.case.team, decision.case.responder_agency) == (INBOX.team, "CSC")
    assert isinstance(Opening(mail(), INBOX, 1, "r"), Opening)
    assert MANAGER not in {c.email for one in decision.letters for c in one.to}


def test_an_urgent_stage_is_asked_again_up_to_eight_hours_late() -> None:
    """What the next morning's letter says as well is not made up for after a longer silence of the program."""
    case = served(fired(served(opened()), "lapse"))
    (again,) = fired(case, "repeat", late=timedelta(hours=8)).letters
    assert again.variant == "repeat"
    assert fired(case, "repeat", late=timedelta(hours=8, seconds=1)).letters == ()


def test_a_case_that_is_called_urgent_is_urgent_by_the_shortest_time() -> None:
    """Ten working days were asked for; from the word on its hours run, and its letters say that it is urgent."""
    case = served(opened(mail(title=TEN, to=(FAY,), cc=(CREWE,))))
    case = arrived(case, mail(HELEN, "URGENT", at=START + hours(1), to=(BOT,))).case
    assert (case.urgent, case.due) == (True, START + hours(25))


def test_a_challenge_reported_after_its_time_counts_from_the_report() -> None:
    """No lapse out of hand: an answer may lie elsewhere; the alarms of the day it began are gone."""
    late = mail(title=DAY, to=(FAY,), cc=(CREWE,), at=START)
    case = opened(late, day_zero=START - timedelta(days=3), flags=(Flag.REPORTED_START,)).case
    assert case.opened == START
    assert case.due is not None
    assert case.due > START
    assert all(alarm.at > START for alarm in case.deadlines)


@pytest.mark.parametrize(
    ("title", "sent", "says"),
    [
        ("response by 5pm Tuesday 28 December", 22, "; Tue 28 Dec is a bank holiday (substitute day for Boxing Day),"),
        ("response by 5pm Wednesday 29 December", 22, "by Wednesday 29 December 2027, 5pm"),
        ("24 hours", 26, "; Mon 27 Dec is a bank holiday (substitute day for Christmas Day),"),
    ],
)
def test_a_time_that_falls_on_a_bank_holiday_says_so(title: str, sent: int, says: str) -> None:
    """Whoever reads the due time learns that nobody may be at work then, and that it stands; of other days nothing."""
    at = datetime(2027, 12, sent, 15, tzinfo=UTC)
    decision = opened(mail(at=at, title=f"Professional Safeguarding Challenge – {title}"))
    why = about(letter(decision, L.ACKNOWLEDGEMENT))["due_why"]
    assert says in why
    assert ("bank holiday" in why, "the time is not moved" in why) == (("bank" in says), ("bank" in says))
