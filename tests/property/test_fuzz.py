"""Hostile mails through the real reading process, in small; `make fuzz` does a hundred thousand."""

from __future__ import annotations

from itertools import islice

from tests.fuzz.hostile import MOST, cases
from tests.fuzz.run import fuzz, seeds


def test_no_hostile_mail_hurts_the_reader_or_the_mail_behind_it() -> None:
    """None kills it, none makes it stumble, and the honest mail behind each batch is read as it would be alone."""
    found = fuzz(2000, seed=7)
    assert found.cases == 2000
    assert found.is_clean, (len(found.deaths), [why for why, _ in found.stumbles], found.late)
    assert found.memory < 1 << 30


def test_the_same_seed_gives_the_same_mails() -> None:
    """A fault that was found once can be found again; another seed asks something else."""
    one, same, other = (list(islice(cases(seeds(), seed), 200)) for seed in (3, 3, 4))
    assert one == same
    assert one != other
    assert all(len(raw) <= MOST for raw in one)
