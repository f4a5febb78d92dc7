"""The judge of a storm, before letters made by hand: it must see what is lost, tripled, doubled and misplaced."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

import pytest

from tests.storm.judge import Verdict, judge
from tests.storm.people import Challenge, Written
from tests.storm.sink import Taken
from tests.storm.storm import START
from tests.storm.town import LEAD, TEAMS, raiser

TEAM = TEAMS[0]
NAME, ROBIN = raiser(0)
MINUTE = timedelta(minutes=1)


def challenge() -> Challenge:
    return Challenge("c0@health.example", "Quince0000x", ROBIN, NAME, TEAM, START, "nothing", "", lead_answers=False)


def taken(
    to: str, first: str, number: str = "", text: str = "", ref: str = "0001", withheld: bool = False,
    went_on: bool = True, cites: tuple[str, ...] = ("c0@health.example",), minutes: int = 5,
) -> Taken:  # fmt: skip
    made = EmailMessage()
    made["Message-ID"] = f"<{number or f'{to}.{first[:9]}'.replace(' ', '')}@council.example>"
    made["To"], made["Subject"] = to, f"RE: Challenge [CE-2027-{ref}]"
    made["In-Reply-To"], made["References"] = f"<{cites[-1]}>", " ".join(f"<{one}>" for one in cites)
    made.set_content(f"{first}\n\n{text}\n")
    return Taken(made.as_bytes(), (to,), START + minutes * MINUTE, 1, withheld, went_on)


ACK = taken(ROBIN, "Your challenge is recorded. A reply is due by noon")
NOTICE = taken(TEAM.manager, "Please reply to Robin Number0 by noon")


def judged(*letters: Taken, one: Challenge | None = None, hours: float = 1) -> Verdict:
    return judge([one or challenge()], letters, (), START + timedelta(hours=hours))


def test_a_good_course_is_clean() -> None:
    """Raiser and manager were told, and it is not yet time for more."""
    assert judged(ACK, NOTICE).wrong == []


@pytest.mark.parametrize(
    ("letters", "hours", "lost"),
    [
        ((NOTICE,), 1, "its raiser was never told that it came"),
        ((ACK,), 1, "its manager was never asked"),
        ((ACK, NOTICE), 4, "its window passed and nobody was called in"),
    ],
)
def test_what_is_lost(letters: tuple[Taken, ...], hours: float, lost: str) -> None:
    """Whoever had to be told, and was not, is missed."""
    assert judged(*letters, hours=hours).lost == [f"Quince0000x: {lost}"]


def test_a_reply_that_nobody_heard_of_is_lost() -> None:
    """An answer, the word that follows it and the outcome each bring somebody a letter."""
    one = challenge()
    for what in ("answer", "RESOLVED", "outcome"):
        one.written[what] = Written(f"{what}@csc.example", START + MINUTE)
    assert len(judged(ACK, NOTICE, one=one).lost) == 4


def test_what_was_refused_for_good_is_not_missed() -> None:
    """An address that the server calls nobody's gets nothing, and that is no loss of ours."""
    assert judge([challenge()], [NOTICE], {ROBIN}, START + MINUTE).lost == []


@pytest.mark.parametrize(
    ("withheld", "went_on", "wrong"), [(True, True, 0), (False, False, 0), (False, True, 1)], ids=str
)
def test_a_second_copy(withheld: bool, went_on: bool, wrong: int) -> None:
    """Two copies are seen; they are a fault where the first answer was said and read."""
    first = taken(TEAM.manager, "Please reply to Robin Number0 by noon", withheld=withheld, went_on=went_on)
    found = judged(ACK, first, NOTICE)
    assert (len(found.doubled), len(found.unexcused), found.tripled) == (1, wrong, [])


def test_a_third_copy_has_no_excuse() -> None:
    """Never more than twice, whatever was withheld."""
    first = taken(TEAM.manager, "Please reply to Robin Number0 by noon", withheld=True)
    assert len(judged(ACK, first, first, NOTICE).tripled) == 1


def test_one_thing_said_by_two_letters() -> None:
    """Two letters with names of their own that say the same are one decision made twice."""
    again = taken(ROBIN, "Your challenge is recorded. A reply is due", number="other")
    assert len(judged(ACK, NOTICE, again).tripled) == 1


def test_one_challenge_made_two_cases() -> None:
    """Two refs for one challenge."""
    assert judged(ACK, NOTICE, taken(ROBIN, "For information: x", ref="0002")).tripled == [
        "Quince0000x: it is 2 cases: CE-2027-0001, CE-2027-0002"
    ]


@pytest.mark.parametrize(
    "letter",
    [
        taken("raiser7@health.example", "For information: x"),
        taken(LEAD, "Please act now: no reply is recorded"),
        taken(ROBIN, "For information: x", text="about Quince0003x"),
        taken(ROBIN, "Professional challenges: 2 open", cites=("none@health.example",)),
    ],
    ids=["of another case", "of a later stage", "another's words", "of no case"],
)
def test_what_is_misplaced(letter: Taken) -> None:
    """To somebody not of that case, or not yet; or with another case's words."""
    assert len(judged(ACK, NOTICE, letter).misplaced) == 1


def test_the_next_stage_may_hear_of_it_in_time() -> None:
    """From the end of the window, and from the raiser's own call."""
    late = taken(LEAD, "Please act now: no reply is recorded", minutes=181)
    assert judged(ACK, NOTICE, late, hours=4).wrong == []
