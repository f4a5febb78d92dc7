"""What people said of the directory, as it is kept: changes that both sides agreed to, and who said that they still
answer.

Kept and sealed by the store, which does not know what stands in it. It decides nothing.
"""

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Connection

from bot.rules.answering.over import Change
from bot.store import meta


class Kind(StrEnum):
    CHANGE = "change"


def accept(tx: Connection, change: Change, now: datetime) -> None:
    """Keeps a change that both sides have said is right."""
    values = {
        "area": change.area,
        "agency": change.agency,
        "team": change.team,
        "role": change.role,
        "name": change.name,
        "email": change.email,
        "before": list(change.before),
        "on": change.on.isoformat(),
    }
    meta.note_fact(tx, Kind.CHANGE, values, now)


def accepted(tx: Connection, after: int = 0) -> Iterator[tuple[int, Change]]:
    """The changes behind that number, in the order in which they were agreed."""
    for number, _, _, values in meta.facts(tx, Kind.CHANGE, after):
        yield number, Change(**values | {"before": tuple(values["before"]), "on": date.fromisoformat(values["on"])})
