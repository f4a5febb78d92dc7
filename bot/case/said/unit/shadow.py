"""A case of the mode `shadow`, once letters may go: nothing of it goes until the business unit says GO or LEAVE.

What was decided in shadow reached nobody, so what is due next would speak of letters that nobody had. The clock runs
on meanwhile, unseen. After GO the running stage is told to its people with a fresh time; after LEAVE the case is
watched only, to its end. In which mode a mailbox stands is engine/turn.py's.
"""

from datetime import datetime

from bot.case.course import closing
from bot.case.course.stages import LIVE, enter
from bot.case.making.draft import Draft
from bot.case.said import answers
from bot.model import WAITING, Case, Contact, EventKind, Flag, Letter, LetterKind, State
from bot.model.letters import Information, Notice, Question
from bot.rules.book import Mode
from bot.rules.directory import UNIT

_MAY_READ = frozenset({*UNIT, "operator"})
#: What the business unit is asked or told about its own word, or another's: without it GO and LEAVE could be lost.
_OF_WORDS = (Question.Shadowed, Information.NothingChanged, Question.ConfirmWord, Question.Correct)


def note(d: Draft) -> None:
    """A letter was decided that nobody gets: the case is marked."""
    if d.rules.mode == Mode.SHADOW and d.case.is_open and d.letters:
        d.flag(Flag.SHADOWED)


def ask(d: Draft) -> None:
    """Letters may go from now on: the business unit is asked about this case, once; without one the operator."""
    if d.case.is_open and d.case.has(Flag.SHADOWED) and not d.case.has(Flag.SHADOW_ASKED):
        d.flag(Flag.SHADOW_ASKED)
        d.write(Question.Shadowed(), d.unit or (d.rules.operator,))


def withholds(case: Case, letter: Letter) -> bool:
    """Whether a letter of this case goes to nobody: all but what somebody asked for, and what the business unit is
    asked about words."""
    if not case.has(Flag.SHADOWED) or letter.kind in (LetterKind.ALERT, LetterKind.ANSWER):
        return False
    is_asked = isinstance(letter.values, _OF_WORDS)
    return not (is_asked and all(contact.role in _MAY_READ for contact in (*letter.to, *letter.cc)))


def over(case: Case, letter: Letter, queued: datetime, now: datetime) -> str:
    """Why a letter that was kept back can be true for nobody any more; "" while it still is."""
    run = case.runs[-1] if case.runs else None
    if not case.is_open:
        return "the case has ended"
    if not case.has(Flag.SHADOWED) or (run is not None and letter.stage == run.stage and queued < run.entered):
        return "letters of the case go again, and its stage was told afresh"
    if letter.stage and letter.stage != case.stage:
        return "its stage is over"
    return "the time that it gives is over" if case.due is not None and case.due <= now else ""


def go(d: Draft, by: Contact) -> None:
    """GO: those who act now hear of it as the case stands."""
    for flag in (Flag.SHADOWED, Flag.SHADOW_ASKED, Flag.SHADOW_LEFT):
        d.unflag(flag)
    d.event(EventKind.RELEASED, by=by.email, note="GO")
    if d.is_stranger:
        d.write(Notice.Provisional(original=d.original()), (*d.inbox, *d.unit))
    elif d.case.state in WAITING:
        enter(d, d.stage, LIVE, by)
    elif d.case.state is State.AWAITING_CONFIRMATION:
        answers.on_ask(d, 1)
    elif d.case.state is State.AWAITING_OUTCOME:
        closing.on_outcome_chaser(d)


def leave(d: Draft, by: Contact) -> None:
    """LEAVE: nothing of this case is sent; it stands in the daily letter until it ends."""
    d.flag(Flag.SHADOW_LEFT)
    d.event(EventKind.ATTACHED, by=by.email, note="LEAVE")
