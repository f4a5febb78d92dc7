"""Stories: behaviour end to end on the real App, a virtual clock, Maildirs and SQLite.

The project's own stand in tests/stories; CHALLENGE_BOT_STORIES may name a folder of further ones.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot import rehearse, settings, story

ROOT = Path(__file__).parent.parent
OWN = sorted((ROOT / "tests" / "stories").glob("*.yaml"))
FURTHER = os.environ.get("CHALLENGE_BOT_STORIES", "")


@pytest.fixture(scope="session")
def shipped() -> settings.Settings:
    return settings.load(ROOT / "config", dict(os.environ))


@pytest.mark.parametrize("path", OWN, ids=lambda p: p.stem)
def test_story(path: Path, shipped: settings.Settings) -> None:
    """Every expectation of the project's own story holds and nothing happens that must never be."""
    assert rehearse.rehearse(story.load(path), shipped).faults == ()


def test_further_stories(shipped: settings.Settings) -> None:
    """So do the stories of a folder outside the project, where one is named."""
    if not FURTHER:
        pytest.skip("no further stories: CHALLENGE_BOT_STORIES names no folder")
    paths = sorted(Path(FURTHER).glob("*.yaml"))
    faults = {p.stem: rehearse.rehearse(story.load(p), shipped).faults for p in paths}
    assert faults, f"{FURTHER} holds no story"
    assert {name: found for name, found in faults.items() if found} == {}


def test_story_that_is_wrong_is_found(shipped: settings.Settings) -> None:
    """An expectation that does not hold, and one that must never be, are both named."""
    told = story.load(OWN[0])
    wrong = told.model_copy(update={"expect": ({"letter": "escalation"},), "never": ({"fact": "opened"},)})
    found = rehearse.rehearse(wrong, shipped).faults
    assert [f.split(":")[0] for f in found] == ["expected and not found", "must never be and is"]
