"""The emergency box: both numbers with their hours in every letter about a case, in the words of its policy; and when
each of the shipped doors is open.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
import re2

from bot.letters.render import Office, Templates, render
from bot.model import Contact
from bot.model.letters.standing import Emergency
from bot.rules.book import box, is_open, risk
from bot.rules.workdays import LONDON, calendar
from tests.letters import FOLDER, about, samples
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
TEMPLATES = Templates.from_texts({path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.j2")})
OFFICE = Office(Contact("clock@partnership.example", "Clock"), calendar())
#: Letters of no case that go without it, and why.
WITHOUT = {
    "digest-daily": "the unit's list of the day",
    "digest-unchanged": "the unit's list of the day",
    "alert-plain": "the operator's",
    "alert-incident": "the operator's",
    "alert-unworked": "what our own fault kept from being worked, to operator and unit",
    "information-in_flight": "a list of mails from before the service watched",
    "information-unreachable": "about a row of the directory",
    "question-proposed": "about a row of the directory",
    "question-still": "about rows of the directory",
    "answer-help": "the unit asked for the words",
    "answer-open": "the unit asked for a list",
    "answer-pen": "the unit placed mails",
    "answer-proposed": "the unit told of a change of the directory",
    "answer-register": "the unit asked for the register",
    "answer-report": "the unit asked for figures",
    "answer-spoc": "the unit asked for contacts",
}


@pytest.mark.parametrize("monday", MONDAYS.values(), ids=MONDAYS)
@pytest.mark.parametrize("day", range(7))
@pytest.mark.parametrize(("policy", "area", "door", "opens", "closes", "friday", "night"), HOURS)
def test_a_door_is_open_by_its_hours(
    policy: str, area: str, door: str, opens: str, closes: str, friday: str, night: str, day: int, monday: date
) -> None:
    """At the minute each opens and closes, and a minute before, on every day of a week, by the wall clock."""
    block, cal = rules(policy).policy.emergency[area], calendar()
    assert (block.front_door.phone.split(" (")[0], block.out_of_hours.phone) == (door.split(" (")[0], night)
    ends = friday if day == 4 else closes
    for wall, opens_now in ((opens, day < 5), (ends, False)):
        at = datetime.combine(monday + timedelta(days=day), time.fromisoformat(wall), LONDON)
        assert is_open(block.front_door, at, cal) is opens_now
        assert is_open(block.front_door, at - timedelta(minutes=1), cal) is (day < 5 and wall == ends)


@pytest.mark.parametrize(("policy", "area"), [(row[0], row[1]) for row in HOURS])
def test_on_a_bank_holiday_the_door_is_closed(policy: str, area: str) -> None:
    """Easter Monday at noon is no office hour; the other number answers at any."""
    at, block = datetime(2027, 3, 29, 12, tzinfo=LONDON), rules(policy).policy.emergency[area]
    assert not is_open(block.front_door, at, calendar())
    assert is_open(block.out_of_hours, at, calendar())


def test_the_box_says_both_numbers_and_their_hours() -> None:
    """Days with the same hours stand together, and nobody need know what day it is."""
    assert box(rules("cheshire-east").policy.emergency["CE"]) == (
        "If a child is at immediate risk, ring 999. If a child may be at risk now, ring Cheshire East Children"
        " Consultation Service on 0300 123 5012 (option 3, then 2), Monday to Thursday 8:30am to 5pm, Friday 8:30am to"
        " 4:30pm, not on bank holidays. At any other time: Emergency Duty Team on 0300 123 5022."
        " A child living elsewhere: ring that council."
    )


@pytest.mark.parametrize(
    ("hours", "says"),
    [
        ({}, "at any hour."),
        ({"mon": "09:00-17:00", "wed": "09:00-17:00"}, "Monday 9am to 5pm, Wednesday 9am to 5pm, not on"),
        ({"sat": "10:00-12:00", "sun": "10:00-12:00"}, "Saturday to Sunday 10am to 12 noon, not on"),
    ],
)
def test_hours_are_said_in_words(hours: dict[str, str], says: str) -> None:
    """A day between that is closed parts two days with the same hours."""
    block = rules("sandwell").policy.emergency["SW"]
    door = block.front_door.model_copy(update={"hours": hours})
    assert f", {says}" in box(block.model_copy(update={"front_door": door}))
    night = block.out_of_hours.model_copy(update={"hours": hours})
    assert (f"{night.phone}, {says}" in box(block.model_copy(update={"out_of_hours": night}))) is bool(hours)


@pytest.mark.parametrize(
    ("about", "starts", "asks", "elsewhere"),
    [
        ("child", "If a child is at immediate risk, ring 999.", "If a child may be at risk now", "A child living"),
        ("adult", "If an adult is at immediate risk, ring 999.", "If an adult may be at risk now", "An adult living"),
        (
            "child_or_adult",
            "If a child or an adult is at immediate risk",
            "If a child or an adult may be at risk now",
            "A child or an adult living",
        ),
    ],
)
def test_the_box_speaks_of_whom_the_policy_is_about(about: str, starts: str, asks: str, elsewhere: str) -> None:
    """A policy's own sentences stand as they are."""
    block = rules("sandwell").policy.emergency["SW"].model_copy(update={"text": ""})
    said = box(block, about)
    assert (said.startswith(starts), asks in said) == (True, True)
    assert said.endswith(f"{elsewhere} elsewhere: ring that council.")
    own = block.model_copy(update={"text": "Ring 999.", "elsewhere": "Out of the county: ring 0300 000 0000."})
    assert risk(own, about) == "Ring 999."
    assert box(own, about).startswith("Ring 999. ")
    assert box(own, about).endswith(" Out of the county: ring 0300 000 0000.")


def test_every_area_of_every_policy_stands_in_the_table() -> None:
    """A new area needs its row here."""
    own = {"cheshire-east": {"CE"}}
    shown = {(name, area) for name, p in shipped().policies.items() for area in own.get(name, set(p.emergency))}
    assert {(row[0], row[1]) for row in HOURS} == shown


@pytest.mark.parametrize("day", [14, 15, 16], ids=["Thursday", "Friday", "Saturday"])
def test_every_letter_of_a_case_is_given_both_whatever_the_hour(day: int) -> None:
    """A letter of Friday at half past four is read all weekend."""
    at = datetime(2027, 1, day, 16, 30, tzinfo=LONDON)
    decision = opened(mail(at=at, title="Professional Safeguarding Challenge – 24 hours"))
    said = {about(one)["emergency"]["say"] for one in decision.letters}
    assert said == {box(rules().policy.emergency["CE"])}


@pytest.mark.parametrize(("policy", "area"), [(row[0], row[1]) for row in HOURS])
def test_every_wording_has_one_box_with_both_numbers_and_their_hours(policy: str, area: str) -> None:
    """Straight after its first line, in each policy's words; those that go without stand in the table."""
    held = rules(policy).policy
    block = held.emergency[area]
    line = Emergency(risk(block, held.about), box(block, held.about))
    bare = set()
    for letter in samples():
        standing = letter.standing and replace(letter.standing, emergency=line, about=held.about)
        own = {"emergency": line} if hasattr(letter.values, "emergency") else {}
        made = render(replace(letter, values=replace(letter.values, **own), standing=standing), OFFICE, TEMPLATES)
        assert not made.used_fallback, made.fault
        if letter.values.name in WITHOUT:
            bare.add(letter.values.name)
            assert box(block, held.about) not in made.text
        else:
            assert made.text.split("\n\n")[1] == box(block, held.about), letter.values.name
            assert made.text.count(block.out_of_hours.phone) == 1, letter.values.name
    assert bare == set(WITHOUT)


@pytest.mark.parametrize(("about", "other"), [("adult", "child"), ("child", "adult")])
def test_no_letter_speaks_of_whom_the_policy_is_not_about(about: str, other: str) -> None:
    """An adults board never says child, nor the other way round, and its record has the policy's own name."""
    named, asks_of_children = set(), ("child_protection", "child_status")
    of_one = re2.compile(rf"(?i)\b{other}(ren|s)?\b")
    for letter in samples():
        if letter.standing is None or set(getattr(letter.values, "asks", ())) & set(asks_of_children):
            continue
        line = Emergency("Ring 999.", "Ring 999.")
        standing = replace(letter.standing, about=about, emergency=line, own_record="their file", partnership="P")
        made = render(replace(letter, standing=standing), OFFICE, TEMPLATES)
        found = of_one.search(made.text.lower().replace("child protection", ""))
        assert not found, (letter.values.name, made.text[max(0, found.start() - 60) :])
        named |= {letter.values.name} if "their file" in made.text else set()
    asked_before = {"notice-opened", "escalation-asked", "question-meeting_record"}
    assert named == {"outcome-closed", "question-child_file", "question-outcome"} | asked_before
