"""The table of faults, held against the sources: every fault has its row, every row a test and a guard that exist.

That a test turns red without its guard takes minutes and is `make guards`; here it is only made sure that it can be
asked. It runs none of the tests.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.faults.guards import judged
from tests.faults.table import EVERY, ROOT, Row, rows

ROWS = rows()
IDS = [str(row.fault) for row in ROWS]


def test_every_fault_has_one_row() -> None:
    """The 72 numbers are there, once each."""
    found = Counter(row.fault for row in ROWS)
    assert set(found.values()) <= {1}
    assert set(found) == EVERY == set(range(1, 73))


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_its_tests_exist(row: Row) -> None:
    """Each named test is a function of its file, or of a class there or of what that inherits."""
    for test in row.tests:
        name, _, function = test.partition("[")[0].partition("::")
        assert function.rpartition("::")[2].startswith("test_"), test
        assert function in named_in(ROOT / name), test


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_its_guard_can_be_taken_away(row: Row) -> None:
    """Every place is there once, in the bot, and taking the guard away changes what the file means."""
    assert all(edit.file.startswith("bot/") for edit in row.guard)
    for name, text in row.unguarded(ROOT).items():
        was = (ROOT / name).read_text(encoding="utf-8")
        assert text != was
        if name.endswith(".py"):
            assert ast.dump(ast.parse(text)) != ast.dump(ast.parse(was))


def test_without_a_guard_no_name_is_missing(tmp_path: Path) -> None:
    """A source without its guard is whole otherwise, so that what a test then notices is the guard."""
    for row in ROWS:
        for name, text in row.unguarded(ROOT).items():
            if name.endswith(".py"):
                (tmp_path / f"{row.fault}_{name.replace('/', '_')}").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "E9,F821,F822,F823"]
    done = subprocess.run([*command, str(tmp_path)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


TEST = "tests/kill/test_x.py::TestY::test_z"
FAILED = '<failure message="assert 2 == 1"/>'


def case(inside: str = "", name: str = "test_z", where: str = "tests.kill.test_x.TestY") -> str:
    return f'<testcase classname="{where}" name="{name}">{inside}</testcase>'


@pytest.mark.parametrize(
    ("report", "is_green", "is_red"),
    [
        (case(), True, False),
        ("", False, False),
        (case(name="test_z[1]") + case(FAILED, name="test_z[2]"), False, True),
        (case('<failure message="bot.model.errors.StoreError: full"/>'), False, True),
        (case("<failure message=\"NameError: name 'x' is not defined\"/>"), False, False),
        (case('<failure message="Failed: Timeout (&gt;120.0s) from pytest-timeout."/>'), False, False),
        (case('<error message="collection failure"/>', where=""), False, False),
        (case('<skipped message="Dovecot is missing"/>'), False, False),
        (case(FAILED) + case("<skipped/>", name="test_other"), False, False),
        (case(FAILED, name="test_zz"), False, False),
        (case(FAILED, where="tests.kill.test_x"), False, False),
        (case() + case(FAILED, name="test_other"), True, False),
    ],
)
def test_a_run_is_judged_by_what_failed(report: str, is_green: bool, is_red: bool) -> None:
    """Red is what an assertion or a fault made red; nothing run, left out or fallen over before is neither."""
    ended = judged(ElementTree.fromstring(f"<testsuites><testsuite>{report}</testsuite></testsuites>"), TEST)
    assert (ended.is_green, ended.is_red) == (is_green, is_red)


def test_one_row_of_a_test_is_no_other() -> None:
    """Where a row of a test is named, what befalls the others says nothing about it."""
    report = ElementTree.fromstring(f"<all>{case(name='test_z[1]')}{case(FAILED, name='test_z[2]')}</all>")
    assert judged(report, f"{TEST}[1]").is_green
    assert judged(report, f"{TEST}[2]").is_red


def named_in(path: Path) -> set[str]:
    """The tests of a file as pytest names them behind it: `test_x`, `TestY::test_x`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name, node in classes.items():
        found |= {f"{name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
        for base in (one.id for one in node.bases if isinstance(one, ast.Name)):
            origin = path if base in classes else _origin(tree, base)
            if origin is not None and origin.exists():
                inherited = found if origin == path else named_in(origin)
                prefix = f"{base}::"
                found |= {f"{name}::{one.removeprefix(prefix)}" for one in inherited if one.startswith(prefix)}
    return found


def _origin(tree: ast.Module, name: str) -> Path | None:
    """The file of the tests that a name of this one comes from."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and any(alias.name == name for alias in node.names):
            return ROOT / f"{node.module.replace('.', '/')}.py"
    return None
