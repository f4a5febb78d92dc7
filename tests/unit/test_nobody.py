"""Nobody's address stands where a purge cannot reach it: in a flag, a reason, an alarm, or the kind of an event.

Who was meant is a value of the case, marked at its field; flags and reasons are words of ours and of the policy.
"""

from __future__ import annotations

import re
from datetime import timedelta

from bot.case.table import decide
from bot.model import Arrival, Correction, CorrectionKind, Decision, Delayed, LetterKind, LetterUndelivered, Outsider
from tests.letters import about
from tests.unit.case_samples import CREWE, DAY, FAY, HELEN, START, TOM, UNIT, arrived, fired, mail, opened, rules, to

OUTSIDE = "aunt@elsewhere.example"
AT = START + timedelta(minutes=20)
#: An address, or what a digest of one looks like.
SOMEBODY = re.compile(r"[\w.]+@[\w.]+|\b[0-9a-f]{12,}\b")


def told_of(decision: Decision) -> str:
    """All of a decision that a journal keeps in clear, but for digests of mails and message ids."""
    case = decision.case
    reasons = [case.due_why, *(d.why for d in case.deadlines), *(run.why for run in case.runs)]
    return " ".join([*case.flags, *reasons, *(event.kind for event in decision.events)])


def delayed() -> Decision:
    first = opened()
    fact = LetterUndelivered("k", LetterKind.NOTICE, first.case.stage, FAY, "4.4.7", False)
    return decide(first.case, fact, rules(), AT)


def test_a_delayed_delivery_is_a_value_of_the_case() -> None:
    """Whom it is for and since when; the flag says only that there is one, and goes when the next is written to."""
    told = delayed()
    assert told.case.delayed == (Delayed(FAY, AT),)
    assert not SOMEBODY.search(told_of(told))
    after = fired(told.case, "delayed")
    assert after.case.delayed == ()
    assert "delayed" in told.case.flags
    assert "delayed" not in after.case.flags
    assert TOM in {email for letter in after.letters for email in to(letter)}


def test_a_corrected_time_does_not_say_who_corrected_it() -> None:
    """The event does, in a field of its own."""
    fact = Correction(CorrectionKind.CORRECT, UNIT, "a bank holiday", {"due": "2027-01-13T18:00:00+00:00"})
    told = decide(opened().case, fact, rules(), AT)
    assert told.case.due_why == "a person corrected it"
    assert not SOMEBODY.search(told_of(told))
    assert [event.by for event in told.events if event.kind == "corrected"] == [UNIT]


def test_whom_the_raiser_copied_in_is_a_value_of_the_case() -> None:
    """Flagged once, named in a field of its own, and no incident when that person is copied in again."""
    told = opened(mail(HELEN, title=DAY, to=(FAY,), cc=(CREWE, OUTSIDE)))
    assert told.case.outsiders == (Outsider(OUTSIDE, "copied"),)
    assert told.case.flags.count("copied_outside") == 1
    assert not SOMEBODY.search(told_of(told))
    again = arrived(told.case, mail(FAY, "For you.", title=f"FW: {DAY}", to=(OUTSIDE,), at=AT))
    assert "incident" not in again.case.flags


def test_a_mail_handed_outside_is_told_once_for_each_address() -> None:
    """The address stands in the incident's letter and in the case, and in no flag and no occasion as a hash."""
    first = mail(FAY, "For you.", title=f"FW: {DAY}", to=(OUTSIDE,), at=AT)
    told = decide(opened().case, Arrival(first, "our letter"), rules(), AT)
    assert told.case.outsiders == (Outsider(OUTSIDE, "incident"),)
    assert not SOMEBODY.search(told_of(told))
    alerts = [letter for letter in told.letters if letter.variant == "incident"]
    assert [(letter.occasion, about(letter)["whom"]) for letter in alerts] == [(f"incident:{OUTSIDE}", OUTSIDE)]
    second = mail(FAY, "And again.", title=f"FW: {DAY}", to=(OUTSIDE,), at=AT + timedelta(minutes=1))
    assert not [one for one in arrived(told.case, second).letters if one.variant == "incident"]
