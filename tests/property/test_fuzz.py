"""Hostile mails through the reading process, and on to the decision, in small; `make fuzz` does a hundred thousand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import delete

from bot.model import Contact
from bot.settings import settings
from bot.store import outbox, schema
from tests.forged.world import BOT, EVIL, World
from tests.fuzz import intake
from tests.fuzz.hostile import MOST, cases
from tests.fuzz.run import CONFIG, MOST_CPU, MOST_MEMORY, fuzz, seeds
from tests.some import some


def test_no_hostile_mail_hurts_the_reader_or_the_mail_behind_it() -> None:
    """None kills it, none makes it stumble, and the honest mail behind each batch is read as it would be alone."""
    found = fuzz(some(2000), seed=7)
    assert found.cases == some(2000)
    assert found.is_clean, (len(found.deaths), [why for why, _ in found.stumbles], found.late)
    assert 0 < found.slowest <= MOST_CPU
    assert 0 < found.memory <= MOST_MEMORY


def test_the_same_seed_gives_the_same_mails() -> None:
    """A fault that was found once can be found again; another seed asks something else."""
    one, same, other = (list(islice(cases(seeds(), seed), 200)) for seed in (3, 3, 4))
    assert one == same
    assert one != other
    assert all(len(raw) <= MOST for raw in one)


# --- on to the decision -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> settings.Settings:
    return settings.load(CONFIG, dict(os.environ))


@pytest.fixture
def world(shipped: settings.Settings, tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, shipped)
    yield made
    made.close()


def test_mutated_mails_each_end_in_one_place_and_lose_no_case(shipped: settings.Settings) -> None:
    """Each has one disposition, none raises, every open case has a future, and letters go to whom they may."""
    found = intake.fuzz(60, 11, shipped)
    assert found.wrong == []
    assert sum(found.ended.values()) == found.mails == 60
    assert {"case", "ignored", "holding_pen"} <= set(found.ended)
    assert found.letters > 0


def test_the_same_seed_gives_the_same_world(shipped: settings.Settings, tmp_path: Path) -> None:
    """Letters have the same ids each time, so that mails which cite them are the same mails."""
    made = []
    for name in ("one", "two"):
        intake.prepare(tmp_path / name, shipped)
        made.append(World(tmp_path / f"{name}-again", shipped, tmp_path / name))
    assert intake.shaped(made[0]) == intake.shaped(made[1])
    for world in made:
        world.close()


def test_a_case_without_a_future_is_seen(world: World) -> None:
    """The watch is not blind: with its deadlines gone, an open case is told of after any mail."""
    with world.app.db.begin() as tx:
        tx.execute(delete(schema.deadlines).where(schema.deadlines.c.case_number == 2))
    wrong = intake.Watch(world).after(world.raw("stray"), BOT, 0)
    assert [one for one in wrong if "nothing will ever fall due" in one] == wrong != []


def test_a_letter_to_nobody_of_the_case_is_seen(world: World) -> None:
    """Nor here: a letter that goes astray is told of, whoever decided it."""
    watch, letter = intake.Watch(world), world.letters()[0].letter
    with world.app.db.begin() as tx:
        outbox.queue(tx, replace(letter, occasion="astray", to=(Contact(EVIL),)), 1, world.clock.now)
    wrong = watch.after(world.raw("stray"), BOT, 0)
    assert any(f"to {EVIL}, who has no part in it" in one for one in wrong)


@pytest.mark.parametrize(
    ("row", "is_kept"),
    [(("unread", "", None), True), (("case", "a reply", None), True), (("holding_pen", "two", None), False)],
)
def test_a_mail_that_ended_nowhere_is_seen(row: tuple[str, str, int | None], is_kept: bool) -> None:
    """One of four ends, with a reason, a case where it is one, and its bytes where they are somebody's."""
    assert intake.disposed(*row, is_kept) != []
