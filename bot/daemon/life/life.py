"""What one life of the program needs: a name for its leases, a folder to itself, its signals, roads to the operator.

Shared by the daemon and by `once`, which is one pass of the same work for cron. It keeps no thread and no tick.
"""

import fcntl
import os
import secrets
import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from bot import __version__
from bot.daemon.alert import Alerts
from bot.daemon.app import App, build
from bot.daemon.configuration import Loaded
from bot.daemon.standing import HEARTBEAT, LOCK, conditions, disk
from bot.daemon.threads import Troubles
from bot.engine.reading.reader.sandbox import SandboxDied
from bot.model import Letter
from bot.model.errors import BotError, LifeOver, StoreError
from bot.settings.home import Home
from bot.settings.settings import Settings
from bot.store import deadlines, meta, outbox
from bot.store.db import Database, asking, file_of
from bot.store.server import lives

#: Often enough for `status` to be true within a quarter of a minute: see its UNANSWERED.
BEAT = 5.0
#: Under what the database keeps which alerts were told, for the life that takes over.
TOLD = "alerts_told"
#: What stands for "no signal for QUIET_SECONDS".
NOTHING, QUIET_SECONDS = 0, 30.0
STOP = (signal.SIGTERM, signal.SIGINT)
#: How far the wall clock may run ahead of the steady one, or fall behind it, before it was moved.
JUMP, SET_BACK = timedelta(hours=1), timedelta(minutes=1)

log = structlog.get_logger("daemon")


def read_now() -> datetime:
    return datetime.now(UTC)


def alerts(app: App, queued: Callable[[], None] = lambda: None) -> Alerts:
    """The roads to the operator. `queued` is called when a letter was queued."""
    config = app.settings.config

    def post(letter: Letter, now: datetime) -> None:
        with app.db.begin() as tx:
            app.turn.post(tx, letter, now)
        queued()

    heartbeat, kept = Path(config.var) / HEARTBEAT, "[]"
    if app.db.guard is None:  # no other life has told anything
        return Alerts(heartbeat, config.operator, post, config.alert_command)

    def keep(told: str) -> None:
        with suppress(StoreError, LifeOver), app.db.begin() as tx:  # the heartbeat has it all the same
            meta.put(tx, TOLD, told)

    with suppress(StoreError), app.db.read() as tx:
        kept = meta.get(tx, TOLD) or kept
    return Alerts(heartbeat, config.operator, post, config.alert_command, kept=kept, keep=keep)


def once(loaded: Loaded, mine: str, database: Database | None = None) -> list[str]:
    """One pass over everything, for cron, by the life of that name. Returns what could not be done, in words."""
    troubles = Troubles()
    for fault in loaded.faults[:1]:
        troubles.add("the configuration has faults: the last valid one is in use", str(fault), read_now())
    furnish(loaded.settings)
    app = build(loaded.settings, read_now=read_now, owner=mine, database=database)

    def failed(name: str, fault: str) -> None:
        troubles.add(f"the template {name} fails", f"Its letters go in a short form. {fault}", read_now())

    app.composer.on_fault = failed
    try:
        free_earlier(app.db, app.settings, mine, read_now())
        said = app.once(read_now())
        with app.db.read() as tx:
            found = conditions(asking(tx))
        found += disk(app.settings.config.database, Path(app.settings.config.var), app.settings.config.least_free_mb,
                      read_now())[1]  # fmt: skip
        life = {"pid": os.getpid(), "every": 0, "uncaged": uncaged(app), **running(app)}
        alerts(app).look([*found, *troubles.standing()], life, read_now())
        app.sender.drain(read_now())
        app.db.tidy()
        return said
    finally:
        app.close()


def running(app: App) -> dict[str, object]:
    """What runs, for `status`."""
    readers = {"now": len(app.reader.pids), "most": app.settings.config.readers}
    return {"version": __version__, "mode": app.settings.config.mode.value, "readers": readers}


def owner() -> str:
    """Who holds a lease: no two lives of any daemon share one."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


def uncaged(app: App) -> tuple[str, ...]:
    """What of the reading process's cage this kernel refuses, said aloud at a start and at a change of settings."""
    try:
        found = app.reader.uncaged()
    except SandboxDied as died:
        found = (f"the reading process cannot be started: {died}",)
    for line in found:
        log.warning("no whole cage", why=line)
    return found


def free_earlier(db: Database, settings: Settings, mine: str, now: datetime) -> None:
    """Ends the leases of the life before this one, which held the same folder and is surely over, and of those that
    worked on the database before this one took over."""
    key = f"owner:{socket.gethostname()}:{Path(settings.config.var).resolve()}"
    with db.begin() as tx:
        kept = meta.get(tx, key)
        for earlier in {*([kept] if kept else ()), *lives.before(tx, mine)}:
            deadlines.free(tx, earlier)
            outbox.free(tx, earlier, now)
        meta.put(tx, key, mine)


def furnish(settings: Settings) -> None:
    """Makes the folders that lie in our own `var`. Elsewhere a missing folder may be a disk that is not mounted. Raises
    BotError for one that cannot be made."""
    config = settings.config
    own = Path(config.var).absolute()
    doors = [config.bot.receive, config.bot.send, *(box.receive for box in config.mailboxes)]
    for path in (Path(door.path).absolute() for door in doors if door.kind == "maildir"):
        if path.is_relative_to(own):
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise BotError(f"{path.parent} cannot be made ({error.strerror}): it is to hold a Maildir") from error


@contextmanager
def alone(where: Home) -> Iterator[None]:
    """Holds the folder while it runs and, where it is SQLite, the database, whatever folder another life has.

    Raises BotError when another life holds one of them, named by its process; the kernel lets go for a dead one. Not
    handled: a disk that two machines share, which the database refuses by itself or nothing does.
    """
    me = f"process {os.getpid()} on {socket.gethostname()}, in {where.var.absolute()}"
    file = file_of(where.database)
    with _held(where.var / LOCK, f"in {where.var}", me), ExitStack() as beside:
        if file is not None:
            beside.enter_context(_held(file.with_name(f"{file.name}.lock"), f"on {file}", me))
        yield


@contextmanager
def _held(lock: Path, works: str, me: str) -> Iterator[None]:
    try:
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "r+")
    except OSError as error:
        raise BotError(f"{lock} cannot be written: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BotError(
                f"another challenge-bot works {works}: end it first ({file.read() or 'it says not who it is'}). On a "
                "database works either `run` or `once` by cron: never both, and on SQLite never two"
            ) from None
        file.truncate()
        file.write(me)
        file.flush()
        yield


@contextmanager
def signals(quiet: float = QUIET_SECONDS) -> Iterator[Iterator[int]]:
    """The signals that arrive, one by one, and NOTHING after so many seconds without. A handler only writes a byte: it
    may run at any point of the program."""
    reader, writer = os.pipe()
    wanted = (*STOP, signal.SIGHUP)
    before = {number: signal.signal(number, lambda n, _: os.write(writer, bytes([n]))) for number in wanted}
    try:
        yield _arriving(reader, quiet)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reader)
        os.close(writer)


def _arriving(reader: int, quiet: float) -> Iterator[int]:
    while True:
        ready, _, _ = select.select([reader], [], [], quiet)
        yield os.read(reader, 1)[0] if ready else NOTHING


class Jumps:
    """The wall clock held against the machine's steady one, which stands still while a virtual machine is suspended."""

    def __init__(self, wall: datetime, steady: float) -> None:
        self._wall, self._steady = wall, steady

    def moved(self, wall: datetime, steady: float) -> timedelta | None:
        """By how much the wall clock was moved since the last look; None where both went on alike. `steady`: seconds
        of time.monotonic."""
        ahead = (wall - self._wall) - timedelta(seconds=steady - self._steady)
        self._wall, self._steady = wall, steady
        return ahead if ahead > JUMP or ahead < -SET_BACK else None
