"""Whatever is written by whomever, whenever: a case never falls silent, never ends by itself, tells nobody it should
not, and what is not proven only ever adds to what people see."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.engine.contacts.books import Books
from bot.engine.turn import Turn
from bot.model import (
    Alarm,
    Arrival,
    Case,
    Decision,
    Fact,
    LetterKind,
    Mail,
    MailKind,
    Opening,
    Proof,
    State,
)
from bot.store import cases, codec
from bot.store.db import Database
from tests.property.case_walk import (
    ANSWERS,
    DEAD,
    LIVES,
    OPENINGS,
    OUTSIDE,
    QUICKENS,
    Passed,
    Step,
    World,
)
from tests.some import some
from tests.unit.case_samples import BOT, CREWE, FAY, HELEN, INBOX, UNIT, mail, shipped

WALK = settings(max_examples=some(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])
WAITING = (State.PROVISIONAL, State.AWAITING_RESPONSE)


def life(first: Mail, steps: list[Step], dead: frozenset[str] = frozenset()) -> list[Passed]:
    return list(World(dead=dead).live(first, steps))


def gone(_text: str) -> str:
    return ""


# --- after every decision ---------------------------------------------------------------------------------------------


@WALK
@given(OPENINGS, LIVES, DEAD)
def test_open_case_has_a_future_and_closed_has_none(first: Mail, steps: list[Step], dead: frozenset[str]) -> None:
    """Every open case has a due time and an alarm that does something in its state; a closed one asks what follows."""
    for passed in life(first, steps, dead):
        case = passed.decision.case
        if case.is_open:
            assert case.due is not None
            assert case.due_why
            assert moving(case), f"{case.state} waits for nothing: {case.deadlines}"
            assert case.served
        else:
            assert (case.due, case.hold_until) == (None, None)
            assert {a.kind for a in case.deadlines} <= {
                "child_file",
                "action",
                "action_late",
                "prompt",
                "prompt_late",
                "meeting_record",
            }


def moving(case: Case) -> list[str]:
    """Alarms that end the present waiting; the end of a hold and reminders do not."""
    ends = {
        State.PROVISIONAL: ("lapse", "telling"),
        State.AWAITING_RESPONSE: ("lapse", "telling"),
        State.AWAITING_CONFIRMATION: ("ask",),
        State.AWAITING_OUTCOME: ("outcome_due",),
    }
    return [d.kind for d in case.deadlines if d.kind in ends[case.state]]


@WALK
@given(OPENINGS, LIVES, DEAD)
def test_one_letter_for_each_occasion_kind_and_addressee(first: Mail, steps: list[Step], dead: frozenset[str]) -> None:
    """No two decisions write the same letter, however often alarms, bounces and words come round."""
    keys: Counter[str] = Counter()
    for passed in life(first, steps, dead):
        keys.update({letter.key for letter in passed.decision.letters})
    assert [key for key, n in keys.items() if n > 1] == []


@WALK
@given(OPENINGS, LIVES, DEAD)
def test_letters_go_to_parties_and_directory_alone(first: Mail, steps: list[Step], dead: frozenset[str]) -> None:
    """An address that only an inbound To or Cc named gets nothing; a stranger one fixed letter, and no other."""
    book = World().book
    known = {e for r in book.directory.rows for e in (*r.addresses, r.deputy_email)} | {book.operator.email, CREWE}
    for passed in life(first, steps, dead):
        case = passed.decision.case
        senders = {s.who for s in steps if book.directory.agency_of(s.who)}
        copied = {a.email for a in (*first.to, *first.cc) if book.directory.agency_of(a.email) == case.responder_agency}
        for letter in passed.decision.letters:
            addressees = {c.email for c in (*letter.to, *letter.cc)}
            assert "" not in addressees
            assert book.bot.email not in addressees
            assert OUTSIDE not in addressees
            if letter.to_stranger:
                assert (letter.kind, addressees) == (LetterKind.ACKNOWLEDGEMENT, {case.raiser.email})
                continue
            if case.unproven == "stranger":
                assert addressees <= {CREWE, UNIT, book.operator.email} | known_writer(passed.fact)
            parties = {case.raiser.email} | senders
            assert addressees <= known | parties | (copied if letter.kind is LetterKind.NOTICE else set())


def known_writer(fact: Fact) -> set[str]:
    """Who wrote the mail that is being answered, if the directory knows them or their agency."""
    sender = fact.mail.sender if isinstance(fact, Arrival) else None
    directory = World().book.directory
    is_known = sender and (directory.agency_of(sender.email) or directory.person(sender.email))
    return {sender.email} if sender and is_known else set()


@WALK
@given(OPENINGS, LIVES, DEAD)
@example(
    mail(HELEN, title="Professional Safeguarding Challenge – 24 hours", to=(FAY, OUTSIDE), cc=(CREWE,)),
    [
        Step(0.5, HELEN, "CORRECT due 2027-01-13T17:00"),
        Step(0.5, UNIT, "HOLD"),
        Step(0.5, FAY, "RECEIVED by Friday", answers=1),
        Step(0.5, FAY, ANSWERS[0], answers=1),
        Step(0.5, HELEN, "RESOLVED", answers=1),
        Step(0.5, FAY, "OUTCOME: joint visit", answers=1),
    ],
    frozenset(),
)
def test_what_a_journal_keeps_in_clear_names_nobody(first: Mail, steps: list[Step], dead: frozenset[str]) -> None:
    """No address, and no name of a person of the directory, in any text that is not marked as personal: state, alarms,
    reasons, flags, events, and the fact less its mail."""
    people = {row.name for row in World().book.directory.rows if row.role in ("practitioner", "line_manager")}
    for passed in life(first, steps, dead):
        fact = passed.fact
        if isinstance(fact, Arrival | Opening):
            fact = replace(fact, mail=Mail(digest=fact.mail.digest, received=fact.mail.received))
        decision = passed.decision
        kept = " ".join(codec.canonical(codec.encode(one, gone)) for one in (decision.case, *decision.events, fact))
        assert "@" not in kept
        assert not [name for name in people if name in kept]


@WALK
@given(OPENINGS, LIVES, DEAD)
def test_only_words_close_and_never_early(first: Mail, steps: list[Step], dead: frozenset[str]) -> None:
    """A case ends by a proven word of the right person, or by the outcome's lapse after one; nothing escalates before
    its time unless somebody asked for it."""
    for passed in life(first, steps, dead):
        before, after = passed.before, passed.decision.case
        if isinstance(passed.fact, Alarm) and before is not None:
            assert passed.now >= passed.fact.deadline.at
        if before is None:
            assert after.is_open
            continue
        if not before.is_open and isinstance(passed.fact, Alarm):
            assert not after.is_open, "what is asked after the end opens nothing"
        if before.is_open and not after.is_open:
            assert ended_by_a_word(passed, before), passed.fact
        if after.state is State.AWAITING_OUTCOME and before.state is not State.AWAITING_OUTCOME:
            assert isinstance(passed.fact, Arrival)
            assert is_word(passed.fact, before)
        if any(one.kind is LetterKind.ESCALATION for one in passed.decision.letters):
            assert may_escalate(passed, before)


def ended_by_a_word(passed: Passed, before: Case) -> bool:
    if isinstance(passed.fact, Alarm):
        return passed.fact.deadline.kind == "outcome_due" and bool(before.closing_word)
    return isinstance(passed.fact, Arrival) and is_word(passed.fact, before)


def is_word(fact: Arrival, before: Case) -> bool:
    """Human and proven; or YES by the person whom a letter of ours asked whether an unproven word was theirs."""
    if fact.mail.kind is not MailKind.HUMAN:
        return False
    asked = next(
        (q for q in before.questions if q.key == fact.answered_key and q.about.startswith("confirm_word")), None
    )
    sender = fact.mail.sender.email if fact.mail.sender else ""
    return fact.mail.proof is Proof.PROVEN or (
        asked is not None and asked.asked == sender and fact.mail.proof is not Proof.FAILED
    )


def may_escalate(passed: Passed, before: Case) -> bool:
    if not isinstance(passed.fact, Alarm):
        return bool({"not_resolved", "reopened"} & {e.kind for e in passed.decision.events})
    row = passed.fact.deadline
    if row.kind == "unconfirmed":  # an answer waited through its stage's time, and managers and leads were asked before
        asked = (e for e in before.deadlines if e.kind == "unconfirmed")
        return row.nth > 1 and before.state is State.AWAITING_CONFIRMATION and all(e.at <= passed.now for e in asked)
    return row.kind == "repeat" or (row.kind == "lapse" and before.due is not None and passed.now >= before.due)


# --- what is not proven -----------------------------------------------------------------------------------------------


@WALK
@given(OPENINGS, LIVES, DEAD)
def test_unproven_mail_makes_no_clock_later(first: Mail, steps: list[Step], dead: frozenset[str]) -> None:
    """It may bring the next stage or the end of a window forward; it answers, extends and closes nothing."""
    for passed in life(first, steps, dead):
        fact, before, after = passed.fact, passed.before, passed.decision.case
        if not isinstance(fact, Arrival) or before is None or is_word(fact, before):
            continue
        if {"not_resolved", "reopened"} & {e.kind for e in passed.decision.events}:
            assert after.is_open
            continue
        assert after.state is before.state
        assert after.stage == before.stage
        if before.due is not None:
            assert after.due is not None
            assert after.due <= before.due


@WALK
@given(OPENINGS, LIVES, DEAD)
def test_without_the_unproven_mails_the_course_is_the_same(
    first: Mail, steps: list[Step], dead: frozenset[str]
) -> None:
    """Leave out every unproven mail that woke nobody earlier: stage, state and due times are what they were."""
    quiet = [replace(s, answers=0) for s in steps if s.is_proven or s.text not in QUICKENS]
    end = first.received + timedelta(hours=sum(s.gap for s in steps))
    assert course(first, quiet, dead, end) == course(first, [*only_proven(quiet)], dead, end)


def only_proven(steps: list[Step]) -> Iterator[Step]:
    """The proven steps at the same instants."""
    waited = 0.0
    for step in steps:
        waited += step.gap
        if step.is_proven:
            yield replace(step, gap=waited)
            waited = 0.0


def course(first: Mail, steps: list[Step], dead: frozenset[str], end: datetime) -> list[tuple[str, str, str]]:
    """Every change of stage, state and due (to the minute) up to `end`."""
    found: list[tuple[str, str, str]] = []
    for passed in World(dead=dead).live(first, steps, end):
        case = passed.decision.case
        row = (case.stage, case.state.value, f"{case.due:%Y-%m-%d %H:%M}" if case.due else "")
        if not found or found[-1] != row:
            found.append(row)
    return found


# --- how many letters -------------------------------------------------------------------------------------------------

WINDOWS = st.sampled_from(["24 hours", "10 working days", "3 working days"])


@WALK
@given(WINDOWS, st.integers(0, 100), st.floats(0.01, 0.99), st.integers(0, 6), st.floats(0.01, 0.99), st.booleans())
def test_happy_case_costs_each_side_four_letters(
    window: str, shift: int, when: float, reminders: int, later: float, to_bot_alone: bool
) -> None:
    """Answered before the first chaser and its outcome written before that one's: four at most for raiser and
    responder; each reminder or question that was due adds one, each lapse two."""
    opened = mail(title=f"Professional Safeguarding Challenge – {window}", to=(FAY,), cc=(CREWE,))
    opened = replace(opened, received=opened.received + timedelta(hours=7 * shift), date=None)
    world = World()
    play(world, Opening(opened, INBOX, 7, "CE-2027-0007"), opened.received)
    extra, lapses = wait(world, reminders, when)
    copied = () if to_bot_alone else (HELEN,)
    assert world.case is not None
    responder = next(s.contact.email for s in world.case.served)
    now = world.now
    play(world, Arrival(mail(responder, ANSWERS[0], at=now, to=(BOT, *copied)), "the ref"), now)
    now += timedelta(minutes=20)
    play(world, Arrival(mail(HELEN, "RESOLVED", at=now), "the ref"), now)
    extra += wait(world, 0, later)[0]
    now = world.now
    play(world, Arrival(mail(responder, "OUTCOME: joint visit", at=now), "the ref"), now)
    assert world.case.state is State.CLOSED
    got = Counter(c.email for one in world.letters for c in (*one.to, *one.cc))
    assert got[HELEN] <= 4 + extra + 2 * lapses
    assert got[FAY] <= 4 + extra + 2 * lapses


def play(world: World, fact: Fact, now: datetime) -> None:
    for _ in world.pass_on(fact, now):
        pass


def wait(world: World, alarms: int, part: float) -> tuple[int, int]:
    """That many alarms pass, then a part of the time to the next. Returns how many reminders and lapses they were."""
    reminders = lapses = 0
    for _ in range(alarms):
        assert world.case is not None
        row = world.case.deadlines[0]
        lapses += row.kind == "lapse"
        reminders += row.kind != "lapse"
        play(world, Alarm(row), row.at)
    assert world.case is not None
    world.now += (world.case.deadlines[0].at - world.now) * part
    return reminders, lapses


# --- through the store ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def books() -> Iterator[tuple[Database, Turn]]:
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{Path(folder) / 'bot.db'}")
        db.migrate()
        yield db, Turn(Books(shipped(), strict=True), b"secret")
        db.close()


@settings(max_examples=some(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=OPENINGS, steps=LIVES, dead=DEAD)
def test_the_journal_folds_to_the_case(
    books: tuple[Database, Turn], first: Mail, steps: list[Step], dead: frozenset[str]
) -> None:
    """Whatever happened, the journal's fold is the case as saved, alarms and all, and the chain is whole."""
    db, turn = books
    number = 0

    def take(before: Case | None, fact: Fact, now: datetime) -> Decision:
        nonlocal number
        with db.begin() as tx:
            if isinstance(fact, Opening):
                decision = turn.open(tx, fact.mail, fact.inbox, now)
                number = decision.case.number
            else:
                decision = turn.take(tx, number, fact, now)
        with db.read() as tx:
            assert cases.load(tx, number).case == decision.case
            assert cases.fold(tx, number) == decision.case
        return decision

    for _ in World(dead=dead, take=take).live(first, steps):
        pass
    with db.read() as tx:
        assert cases.verify(tx) == []
