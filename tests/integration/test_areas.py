"""One daemon for several partnerships: what came to no team is shown to nobody whom it does not concern."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.office import Office, raw_mail
from tests.letters import about
from tests.unit.case_samples import BOT, HELEN, START, STRANGER, UNIT

ELSEWHERE = "business@scsp.example"
MORNING = START + timedelta(hours=23)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path, areas=("CE", "SW"))
    made.once(START - timedelta(hours=1))
    yield made
    made.close()
    assert made.faults() == []


def digest(office: Office, unit: str) -> list[str]:
    """The senders of the mails that this unit is asked about in its latest daily letter."""
    mine = [q.letter for q in office.letters("digest") if unit in [c.email for c in q.letter.to]]
    return [row["sender"] for row in about(mine[-1])["pen"]] if mine else []


def test_a_mail_of_one_area_is_not_shown_to_the_other(office: Office) -> None:
    """A practitioner whom one area's directory knows: its business unit alone is asked where the mail belongs."""
    office.put(raw_mail(HELEN, "About last week's family.", subject="A question", to=BOT, cc=""), START, BOT)
    office.once(START)
    office.once(MORNING)
    assert digest(office, UNIT) == [HELEN]
    assert digest(office, ELSEWHERE) == []


def test_a_stranger_s_mail_is_listed_everywhere_and_named_nowhere(office: Office) -> None:
    """Nobody can say whose it is: every unit is asked, and none is told the address of a stranger to it."""
    office.put(raw_mail(STRANGER, "I have a question.", subject="A question", to=BOT, cc=""), START, BOT)
    office.once(START)
    office.once(MORNING)
    assert digest(office, UNIT) == digest(office, ELSEWHERE) == [""]
