"""Who ends a matter where the policy names a decider: another may be appointed to it."""

from __future__ import annotations

from datetime import timedelta

from bot.model import LetterKind
from bot.rules.policy.blocks import Decider
from tests.letters import about
from tests.unit.case_samples import (
    BOT,
    FAY,
    HELEN,
    MANAGER,
    START,
    UNIT,
    arrived,
    first_stage,
    letters,
    mail,
    opened,
    rules,
    served,
    to,
)


def test_an_appointment_is_told_to_the_appointed_and_to_everybody_of_the_stage() -> None:
    """The named person has a letter of their own; the raiser, who must answer and who appointed them have another."""
    book = rules(stages=first_stage(rules().policy, decider=Decider(role="service_manager")))
    case = served(opened(book=book), book)
    named = arrived(case, mail(UNIT, f"APPOINT {MANAGER}", at=START + timedelta(hours=1), to=(BOT,)), book)
    told = letters(named, LetterKind.INFORMATION, "appointed")
    assert [to(one) for one in told] == [{MANAGER}, {HELEN, FAY, UNIT}]
    assert [about(one)["mine"] for one in told] == [True, False]
