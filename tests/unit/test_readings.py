"""What was read in a form lives with its case's texts: found again, in no journal row, gone with a purge."""

from __future__ import annotations

from dataclasses import replace

from bot.model import Arrival, ClosedAs, FieldRead, FormRead, State
from bot.store import cases
from bot.store.db import Database
from tests.unit.store_samples import HOUR, NOW, a_mail, save_new, save_next

FORM = FormRead("appendix-a", ("pan-cheshire",), "digest", (FieldRead("child_name", "Alex Example", "page 1"),))


def test_readings_come_back_and_go_with_a_purge(database: Database) -> None:
    """A mail's forms are kept once, in order of arrival; no journal row holds their words, and a purge takes them."""
    late = a_mail(digest="b" * 64, received=NOW + HOUR, forms=(FORM,))
    early = a_mail(digest="a" * 64, forms=(FORM,))
    with database.begin() as tx:
        stored = save_new(tx)
        number = stored.case.number
        closed = replace(stored.case, state=State.CLOSED, closed=NOW, closed_as=ClosedAs.RESOLVED, deadlines=())
        save_next(tx, stored, closed, Arrival(late, "the ref"))
        for mail in (late, early, early, a_mail(digest="c" * 64)):
            cases.keep(tx, number, mail)
        assert [one.mail for one in cases.of_case(tx, number)] == [early.digest, late.digest]
        assert cases.of_case(tx, number)[0].forms == (FORM,)
        assert [row for row in cases.journal(tx, number) if "Alex" in row.body] == []
        assert cases.verify(tx) == []
        cases.purge(tx, number, NOW)
        assert cases.of_case(tx, number) == ()
