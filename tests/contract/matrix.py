"""Which door keeps which promise: read from the contract classes, for the end of a test run and for docs/doors.md.

A kind of door is one class that inherits a contract, with a name (`door`) and, for each promise that cannot exist for
it, the reason (`absent`): such a test is not run, and the matrix says why. `python -m tests.contract.matrix` writes the
tables into docs/doors.md anew.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import ClassVar

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "doors.md"
BEGIN, END = "<!-- begin: written by python -m tests.contract.matrix -->", "<!-- end -->"

KEPT, BROKEN, NOT_RUN, ABSENT = "yes", "NO", "not run", "–"


class Contract:
    """Inherited by a contract, which holds the promises as tests, and through it by each kind of door."""

    title: ClassVar[str] = ""  # of a contract
    door: ClassVar[str] = ""  # of a kind of door
    absent: ClassVar[dict[str, str]] = {}  # test -> why there can be no such promise here

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in cls.absent:
            if name not in promises(cls):
                raise TypeError(f"{cls.__name__}: absent names {name}, which is no promise of its contract")
            setattr(cls, name, None)


@dataclass(frozen=True)
class Table:
    """One contract: its promises (test -> sentence) and its doors, in order of their files."""

    title: str
    promises: dict[str, str]
    doors: tuple[type[Contract], ...]

    def cell(self, door: type[Contract], promise: str, results: Mapping[tuple[str, str], bool] | None) -> str:
        """What is known of a promise. `results`: (test class's id, test) -> whether it was kept; None: not asked."""
        if promise in door.absent:
            return ABSENT
        return (
            KEPT if results is None else {True: KEPT, False: BROKEN, None: NOT_RUN}[results.get((id_of(door), promise))]
        )

    @property
    def notes(self) -> list[str]:
        """What does not apply to a door, with the reason."""
        found: dict[tuple[str, str], list[str]] = {}
        for door in self.doors:
            for promise in (p for p in self.promises if p in door.absent):
                found.setdefault((door.door, door.absent[promise]), []).append(said(promise))
        return [f"{door} ({', '.join(names)}): {why}" for (door, why), names in found.items()]


def promises(cls: type) -> dict[str, str]:
    """The tests of a contract in order of their lines, each with the first sentence of its docstring."""
    found = {
        name: test for base in cls.__mro__ for name, test in vars(base).items() if name.startswith("test_") and test
    }
    in_order = sorted(found.items(), key=lambda item: inspect.unwrap(item[1]).__code__.co_firstlineno)
    return {name: " ".join((test.__doc__ or "").split()) for name, test in in_order}


def said(promise: str) -> str:
    return promise.removeprefix("test_").replace("_", " ")


def id_of(door: type[Contract]) -> str:
    """As the ids of its tests begin: file and class."""
    return f"{door.__module__.replace('.', '/')}.py::{door.__qualname__}"


def tables() -> list[Table]:
    """Every contract with all its doors."""
    for file in sorted(HERE.glob("test_*.py")):
        import_module(f"tests.contract.{file.stem}")
    return [
        Table(contract.title, promises(contract), tuple(sorted(contract.__subclasses__(), key=id_of)))
        for contract in sorted(Contract.__subclasses__(), key=lambda c: c.title, reverse=True)
        if contract.__module__.endswith("_contract")
    ]


def results(reports: Iterable[tuple[str, str]]) -> dict[tuple[str, str], bool]:
    """From (test id, outcome) of every report: kept only where each variant of the test passed."""
    found: dict[tuple[str, str], bool] = {}
    for nodeid, outcome in reports:
        place, _, test = nodeid.rpartition("::") if "[" not in nodeid else nodeid.partition("[")[0].rpartition("::")
        key = (place, test.partition("[")[0])
        found[key] = found.get(key, True) and outcome == "passed"
    return found


def as_text(table: Table, known: Mapping[tuple[str, str], bool]) -> str:
    """For a terminal: a line a promise, a column a door."""
    width = max(len(said(p)) for p in table.promises)
    columns = [max(len(d.door), len(NOT_RUN)) for d in table.doors]
    heads = (d.door.ljust(n) for d, n in zip(table.doors, columns, strict=True))
    lines = [f"{table.title}: {len(table.promises)} promises", f"{' ' * width}  {'  '.join(heads)}".rstrip()]
    for promise in table.promises:
        cells = (table.cell(d, promise, known).ljust(n) for d, n in zip(table.doors, columns, strict=True))
        lines.append(f"{said(promise).ljust(width)}  {'  '.join(cells)}".rstrip())
    return "\n".join([*lines, *(f"– {note}" for note in table.notes)])


def as_markdown() -> str:
    """For docs/doors.md."""
    lines: list[str] = []
    for table in tables():
        lines += [f"### {table.title}: {len(table.promises)} promises", ""]
        lines += ["| promise | " + " | ".join(d.door for d in table.doors) + " |", "|---|" + "---|" * len(table.doors)]
        for promise, sentence in table.promises.items():
            cells = " | ".join(table.cell(d, promise, None) for d in table.doors)
            lines.append(f"| {said(promise)}: {sentence} | {cells} |")
        lines += ["", "Does not apply:", "", *(f"* {note}" for note in table.notes), ""]
    return "\n".join(lines)


def page(text: str) -> str:
    """The page with its tables as they are now."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{as_markdown()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    # Not this module run as a script, whose classes are others than those that the tests inherit.
    from tests.contract.matrix import page as renewed

    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
