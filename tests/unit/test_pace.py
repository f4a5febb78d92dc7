"""No minute holds more letters than it may, and none waits longer than it must."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.engine.sending.pace import MINUTE, Pace

NOW = datetime(2027, 1, 15, 16, 45, tzinfo=UTC)


@given(steps=st.lists(st.integers(0, 40), min_size=1, max_size=80), most=st.integers(1, 5))
def test_no_minute_holds_more(steps: list[int], most: int) -> None:
    """Whenever somebody asks, any sixty seconds hold at most so many, and who waits as told may go."""
    pace, now, gone = Pace(most), NOW, list[datetime]()
    for step in steps:
        now += timedelta(seconds=step)
        free = pace.free_at(now)
        if free is not None:
            assert now < free <= now + MINUTE
            now = free
        assert pace.free_at(now) is None
        pace.note(now)
        gone.append(now)
        assert sum(1 for at in gone if now - MINUTE < at) <= most


def test_none_is_any_number() -> None:
    """Without a limit nobody waits."""
    pace = Pace(None)
    for _ in range(1000):
        pace.note(NOW)
    assert pace.free_at(NOW) is None


def test_a_clock_set_back_holds_nothing_up() -> None:
    """Hand-overs of a time that has not come yet do not count."""
    pace = Pace(1)
    pace.note(NOW)
    assert pace.free_at(NOW - timedelta(hours=1)) is None
    assert pace.free_at(NOW + MINUTE / 2) == NOW + MINUTE
