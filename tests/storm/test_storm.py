"""Twenty kills on each database: nothing is lost, said three times or told to the wrong person, and it verifies.

`make storm` does the same at size. A fault that is put into a copy of the bot is found, so that the judge is worth
believing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.postgres import Cluster
from tests.storm.forks import HOUSE
from tests.storm.scythe import Call, Cut
from tests.storm.storm import Outcome, Plan, Storm, summary

KILLS = 20
pytestmark = [pytest.mark.dovecot, pytest.mark.timeout(900)]


@pytest.fixture
def root() -> Iterator[Path]:
    """Not pytest's own folder: the path of a socket in it would be too long."""
    folder = Path(tempfile.mkdtemp(prefix="storm-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def stormed(storm: Storm, kills: int, plan: Plan | None = None) -> Outcome:
    try:
        return storm.run(kills, plan=plan)
    finally:
        storm.close()


def wrongs(outcome: Outcome) -> list[str]:
    return [*outcome.ended, *outcome.verdict.wrong, *([] if outcome.intact else [outcome.verified])]


def test_kills_on_sqlite(root: Path, dovecot: Dovecot) -> None:
    """Killed at its file's syncs and writes and at what it says to both servers."""
    outcome = stormed(Storm(root, dovecot, f"sqlite:///{root}/var/bot.db", seed=1), KILLS)
    assert wrongs(outcome) == [], summary(outcome)
    assert outcome.kills == KILLS
    assert outcome.verdict.letters > outcome.verdict.challenges > 0


@pytest.mark.postgres
def test_kills_on_postgresql(root: Path, dovecot: Dovecot, postgres: Cluster) -> None:
    """Killed at what it says to all three servers."""
    outcome = stormed(Storm(root, dovecot, postgres.create(), seed=2), KILLS)
    assert wrongs(outcome) == [], summary(outcome)
    assert outcome.kills == KILLS
    assert outcome.verdict.letters > outcome.verdict.challenges > 0


#: What is put into a copy of the bot: a letter is marked before it is sent.
SENDER = "bot/engine/sending/sender.py"
RIGHT = "            outcome = offered.offer.deliver()\n"
WRONG = (
    "            early = Outcome(offered.offer.accepted, offered.offer.refused)\n"
    '            commit(self._db, "sender.sent", lambda tx: self._mark(tx, offered, early, now))\n'
    "            offered.offer.deliver()\n"
    "            return\n"
)


@pytest.mark.planted
def test_a_planted_fault_is_found(root: Path, dovecot: Dovecot) -> None:
    """A daemon that marks a letter before it is sent, and dies in between, has lost what the judge then misses."""
    house = root / "house"
    shutil.copytree(HOUSE / "bot", house / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    text = (house / SENDER).read_text("utf-8")
    assert text.count(RIGHT) == 1
    (house / SENDER).write_text(text.replace(RIGHT, WRONG), "utf-8")
    storm = Storm(root, dovecot, f"sqlite:///{root}/var/bot.db", seed=1, house=house)
    outcome = stormed(storm, 3, Plan("DATA", 1, Cut(Call.SEND, 1, is_after=False)))
    assert outcome.verdict.lost, summary(outcome)
