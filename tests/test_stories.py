"""Stories: behaviour end to end on the real App, a virtual clock, Maildirs and SQLite.

The project's own stand in tests/stories, each policy's whole course in tests/walks, the demo's in config/demo;
CHALLENGE_BOT_STORIES may name a folder of further ones.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot import settings
from bot.rehearsal import rehearse, story

ROOT = Path(__file__).parent.parent
FOLDERS = ("tests/stories", "tests/walks", "config/demo")
OWN = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.yaml"))
NAMED = os.environ.get("CHALLENGE_BOT_STORIES", "")
FURTHER = sorted(Path(NAMED).glob("*.yaml")) if NAMED else []


@pytest.fixture(scope="session")
def shipped() -> settings.Settings:
    return settings.load(ROOT / "config", dict(os.environ))


@pytest.mark.parametrize("path", [*OWN, *FURTHER], ids=lambda p: p.stem)
def test_story(path: Path, shipped: settings.Settings) -> None:
    """Every expectation of the story holds and nothing happens that must never be."""
    assert rehearse.rehearse(story.load(path), shipped).faults == ()


def test_story_that_is_wrong_is_found(shipped: settings.Settings) -> None:
    """An expectation that does not hold, and one that must never be, are both named."""
    told = story.load(ROOT / "tests" / "stories" / "01-answered-and-confirmed.yaml")
    wrong = told.model_copy(update={"expect": ({"letter": "escalation"},), "never": ({"fact": "opened"},)})
    found = rehearse.rehearse(wrong, shipped).faults
    assert [f.split(":")[0] for f in found] == ["expected and not found", "must never be and is"]
