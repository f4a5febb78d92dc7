"""Forged and unauthorised words, thousands of them, end nothing, stop no clock and write to nobody outside the closure.

Each technique is a generator of raw mails (techniques.py) played against five cases on the real App (world.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.model import LetterKind
from bot.settings import settings
from tests.forged.carried import ALL
from tests.forged.guards import WITHOUT
from tests.forged.letters import WORDS, Forged
from tests.forged.techniques import Technique
from tests.forged.world import World

CONFIG = Path(__file__).parents[2] / "config"
ROUNDS = 30
A_FEW = 12  # every word once, and every case twice


@pytest.fixture(scope="module")
def shipped() -> settings.Settings:
    return settings.load(CONFIG, dict(os.environ))


@pytest.fixture(scope="module")
def prepared(shipped: settings.Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    World(folder, shipped).close()
    return folder


@pytest.fixture
def world(prepared: Path, shipped: settings.Settings, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world", shipped, prepared)
    yield made
    made.close()


def mails(technique: Technique, world: World) -> list[bytes]:
    """Every word against every case, each mail another."""
    technique.before(world)
    made = []
    for n in range(ROUNDS):
        case = world.targets[n % len(world.targets)]
        forged = technique.make(world, case, WORDS[n % len(WORDS)], n + 1)
        made.append(forged.raw() if isinstance(forged, Forged) else forged)
    return made


@pytest.mark.parametrize("technique", ALL.values(), ids=lambda t: t.name)
def test_forged_words_do_nothing(technique: Technique, world: World) -> None:
    """No close, no extension, no stopped clock, no letter to an address outside the closure; and the clocks go on."""
    for raw in mails(technique, world):
        world.put(raw, technique.to)
    world.pass_time(1)
    assert world.unread() == 0
    assert technique.wrong(world) == [], technique.guard
    assert world.goes_on() == [], technique.guard


@pytest.mark.parametrize("technique", ALL.values(), ids=lambda t: t.name)
def test_without_its_guard_it_succeeds(technique: Technique, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each guard is what holds its techniques: the first few mails do harm as soon as it is taken away."""
    made = mails(technique, world)[:A_FEW]
    WITHOUT[technique.guard](monkeypatch, world)
    for raw in made:
        world.put(raw, technique.to)
    world.pass_time(1)
    assert technique.wrong(world) != []


def test_there_are_enough_of_them(prepared: Path, shipped: settings.Settings, tmp_path: Path) -> None:
    """Forty techniques and more, two thousand mails and more, no two alike; every one names its guard."""
    world = World(tmp_path / "world", shipped, prepared)
    made = [raw for technique in ALL.values() for raw in mails(technique, world)]
    world.close()
    assert len(ALL) >= 40
    assert len(set(made)) >= 2000
    assert {technique.guard for technique in ALL.values()} == set(WITHOUT)


def test_an_id_used_from_another_address_is_told(world: World) -> None:
    """Whoever holds an id of ours without having been written to: the case is flagged, the operator told."""
    for raw in mails(ALL["an_id_of_ours_from_another_address"], world):
        world.put(raw)
    world.pass_time(1)
    assert all("answered_from_elsewhere" in case.flags for case in world.cases().values())
    alerts = [q for q in world.letters() if q.letter.kind is LetterKind.ALERT]
    assert {address for q in alerts for address, _, _ in q.recipients} == {world.settings.config.operator}


def test_the_same_words_act_from_whom_they_belong_to(world: World) -> None:
    """The yardstick is not blind: one proven word of the raiser, and harm is seen."""
    world.genuine("real", world.targets[0].raiser, "RESOLVED", "RE: x", to=("bot@challenge.example",), cites="one")
    assert world.harm() != []
