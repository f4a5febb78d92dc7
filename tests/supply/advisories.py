"""Advisories (OSV, JSON) held against the locked packages. It fetches none: whoever runs it brings the file.

An advisory hits by its list of versions or its ranges, as OSV lays down. One that speaks of a locked package in a form
that cannot be judged (a range of commits alone) is doubtful, and counts as a hit: nothing is clean by silence.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tests.supply.locks import Part

Advisory = Mapping[str, object]


@dataclass(frozen=True)
class Hit:
    """One advisory that speaks of the locked version. `fixed`: versions that hold the fix; `doubtful`: see above."""

    package: str
    version: str
    id: str
    summary: str
    fixed: tuple[str, ...]
    doubtful: bool = False


def load(path: Path) -> list[Advisory]:
    """The advisories of a file (one, a list, or one a line) or of a folder of files. ValueError where it is no OSV."""
    if path.is_dir():
        return [one for file in sorted(path.rglob("*.json")) for one in load(file)]
    text = path.read_text("utf-8")
    try:
        given = json.loads(text)
    except json.JSONDecodeError:
        given = [json.loads(line) for line in text.splitlines() if line.strip()]
    found = given.get("vulns", [given]) if isinstance(given, dict) else given
    if not isinstance(found, list) or not all(isinstance(one, dict) and one.get("id") for one in found):
        raise ValueError(f"{path}: these are no advisories of the form OSV: each needs an id")
    return found


def hits(parts: Iterable[Part], advisories: Sequence[Advisory]) -> list[Hit]:
    """Every locked package that an advisory speaks of, by name, version and id."""
    found = {hit for part in parts for one in advisories if not one.get("withdrawn") for hit in _of(part, one)}
    return sorted(found, key=lambda hit: (hit.package, Version(hit.version), hit.id))


def _of(part: Part, advisory: Advisory) -> Iterator[Hit]:
    for affected in _dicts(advisory.get("affected")):
        package = _dict(affected.get("package"))
        is_meant = package.get("ecosystem") == "PyPI" and canonicalize_name(str(package.get("name"))) == part.name
        verdict = is_meant and is_hit(part.version, affected)
        if verdict is not False:
            summary = str(advisory.get("summary") or advisory.get("details") or "").partition("\n")[0]
            yield Hit(part.name, part.version, str(advisory["id"]), summary, _fixed(affected), verdict is None)


def is_hit(version: str, affected: Mapping[str, object]) -> bool | None:
    """Whether a version is affected; None where that cannot be told."""
    locked, listed = Version(version), [str(one) for one in _list(affected.get("versions"))]
    ranges = [one for one in _dicts(affected.get("ranges")) if one.get("type") in ("ECOSYSTEM", "SEMVER")]
    try:
        if version in listed or any(Version(one) == locked for one in listed):
            return True
        if any(_within(locked, _dicts(one.get("events"))) for one in ranges):
            return True
    except InvalidVersion:
        return None
    return False if listed or ranges else None


def _within(locked: Version, events: Sequence[Mapping[str, object]]) -> bool:
    """OSV's own walk: introduced turns it on, fixed turns it off, past the last affected it is off."""
    steps = []
    for event in events:
        for kind, at in event.items():
            if kind in ("introduced", "fixed", "last_affected"):
                steps.append((Version("0.dev0" if at == "0" else str(at)), kind))
    inside = False
    for at, kind in sorted(steps, key=lambda step: step[0]):
        if kind == "introduced" and locked >= at:
            inside = True
        elif (kind == "fixed" and locked >= at) or (kind == "last_affected" and locked > at):
            inside = False
    return inside


def _fixed(affected: Mapping[str, object]) -> tuple[str, ...]:
    ranges = [one for one in _dicts(affected.get("ranges")) if one.get("type") != "GIT"]
    events = [event for one in ranges for event in _dicts(one.get("events"))]
    return tuple(dict.fromkeys(str(event["fixed"]) for event in events if "fixed" in event))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, object]]:
    return [one for one in _list(value) if isinstance(one, dict)]
