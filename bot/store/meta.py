"""What the database knows of itself: its secret, small named values, and the last configuration that was valid.

It does not know what the values mean, and never prints a secret.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from bot.store import schema


def meta_get(tx: Connection, key: str) -> str | None:
    return tx.execute(select(schema.meta.c.value).where(schema.meta.c.key == key)).scalar()


def meta_set(tx: Connection, key: str, value: str) -> None:
    row = schema.insert_into(tx, schema.meta).values(key=key, value=value)
    tx.execute(row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value}))


def with_prefix(tx: Connection, prefix: str) -> dict[str, str]:
    """The values whose keys begin with `prefix`, by the rest of the key."""
    rows = tx.execute(select(schema.meta.c.key, schema.meta.c.value).where(schema.meta.c.key.startswith(prefix)))
    return {key.removeprefix(prefix): value for key, value in rows}


def secret(tx: Connection) -> bytes:
    """The 32 random bytes that our Message-IDs are signed with, made once. Needs a write transaction the first time."""
    kept = meta_get(tx, "secret")
    if kept is None:
        made = schema.insert_into(tx, schema.meta).values(key="secret", value=secrets.token_hex(32))
        tx.execute(made.on_conflict_do_nothing())  # another daemon may have been first: its secret stands
        kept = meta_get(tx, "secret")
    return bytes.fromhex(kept or "")


def keep_texts(tx: Connection, texts: Mapping[str, str]) -> None:
    """Keeps these files, by name, as the last valid configuration, in place of the one before."""
    tx.execute(delete(schema.config_kept))
    if texts:
        tx.execute(insert(schema.config_kept), [{"name": name, "text": text} for name, text in texts.items()])


def kept_texts(tx: Connection) -> dict[str, str]:
    """The files of the last valid configuration, by name; {} before the first."""
    return dict(iter(tx.execute(select(schema.config_kept.c.name, schema.config_kept.c.text))))
