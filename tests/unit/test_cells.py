"""No word is swallowed: each of every state, side and proof acts, or its sender hears why it changes nothing now."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import pytest

from bot.case.said.cells import CELLS, sentence
from bot.case.said.command import Tell
from bot.case.said.unit.others import is_third
from bot.model import Case, Command, Decision, Hold, LetterKind, Proof, State, Word
from bot.rules.authority import WORDS, Side, may, sides
from bot.rules.policy.follow_up import ChildFile, FollowUp
from tests.letters import about
from tests.unit.case_samples import (
    ANIL,
    BOT,
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
    UNIT,
    arrived,
    hours,
    letter,
    letters,
    mail,
    opened,
    rules,
    served,
    to,
)
from tests.unit.test_workflow import at_state

#: The letter that says why.
NOTHING_CHANGED = (LetterKind.INFORMATION, "nothing_changed")

AT = START + hours(6)
#: What a word is said with, where it says nothing without.
NOTES = {
    Word.EXTEND: "2 working days",
    Word.MEETING: "20 January",
    Word.OUTCOME: "joint visit on Thursday",
    Word.PHONE: "we spoke at noon",
    Word.CORRECT: "stage step-2",
}
COLLEAGUE = "colin.hay@health.example"  # of a known domain, and nobody the directory names
PEOPLE = (HELEN, RUTH, FAY, CREWE, ANIL, UNIT, COLLEAGUE, STRANGER)
NOT_ANSWERED = (COLLEAGUE, STRANGER)
BOOK = rules(executive_lead="service_manager")


@functools.cache
def cases() -> dict[str, Case]:
    """A case in each state by its own course; one of a known sender in doubt; one held; and each as its last stage."""
    found = {state.value: at_state(state) for state in State}
    found["doubted"] = opened(mail(title=DAY, to=(FAY,), cc=(CREWE,), proof=Proof.NONE)).case
    found["held"] = replace(found["awaiting_response"], hold_until=AT + hours(2))
    found["undelivered"] = replace(found["awaiting_response"], due=None)
    last = {f"{state.value}, last stage": replace(found[state.value], stage="step-3") for state in State}
    return found | last


def say(case: Case, word: Word, who: str, proof: Proof = Proof.PROVEN) -> Decision:
    command = Command(word, NOTES.get(word, ""))
    return arrived(case, mail(who, word.value, at=AT, to=(BOT,), proof=proof, command=command), BOOK)


def changed(before: Case, after: Case) -> bool:
    """Whether more is different than that one mail more belongs to the case, and who has written one."""
    then, now = ([replace(s, has_written=False) for s in case.served] for case in (before, after))
    return then != now or replace(after, mails=before.mails, thread=before.thread, served=before.served) != before


def is_answered(decision: Decision, who: str) -> bool:
    return any(c.email == who for one in decision.letters for c in one.to)


# --- the table --------------------------------------------------------------------------------------------------------


def test_the_table_is_total() -> None:
    """Every word has a cell in every state and stands in the table of who may say it."""
    assert set(CELLS) == set(Word) == set(WORDS)
    assert all(set(row) == set(State) for row in CELLS.values())


@pytest.mark.parametrize("word", Word)
def test_every_cell_says_what_it_does(word: Word) -> None:
    """For whoever reads the table: one sentence of what is done, or why nothing is."""
    for cell in CELLS[word].values():
        assert len(sentence(cell)) > 20
        assert sentence(cell)[0].isupper()
        if isinstance(cell, Tell):
            assert all(words.endswith(".") for words in (cell.why, cell.instead) if words)


@pytest.mark.parametrize("word", Word)
def test_no_word_of_anybody_is_swallowed(word: Word) -> None:
    """In every state, of every side, with every proof: it is written down or answered; and of a sender who is known
    something follows, or a letter to them says why not. A stranger hears nothing, and somebody of a third agency
    nothing from the case: they are answered where mail is placed, and learn of no case."""
    for name, case in cases().items():
        for who in PEOPLE:
            for proof in (Proof.PROVEN, Proof.UNPROVEN, Proof.FAILED):
                decision = say(case, word, who, proof)
                cell = (name, word.value, who, proof.value)
                assert decision.events or is_answered(decision, who), cell
                assert who != STRANGER or not is_answered(decision, who), cell
                if who not in NOT_ANSWERED and not is_third(case, who, BOOK):
                    assert is_answered(decision, who) or decision.letters or changed(case, decision.case), cell


#: Every cell that does nothing.
TELLING = [(word, state) for word in Word for state in State if isinstance(CELLS[word][state], Tell)]
#: Of these the ones that nobody reaches: on the raiser's side of a provisional case stands a stranger alone.
UNHEARD = [(Word.REOPEN, State.PROVISIONAL), (Word.CLOSE, State.PROVISIONAL)]


@pytest.mark.parametrize(("word", "state"), TELLING)
def test_a_cell_that_does_nothing_tells_its_sender(word: Word, state: State) -> None:
    """Its sentence goes to whoever may say the word there, to nobody else, and nothing else of the case changes; there
    is somebody who may."""
    cell, heard = CELLS[word][state], 0
    assert isinstance(cell, Tell)
    for name in (state.value, f"{state.value}, last stage"):
        case = cases()[name]
        for who in (HELEN, FAY, DEV, UNIT, MANAGER):
            said = mail(who, word.value, at=AT, to=(BOT,), command=Command(word, NOTES.get(word, "")))
            is_stranger = case.unproven == "stranger" and not set(sides(case, who, BOOK)) - {Side.NONE, Side.RAISING}
            if is_stranger or not may(case, said, BOOK).may:
                continue
            heard += 1
            decision = arrived(case, said, BOOK)
            told = letter(decision, *NOTHING_CHANGED)
            assert (to(told), told.values.word, told.values.why) == (
                {who},
                word.value,
                cell.why.replace("{record}", "the child's own record"),
            )
            assert len(decision.letters) == 1
            assert not changed(case, decision.case)
    assert (heard == 0) is ((word, state) in UNHEARD)


# --- what one state cannot decide -------------------------------------------------------------------------------------

#: (case, word, who) -> how the reason begins.
TOLD = {
    ("awaiting_response", Word.YES, HELEN): "It answers no open question",
    ("awaiting_response", Word.NO, FAY): "It answers no open question",
    ("awaiting_response", Word.ADMIT, UNIT): "The sender of the challenge is confirmed",
    ("awaiting_response", Word.ACCEPT, FAY): "Nobody asked your team",
    ("awaiting_response", Word.DECLINE, FAY): "Nobody asked your team",
    ("awaiting_response", Word.RELEASE, UNIT): "No letter of this challenge waits",
    ("awaiting_response", Word.GO, UNIT): "Nothing of this challenge waits",
    ("awaiting_response", Word.LEAVE, UNIT): "This challenge was not only watched",
    ("awaiting_response", Word.NOT_CHILD_PROTECTION, ANIL): "The challenge is not marked",
    ("held", Word.HOLD, UNIT): "Letters wait already, until",
    ("undelivered", Word.EXTEND, HELEN): "The time of this stage begins",
    ("undelivered", Word.URGENT, HELEN): "The time of this stage begins",
    ("undelivered", Word.NOT_URGENT, HELEN): "The time of this stage begins",
    ("closed", Word.PHONE, HELEN): "The note is kept",
}


@pytest.mark.parametrize(("name", "word", "who"), TOLD)
def test_what_one_state_cannot_decide_is_told_too(name: str, word: Word, who: str) -> None:
    """Nobody was asked, no time has begun, nothing waits: the sender hears that, and what would change something."""
    told = letter(say(cases()[name], word, who), *NOTHING_CHANGED)
    assert to(told) == {who}
    assert told.values.why.startswith(TOLD[name, word, who])


def test_a_second_mark_and_a_second_go_are_told() -> None:
    """CHILD PROTECTION twice, GO twice in the mode approve: the first acts, the second is answered."""
    first = say(cases()["awaiting_response"], Word.CHILD_PROTECTION, FAY)
    again = arrived(first.case, mail(FAY, "CHILD PROTECTION", at=AT + hours(1)), BOOK)
    assert "already" in letter(again, *NOTHING_CHANGED).values.why
    approving = replace(BOOK, mode="approve")
    given = arrived(cases()["awaiting_response"], mail(UNIT, "GO", at=AT), approving)
    assert letters(given, *NOTHING_CHANGED) == []
    again = arrived(given.case, mail(UNIT, "GO", at=AT + hours(1)), approving)
    assert "given already" in letter(again, *NOTHING_CHANGED).values.why


def test_an_outcome_before_the_raisers_word_is_kept_and_passed_on() -> None:
    """It closes nothing; the raiser reads it, beside the question whether it is resolved."""
    decision = say(cases()["awaiting_confirmation"], Word.OUTCOME, FAY)
    assert decision.case.state is State.AWAITING_CONFIRMATION
    assert to(letter(decision, LetterKind.RELAY, "reply")) == {HELEN, MO}  # the window is of hours


def test_an_outcome_of_what_was_withdrawn_is_told() -> None:
    """A challenge that ended without a decision has no outcome to write down."""
    closed = arrived(served(opened()), mail(HELEN, "WITHDRAW", at=START + hours(1))).case
    told = letter(say(closed, Word.OUTCOME, FAY), *NOTHING_CHANGED)
    assert told.values.why.startswith("The challenge ended without a decision")


def test_yes_of_somebody_else_is_answered() -> None:
    """The question was not put to them: they hear that, and nothing changes."""
    asked = arrived(served(opened()), mail(HELEN, "RESOLVED", at=START + hours(1), proof=Proof.NONE))
    key = letter(asked, LetterKind.QUESTION, "confirm_word").key
    decision = arrived(asked.case, mail(FAY, "YES", at=START + hours(2)), BOOK, answered_key=key)
    assert to(letter(decision, *NOTHING_CHANGED)) == {FAY}
    assert not changed(asked.case, decision.case)


def test_a_word_that_is_confirmed_too_late_is_told() -> None:
    """YES to "is the word yours" lets the word do what it does now: where that is nothing, its sender hears why."""
    asked = arrived(served(opened()), mail(HELEN, "URGENT", at=START + hours(1), proof=Proof.FAILED))
    key = letter(asked, LetterKind.QUESTION, "confirm_word").key
    answered = arrived(asked.case, mail(FAY, "We visited today and the child was seen.", at=START + hours(2))).case
    decision = arrived(answered, mail(HELEN, "YES", at=START + hours(3)), BOOK, answered_key=key)
    told = letter(decision, *NOTHING_CHANGED)
    assert (to(told), told.values.word) == ({HELEN}, "URGENT")


@pytest.mark.parametrize("text", ["ANSWERED", "ANSWERED by telephone on Monday"])
def test_a_word_of_the_raisers_over_what_the_challenged_side_says_is_answered(text: str) -> None:
    """The raiser is asked whether it is the answer, and whoever wrote it hears that nothing has changed."""
    decision = arrived(cases()["awaiting_response"], mail(FAY, text, at=AT, to=(BOT,)), BOOK)
    assert to(letter(decision, LetterKind.INFORMATION, "taken")) == {FAY}
    assert HELEN in to(letter(decision, LetterKind.QUESTION, "whose_answer"))


def test_release_frees_what_a_hold_holds() -> None:
    """Where letters wait the word acts and tells nobody that it changes nothing."""
    decision = say(cases()["held"], Word.RELEASE, UNIT)
    assert decision.frees == (Hold.HOLD,)
    assert letters(decision, *NOTHING_CHANGED) == []


@pytest.mark.parametrize(
    ("changes", "record"),
    [
        ({}, "the child's own record"),
        ({"about": "adult"}, "the adult's own record"),
        ({"about": "child_or_adult"}, "the person's own record"),
        ({"follow_up": FollowUp(child_file=ChildFile(record="the resident's file"))}, "the resident's file"),
    ],
)
def test_the_record_is_called_what_the_policy_calls_it(changes: dict[str, Any], record: str) -> None:
    """ON FILE before the end is answered, and at the end asked for, in the policy's own words."""
    book = rules(**changes)
    case = cases()["awaiting_response"]
    said = arrived(case, mail(HELEN, "ON FILE", at=AT, to=(BOT,)), book)
    why = about(letter(said, LetterKind.INFORMATION, "nothing_changed"))["why"]
    assert why == f"The entry on {record} is asked for when the challenge has ended."
    assert [e.note for e in said.events if "ON FILE" in e.note] == [f"ON FILE: {why}"]
    ended = arrived(case, mail(HELEN, "WITHDRAW", at=AT, to=(BOT,)), book)
    assert {about(one)["own_record"] for one in letters(ended, LetterKind.OUTCOME)} == {record}
