"""A person puts right what was read or looked up wrongly: stage, due time, responder, or that a case is there twice.

Who may say it is asked by whoever hands the word in; the old value stays in the journal, and both sides are told. It
places no mail (engine/reading/pen/) and changes no directory: the next case would be as wrong as this one.
"""

from datetime import datetime

import re2

from bot.case.course import closing, merging
from bot.case.course.clock import wind
from bot.case.course.opening import notice_of
from bot.case.course.stages import enter
from bot.case.making.draft import Draft
from bot.case.making.ends_with import known
from bot.case.making.notices import file_record
from bot.case.said.command import Said, Tell, nothing_changed
from bot.mail.patterns.topics import topic
from bot.model import (
    WAITING,
    ClosedAs,
    Contact,
    Correction,
    CorrectionKind,
    Due,
    EndedAs,
    EventKind,
    Mail,
    QuestionKind,
    Side,
)
from bot.model.letters import Answer, Information, Question, person
from bot.rules import workdays
from bot.rules.windows import granted
from bot.rules.workdays import say


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
    d.event(EventKind.CORRECTED, by=by, note=f"stage: {before.id}")
    d.quiet()
    enter(d, d.rules.policy.stage(stage_id), "corrected", Contact("", by))


def _due(d: Draft, iso: str, by: str) -> None:
    cal, at = d.rules.calendar, datetime.fromisoformat(iso)
    before = d.case.due
    d.event(EventKind.CORRECTED, by=by, note=f"due: {before.isoformat() if before else 'none'}")
    wind(d, Due(at, "a person corrected it"), d.now)
    told = say(before, cal) if before else "no time ran"
    _tell(d, "due time", told, say(at, cal), by, *d.sides)


def _responder(d: Draft, email: str, by: str) -> None:
    """The person of the directory is written to in place of those who were; the clock is unmoved."""
    new = d.rules.directory.person(email)
    if new is None:
        raise ValueError("a correction names nobody of the directory: `refusal` says so before")
    before = d.responders
    d.event(EventKind.CORRECTED, by=by, note=f"responder: {', '.join(c.email for c in before)}")
    d.serve([new])
    d.own("")
    d.joined(Side.RESPONDING, new)
    d.write(notice_of(d), [new], d.inbox)
    was = ", ".join(map(str, before)) or "nobody"
    _tell(d, "responder", was, str(new), by, d.sides[0], tuple(c for c in before if c.email != new.email))


def _duplicate(d: Draft, ref: str, by: str) -> None:
    """Closed at once and without an outcome: the other case has one."""
    closing.release(d, by)
    d.event(EventKind.CORRECTED, by=by, note=f"duplicate of {ref}")
    if d.case.runs and d.case.runs[-1].ended is None:
        d.end_run(EndedAs.DUPLICATE, d.now)
    d.quiet()
    people = (*d.inbox, *d.unit) if d.is_stranger else (d.case.raiser, *d.responders, *d.inbox)
    d.write(Information.Duplicate(other_ref=ref), people)
    d.close(ClosedAs.DUPLICATE, same_as=ref)
    d.event(EventKind.CLOSED, by=by, note=ClosedAs.DUPLICATE.value)
    file_record(d, d.rules.policy.filing.content)


def _tell(d: Draft, what: str, before: str, after: str, by: str, *groups: tuple[Contact, ...]) -> None:
    for to in groups:
        if not d.is_stranger:
            who = person(Contact("", by))
            d.write(Information.Corrected(what=what, before=before, after=after, by=who), to)


# CORRECT by mail: "stage step-2", "due Friday 5pm", "responder Dev Patel", put right in a line. The business unit's
# and the raising side's lines act; of the challenged side's the business unit is asked, since a later due time would
# be theirs to gain. Another case is not seen from here: that it is there, whoever places the mail has found.

#: Longer lines are no correction.
LONGEST = 200
_FIELD, _REASON = topic("orders").pattern("put_right"), topic("orders").pattern("put_right_why")
_ADDRESS = re2.compile(r"[^\s<>(),;:]+@[^\s<>(),;:]+")
_SPACES = re2.compile(r"[\W_]+")
_DUPLICATE = "the line names no other challenge that you may speak of: please write its whole ref"
_UNCLEAR = "the line names neither stage, due time nor responder"
_NOBODY = "nobody of the directory is named, or several are"


def act(d: Draft, note: str, by: Contact, mail: Mail, *, may_act: bool, named: tuple[str, ...] = ()) -> None:
    """The line acts, or it is answered with what could be written instead; the old value stays in the journal.

    `named`: refs of cases that the line names, that are there, and of which its writer may speak.
    """
    line = " ".join(note[:LONGEST].split())
    if not may_act:
        d.event(EventKind.ATTACHED, by=by.email, note="CORRECT: the business unit is asked")
        d.write(Question.Correct(who=person(by), line=line), d.unit, mail=mail)
        return
    values, why = read(d, line, named)
    fact = Correction(CorrectionKind.CORRECT, by.email, "by mail", values)
    why = why or refusal(d, fact)
    if why:
        d.event(EventKind.REFUSED, by=by.email, note="CORRECT: it could not be followed")
    else:
        correct(d, fact)
    stages = tuple(stage.id for stage in d.rules.policy.stages)
    d.write(Answer.Corrected(line=line, why=why, stages=stages), [by], mail=mail)


def read(d: Draft, line: str, named: tuple[str, ...] = ()) -> tuple[dict[str, str], str]:
    """What a line sets, as a Correction names it, or why it sets nothing, in words. `named`: as above."""
    match = _FIELD.match(line)
    if match is None:
        return {}, _UNCLEAR
    value = _REASON.split(match.group(2), maxsplit=1)[0].strip(" .,")
    match match.group(1).lower():
        case "stage":
            return _stage_named(d, value)
        case "due":
            return _due_named(d, value)
        case "duplicate":
            return ({"duplicate_of": named[0]}, "") if len(named) == 1 else ({}, _DUPLICATE)
        case _:
            found = _person(d, value)
            return ({"responder": found.email}, "") if found else ({}, _NOBODY)


def _person(d: Draft, value: str) -> Contact | None:
    """By address, a deputy's too; without one by name."""
    addresses = {address.strip(".").lower() for address in _ADDRESS.findall(value)}
    if not addresses:
        return known(d, value)
    return d.rules.directory.person(addresses.pop()) if len(addresses) == 1 else None


def _stage_named(d: Draft, value: str) -> tuple[dict[str, str], str]:
    """By its id, its name, or the beginning of its name: step-2, Step 2; or by the number that it alone has there."""
    wanted = _key(value)
    called = {stage.id: {_key(stage.id), _key(stage.name.partition(":")[0])} for stage in d.rules.policy.stages}
    named = [stage.id for stage in d.rules.policy.stages if wanted in called[stage.id] | {_key(stage.name)}]
    numbered = [one for one, keys in called.items() if wanted.isdecimal() and any(wanted in k.split() for k in keys)]
    found = named or numbered
    return ({"stage": found[0]}, "") if len(found) == 1 else ({}, "the policy has no stage of that name")


def _key(words: str) -> str:
    return str(_SPACES.sub(" ", words.casefold())).strip()


def _due_named(d: Draft, value: str) -> tuple[dict[str, str], str]:
    """A date and time as people write it, or as 2027-01-15T17:00; or a time from now: 2 working days."""
    cal = d.rules.calendar
    try:
        at = datetime.fromisoformat(value)
        return {"due": (at if at.tzinfo else at.replace(tzinfo=cal.zone)).isoformat()}, ""
    except ValueError:
        asked = granted(value, d.now, [tier.window for tier in d.rules.policy.intake.tiers])
    if asked.window is not None:
        return {"due": workdays.due(d.rules.policy.as_meant(asked.window), d.now, cal).at.isoformat()}, ""
    return ({"due": asked.by.isoformat()}, "") if asked.by else ({}, "no time to come could be read in it")


# SAME and DIFFERENT: whoever raised a challenge says whether it is one that was there before. Two cases are touched,
# each by its own decision: this one closes, and what it brings goes to the other (engine/turn.py).

_NOT_ASKED = Tell("Nobody asked whether this challenge is the same as another.")
_NOT_RAISER = Tell("Only who raised this challenge can say whether it is the same as another.")
_ENDED = Tell(
    "The other challenge has ended meanwhile, so this one goes on.",
    "WITHDRAW closes this one, if it is no longer needed.",
)


def same(d: Draft, said: Said) -> None:
    """It is the challenge that it was asked about: the other goes on with the earlier due time, and this one closes."""
    other = _twin(d, said)
    if not other:
        return
    if said.fact.same_as != other:
        nothing_changed(d, said, _ENDED)
        return
    d.settle(lambda one: one.about is QuestionKind.SAME)
    brings = Correction(CorrectionKind.MERGE, said.by.email, "its raiser says that it is the same", merging.brings(d))
    d.onward += ((other, brings),)
    _duplicate(d, other, said.by.email)


def different(d: Draft, said: Said) -> None:
    """It is another challenge than the one that it was asked about: both go on, and nobody asks again."""
    if _twin(d, said):
        d.settle(lambda one: one.about is QuestionKind.SAME)
        d.event(EventKind.ATTACHED, by=said.by.email, note="DIFFERENT: two challenges")


def _twin(d: Draft, said: Said) -> str:
    """The ref that its raiser was asked about; else "", and the sender is told why nothing follows."""
    other = next((q.other for q in d.case.questions if q.about is QuestionKind.SAME), "")
    if not other:
        nothing_changed(d, said, _NOT_ASKED)
    elif not d.rules.directory.same_person(said.by.email, d.case.raiser.email):
        nothing_changed(d, said, _NOT_RAISER)
        return ""
    return other
