"""A challenge whose Date lies hours before it came: its time counts from there, and leaves somebody time to answer."""

from datetime import timedelta

import pytest

from bot.model import Flag
from tests.unit.case_samples import CREWE, DAY, FAY, HELEN, START, mail
from tests.unit.engine_samples import House


@pytest.mark.parametrize(("hours", "left"), [(0, 24.0), (3, 21.0), (23.5, 1.0), (25, 24.0)])
def test_a_date_of_the_day_before_leaves_an_hour(house: House, hours: float, left: float) -> None:
    """From the Date where that is less than a day old, else from receipt; never nearer than an hour."""
    house.open(
        mail(HELEN, "Nobody saw the baby.", title=DAY, to=(FAY,), cc=(CREWE,), date=START - timedelta(hours=hours))
    )
    case = house.case()
    assert case.due == START + timedelta(hours=left)
    assert case.has(Flag.LATE_START) is (hours == 23.5)
