"""What each command does, once it is known that its sender may use it. ACTS is the table.

The raiser's words open, close and set clocks; the responding side's answer and commit; the business unit's stand in
unit.py. Who may say what is in rules/authority.py; a word that no function stands behind is kept for a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.case.course import closing, follow_up, hearing, subclocks
from bot.case.course.clock import (
    has_urgent,
    longest_tier,
    own_window,
    shortest_tier,
    stage_due,
    tops,
    track_window,
    wind,
)
from bot.case.course.delivery import redirect_from
from bot.case.course.stages import enter, tell
from bot.case.making import ends_with
from bot.case.making.draft import Draft
from bot.case.said import answers, command, correct, protection, transfer, unit
from bot.case.said.command import Said
from bot.model import WAITING, ClosedAs, Contact, Due, EventKind, Flag, State, Unit, Window
from bot.model.letters import Information, Question, person
from bot.rules import workdays
from bot.rules.authority import Side
from bot.rules.windows import granted


def _resolved(d: Draft, said: Said) -> None:
    if d.case.is_open and d.case.state is not State.AWAITING_OUTCOME:
        closing.await_outcome(d, said.word, said.by, said.mail)


def _not_resolved(d: Draft, said: Said) -> None:
    """The next stage at once; while the outcome is awaited, this stage afresh."""
    if not d.case.is_open:
        d.event(EventKind.ATTACHED, by=said.by.email, note="the case is closed")
        return
    d.event(EventKind.NOT_RESOLVED, by=said.by.email, note=said.word)
    following = d.following
    if d.case.state is State.AWAITING_OUTCOME:
        d.set(closing_word="", closing_at=None)
        closing.again(d, said.by)
    elif following is None or d.is_stranger:
        d.set(state=State.AWAITING_RESPONSE if not d.is_stranger else d.case.state)
        d.quiet("ask")
        tell(d)
    else:
        enter(d, following, "asked", said.by)


def _withdraw(d: Draft, said: Said) -> None:
    if d.case.is_open:
        d.event(EventKind.WITHDRAWN, by=said.by.email)
        closing.close(d, ClosedAs.WITHDRAWN, said.by, said.mail)


def _reopen(d: Draft, said: Said) -> None:
    if not d.case.is_open:
        closing.reopen(d, said.by)


def _extend(d: Draft, said: Said) -> None:
    """Counts from the word, or names a date; never makes a due time earlier; may pass the ceiling."""
    case, cal = d.case, d.rules.calendar
    asked = granted(said.note, d.now, [t.window for t in d.rules.policy.intake.tiers])
    if asked.window is not None:
        asked = replace(asked, window=d.rules.policy.as_meant(asked.window))
    if case.state not in WAITING or case.due is None or (asked.window is None and asked.by is None):
        choice = ("EXTEND 2 working days", "or name a date: EXTEND until Friday 5pm")
        d.write(Question.Meaning(choices=(choice,)), [said.by], mail=said.mail)
        return
    due = Due(asked.by, "the raiser's side named it") if asked.by else workdays.due(asked.window, d.now, cal)  # type: ignore[arg-type]
    before = case.due
    if due.at > before:
        if case.run is not None and case.run.began is not None:
            d.run(window=asked.window or case.run.window, by=asked.by)
        wind(d, due, d.now)
    d.event(EventKind.EXTENDED, by=said.by.email, note=str(asked.window or ""))
    told = Information.Extended(before=before, after=d.case.due or before, past_ceiling=_is_past_ceiling(d))
    for to in ([case.raiser], d.responders):
        d.write(told, to, mail=said.mail)


def _is_past_ceiling(d: Draft) -> bool:
    due = d.case.due
    return due is not None and any(due > top.at for _, top in tops(d, d.stage))


def _urgent(d: Draft, said: Said) -> None:
    """The shortest tier, counted from the word, never later than the due it replaces."""
    if d.case.state not in WAITING or d.case.due is None:
        return
    if has_urgent(d):
        d.flag(Flag.URGENT)
    tier = (track_window(d, d.stage) if has_urgent(d) else None) or shortest_tier(d, d.now)
    due = workdays.due(tier, d.now, d.rules.calendar)
    is_sooner = due.at < d.case.due
    if tier.unit is Unit.HOURS:
        d.set(urgent=True, window=tier)  # what letters say it was raised as needing
    _change(d, said, due if is_sooner else Due(d.case.due, d.case.due_why), tier if is_sooner else None)


def _not_urgent(d: Draft, said: Said) -> None:
    """The longest tier where the subject chose the time; at a later stage the due time is the policy's and stays."""
    if d.case.state not in WAITING or d.case.due is None:
        return
    d.unflag(Flag.URGENT)
    is_first = len(d.case.runs) == 1
    longest = own_window(d, d.stage, d.case.opened) or longest_tier(d, d.case.opened)
    due = stage_due(d, d.stage, d.case.opened, longest, None)
    is_later = is_first and due.at > d.case.due
    if is_first:
        d.set(window=longest)
    stays_urgent = is_first and longest.unit is Unit.HOURS  # a track's hours are not the raiser's to take away
    d.set(urgent=stays_urgent)
    if not stays_urgent:
        d.quiet("repeat")
    _change(d, said, due if is_later else Due(d.case.due, d.case.due_why), longest if is_later else None)


def _change(d: Draft, said: Said, due: Due, window: Window | None) -> None:
    before = d.case.due or d.now
    if window is not None:
        d.run(window=window, by=None)
        wind(d, due, d.now)
    d.event(EventKind.FLAGGED, by=said.by.email, note=said.word)
    told = Information.Changed(before=before, after=due.at, word=said.word)
    for to in ([d.case.raiser], d.responders):
        d.write(told, to, mail=said.mail)


def _answered(d: Draft, said: Said) -> None:
    """The raiser reports an answer that we did not see."""
    if d.case.state in WAITING:
        d.flag(Flag.REPORTED)
        d.event(EventKind.REPORTED, by=said.by.email)
        by = d.first_responder or Contact("")
        answers.responded(d, said.mail, by, said.mail.received, "reported by the raiser's side", is_reported=True)


def _phone(d: Draft, said: Said) -> None:
    """A telephone note resolves nothing: kept, passed on, asked about."""
    d.event(EventKind.PHONE, by=said.by.email)
    if Side.RESPONDING in said.stand:
        answers.pass_on(d, said.mail, said.by)
    if d.case.is_open and not d.is_stranger:
        d.write(Question.Meaning(choices=answers.CHOICES), [d.case.raiser], mail=said.mail, human=said.by)


def _received(d: Draft, said: Said) -> None:
    """Commits to answer and becomes the owner: ends the reminders that nobody has seen it, never the clock."""
    if d.case.state not in WAITING:
        return
    d.set(owner=said.by.email, commitments=(*d.case.commitments, (said.by.email, said.note)))
    subclocks.stop(d, "received")
    chasers = [a for a in d.case.deadlines if a.kind == "chaser"]
    d.set(deadlines=tuple(a for a in d.case.deadlines if a.kind != "chaser" or a is chasers[-1]))
    hearing.commits(d, said.note, said.by, said.mail)
    d.event(EventKind.RECEIVED, by=said.by.email, note=said.note)
    if not answers.reached_raiser(d, said.mail) and not d.is_stranger:
        told = Information.Received(who=person(said.by), words=said.note)
        d.write(told, [d.case.raiser], mail=said.mail, human=said.by)


def _outcome(d: Draft, said: Said) -> None:
    if d.case.state is State.AWAITING_OUTCOME:
        closing.outcome_written(d, said.mail, said.by)
    elif d.case.state in WAITING:
        follow_up.note_actions(d, said.mail)
        answers.responded(d, said.mail, said.by, said.mail.received)
    elif not d.case.is_open:
        follow_up.outcome_again(d, said.mail, said.by)


def _not_mine(d: Draft, said: Said) -> None:
    """The wrong person: the directory's next is written to and the raiser is told; the clock is unmoved."""
    question = transfer.asked(d, said.by)
    if question is not None:
        transfer.decline(d, question, said.by)
        return
    d.event(EventKind.NOT_MINE, by=said.by.email)
    d.flag(Flag.WRONG_PERSON)
    redirect_from(d, said.by.email)
    if d.case.is_open and not d.is_stranger:
        d.write(Information.NotMine(who=person(said.by)), [d.case.raiser], mail=said.mail, human=said.by)


def _accept(d: Draft, said: Said) -> None:
    """Only who was asked accepts, whatever side they stand on."""
    question = transfer.asked(d, said.by)
    if question is None or d.case.state not in WAITING:
        d.event(EventKind.REFUSED, by=said.by.email, note=f"{said.word}: nobody was asked")
    elif said.word == "ACCEPT":
        transfer.accept(d, question, said.by)
    else:
        transfer.decline(d, question, said.by)


def _on_file(d: Draft, said: Said) -> None:
    follow_up.on_file(d, said.stand, said.by)


def _child_protection(d: Draft, said: Said) -> None:
    protection.signalled(d, said.word, said.by, said.mail)


def _not_child_protection(d: Draft, said: Said) -> None:
    protection.cleared(d, said.word, said.by, said.mail)


def _appoint(d: Draft, said: Said) -> None:
    ends_with.appointed(d, said.note, said.by, said.mail)


def _correct(d: Draft, said: Said) -> None:
    """The challenged side gains by a later due time: of its line the business unit is asked."""
    may_act = Side.UNIT in said.stand or (Side.RAISING in said.stand and Side.RESPONDING not in said.stand)
    correct.said(d, said.note, said.by, said.mail, may_act=may_act)


ACTS: dict[str, Callable[[Draft, Said], None]] = {
    "RESOLVED": _resolved,
    "NOT RESOLVED": _not_resolved,
    "ESCALATE": _not_resolved,
    "WITHDRAW": _withdraw,
    "REOPEN": _reopen,
    "EXTEND": _extend,
    "URGENT": _urgent,
    "NOT URGENT": _not_urgent,
    "ANSWERED": _answered,
    "PHONE": _phone,
    "RECEIVED": _received,
    "OUTCOME": _outcome,
    "NOT MINE": _not_mine,
    "ACCEPT": _accept,
    "DECLINE": _accept,
    "ON FILE": _on_file,
    "STATUS": lambda d, said: command.status(d, said.by, said.mail),
    "MEETING": lambda d, said: hearing.meeting(d, said.note, said.by, said.mail),
    "CHILD PROTECTION": _child_protection,
    "NOT CHILD PROTECTION": _not_child_protection,
    "DECIDED": _resolved,
    "APPOINT": _appoint,
    "CORRECT": _correct,
} | unit.ACTS
