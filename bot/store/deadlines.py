"""The alarm table: what falls due when. Rows are written by cases.save; here they are claimed. Fires late, never early,
and each row once: the row and the save that answers it are one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from bot.model import Deadline
from bot.store import schema
from bot.store.codec import Instant

_rows = schema.deadlines
#: What a Deadline is made of, in its own order.
_DEADLINE = tuple(_rows.c[name] for name in Deadline.__slots__)
#: Built once: to put a statement together takes longer than to run it.
_NEXT = select(func.min(_rows.c.ready, type_=Instant()))
_DUE = select(func.count()).where(_rows.c.ready <= bindparam("now", type_=Instant()))
_CASES_DUE = select(_rows.c.case_number).where(_rows.c.ready <= bindparam("now", type_=Instant())).distinct()
_HELD = select(*_DEADLINE, _rows.c.id).where(_rows.c.case_number == bindparam("case"))
_NEW = insert(_rows)


@dataclass(frozen=True, slots=True)
class DueRow:
    id: int
    case: int
    deadline: Deadline


def claim_due(tx: Connection, now: datetime, owner: str, lease: timedelta, limit: int = 1) -> list[DueRow]:
    """The oldest due rows that nobody else holds, nor their case (FOR UPDATE SKIP LOCKED where the database has it):
    who saves a case deletes rows of it. Leased to `owner`; a row whose lease is over may be claimed again."""
    c = _rows.c
    due = select(c.id, c.case_number, *_DEADLINE).join_from(_rows, schema.cases).where(c.ready <= now)
    found = tx.execute(due.order_by(c.ready, c.id).limit(limit).with_for_update(skip_locked=True)).all()
    if found:
        leased = update(_rows).where(c.id.in_([row.id for row in found]))
        tx.execute(leased.values(ready=now + lease, owner=owner))
    return [DueRow(number, case, Deadline(*deadline)) for number, case, *deadline in found]


def next_due(tx: Connection) -> datetime | None:
    """When the next row may be claimed: its due time, or the end of its lease."""
    return tx.execute(_NEXT).scalar()


def done(tx: Connection, row: DueRow) -> None:
    """Deletes the row (in the transaction that saves what followed)."""
    tx.execute(delete(_rows).where(_rows.c.id == row.id))


def count_due(tx: Connection, now: datetime) -> int:
    """How many rows are due and in nobody's hands."""
    return tx.execute(_DUE, {"now": now}).scalar_one()


def cases_due(tx: Connection, now: datetime) -> list[int]:
    """The numbers of the cases of these rows, each once."""
    return list(tx.execute(_CASES_DUE, {"now": now}).scalars())


def free(tx: Connection, owner: str) -> int:
    """Ends the leases that an earlier life of `owner` left behind, so that a restart need not wait for them."""
    held = update(_rows).where(_rows.c.owner == owner)
    return tx.execute(held.values(ready=_rows.c.at, owner="")).rowcount


def of_case(tx: Connection, case: int) -> list[Deadline]:
    """The rows of one case, soonest first."""
    c = _rows.c
    rows = select(*_DEADLINE).where(c.case_number == case).order_by(c.at, c.id)
    return [Deadline(*row) for row in tx.execute(rows)]


def is_astray(tx: Connection, case: int) -> bool:
    """Whether a row of the case that nobody holds would fire at another time than its own."""
    c = _rows.c
    return tx.execute(select(c.id).where(c.case_number == case, c.owner == "", c.ready != c.at)).first() is not None


def keep(tx: Connection, case: int, deadlines: Iterable[Deadline]) -> None:
    """Makes the rows of the case these: others are deleted, new ones added, those that stay keep their lease."""
    c = _rows.c
    rows = tx.execute(_HELD, {"case": case})
    held = {Deadline(*deadline): number for *deadline, number in rows}
    wanted = dict.fromkeys(deadlines)
    gone = [number for deadline, number in held.items() if deadline not in wanted]
    if gone:
        tx.execute(delete(_rows).where(c.id.in_(gone)))
    new = [_row(case, deadline) for deadline in wanted if deadline not in held]
    if new:
        tx.execute(_NEW, new)


def _row(case: int, deadline: Deadline) -> dict[str, object]:
    return {
        "case_number": case,
        "kind": deadline.kind.value,
        "stage": deadline.stage,
        "nth": deadline.nth,
        "item": deadline.item,
        "at": deadline.at,
        "why": deadline.why,
        "ready": deadline.at,
        "owner": "",
    }
