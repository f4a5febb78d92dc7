"""A person puts right what was read or looked up wrongly: stage, due time, responder, or that a case is there twice.

Who may say it is asked by whoever hands the word in; the old value stays in the journal, and both sides are told. It
places no mail (penned.py) and changes no directory: the next case would be as wrong as this one.
"""

from __future__ import annotations

from datetime import datetime

from bot.case import closing
from bot.case.clock import wind
from bot.case.draft import Draft, person
from bot.case.filing import file_record
from bot.case.stages import enter
from bot.model import ClosedAs, Contact, Correction, Due, LetterKind, Served, State
from bot.rules.workdays import say

WAITING = (State.PROVISIONAL, State.AWAITING_RESPONSE)


def correct(d: Draft, fact: Correction) -> None:
    """One of `stage`, `due` (ISO), `responder` (address), `duplicate_of` (ref) in `fact.values`; what `refusal` would
    refuse does nothing."""
    if refusal(d, fact):
        return
    (what, value), *_ = fact.values.items()
    {"stage": _stage, "due": _due, "responder": _responder, "duplicate_of": _duplicate}[what](d, str(value), fact.by)


def refusal(d: Draft, fact: Correction) -> str:
    """Why this cannot be corrected so, in a sentence; "" when it can."""
    case, policy = d.case, d.rules.policy
    values = dict(fact.values)
    if not case.is_open:
        return f"{case.ref} is closed: reopen it first"
    if "stage" in values and values["stage"] not in [s.id for s in policy.stages]:
        return f"{policy.id} has no stage {values['stage']}: it has {', '.join(s.id for s in policy.stages)}"
    if "stage" in values and values["stage"] == case.stage:
        return f"{case.ref} is at {case.stage} already"
    if "due" in values and case.state not in WAITING:
        return f"{case.ref} waits for no answer: it has no due time to correct"
    if "due" in values and datetime.fromisoformat(str(values["due"])) <= d.now:
        return "that time is past: name one to come, or correct the stage"
    if "responder" in values and case.state not in WAITING:
        return f"{case.ref} waits for no answer: nobody is to be written to instead"
    if "responder" in values and d.rules.directory.person(str(values["responder"])) is None:
        return "that address is nobody's in the directory: letters go only to people who stand there"
    if values.get("duplicate_of") == case.ref:
        return f"{case.ref} cannot be a duplicate of itself"
    return ""


def _stage(d: Draft, stage_id: str, by: str) -> None:
    before = d.stage
    d.event("corrected", by=by, note=f"stage: {before.id}")
    d.quiet()
    enter(d, d.rules.policy.stage(stage_id), "asked", Contact("", by))


def _due(d: Draft, iso: str, by: str) -> None:
    cal, at = d.rules.calendar, datetime.fromisoformat(iso)
    before = d.case.due
    d.event("corrected", by=by, note=f"due: {before.isoformat() if before else 'none'}")
    wind(d, Due(at, f"{by} corrected it"), d.now)
    told = say(before, cal) if before else "no time ran"
    _tell(d, "due time", told, say(at, cal), by, (d.case.raiser,), d.responders)


def _responder(d: Draft, email: str, by: str) -> None:
    """The person of the directory is written to in place of those who were; the clock is unmoved."""
    new = d.rules.directory.person(email)
    assert new is not None  # noqa: S101  (refusal asked)
    before = d.responders
    d.event("corrected", by=by, note=f"responder: {', '.join(c.email for c in before)}")
    d.set(served=(Served(new),), owner="")
    d.joined("responding", new)
    d.write(LetterKind.NOTICE, "opened", [new], d.inbox, original=d.original(), ask_commitment=d.case.urgent, asks=[])
    was = ", ".join(map(str, before)) or "nobody"
    _tell(d, "responder", was, str(new), by, (d.case.raiser,), tuple(c for c in before if c.email != new.email))


def _duplicate(d: Draft, ref: str, by: str) -> None:
    """Closed at once and without an outcome: the other case has one."""
    closing.release(d, by)
    d.event("corrected", by=by, note=f"duplicate of {ref}")
    if d.case.runs and d.case.runs[-1].ended is None:
        d.run(ended=d.now, ended_as=ClosedAs.DUPLICATE.value)
    d.quiet()
    people = (*d.inbox, *d.unit) if d.is_stranger else (d.case.raiser, *d.responders, *d.inbox)
    d.write(LetterKind.INFORMATION, "duplicate", people, other_ref=ref)
    d.set(state=State.CLOSED, closed_as=ClosedAs.DUPLICATE, closed=d.now, due=None, due_why="")
    d.event("closed", by=by, note=ClosedAs.DUPLICATE.value)
    file_record(d, d.rules.policy.filing.content)


def _tell(d: Draft, what: str, before: str, after: str, by: str, *groups: tuple[Contact, ...]) -> None:
    for to in groups:
        if not d.is_stranger:
            values = {"what": what, "before": before, "after": after, "by": person(Contact("", by))}
            d.write(LetterKind.INFORMATION, "corrected", to, more=values)
