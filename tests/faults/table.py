"""The rows of the table of faults, read from the files beside it and checked: what cannot be a row is refused by name.

A row is a mapping: `fault` (1 to 72), `what` and `promise` (a sentence each), `test` (the id of a test as pytest knows
it, or a list of them, each of which must notice) and `guard` (an edit of `file`, `old` and `new`, or a list of edits
that open the fault together). It runs no test and changes no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
#: Which faults stand in which file.
FILES = {
    "crash.yaml": range(1, 13),
    "smtp.yaml": range(13, 22),
    "mailbox.yaml": range(22, 33),
    "storage.yaml": range(33, 42),
    "time.yaml": range(42, 49),
    "rules.yaml": range(49, 53),
    "hostile.yaml": range(53, 73),
}
EVERY = frozenset(number for numbers in FILES.values() for number in numbers)


@dataclass(frozen=True, slots=True)
class Edit:
    """One place of a source where a guard stands (`old`, there exactly once), and what stands there without it."""

    file: str
    old: str
    new: str

    def put_into(self, source: str) -> str:
        """Raises ValueError when the place is not there, or not the only one."""
        if source.count(self.old) != 1:
            raise ValueError(f"{self.file}: this stands there {source.count(self.old)} times, not once: {self.old!r}")
        return source.replace(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Row:
    """`tests`: one at least; each of them must notice when the edits of `guard` are made together."""

    fault: int
    what: str
    promise: str
    tests: tuple[str, ...]
    guard: tuple[Edit, ...]

    def unguarded(self, root: Path) -> dict[str, str]:
        """By file the source without the guard. Raises ValueError and OSError."""
        found: dict[str, str] = {}
        for edit in self.guard:
            source = found.get(edit.file) or (root / edit.file).read_text(encoding="utf-8")
            found[edit.file] = edit.put_into(source)
        return found


def rows() -> list[Row]:
    """Every row there is, by number. Raises ValueError for one that is none, or stands in the wrong file."""
    found: list[Row] = []
    for name, numbers in FILES.items():
        if (HERE / name).exists():
            for row in _read(HERE / name):
                if row.fault not in numbers:
                    raise ValueError(f"{name}: fault {row.fault} does not belong here")
                found.append(row)
    return sorted(found, key=lambda row: row.fault)


def _read(path: Path) -> Iterator[Row]:
    for given in YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")) or ():
        if set(given) != {"fault", "what", "promise", "test", "guard"} or not isinstance(given["fault"], int):
            raise ValueError(f"{path.name}: no row of the table: {given}")
        where = f"{path.name}: fault {given['fault']}"
        yield Row(
            given["fault"],
            _sentence(given["what"], where),
            _sentence(given["promise"], where),
            tuple(_sentence(test, where) for test in _several(given["test"], where)),
            tuple(_edit(edit, where) for edit in _several(given["guard"], where)),
        )


def _several(given: Any, where: str) -> list[Any]:
    several = given if isinstance(given, list) else [given]
    if not several:
        raise ValueError(f"{where}: a list of nothing")
    return several


def _sentence(given: Any, where: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueError(f"{where}: a text is missing")
    return " ".join(given.split())


def _edit(given: Any, where: str) -> Edit:
    if not isinstance(given, dict) or set(given) != {"file", "old", "new"} or not all(map(_is_text, given.values())):
        raise ValueError(f"{where}: an edit is a file, an old and a new text: {given}")
    return Edit(given["file"], given["old"], given["new"])


def _is_text(given: Any) -> bool:
    return isinstance(given, str)
