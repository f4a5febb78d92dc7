"""A program that is killed while it receives or works off a backlog: no mail pays for it, however often it happens.

The reading process is a real one, and the program ends by SIGKILL as by an OOM killer or a power cut; so does the
reading process, of a mail that is too much for it.
"""

import os
import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from bot.daemon.app import reading_of
from bot.engine.reading.reader.sandbox import Sandbox
from bot.model import Disposition
from bot.store import mails
from tests.integration.office import Office, raw_mail
from tests.kill.forks import FORKS
from tests.unit.case_samples import BOT, FAY, HELEN, START

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def _live(folder: Path, failpoint: str) -> None:
    if failpoint:
        os.environ["CHALLENGE_BOT_FAILPOINT"] = failpoint
    office = Office(folder, sandbox=True)
    office.once(START + HOUR)
    office.close()


def life(folder: Path, failpoint: str = "") -> int | None:
    process = FORKS.Process(target=_live, args=(folder, failpoint))
    process.start()
    process.join(60)
    return process.exitcode


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("place", "lives"), [("intake.disposing", 4), ("intake.disposed", 1)])
def test_killed_over_a_backlog(place: str, lives: int, tmp_path: Path) -> None:
    """Three challenges, their answers and twenty newsletters, of which some share a commit: each has its case, or is
    none of our business; nothing is unreadable, no strike is counted and no newsletter's text is kept."""
    office = Office(tmp_path)
    office.once(START - HOUR)
    for n in range(3):
        words = f"We disagree with the closure for family {n}, please look again at this plan.\n"
        office.put(raw_mail(HELEN, words, number=f"c{n}"), START + n * SECOND)
        answer = raw_mail(
            FAY, f"We shall visit family {n} on Friday.\n", number=f"r{n}", answers=f"c{n}@health.example", to=HELEN
        )
        office.put(answer, START + (n + 10) * SECOND)
    for n in range(20):
        office.put(raw_mail(FAY, "Soup.\n", number=f"n{n}", subject=f"Newsletter {n}"), START + (n + 20) * SECOND)
    office.close()
    for _ in range(lives):
        assert life(tmp_path, f"{place}:1") == -signal.SIGKILL
    office = Office(tmp_path)
    with office.app.db.read() as tx:
        assert {one.attempts for one in mails.waiting(tx, 100, START)} == {0}
    office.once(START + 2 * HOUR)
    with office.app.db.read() as tx:
        found = Counter(row.disposition for kind in Disposition for row in mails.listed(tx, kind))
        kept = tx.exec_driver_sql("SELECT count(*) FROM raw").scalar_one()
    assert (found, kept, len(office.cases())) == ({"case": 6, "ignored": 20}, 6, 3)
    office.close()


@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("place", ["intake.fetched", "intake.receiving", "intake.received"])
def test_killed_while_mail_is_received(place: str, nth: int, tmp_path: Path) -> None:
    """A challenge in one mailbox and its answer in another, each in hand when it happens: both are read, once."""
    office = Office(tmp_path)
    office.once(START - HOUR)
    office.put(raw_mail(number="c"), START)
    answer = raw_mail(FAY, "We shall visit on Friday.\n", number="r", answers="c@health.example", to=BOT)
    office.put(answer, START + SECOND, BOT)
    office.close()
    assert life(tmp_path, f"{place}:{nth}") == -signal.SIGKILL
    office = Office(tmp_path)
    office.once(START + HOUR)
    assert [(row.case, row.why) for row in office.listed("case")] == [
        (1, "it opened the case"),
        (1, "the challenge or a mail of the case"),
    ]
    assert len(office.case().mails) == 2
    office.close()


@pytest.mark.timeout(300)
def test_a_mail_that_kills_the_reading_process_is_set_aside_and_fifty_behind_it_are_read(tmp_path: Path) -> None:
    """The kernel kills the reading process at its limit three times, each time of the same mail; no other waits."""
    office = Office(tmp_path)
    office.once(START - HOUR)
    sandbox = Sandbox(reading_of(office.settings), cpu=0.5)
    office.app.intake.reader = office.app.intake.penned.reader = sandbox
    head = b"From: <fay.marsh@csc.example>\nMessage-ID: <heavy@csc.example>\n"
    office.put(head + b"Content-Type: multipart/mixed; boundary=q\n\n--q\n\n" + b"\n" * 20_000_000, START)
    for n in range(50):
        office.put(raw_mail(FAY, "Soup.\n", number=f"n{n}", subject=f"Newsletter {n}"), START + (n + 1) * SECOND)
    office.once(START + HOUR)
    assert len(office.listed("ignored")) == 50
    assert [row.why for row in office.listed("set_aside")] == ["could not be read: it ended the reader three times"]
    sandbox.close()
    office.close()
