"""One challenge opened twice, as its raiser says: what the second case brings, and what the first takes over.

Each is decided by itself, the second first (engine/turn.py carries over what it brings, in the same breath). The first
keeps its ref and its stage; the earlier of the two times counts, and the more urgent. It guesses nothing: which two may
be the same is case/guesses.py's, who may say so said/acts.py's, and what an answer does said/answers.py's.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.case.course.clock import wind
from bot.case.making.draft import Draft
from bot.model import WAITING, Contact, Correction, Due, EventKind, Flag
from bot.model.flags import OF_CHILD
from bot.model.letters import Information, person
from bot.rules.workdays import say

#: What goes with a challenge into the one that it is the same as.
_CARRIED = (*OF_CHILD, Flag.URGENT)


def brings(d: Draft) -> dict[str, str]:
    """What the first case takes over of this one: see `take_over`."""
    case, run = d.case, d.case.run
    found = {"ref": case.ref, "flags": " ".join(str(flag) for flag in _CARRIED if case.has(flag))}
    if case.urgent:
        found["urgent"] = "yes"
    if run is not None and run.responded is not None:
        found |= {"answered": run.responded.isoformat(), "by": run.answered_by}
    if case.state in WAITING and case.due is not None:
        found |= {"due": case.due.isoformat(), "why": case.due_why}
    return found


def take_over(d: Draft, fact: Correction) -> None:
    """Another case was the same. `fact.values`: its `ref` and `flags`, and where it has them `urgent`, `due` (ISO) with
    its `why`, and `answered` (ISO) with `by`, an address."""
    found = fact.values
    d.event(EventKind.CORRECTED, by=fact.by, note=f"the same as {found['ref']}")
    for flag in _CARRIED:
        if str(flag) in found["flags"].split():
            d.flag(flag)
    if "urgent" in found:
        d.need(urgent=True)
    if "due" in found and d.case.state in WAITING:
        _sooner(d, datetime.fromisoformat(found["due"]), found, fact.by)


def _sooner(d: Draft, at: datetime, brings: Mapping[str, str], by: str) -> None:
    """The earlier of the two times counts; both sides hear of a new one."""
    run, before, cal = d.case.run, d.case.due, d.rules.calendar
    if run is None or (before is not None and before <= at):
        return
    d.give_time(run.window, at)
    if before is None:  # its letter has reached nobody yet; the time binds from when it does
        return
    wind(d, Due(at, f"{brings['ref']} was the same challenge, and its time ended sooner: {brings['why']}"), d.now)
    told = Information.Corrected(
        what="due time", before=say(before, cal), after=say(at, cal), by=person(Contact("", by))
    )
    for to in () if d.is_stranger else ((d.case.raiser,), d.responders):
        d.write(told, to)
