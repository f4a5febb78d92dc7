"""The course of a policy's stages, as its file writes it: what leads where, and what names a stage that there is not.

It looks at the file's raw values, so that a wrong key elsewhere hides none of these faults. It resolves no person and
knows no window: those are held against one another in file.py.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.model import Flag
from bot.model.errors import Problem
from bot.rules.policy.yaml_file import Document, blocks, nearest


def course(document: Document) -> Iterator[Problem]:
    stages = blocks(document.at(("stages",)))
    numbers: dict[str, int] = {}
    for n, stage in enumerate(stages):
        name = stage.get("id")
        if isinstance(name, str) and name in numbers:
            yield document.problem(("stages", n, "id"), f"two stages are called {name}: give each its own id")
        elif isinstance(name, str):
            numbers[name] = n
    start = document.at(("opens_at",))
    if start is not None and start not in numbers:
        yield document.problem(("opens_at",), f"opens_at names no stage: {start}{nearest(str(start), numbers)}")
    problems: list[Problem] = []
    follows = dict(_follows(document, stages, numbers, problems))
    yield from problems
    yield from _loops(document, stages, follows)
    if not problems:
        yield from _unreachable(document, stages, follows)


def _follows(
    document: Document, stages: list[dict[str, Any]], numbers: dict[str, int], problems: list[Problem]
) -> Iterator[tuple[int, int]]:
    """(stage, next stage) by place; a `next` that names no stage is added to `problems`."""
    for n, stage in enumerate(stages):
        following = stage.get("next")
        if following is None:
            continue
        if following in numbers if isinstance(following, str) else False:
            yield n, numbers[following]
        else:
            text = f"{document.name(('stages', n))}: next names no stage: {following}{nearest(str(following), numbers)}"
            problems.append(document.problem(("stages", n, "next"), text))


def _loops(document: Document, stages: list[dict[str, Any]], follows: dict[int, int]) -> Iterator[Problem]:
    """Each circle of stages once, at the stage that closes it."""
    done: set[int] = set()
    for start in range(len(stages)):
        seen: list[int] = []
        here: int | None = start
        while here is not None and here not in done and here not in seen:
            seen.append(here)
            here = follows.get(here)
        if here is not None and here in seen:
            last, names = seen[-1], [document.name(("stages", n)) for n in (*seen[seen.index(here) :], here)]
            text = f"{' -> '.join(names)} goes round in a circle: leave out `next` at the last stage"
            yield document.problem(("stages", last, "next"), text)
        done.update(seen)


def _unreachable(document: Document, stages: list[dict[str, Any]], follows: dict[int, int]) -> Iterator[Problem]:
    """Stages that neither another leads to nor a subject opens; the first in the file is always opened."""
    ids = {stage.get("id"): n for n, stage in enumerate(stages) if isinstance(stage.get("id"), str)}
    led_to = {*follows.values(), *(ids[to] for stage in stages for to in _skips(stage) if to in ids)}
    start = document.at(("opens_at",))
    for n, stage in enumerate(stages):
        if n and n not in led_to and not stage.get("opens_on") and stage.get("id") != start:
            text = f"{document.name(('stages', n))} is never reached: name it as `next` of the stage before"
            yield document.problem(("stages", n), text)


def tracks(document: Document) -> Iterator[Problem]:
    """Somebody may take a child protection track's flag away, and an urgent one's words or raiser set it."""
    flags = [track.get("flag") for track in blocks(document.at(("tracks",)))]
    if Flag.CHILD_PROTECTION in flags and not document.at(("executive_lead",)):
        text = "a track is given but no executive_lead: name the role whose NOT CHILD PROTECTION ends it"
        yield document.problem(("tracks",), text)


def _skips(stage: Mapping[str, Any]) -> list[str]:
    """The ids that a stage's skip_to names, be it one block or a list."""
    found = stage.get("skip_to")
    skips = blocks([found] if isinstance(found, dict) else found)
    return [skip["to"] for skip in skips if isinstance(skip.get("to"), str)]


def named(document: Document) -> Iterator[Problem]:
    """Stages that tracks, shared ceilings and skips name: there must be such, and a skip leads onwards."""
    stages = blocks(document.at(("stages",)))
    ids = [s["id"] for s in stages if isinstance(s.get("id"), str)]
    for block in ("tracks", "ceilings"):
        for n in range(len(blocks(document.at((block,))))):
            yield from _known(document, (block, n, "stages"), ids)
            if block == "tracks":
                yield from _known(document, (block, n, "windows"), ids)
    for n, stage in enumerate(stages):
        for to in _skips(stage):
            name, path = document.name(("stages", n)), ("stages", n, "skip_to")
            if to not in ids:
                yield document.problem(path, f"{name}: skip_to names no stage: {to}{nearest(to, ids)}")
            elif to in _before(stages, n):
                yield document.problem(path, f"{name}: skip_to leads back to {to}: name a later stage")


def _known(document: Document, path: tuple[str | int, ...], ids: list[str]) -> Iterator[Problem]:
    named = document.at(path)
    for one in [named] if isinstance(named, str) else named if isinstance(named, list | dict) else ():
        if one not in ids:
            yield document.problem(path, f"{path[0]} names no stage: {one}{nearest(str(one), ids)}")


def _before(stages: list[dict[str, Any]], n: int) -> set[Any]:
    """The stage itself and those that lead to it by `next`."""
    found, here = set(), stages[n].get("id")
    while here is not None and here not in found:
        found.add(here)
        here = next((s.get("id") for s in stages if s.get("next") == here), None)
    return found
