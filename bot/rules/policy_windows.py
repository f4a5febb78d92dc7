"""The windows of a policy, held against one another: tiers, ceilings, and what several stages share.

It looks at the file's raw values, so that a wrong key elsewhere hides none of these faults. A window that cannot be
read is its own block's fault and is passed over here. It knows no calendar.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.errors import Problem
from bot.model import Unit, Window
from bot.rules.policy_course import stages_of
from bot.rules.policy_grammar import meant
from bot.rules.yaml_file import Document


def mapping(document: Document, key: str) -> dict[str, str]:
    """A block of texts, {} where there is none or it is something else."""
    found = document.at((key,))
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def _window(document: Document, value: Any) -> Window | None:
    """The window, None where there is none to read: its own fault is reported with its block."""
    try:
        return meant(value, mapping(document, "unit_aliases")) if isinstance(value, str) else None
    except ValueError:
        return None


def windows(document: Document) -> Iterator[Problem]:
    stages = stages_of(document)
    yield from _ceilings(document, stages)
    tiers = document.at(("intake", "tiers"))
    offered = (
        [_window(document, t.get("window")) for t in tiers if isinstance(t, dict)] if isinstance(tiers, list) else []
    )
    assumed = _window(document, document.at(("intake", "tier_when_missing")))
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
    used = _window(document, document.at(("used_at_opening",)))
    if used is not None and used.unit is not Unit.WORKING_DAYS:
        yield document.problem(
            ("used_at_opening",), "used_at_opening is counted in working days, such as 2 working days"
        )


def _ceilings(document: Document, stages: list[dict[str, Any]]) -> Iterator[Problem]:
    """Ceilings count from the opening, so each must be later than the one before it."""
    highest: tuple[int, str] | None = None
    for n, stage in enumerate(stages):
        limit = _window(document, stage.get("ceiling"))
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
    yield from _shared(document, stages)


def _shared(document: Document, stages: list[dict[str, Any]]) -> Iterator[Problem]:
    """A stage's own ceiling is not later than the one it shares; a stage shares one at most."""
    seen: dict[str, int] = {}
    groups = document.at(("ceilings",))
    for n, group in enumerate(groups if isinstance(groups, list) else ()):
        within = _window(document, group.get("within")) if isinstance(group, dict) else None
        named = group.get("stages") if isinstance(group, dict) else None
        for one in named if isinstance(named, list) else ():
            if one in seen and isinstance(one, str):
                text = (
                    f"{one} shares two ceilings, the first on line {document.line(('ceilings', seen[one]))}: keep one"
                )
                yield document.problem(("ceilings", n), text)
            seen[str(one)] = n
        for place, stage in enumerate(stages):
            own = _window(document, stage.get("ceiling"))
            is_member = isinstance(named, list) and stage.get("id") in named
            if is_member and own and within and own.unit is within.unit and own.n > within.n:
                text = f"{document.name(('stages', place))} ends by {own}, after the {within} it shares: shorten it"
                yield document.problem(("stages", place, "ceiling"), text)
