"""The state of a case beside its journal: the fold of its rows, and every fault where the two disagree.

It knows how a case is stored and what it is found by, and no rule; what stands beside the cases is beside.py's. It
changes nothing.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.model import Case, State
from bot.store import codec, deadlines, schema
from bot.store.proof import chain

_cases, _involved = schema.cases, schema.involved


def found_by(fields: Mapping[str, Any]) -> dict[str, bool]:
    """By whose addresses an open case is found, from its JSON: its raiser's (True) and those of whoever else was
    involved. {} for one that is closed, or only reserved."""
    if not fields or fields["state"] == State.CLOSED.value:
        return {}
    others = {str(who["email"]).lower(): False for _, _, who in fields.get("people", ())}
    return others | {str(fields["raiser"]["email"]).lower(): True}


def fold(tx: Connection, number: int) -> Case:
    """The case made again from its journal rows alone. Raises KeyError when it has none."""
    bodies = [row.body for row in chain.stored(tx, number)]
    if not bodies:
        raise KeyError(number)
    return chain.as_case(chain.fold(bodies, chain.texts_of(tx, number)))


def verify(tx: Connection) -> list[str]:
    """Every fault of the chain and of state = fold, in words; [] when all is well."""
    found = []
    for row in tx.execute(select(_cases).order_by(_cases.c.number)).all():
        try:
            broken = chain.faults(tx, row.number, row.head, row.version)
            if not broken and row.version:
                broken = _state_faults(tx, row)
        except ValueError as error:  # an instant that is none, a body that is no JSON
            broken = [f"a row of it cannot be read: {error}"]
        found += [f"{row.ref}: {fault}" for fault in broken]
    return found


def _state_faults(tx: Connection, row: Row[Any]) -> list[str]:
    """Asked only of a whole chain: what a changed row says is nobody's state."""
    try:
        case, again = codec.loads(Case, row.snapshot), fold(tx, row.number)
    except ValueError as error:
        return [f"the case cannot be read: {error}"]
    found = []
    if case != again:
        names = [n for n in type(case).__dataclass_fields__ if getattr(case, n) != getattr(again, n)]
        found.append(f"the case is not what its journal makes it ({', '.join(names)})")
    if row.state != case.state.value or (row.ref, row.number) != (case.ref, case.number):
        found.append("its row and its contents disagree about ref or state")
    if set(deadlines.of_case(tx, row.number)) != set(case.deadlines) or deadlines.is_astray(tx, row.number):
        found.append("its alarms are not those the case names")
    mine = select(_involved.c.address, _involved.c.is_raiser).where(_involved.c.case_number == row.number)
    if dict(iter(tx.execute(mine))) != found_by(json.loads(row.snapshot)):
        found.append("it is not found by the people who are in it")
    return found
