"""docs/house.md shows the way of a mail, a deadline and a letter through the house: the way they really go."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from bot.cli.rehearsal.rehearse import rehearse
from bot.cli.rehearsal.story import load
from bot.settings import settings

ROOT = Path(__file__).parents[2]
STORY = ROOT / "tests" / "stories" / "01-answered-and-confirmed.yaml"
LAPSE = ROOT / "tests" / "stories" / "09-no-stage-follows.yaml"
_STEP = re.compile(r"^\| `([\w/]+\.py)` \| `([\w.]+)` \|", re.MULTILINE)

#: Walk -> how many rooms it may enter.
WALKS = {"One mail": 6, "One deadline": 4, "One letter": 4}

Step = tuple[str, str]


def walk(title: str) -> list[Step]:
    """The steps that stand under the heading, as (file, function)."""
    page = (ROOT / "docs" / "house.md").read_text("utf-8")
    part = next(p for p in page.split("\n## ") if p.startswith(title))
    return [(file, name) for file, name in _STEP.findall(part)]


def functions(file: str) -> Iterator[str]:
    """Every function of the file, methods with their class."""
    for node in ast.parse((ROOT / "bot" / file).read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef))


@pytest.mark.parametrize("title", WALKS)
def test_every_step_is_a_function_of_its_file(title: str) -> None:
    """What the page names is there."""
    assert walk(title)
    assert [step for step in walk(title) if step[1] not in functions(step[0])] == []


@pytest.mark.parametrize(("title", "most"), WALKS.items())
def test_a_walk_enters_few_rooms(title: str, most: int) -> None:
    """From the first function to the commit, rooms are few."""
    assert len({file.split("/")[0] for file, _ in walk(title)}) <= most


@pytest.fixture(scope="module")
def trodden() -> list[Step]:
    """Every function of the house that the two stories call, in the order of the calls."""
    calls: list[Step] = []
    house = f"{ROOT / 'bot'}/"

    def called(frame: FrameType, event: str, _arg: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(house):
            calls.append((frame.f_code.co_filename.removeprefix(house), frame.f_code.co_qualname))

    shipped = settings.load(ROOT / "config", dict(os.environ))
    sys.setprofile(called)
    try:
        for story in (STORY, LAPSE):
            rehearse(load(story), shipped)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("title", WALKS)
def test_the_way_is_really_gone(title: str, trodden: list[Step]) -> None:
    """The functions are called one after another as the page has them, and nothing begins anew in between."""
    steps = walk(title)
    assert any(_goes(trodden[at:], steps) for at, call in enumerate(trodden) if call == steps[0])


def _goes(calls: list[Step], steps: list[Step]) -> bool:
    """Whether the steps follow in these calls before the walk's first function is called again."""
    left = steps[1:]
    for call in calls[1:]:
        if call == left[0]:
            left = left[1:]
        elif call == steps[0]:
            return False
        if not left:
            return True
    return False
