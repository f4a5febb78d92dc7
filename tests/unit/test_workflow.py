"""What follows from a fact: the state table is whole, and each stage's course is held to tables of its own."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import bot.case
from bot.case.course.clock import time_left
from bot.case.making.draft import WEIGHT, Draft, weightiest
from bot.case.table import ALARMS, CORRECTIONS, TABLE, decide, kind_of
from bot.model import (
    Absence,
    Alarm,
    AlarmKind,
    Arrival,
    Case,
    ClosedAs,
    Contact,
    Correction,
    CorrectionKind,
    Deadline,
    EndedAs,
    Fact,
    FactKind,
    Flag,
    Flagged,
    Letter,
    LetterKind,
    LetterServed,
    LetterUndelivered,
    MailKind,
    Proof,
    State,
    Unit,
    Window,
)
from bot.model.letters import Information
from bot.records import plain
from bot.rules.book import Rules
from bot.rules.directory import Directory
from tests.letters import about, of_kind
from tests.unit.case_samples import (
    ANIL,
    CREWE,
    DAY,
    DEV,
    FAY,
    HELEN,
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
    kinds,
    letter,
    letters,
    mail,
    opened,
    rules,
    served,
    shipped,
    to,
)

L = LetterKind
ANSWER = "We have reviewed this with the team and a strategy meeting is arranged for Thursday at 2pm."


def london(text: str) -> datetime:
    """A winter instant: London's clock is UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- the table --------------------------------------------------------------------------------------------------------


def every_fact() -> dict[str, Fact]:
    """One fact for each row of the table, by the row's name."""
    facts: dict[str, Fact] = {
        "mail": Arrival(mail(FAY, "Thank you.", at=START + hours(1)), "the ref"),
        "served": LetterServed("key", L.NOTICE, "frontline", (FAY,), START),
        "undelivered": LetterUndelivered("key", L.NOTICE, "frontline", FAY, "5.1.1", True),
        "correction": Correction(CorrectionKind.HOLD, UNIT, "looking"),
    }
    return facts | {kind: Alarm(Deadline(kind, START + hours(2), "due", 1, "frontline")) for kind in ALARMS}


def test_table_is_total() -> None:
    """For every state and every kind of fact somebody answers, if only by writing out that nothing follows."""
    assert set(every_fact()) == set(TABLE)
    assert {*TABLE, FactKind.OPENING} == {*FactKind, *AlarmKind}
    assert set(CORRECTIONS) == set(CorrectionKind)
    assert all(row.acts_in and set(row.acts_in) <= set(State) for row in TABLE.values())


@pytest.mark.parametrize("kind", TABLE)
@pytest.mark.parametrize("state", State)
def test_every_fact_is_answered_in_every_state(kind: str, state: State) -> None:
    """No pairing of state and fact fails, and an open case keeps a stage the policy knows."""
    case = at_state(state)
    fact = every_fact()[kind]
    assert kind_of(fact) == kind
    after = decide(case, fact, rules(), START + hours(3)).case
    assert after.ref == case.ref
    rules().policy.stage(after.stage)


def at_state(state: State) -> Case:
    """A case that came into that state by its own course."""
    if state is State.PROVISIONAL:
        return opened(mail(STRANGER, title=DAY)).case
    case = opened().case
    if state is State.AWAITING_RESPONSE:
        return case
    case = arrived(case, mail(FAY, ANSWER, at=START + hours(1))).case
    if state is State.AWAITING_CONFIRMATION:
        return case
    case = arrived(case, mail(HELEN, "RESOLVED", at=START + hours(2))).case
    if state is State.AWAITING_OUTCOME:
        return case
    return arrived(case, mail(FAY, "Outcome as agreed: joint visit.", at=START + hours(2.5))).case


@pytest.mark.parametrize("state", State)
def test_states_are_reached_by_a_case_s_own_course(state: State) -> None:
    """The samples above are what they say."""
    assert at_state(state).state is state


def test_every_alarm_that_the_code_sets_has_a_row() -> None:
    """An alarm without a row would come due and be answered by a KeyError."""
    set_ = set()
    for path in Path(bot.case.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "alarm":
                kind = node.args[0]
                fixed = isinstance(kind, ast.Attribute) and ast.unparse(kind.value) == "AlarmKind"
                assert fixed, f"{path.name}:{node.lineno} sets an alarm of no fixed kind"
                set_.add(AlarmKind[kind.attr])
    assert set_ == set(ALARMS)


def test_alarm_that_comes_too_late_for_its_state_does_nothing() -> None:
    """A lapse that fires after an answer is written down and changes nobody's course."""
    case = at_state(State.AWAITING_CONFIRMATION)
    after = decide(case, Alarm(Deadline("lapse", START, "old", 0, "frontline")), rules(), START + hours(40))
    assert (after.case, after.letters) == (case, ())
    assert State.AWAITING_CONFIRMATION not in TABLE[AlarmKind.LAPSE].acts_in


def test_only_an_opening_has_no_case() -> None:
    """Any other fact without a case is a fault of the caller, said at once."""
    with pytest.raises(ValueError, match="only an opening"):
        decide(None, every_fact()["mail"], rules(), START)


# --- lapse and escalation ---------------------------------------------------------------------------------------------


def test_lapse_calls_in_the_next_stage_of_both_sides() -> None:
    """One letter to both leads; the raiser's side, and those who had it, have their own, which wait for nothing; its
    window starts when it is served."""
    decision = fired(served(opened()), "lapse")
    escalation = letter(decision, L.ESCALATION)
    assert to(escalation) == {DEV, RUTH}
    assert cc(escalation) == set()
    told = [letter(decision, L.INFORMATION, one) for one in ("sent_on", "passed_on")]
    assert [to(one) | cc(one) for one in told] == [{HELEN, MO}, {FAY, CREWE}]
    assert {one.after for one in told} == {()}
    assert kinds(decision)[0] == "lapsed"
    run = decision.case.run
    assert run is not None
    assert run.began is None
    late = START + hours(25)
    after = served(decision, at=late)
    assert after.run is not None
    assert after.run.began == late


def test_urgent_case_is_repeated_three_mornings_and_no_more() -> None:
    """To the responding contacts; the second also to deputies, the third also to the business unit."""
    case = served(fired(served(opened()), "lapse"))
    assert alarms(case, "repeat") == [london(f"2027-01-{day} 09:00") for day in (14, 15, 18)]
    got = []
    while alarms(case, "repeat"):
        decision = fired(case, "repeat")
        got.append(to(letter(decision, L.ESCALATION, "repeat")))
        assert cc(letter(decision, L.ESCALATION, "repeat")) == set()
        case = decision.case
    duty = "csc.dsl.duty@csc.example"
    assert got == [{DEV}, {DEV, duty}, {DEV, duty, UNIT}]


def both_at_nine() -> tuple[Rules, Case]:
    """An urgent case at a stage of three working days, whose only reminder falls into the second morning's repeat."""
    stages = rules().policy.stages
    three = stages[1].model_copy(update={"respond_within": Window(3, Unit.WORKING_DAYS)})
    book = rules(stages=(stages[0], three, *stages[2:]))
    return book, served(fired(served(opened(), book), "lapse", book), book, at=START + hours(25))


def test_the_last_reminder_stays_where_a_repeat_says_more() -> None:
    """The raiser still hears before the window ends; who is asked again in that minute gets that one letter."""
    book, case = both_at_nine()
    morning = london("2027-01-15 09:00")
    assert morning in alarms(case, "repeat")
    assert alarms(case, "chaser") == [morning]
    case = served(fired(case, "repeat", book), book)
    decision = fired(case, "repeat", book)
    assert DEV in to(letter(decision, L.ESCALATION, "repeat"))
    assert to(letter(decision, L.CHASER)) == {HELEN}
    assert letter(decision, L.CHASER).variant == "raiser"
    assert alarms(decision.case, "chaser") == []


def test_a_reminder_that_comes_first_leaves_the_word_to_the_repeat() -> None:
    """Whichever of the two alarms of one minute is answered first, nobody gets both letters."""
    book, case = both_at_nine()
    case = served(fired(case, "repeat", book), book)
    decision = fired(case, "chaser", book)
    assert to(letter(decision, L.CHASER)) == {HELEN}
    after = fired(decision.case, "repeat", book)
    assert DEV in to(letter(after, L.ESCALATION, "repeat"))
    assert letters(after, L.CHASER) == []


def test_an_earlier_reminder_goes_where_a_repeat_says_more() -> None:
    """Of two reminders the one that is not the last is left to the repeat of its minute."""
    book, _ = both_at_nine()
    first, second, *others = book.policy.stages
    second = second.model_copy(update={"chase": ("1 working day after",)})
    book = replace(book, policy=book.policy.model_copy(update={"stages": (first, second, *others)}))
    case = served(fired(served(opened(), book), "lapse", book), book, at=START + hours(25))
    assert alarms(case, "repeat")[0] == london("2027-01-14 09:00")
    assert alarms(case, "chaser") == [london("2027-01-15 09:00")]


def test_no_reminder_follows_a_repeat_within_two_working_days() -> None:
    """The window's last goes to the raiser alone; three working days after the last repeat it goes to both."""
    case = served(fired(served(opened()), "lapse"), at=START + hours(25))
    assert alarms(case, "chaser") == [london("2027-01-20 09:00")]
    case = served(fired(served(fired(case, "repeat")), "repeat"))
    ended = replace(case, deadlines=tuple(row for row in case.deadlines if row.kind is not AlarmKind.REPEAT))
    assert {DEV} in [to(one) for one in letters(fired(ended, "chaser"), L.CHASER)]
    decision = fired(served(fired(case, "repeat")), "chaser")
    assert [to(one) for one in letters(decision, L.CHASER)] == [{HELEN}]


def test_last_stage_tells_again_until_a_person_closes() -> None:
    """At a stage without a next a lapse closes nothing: those who can act hear every five working days."""
    case = served(opened())
    for _ in range(2):
        case = served(fired(case, "lapse"))
    assert case.stage == "step-3"
    decision = fired(case, "lapse")
    told = letter(decision, L.INFORMATION, "telling")
    assert to(told) == {"dsp@cescp.example", UNIT, ANIL, "iris.boyd@health.example", HELEN}
    assert decision.case.state is State.AWAITING_RESPONSE
    again = fired(decision.case, "telling")
    assert letters(again, L.INFORMATION, "telling")
    assert again.case.due == alarms(again.case, "telling")[0]


def test_weightiest() -> None:
    """Of several weighed letters a person is left on the weightiest; others, and unweighed ones, keep everybody."""

    def one(kind: LetterKind, *people: str, cc: tuple[str, ...] = ()) -> Letter:
        return of_kind(kind, "o", *people, cc=tuple(map(Contact, cc)))

    sent = [
        one(L.INFORMATION, "a", "b", "c"),
        one(L.CHASER, "b"),
        one(L.ESCALATION, "a", cc=("b",)),
        one(L.RECORD, "a"),
    ]
    kept = weightiest(sent)
    assert [(k.kind, [c.email for c in k.to], [c.email for c in k.cc]) for k in kept] == [
        (L.INFORMATION, ["c"], []),
        (L.ESCALATION, ["a"], ["b"]),
        (L.RECORD, ["a"], []),
    ]
    assert WEIGHT[0] is L.ESCALATION


# --- words that end and delay -----------------------------------------------------------------------------------------

#: Who writes what, proven, to a case that waits for an answer -> the state it is then in.
WORDS = {
    "the raiser resolves": (HELEN, "RESOLVED", State.AWAITING_OUTCOME),
    "her manager resolves": (MO, "RESOLVED", State.AWAITING_OUTCOME),
    "the challenged manager may not": (FAY, "RESOLVED", State.AWAITING_RESPONSE),
    "the challenged team may not call it none of theirs": (FAY, "NOT OURS", State.AWAITING_RESPONSE),
    "nor say that it was withdrawn": (FAY, "WITHDRAW\nsent in error", State.AWAITING_RESPONSE),
    "a stranger may not": (STRANGER, "RESOLVED", State.AWAITING_RESPONSE),
    "the raiser withdraws": (HELEN, "WITHDRAW\nwrong team", State.CLOSED),
    "the unit asks whether it ends": (UNIT, "NOT OURS", State.AWAITING_RESPONSE),
    "an answer": (FAY, ANSWER, State.AWAITING_CONFIRMATION),
    "a promise is no answer": (FAY, "I will call you.", State.AWAITING_RESPONSE),
    "the raiser reports one": (HELEN, "ANSWERED by telephone", State.AWAITING_CONFIRMATION),
    "words of the raiser are no state": (HELEN, "I am happy with that, thank you.", State.AWAITING_RESPONSE),
}


@pytest.mark.parametrize(("who", "text", "state"), WORDS.values(), ids=WORDS)
def test_words(who: str, text: str, state: State) -> None:
    """Only the words of those whose they are change a state."""
    assert arrived(served(opened()), mail(who, text, at=START + hours(1))).case.state is state


@pytest.mark.parametrize("proof", [p for p in Proof if p is not Proof.PROVEN])
@pytest.mark.parametrize(("who", "text"), [(w, t) for w, t, state in WORDS.values() if t != "ESCALATE"])
def test_unproven_words_move_no_clock(who: str, text: str, proof: Proof) -> None:
    """The same words without proof are attached, refused or asked about: state, due and alarms stay, but that their
    manager may be asked too."""
    case = served(opened())
    after = arrived(case, mail(who, text, at=START + hours(1), proof=proof)).case
    alarms = tuple(a for a in after.deadlines if a.kind != "word_manager")
    assert (after.state, after.due, alarms) == (case.state, case.due, case.deadlines)


def test_unproven_word_of_the_right_person_is_asked_about_at_their_own_address() -> None:
    """YES from that address lets the word act."""
    decision = arrived(served(opened()), mail(HELEN, "RESOLVED", at=START + hours(1), proof=Proof.NONE))
    asked = letter(decision, L.QUESTION, "confirm_word")
    assert to(asked) == {HELEN}
    yes = mail(HELEN, "YES", at=START + hours(2))
    assert arrived(decision.case, yes, answered_key=asked.key).case.state is State.AWAITING_OUTCOME


def test_challenged_team_may_dismiss_what_a_stranger_sent() -> None:
    """YES or NOT OURS is the question that its notice puts to them."""
    case = served(opened(mail(STRANGER, title=DAY, to=(FAY,), cc=(CREWE,))))
    decision = arrived(case, mail(FAY, "NOT OURS", at=START + hours(1)))
    assert decision.case.closed_as is ClosedAs.NOT_A_CHALLENGE
    assert arrived(case, mail(UNIT, "YES", at=START + hours(1))).case.state is State.AWAITING_RESPONSE


def test_extension_never_makes_it_earlier() -> None:
    """EXTEND counts from the word; one that would end sooner than the due changes nothing."""
    case = served(opened(mail(title=TEN, to=(FAY,), cc=(CREWE,))))
    assert arrived(case, mail(HELEN, "EXTEND 1 working day", at=START + hours(1))).case.due == case.due
    later = arrived(case, mail(HELEN, "EXTEND 15 working days", at=START + hours(1))).case
    assert later.due is not None
    assert case.due is not None
    assert later.due > case.due


@pytest.mark.parametrize(("days", "is_past"), [(2, False), (15, True)])
def test_both_sides_hear_whether_an_extension_passes_the_ceiling(days: int, is_past: bool) -> None:
    """EXTEND may pass the ceiling of the stage, and its letters say so then, and only then."""
    book = rules(stages=first_stage(rules().policy, ceiling=Window(10, Unit.WORKING_DAYS)))
    case = served(opened(book=book), book)
    decision = arrived(case, mail(HELEN, f"EXTEND {days} working days", at=START + hours(1)), book)
    told = [one.values for one in decision.letters if isinstance(one.values, Information.Extended)]
    assert [values.past_ceiling for values in told] == [is_past, is_past]


def test_urgent_never_makes_it_later() -> None:
    """URGENT counts the shortest tier from the word, and keeps an earlier due."""
    case = served(opened(mail(title=TEN, to=(FAY,), cc=(CREWE,))))
    assert arrived(case, mail(HELEN, "URGENT", at=START + hours(1))).case.due == START + hours(25)
    case = served(opened())
    assert arrived(case, mail(HELEN, "URGENT", at=START + hours(1))).case.due == case.due


def test_outcome_is_owed_from_when_we_read_the_word() -> None:
    """A closing word that waited in an inbox over a stop of ours leaves the other side its whole time."""
    case = at_state(State.AWAITING_CONFIRMATION)
    word = mail(HELEN, "RESOLVED", at=START + hours(2))
    decision = arrived(case, word, now=START + timedelta(days=9))
    assert decision.case.due == london("2027-01-25 17:00")


def test_confirmation_of_the_raiser_takes_no_state_back() -> None:
    """A first proven mail of a raiser who was in doubt leaves an answered case waiting for the raiser's word."""
    case = served(opened(mail(title=DAY, to=(FAY,), cc=(CREWE,), proof=Proof.NONE)))
    case = arrived(case, mail(FAY, ANSWER, at=START + hours(1))).case
    after = arrived(case, mail(HELEN, "Thank you for this.", at=START + hours(2))).case
    assert (after.unproven, after.state) == ("", State.AWAITING_CONFIRMATION)
    assert alarms(after, "ask")


def test_a_stage_left_without_a_reply_is_recorded_as_that() -> None:
    """Who is called in before the time is over finds no reply recorded, and no deadline that was met or missed."""
    escalated = arrived(served(opened()), mail(HELEN, "ESCALATE", at=START + hours(1))).case
    assert (escalated.stage, escalated.runs[0].ended_as) == ("step-2", EndedAs.ASKED)
    assert plain.ending(escalated.runs[0]) == "the next stage was called in, and no reply had been recorded"
    assert plain.in_time(escalated.runs[0]) == "ended before its time"
    answered = arrived(served(opened()), mail(FAY, ANSWER, at=START + hours(1))).case
    refused = arrived(answered, mail(HELEN, "NOT RESOLVED", at=START + hours(2))).case
    assert (refused.stage, plain.ending(refused.runs[0])) == ("step-2", "a reply was recorded")
    assert plain.in_time(refused.runs[0]) == "in time"
    shadowed = replace(served(opened()), flags=(Flagged(Flag.SHADOWED),))
    told = arrived(shadowed, mail(UNIT, "GO", at=START + hours(1))).case
    assert [run.ended_as for run in told.runs] == [EndedAs.TOLD_AFRESH, EndedAs.RUNNING]


# --- hold -------------------------------------------------------------------------------------------------------------


def held() -> Case:
    return decide(served(opened()), Correction(CorrectionKind.HOLD, UNIT, "looking"), rules(), START + hours(23)).case


def test_a_second_hold_prolongs_nothing() -> None:
    """An operator's on held letters neither moves their hour nor writes to anybody, as a mailed one's."""
    before = held()
    again = decide(before, Correction(CorrectionKind.HOLD, "Ann Shaw", "me too"), rules(), START + hours(23.5))
    assert (again.case.hold_until, again.letters, again.events) == (before.hold_until, (), ())


def test_hold_ends_by_itself_although_the_stage_changed() -> None:
    """The clock runs under a hold: the next stage is entered, and its letters are released all the same."""
    case = fired(held(), "lapse").case
    assert case.stage == "step-2"
    assert alarms(case, "hold_end") == [case.hold_until]
    decision = fired(case, "hold_end")
    assert (decision.case.hold_until, kinds(decision)) == (None, ["released"])


@pytest.mark.parametrize("word", ["RESOLVED", "WITHDRAW", "ESCALATE"])
def test_hold_does_not_outlive_a_change(word: str) -> None:
    """Whatever happens to a held case, its letters are released at the hold's end or at its closing."""
    decision = arrived(held(), mail(HELEN, word, at=START + hours(23.5)))
    if decision.case.is_open:
        assert alarms(decision.case, "hold_end") == [decision.case.hold_until]
    else:
        assert "released" in kinds(decision)
        assert decision.case.hold_until is None


@pytest.mark.parametrize(
    ("title", "left"),
    [(TEN, ["5 working days", "1 working day"]), (DAY, ["12 hours", "4 hours"])],
)
def test_a_reminder_says_what_is_left(title: str, left: list[str]) -> None:
    """In working days where the window counts them, that of the reminder among them; else in hours."""
    case = served(opened(mail(title=title, to=(FAY,), cc=(CREWE,))))
    said = []
    for _ in left:
        decision = fired(case, "chaser")
        (reminder,) = [one for one in letters(decision, L.CHASER) if FAY in to(one)]
        said.append(about(reminder)["left"])
        case = served(decision)
    assert said == left
    assert alarms(case, "chaser") == []


@pytest.mark.parametrize(("before", "left"), [(0.2, "1 hour"), (1, "1 hour"), (2.6, "3 hours"), (24, "24 hours")])
def test_what_is_left_in_hours_is_never_none(before: float, left: str) -> None:
    """To the nearest hour, and one in the last minutes."""
    case = served(opened())
    assert case.due is not None
    assert time_left(Draft(case, rules(), case.due - hours(before), "x")) == left


# --- automatic mail, bounces ------------------------------------------------------------------------------------------


def test_out_of_office_asks_the_directory_s_deputy_once() -> None:
    """At once, with the raiser told and the clock unmoved; a second one causes no letter."""
    case = served(opened())
    away = mail(FAY, "I am away until Monday.", at=START + hours(1), kind=MailKind.AUTO_REPLY)
    decision = arrived(case, away)
    assert to(letter(decision, L.REDIRECT)) == {TOM}
    assert to(letter(decision, L.INFORMATION, "away")) == {HELEN}
    assert decision.case.due == case.due
    again = mail(FAY, "I am away until Monday.", at=START + hours(2), kind=MailKind.AUTO_REPLY)
    assert arrived(decision.case, again).letters == ()


@pytest.mark.parametrize("kind", [k for k in MailKind if k is not MailKind.HUMAN])
def test_automatic_mail_answers_nothing(kind: MailKind) -> None:
    """Whatever it says, a machine's mail satisfies no window and closes nothing."""
    case = served(opened())
    for who, text in ((FAY, ANSWER), (HELEN, "RESOLVED")):
        after = arrived(case, mail(who, text, at=START + hours(1), kind=kind)).case
        assert (after.state, after.due) == (case.state, case.due)


def test_letters_name_who_can_still_be_reached() -> None:
    """Once the manager's address fails, the contact of a letter, and whom it says to ring, is who stands in."""
    case = served(opened())
    gone = LetterUndelivered("key", L.NOTICE, "frontline", FAY, "5.1.1", True, starts_clock=True)
    decision = decide(case, gone, rules(), START + hours(1))
    assert to(letter(decision, L.REDIRECT)) == {TOM}
    reminder = letter(fired(served(decision, at=START + hours(1)), "chaser"), L.CHASER)
    assert (to(reminder), about(reminder)["responder"]["email"]) == ({TOM}, TOM)


def test_the_raiser_hears_in_its_minute_that_a_letter_came_back() -> None:
    """To whom it went instead; where that is a mailbox alone, the operator too."""
    case, who = served(opened()), FAY
    for n, (instead, alerts) in enumerate((({TOM}, 0), ({CREWE}, 1))):
        fact = LetterUndelivered(f"key{n}", L.NOTICE, "frontline", who, "5.1.1", True)
        decision = decide(case, fact, rules(), START + hours(0.1 + n / 60))
        told = letter(decision, L.INFORMATION, "came_back")
        assert (HELEN in to(told), {one.email for one in told.values.others}) == (True, instead)
        assert len(letters(decision, L.ALERT)) == alerts
        case, (who,) = decision.case, instead


def test_bounces_go_down_the_row_and_the_clock_starts_afresh() -> None:
    """Each contact in turn; when nobody is left, unit, raiser and operator at once."""
    case = served(fired(served(opened()), "lapse"))
    tried = []
    who = DEV
    for n in range(6):
        now = START + hours(26 + n)
        fact = LetterUndelivered(f"key{n}", L.ESCALATION, "step-2", who, "5.1.1", True, starts_clock=True)
        decision = decide(case, fact, rules(), now)
        case = decision.case
        assert alarms(case, "lapse"), "a case whose letters bounce must still lapse"
        if not letters(decision, L.REDIRECT):
            break
        (who,) = to(letter(decision, L.REDIRECT))
        tried.append(who)
        case = served(decision, at=now)
        assert case.run is not None
        assert case.run.began == now
    assert tried == ["csc.dsl.duty@csc.example", "safeguarding@csc.example", UNIT]
    told = {e for one in decision.letters for e in to(one)}
    assert {UNIT, HELEN, "bot-operator@council.example"} <= told


def test_who_is_gone_is_not_whose_letter_came_back() -> None:
    """The raiser hears of the address whose letter bounced, not of the contact who has left and had theirs."""
    case = served(fired(served(opened()), "lapse"))
    left = mail(DEV, "I have left.", at=START + hours(26), kind=MailKind.AUTO_REPLY, absence=Absence(is_gone=True))
    decision = arrived(case, left)
    (duty,) = to(letter(decision, L.REDIRECT))
    case, soon = served(decision), START + hours(27)
    bounced = LetterUndelivered("key", L.REDIRECT, "step-2", duty, "5.1.1", True, starts_clock=True)
    decision = decide(case, bounced, rules(), soon)
    again = letter(decision, L.REDIRECT)
    fact = LetterServed(again.key, again.kind, again.stage, tuple(to(again)), soon, again.starts_clock)
    told = letter(decide(decision.case, fact, rules(), soon), L.INFORMATION, "came_back")
    assert about(told)["absent"]["email"] == duty


@pytest.mark.parametrize("role", ["line_manager", "designated_safeguarding_lead"])
def test_a_stage_that_nobody_holds_goes_to_the_business_unit(role: str) -> None:
    """Its row has gone from the directory since: somebody reads its letter, its clock runs, and the gap is flagged."""
    rows = tuple(row for row in shipped().directory.rows if row.role != role)
    book = replace(rules(), directory=Directory(rows))
    decision, found = opened(book=book), []
    for _ in range(3):
        assert all(one.to for one in decision.letters)
        case = served(decision, book)
        run = case.run
        assert (run is not None and run.began is not None, case.due is not None) == (True, True)
        assert alarms(case, "lapse") != []
        found += [case.served] if case.has(Flag.NO_CONTACT) and not found else []
        if case.stage == book.policy.stages[-1].id:
            break
        decision = fired(case, "lapse", book)
    assert [{one.contact.email for one in those} <= {UNIT, MANAGER} for those in found] == [True]


# --- reopened ------------------------------------------------------------------------------------------------------


def test_stranger_cannot_reopen_what_a_person_dismissed() -> None:
    """His word is kept and wakes nobody."""
    case = served(opened(mail(STRANGER, title=DAY, to=(FAY,), cc=(CREWE,))))
    case = arrived(case, mail(UNIT, "NOT OURS", at=START + hours(1))).case
    decision = arrived(case, mail(STRANGER, "REOPEN", at=START + hours(2)))
    assert (decision.case.state, decision.letters) == (State.CLOSED, ())


def test_reopened_case_keeps_its_ref_and_gets_a_fresh_window() -> None:
    """REOPEN enters at the stage last reached."""
    case = at_state(State.CLOSED)
    decision = arrived(case, mail(HELEN, "REOPEN", at=START + timedelta(days=20)))
    again = served(decision)
    assert (again.ref, again.state, again.stage) == (case.ref, State.AWAITING_RESPONSE, "frontline")
    assert again.due is not None
    assert again.due > START + timedelta(days=20)
