"""Runs mutants: each fault in a copy of the tree, and against it the tests that touch its file, the nearest first.

A copy in a temporary folder is changed, never the checkout. A fault is killed by the first test that fails; what none
of the tests notices that call its function, or of its file's and its room's where none does, has survived. It chooses
no fault (`__main__.py`) and makes none (`faults.py`).
"""

from __future__ import annotations

import ast
import compileall
import functools
import importlib
import os
import select
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import NoReturn

import pytest

from tests.mutants.faults import Fault
from tests.mutants.reach import Reach, Watching

ROOT = Path(__file__).parents[2]
#: What a test may read beside the bot.
COPIED = ("bot", "tests", "config", "mail_templates", "docs", "pyproject.toml", "README.md", "CHANGELOG.md", "Makefile")
#: Tests that read the sources themselves, or words alone, say nothing about a fault's meaning; those that run the
#: command itself as a process (`tests.operator`) are slow, and run where a file's name is theirs.
LEFT_OUT = (
    "test_house.py",
    "test_layers.py",
    "test_readme.py",
    "test_tokens.py",
    "test_deliver_alone.py",
    "test_patterns.py",
)
#: Servers that tests start, and whose libraries are worth importing once.
PLUGINS = ("tests.servers.smtp", "tests.servers.ews", "tests.servers.graph", "tests.servers.postgres")
#: Seconds for a file's own tests, for those that name it, and for its room's; what needs more is without an end.
LIMITS = (240, 400, 600)
#: Where a run of the tests writes down in the copy which of them it has come to.
REACHED = "reached.txt"
#: Seconds that tests of a fault's function may have taken together when they were watched; the quickest are taken.
ENOUGH = 40


class Unusable(Exception):
    """The tests fail without any fault."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a fault. `how`: killed, timed out or survived. `by`: the test that noticed it, "" for none."""

    fault: Fault
    how: str
    by: str
    seconds: float


class Copy:
    """A copy of the tree in `folder`. `near`: only the tests that name a file itself, where there are any, are run."""

    def __init__(self, folder: Path, *, near: bool = False) -> None:
        self.folder = folder
        self._near = near
        self._reach: Reach | None = None
        for name in COPIED:
            source, target = ROOT / name, folder / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        # Compiled once, each file with the hash of its source, so that a changed one is never taken for the compiled.
        compileall.compile_dir(folder, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
        _warm()
        self._sound: set[str] = set()

    def learn(self, file: Path) -> None:
        """Reads from the file which tests call which function, or runs all once to write it. Raises Unusable."""
        if not file.exists():
            pid = os.fork()
            if pid == 0:
                _become(
                    self.folder,
                    tuple(path.relative_to(ROOT).as_posix() for path in _files() if not _is_slow(path)),
                    file.resolve(),
                )
            if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
                raise Unusable("the tests fail without any fault")
        self._reach = Reach.read(file)

    def try_out(self, fault: Fault) -> Ended:
        """Puts the fault in, runs the tests, takes it out again. Raises Unusable."""
        began = time.monotonic()
        name = fault.path.relative_to(ROOT)
        stages = list(zip(self._tests(fault), LIMITS, strict=True))
        if self._near and any(tests for tests, _ in stages[:-1]):
            stages.pop()
        target = self.folder / name
        source = target.read_bytes()
        target.write_bytes(fault.put_into(source))
        noticed = (self._noticed(tests, limit) for tests, limit in stages)
        try:
            how = next((found for found in noticed if found), "survived")
        finally:
            target.write_bytes(source)
        by = self._reached() if how != "survived" else ""
        self._must_pass(by)
        return Ended(fault, how, by, time.monotonic() - began)

    def _tests(self, fault: Fault) -> tuple[tuple[str, ...], ...]:
        """What is run for a fault, in turn: its file's tests, then those that call its function, or name its file."""
        name = fault.path.relative_to(ROOT).as_posix()
        own, near, far = tests_of(name)
        calls = self._reach.of(name, fault.within, ENOUGH) if self._reach else ()
        if not calls:
            return own, near, far
        return own, tuple(test for test in calls if test.partition("::")[0] not in own), ()

    def _reached(self) -> str:
        """The test that the last run ended with, whatever it was called with."""
        return (self.folder / REACHED).read_text(encoding="utf-8").partition("[")[0]

    def _must_pass(self, test: str) -> None:
        """What noticed a fault must be content without it; asked once of the same test."""
        if test and test not in self._sound and self._noticed((test,), LIMITS[-1]):
            raise Unusable(f"this fails without any fault: {test}")
        self._sound.add(test)

    def _noticed(self, tests: tuple[str, ...], limit: float) -> str:
        """How the tests noticed that something is wrong, "" if they did not."""
        if not tests:
            return ""
        (self.folder / REACHED).write_text(tests[0], encoding="utf-8")
        pid = os.fork()
        if pid == 0:
            _become(self.folder, tests)
        until = time.monotonic() + limit
        while time.monotonic() < until:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return "" if os.waitstatus_to_exitcode(status) == 0 else "killed"
            select.select([], [], [], 0.05)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return "timed out"


class _Following:
    """Writes down the test that is being run, or the file that cannot be; the last is where a run has stopped."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._file.write_text(nodeid, encoding="utf-8")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._file.write_text(report.nodeid, encoding="utf-8")


def _warm() -> None:
    """Imports once what every test needs, so that a fault costs what its tests cost: children forget ours alone."""
    for name in ("bot.cli.main", "bot.daemon.app", "tests.conftest", *PLUGINS):
        importlib.import_module(name)


def _become(folder: Path, tests: tuple[str, ...], watched: Path | None = None) -> NoReturn:
    """A child that knows the copy's modules and none of the checkout's, and ends with what pytest says.

    `watched`: where is written, if anywhere, which tests called what.
    """
    code = 1
    try:
        os.chdir(folder)
        os.environ |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        sys.dont_write_bytecode = True
        sys.path[:] = [str(folder), *(one for one in sys.path if Path(one or ".").resolve() != ROOT)]
        for name in [name for name in sys.modules if name.partition(".")[0] in ("bot", "tests")]:
            del sys.modules[name]
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        options = ["-x", "-q", "--no-header", "-p", "no:randomly", "-m", "not postgres and not dovecot"]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is warm
        watching = Watching(folder) if watched else None
        code = int(pytest.main([*options, *tests], plugins=[watching or _Following(folder / REACHED)]))
        if watching and watched:
            watching.write(watched)
    finally:
        os._exit(code)


@functools.cache
def tests_of(name: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The tests of a file of the bot by name, those that import it, or whose samples do, and its room's others."""
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    room = ".".join(module.split(".")[:2])
    own, near, far = [], [], []
    for file in _files():
        known = _imported(file)
        path = file.relative_to(ROOT).as_posix()
        if file.stem.endswith(f"_{module.rpartition('.')[2]}"):
            own.append(path)
        elif _is_slow(file):
            continue
        elif module in known:
            near.append(path)
        elif file.parent.name == "unit" and any(one == room or one.startswith(f"{room}.") for one in known):
            far.append(path)
    return tuple(own), tuple(near), tuple(far)


def _files() -> list[Path]:
    files = [f for folder in ("unit", "property") for f in sorted((ROOT / "tests" / folder).glob("test_*.py"))]
    return [file for file in files if file.name not in LEFT_OUT]


def _is_slow(file: Path) -> bool:
    return "tests.operator" in _named(file)


@functools.cache
def _imported(file: Path) -> frozenset[str]:
    """The modules of the bot that a test, or a file of samples that it imports, names."""
    found = set(_named(file))
    for name in {name for name in found if name.startswith("tests.unit.")}:
        path = ROOT / f"{name.replace('.', '/')}.py"
        if path.exists() and path != file:
            found |= _imported(path)
    return frozenset(name for name in found if name.startswith("bot."))


@functools.cache
def _named(file: Path) -> frozenset[str]:
    """Every module that a file imports, and every name that it takes from one."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)
