"""The locked packages, what their installed metadata says of them, and who brings whom.

The lock files say names, versions and hashes; metadata says licences and needs. A package for another system is locked
and not installed: of it nothing more is known here. It asks no network and writes nothing.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
RUN, DEV = ("requirements.txt",), ("requirements-build.txt", "requirements-dev.txt")
#: Who brings whom is told for one system, whichever it is asked on: the oldest Python that is supported, on Linux.
SYSTEM = {
    "python_version": "3.11", "python_full_version": "3.11.0", "implementation_name": "cpython", "os_name": "posix",
    "platform_python_implementation": "CPython", "platform_system": "Linux", "sys_platform": "linux",
}  # fmt: skip
_LOCKED = re.compile(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Licence:
    """`expression`: SPDX, where what is declared is one; else `name`, as declared; both "" where it is silent."""

    expression: str = ""
    name: str = ""


@dataclass(frozen=True)
class Part:
    """One locked package. `hashes`: SHA-256 of each of its files; `needs`: names of locked packages that it brings."""

    name: str
    version: str
    runs: bool  # the bot runs on it; else it is for tests alone
    hashes: tuple[str, ...]
    installed: bool = False
    licence: Licence = field(default_factory=Licence)
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Supply:
    """The project itself and its parts: one a package, or several where other Pythons get other versions.

    `asked`: what pyproject.toml asks for to run, with its comment.
    """

    name: str
    version: str
    licence: str
    asked: Mapping[str, str]
    parts: tuple[Part, ...]

    def users(self, name: str) -> tuple[str, ...]:
        """Which packages bring `name`; where the bot runs on it, only those that it runs on."""
        runs = any(part.runs for part in self.named(name))
        return tuple(sorted({part.name for part in self.parts if name in part.needs and part.runs >= runs}))

    def named(self, name: str) -> tuple[Part, ...]:
        """The parts of that name, the oldest version first."""
        return tuple(part for part in self.parts if part.name == name)


def supply(root: Path = ROOT) -> Supply:
    """Everything locked in the project at `root`. ValueError where a line of a lock file has no hash."""
    text = (root / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    wanted = [Requirement(line) for line in project["dependencies"]]
    parts = {(part.name, part.version): part for part in _read([root / name for name in DEV], runs=False)}
    parts |= {(part.name, part.version): part for part in _read([root / name for name in RUN], runs=True)}
    found = {canonicalize_name(one.name): one for one in distributions() if one.name}
    extras = {canonicalize_name(one.name): set(one.extras) for one in wanted}
    names = {part.name for part in parts.values()}
    told = [_known(part, found.get(part.name), extras.get(part.name, set()), names) for part in parts.values()]
    told.sort(key=lambda part: (part.name, Version(part.version)))
    asked = {canonicalize_name(one.name): _reason(text, one.name) for one in wanted}
    return Supply(project["name"], project["version"], project["license"], asked, tuple(told))


def _read(paths: Iterable[Path], *, runs: bool) -> Iterator[Part]:
    for path in paths:
        for line in path.read_text("utf-8").replace("\\\n", " ").splitlines():
            if line.startswith("#") or not line.strip():
                continue
            head, hashes = _LOCKED.match(line), tuple(sorted(_HASH.findall(line)))
            if head is None or not hashes:
                raise ValueError(f"{path.name}: this line locks nothing by a version and a hash: {line[:80]}")
            yield Part(str(canonicalize_name(head.group(1))), head.group(2), runs, hashes)


def _reason(text: str, name: str) -> str:
    """The comment beside a dependency; "" where there is none."""
    found = re.search(rf'^  "{re.escape(name)}[\[><=].*?",\s*# (.*)$', text, re.MULTILINE)
    return found.group(1).strip() if found else ""


def _known(part: Part, found: Distribution | None, extras: set[str], names: set[str]) -> Part:
    if found is None or found.version != part.version:
        return part
    needs = {
        str(canonicalize_name(one.name))
        for one in map(Requirement, found.requires or ())
        if one.marker is None or any(one.marker.evaluate({**SYSTEM, "extra": extra}) for extra in {"", *extras})
    }
    return replace(part, installed=True, licence=_licence(found), needs=tuple(sorted(needs & names)))


def _licence(found: Distribution) -> Licence:
    """What a package declares: an SPDX expression, else its classifiers, else the first line of its own words."""
    said = found.metadata
    own = (said.get("License") or "").strip()
    for text in (said.get("License-Expression") or "", own):
        try:
            return Licence(expression=str(canonicalize_license_expression(text)))
        except InvalidLicenseExpression:  # none, or in words of its own
            continue
    classes = [one for one in said.get_all("Classifier") or () if one.startswith("License :: OSI Approved :: ")]
    named = sorted(one.rpartition(" :: ")[2] for one in classes)
    return Licence(name=" or ".join(named) or own.partition("\n")[0])
