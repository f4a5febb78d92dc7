"""What happened in a case, in plain words: events, states, stages' ends and roles.

The sentence of an event and the words of a flag are the model's; the rest stands here. An unknown name is shown as it
stands, with spaces for underscores, so that what another version wrote is never left out of a record. It blames
nobody: silence is "no reply recorded".
"""

from collections.abc import Mapping, Sequence

from bot.model import Case, EndedAs, EventKind, Flag, Flagged, LetterKind, Reach, Sending, Side, StageRun, State
from bot.model.events import kind_of

CUT_SHORT = "ended before its time"
WATCHED = "watched only"
SIDES: dict[str, str] = {
    Side.RAISING: "raising",
    Side.RESPONDING: "responding",
    Side.COPY: "told",
    Side.DECIDER: "deciding",
}

_STATES = {
    State.PROVISIONAL: "open; the sender is not confirmed",
    State.AWAITING_RESPONSE: "open; waiting for a reply",
    State.AWAITING_CONFIRMATION: "open; answered, and not yet said to be resolved",
    State.AWAITING_OUTCOME: "open; waiting for the outcome in writing",
}


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def event(kind: str, by: str, stage: str) -> str:
    known = kind_of(kind)
    words = known.words if known else f"{_spaced(kind).capitalize()}: {{by}}."
    said = words.replace("{by}", by or "somebody").replace("{stage}", stage or "the stage")
    return said[:1].upper() + said[1:]


def note(kind: str, words: str) -> str:
    """What stands beside an event; a stage's name stands in the event itself."""
    match kind_of(kind):
        case EventKind.STAGE_ENTERED:
            return ""
        case EventKind.FLAGGED:
            return Flagged.read(words).words
        case EventKind.CLOSED | EventKind.FILED:
            return _spaced(words)
        case _:
            return words


def has_public_note(kind: str) -> bool:
    """Whether the note beside such an event stands in a minimal record; of a kind not known here it does not."""
    known = kind_of(kind)
    return known is not None and known.has_public_note


#: What each kind of letter asks of its first addressee, as it follows their name.
ASKED: dict[str, str] = {
    LetterKind.ACKNOWLEDGEMENT: "heard that it was received, and was asked for what is missing",
    LetterKind.NOTICE: "was asked to reply by the due time",
    LetterKind.CHASER: "was reminded",
    LetterKind.ESCALATION: "was asked to take it up by the due time",
    LetterKind.RESPONSE: "was asked whether it is resolved",
    LetterKind.RELAY: "was sent the other side's words",
    LetterKind.REDIRECT: "was asked to reply in somebody else's place",
    LetterKind.QUESTION: "was asked a question",
    LetterKind.INFORMATION: "was told, and asked nothing",
    LetterKind.OUTCOME: "heard of the end, and was asked to put it on record",
    LetterKind.RECORD: "was asked to file the record",
    LetterKind.DIGEST: "was sent the daily letter",
    LetterKind.ANSWER: "was answered",
    LetterKind.ALERT: "was alerted",
}


def letters(keys: Sequence[str], names: Mapping[str, str]) -> str:
    """The letters that were decided, from their keys (occasion/kind/first addressee): what each asked of whom."""
    named = [key.rsplit("/", 2) for key in keys]
    said = (f"{names.get(n[-1], n[-1])} {ASKED.get(n[-2], 'was written to')} ({n[-2]})" for n in named if len(n) == 3)
    return f"Letters: {'; '.join(said)}."


_FATES = {
    Reach.ACCEPTED: "sent",
    Reach.REFUSED: "refused",
    Reach.BOUNCED: "bounced",
    Sending.SENT: "waiting to be sent",  # to this address: others have it
    Sending.QUEUED: "waiting to be sent",
    Sending.CLAIMED: "being sent",
    Sending.IN_DATA: "being sent",
    Sending.DEFERRED: "deferred",
    Sending.UNKNOWN: "perhaps sent: proof is looked for",
    Sending.REFUSED: "refused",
    Sending.HELD: "held",
    Sending.WITHHELD: "withheld: nobody got it",
}


def fate(status: Sending, reach: Reach, words: str, why: str) -> str:
    """What became of a letter for one address: its own end if it has one, else the letter's; `words`: of the server
    about that address, `why`: what the letter waits or was given up for."""
    ended = reach is not Reach.WAITING
    became = _FATES[reach] if ended else _FATES[status]
    reason = words if reach in (Reach.REFUSED, Reach.BOUNCED) else "" if ended else why
    return f"{became} ({reason})" if reason else became


def state(case: Case) -> str:
    if case.state is State.CLOSED:
        return f"closed as {_spaced(case.closed_as.value)}" if case.closed_as else "closed"
    return _STATES[case.state]


def ending(run: StageRun) -> str:
    return run.ended_as.words


def in_time(run: StageRun) -> str:
    """Whether the stage's deadline was met: by a reply, or by an agreed end before it came. A stage that somebody ended
    without one was neither met nor missed, and so was one that was only watched."""
    if run.ended_as.is_watched:
        return WATCHED
    if run.due is None:
        return "no time ran"
    met = run.responded or (run.ended if run.ended_as.is_agreed else None)
    if met is not None:
        return "in time" if met <= run.due else "late"
    if run.ended is None:
        return "running"
    return "no reply in time" if run.ended_as is EndedAs.LAPSED or run.ended > run.due else CUT_SHORT


def told(case: Case) -> tuple[StageRun, ...]:
    """The stages that anybody was written to about: what was only watched counts as nothing."""
    is_watched = case.has(Flag.SHADOWED)
    return tuple(run for run in case.runs if not (run.ended_as.is_watched or (is_watched and run.ended is None)))


def role(name: str) -> str:
    return _spaced(name)
