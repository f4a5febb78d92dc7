"""Several lives on one PostgreSQL: each has a row, and one of them the lease, under whose number all is written.

The number, the fence, goes up with each life that takes over. A write transaction of the life that works asks whether
it is still its own and keeps it until the commit (FOR KEY SHARE): a life that was stopped and wakes commits nothing.
Times are the database's clock, in seconds since 1970. SQLite needs none of it: there the kernel refuses a second life.
"""

import re

from sqlalchemy import Column, Connection, Double, Integer, Table, UniqueConstraint, inspect, text

from bot.model.errors import LifeOver
from bot.store.codec import Plain
from bot.store.db import asking
from bot.store.schema import HEAD, metadata
from bot.store.server import glance
from bot.store.server.glance import Life

#: After so many lengths of a lease without a sign a life counts for nothing; after so many seconds its row goes.
SILENT, FORGOTTEN = 3, 86_400
#: How long a take-over waits for what the life before has under way, when its line is cut already: then it looks again.
WAIT = "2s"

_lives = Table(
    "lives",
    metadata,
    Column("owner", Plain, primary_key=True),
    Column("home", Plain, nullable=False),  # the folder that it holds alone: of two lives there one is dead
    Column("host", Plain, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Plain, nullable=False),
    Column("started", Double, nullable=False),
    Column("seen", Double, nullable=False),
    Column("fence", Integer, nullable=False),  # 0: it stands by
    Column("since", Double, nullable=False),
)
_lease = Table(
    "lease",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),  # 1: there is one lease
    Column("fence", Integer, nullable=False),
    Column("owner", Plain, nullable=False),
    Column("until", Double, nullable=False),
    UniqueConstraint("fence", name="ux_lease_fence"),  # a key, so that a lock of it holds off who would change it
)

_NOW = "extract(epoch FROM clock_timestamp())::float8"
_ENTER = text(
    f"INSERT INTO lives VALUES (:owner, :home, :host, :pid, :version, {_NOW}, {_NOW}, 0, {_NOW})"  # noqa: S608 - ours
)
_ONE = text("INSERT INTO lease VALUES (1, 0, '', 0) ON CONFLICT DO NOTHING")
_FORGET = text(f"DELETE FROM lives WHERE seen < {_NOW} - :old")  # noqa: S608 - ours
_FREE = text(
    f"SELECT l.fence, l.owner, d.owner IS NOT NULL AS is_dead FROM lease l"  # noqa: S608 - ours
    " LEFT JOIN lives d ON d.owner = l.owner AND d.owner <> :owner"
    " AND d.home = (SELECT home FROM lives WHERE owner = :owner)"
    f" WHERE l.until < {_NOW} OR d.owner IS NOT NULL"
)
# What the life before holds, locks and half a transaction, ends with its connections; it may be stopped, and not dead.
_CUT = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = :called AND datname = current_database() AND pid <> pg_backend_pid()"
)
_IMPATIENT = text("SELECT set_config('lock_timeout', :wait, true)")
_TAKE = text(
    f"UPDATE lease SET fence = fence + 1, owner = :owner, until = {_NOW} + :seconds"  # noqa: S608 - ours
    f" WHERE fence = :fence AND (until < {_NOW} OR :is_dead) RETURNING fence"
)
_WORKS = text(f"UPDATE lives SET fence = :fence, since = {_NOW}, seen = {_NOW} WHERE owner = :owner")  # noqa: S608
_SEEN = text(f"UPDATE lives SET seen = {_NOW} WHERE owner = :owner")  # noqa: S608 - ours
_RENEW = text(f"UPDATE lease SET until = {_NOW} + :seconds WHERE fence = :fence AND owner = :owner")  # noqa: S608


def called(owner: str) -> str:
    """How that life's connections are listed by PostgreSQL, which keeps 63 characters."""
    return f"challenge-bot {owner[-45:]}"


def are_kept(tx: Connection) -> bool:
    """Whether the schema of this database knows lives."""
    return tx.dialect.name == "postgresql" and inspect(tx).has_table("lease")


def enter(tx: Connection, owner: str, home: str, host: str, pid: int, version: str) -> None:
    """A new life, which stands by; it is the only one alive in that home."""
    tx.execute(_FORGET, {"old": FORGOTTEN})
    tx.execute(_ENTER, {"owner": owner, "home": home, "host": host, "pid": pid, "version": version})
    tx.execute(_ONE)


def take(tx: Connection, owner: str, seconds: float) -> int | None:
    """The fence under which that life works from now on, with a lease of so many seconds; None while another has it
    that may be alive. Raises StoreError where the life before holds on to the lease by a line that could not be cut,
    LifeOver where this life was away for so long that its row is gone."""
    if not tx.execute(_SEEN, {"owner": owner}).rowcount:
        raise LifeOver("this life gave no sign of itself for a day, and is forgotten: start it again")
    free = tx.execute(_FREE, {"owner": owner}).one_or_none()
    if free is None:
        return None
    tx.execute(_CUT, {"called": called(free.owner)})
    tx.execute(_IMPATIENT, {"wait": WAIT})
    asked = {"owner": owner, "seconds": seconds, "fence": free.fence, "is_dead": free.is_dead}
    fence: int | None = tx.execute(_TAKE, asked).scalar()
    if fence is not None:
        tx.execute(_WORKS, {"owner": owner, "fence": fence})
    return fence


def renew(tx: Connection, owner: str, fence: int, seconds: float) -> None:
    """Raises LifeOver when another life has taken over."""
    if not tx.execute(_RENEW, {"owner": owner, "fence": fence, "seconds": seconds}).rowcount:
        raise LifeOver("another life has taken over")
    tx.execute(_SEEN, {"owner": owner})


_INSIST = "SELECT 1 FROM lease WHERE fence = %s AND owner = %s FOR KEY SHARE"


def insist(tx: Connection, owner: str, fence: int) -> None:
    """That life still works, and does until this transaction ends. Its name is asked for, too: a replica that was
    promoted may have missed a take-over, and gives its number out again. Raises LifeOver."""
    if tx.exec_driver_sql(_INSIST, (fence, owner)).first() is None:
        raise LifeOver("another life works on the database: nothing more is written")


def leave(tx: Connection, owner: str, fence: int) -> None:
    """The end of a life by its own will: another may work at once. What it still holds is found by `before`."""
    tx.execute(
        text("UPDATE lease SET until = 0 WHERE fence = :fence AND owner = :owner"), {"fence": fence, "owner": owner}
    )
    tx.execute(text("DELETE FROM lives WHERE owner = :owner AND fence = 0"), {"owner": owner})


def forget(tx: Connection, owner: str) -> None:
    """A life that has done all it wanted and holds nothing: nobody misses it."""
    tx.execute(text("DELETE FROM lives WHERE owner = :owner"), {"owner": owner})


def before(tx: Connection, owner: str) -> list[str]:
    """The lives that worked before this one, which works now. They are over, and forgotten with this."""
    gone = text("DELETE FROM lives WHERE fence > 0 AND owner <> :owner RETURNING owner")
    return [name for (name,) in tx.execute(gone, {"owner": owner})]


def listed(tx: Connection) -> list[Life]:
    """The one that works first; [] where lives are not kept."""
    return glance.lives(asking(tx)) if are_kept(tx) else []


def newer(tx: Connection, version: str, seconds: float) -> str:
    """In words what is newer here than this program of that version: the schema, or a life that shows signs of itself
    (by leases of so many seconds); "" for nothing."""
    revision = str(tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())
    if revision > HEAD:
        return f"the database was brought to schema {revision}, and this version knows {HEAD}"
    living = [one for one in listed(tx) if one.silent < SILENT * seconds]
    newest = max(living, key=lambda one: _numbers(one.version), default=None)
    if newest is None or _numbers(newest.version) <= _numbers(version):
        return ""
    return f"{newest.name} is of version {newest.version}, this one of {version}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))
