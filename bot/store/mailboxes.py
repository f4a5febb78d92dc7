"""Each watched mailbox: through which door it is read and up to where, since when its mail counts, when it was last
listed whole, when it moved, and all time in which it could not be read.

Records state it; it judges nothing, and knows no mail: that is mails.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, literal, or_, select, update

from bot.store import db, schema
from bot.store.proof import chain

_gaps, _rows, _floors, _ledger = schema.gaps, schema.mailboxes, schema.folder_floors, schema.ledger


@dataclass(frozen=True, slots=True)
class Watched:
    """A mailbox as noted. `cursor`: where it was read up to, "" before its first batch; `door`: what tells the door it
    is read through from another, None before the first; `floor`: mail that reached the server before it opens nothing;
    `moved`, `caught_up`: when another door came in place of the former, and when that was listed to its end."""

    cursor: str = ""
    door: str | None = None
    floor: datetime | None = None
    last_listed: datetime | None = None
    moved: datetime | None = None
    caught_up: datetime | None = None

    @property
    def is_moving(self) -> bool:
        """Whether the new door has not been listed to its end yet."""
        return self.moved is not None and self.caught_up is None


_COLUMNS = tuple(_rows.c[name] for name in Watched.__slots__)
#: Built once: to put a statement together takes longer than to run it.
_WATCHED = select(*_COLUMNS).where(_rows.c.name == bindparam("mailbox"))
_FLOOR = select(_floors.c.floor).where(_floors.c.mailbox == bindparam("box"), _floors.c.folder == bindparam("within"))
_CAUGHT_UP = update(_rows).where(
    _rows.c.name == bindparam("mailbox"), _rows.c.moved.is_not(None), _rows.c.caught_up.is_(None)
)
_END = update(_gaps).where(_gaps.c.mailbox == bindparam("box"), _gaps.c.until.is_(None)).returning(_gaps.c.id)
_TOUCHING = (
    select(_gaps.c.mailbox, _gaps.c.since, _gaps.c.until, _gaps.c.why)
    .where(_gaps.c.since <= bindparam("to"), or_(_gaps.c.until.is_(None), _gaps.c.until >= bindparam("from")))
    .order_by(_gaps.c.since, _gaps.c.id)
)
_KNOWN = select(_ledger.c.key).where(
    _ledger.c.mailbox == bindparam("box"),
    _ledger.c.key.in_(bindparam("keys", expanding=True, type_=_ledger.c.key.type)),
)


def watched(tx: Connection, mailbox: str) -> Watched:
    """What is noted of it; of one that was never entered, that nothing is."""
    row = tx.execute(_WATCHED, {"mailbox": mailbox}).one_or_none()
    return Watched() if row is None else Watched(*row)


def cursor(tx: Connection, mailbox: str) -> str:
    """Where the mailbox was read up to; "" before its first batch."""
    return watched(tx, mailbox).cursor


def read_up_to(tx: Connection, mailbox: str, cursor: str) -> None:
    _note(tx, mailbox, cursor=cursor)


def known_keys(tx: Connection, mailbox: str, keys: Sequence[str]) -> set[str]:
    """Those of these keys under which it gave a mail before."""
    known: set[str] = set()
    for some in schema.chunks(keys):
        known.update(tx.execute(_KNOWN, {"box": mailbox, "keys": some}).scalars())
    return known


def enter(tx: Connection, mailbox: str, door: str) -> None:
    """It is read through this door from now on."""
    _note(tx, mailbox, door=door)


def set_floor(tx: Connection, mailbox: str, floor: datetime) -> None:
    _note(tx, mailbox, floor=floor)


def folder_floor(tx: Connection, mailbox: str, folder: str) -> datetime | None:
    """The floor of a folder that was first seen later than the mailbox."""
    return tx.execute(_FLOOR, {"box": mailbox, "within": folder}).scalar()


def set_folder_floor(tx: Connection, mailbox: str, folder: str, floor: datetime) -> None:
    row = db.insert_into(tx, _floors).values(mailbox=mailbox, folder=folder, floor=floor)
    tx.execute(row.on_conflict_do_update(index_elements=["mailbox", "folder"], set_={"floor": row.excluded.floor}))


def listed_at(tx: Connection, mailbox: str, now: datetime) -> None:
    """A listing of the whole mailbox succeeded at `now`."""
    _note(tx, mailbox, last_listed=now)


def last_listed(tx: Connection) -> dict[str, datetime]:
    """Mailbox -> when it was last listed whole; those never listed are missing."""
    return dict(iter(tx.execute(select(_rows.c.name, _rows.c.last_listed).where(_rows.c.last_listed.is_not(None)))))


def _note(tx: Connection, mailbox: str, **values: str | datetime | None) -> None:
    tx.execute(_noting(tx.dialect.name, tuple(values)), {"name": mailbox, "cursor": "", **values})


@cache
def _noting(dialect: str, names: tuple[str, ...]) -> Any:
    """The mailbox is entered with these values, or has them from now on."""
    row = db.insert_for(dialect, _rows)
    return row.on_conflict_do_update(index_elements=["name"], set_={name: row.excluded[name] for name in names})


# --- when it moved --------------------------------------------------------------------------------------------------


def begin_anew(tx: Connection, mailbox: str, now: datetime) -> None:
    """Another door came in place of the former: the mailbox is read from its beginning. The keys it has get a mark
    before them, for another server may give them anew."""
    mark = literal(_put_aside(now))
    tx.execute(update(_ledger).where(_ledger.c.mailbox == mailbox).values(key=mark + _ledger.c.key))
    _note(tx, mailbox, cursor="", moved=now, caught_up=None)


def list_again(tx: Connection, mailbox: str, now: datetime) -> None:
    """The same door lists what it holds from the beginning, by keys of its own making."""
    _note(tx, mailbox, moved=now, caught_up=None)


def came_by_another_door(tx: Connection, mailbox: str, moved: datetime) -> bool:
    """Whether another door came in at that instant, and not the same one from its beginning."""
    mark = _put_aside(moved)
    mine = (_ledger.c.mailbox == mailbox, _ledger.c.key >= mark, _ledger.c.key < f"{mark}\uffff")
    return bool(tx.execute(select(exists().where(*mine))).scalar())


def _put_aside(moved: datetime) -> str:
    """How keys begin that the former door gave."""
    return f"until {moved:%Y-%m-%dT%H:%M:%S};"


def caught_up(tx: Connection, mailbox: str, now: datetime) -> None:
    """The new door was listed to its end."""
    tx.execute(_CAUGHT_UP, {"mailbox": mailbox, "caught_up": now})


def moves(tx: Connection) -> dict[str, tuple[datetime, datetime | None]]:
    """Every mailbox that has moved: when, and when it had caught up."""
    rows = tx.execute(select(_rows.c.name, _rows.c.moved, _rows.c.caught_up).where(_rows.c.moved.is_not(None)))
    return {name: (moved, caught_up) for name, moved, caught_up in rows}


# --- when it could not be read --------------------------------------------------------------------------------------


def gap_opened(tx: Connection, mailbox: str, now: datetime, why: str) -> None:
    """The mailbox cannot be read from now on (kept once while it lasts)."""
    row = db.insert_into(tx, _gaps).values(mailbox=mailbox, since=now, why=why).on_conflict_do_nothing()
    _seal(tx, tx.execute(row.returning(_gaps.c.id)).scalar(), now)


def gap_explained(tx: Connection, mailbox: str, why: str, now: datetime) -> None:
    """The mailbox still cannot be read, and now it is known for what only a person can mend."""
    mine = (_gaps.c.mailbox == mailbox, _gaps.c.until.is_(None), _gaps.c.why != why)
    _seal(tx, tx.execute(update(_gaps).where(*mine).values(why=why).returning(_gaps.c.id)).scalar(), now)


def gap_closed(tx: Connection, mailbox: str, now: datetime) -> None:
    _seal(tx, tx.execute(_END, {"box": mailbox, "until": now}).scalar(), now)


def _seal(tx: Connection, gap: int | None, now: datetime) -> None:
    """Chains a gap as it stands now: deaf time cannot be taken away unseen."""
    if gap is not None:
        row = tx.execute(select(_gaps).where(_gaps.c.id == gap)).one()
        chain.seal(tx, "gap", gap, gap_values(row), now)


def gap_values(row: Row[Any]) -> list[str]:
    """What a gap says, as JSON values."""
    return [row.mailbox, row.since.isoformat(), row.until.isoformat() if row.until else "", row.why]


def gaps(tx: Connection, since: datetime, until: datetime) -> list[tuple[str, datetime, datetime | None, str]]:
    """(mailbox, from, to or None, why): all time in which a mailbox could not be read."""
    return [(m, a, b, why) for m, a, b, why in tx.execute(_TOUCHING, {"from": since, "to": until})]
