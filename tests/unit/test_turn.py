"""A decision is saved whole; what would flood a person is held, and the operator told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.engine.contacts.books import Books
from bot.engine.flood import LETTERS_A_DAY
from bot.engine.turn import Turn
from bot.model import Arrival
from bot.store import outbox
from bot.store.db import Database
from tests.unit.case_samples import CREWE, DAY, FAY, HELEN, INBOX, START, hours, mail, shipped


@pytest.mark.parametrize(("later", "status"), [(23, "held"), (25, "queued")])
def test_ten_letters_a_day(database: Database, later: float, status: str) -> None:
    """The eleventh letter of a case to one address within a day is held; once a day has passed it goes."""
    turn = Turn(Books(shipped(), strict=True), b"secret")
    with database.begin() as tx:
        number = turn.open(tx, mail(title=DAY, to=(FAY,), cc=(CREWE,)), INBOX, START).case.number
        sent = len(outbox.times_of(tx, number, HELEN, START))
        for n in range(sent, LETTERS_A_DAY):
            asked = mail(HELEN, "STATUS", at=START + timedelta(seconds=n))
            turn.take(tx, number, Arrival(asked, "the ref"), asked.received)
        assert [q.status for q in outbox.of_case(tx, number) if q.status != "queued"] == []
        again = mail(HELEN, "STATUS", at=START + hours(later))
        turn.take(tx, number, Arrival(again, "the ref"), again.received)
        last = max(outbox.of_case(tx, number), key=lambda queued: queued.id)
        assert (last.letter.occasion, last.status) == (again.digest, status)
