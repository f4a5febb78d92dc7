"""How long a thread waits after a failure; and how a clock that was moved is noticed."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.daemon.life.life import Jumps
from bot.daemon.threads import BACKOFF, REFUSED, pause_after
from bot.model.errors import DoorClosed, LoginRefused, Throttled


def no_luck() -> float:
    return 0.0


def test_a_refused_login_is_tried_ever_more_rarely_up_to_an_hour() -> None:
    """So that no account is locked by us: eight in the first two hours, then one an hour."""
    waits = [pause_after(n, LoginRefused("no"), no_luck) for n in range(40)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (30, 3600)
    assert sum(waits[:8]) > 2 * 3600


def test_many_mailboxes_do_not_knock_at_once() -> None:
    """A wait is up to a fifth shorter, by luck, and never longer than an hour."""
    assert pause_after(99, LoginRefused("no"), lambda: 1.0) == pytest.approx(3600 * 0.8)
    assert all(0.8 * 3600 <= pause_after(99, LoginRefused("no")) <= 3600 for _ in range(100))


def test_a_server_that_is_away_is_tried_every_minute() -> None:
    """It may be back at any moment, and trying costs nobody anything."""
    assert [pause_after(n, DoorClosed("away")) for n in range(9)] == [*BACKOFF, *[BACKOFF[-1]] * 3]


@pytest.mark.parametrize(("asked", "waits"), [(0.5, 1.0), (90.0, 90.0)])
def test_a_server_that_asks_for_patience_is_given_it(asked: float, waits: float) -> None:
    """For as long as it asked, and no less than after any failure."""
    assert pause_after(0, Throttled("slow down", asked)) == waits


def test_the_longest_wait_is_an_hour() -> None:
    """Who mends a password waits no longer for it to be tried; SIGHUP tries it at once."""
    assert REFUSED[-1] == 3600


NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize("by", [timedelta(days=3), timedelta(hours=-2)])
def test_a_clock_that_is_moved_is_noticed_once(by: timedelta) -> None:
    """Forward, also because the machine slept meanwhile, and back; the new time is the right one from then on."""
    jumps = Jumps(NOON, 100.0)
    assert jumps.moved(NOON + timedelta(seconds=30), 130.0) is None
    assert jumps.moved(NOON + by + timedelta(seconds=60), 160.0) == by
    assert jumps.moved(NOON + by + timedelta(seconds=90), 190.0) is None


def test_a_clock_that_is_set_right_by_little_is_not_moved() -> None:
    """Half an hour of a standstill, and the seconds of a time server, alarm nobody."""
    jumps = Jumps(NOON, 100.0)
    assert jumps.moved(NOON + timedelta(minutes=30), 110.0) is None
    assert jumps.moved(NOON + timedelta(minutes=29, seconds=30), 110.0) is None
