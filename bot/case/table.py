"""The state table: decide(case, fact, rules, now) -> Decision; rules = policy + directory + calendar.

Rule 1: every change of a case begins in this table. Rule 2: no I/O, no SQL, no clock: time is an argument. The table
is total: for each kind of fact it names the function that answers and the states in which it does; in all others
nothing follows. Where a case may go is transitions.py's. What the functions do is in said/ and course/.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, Never, TypeVar, assert_never

from bot.case.course import approval, clock, closing, delivery, follow_up, hearing, stages, subclocks, unconfirmed
from bot.case.course.opening import open_case
from bot.case.making import agreed, forms, telling
from bot.case.making.draft import MISSED, Draft
from bot.case.said import answers, correct, protection, replies, words
from bot.case.said.unit import shadow
from bot.case.transitions import Kind, WrongMove, wrong_move
from bot.case.waited import as_it_goes
from bot.model import (
    WAITING,
    Alarm,
    AlarmKind,
    Arrival,
    Case,
    Correction,
    CorrectionKind,
    Deadline,
    Decision,
    Fact,
    FactKind,
    How,
    Letter,
    LetterServed,
    LetterUndelivered,
    Opening,
    State,
)
from bot.rules.book import Rules

F = TypeVar("F", contravariant=True)


@dataclass(frozen=True, slots=True)
class Row(Generic[F]):
    """What answers a kind of fact, in which states, and in words for whoever reads the table."""

    acts_in: tuple[State, ...]
    says: str
    act: Callable[[Draft, F], None]

    def answer(self, d: Draft, fact: F) -> None:
        """In every other state nothing follows; the fact is written down all the same."""
        if d.case.state in self.acts_in:
            self.act(d, fact)


_EVERY = tuple(State)
_OPEN = (*WAITING, State.AWAITING_CONFIRMATION, State.AWAITING_OUTCOME)
_CONFIRMATION, _OUTCOME, _CLOSED = (State.AWAITING_CONFIRMATION,), (State.AWAITING_OUTCOME,), (State.CLOSED,)

CORRECTIONS: dict[CorrectionKind, Callable[[Draft, Correction], None]] = {
    CorrectionKind.HOLD: lambda d, fact: closing.hold(d, fact.by),
    CorrectionKind.RELEASE: lambda d, fact: closing.release(d, fact.by),
    CorrectionKind.CORRECT: correct.correct,
    CorrectionKind.LIVE: lambda d, _fact: shadow.ask(d),
    CorrectionKind.MERGE: answers.merged,
}


def _read(d: Draft, fact: Arrival) -> None:
    is_new = fact.mail.digest not in d.case.mails and fact.how not in (How.AGAIN, How.MAY_ANSWER)
    replies.on_mail(d, fact)
    if is_new:
        protection.in_confidence(d, fact.mail)


MAIL: Row[Arrival] = Row(
    _EVERY, "a mail of the case was read: a reply, a holding reply, a word of the command table", _read
)
SERVED: Row[LetterServed] = Row(_EVERY, "a letter reached its addressee; a stage's clock begins", delivery.on_served)
UNDELIVERED: Row[LetterUndelivered] = Row(
    _EVERY, "a letter was refused or bounced: the next address is tried", delivery.on_undelivered
)
CORRECTED: Row[Correction] = Row(
    _OPEN,
    "a word of the operator or the business unit: hold, release, correct",
    lambda d, fact: CORRECTIONS[fact.what](d, fact),
)

ALARMS: dict[AlarmKind, Row[Deadline]] = {
    AlarmKind.CHASER: Row(WAITING, "those who are to reply are reminded", lambda d, row: stages.on_chaser(d, row.nth)),
    AlarmKind.LAPSE: Row(
        WAITING, "the time of the stage ends: the next stage is called in", lambda d, _row: stages.on_lapse(d)
    ),
    AlarmKind.REPEAT: Row(WAITING, "an urgent stage is asked again", lambda d, row: stages.on_repeat(d, row.nth)),
    AlarmKind.FORM: Row(
        _OPEN, "a form that was asked for is not there yet: it is asked for again", lambda d, _row: forms.on_reminder(d)
    ),
    AlarmKind.TELLING: Row(
        _OPEN, "the last stage: it is told again that nobody has answered", lambda d, _row: telling.tell(d)
    ),
    AlarmKind.CLOCK: Row(
        _OPEN,
        "another clock of the stage has ended: those it runs on are reminded",
        lambda d, row: subclocks.on_clock(d, row.item),
    ),
    AlarmKind.PARENT_NOTE: Row(
        WAITING, "both sides hear that the parent policy's time has passed", lambda d, _row: stages.on_parent_note(d)
    ),
    AlarmKind.DELAYED: Row(
        WAITING, "it is told that a letter is still under way", lambda d, _row: delivery.on_delayed(d)
    ),
    AlarmKind.ASK: Row(
        _CONFIRMATION, "the raiser is asked whether it is resolved", lambda d, row: answers.on_ask(d, row.nth)
    ),
    AlarmKind.UNCONFIRMED: Row(
        _CONFIRMATION,
        "answered, not confirmed: managers and leads are asked whether it can wait; then the next stage is called in",
        lambda d, row: unconfirmed.on_unconfirmed(d, row.nth),
    ),
    AlarmKind.DOUBTFUL: Row(
        WAITING, "the raiser is asked again whether mails that may answer do", lambda d, _row: answers.on_doubtful(d)
    ),
    AlarmKind.OUTCOME_CHASER: Row(
        _OUTCOME, "the outcome in writing is reminded of", lambda d, _row: closing.on_outcome_chaser(d)
    ),
    AlarmKind.OUTCOME_DUE: Row(
        _OUTCOME, "the outcome in writing is due: the case closes", lambda d, _row: closing.on_outcome_due(d)
    ),
    AlarmKind.GO: Row(
        WAITING, "the mode approve: what waited for a GO goes without one", lambda d, _row: approval.go(d, "clock")
    ),
    AlarmKind.WORD_MANAGER: Row(
        _OPEN, "a word that nobody confirmed: the manager is asked", lambda d, _row: words.on_word_manager(d)
    ),
    AlarmKind.CHILD_FILE: Row(
        _CLOSED,
        "both sides are asked whether it stands on the person's own record",
        lambda d, _row: follow_up.on_child_file(d),
    ),
    AlarmKind.ACTION: Row(
        _CLOSED,
        "the day of an agreed action: both sides are asked whether it is done",
        lambda d, row: agreed.on_action(d, row.item),
    ),
    AlarmKind.ACTION_LATE: Row(
        _CLOSED,
        "nobody of the raiser's side has said that an agreed action is done: both sides and those over them are told",
        lambda d, row: agreed.on_action_late(d, row.item),
    ),
    AlarmKind.PROMPT: Row(
        _CLOSED, "what the policy asks after the end is reminded of", lambda d, row: follow_up.on_prompt(d, row.item)
    ),
    AlarmKind.PROMPT_LATE: Row(
        _CLOSED, "what the policy asks after the end is late", lambda d, row: follow_up.on_prompt_late(d, row.item)
    ),
    AlarmKind.MEETING_RECORD: Row(
        _EVERY,
        "the day after a meeting: who keeps its record is asked for it, and once more",
        lambda d, row: hearing.on_record(d, row.stage, row.nth),
    ),
    AlarmKind.HOLD_END: Row(_OPEN, "a hold ends: letters go again", lambda d, _row: closing.release(d, "clock")),
}

#: Every kind of fact but the opening, which has no case yet; to be read, for each row answers a type of its own.
TABLE: dict[Kind, Row[Never]] = {
    FactKind.MAIL: MAIL,
    FactKind.SERVED: SERVED,
    FactKind.UNDELIVERED: UNDELIVERED,
    FactKind.CORRECTION: CORRECTED,
}
TABLE.update(ALARMS.items())


def kind_of(fact: Fact) -> Kind:
    """The row of the table a fact belongs to."""
    match fact:
        case Opening():
            return FactKind.OPENING
        case Arrival():
            return FactKind.MAIL
        case LetterServed():
            return FactKind.SERVED
        case LetterUndelivered():
            return FactKind.UNDELIVERED
        case Correction():
            return FactKind.CORRECTION
        case Alarm(deadline=deadline):
            return deadline.kind
        case _:
            assert_never(fact)


def occasion_of(fact: Fact, now: datetime) -> str:
    """What a letter of this decision is the consequence of; with the kind and addressee it is sent once."""
    match fact:
        case Opening(mail=mail) | Arrival(mail=mail):
            return mail.digest
        case Alarm(deadline=deadline):
            return deadline.key
        case LetterServed(key=key):
            return f"served:{key}"
        case LetterUndelivered(key=key, recipient=recipient):
            return f"undelivered:{recipient}:{key}"
        case Correction(what=what, by=by):
            return f"{what}:{by}:{now:%Y%m%dT%H%M%S%f}"


def decide(case: Case | None, fact: Fact, rules: Rules, now: datetime) -> Decision:
    """What follows from `fact`. `case` is None exactly when the fact is an Opening.

    Raises WrongMove, if the rules are strict, where the case moved as no transition allows; else the decision says it.
    """
    if isinstance(fact, Opening):
        draft = open_case(fact, rules, now)
        protection.in_confidence(draft, fact.mail)
    elif case is None:
        raise ValueError("only an opening has no case")
    else:
        draft = Draft(case, rules, now, occasion_of(fact, now), late=_late(fact, now))
        _answer(draft, fact)
    shadow.note(draft)
    return settled(draft, case, kind_of(fact))


def _answer(d: Draft, fact: Arrival | Alarm | LetterServed | LetterUndelivered | Correction) -> None:
    match fact:
        case Arrival():
            MAIL.answer(d, fact)
        case LetterServed():
            SERVED.answer(d, fact)
        case LetterUndelivered():
            UNDELIVERED.answer(d, fact)
        case Correction():
            CORRECTED.answer(d, fact)
        case Alarm(deadline=row):
            d.drop_alarms(lambda one: one.key == row.key)
            d.deaf_since, d.waits_unread = fact.deaf_since, fact.waits_unread
            ALARMS[row.kind].answer(d, row)
        case _:
            assert_never(fact)


def settled(d: Draft, before: Case | None, kind: Kind) -> Decision:
    """The decision, held to the transitions: see `decide`."""
    wrong = wrong_move(before, kind, d.case)
    if wrong and d.rules.strict:
        raise WrongMove(wrong)
    return replace(d.decision(), wrong_move=wrong)


def _late(fact: Fact, now: datetime) -> datetime | None:
    """The minute it should have happened, when that was missed by more than a little."""
    if isinstance(fact, Alarm) and now - fact.deadline.at > MISSED:
        return fact.deadline.at
    return None


def restated(letter: Letter, case: Case, rules: Rules, now: datetime) -> Letter:
    """A letter that starts a clock states the times it will have if it is served now; one that says how the case
    stands, how it stands now."""
    run, standing, draft = case.run, letter.standing, Draft(case, rules, now, letter.occasion)
    if standing is None or not letter.starts_clock or letter.stage != case.stage:
        return as_it_goes(draft, letter)
    if run is None or run.began is not None:
        return letter
    clock.begin(draft, now)
    now_is = draft.standing()
    clocks = now_is.clocks if standing.clocks else ()
    return replace(letter, standing=replace(standing, due=now_is.due, due_why=now_is.due_why, clocks=clocks))
