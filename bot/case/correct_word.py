"""CORRECT by mail: "stage step-2", "due Friday 5pm", "responder Dev Patel", put right in a line.

The business unit's and the raising side's lines act; of the challenged side's the business unit is asked, since a later
due time would be theirs to gain. What can be corrected is correct.py's; that a challenge is there twice is not said by
mail, because another case is not seen from here.
"""

from __future__ import annotations

from datetime import datetime

import re2

from bot.case import correct
from bot.case.appoint import known
from bot.case.draft import Draft, person
from bot.model import Contact, Correction, LetterKind, Mail
from bot.rules import workdays
from bot.rules.windows import granted

#: Longer lines are no correction.
LONGEST = 200
_FIELD = re2.compile(
    r"(?i)^(?:the )?(stage|due|responder|recipient|duplicate)(?: (?:time|date|day))?\b"
    r"(?:[\s:=]|\b(?:is|to|of|should be)\b)*(.*)$"
)
_REASON = re2.compile(r"(?i)\s+(?:because|reason|as)\b|;")
_ADDRESS = re2.compile(r"[^\s<>(),;:]+@[^\s<>(),;:]+")
_SPACES = re2.compile(r"[\W_]+")
_DUPLICATE = "that a challenge is there twice is put right by the operator of this service, or by the raiser's WITHDRAW"
_UNCLEAR = "the line names neither stage, due time nor responder"
_NOBODY = "nobody of the directory is named, or several are"


def said(d: Draft, note: str, by: Contact, mail: Mail, *, may_act: bool) -> None:
    """The line acts, or it is answered with what could be written instead; the old value stays in the journal."""
    line = " ".join(note[:LONGEST].split())
    if not may_act:
        d.event("attached", by=by.email, note="CORRECT: the business unit is asked")
        d.write(LetterKind.QUESTION, "correct", d.unit, mail=mail, who=person(by), line=line)
        return
    values, why = read(d, line)
    fact = Correction("correct", by.email, "by mail", values)
    why = why or correct.refusal(d, fact)
    if why:
        d.event("refused", by=by.email, note="CORRECT: it could not be followed")
    else:
        correct.correct(d, fact)
    stages = [stage.id for stage in d.rules.policy.stages]
    d.write(LetterKind.ANSWER, "corrected", [by], mail=mail, line=line, why=why, stages=stages)


def read(d: Draft, line: str) -> tuple[dict[str, str], str]:
    """What a line sets, as a Correction names it, or why it sets nothing, in words."""
    match = _FIELD.match(line)
    if match is None:
        return {}, _UNCLEAR
    value = _REASON.split(match.group(2), maxsplit=1)[0].strip(" .,")
    match match.group(1).lower():
        case "stage":
            return _stage(d, value)
        case "due":
            return _due(d, value)
        case "duplicate":
            return {}, _DUPLICATE
        case _:
            found = _person(d, value)
            return ({"responder": found.email}, "") if found else ({}, _NOBODY)


def _person(d: Draft, value: str) -> Contact | None:
    """By address, a deputy's too; without one by name."""
    addresses = {address.strip(".").lower() for address in _ADDRESS.findall(value)}
    if not addresses:
        return known(d, value)
    return d.rules.directory.person(addresses.pop()) if len(addresses) == 1 else None


def _stage(d: Draft, value: str) -> tuple[dict[str, str], str]:
    """By its id, its name, or the beginning of its name: step-2, Step 2; or by the number that it alone has there."""
    wanted = _key(value)
    called = {stage.id: {_key(stage.id), _key(stage.name.partition(":")[0])} for stage in d.rules.policy.stages}
    named = [stage.id for stage in d.rules.policy.stages if wanted in called[stage.id] | {_key(stage.name)}]
    numbered = [one for one, keys in called.items() if wanted.isdecimal() and any(wanted in k.split() for k in keys)]
    found = named or numbered
    return ({"stage": found[0]}, "") if len(found) == 1 else ({}, "the policy has no stage of that name")


def _key(words: str) -> str:
    return str(_SPACES.sub(" ", words.casefold())).strip()


def _due(d: Draft, value: str) -> tuple[dict[str, str], str]:
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
