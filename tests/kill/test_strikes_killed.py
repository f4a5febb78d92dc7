"""A program that is killed while it counts what a mail did to its reader, or sets mails aside: one death is one strike,
and one mail is aside once, told once.

The reader is one that dies of mails that say so; the program ends by SIGKILL between one commit and the next.
"""

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from bot.daemon.app import reading_of
from bot.store import mails
from tests.integration.office import DAY, Office, raw_mail
from tests.kill.forks import FORKS
from tests.unit.case_samples import FAY, HELEN, START
from tests.unit.test_engine_aside import Dying

SECOND = timedelta(seconds=1)
#: Two mails that end the reader three times each; what nothing can read is set aside in one commit.
PLACES = [(place, nth) for place in ("intake.striking", "intake.struck") for nth in (1, 4, 6)]
PLACES += [(place, 1) for place in ("aside.settling", "aside.settled")]


def opened(folder: Path) -> Office:
    office = Office(folder)
    office.app.intake.reader = Dying(reading_of(office.settings))
    return office


def _live(folder: Path, failpoint: str) -> None:
    os.environ["CHALLENGE_BOT_FAILPOINT"] = failpoint
    office = opened(folder)
    office.once(START)
    office.close()


def killed(folder: Path, failpoint: str) -> bool:
    process = FORKS.Process(target=_live, args=(folder, failpoint))
    process.start()
    process.join(60)
    return process.exitcode == -signal.SIGKILL


def strikes(office: Office) -> int:
    with office.app.db.read() as tx:
        return sum(one.attempts for one in mails.waiting(tx, 100, START))


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("place", "nth"), PLACES)
def test_killed_over_what_ends_the_reader(place: str, nth: int, tmp_path: Path) -> None:
    """The strikes are those that were committed. In the next life the newsletter is set aside with one alert, the
    challenge that cannot be read has its case, and so has the one behind them."""
    office = opened(tmp_path)
    office.put(raw_mail(FAY, "Soup.\n", number="k1", subject="Newsletter", X_Test="kills"), START)
    office.put(raw_mail(HELEN, "Nobody saw the baby.\n", number="k2", subject=DAY, X_Test="kills"), START + SECOND)
    office.put(raw_mail(HELEN, "The plan was not shared.\n", number="c1"), START + 2 * SECOND)
    office.close()
    assert killed(tmp_path, f"{place}:{nth}")
    office = opened(tmp_path)
    assert strikes(office) == {"intake.striking": nth - 1, "intake.struck": nth, "aside.settling": 3}.get(place, 0)
    office.once(START + timedelta(minutes=1))
    (aside,) = office.listed("set_aside")
    assert aside.why.endswith("it ended the reader three times")
    assert sorted("unreadable" in case.flags for case in office.cases()) == [False, True]
    assert [queued.letter.subject for queued in office.letters("alert")] == ["A mail was set aside"]
    assert (office.listed("unread"), office.faults()) == ([], [])
    office.close()
