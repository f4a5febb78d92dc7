"""The state table: decide(case, fact, rules, now) -> Decision; rules = policy + directory + calendar.

Rule 1: every change of a case begins in this table. Rule 2: no I/O, no SQL, no clock: time is an argument. The table
is total: for each state and each kind of fact it names the function that answers, and "nothing follows" is written
out. What the functions do is in opening, stages, delivery, replies, words and closing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.case.course import approval, clock, closing, delivery, follow_up, stages, subclocks
from bot.case.course.opening import open_case
from bot.case.making import forms
from bot.case.making.draft import MISSED, Draft
from bot.case.said import answers, correct, replies, shadow, words
from bot.model import (
    WAITING,
    Alarm,
    Arrival,
    Case,
    Correction,
    Decision,
    Fact,
    Letter,
    LetterServed,
    LetterUndelivered,
    Opening,
    State,
)
from bot.rules.book import Rules

Answer = Callable[[Draft, Fact], None]


def nothing(_d: Draft, _fact: Fact) -> None:
    """Nothing follows; the fact is written down all the same."""


def on_arrival(d: Draft, fact: Fact) -> None:
    assert isinstance(fact, Arrival)  # noqa: S101
    replies.on_mail(d, fact)


def on_served(d: Draft, fact: Fact) -> None:
    assert isinstance(fact, LetterServed)  # noqa: S101
    delivery.on_served(d, fact)


def on_undelivered(d: Draft, fact: Fact) -> None:
    assert isinstance(fact, LetterUndelivered)  # noqa: S101
    delivery.on_undelivered(d, fact)


def on_correction(d: Draft, fact: Fact) -> None:
    assert isinstance(fact, Correction)  # noqa: S101
    if fact.what == "hold":
        closing.hold(d, fact.by)
    elif fact.what == "release":
        closing.release(d, fact.by)
    elif fact.what == "correct":
        correct.correct(d, fact)
    elif fact.what == "live":
        shadow.ask(d)


#: kind of fact -> state -> what answers it.
TABLE: dict[str, dict[State, Answer]] = {
    "mail": dict.fromkeys(State, on_arrival),
    "served": dict.fromkeys(State, on_served),
    "undelivered": dict.fromkeys(State, on_undelivered),
    "correction": dict.fromkeys(State, on_correction) | {State.CLOSED: nothing},
}

_OPEN = (*WAITING, State.AWAITING_CONFIRMATION, State.AWAITING_OUTCOME)

#: kind of alarm -> the states in which it does something, and what. In all others nothing follows.
ALARMS: dict[str, tuple[tuple[State, ...], Callable[[Draft, int], None]]] = {
    "chaser": (WAITING, lambda d, _n: stages.on_chaser(d)),
    "lapse": (WAITING, lambda d, _n: stages.on_lapse(d)),
    "repeat": (WAITING, stages.on_repeat),
    "form": (_OPEN, lambda d, _n: forms.on_reminder(d)),
    "telling": (_OPEN, lambda d, _n: stages.tell(d)),
    "clock": (_OPEN, subclocks.on_clock),
    "parent_note": (WAITING, lambda d, _n: stages.on_parent_note(d)),
    "delayed": (WAITING, lambda d, _n: delivery.on_delayed(d)),
    "ask": ((State.AWAITING_CONFIRMATION,), answers.on_ask),
    "outcome_chaser": ((State.AWAITING_OUTCOME,), lambda d, _n: closing.on_outcome_chaser(d)),
    "outcome_due": ((State.AWAITING_OUTCOME,), lambda d, _n: closing.on_outcome_due(d)),
    "go": (WAITING, lambda d, _n: approval.go(d, "clock")),
    "word_manager": (_OPEN, lambda d, _n: words.on_word_manager(d)),
    "child_file": ((State.CLOSED,), follow_up.on_child_file),
    "action": ((State.CLOSED,), follow_up.on_action),
    "prompt": ((State.CLOSED,), follow_up.on_prompt),
    "prompt_late": ((State.CLOSED,), follow_up.on_prompt_late),
    "hold_end": (_OPEN, lambda d, _n: closing.release(d, "clock")),
}


def _on_alarm(kind: str) -> dict[State, Answer]:
    live, act = ALARMS[kind]

    def answer(d: Draft, fact: Fact) -> None:
        assert isinstance(fact, Alarm)  # noqa: S101
        act(d, fact.deadline.n)

    return {state: answer if state in live else nothing for state in State}


TABLE |= {kind: _on_alarm(kind) for kind in ALARMS}


def kind_of(fact: Fact) -> str:
    """The row of the table a fact belongs to."""
    if isinstance(fact, Alarm):
        return fact.deadline.kind
    names = {Arrival: "mail", LetterServed: "served", LetterUndelivered: "undelivered", Correction: "correction"}
    return names.get(type(fact), "opening")


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
    """What follows from `fact`. `case` is None exactly when the fact is an Opening."""
    if isinstance(fact, Opening):
        opened = open_case(fact, rules, now)
        shadow.note(opened)
        return opened.decision()
    if case is None:
        raise ValueError("only an opening has no case")
    draft = Draft(case, rules, now, occasion_of(fact, now), late=_late(fact, now))
    if isinstance(fact, Alarm):
        draft.set(deadlines=tuple(a for a in case.deadlines if a.key != fact.deadline.key))
        draft.deaf_since = fact.deaf_since
    TABLE[kind_of(fact)][case.state](draft, fact)
    shadow.note(draft)
    return draft.decision()


def _late(fact: Fact, now: datetime) -> datetime | None:
    """The minute it should have happened, when that was missed by more than a little."""
    if isinstance(fact, Alarm) and now - fact.deadline.at > MISSED:
        return fact.deadline.at
    return None


def restated(letter: Letter, case: Case, rules: Rules, now: datetime) -> Letter:
    """A letter that starts a clock states the times it will have if it is served now."""
    run, standing = case.run, letter.standing
    if standing is None or not letter.starts_clock or letter.stage != case.stage:
        return letter
    if run is None or run.began is not None:
        return letter
    draft = Draft(case, rules, now, letter.occasion)
    clock.begin(draft, now)
    now_is = draft.standing()
    clocks = now_is.clocks if standing.clocks else ()
    return replace(letter, standing=replace(standing, due=now_is.due, due_why=now_is.due_why, clocks=clocks))
