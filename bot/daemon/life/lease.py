"""One life among several on a PostgreSQL: it stands by until the lease is its own, and ends when it is no longer.

While it works a thread renews the lease, on a connection of its own. A life that was taken over ends at once, as by a
kill: whatever was under way is another's. One whose database is away goes on asking: under the fence of
store/server/lives.py it can do nothing meanwhile. On SQLite there is no lease, and no standing by.
"""

import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from bot import __version__
from bot.daemon.alert import write_heartbeat
from bot.daemon.life.life import BEAT, STOP, owner, read_now, signals
from bot.daemon.logs import without_addresses
from bot.daemon.notify import ALIVE, READY, Notify
from bot.daemon.standing import HEARTBEAT
from bot.model.errors import BotError, LifeOver, StoreError, in_words
from bot.settings.home import Home
from bot.store.db import Database, file_of
from bot.store.server import lives

#: What a life that was taken over, or is too old, ends with: whoever started it starts it again, and it stands by.
AGAIN = 75
#: The name of the folder, in itself.
HOME = "home"
#: How often in a lease it is renewed; a standby looks as often, and not less than once a second.
RENEWALS = 4

log = structlog.get_logger("lease")


class Lease:
    """This life's part in the database of `where`. `fence` is None until it works."""

    def __init__(self, where: Home, mine: str) -> None:
        self._where, self._seconds = where, where.lease_seconds
        self.owner = mine
        self.fence: int | None = None
        self._db = self._opened()
        self._done = threading.Event()
        self._not_before = 0.0  # on the steady clock

    def _opened(self) -> Database:
        return Database(self._where.database, check=False, called=lives.called(self.owner))

    def enter(self) -> None:
        """Stands by. Raises BotError where a newer program works here."""
        with self._db.read() as tx:
            is_new = not lives.are_kept(tx)
        if is_new:
            self._db.migrate()
        with self._db.begin() as tx:
            lives.enter(tx, self.owner, _home(self._where.var), socket.gethostname(), os.getpid(), __version__)
        self._compare()

    def _compare(self) -> None:
        with self._db.read() as tx:
            why = lives.newer(tx, __version__, self._seconds)
        if why:
            raise LifeOver(f"{why}: install the newer version here, too, or end that life")

    def others(self) -> str:
        """Who works now, in words."""
        with self._db.read() as tx:
            return next((life.name for life in lives.listed(tx) if life.is_active), "nobody")

    def take(self) -> bool:
        """Takes the lease, if it is free, and keeps it from then on."""
        with self._db.begin() as tx:
            self.fence = lives.take(tx, self.owner, self._seconds)
        if self.fence is None:
            return False
        log.info("works under the lease", fence=self.fence, owner=self.owner)
        threading.Thread(target=self._renew, name="the lease", daemon=True).start()
        return True

    def stand_by(self, env: Mapping[str, str]) -> bool:
        """Until the lease is ours; False: a signal ended the wait."""
        if self._is_taken():
            return True
        notify, started, beaten = Notify(env), read_now(), 0.0
        log.info("stands by", works=self.others())
        notify(READY)
        with signals(min(1.0, self._seconds / RENEWALS)) as received:
            for number in received:
                if number in STOP:
                    return False
                if self._is_taken():
                    return True
                if time.monotonic() - beaten >= BEAT:
                    beaten = time.monotonic()
                    self._beat(started)
                    notify(ALIVE)
        return False

    def _is_taken(self) -> bool:
        """A database that is away for a while is waited for. When it is back every lease may have lapsed: who worked
        has the time of one to go on."""
        try:
            self._compare()
        except StoreError as error:
            self._not_before = time.monotonic() + self._seconds
            log.warning("the database cannot be used", why=without_addresses(str(error)))
            return False
        try:
            return time.monotonic() >= self._not_before and self.take()
        except StoreError as error:
            log.warning("the lease cannot be taken", why=without_addresses(str(error)))
            return False

    def _beat(self, started: datetime) -> None:
        """A sign of life for `status`: nothing is told by a life that stands by."""
        content = {"at": read_now(), "pid": os.getpid(), "every": BEAT, "owner": self.owner, "started": started}
        with suppress(OSError):  # whoever works tells of a full disk
            write_heartbeat(self._where.var / HEARTBEAT, {**content, "version": __version__, "mode": "standby"})

    def database(self) -> Database:
        """The database under this life's fence, its schema brought up to date. Raises StoreError."""
        if self.fence is None:
            raise LifeOver("this life stands by: it may write nothing")
        db = self._opened()
        db.guard = partial(lives.insist, owner=self.owner, fence=self.fence)
        db.migrate()
        return db

    def has_done(self) -> None:
        """A pass is over, and holds nothing: `status` is not to miss it until the next."""
        with suppress(StoreError), self._db.begin() as tx:
            lives.forget(tx, self.owner)

    def leave(self) -> None:
        """Another may work at once. A database that is away finds out by the lease."""
        self._done.set()
        with suppress(StoreError), self._db.begin() as tx:
            lives.leave(tx, self.owner, self.fence or 0)
        self._db.close()

    # --- while it works ----------------------------------------------------------------------------------------------

    def _renew(self) -> None:
        fence = self.fence or 0
        while not self._done.wait(self._seconds / RENEWALS):
            try:
                why = self._renewed(fence)
            except LifeOver as over:
                why = str(over)
            except Exception as error:  # without renewals another takes over, whatever it is
                log.warning("the lease could not be renewed", why=without_addresses(in_words(error)))
                continue
            if why:
                self._end(why)

    def _renewed(self, fence: int) -> str:
        """Why this life must end; "" for nothing. A newer one stands by, and works at once. Raises LifeOver."""
        with self._db.begin() as tx:
            lives.renew(tx, self.owner, fence, self._seconds)
            newer = lives.newer(tx, __version__, self._seconds)
            if newer:
                lives.leave(tx, self.owner, fence)
        return f"{newer}: install the newer version here, too" if newer else ""

    def _end(self, why: str) -> None:
        if self._done.is_set():  # it ends by itself
            return
        log.error("this life ends", why=why, owner=self.owner)
        sys.stderr.flush()
        os._exit(AGAIN)


def _home(var: Path) -> str:
    """A name of this folder, made once, that no copy of it on another machine has."""
    file, draft = var / HOME, var / f"{HOME}.new"
    try:
        if not file.exists():
            draft.touch(0o600)
            draft.write_text(secrets.token_hex(16))
            draft.rename(file)
    except OSError as error:
        raise BotError(f"{file} cannot be written: {error.strerror}") from error
    return f"{socket.gethostname()}:{file.read_text()}"


@contextmanager
def joined(where: Home) -> Iterator[Lease | None]:
    """This life among those of its database, standing by; None on SQLite."""
    if file_of(where.database) is not None:
        yield None
        return
    lease = Lease(where, owner())
    try:
        lease.enter()
        yield lease
    finally:
        lease.leave()
