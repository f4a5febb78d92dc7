"""Fixtures of the engine's tests: a bot in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.engine_samples import House, running


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from running(tmp_path)
