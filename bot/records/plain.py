"""What happened in a case, in plain words: events, states, stages' ends, roles and flags.

Tables of words and nothing else. An unknown name is shown as it stands, with spaces for underscores, so that a new
kind of event is never left out of a record. It blames nobody: silence is "no reply recorded".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.model import Case, StageRun, State

SIDES = {"raising": "raising", "responding": "responding", "copy": "told", "decider": "deciding"}

#: {by} is a person's name or "the clock", {stage} the stage's name.
_EVENTS = {
    "opened": "The challenge was received from {by}.",
    "stage_entered": "The case entered {stage}.",
    "responded": "{by} replied.",
    "holding": "{by} sent a holding reply, which stops no clock.",
    "received": "{by} said that it was seen.",
    "absent": "An automatic reply said that {by} is away.",
    "receipt": "An automatic reply from {by} said that a mail was received.",
    "undelivered": "A letter to {by} could not be delivered.",
    "lapsed": "The time of {stage} ended. No reply had been recorded.",
    "extended": "{by} gave more time.",
    "resolved": "{by} wrote that it is resolved.",
    "not_resolved": "{by} wrote that it is not resolved.",
    "decided": "{by} wrote that it is decided.",
    "withdrawn": "{by} withdrew the challenge.",
    "outcome": "{by} wrote down the outcome.",
    "closed": "The case was closed.",
    "reopened": "{by} had the case opened again.",
    "confirmed": "{by} confirmed the challenge.",
    "refused": "A word from {by} was not acted on.",
    "attached": "A mail from {by} was kept with the case.",
    "phone": "{by} noted a telephone call.",
    "not_mine": "{by} said that it belongs to somebody else.",
    "called": "{by} gave the time of the telephone call before the challenge.",
    "rationale": "{by} gave the reason for the time asked for.",
    "meeting": "{by} named the day of a meeting.",
    "task": "{by} said how something stands that was asked after the end.",
    "on_file": "{by} confirmed the entry on the child's record.",
    "transferred": "The challenge was handed to another team.",
    "corrected": "{by} corrected the case.",
    "held": "{by} asked that letters wait.",
    "released": "Letters go again.",
    "flagged": "A flag was set.",
    "filed": "The record was filed.",
    "form_asked": "A form was asked for.",
    "form_received": "{by} sent a completed form.",
    "form_incomplete": "{by} sent a form with blank fields.",
    "form_unproven": "A form came whose sender was not proven.",
    "form_of_another_policy": "{by} sent a form that is not one of this policy.",
    "form_not_opened": "An attachment from {by} was kept and not opened.",
}
_STATES = {
    State.PROVISIONAL: "open; the sender is not confirmed",
    State.AWAITING_RESPONSE: "open; waiting for a reply",
    State.AWAITING_CONFIRMATION: "open; answered, and not yet said to be resolved",
    State.AWAITING_OUTCOME: "open; waiting for the outcome in writing",
}
_ENDINGS = {
    "responded": "a reply was recorded",
    "lapsed": "no reply recorded",
    "asked": "the raising side called in the next stage",
    "escalated": "the raising side called in the next stage",
    "not_resolved": "answered, not resolved",
    "resolved": "resolved",
    "decided": "decided",
    "withdrawn": "withdrawn",
    "": "still running",
}


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def event(kind: str, by: str, stage: str) -> str:
    words = _EVENTS.get(kind, f"{_spaced(kind).capitalize()}: {{by}}.")
    said = words.replace("{by}", by or "somebody").replace("{stage}", stage or "the stage")
    return said[:1].upper() + said[1:]


def note(kind: str, words: str) -> str:
    """What stands beside an event; a stage's name stands in the event itself."""
    if kind == "stage_entered":
        return ""
    return flag(words) if kind in ("flagged", "closed", "filed") else words


def letters(keys: Sequence[str], names: Mapping[str, str]) -> str:
    """The letters that were decided, from their keys (occasion/kind/first addressee)."""
    named = [key.rsplit("/", 2) for key in keys]
    return f"Letters: {'; '.join(f'{n[-2]} to {names.get(n[-1], n[-1])}' for n in named if len(n) == 3)}."


def state(case: Case) -> str:
    if case.state is State.CLOSED:
        return f"closed as {_spaced(case.closed_as.value)}" if case.closed_as else "closed"
    return _STATES[case.state]


def ending(run: StageRun) -> str:
    return _ENDINGS.get(run.ended_as, _spaced(run.ended_as))


def in_time(run: StageRun) -> str:
    """Whether the stage's deadline was met: by a reply, or by the end of the stage before it came."""
    if run.due is None:
        return "no time ran"
    met = run.responded or (run.ended if run.ended_as != "lapsed" else None)
    if met is not None:
        return "in time" if met <= run.due else "late"
    return "no reply in time" if run.ended else "running"


def role(name: str) -> str:
    return _spaced(name)


def flag(name: str) -> str:
    return _spaced(name.partition(":")[0])
