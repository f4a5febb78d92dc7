"""What was agreed about who answers, laid over the file: changes that stand until the file holds them.

A change stands while the file still names those it replaces. Where the file names the new contact it is in, and where
the file names somebody else by now it is overtaken: whoever wrote that knew later. It reads and writes no file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.rules.answering.today import MANY
from bot.rules.directory import Directory, Row, domain_of


@dataclass(frozen=True, slots=True)
class Change:
    """`email` answers for that role of a team, or of an agency where `team` is empty, from `on`. `before`: addresses of
    whom the directory named that day."""

    area: str
    agency: str
    team: str
    role: str
    name: str
    email: str
    before: tuple[str, ...]
    on: date
    phone: str = ""  # a change of an earlier release has none


class State(StrEnum):
    STANDS = "stands over the file"
    IN = "in the file"
    OVERTAKEN = "overtaken by the file"


@dataclass(frozen=True, slots=True)
class Laid:
    """A change held against the rows before it: the rows that it replaces, and the one that stands for them."""

    change: Change
    state: State
    old: tuple[Row, ...] = ()
    new: Row | None = None


def over(directory: Directory, changes: Iterable[Change]) -> Directory:
    """The directory with all that stands over it, in the order in which it was agreed."""
    rows = directory.rows
    for one in laid(directory, changes):
        rows = _with(rows, one)
    return directory if rows is directory.rows else Directory(rows)


def laid(directory: Directory, changes: Iterable[Change]) -> Iterator[Laid]:
    """Each change held against the file and the changes before it."""
    rows = directory.rows
    for change in changes:
        found = _held_against(rows, change)
        rows = _with(rows, found)
        yield found


def _held_against(rows: tuple[Row, ...], change: Change) -> Laid:
    where = (change.area, change.agency, change.team, change.role)
    now = [r for r in rows if (r.area, r.agency, r.team, r.role) == where and r.is_valid(change.on)]
    if any(change.email in row.addresses for row in now):
        return Laid(change, State.IN)
    if change.role in MANY:
        return Laid(change, State.STANDS, (), _row(rows, change, ()))
    old = tuple(row for row in now if set(row.addresses) & set(change.before))
    if now and not old:
        return Laid(change, State.OVERTAKEN)
    return Laid(change, State.STANDS, old, _row(rows, change, old))


def _row(rows: tuple[Row, ...], change: Change, old: tuple[Row, ...]) -> Row:
    """What the file says of the agency stays; of the person before it nothing does. A number that the file has for the
    new one elsewhere is theirs here too."""
    first = old[0] if old else Row(change.area, change.role, "")
    known = next((row for row in rows if change.email in row.addresses), None)
    same = [row for row in old if domain_of(row.email) == domain_of(change.email)]
    return Row(
        area=change.area,
        role=change.role,
        email=change.email,
        agency=change.agency,
        sector=first.sector,
        team=change.team,
        name=change.name or (known.name if known else ""),
        phone=change.phone or (known.phone if known else ""),
        domains=tuple(dict.fromkeys(domain for row in old for domain in row.domains)),
        secure=known.secure if known else any(row.secure for row in same),
        line=first.line,
    )


def _with(rows: tuple[Row, ...], one: Laid) -> tuple[Row, ...]:
    if one.new is None:
        return rows
    if not one.old:
        return (*rows, one.new)
    first = one.old[0]
    kept = (row for row in rows if row is first or not any(row is gone for gone in one.old))
    return tuple(one.new if row is first else row for row in kept)


def named(change: Change) -> str:
    """Whose role it is: the team's, else the agency's, else the area's."""
    return change.team or change.agency or change.area
