"""Each fault that is put into the bot on purpose is found by a simulation; `make planted`, for it takes minutes."""

from __future__ import annotations

import pytest

from tests.simulate.planted import PLANTED
from tests.simulate.run import play

#: Worlds of a third of a year that may pass before it is found: a fault may need a crash at the right place.
WORLDS = 12


@pytest.mark.planted
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name: str) -> None:
    """By the property that it breaks, in a handful of worlds; without it those worlds are clean (test_simulate.py)."""
    fault = PLANTED[name]
    found = []
    for seed in range(1, WORLDS + 1):
        with fault.in_place():
            result = play(seed, 0.3)
        if not result.is_clean:
            found.append(result.number)
            break
    assert found, "no world found it"
    assert set(found) <= fault.found_by
