"""Fixtures of real servers, each on a loopback port of its own; and in CI a test that was left out is a failure."""

from __future__ import annotations

import os

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
    for test in left_out(config):
        terminalreporter.write_line(f"LEFT OUT, which CI does not allow: {test}", red=True)
