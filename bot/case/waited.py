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
from bot.model.letters import Answer, Chaser, Information, Notice, Question, Relay, Response, TheForm

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
            run, is_theirs = case.run, letter.standing is None or letter.standing.team == case.team
            is_awaited = case.state in WAITING and letter.stage == case.stage and run is not None and run.ended is None
            return is_awaited and (is_theirs or not isinstance(values, Chaser.Half | Chaser.Last | Chaser.Nudged))
        case Response.Responded() | Response.Again() | Response.Manager() | Question.Unconfirmed():
            return case.state is State.AWAITING_CONFIRMATION
        case Chaser.Form():
            asked = {one.form for one in letter.attach if isinstance(one, TheForm)}
            return any(state.form in asked and state.got is None for state in case.forms)
        case Question.NotYours(may_ask=False):
            return True  # no letter of the case reaches them
        case Question.Saying() | Question.Phoned():
            return case.state in (*WAITING, State.AWAITING_CONFIRMATION)
    if isinstance(values, _OF_A_MOMENT):
        return not _has_moved(case, letter)
    if isinstance(values, _KEPT):
        return _is_open(case, letter, now)
    return letter.kind is not LetterKind.QUESTION or not _has_ended(case, letter.decided or now)


def still_asks(case: Case, letter: Letter, now: datetime) -> bool:
    """Whether a letter that nothing held asks for what is still awaited. What tells somebody something goes: it was so
    when it was decided, and may be all that they hear."""
    if isinstance(letter.values, Response.Responded | Response.Again | Response.Manager):
        who = case.closing_by  # has said what would be asked; another reader learns here that an answer came
        has_said = who is not None and who.email in {contact.email for contact in letter.to}
        return not has_said or (case.is_open and case.state is not State.AWAITING_OUTCOME)
    tells = isinstance(letter.values, (*_OF_A_MOMENT, Question.MeetingRecord))  # a record is owed after the end too
    is_asked = letter.kind in (LetterKind.CHASER, LetterKind.QUESTION) and not tells
    return not is_asked or still_true(case, letter, now)


def _has_moved(case: Case, letter: Letter) -> bool:
    """Whether the case stands otherwise than when the letter was decided. That time was given or taken while a reply is
    awaited tells nobody of what was said before."""
    entered, decided = case.run.entered if case.run else None, letter.decided
    has_entered = entered is not None and decided is not None and entered > decided
    return letter.stage != case.stage or has_entered or (_has_other_time(case, letter) and case.state not in WAITING)


def _has_other_time(case: Case, letter: Letter) -> bool:
    return letter.standing is not None and letter.standing.due != case.due


def _has_ended(case: Case, asked: datetime) -> bool:
    """Whether it ended after that was asked: what is asked of a closed case is asked all the same."""
    return not case.is_open and (case.closed is None or asked < case.closed)


def _is_open(case: Case, letter: Letter, now: datetime) -> bool:
    """Whether the case still waits for its answer, at the stage where it was asked, and a code that it bears counts."""
    of = f"{letter.occasion.removesuffix(LATER)}/{letter.kind.value}/"
    is_copy = letter.occasion.endswith(LATER)
    row = next((q for q in case.questions if q.key == letter.key or (is_copy and q.key.startswith(of))), None)
    if row is None or (row.about is not QuestionKind.TASK and _has_ended(case, row.at or letter.decided or now)):
        return False
    at, run = row.at or now, case.run
    is_past = row.about in CONFIRMS and run is not None and at < run.entered
    bears = isinstance(letter.values, Question.ConfirmWord | Question.ConfirmManager) and letter.values.code
    return not is_past and not (bears and (not row.code or now - at > CODE_FOR))


def as_it_goes(d: Draft, letter: Letter) -> Letter:
    """What is said of how the case stands, as it stands now; any other letter as it is."""
    told, state, run = letter.values, d.case.state, d.case.run
    is_late = letter.decided is not None and d.now - letter.decided > MISSED
    is_other = letter.standing is not None and (letter.standing.due, letter.standing.team) != (d.case.due, d.case.team)
    values, is_true = told, still_true(d.case, letter, d.now)  # of what is not, nothing of now is said
    is_stale = is_true and (is_late or is_other)
    match told:
        case Answer.Status(named=named):
            values = Answer.Status(state=state.value, history=stages_so_far(d), named=named)
        case Answer.Why():
            values = Answer.Why(state=state.value, began=run.began if run else None, cause=run.why if run else "")
        case Relay.Onward():
            is_awaited = told.awaited and state in WAITING and letter.stage == d.case.stage
            values = replace(told, awaited=is_awaited)
        case Chaser.Half() | Chaser.Last() | Chaser.Raiser() | Chaser.Provisional() if is_stale:
            values = replace(told, left=time_left(d))
        case _:
            return d.as_it_stands(letter) if isinstance(told, _OF_A_MOMENT) and is_stale else letter
    return replace(d.as_it_stands(letter), values=values)
