"""Which configuration the daemon runs on: the one that lies in the folder or, with open cases, the last valid one.

A first start is never made on a faulty configuration. A restart with open cases never stops for the directory or a
policy file: it runs on what the database kept, and says so. bot.yaml itself must be readable, as it says where the
database is. It starts nothing and opens no door.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.engine.contacts.books import Books
from bot.model.errors import ConfigError, Problem, StoreError
from bot.settings import settings
from bot.settings.home import BOT, home, text
from bot.settings.settings import Settings
from bot.store import cases, meta
from bot.store.db import Database
from bot.store.server import glance


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings to run on. `faults`: why they are not those of the folder; () when they are."""

    settings: Settings
    faults: tuple[Problem, ...] = ()


def load(root: Path, env: Mapping[str, str], today: date) -> Loaded:
    """The configuration to start with. Raises ConfigError when neither the folder's nor a kept one can be used."""
    try:
        return Loaded(settings.load(root, env, today))
    except ConfigError as error:
        kept = _last_valid(root, env)
        if kept is None:
            raise
        return Loaded(kept, error.problems)


def _last_valid(root: Path, env: Mapping[str, str]) -> Settings | None:
    """The configuration the database keeps for its open cases: with today's bot.yaml where that fits it."""
    texts = _kept(home(root, env).database)
    for candidate in ({**texts, BOT: text(root)}, texts) if texts else ():
        try:
            return settings.from_texts(root, candidate, env)
        except ConfigError:
            continue
    return None


def _kept(database: str) -> dict[str, str]:
    """The kept files; {} without open cases, and for a database that is not there yet."""
    if (file := glance.file(database)) and not file.exists():
        return {}
    try:
        db = Database(database, check=False)
    except StoreError:
        return {}  # the start itself will say what is wrong with it
    try:
        with db.read() as tx:
            return meta.kept_texts(tx) if cases.open_cases(tx) else {}
    except StoreError:
        return {}
    finally:
        db.close()


def reloaded(root: Path, env: Mapping[str, str], today: date, running: Settings, db: Database) -> Settings:
    """The folder's configuration, if every open case can go on under it. Raises ConfigError with all faults."""
    new = settings.load(root, env, today)
    problems = [*_moved(root, new, running), *_stranded(root, new, db)]
    if problems:
        raise ConfigError(problems)
    return new


def _moved(root: Path, new: Settings, running: Settings) -> Iterator[Problem]:
    for name in ("database", "var"):
        if getattr(new.config, name) != getattr(running.config, name):
            yield Problem(str(root / BOT), 0, f"{name} cannot change while the daemon runs: restart it instead")


def _stranded(root: Path, new: Settings, db: Database) -> Iterator[Problem]:
    """Open cases that would have no policy, stage or area any more."""
    books = Books(new)
    with db.read() as tx:
        for case in cases.open_cases(tx):
            try:
                policy = books.policy(case.policy, cases.load(tx, case.number).policy_text)
                policy.stage(case.stage)
            except KeyError as error:
                yield Problem(str(root), 0, f"{case.ref} is open under policy {case.policy}: {error.args[0]}")
            if case.area not in new.directory.areas:
                lost = f"{case.ref} is open, and nobody is left for its area {case.area}"
                yield Problem(str(root / settings.DIRECTORY), 0, lost)
