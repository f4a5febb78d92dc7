"""No name, initials, date of birth or address of a child or family, wherever people write it in a mail, is read outside
its case: in no subject, header, file name, log, status, daily letter, alert, register or report.

Every story is played with children written into each of its mails. NAMES=1000 mails (`make names`), 120 else.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.header import Header
from itertools import cycle, islice
from pathlib import Path
from random import Random

import pytest
import structlog

from bot.cli.rehearsal import story
from bot.cli.rehearsal.rehearse import Rehearsal
from bot.cli.rehearsal.rows import Row
from bot.cli.rehearsal.story import DATABASE, StoryMail
from bot.daemon import logs
from bot.rules.book import Mode
from bot.settings import settings
from bot.store.db import Database
from tests.names import leaving
from tests.names.family import Child, children, compact, runs
from tests.names.leaving import Piece
from tests.names.planting import PLACES, Planter
from tests.some import some

ROOT = Path(__file__).parents[2]
MAILS = int(os.environ.get("NAMES", some(120)))
SEED = os.environ.get("SEED", "1")
#: So many processes can share the work.
BATCHES = 8
FOLDERS = ("tests/stories", "tests/walks", "config/demo")
STORIES = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.yaml"))

pytestmark = pytest.mark.timeout(3600)


class Planted(Rehearsal):
    """A story whose mails bear children when they reach an inbox; our own letters that come back are left alone."""

    def __init__(self, planter: Planter, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.planter = planter
        self._made: dict[str, bytes] = {}

    def _put(self, address: str, raw: bytes, at: object) -> None:
        digest = hashlib.sha256(raw).hexdigest()
        if digest in self._ids:
            if digest not in self._made:
                self._made[digest] = self.planter.plant(raw, f"{self.story.path.stem}/{digest[:16]}")
            raw = self._made[digest]
        super()._put(address, raw, at)  # type: ignore[arg-type]


def played(planter: Planter, told: story.Story, folder: Path, shipped: settings.Settings) -> Iterator[Piece]:
    """The story with children in it, and all that left or is kept beside its cases."""
    with written() as log:
        rehearsal = Planted(planter, told, folder, shipped)
        planter.count.update(_kind(row) for row in rehearsal.play())
        yield from leaving.letters(rehearsal.app)
        yield from leaving.handed_out(rehearsal.app, told.until)
        yield from leaving.status(rehearsal.app, rehearsal.settings.config.database)
        rehearsal.app.close()
    yield from leaving.names_of_files(folder)
    yield from (Piece("log", line) for line in log.getvalue().splitlines())


def _kind(row: Row) -> str:
    return f"{row['what']} {row.get('kind') or row.get('disposition') or row.get('state')}"


@contextmanager
def written() -> Iterator[io.StringIO]:
    """The log as the program writes it, and everything as it was again at the end."""
    log, handlers, level = io.StringIO(), logging.root.handlers[:], logging.root.level
    logging.root.handlers = []
    logs.configure(log)
    try:
        yield log
    finally:
        structlog.reset_defaults()
        logging.root.handlers, logging.root.level = handlers, level


def leaks(pieces: list[Piece], families: list[Child]) -> Counter[str]:
    """Where a child can be read, and which place of a mail it was written in; how often."""
    found: Counter[str] = Counter()
    wanted = [(child, child.texts()) for child in families]
    for piece in {*pieces}:
        close, words = compact(piece.text), runs(piece.text) if piece.has_words else frozenset[str]()
        for child, texts in wanted:
            if any(one in close for one in texts) or child.initials.casefold() in words:
                found[f"{piece.where} <- {child.place}: {child.found_in(piece.text)}"] += 1
    return found


def test_every_way_of_writing_a_child_is_found() -> None:
    """Name, initials, day of birth and address are seen again in each form in which they are planted, in headers as
    they are encoded too, and no child in words that hold none."""
    chance, plain = Random("forms"), "RE: Safeguarding Challenge – 24 hours [CE-2027-0001], 14 Quay Road, CW1 2AB"
    for child in children("forms", tuple(map(str, range(40)))):
        assert not child.found_in(plain)
        for _ in range(40):
            said = child.said(chance)
            assert child.found_in(f"{plain} {said}"), said
            assert child.found_in(leaving.decoded(Header(said, "utf-8").encode())), said


def test_a_leak_is_said_with_the_place_it_came_from() -> None:
    """What is read outside is named by where it stands and where the child was written."""
    child = next(children("leak", ("subject",)))
    found = leaks([Piece("notice: Subject", f"RE: {child.initials}"), Piece("status", "all is well")], [child])
    assert list(found) == [f"notice: Subject <- subject: {child.initials}"]


@pytest.fixture(scope="module")
def shipped() -> settings.Settings:
    return settings.load(ROOT / "config", dict(os.environ))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database in which nothing stands yet."""
    file = tmp_path_factory.mktemp("empty") / DATABASE
    database = Database(f"sqlite:///{file}")
    database.migrate()
    database.close()
    return file.read_bytes()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_family_is_read_outside_its_case(
    batch: int, shipped: settings.Settings, empty: bytes, tmp_path: Path
) -> None:
    """Whatever people write into subjects, texts, display names, file names and headers stays in the case. It goes on
    until a child stood in each of these places."""
    order = Random(SEED).sample(STORIES, len(STORIES))[batch::BATCHES]
    planter, found = Planter(f"{SEED}/{batch}"), Counter[str]()
    for n, path in enumerate(islice(cycle(order), 10 * len(order))):
        if planter.count["mails"] >= MAILS / BATCHES and min(planter.count[place] for place in PLACES) > 0:
            break
        before, folder = len(planter.families), tmp_path / f"{n}"
        folder.mkdir()
        (folder / DATABASE).write_bytes(empty)
        planter.seed = f"{SEED}/{batch}/{n}"
        pieces = list(played(planter, story.load(path), folder, shipped))
        found += leaks(pieces, planter.families[before:])
    assert dict(found) == {}
    assert min(planter.count[place] for place in PLACES) > 0


@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.SHADOW])
def test_who_is_not_listed_goes_by_the_address(
    mode: Mode, shipped: settings.Settings, empty: bytes, tmp_path: Path
) -> None:
    """A raiser of a known agency whom the directory does not name, with a child's name beside the address: no header
    and no daily letter has it, neither as addressee nor as whose move it is nor among letters that were kept back."""
    (child,) = children("beside", ("display name",))
    told = story.load(ROOT / "tests/stories/139-only-watched.yaml")
    first = told.mail[0].model_copy(update={"sender_from": f"{child.name} <duty@health.example>"})
    answer = StoryMail.model_validate(
        {"id": "a1", "at": first.at + timedelta(hours=3), "from": "Fay Marsh <fay.marsh@csc.example>", "answers": "m1",
         "to": ["duty@health.example"], "cc": ["crewe.assessment@csc.example"],
         "text": "We visited today and will hold a strategy meeting on Friday."})  # fmt: skip
    (tmp_path / DATABASE).write_bytes(empty)
    planter = Planter("none", share=0)
    pieces = list(played(planter, told.model_copy(update={"mail": (first, answer), "mode": mode}), tmp_path, shipped))
    assert (planter.count["fact responded"], planter.count["letter digest"]) == (1, 3)
    assert dict(leaks(pieces, [child])) == {}
