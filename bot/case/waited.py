"""Whether a letter that could not go at once may still go, and what it says then.

What has been overtaken goes to nobody: a question that is answered, over, or has no code any more, a reminder of what
was done, a word about a moment that is past. What others wrote goes on whatever happened, and what says how a case
stands says it as it stands when it goes. It holds no letter back, and knows neither store nor clock.
"""

from dataclasses import replace
from datetime import datetime

from bot.case.course.clock import time_left
from bot.case.making.draft import MISSED, Draft
from bot.case.said.codes import CODE_FOR, CONFIRMS
from bot.case.said.command import stages_so_far
from bot.model import WAITING, Case, Letter, LetterKind, QuestionKind, State
from bot.model.letters import Answer, Chaser, Information, Notice, Question, Relay, Response

#: Behind the occasion of a copy that goes later than the letter: who answers it answers that one.
LATER = "/later"
#: Letters of one moment: once the case has moved, other letters have said what counts.
_OF_A_MOMENT = (
    Information.NothingChanged, Information.Received, Information.Taken, Question.ByWhen, Question.NotYours,
)  # fmt: skip
#: Questions that the case keeps while they are open.
_KEPT = (
    Question.AllTheSame, Question.ConfirmManager, Question.ConfirmWord, Question.Ended, Question.NextNow, Question.Send,
    Question.Transfer, Question.WhoseAnswer,
)  # fmt: skip
#: What says how the case stands, and is the same however often it is asked: of several to one reader the last counts.
LAST_COUNTS = (Answer.Status, Answer.Why)


def still_true(case: Case, letter: Letter, now: datetime) -> bool:
    """Whether a letter that was held may go: it says what is so, or what was written."""
    values = letter.values
    match values:
        case Notice.Provisional():
            return case.state is State.PROVISIONAL
        case Chaser.Outcome() | Question.Outcome():
            return case.state is State.AWAITING_OUTCOME
        case Chaser.Half() | Chaser.Last() | Chaser.Raiser() | Chaser.Provisional() | Chaser.Nudged():
            run = case.run
            return case.state in WAITING and letter.stage == case.stage and run is not None and run.ended is None
        case Response.Responded() | Response.Again() | Response.Manager() | Question.Unconfirmed():
            return case.state is State.AWAITING_CONFIRMATION
        case Question.Saying() | Question.Phoned():
            return case.state in (*WAITING, State.AWAITING_CONFIRMATION)
    if isinstance(values, _OF_A_MOMENT):
        return not _has_moved(case, letter)
    if isinstance(values, _KEPT):
        return _is_open(case, letter, now)
    return case.is_open or letter.kind is not LetterKind.QUESTION


def _has_moved(case: Case, letter: Letter) -> bool:
    """Whether the case stands otherwise than when the letter was decided."""
    due = letter.standing.due if letter.standing else None
    entered, decided = case.run.entered if case.run else None, letter.decided
    has_entered = entered is not None and decided is not None and entered > decided
    return letter.stage != case.stage or due != case.due or has_entered


def _is_open(case: Case, letter: Letter, now: datetime) -> bool:
    """Whether the case still waits for its answer, at the stage where it was asked, and a code that it bears counts."""
    of = f"{letter.occasion.removesuffix(LATER)}/{letter.kind.value}/"
    is_copy = letter.occasion.endswith(LATER)
    row = next((q for q in case.questions if q.key == letter.key or (is_copy and q.key.startswith(of))), None)
    if row is None or not (case.is_open or row.about is QuestionKind.TASK):
        return False
    at, run = row.at or now, case.run
    is_past = row.about in CONFIRMS and run is not None and at < run.entered
    bears = isinstance(letter.values, Question.ConfirmWord | Question.ConfirmManager) and letter.values.code
    return not is_past and not (bears and (not row.code or now - at > CODE_FOR))


def as_it_goes(d: Draft, letter: Letter) -> Letter:
    """What is said of how the case stands, as it stands now; any other letter as it is."""
    told, state, run = letter.values, d.case.state, d.case.run
    values: Answer.Status | Answer.Why | Relay.Onward
    match told:
        case Answer.Status(named=named):
            values = Answer.Status(state=state.value, history=stages_so_far(d), named=named)
        case Answer.Why():
            values = Answer.Why(state=state.value, began=run.began if run else None, cause=run.why if run else "")
        case Relay.Onward():
            is_awaited = told.awaited and state in WAITING and letter.stage == d.case.stage
            values = replace(told, awaited=is_awaited)
        case Chaser.Half() | Chaser.Last() | Chaser.Raiser() if letter.decided and d.now - letter.decided > MISSED:
            return replace(letter, values=replace(told, left=time_left(d)))
        case _:
            return letter
    return replace(d.as_it_stands(letter), values=values)
