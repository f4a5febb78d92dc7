"""`make guards`: takes away the guard of each fault, in a copy of the tree, and wants the test that proves it red.

First each test is run with the guard in its place, and must pass. Then the edits of a row are made, and each of its
tests must fail by what it asserts, or by a fault that it meets: not for want of a name, not before it begins, not by
being left out. `python -m tests.faults.guards [NUMBERS]`, as in 9,14. It changes nothing of the checkout.
"""

from __future__ import annotations

import argparse
import compileall
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from xml.etree import ElementTree

from tests.faults.table import EVERY, ROOT, Row, rows

AT_ONCE = 2
#: Seconds for one run of a row's tests; pytest ends a single test long before.
LIMIT = 900
LEFT_OUT = (".git", ".venv", "var", "demo", "build", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis")
#: A guard is missing when a test says so, not when the edited source cannot be read or names what is not there.
NO_REASON = ("ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError", "NameError", "UnboundLocalError")
#: Nor when nothing is said at all: a slow machine looks the same.
NO_REASON += ("Failed: Timeout",)


@dataclass(frozen=True, slots=True)
class Ended:
    """How one run of a test ended. `words`: the reason in a line."""

    is_green: bool
    is_red: bool
    words: str


class Copies:
    """Copies of the tree, each used by one run at a time."""

    def __init__(self, folder: Path) -> None:
        self._free: queue.Queue[Path] = queue.Queue()
        for n in range(AT_ONCE):
            shutil.copytree(ROOT, folder / str(n), ignore=shutil.ignore_patterns(*LEFT_OUT))
            # Compiled once, with the hash of each source, so that a changed one is never taken for the compiled.
            compileall.compile_dir(folder / str(n), quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
            self._free.put(folder / str(n))

    @contextmanager
    def one(self, row: Row | None = None) -> Iterator[Path]:
        """A copy, without the guard of the row."""
        copy = self._free.get()
        changed = row.unguarded(copy) if row else {}
        kept = {name: (copy / name).read_bytes() for name in changed}
        try:
            for name, text in changed.items():
                (copy / name).write_text(text, encoding="utf-8")
            yield copy
        finally:
            for name, source in kept.items():
                (copy / name).write_bytes(source)
            self._free.put(copy)

    def run(self, tests: tuple[str, ...], row: Row | None = None) -> dict[str, Ended]:
        """How each of these tests ends, without the guard of the row."""
        with self.one(row) as copy, tempfile.TemporaryDirectory(prefix="guard-") as results:
            return _run(tests, copy, Path(results, "results.xml"))


def main() -> int:
    asked = _asked()
    found = [row for row in rows() if not asked or row.fault in asked]
    missing = sorted(asked - {row.fault for row in found})
    for number in missing:
        say(f"{number:3} NOT RED: it has no row")
    with tempfile.TemporaryDirectory(prefix="guards-") as folder, ThreadPoolExecutor(AT_ONCE) as hands:
        copies = Copies(Path(folder))
        sets = list(dict.fromkeys(row.tests for row in found))
        sound = dict(zip(sets, hands.map(copies.run, sets), strict=True))
        for test, ended in ((test, ended) for several in sound.values() for test, ended in several.items()):
            if not ended.is_green:
                say(f"NOT GREEN with every guard in its place: {test}: {ended.words}")
        reds = list(hands.map(lambda row: _try_out(row, copies, sound), found))
    say(f"{len(reds)} guards taken away, {sum(reds)} noticed")
    return 0 if all(reds) and not missing else 1


def _try_out(row: Row, copies: Copies, sound: dict[tuple[str, ...], dict[str, Ended]]) -> bool:
    """Whether every test of the row is green with its guard and red without."""
    began = time.monotonic()
    if not all(one.is_green for one in sound[row.tests].values()):
        say(f"{row.fault:3} NOT RED: {row.what} (its tests are not green with it)")
        return False
    ended = copies.run(row.tests, row).values()
    is_red = all(one.is_red for one in ended)
    why = "; ".join(one.words for one in ended if is_red or not one.is_red)
    say(f"{row.fault:3} {'red' if is_red else 'NOT RED'}: {row.what} ({why}) {time.monotonic() - began:.0f} s")
    return is_red


def _run(tests: tuple[str, ...], copy: Path, results: Path) -> dict[str, Ended]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-m", "", f"--junitxml={results}", *tests]
    outside = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        command, cwd=copy, env=os.environ | outside, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        said = f"nothing for {LIMIT} s"
    if not results.exists():
        return dict.fromkeys(tests, Ended(False, False, f"pytest says {' '.join(said.split())[-200:]}"))
    report = ElementTree.parse(results).getroot()
    return {test: judged(report, test) for test in tests}


def judged(report: ElementTree.Element, test: str) -> Ended:
    """What pytest's own report says of a test: green where all of it passed, red where some of it failed for a reason,
    and nothing was left out or fell over beside it."""
    every = list(report.iter("testcase"))
    cases = [case for case in every if _is_of(case, test)]
    beside = [_line(one) for case in every for kind in ("error", "skipped") for one in case.iter(kind)]
    failed = [_line(one) for case in cases for one in case.iter("failure")]
    for_nothing = [words for words in failed if words.startswith(NO_REASON)]
    return Ended(
        is_green=bool(cases) and not beside and not failed,
        is_red=bool(failed) and not beside and not for_nothing,
        words=next(iter((*beside, *for_nothing, *failed)), f"{len(cases)} passed"),
    )


def _is_of(case: ElementTree.Element, test: str) -> bool:
    """Whether the case is this test, or one of the rows of it."""
    named, bracket, row = test.partition("[")
    file, *classes, function = named.split("::")
    where = ".".join((file.removesuffix(".py").replace("/", "."), *classes))
    name = case.get("name", "")
    is_row = name == f"{function}[{row}" if bracket else name.partition("[")[0] == function
    return is_row and case.get("classname") == where


def _line(one: ElementTree.Element) -> str:
    return " ".join((one.get("message") or one.text or "").split())[:120]


def _asked() -> frozenset[int]:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.guards", description="Each guard taken away.")
    parser.add_argument("faults", nargs="?", default="", help="numbers, as in 9,14; all where none is given")
    try:
        asked = frozenset(int(number) for number in parser.parse_args().faults.split(",") if number.strip())
    except ValueError:
        parser.error("numbers are meant, as in 9,14")
    if asked - EVERY:
        parser.error(f"there is no such fault: {sorted(asked - EVERY)}")
    return asked


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
