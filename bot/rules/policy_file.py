"""One policy file read: text -> Policy, and every fault at once, each with its line and what to do.

policy.py says what a block may hold; here is what blocks must be to one another: the course of the stages, ceilings,
tiers, review date. Those checks look at the file's raw values, so that a wrong key elsewhere hides none of them. It
resolves no person: whether anybody holds a role is asked in settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from bot.errors import Problem
from bot.model import Unit, Window
from bot.rules import policy_forms
from bot.rules.policy import Policy
from bot.rules.windows import parse_window
from bot.rules.yaml_file import Document, nearest, read, validate

#: Numbers that the regulator keeps for fiction: nobody answers them.
FICTIONAL = ("01632960", "01214960", "01614960", "01134960", "02079460", "08081570", "07700900", "03069990")


def load(text: str, file: str, today: date | None = None) -> tuple[Policy | None, tuple[Problem, ...]]:
    """The policy in `text`, None when anything but warnings was found. `today` is compared with its review date."""
    document, problems = read(text, file)
    if document is None:
        return None, problems
    titles = document.at(("roles",))
    policy, faults = validate(Policy, document, {"roles": titles if isinstance(titles, dict) else {}})
    found = tuple(
        sorted(
            {
                *problems,
                *faults,
                *_course(document),
                *_windows(document),
                *_tracks(document),
                *policy_forms.faults(document),
                *_warnings(document, today),
            }
        )
    )
    return (None if any(not p.is_warning for p in found) else policy), found


# --- the course of the stages -----------------------------------------------------------------------------------------


def _stages(document: Document) -> list[dict[str, Any]]:
    """The stages as written; what is not a block is an empty one, so that places keep their number."""
    stages = document.at(("stages",))
    return [s if isinstance(s, dict) else {} for s in stages] if isinstance(stages, list) else []


def _course(document: Document) -> Iterator[Problem]:
    stages = _stages(document)
    places: dict[str, int] = {}
    for n, stage in enumerate(stages):
        name = stage.get("id")
        if isinstance(name, str) and name in places:
            yield document.problem(("stages", n, "id"), f"two stages are called {name}: give each its own id")
        elif isinstance(name, str):
            places[name] = n
    start = document.at(("opens_at",))
    if start is not None and start not in places:
        yield document.problem(("opens_at",), f"opens_at names no stage: {start}{nearest(str(start), places)}")
    problems: list[Problem] = []
    follows = dict(_follows(document, stages, places, problems))
    yield from problems
    yield from _loops(document, stages, follows)
    if not problems:
        yield from _unreachable(document, stages, follows)


def _follows(
    document: Document, stages: list[dict[str, Any]], places: dict[str, int], problems: list[Problem]
) -> Iterator[tuple[int, int]]:
    """(stage, next stage) by place; a `next` that names no stage is added to `problems`."""
    for n, stage in enumerate(stages):
        following = stage.get("next")
        if following is None:
            continue
        if following in places if isinstance(following, str) else False:
            yield n, places[following]
        else:
            text = f"{document.name(('stages', n))}: next names no stage: {following}{nearest(str(following), places)}"
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
    led_to = set(follows.values())
    start = document.at(("opens_at",))
    for n, stage in enumerate(stages):
        if n and n not in led_to and not stage.get("opens_on") and stage.get("id") != start:
            text = f"{document.name(('stages', n))} is never reached: name it as `next` of the stage before"
            yield document.problem(("stages", n), text)


# --- windows ----------------------------------------------------------------------------------------------------------


def _window(value: Any) -> Window | None:
    """The window, None where there is none to read: its own fault is reported with its block."""
    try:
        return parse_window(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _windows(document: Document) -> Iterator[Problem]:
    stages = _stages(document)
    yield from _ceilings(document, stages)
    tiers = document.at(("intake", "tiers"))
    offered = [_window(t.get("window")) for t in tiers if isinstance(t, dict)] if isinstance(tiers, list) else []
    assumed = _window(document.at(("intake", "tier_when_missing")))
    if assumed is not None and assumed not in offered:
        among = " and ".join(str(w) for w in offered if w) or "none are given"
        text = f"tier_when_missing is {assumed}, which is not among the tiers ({among}): name one of them"
        yield document.problem(("intake", "tier_when_missing"), text)
    for n, stage in enumerate(stages):
        name = document.name(("stages", n))
        if stage.get("respond_within") == "requested" and not offered:
            text = f"{name} waits as long as the subject asks, but intake gives no tiers: add them or give a window"
            yield document.problem(("stages", n, "respond_within"), text)
        if stage.get("respond_within") == "requested" and stage.get("source") == "local":
            text = f"{name} takes its window from the subject: leave out `source: local`"
            yield document.problem(("stages", n, "source"), text)
    used = _window(document.at(("used_at_opening",)))
    if used is not None and used.unit is not Unit.WORKING_DAYS:
        yield document.problem(
            ("used_at_opening",), "used_at_opening is counted in working days, such as 2 working days"
        )


def _tracks(document: Document) -> Iterator[Problem]:
    """A track names stages that there are, and somebody may take its flag away."""
    tracks = document.at(("tracks",))
    ids = [s.get("id") for s in _stages(document)]
    for n, track in enumerate(tracks if isinstance(tracks, list) else ()):
        named = track.get("stages") if isinstance(track, dict) else None
        for one in [named] if isinstance(named, str) else named if isinstance(named, list) else ():
            if one not in ids:
                text = f"tracks names no stage: {one}{nearest(str(one), [i for i in ids if isinstance(i, str)])}"
                yield document.problem(("tracks", n, "stages"), text)
    if tracks and not document.at(("executive_lead",)):
        text = "a track is given but no executive_lead: name the role whose NOT CHILD PROTECTION ends it"
        yield document.problem(("tracks",), text)


def _ceilings(document: Document, stages: list[dict[str, Any]]) -> Iterator[Problem]:
    """Ceilings count from the opening, so each must be later than the one before it."""
    highest: tuple[int, str] | None = None
    for n, stage in enumerate(stages):
        limit = _window(stage.get("ceiling"))
        if limit is None:
            continue
        name = document.name(("stages", n))
        if highest is not None and limit.n <= highest[0]:
            text = (
                f"{name} ends by working day {limit.n}, not after {highest[1]} ({highest[0]}): ceilings must increase"
            )
            yield document.problem(("stages", n, "ceiling"), text)
        else:
            highest = (limit.n, name)


# --- warnings ---------------------------------------------------------------------------------------------------------


def _warnings(document: Document, today: date | None) -> Iterator[Problem]:
    review = document.at(("review_by",))
    if today is not None and isinstance(review, str):
        try:
            is_past = date.fromisoformat(review) < today
        except ValueError:
            is_past = False  # its own fault is reported with its key
        if is_past:
            text = f"this policy was to be reviewed by {review}: ask the partnership whether it still stands"
            yield document.problem(("review_by",), text, is_warning=True)
    if not document.at(("source",)) and any(s.get("source") != "local" for s in _stages(document)):
        text = "`source` names no document, yet windows are the policy's own: say where they stand, or `source: local`"
        yield document.problem((), text, is_warning=True)
    yield from _fictional(document)


def _fictional(document: Document) -> Iterator[Problem]:
    areas = document.at(("emergency",))
    for area in areas if isinstance(areas, dict) else ():
        for door in ("front_door", "out_of_hours"):
            path = ("emergency", area, door, "phone")
            number = "".join(c for c in str(document.at(path) or "") if c.isdigit())
            if number.startswith(FICTIONAL):
                text = f"{document.name(path)} is a number kept for fiction: put the real one before going live"
                yield document.problem(path, text, is_warning=True)
