"""What the database knows of itself: its secret, small named values, and the last configuration that was
valid.

It does not know what the values mean, never prints a secret, and holds nothing about a person: there are tables for
that, which a purge reaches.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, delete, insert, select

from bot.model.errors import StoreError
from bot.store import db, schema

_meta, _files = schema.meta, schema.config_kept
_GET = select(_meta.c.value).where(_meta.c.key == bindparam("key"))
_KEPT = "config_kept"


def get(tx: Connection, key: str) -> str | None:
    return tx.execute(_GET, {"key": key}).scalar()


def put(tx: Connection, key: str, value: str) -> None:
    row = db.insert_into(tx, _meta).values(key=key, value=value)
    tx.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}))


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


def _digest(texts: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(texts.items())).encode()).hexdigest()
