"""A PostgreSQL that dies and fails over under the daemon: nothing is lost or said three times, and it verifies.

`make failover` does the same at size.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failover import pair
from tests.failover.failover import Failover, summary
from tests.servers.dovecot import Dovecot

CRASHES, PROMOTIONS = 2, 1
pytestmark = [pytest.mark.postgres, pytest.mark.dovecot, pytest.mark.timeout(900)]


@pytest.fixture
def root() -> Iterator[Path]:
    """Not pytest's own folder: the path of a socket in it would be too long."""
    folder = Path(tempfile.mkdtemp(prefix="failover-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_the_primary_crashes_and_its_standby_is_promoted(root: Path, dovecot: Dovecot) -> None:
    """One life of the daemon goes on through all of it, at an address that names both servers."""
    with pair.running() as servers:
        run = Failover(root, dovecot, servers, seed=1)
        try:
            outcome = run.fail(CRASHES, PROMOTIONS)
        finally:
            run.close()
    wrong = [*outcome.ended, *outcome.verdict.wrong, *([] if outcome.intact else [outcome.verified])]
    assert wrong == [], summary(outcome)
    assert outcome.kills == CRASHES + PROMOTIONS
    assert outcome.verdict.letters > outcome.verdict.challenges > 0
