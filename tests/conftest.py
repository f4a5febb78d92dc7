"""Fixtures of real servers, each on a loopback port of its own; and in CI a test that was left out is a failure."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

pytest_plugins = [
    "tests.servers.tokens",  # first: others import it
    "tests.servers.dns",
    "tests.servers.dovecot",
    "tests.servers.ews",
    "tests.servers.graph",
    "tests.servers.postgres",
    "tests.servers.smtp",
]

#: Where files are as real as elsewhere and a sync costs nothing: a story makes hundreds of them.
MEMORY = Path("/dev/shm")
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 4 * 2**30:
    tempfile.tempdir = str(MEMORY)

#: Tests of doors in one run, from which on the matrix is shown.
ENOUGH = 100


def pytest_collection_finish() -> None:
    """What stands now stands to the end, and is not looked through for garbage again and again: a tenth of a story."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def left_out(config: pytest.Config) -> list[str]:
    """The tests that were skipped, where none may be; this process alone knows of all of them."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("CI") or not isinstance(reporter, TerminalReporter):
        return []
    return sorted({report.nodeid for report in reporter.stats.get("skipped", [])})


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if left_out(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    _show_doors(terminalreporter)
    for test in left_out(config):
        terminalreporter.write_line(f"LEFT OUT, which CI does not allow: {test}", red=True)


def _show_doors(reporter: TerminalReporter) -> None:
    """Which door kept which promise, where most of the contracts' tests were run."""
    outcomes = [
        (report.nodeid, report.outcome)
        for reports in reporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.nodeid.startswith("tests/contract/")
        if report.when == "call" or report.outcome != "passed"
    ]
    if len(outcomes) < ENOUGH:
        return
    from tests.contract import matrix  # not above: pytest would find its tests' files read before it could

    known = matrix.results(outcomes)
    for table in matrix.tables():
        reporter.write_line("")
        reporter.write_line(matrix.as_text(table, known))
