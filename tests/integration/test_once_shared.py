"""Passes by cron on a PostgreSQL that lives share: each is a life that is over when it has done."""

from pathlib import Path

import pytest

from tests.integration.test_lives import home, url
from tests.operator import done, rows

__all__ = ["url"]
pytestmark = pytest.mark.postgres


def test_between_two_passes_all_is_well(tmp_path: Path, url: str) -> None:
    """A pass that is over leaves no life behind that would have stopped, and the next works at once."""
    folder = home(tmp_path / "first", url)
    for _ in range(2):
        done(folder, "once")
        (found,) = rows(folder, "status")
        assert (found["ok"], found["lives"]) == (True, [])
