"""Whoever is of no side, not of the partnership and not of either agency reads the same for a ref that there is and one
that there is not, in every word and wherever they write; so does a stranger, who reads nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.model import LetterKind
from tests.unit.case_samples import BOT, CREWE, START, STRANGER
from tests.unit.engine_samples import House, eml

THIRD, OTHER_UNIT = "head@school.example", "unit@cwscp.example"
NONE = "CE-2027-0099"
TEXTS = (
    "STATUS", "URGENT", "NOT MINE", "YES", "RESOLVED", "How far is it?", "This was not meant for me, wrong address.",
    "Between us, and in confidence: I worry about how the manager there acts.",
)  # fmt: skip
PLACES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "to us": ((BOT,), (BOT,)),
    "to the team": ((CREWE,), (CREWE,)),
    "to both, the team's copy first": ((CREWE, BOT), (CREWE, BOT)),
}


def reads(house: House, sender: str, text: str, ref: str, where: str, at: datetime) -> list[str]:
    """What letters that sender gets in answer, without what names them: kind, variant and values."""
    to, boxes = PLACES[where]
    before = {q.id for kind in LetterKind for q in house.letters(kind)}
    for n, box in enumerate(boxes):
        mark = {"Delivered_To": box}
        raw = eml(sender, f"About {ref}", text, at=at, to=to, cc=(), name=f"{at.timestamp()}{ref}", **mark)
        house.put(raw, at, box)
        house.take_in(at + timedelta(seconds=n))
    mine = (q for kind in LetterKind for q in house.letters(kind) if q.id not in before)
    return [repr(q.letter.values).replace(ref, "") for q in mine if sender in {c.email for c in q.letter.to}]


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("sender", [THIRD, OTHER_UNIT, STRANGER])
def test_a_ref_that_there_is_reads_as_one_that_there_is_not(house: House, sender: str, where: str) -> None:
    """As many letters, with the same words in them, whatever is written."""
    house.open()
    ref, at = house.case().ref, START + timedelta(minutes=5)
    for text in TEXTS:
        real = reads(house, sender, text, ref, where, at)
        assert real == reads(house, sender, text, NONE, where, at + timedelta(minutes=1)), text
        at += timedelta(hours=8)
