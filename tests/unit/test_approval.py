"""In the mode approve an escalation waits for a GO; in others a GO is nothing that is remembered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.case.table import decide
from bot.model import Alarm, Deadline, Flag, LetterKind
from tests.unit.case_samples import START, UNIT, arrived, fired, hours, kinds, letters, mail, opened, rules, served

UNIT_AGREES = replace(rules(), mode="approve")


@pytest.mark.parametrize(("mode", "waits"), [("live", True), ("approve", False)])
def test_a_go_before_the_lapse_counts_in_its_mode_alone(mode: str, waits: bool) -> None:
    """Said while nothing waits for anybody, it agrees to no later escalation; said in the mode approve, to the next."""
    case = arrived(served(opened()), mail(UNIT, "GO", at=START + hours(1)), replace(rules(), mode=mode)).case
    decision = fired(case, "lapse", UNIT_AGREES)
    assert letters(decision, LetterKind.ESCALATION)
    assert decision.case.has(Flag.AWAITING_GO) is waits


def test_time_alone_agrees_to_nothing_that_does_not_wait() -> None:
    """An alarm that comes when the escalation has long gone is no GO for the next."""
    case = served(opened())
    early = decide(case, Alarm(Deadline("go", START + hours(1), "", 0, case.stage)), UNIT_AGREES, START + hours(1))
    assert kinds(early) == []
    assert fired(early.case, "lapse", UNIT_AGREES).case.has(Flag.AWAITING_GO)
