"""What the database knows of itself: its secret, small named values, the last configuration that was valid, and what
people said of its directory since.

It does not know what the values mean, and never prints a secret. A named value holds nothing about a person: there are
tables for that, which a purge reaches. Who answers for a team is no case's, and is named as the configuration names it.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, true

from bot.model.errors import StoreError
from bot.store import codec, db, schema
from bot.store.proof import chain

_meta, _files, _facts = schema.meta, schema.config_kept, schema.directory_facts
_GET = select(_meta.c.value).where(_meta.c.key == bindparam("key"))
_KEPT = "config_kept"


def get(tx: Connection, key: str) -> str | None:
    return tx.execute(_GET, {"key": key}).scalar()


def put(tx: Connection, key: str, value: str) -> None:
    row = db.insert_into(tx, _meta).values(key=key, value=value)
    tx.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}))


def drop(tx: Connection, key: str) -> None:
    """The value is needed no more."""
    tx.execute(delete(_meta).where(_meta.c.key == key))


def with_prefix(tx: Connection, prefix: str) -> dict[str, str]:
    """The values whose keys begin with `prefix`, by the rest of the key."""
    rows = tx.execute(select(_meta.c.key, _meta.c.value).where(_meta.c.key.startswith(prefix)))
    return {key.removeprefix(prefix): value for key, value in rows}


def secret(tx: Connection) -> bytes:
    """The 32 random bytes that our Message-IDs are signed with, made once. Needs a write transaction the first time."""
    kept = get(tx, "secret")
    if kept is None:
        made = db.insert_into(tx, _meta).values(key="secret", value=secrets.token_hex(32))
        tx.execute(made.on_conflict_do_nothing())  # another daemon may have been first: its secret stands
        kept = get(tx, "secret")
    return bytes.fromhex(kept or "")


def keep_texts(tx: Connection, texts: Mapping[str, str]) -> None:
    """Keeps these files, by name, as the last valid configuration, in place of the one before."""
    tx.execute(delete(_files))
    if texts:
        tx.execute(insert(_files), [{"name": name, "text": text} for name, text in texts.items()])
    put(tx, _KEPT, _digest(texts))


def kept_texts(tx: Connection) -> dict[str, str]:
    """The files of the last valid configuration, by name; {} before the first. Raises StoreError when they are not what
    was kept: an address in them may be another one."""
    texts = dict(iter(tx.execute(select(_files.c.name, _files.c.text))))
    if get(tx, _KEPT) not in (None, _digest(texts)):  # None: kept by an earlier release
        raise StoreError("the configuration that the database keeps was changed after it was kept there")
    return texts


#: Under which a row of `directory_facts` is sealed.
OF_DIRECTORY = "what was said of the directory"


def note_fact(tx: Connection, kind: str, values: Mapping[str, object], now: datetime) -> int:
    """Keeps and seals what somebody said of the directory; its number. `values`: JSON."""
    body = codec.canonical(values)
    row = insert(_facts).values(at=now, kind=kind, body=body).returning(_facts.c.id)
    number: int = tx.execute(row).scalar_one()
    chain.seal(tx, OF_DIRECTORY, number, [kind, body, now.astimezone(UTC).isoformat()], now)
    return number


def facts(
    tx: Connection, kind: str = "", known: Collection[int] = ()
) -> Iterator[tuple[int, datetime, str, dict[str, Any]]]:
    """What was said of the directory, of one kind or all, but these numbers: number, when, kind, values."""
    rows = select(_facts).where(_facts.c.kind == kind if kind else true())
    for row in tx.execute(rows.order_by(_facts.c.id)).all():
        if row.id not in known:
            yield row.id, row.at, row.kind, json.loads(row.body)


def forget_fact(tx: Connection, number: int, now: datetime) -> None:
    """Takes away what is needed no more; its seal says that it was taken away rightly."""
    tx.execute(delete(_facts).where(_facts.c.id == number))
    chain.seal(tx, OF_DIRECTORY, number, None, now)


def _digest(texts: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(texts.items())).encode()).hexdigest()
