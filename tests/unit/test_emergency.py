"""The emergency line of the shipped policies: the right number for each area, weekday and hour."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from bot.rules.book import risk, sentence
from bot.rules.workdays import LONDON, calendar
from tests.letters import about
from tests.unit.case_samples import mail, opened, rules, shipped

#: policy, area, front door, from, until Monday to Thursday, until Friday; then the number of nights and weekends.
#: Salford's and Sandwell's and Cumberland's are fictional: their documents print none.
HOURS = [
    ("pan-cheshire", "CW", "0300 123 7047", "08:30", "17:00", "16:30", "01244 977 277"),
    ("pan-cheshire", "CE", "0300 123 5012", "08:30", "17:00", "16:30", "0300 123 5022"),
    ("pan-cheshire", "HA", "0151 907 8305", "09:00", "17:00", "16:30", "0345 0500148"),
    ("pan-cheshire", "WA", "01925 443322 (option 1)", "08:30", "17:00", "16:30", "01925 443322 (option 2)"),
    ("cheshire-east", "CE", "0300 123 5012", "08:30", "17:00", "16:30", "0300 123 5022"),
    ("sandwell", "SW", "0121 496 0101", "09:00", "17:00", "17:00", "0121 496 0102"),
    ("salford", "SA", "0161 496 0101", "08:30", "16:30", "16:30", "0161 496 0102"),
    ("cumberland", "CU", "01632 960101", "09:00", "17:00", "17:00", "01632 960102"),
]
MONDAYS = {"in winter": date(2027, 1, 11), "in summer": date(2027, 7, 5)}


@pytest.mark.parametrize("monday", MONDAYS.values(), ids=MONDAYS)
@pytest.mark.parametrize("day", range(7))
@pytest.mark.parametrize(("policy", "area", "door", "opens", "closes", "friday", "night"), HOURS)
def test_the_number_that_answers_is_the_one_to_ring(
    policy: str, area: str, door: str, opens: str, closes: str, friday: str, night: str, day: int, monday: date
) -> None:
    """At the minute each door opens and closes, and a minute before, on every day of a week, by the wall clock."""
    block, cal = rules(policy).policy.emergency[area], calendar()
    ends = friday if day == 4 else closes
    for wall, is_open in ((opens, day < 5), (ends, False)):
        at = datetime.combine(monday + timedelta(days=day), time.fromisoformat(wall), LONDON)
        for moment, open_now in ((at, is_open), (at - timedelta(minutes=1), day < 5 and wall == ends)):
            said = sentence(block, moment, cal)
            assert f"on {door if open_now else night}" in said, (moment, said)
            assert ("is closed at this hour" in said) is not open_now
            assert said.startswith("If a child is at immediate risk, ring 999.")


@pytest.mark.parametrize(
    ("about", "starts", "asks"),
    [
        ("child", "If a child is at immediate risk, ring 999.", "If a child may be at risk now"),
        ("adult", "If an adult is at immediate risk, ring 999.", "If an adult may be at risk now"),
        ("child_or_adult", "If a child or an adult is at immediate risk", "If a child or an adult may be at risk now"),
    ],
)
def test_the_sentence_speaks_of_whom_the_policy_is_about(about: str, starts: str, asks: str) -> None:
    """By day and by night; a policy's own sentence stands as it is."""
    block = rules("sandwell").policy.emergency["SW"].model_copy(update={"text": ""})
    for hour in (10, 22):
        said = sentence(block, datetime(2027, 1, 11, hour, tzinfo=LONDON), calendar(), about)
        assert (said.startswith(starts), asks in said) == (True, True)
    assert risk(block.model_copy(update={"text": "Ring 999."}), about) == "Ring 999."


@pytest.mark.parametrize(("policy", "area"), [(row[0], row[1]) for row in HOURS])
def test_on_a_bank_holiday_the_door_is_closed(policy: str, area: str) -> None:
    """Easter Monday at noon is no office hour."""
    at = datetime(2027, 3, 29, 12, tzinfo=LONDON)
    assert "is closed at this hour" in sentence(rules(policy).policy.emergency[area], at, calendar())


def test_every_area_of_every_policy_stands_in_the_table() -> None:
    """A new area needs its row here."""
    own = {"cheshire-east": {"CE"}}
    shown = {(name, area) for name, p in shipped().policies.items() for area in own.get(name, set(p.emergency))}
    assert {(row[0], row[1]) for row in HOURS} == shown


def test_every_letter_says_it_for_its_own_minute() -> None:
    """Half past four on a Friday is out of hours in Crewe, and on a Thursday it is not."""
    for day, number in ((14, "0300 123 5012"), (15, "0300 123 5022")):
        at = datetime(2027, 1, day, 16, 30, tzinfo=LONDON)
        decision = opened(mail(at=at, title="Professional Safeguarding Challenge – 24 hours"))
        assert all(f"on {number}" in about(one)["emergency"]["say"] for one in decision.letters)
