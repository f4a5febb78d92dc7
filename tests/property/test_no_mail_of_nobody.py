"""No mail of a known person is nobody's: it changes a case, reaches a person, or is answered; never none of the three.

Through the real bot, from bytes to the database: who writes, what, in which state of the case, and by which sign the
mail shows whose it is. Inbox roles are no persons. What is attached and no more is nobody's.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import Case, LetterKind, State
from bot.store.outbox import Queued
from tests.property.case_walk import ANSWERS, TALK, WORDS
from tests.some import some
from tests.unit.case_samples import ANIL, BOT, CREWE, DAY, DEV, FAY, HELEN, MANAGER, MO, RUTH, START, TOM, UNIT
from tests.unit.engine_samples import House, eml

HOUR = timedelta(hours=1)
JOAN = "head@school.example"  # of a third agency
PARTNERS = "dsp@cescp.example"
PEOPLE = (HELEN, MO, RUTH, FAY, TOM, DEV, ANIL, UNIT, MANAGER, JOAN, PARTNERS)
PROSE = (
    *ANSWERS, *filter(None, TALK), "Yes.", "No, we have not.", "Thank you.", "Received with thanks.",
    "Who is dealing with this?", "I am worried about her: she has a new bruise today.",
    "Could you give us until Friday?", "This is not for my team.", "We disagree.",
    "Fay told me on the telephone that she will visit.", "Please see attached.", "👍",
)  # fmt: skip
#: By which sign a mail shows whose it is.
WAYS = ("our letter", "the challenge", "ref in the subject", "ref in the words", "ref in the quotation", "nothing")


@dataclass(frozen=True)
class Written:
    """A mail of a person about the case, written to our own mailbox or to the team's inbox and to nobody else."""

    state: State
    who: str
    text: str
    way: str
    to_us: bool


@functools.cache
def _standing(state: State) -> bytes:
    """The database of a house whose only case stands in that state."""
    with tempfile.TemporaryDirectory() as folder, _house(Path(folder)) as house:
        house.put(eml(name="first", proof="none" if state is State.PROVISIONAL else "pass"))
        house.take_in(START)
        house.serve(START)
        steps = {
            State.AWAITING_CONFIRMATION: ((FAY, ANSWERS[0]),),
            State.AWAITING_OUTCOME: ((FAY, ANSWERS[0]), (HELEN, "RESOLVED")),
            State.CLOSED: ((HELEN, "WITHDRAW"),),
        }
        for n, (who, text) in enumerate(steps.get(state, ()), 1):
            at = START + n * HOUR / 4
            house.put(eml(who, f"RE: {DAY} [{house.case().ref}]", text, at=at, to=(HELEN,), cc=(CREWE,)), at)
            house.take_in(at)
            house.serve(at)
        assert house.case().state is state
        house.close()
        return (Path(folder) / "bot.db").read_bytes()


@contextmanager
def _house(folder: Path, database: bytes = b"") -> Iterator[House]:
    if database:
        (folder / "bot.db").write_bytes(database)
    house = House(folder)
    try:
        yield house
    finally:
        house.close()


def _raw(house: House, one: Written, at: datetime) -> bytes:
    ref = house.case().ref
    letter = next(q for q in house.letters(LetterKind.ACKNOWLEDGEMENT) if q.case == 1).letter
    subject, text, cited = f"RE: {DAY}", one.text, ""
    match one.way:
        case "our letter":
            cited = letter.message_id
        case "the challenge":
            cited = "first@health.example"
        case "ref in the subject":
            subject = f"RE: {DAY} [{ref}]"
        case "ref in the words":
            subject, text = "The baby", f"{one.text}\n\nThis is about {ref}."
        case "ref in the quotation":
            subject = "RE: The baby"
            text += f"\n\nFrom: {FAY}\nSent: 11 January 2027 16:00\nTo: {one.who}\nSubject: The baby\n\nSee [{ref}]."
    return eml(one.who, subject, text, at=at, to=(BOT if one.to_us else CREWE,), cc=(), answers=cited)


def silence(one: Written) -> str:
    """What became of it where that is nothing; "" where something did."""
    with tempfile.TemporaryDirectory() as folder, _house(Path(folder), _standing(one.state)) as house:
        before, letters = house.cases(), {q.id for q in _letters(house)}
        at = START + 2 * HOUR
        house.put(_raw(house, one, at), at, BOT if one.to_us else CREWE)
        house.take_in(at)
        if house.listed("holding_pen", "set_aside"):
            return ""
        if {q.id for q in _letters(house)} - letters or list(map(_less_mails, before)) != list(
            map(_less_mails, house.cases())
        ):
            return ""
        return next(row.disposition for row in house.listed("case", "ignored") if row.received == at)


def _letters(house: House) -> list[Queued]:
    return [q for kind in LetterKind for q in house.letters(kind)]


def _less_mails(case: Case) -> Case:
    """As it stands but for the mails that belong to it, and the note that there was one, which alone reaches nobody."""
    return replace(case, mails=(), thread=(), heard=())


WRITTEN = st.builds(
    Written,
    state=st.sampled_from(State),
    who=st.sampled_from(PEOPLE),
    text=st.sampled_from((*WORDS, "SAME", "DIFFERENT", "SEND", *PROSE)),
    way=st.sampled_from(WAYS),
    to_us=st.booleans(),
)


@settings(max_examples=some(30), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WRITTEN)
def test_no_mail_of_a_known_person_is_nobodys(one: Written) -> None:
    """Any mail of a proven, known person about a case changes the case, reaches a person, or is answered."""
    assert silence(one) == ""
