"""Where a case may go: every move that people, corrections and alarms make is written down, and none besides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from bot.case.making.draft import Draft
from bot.case.table import decide, kind_of, settled
from bot.case.transitions import MOVES, TRANSITIONS, WrongMove, wrong_move
from bot.engine.contacts.books import Books
from bot.engine.turn import Turn
from bot.model import (
    Alarm,
    AlarmKind,
    Arrival,
    Case,
    Correction,
    CorrectionKind,
    Fact,
    FactKind,
    LetterKind,
    Proof,
    State,
)
from bot.store import meta, outbox
from bot.store.db import Database
from tests.unit.case_samples import (
    CREWE,
    DAY,
    FAY,
    HELEN,
    INBOX,
    MO,
    START,
    UNIT,
    fired,
    hours,
    mail,
    opened,
    rules,
    shipped,
)  # fmt: skip
from tests.unit.test_workflow import ANSWER, at_state


def test_transitions_know_every_state() -> None:
    """Each state has its row, and a move is written down once."""
    assert set(TRANSITIONS) == {None, *State}
    rows = [(move.start, move.kind, move.end) for move in MOVES]
    assert len(rows) == len(set(rows))
    assert all(move.why for move in MOVES)


#: Another case that was the same, and answered.
MERGED = {"ref": "CE-2027-0099", "flags": "", "answered": START.isoformat(), "by": FAY}
CORRECTED = {"duplicate_of": "CE-2027-0099"}, {"stage": "step-2"}
#: What people say or correct in a case, and what changes its state by it somewhere.
SAID = [
    *((who, word) for word in ("WITHDRAW", "RESOLVED", "NOT RESOLVED", "ESCALATE") for who in (HELEN, MO)),
    (UNIT, "NOT OURS"),
    (UNIT, "CORRECT stage step-2"),
    (FAY, "OUTCOME: joint visit agreed"),
    (FAY, ANSWER),
    (HELEN, "ANSWERED"),
    (HELEN, "REOPEN"),
]


def all_moves() -> Iterator[tuple[Case | None, Fact, datetime]]:
    """Every state with every word and correction that moves a case somewhere, and each of its own alarms."""
    at = START + hours(5)
    in_doubt = opened(mail(HELEN, title=DAY, to=(FAY,), cc=(CREWE,), proof=Proof.UNPROVEN)).case
    for case in (in_doubt, *map(at_state, State)):
        for who, word in SAID:
            yield case, Arrival(mail(who, word, at=at), "our letter"), at
        for values in CORRECTED:
            yield case, Correction(CorrectionKind.CORRECT, "x", "y", values), at
        yield case, Correction(CorrectionKind.MERGE, HELEN, "y", MERGED), at
        for row in case.deadlines:
            yield case, Alarm(row), row.at
            later = decide(case, Alarm(row), rules(), row.at).case
            if row.kind is AlarmKind.UNCONFIRMED:  # asked about first, then the stage ends
                yield from ((later, Alarm(then), then.at) for then in later.deadlines if then.kind is row.kind)


def test_every_move_is_in_the_table_and_every_row_is_a_move() -> None:
    """What people say, correct or leave unanswered moves a case as the transitions say, and by each of them."""
    seen = {(None, FactKind.OPENING, state) for state in (State.AWAITING_RESPONSE, State.PROVISIONAL)}
    for case, fact, now in all_moves():
        after = decide(case, fact, rules(), now).case  # strict: a move that is not in the table raises
        if after.state is not case.state or len(after.runs) > len(case.runs):
            seen.add((case.state, kind_of(fact), after.state))
    assert seen == {(move.start, move.kind, move.end) for move in MOVES}


def test_a_move_that_no_transition_allows_stops_a_test_and_is_told_live() -> None:
    """A closed case that a lapse would wake: strict rules raise, a running service says it and goes on."""
    before = at_state(State.CLOSED)
    draft = Draft(before, rules(), START + hours(3), "occasion")
    draft.case = replace(before, state=State.AWAITING_RESPONSE)
    with pytest.raises(WrongMove, match="from closed to awaiting_response by lapse"):
        settled(draft, before, AlarmKind.LAPSE)
    draft.rules = replace(rules(), strict=False)
    decision = settled(draft, before, AlarmKind.LAPSE)
    assert decision.case.state is State.AWAITING_RESPONSE
    assert "from closed to awaiting_response by lapse" in decision.wrong_move


def test_a_stage_is_entered_by_what_may_enter_one() -> None:
    """To stay is nobody's fault; to enter a stage anew by a reminder is."""
    case = at_state(State.AWAITING_RESPONSE)
    entered = fired(case, "lapse").case
    assert wrong_move(case, AlarmKind.CHASER, case) == ""
    assert wrong_move(case, AlarmKind.LAPSE, entered) == ""
    assert "entered a stage by chaser" in wrong_move(case, AlarmKind.CHASER, entered)


def test_the_operator_is_told_of_a_wrong_move(database: Database) -> None:
    """What followed is saved, its letters go, and an alert names the move."""
    with database.begin() as tx:
        turn = Turn(Books(shipped()), meta.secret(tx))
        number = turn.open(tx, mail(HELEN, title=DAY, to=(FAY,), cc=(CREWE,)), INBOX, START).case.number
        plan = turn.plan(tx, number, Arrival(mail(HELEN, "RESOLVED", at=START + hours(1)), "our letter"), START)
        said = replace(plan.decision, wrong_move="CE-2027-0001 went from closed to provisional by lapse.")
        turn.save(tx, replace(plan, decision=said), START + hours(1))
        (alert,) = [q.letter for q in outbox.open_letters(tx) if q.letter.kind is LetterKind.ALERT]
    assert alert.values.lines[0] == said.wrong_move
    assert alert.to[0].email == shipped().config.operator
