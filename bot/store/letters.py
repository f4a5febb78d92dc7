"""Letters as stored, and every way to look at them. It changes nothing: what moves a letter stands in outbox.py, which
offers these functions as its own.
"""

from __future__ import annotations

import json
import types
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from bot.model import Hold, Letter
from bot.model.letters import WORDINGS, Standing
from bot.store import codec, schema
from bot.store.columns import Instant

#: Nothing more will be tried. `withheld`: decided in shadow mode, sent by nobody.
FINISHED = ("sent", "refused", "withheld")

#: Statuses in which sending is still to happen, and with `held` all that are open: asked for by name, so that the
#: index is used however many letters were ever sent.
GOING = ("queued", "claimed", "in_data", "deferred", "unknown")

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None

_out, _to = schema.outbox, schema.recipients


@dataclass(frozen=True, slots=True)
class Queued:
    """A letter as stored. `fence` grows with each claim; `raw` is None until bytes were made."""

    id: int
    case: int | None
    letter: Letter
    status: str
    fence: int
    attempts: int
    queued: datetime
    claimed: datetime | None
    raw: bytes | None
    digest: str
    was_in_data: bool
    assigned_id: str
    offer_id: str  # what the server called it when it was offered, "" where it gave no name
    recipients: tuple[tuple[str, str, str], ...]  # (address, status, words), as the letter names them
    last_error: str
    held_for: Hold | None
    resends: int
    first_failed: datetime | None
    ready: datetime  # deferred: when it may be tried again; claimed: when its lease ends


_COLUMNS = tuple(_out.c["case_number" if name == "case" else name] for name in Queued.__slots__ if name != "recipients")


def get(tx: Connection, letter_id: int) -> Queued:
    """Raises KeyError."""
    found = _queued(tx, select(*_COLUMNS).where(_out.c.id == letter_id))
    if not found:
        raise KeyError(letter_id)
    return found[0]


def of_case(tx: Connection, case: int) -> list[Queued]:
    """In order of queueing."""
    return _by_age(tx, _out.c.case_number == case)


def of_status(tx: Connection, status: str) -> list[Queued]:
    """In order of queueing."""
    return _by_age(tx, _out.c.status == status)


def withheld(tx: Connection, since: datetime | None, until: datetime) -> list[Queued]:
    """Letters that shadow mode kept back from `since` on and before `until`; in order of queueing."""
    ahead = [_out.c.queued >= since] if since else []
    return _by_age(tx, and_(_out.c.status == "withheld", _out.c.queued < until, *ahead))


def open_letters(tx: Connection) -> list[Queued]:
    """Everything not yet sent or refused, withheld letters left out; in order of queueing."""
    return _by_age(tx, _out.c.status.in_([*GOING, "held"]))


def unknowns(tx: Connection, now: datetime) -> list[Queued]:
    """Letters in `unknown`, and those found `in_data` whose lease is over at `now` (a crash in the middle)."""
    return _by_age(tx, or_(_out.c.status == "unknown", and_(_out.c.status == "in_data", _out.c.ready <= now)))


def by_message_id(tx: Connection, message_ids: tuple[str, ...]) -> list[Queued]:
    """Letters with one of these ids, as we wrote them or as the server re-assigned them."""
    known = [m for m in map(bare, message_ids) if m]
    return _by_age(tx, or_(_out.c.message_id.in_(known), _out.c.assigned_id.in_(known))) if known else []


def bare(message_id: str) -> str:
    """A message id without its angle brackets."""
    return message_id.strip().removeprefix("<").removesuffix(">")


def sent_today(tx: Connection, case: int, recipient: str, since: datetime) -> int:
    """How many letters of the case were queued for this address since then (held ones not counted)."""
    rows = select(func.count()).select_from(_out.join(_to)).where(_to.c.address == recipient.lower())
    counted = rows.where(_out.c.case_number == case, _out.c.queued >= since, _out.c.status != "held")
    return tx.execute(counted).scalar_one()


def next_retry(tx: Connection) -> datetime | None:
    """When the next deferred letter may be tried, or the next lease is over."""
    later = select(func.min(_out.c.ready, type_=Instant()))
    return tx.execute(later.where(_out.c.status.in_(["deferred", "claimed", "in_data"]))).scalar()


def oldest_failing(tx: Connection) -> tuple[datetime, str] | None:
    """When the oldest letter that still cannot be sent first failed, and why it failed last."""
    failing = select(_out.c.first_failed, _out.c.last_error).where(_out.c.first_failed.is_not(None))
    found = tx.execute(failing.where(_out.c.status.in_(GOING)).order_by(_out.c.first_failed, _out.c.id)).first()
    return (found.first_failed, found.last_error) if found else None


def _by_age(tx: Connection, *where: ColumnElement[bool]) -> list[Queued]:
    return _queued(tx, select(*_COLUMNS).where(*where).order_by(_out.c.queued, _out.c.id))


def _queued(tx: Connection, rows: Select[Any]) -> list[Queued]:
    found = tx.execute(rows).mappings().all()
    recipients = _recipients(tx, [row["id"] for row in found])
    return [
        Queued(
            case=row["case_number"] or None,
            letter=read(row["letter"]),
            recipients=tuple(recipients[row["id"]]),
            held_for=Hold(row["held_for"]) if row["held_for"] else None,
            **{k: v for k, v in row.items() if k not in ("case_number", "letter", "held_for")},
        )
        for row in found
    ]


def _recipients(tx: Connection, letters: list[int]) -> dict[int, list[tuple[str, str, str]]]:
    known: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    for some in schema.chunks(letters):
        rows = select(_to.c.letter, _to.c.address, _to.c.status, _to.c.words).where(_to.c.letter.in_(some))
        for letter, *recipient in tx.execute(rows.order_by(_to.c.letter, _to.c.n)):
            known[letter].append((recipient[0], recipient[1], recipient[2]))
    return known


# A letter as databases kept it before its values were typed: one bag of JSON values, and texts for what it carries.
# Such letters wait in outboxes and are asked for by the replies to them. The old JSON becomes today's here, unchecked:
# that is codec.py's. Values that no template reads any more are left behind; one that was not there yet is empty.


def read(text: str) -> Letter:
    """A letter as it is stored, today or before. Raises ValueError for anything else."""
    stored = json.loads(text)
    return codec.decode(Letter, _as_now(stored) if "about" in stored else stored)


def _as_now(letter: Mapping[str, Json]) -> dict[str, Json]:
    """Raises ValueError for a wording that is not known."""
    about = letter["about"]
    name = f"{letter['kind']}-{letter.get('variant', '')}"
    if name not in WORDINGS or not isinstance(about, dict):
        raise ValueError(f"a stored letter is of an unknown wording: {name}")
    at = about.get("now") or about.get("opened")
    values = _of(WORDINGS[name], about, at)
    same = {key: value for key, value in letter.items() if key not in ("kind", "variant", "about", "attach")}
    attach = letter.get("attach", [])
    return {
        **same,
        "values": {"is": name, **(values if isinstance(values, dict) else {})},
        "standing": _of(Standing, about, at) if "ref" in about else None,
        "decided": about.get("now"),
        "attach": [_enclosed(str(one)) for one in attach] if isinstance(attach, list) else attach,
    }


def _of(hint: object, old: Json, at: Json) -> Json:
    """An old value as today's JSON of that type: texts of nothing are None, keys that no field bears are gone. `at`:
    the instant for a value that an older version did not have yet."""
    args = get_args(hint)
    if get_origin(hint) in (Union, types.UnionType):
        return None if old in ("", None, {}) else _of(args[0], old, at)
    if get_origin(hint) is tuple and isinstance(old, list):
        return [_of(args[0], one, at) for one in old] if args[-1] is Ellipsis else old
    if isinstance(hint, type) and is_dataclass(hint) and isinstance(old, dict):
        hints, now = get_type_hints(hint), {}
        for field in fields(hint):
            key = field.name.rstrip("_")
            if key in old:
                now[field.name] = _of(hints[field.name], old[key], at)
            elif field.default is MISSING:
                now[field.name] = _nothing(hints[field.name], at)
        return now
    return old


def _nothing(hint: object, at: Json) -> Json:
    """What stands for a value that was not there: nothing of its type."""
    if get_origin(hint) is tuple:
        return []
    if isinstance(hint, type) and is_dataclass(hint):
        return _of(hint, {}, at)
    empty: dict[object, Json] = {str: "", int: 0, bool: False, datetime: at}
    return empty.get(hint)


def _enclosed(text: str) -> Json:
    """ "mail:<digest>", "record:minimal", "form:<id>", "register:<area>", "report:<area>/<quarter>"."""
    what, _, which = text.partition(":")
    area, _, quarter = which.partition("/")
    named: dict[str, Json] = {
        "mail": {"is": "TheMail", "digest": which},
        "record": {"is": "TheRecord", "content": which},
        "form": {"is": "TheForm", "form": which},
        "register": {"is": "TheRegister", "area": which},
        "report": {"is": "TheReport", "area": area, "quarter": quarter},
    }
    if what not in named:
        raise ValueError(f"a stored letter carries something unknown: {what}")
    return named[what]
