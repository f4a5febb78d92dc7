"""Hostile mails all the way: through the door, the reading process, the decision and the store to the letters.

Five open cases of a real directory on the real App; mails that are shaped like those of its people, most of them
mutated, one after another. After each: one disposition, no exception, every open case has a future, letters went to
whom they may. A world lasts some hundred mails; the same seed and number make the same world again. It judges no
reading: what a mutated word means is for others to say.
"""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Connection, Table, func, select

from bot.engine.reading.reader.sandbox import NoReader, SandboxDied
from bot.model import Case, Letter, LetterKind
from bot.model.letters import Acknowledgement
from bot.settings.settings import Settings
from bot.store import cases, codec, deadlines, schema
from bot.store.db import Database, insert_into
from tests.forged.carried import ALL
from tests.forged.letters import WORDS, Forged, named, passed
from tests.forged.world import BOT, DIRECTORY, FAY, INBOX, UNIT, Target, World
from tests.fuzz.hostile import cases as mutated
from tests.fuzz.run import seeds
from tests.property.case_walk import ANSWERS, SUBJECTS, TALK

#: Mails a world lasts: longer ones find no more and slow down as their cases grow.
LIFE = 300
PEOPLE = tuple(row["email"] for row in DIRECTORY)
_KNOWN = {*PEOPLE, *(row["deputy_email"] for row in DIRECTORY if row.get("deputy_email")), INBOX, BOT}
GENUINE = ("one", "two", "three", "four", "five", "answer", "word", "more", "stray")
_HONEST = 0.1  # of the mails are as their writers sent them
_GAPS = (0, 1, 3, 10, 30, 90, 600)  # minutes between two mails
_SHORT = 5  # of these: a deadline may find the mail there already, as after a short life of the daemon


@dataclass(slots=True)
class Outcome:
    """What a run found. `wrong`: what was wrong, in which world after how many mails, and the mail."""

    mails: int = 0
    worlds: int = 0
    letters: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    ended: dict[str, int] = field(default_factory=dict)  # disposition -> mails
    wrong: list[tuple[str, bytes]] = field(default_factory=list)


def fuzz(count: int, seed: int, shipped: Settings, tell: Callable[[int], None] = lambda _: None) -> Outcome:
    """`count` mails; a world in which something went wrong ends there, and the next one begins."""
    found, began = Outcome(), time.monotonic()
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        prepared = Path(folder) / "prepared"
        prepare(prepared, shipped)
        while found.mails < count:
            here = Path(folder) / str(found.worlds)
            world = World(here, shipped, prepared, in_process=False)
            _wait_for_reader(world)
            _live(world, count, Random(f"{seed}/{found.worlds}"), found)
            found.worlds += 1
            tell(found.mails)
    found.seconds = time.monotonic() - began
    return found


def _wait_for_reader(world: World) -> None:
    """A run that yields to all others may be too slow to start a reading process in its time; it is no finding."""
    for _ in range(20):
        with contextlib.suppress(SandboxDied):
            world.app.reader.uncaged()
            return
    raise NoReader("the reading process does not start")


def _memory() -> str | None:
    """Where files cost no disk, if there is such a place."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def prepare(folder: Path, shipped: Settings) -> None:
    """The five cases, with a secret that is always the same: ids of letters stand in the mails that answer them."""
    folder.mkdir()
    db = Database(f"sqlite:///{folder / 'story.db'}")
    db.migrate()
    with db.begin() as tx:
        tx.execute(insert_into(tx, schema.meta).values(key="secret", value="5e" * 32).on_conflict_do_nothing())
    db.close()
    World(folder, shipped).close()


def _live(world: World, count: int, chance: Random, found: Outcome) -> None:
    watch, honest = Watch(world), shaped(world)
    mails = mutated((*honest, *seeds()), chance.randrange(1 << 32))
    try:
        for n in range(min(LIFE, count - found.mails)):
            raw = chance.choice(honest) if chance.random() < _HONEST else next(mails)
            began = time.monotonic()
            wrong = watch.after(raw, chance.choice((BOT, INBOX)), chance.choice(_GAPS))
            found.slowest = max(found.slowest, time.monotonic() - began)
            found.mails += 1
            found.wrong += [(f"world {found.worlds}, mail {n + 1}: {why}", raw) for why in wrong]
            if wrong:
                return
        found.wrong += [(f"world {found.worlds}, at its end: {why}", b"") for why in watch.at_the_end()]
    finally:
        found.letters += watch.letters
        for kind, seen in watch.ended.items():
            found.ended[kind] = found.ended.get(kind, 0) + seen
        world.close()


def shaped(world: World) -> tuple[bytes, ...]:
    """Mails as the people of this world write them, and as those write who would be taken for them."""
    made = [*_written(world), *(world.raw(name) for name in GENUINE)]
    for n, technique in enumerate(ALL.values()):
        forged = technique.make(world, world.targets[n % len(world.targets)], WORDS[n % len(WORDS)], n + 1)
        made.append(forged.raw() if isinstance(forged, Forged) else forged)
    return tuple(made)


def _written(world: World) -> Iterator[bytes]:
    """New challenges, answers, words and talk: proven, by letter and by ref, from either side, the unit and others."""
    n = 1000
    for title in SUBJECTS:
        for who in (*(t.raiser for t in world.targets), "new.person@health.example", "parent@home.example"):
            n += 1
            yield Forged(who, f"We disagree with the plan for this family. {n}", n, passed(who), subject=title).raw()
    for target in world.targets:
        for text in (
            *WORDS,
            *ANSWERS,
            *filter(None, TALK),
            "EXTEND 2 working days",
            "NOT RESOLVED",
            "URGENT",
            "REOPEN",
        ):
            n += 1
            yield _reply(target, (target.raiser, FAY, UNIT, PEOPLE[n % len(PEOPLE)])[n % 4], text, n)


def _reply(target: Target, who: str, text: str, n: int) -> bytes:
    cited = (target.to_raiser, target.to_responder, target.original, "")[n % 4]
    reply = Forged(who, text, n, passed(who), cites=cited)
    return (reply if cited else named(target, reply)).raw()


class Watch:
    """What must be so in one world after each mail. `ended` and `letters` are counted on the way."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ended: dict[str, int] = {}
        self.letters = 0
        self._entry, self._letter = self._newest()
        self._versions: dict[int, int] = {}
        self._strangers: set[tuple[str, str]] = set()

    def after(self, raw: bytes, address: str, minutes: int) -> list[str]:
        """Plays what falls due until the mail comes, and the mail. What is wrong then."""
        world, found = self.world, []
        try:
            world.clock.now += timedelta(minutes=minutes)
            if minutes > _SHORT:
                world.app.once(world.clock.now)
            world.put(raw, address)
            world.app.once(world.clock.now)
        except Exception as fault:
            return [f"{type(fault).__name__}: {fault}"]
        with world.app.db.read() as tx:
            rows = tx.execute(select(schema.ledger).where(schema.ledger.c.id > self._entry)).all()
            if len(rows) != 1:
                found.append(f"{len(rows)} entries of the ledger")
            for row in rows:
                self.ended[row.disposition] = self.ended.get(row.disposition, 0) + 1
                kept = tx.scalar(select(func.count()).where(schema.raw.c.digest == row.digest))
                found += disposed(row.disposition, row.why, row.case_number, bool(kept))
            found += self._futures(tx) + self._sent(tx)
        self._entry, self._letter = self._newest()
        return found

    def at_the_end(self) -> list[str]:
        """The journal gives the state that stands, and its chain holds."""
        with self.world.app.db.read() as tx:
            return cases.verify(tx)

    def _newest(self) -> tuple[int, int]:
        with self.world.app.db.read() as tx:
            return _last(tx, schema.ledger), _last(tx, schema.outbox)

    def _futures(self, tx: Connection) -> list[str]:
        """Every open case has a next date and somebody who is to act; those that changed are looked at."""
        found = []
        for row in tx.execute(select(schema.cases.c.number, schema.cases.c.version).where(schema.cases.c.state != "")):
            if self._versions.get(row.number) == row.version:
                continue
            self._versions[row.number] = row.version
            case = cases.load(tx, row.number).case
            if not case.is_open:
                continue
            if not deadlines.of_case(tx, row.number):
                found.append(f"{case.ref} is open in {case.state.value} and nothing will ever fall due")
            if case.due is None:
                found.append(f"{case.ref} is open in {case.state.value} and has no due time")
        return found

    def _sent(self, tx: Connection) -> list[str]:
        """Letters since the last mail: within the directory and the case's own people, or the stranger's one."""
        found = []
        for row in tx.execute(select(schema.outbox).where(schema.outbox.c.id > self._letter)).all():
            self.letters += 1
            letter = codec.loads(Letter, row.letter)
            to = list(tx.scalars(select(schema.recipients.c.address).where(schema.recipients.c.letter == row.id)))
            if letter.to_stranger:
                found += self._stranger(letter, to, f"{row.queued:%Y-%m-%d}")
                continue
            own = _people(cases.load(tx, row.case_number).case) if row.case_number else set()
            known = _KNOWN | own | {self.world.settings.config.operator}
            allowed = self.world.settings.config.recipients.allowed_domains
            for one in to:
                if one not in known or one.rpartition("@")[2] not in allowed:
                    found.append(f"a letter of kind {letter.kind.value} to {one}, who has no part in it")
        return found

    def _stranger(self, letter: Letter, to: list[str], day: str) -> list[str]:
        is_fixed = letter.kind is LetterKind.ACKNOWLEDGEMENT and isinstance(letter.values, Acknowledgement.Stranger)
        found = [] if is_fixed and len(to) == 1 else [f"{letter.kind.value} to strangers: {to}"]
        for one in to:
            if (one, day) in self._strangers:
                found.append(f"a second letter to a stranger in a day: {one}")
            self._strangers.add((one, day))
        return found


def _last(tx: Connection, table: Table) -> int:
    return tx.scalar(select(func.max(table.c.id))) or 0


def disposed(how: str, why: str, case: int | None, is_kept: bool) -> list[str]:
    """Exactly one of the four ends, with its reason; a mail that is somebody's is kept, another leaves nothing."""
    found = []
    if how not in ("case", "holding_pen", "ignored", "set_aside"):
        found.append(f"the mail ended as {how}")
    if not why:
        found.append(f"{how} without a reason")
    if (how == "case") != (case is not None):
        found.append(f"{how}, with the case {case}")
    if how != "ignored" and not is_kept:
        found.append(f"{how}, and its bytes are gone")
    return found


def _people(case: Case) -> set[str]:
    """Everybody who stands in the case itself."""
    served = (one.contact for one in case.served)
    return {one.email for one in (case.raiser, *served, *(contact for _, _, contact in case.people))}
