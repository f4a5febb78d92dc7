"""Which states may follow which, by which kind of fact, and in a few words why: data, and the check of a result.

`flow` and the picture in docs/house.md print it, `decide` holds its own results to it. It knows no rule of a policy
and changes no case; a move that is not here is a fault of ours, in case/ or in this table.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model import AlarmKind, Case, FactKind, State

Kind = FactKind | AlarmKind


class WrongMove(Exception):
    """A decision moved a case as no transition allows."""


@dataclass(frozen=True, slots=True)
class Move:
    """From `start` (None: there is no case yet) a fact of that kind may lead to `end`. To go to the state one is in is
    to enter a stage anew; to stay is always allowed."""

    start: State | None
    kind: Kind
    end: State
    why: str


_PROVISIONAL, _RESPONSE, _CONFIRMATION = State.PROVISIONAL, State.AWAITING_RESPONSE, State.AWAITING_CONFIRMATION
_OUTCOME, _CLOSED = State.AWAITING_OUTCOME, State.CLOSED
_STAGE, _TWICE = "correct: another stage", "correct: it is there twice"
_MERGED = "another case was the same, and it was answered"

MOVES: tuple[Move, ...] = (
    Move(None, FactKind.OPENING, _RESPONSE, "a proven challenge"),
    Move(None, FactKind.OPENING, _PROVISIONAL, "sender not proven or unknown"),
    Move(_PROVISIONAL, FactKind.MAIL, _RESPONSE, "a proven mail of the sender, or YES"),
    Move(_PROVISIONAL, FactKind.MAIL, _CONFIRMATION, "a proven reply"),
    Move(_PROVISIONAL, FactKind.MAIL, _OUTCOME, "RESOLVED, DECIDED"),
    Move(_PROVISIONAL, FactKind.MAIL, _CLOSED, "NOT OURS, WITHDRAW"),
    Move(_PROVISIONAL, FactKind.MAIL, _PROVISIONAL, "ESCALATE: the next stage"),
    Move(_PROVISIONAL, AlarmKind.LAPSE, _PROVISIONAL, "no reply: the next stage"),
    Move(_PROVISIONAL, FactKind.CORRECTION, _PROVISIONAL, _STAGE),
    Move(_PROVISIONAL, FactKind.CORRECTION, _CLOSED, _TWICE),
    Move(_PROVISIONAL, FactKind.CORRECTION, _CONFIRMATION, _MERGED),
    Move(_RESPONSE, FactKind.MAIL, _CONFIRMATION, "a proven reply"),
    Move(_RESPONSE, AlarmKind.LAPSE, _RESPONSE, "no reply: the next stage"),
    Move(_RESPONSE, FactKind.MAIL, _RESPONSE, "NOT RESOLVED, ESCALATE: the next stage"),
    Move(_RESPONSE, FactKind.MAIL, _OUTCOME, "RESOLVED, DECIDED"),
    Move(_RESPONSE, FactKind.MAIL, _CLOSED, "WITHDRAW, NOT OURS, SAME"),
    Move(_RESPONSE, FactKind.CORRECTION, _RESPONSE, _STAGE),
    Move(_RESPONSE, FactKind.CORRECTION, _CLOSED, _TWICE),
    Move(_RESPONSE, FactKind.CORRECTION, _CONFIRMATION, _MERGED),
    Move(_CONFIRMATION, FactKind.MAIL, _RESPONSE, "NOT RESOLVED, ESCALATE: the next stage"),
    Move(_CONFIRMATION, AlarmKind.UNCONFIRMED, _RESPONSE, "answered and not confirmed: the next stage"),
    Move(_CONFIRMATION, FactKind.MAIL, _OUTCOME, "RESOLVED, DECIDED"),
    Move(_CONFIRMATION, FactKind.MAIL, _CLOSED, "WITHDRAW, NOT OURS, SAME"),
    Move(_CONFIRMATION, FactKind.CORRECTION, _RESPONSE, _STAGE),
    Move(_CONFIRMATION, FactKind.CORRECTION, _CLOSED, _TWICE),
    Move(_OUTCOME, FactKind.MAIL, _CLOSED, "OUTCOME, or the first answer after the word; WITHDRAW, NOT OURS"),
    Move(_OUTCOME, FactKind.MAIL, _RESPONSE, "NOT RESOLVED: the stage again"),
    Move(_OUTCOME, AlarmKind.OUTCOME_DUE, _CLOSED, "nobody wrote it: closed, and flagged"),
    Move(_OUTCOME, FactKind.CORRECTION, _RESPONSE, _STAGE),
    Move(_OUTCOME, FactKind.CORRECTION, _CLOSED, _TWICE),
    Move(_CLOSED, FactKind.MAIL, _RESPONSE, "REOPEN: the stage last reached"),
)


def _by_state(moves: Iterable[Move]) -> dict[State | None, dict[Kind, frozenset[State]]]:
    table: dict[State | None, dict[Kind, frozenset[State]]] = {state: {} for state in (None, *State)}
    for move in moves:
        known = table[move.start].get(move.kind, frozenset())
        table[move.start][move.kind] = known | {move.end}
    return table


#: state -> kind of fact -> the states that may follow.
TRANSITIONS = _by_state(MOVES)


def wrong_move(before: Case | None, kind: Kind, after: Case) -> str:
    """What the case did that no transition allows, in a sentence; "" for nothing."""
    start = before.state if before else None
    stays = before is not None and after.state is start and len(after.runs) <= len(before.runs)
    if stays or after.state in TRANSITIONS[start].get(kind, ()):
        return ""
    stood = start.value if start else "nowhere"
    entered = " and entered a stage" if after.state is start else ""
    return f"{after.ref} went from {stood} to {after.state.value}{entered} by {kind.value}: no transition says so."
