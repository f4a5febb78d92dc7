"""The daemon: starts the threads, keeps the ticks, obeys signals, tells the service manager and the operator.

SIGTERM and SIGINT end it within five seconds; what was under way is found again in the database. SIGHUP takes the
configuration of the folder if every open case can go on under it, else the old one stays and the operator hears why.
APScheduler holds a few ticks and no deadline. It reads no mail, decides nothing and sends nothing itself.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from bot.daemon.app import App, build
from bot.daemon.configuration import Loaded, reloaded
from bot.daemon.life.life import (
    BEAT,
    NOTHING,
    STOP,
    Jumps,
    alerts,
    free_earlier,
    furnish,
    read_now,
    running,
    signals,
    uncaged,
)
from bot.daemon.logs import without_addresses
from bot.daemon.notify import ALIVE, READY, STOPPING, Notify
from bot.daemon.standing import LITTLE_ROOM, Condition, conditions, disk
from bot.daemon.threads import Desk, Post, Troubles, Worker
from bot.daemon.watch.watch import Watch
from bot.model.errors import BotError, ConfigError, LifeOver, Problem, StoreError, in_words
from bot.settings.settings import Settings
from bot.store.db import Database, asking

ALARMS = 30.0
LOOK = 15.0
HOUSEKEEPING = 300.0
STOP_SECONDS = 4.0
#: How long old threads may take to finish what they are at before new settings are used.
RELOAD_SECONDS = 60.0
#: Without a step of desk or sender for so long, something hangs: the service manager is told nothing more.
STUCK = 600.0

log = structlog.get_logger("daemon")


@dataclass
class Crew:
    """The threads of one configuration."""

    watch: Watch
    desk: Desk
    post: Post

    @property
    def all(self) -> list[Worker]:
        return [self.watch, self.desk, self.post]

    def start(self) -> None:
        for worker in self.all:
            worker.start()

    def stop(self, seconds: float) -> bool:
        """Whether all of them ended in time."""
        until = time.monotonic() + seconds
        for worker in self.all:
            worker.stop()
        for worker in self.all:
            worker.join(max(0.0, until - time.monotonic()))
        return not any(worker.is_alive() for worker in self.all)


class Daemon:
    """One running bot. `run` returns when a signal ended it. `mine`: the name of this life; `database`: opened under
    its lease, where lives stand by."""

    def __init__(
        self, root: Path, env: Mapping[str, str], loaded: Loaded, mine: str, database: Database | None = None
    ) -> None:
        self._root = root
        self._env = env
        self._notify = Notify(env)
        self._troubles = Troubles()
        self._stopped: list[Condition] = []
        self._queued = threading.Event()
        self._beating = threading.Lock()
        scheduler: Any = BackgroundScheduler  # it has no types
        self._ticks = scheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self.owner = mine
        self._faulty(loaded.faults, "the configuration has faults: the last valid one is in use")
        self.app = self._built(loaded.settings, database)
        self._crew = self._manned()
        self._alerts = alerts(self.app, self._decided)
        self._jumps = Jumps(read_now(), time.monotonic())
        self._started = read_now()

    def run(self) -> bool:
        """Runs until SIGTERM or SIGINT. Returns whether everything under way could be finished."""
        with signals() as received:
            free_earlier(self.app.db, self.app.settings, self.owner, read_now())
            self._crew.start()
            self._start_ticks()
            self._notify(READY)
            log.info("started", mailboxes=len(self._crew.watch.watchers), owner=self.owner)
            for number in received:
                if number in STOP:
                    break
                if number == NOTHING:
                    self._compare_times()
                else:
                    self._reload()
            return self._stop()

    # --- building ---------------------------------------------------------------------------------------------------

    def _built(self, settings: Settings, database: Database | None = None) -> App:
        furnish(settings)
        app = build(settings, read_now=read_now, owner=self.owner, woken=self._queued.set, database=database)
        app.composer.on_fault = self._template_failed
        self._uncaged = uncaged(app)
        return app

    def _manned(self) -> Crew:
        app, told = self.app, self._troubles
        watch, post = Watch(app, read_now, told, self._wake), Post(app, read_now, told, self._wake)
        return Crew(watch, Desk(app, read_now, told, watch.watchers, self._decided), post)

    def _wake(self) -> None:
        """The desk looks: a mail has come, a letter that was served may have started a clock; and at times, for a clock
        that was moved and for deadlines of other daemons."""
        self._crew.desk.woken.set()

    def _decided(self) -> None:
        """After a commit: a letter queued inside it can be seen only now."""
        if self._queued.is_set():
            self._queued.clear()
            self._crew.post.woken.set()

    def _template_failed(self, name: str, fault: str) -> None:
        self._troubles.add(f"the template {name} fails", f"Its letters go in a short form. {fault}", read_now())

    def _faulty(self, faults: tuple[Problem, ...], subject: str) -> None:
        if faults:
            log.error("configuration refused", faults=len(faults))
            text = f"{len(faults)} faults; the first: {faults[0]}. See: challenge-bot check"
            self._troubles.add(subject, text, read_now())

    # --- signals ----------------------------------------------------------------------------------------------------

    def _reload(self) -> None:
        """Takes new settings, or keeps the old and says why; mail and letters stand still for the moment it takes."""
        self._notify.reloading()
        subject = "the changed configuration was not taken: the old one is in use"
        self._troubles.over(subject)
        try:
            new = reloaded(self._root, self._env, read_now().date(), self.app.settings, self.app.db)
            app = self._built(new, self.app.db)
        except ConfigError as error:
            self._faulty(error.problems, subject)
        except BotError as error:
            self._faulty((Problem(str(self._root), 0, str(error)),), subject)
        else:
            self._change(app)
            log.info("configuration taken", mailboxes=len(self._crew.watch.watchers))
        self._look()
        self._beat()
        self._notify(READY)

    def _change(self, app: App) -> None:
        old, is_ended = self.app, self._crew.stop(RELOAD_SECONDS)
        if is_ended:
            old.close()  # the database is shared, and opens again by itself
        self.app = app
        self._crew = self._manned()
        self._alerts = alerts(app, self._decided)
        self._crew.start()

    def _stop(self) -> bool:
        self._notify(STOPPING)
        self._ticks.shutdown(wait=False)
        is_ended = self._crew.stop(STOP_SECONDS)
        if is_ended:
            self.app.close()
        log.info("stopped", finished=is_ended)
        return is_ended

    # --- ticks ------------------------------------------------------------------------------------------------------

    def _start_ticks(self) -> None:
        self._careful("look", self._look)  # before the first beat, which would say that all works again
        now = read_now()
        ticks = {
            "heartbeat": (self._beat, BEAT),
            "look": (self._look, LOOK),
            "alarms": (self._wake, ALARMS),
            "digest": (self._digest, LOOK),
            "housekeeping": (self._tidy, HOUSEKEEPING),
        }
        for name, (work, seconds) in ticks.items():
            self._ticks.add_job(self._careful, "interval", [name, work], seconds=seconds, next_run_time=now, id=name)
        self._ticks.start()

    def _careful(self, name: str, work: Callable[[], None]) -> None:
        """A tick that fails is told and comes again."""
        try:
            work()
        except LifeOver as over:
            log.warning("another life works", tick=name, why=in_words(over))
        except Exception as error:
            log.exception("a tick failed", tick=name, why=without_addresses(in_words(error)))
            self._troubles.add(f"a fault in the tick {name}", f"It comes again: {in_words(error)}.", read_now())
        else:
            self._troubles.over(f"a fault in the tick {name}")

    def _digest(self) -> None:
        self.app.daily(read_now())
        self._decided()

    def _tidy(self) -> None:
        self.app.db.tidy()

    def _look(self) -> None:
        """What the database says has stopped, and whether there is room for it."""
        try:
            with self.app.db.read() as tx:
                self._stopped = conditions(asking(tx))
        except StoreError as error:
            self._troubles.add("the database cannot be used", str(error), read_now())
        else:
            self._troubles.over("the database cannot be used")
        config = self.app.settings.config
        short = disk(config.database, Path(config.var), config.least_free_mb, read_now())[1]
        for one in short:
            self._troubles.add(one.subject, one.text, one.since)
        if not short:
            self._troubles.over(LITTLE_ROOM)

    def _beat(self) -> None:
        """Tells what is due to be told, writes the heartbeat, and feeds the watchdog while desk and sender go on."""
        now, ago = read_now(), time.monotonic()
        crew = self._crew
        lives: dict[str, Worker] = {"desk": crew.desk, "sender": crew.post}
        steps = {name: now - timedelta(seconds=ago - worker.progressed) for name, worker in lives.items()}
        lives["watch"] = crew.watch
        stuck = [name for name, worker in lives.items() if ago - worker.progressed > STUCK or not worker.is_alive()]
        for name in stuck:
            self._troubles.add(f"the {name} hangs", "Restart the daemon.", now)
        found = [*self._stopped, *self._troubles.standing()]
        with self._beating:  # a reload beats, too
            self._alerts.look(found, {**self._life(), **steps, "unanswered": self._unanswered(now, ago)}, now)
        if not stuck:
            self._notify(ALIVE)

    def _unanswered(self, now: datetime, ago: float) -> dict[str, str]:
        """Since when a mailbox's answer, or a hand for it, is waited for: a deaf server says nothing for long."""
        waiting = self._crew.watch.queued | self.app.intake.receiving.unanswered
        return {name: (now - timedelta(seconds=ago - since)).isoformat() for name, since in waiting.items()}

    def _life(self) -> dict[str, Any]:
        own = {"pid": os.getpid(), "every": BEAT, "owner": self.owner, "uncaged": self._uncaged}
        return {**own, **running(self.app), "started": self._started}

    def _compare_times(self) -> None:
        """A wall clock that was moved: forward, the desk reads every inbox first; back, the ticks start anew."""
        wall, subject = read_now(), "the clock of this machine jumped"
        ahead = self._jumps.moved(wall, time.monotonic())
        if ahead is not None:
            log.error("the clock jumped", seconds=ahead.total_seconds())
            text = f"By {ahead}. Every inbox is read before anything more is said; check the machine's time."
            self._troubles.add(subject, text, wall)
            if ahead > timedelta(0):
                self._crew.desk.listen_anew()
            for job in self._ticks.get_jobs():
                job.modify(next_run_time=wall)
        else:
            self._troubles.over(subject)
