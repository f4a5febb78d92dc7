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
WALKS = {"One mail": 6, "One deadline": 4, "One letter": 6}
#: Rooms that are asked from everywhere, for a value and for a rule.
ASKED = {"model", "rules"}
#: The same of functions: the id that a letter will have, and the rehearsal's own clock, where the daemon has another.
ASKED_ALONE = {
    ("letters/mime.py", "message_id"),
    ("letters/mime.py", "_seal"),
    ("cli/rehearsal/rehearse.py", "StillNow.__call__"),
}

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
    assert way(trodden, walk(title))


@pytest.mark.parametrize(("title", "most"), WALKS.items())
def test_a_walk_enters_few_rooms(title: str, most: int, trodden: list[Step]) -> None:
    """Of all that is called from the first function to the commit, rooms are few; what is only asked does not count."""
    gone = [step for step in way(trodden, walk(title)) if not is_asked(step)]
    assert {file for file, _ in walk(title)} <= {file for file, _ in gone}
    assert len({file.split("/")[0] for file, _ in gone}) <= most


def is_asked(step: Step) -> bool:
    """Whether it is only asked for a value or a rule, as the page says at its head."""
    return step[0].split("/")[0] in ASKED or step in ASKED_ALONE


def way(calls: list[Step], steps: list[Step]) -> list[Step]:
    """The calls from the walk's first function to its last; [] where they are not gone in this order, or where it
    begins anew in between."""
    for at, call in enumerate(calls):
        if call == steps[0] and (length := _goes(calls[at:], steps)):
            return calls[at : at + length]
    return []


def _goes(calls: list[Step], steps: list[Step]) -> int:
    """How many of these calls the steps take; 0 where they do not follow before the first is called again."""
    left = steps[1:]
    for n, call in enumerate(calls[1:], start=2):
        if call == left[0]:
            left = left[1:]
        elif call == steps[0]:
            return 0
        if not left:
            return n
    return 0
