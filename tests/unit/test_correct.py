"""What a person puts right: one value, its letters, the old value in the journal; and what is refused, with why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.case.making.draft import Draft
from bot.case.said import correct
from bot.case.said.correct import refusal
from bot.case.table import decide
from bot.model import Case, ClosedAs, Correction, CorrectionKind, Decision, EndedAs, LetterKind, State
from tests.letters import about
from tests.unit.case_samples import DEV, FAY, HELEN, START, TOM, alarms, hours, letters, opened, rules, served, to

BOOK = rules()


def a_case() -> Case:
    return served(opened())


def corrected(case: Case, **values: Any) -> Decision:
    return decide(case, Correction(CorrectionKind.CORRECT, "Ann Shaw", "she rang", values), BOOK, START + hours(2))


def why_not(case: Case, **values: Any) -> str:
    return refusal(
        Draft(case, BOOK, START + hours(2), ""), Correction(CorrectionKind.CORRECT, "Ann Shaw", "she rang", values)
    )


def note(decision: Decision) -> str:
    return next(event.note for event in decision.events if event.kind == "corrected")


def test_a_corrected_due_time_binds_and_both_sides_hear() -> None:
    """Lapse and reminders are set anew, raiser and responder are told, the old time stands in the journal."""
    case, due = a_case(), START + timedelta(hours=30)
    decision = corrected(case, due=due.isoformat())
    assert decision.case.due == due
    assert alarms(decision.case, "lapse") == [due]
    assert decision.case.due_why == "a person corrected it"  # who it was, the event says
    assert [event.by for event in decision.events if event.kind == "corrected"] == ["Ann Shaw"]
    told = letters(decision, LetterKind.INFORMATION, "corrected")
    assert {address for one in told for address in to(one)} == {HELEN, FAY}
    assert case.due is not None
    assert case.due.isoformat() in note(decision)


def test_a_corrected_stage_is_entered_with_its_own_letter() -> None:
    """The stage's people are written to, and its clock waits for their letter; the others hear to whom it was sent."""
    decision = corrected(a_case(), stage="step-2")
    assert (decision.case.stage, decision.case.state) == ("step-2", State.AWAITING_RESPONSE)
    assert [one.values.name for one in decision.letters] == [
        "escalation-asked",
        "information-sent_on",
        "information-passed_on",
    ]
    assert note(decision) == "stage: frontline"
    assert decision.case.runs[0].ended_as is EndedAs.CORRECTED


def test_a_corrected_responder_is_written_to_and_the_clock_is_unmoved() -> None:
    """The new person gets the notice; raiser and the former responder are told; nothing else changes."""
    case = a_case()
    decision = corrected(case, responder=TOM)
    (notice,) = letters(decision, LetterKind.NOTICE)
    assert to(notice) == {TOM}
    told = {a for one in letters(decision, LetterKind.INFORMATION, "corrected") for a in to(one)}
    assert told == {HELEN, FAY}
    assert (decision.case.due, decision.case.stage) == (case.due, case.stage)


def test_a_duplicate_is_closed_without_an_outcome_owed() -> None:
    """It is closed at once, those written to are told which case goes on, the record is filed, no alarm is left."""
    decision = corrected(a_case(), duplicate_of="CE-2027-0005")
    assert (decision.case.state, decision.case.closed_as) == (State.CLOSED, ClosedAs.DUPLICATE)
    assert decision.case.deadlines == ()
    assert [one.kind for one in decision.letters] == [LetterKind.INFORMATION, LetterKind.RECORD]
    (told,) = letters(decision, LetterKind.INFORMATION, "duplicate")
    assert {HELEN, FAY} <= to(told)
    assert about(told)["other_ref"] == "CE-2027-0005"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"stage": "step-9"}, "it has frontline, step-2, step-3"),
        ({"stage": "frontline"}, "is at frontline already"),
        ({"due": (START - hours(1)).isoformat()}, "is past"),
        ({"responder": "nobody@csc.example"}, "nobody's in the directory"),
        ({"duplicate_of": "itself"}, "of itself"),
    ],
)
def test_what_cannot_be_corrected_is_said_and_changes_nothing(values: dict[str, str], says: str) -> None:
    """A sentence says why and what to do; the case stays as it is and no letter goes."""
    case = a_case()
    values = {what: case.ref if value == "itself" else value for what, value in values.items()}
    assert says in why_not(case, **values)
    decision = corrected(case, **values)
    assert (decision.case, decision.letters, decision.events) == (case, (), ())


def test_a_closed_case_is_reopened_first() -> None:
    """Nothing of a closed case is corrected."""
    closed = corrected(a_case(), duplicate_of="CE-2027-0005").case
    assert "reopen it first" in why_not(closed, stage="step-2")
    assert corrected(closed, stage="step-2").case == closed


# --- in a line of a mail ----------------------------------------------------------------------------------------------

NOBODY = "nobody of the directory is named, or several are"
LINES: dict[str, dict[str, str] | str] = {
    "stage step-2": {"stage": "step-2"},
    "stage: Step 2": {"stage": "step-2"},
    "stage 2": {"stage": "step-2"},
    "the stage is step 2, please": "the policy has no stage of that name",
    "Stage should be STEP 2 because they met on Friday": {"stage": "step-2"},
    "stage": "the policy has no stage of that name",
    "stage 9": "the policy has no stage of that name",
    f"responder {TOM}": {"responder": TOM},
    "recipient: Dev Patel": {"responder": DEV},
    f"responder is now Tom Lee <{TOM}>": {"responder": TOM},
    f"responder {TOM} or {FAY}": NOBODY,
    "responder boss@elsewhere.example": NOBODY,
    "due 2027-02-15T17:00": {"due": "2027-02-15T17:00:00+00:00"},
    "due time: Monday 15 February 2027 5pm": {"due": "2027-02-15T17:00:00+00:00"},
    "due date to 15/02/2027 17:00; he is on leave": {"due": "2027-02-15T17:00:00+00:00"},
    "due yesterday": "no time to come could be read in it",
    "duplicate of CE-2027-0005": "the line names no other challenge that you may speak of: please write its whole ref",
    "it all": "the line names neither stage, due time nor responder",
    "": "the line names neither stage, due time nor responder",
    "stagecoach": "the line names neither stage, due time nor responder",
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_read_as_people_write_it(line: str) -> None:
    """A stage by id or name, a person by name or address, a time as people say one; else a sentence that says why."""
    values, why = correct.read(Draft(a_case(), BOOK, START + hours(2), ""), line)
    said = {k: datetime.fromisoformat(v).astimezone(UTC).isoformat() if k == "due" else v for k, v in values.items()}
    assert (said or why) == LINES[line]
