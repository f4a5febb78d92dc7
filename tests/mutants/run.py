"""Runs mutants: each fault in a copy of the tree, and against it the tests that touch its file, the nearest first.

A copy in a temporary folder is changed, never the checkout. A fault is killed by the first test that fails; what no
test notices within its file's tests and its room's has survived. It chooses no fault (`__main__.py`) and makes none
(`faults.py`).
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

ROOT = Path(__file__).parents[2]
#: What a test may read beside the bot.
COPIED = ("bot", "tests", "config", "mail_templates", "docs", "pyproject.toml", "README.md", "CHANGELOG.md", "Makefile")
#: Tests that start servers or read the sources themselves say nothing about a fault's meaning.
LEFT_OUT = ("test_house.py", "test_layers.py", "test_readme.py", "test_tokens.py", "test_deliver_alone.py")
#: Servers that tests start, and whose libraries are worth importing once.
PLUGINS = ("tests.servers.smtp", "tests.servers.ews", "tests.servers.graph", "tests.servers.postgres")
#: Seconds for one file's tests and for one room's; a run that needs more is a run without an end.
LIMITS = (240, 600)


class Unusable(Exception):
    """The tests fail without any fault."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a fault. `how`: killed, timed out or survived."""

    fault: Fault
    how: str
    seconds: float


class Copy:
    """A copy of the tree in `folder`. `near`: only the tests that name a file itself, where there are any, are run."""

    def __init__(self, folder: Path, *, near: bool = False) -> None:
        self.folder = folder
        self._near = near
        for name in COPIED:
            source, target = ROOT / name, folder / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        # Compiled once, each file with the hash of its source, so that a changed one is never taken for the compiled.
        compileall.compile_dir(folder, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
        _warm()
        self._sound: set[tuple[str, ...]] = set()

    def try_out(self, fault: Fault) -> Ended:
        """Puts the fault in, runs the tests, takes it out again. Raises Unusable."""
        began = time.monotonic()
        name = fault.path.relative_to(ROOT)
        stages = list(zip(tests_of(name.as_posix()), LIMITS, strict=True))
        if self._near and stages[0][0]:
            stages.pop()
        target = self.folder / name
        source = target.read_bytes()
        target.write_bytes(fault.put_into(source))
        noticed = ((self._noticed(tests, limit), tests, limit) for tests, limit in stages)
        try:
            how, tests, limit = next((found for found in noticed if found[0]), ("survived", (), 0))
        finally:
            target.write_bytes(source)
        self._must_pass(tests, limit)
        return Ended(fault, how, time.monotonic() - began)

    def _must_pass(self, tests: tuple[str, ...], limit: float) -> None:
        """What noticed a fault must be content without it; asked once of the same tests."""
        if tests not in self._sound and self._noticed(tests, limit):
            raise Unusable(f"these fail without any fault: {' '.join(tests)}")
        self._sound.add(tests)

    def _noticed(self, tests: tuple[str, ...], limit: float) -> str:
        """How the tests noticed that something is wrong, "" if they did not."""
        if not tests:
            return ""
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


def _warm() -> None:
    """Imports once what every test needs, so that a fault costs what its tests cost: children forget ours alone."""
    for name in ("bot.cli.main", "bot.daemon.app", "tests.conftest", *PLUGINS):
        importlib.import_module(name)


def _become(folder: Path, tests: tuple[str, ...]) -> NoReturn:
    """A child that knows the copy's modules and none of the checkout's, and ends with what pytest says."""
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
        code = int(pytest.main([*options, *tests]))
    finally:
        os._exit(code)


@functools.cache
def tests_of(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tests of a file of the bot, and the others of its room, by what they or their samples import, or by name."""
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    room = ".".join(module.split(".")[:2])
    files = [f for folder in ("unit", "property") for f in sorted((ROOT / "tests" / folder).glob("test_*.py"))]
    near, far = [], []
    for file in files:
        if file.name in LEFT_OUT:
            continue
        known = _imported(file)
        path = file.relative_to(ROOT).as_posix()
        if module in known or file.stem.endswith(f"_{module.rpartition('.')[2]}"):
            near.append(path)
        elif file.parent.name == "unit" and any(one == room or one.startswith(f"{room}.") for one in known):
            far.append(path)
    return tuple(near), tuple(far)


@functools.cache
def _imported(file: Path) -> frozenset[str]:
    """The modules of the bot that a test, or a file of samples that it imports, names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    samples = {name for name in found if name.startswith("tests.unit.")}
    for name in samples:
        path = ROOT / f"{name.replace('.', '/')}.py"
        if path.exists() and path != file:
            found |= _imported(path)
    return frozenset(name for name in found if name.startswith("bot."))
