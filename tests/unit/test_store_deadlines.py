"""The alarm table, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text

from bot.model import Deadline
from bot.store import deadlines, schema
from bot.store.db import Database
from tests.unit.store_samples import HOUR, NOW, save_new, save_next

SOON = Deadline("chaser", NOW + HOUR, "an hour before", stage="step-1")
LATER = Deadline("lapse", NOW + 2 * HOUR, "two hours from receipt", stage="step-1")


def test_a_deadline_fires_late_never_early(database: Database) -> None:
    """One microsecond before its time a row is nobody's; at its time it is claimed with all it says."""
    with database.begin() as tx:
        number = save_new(tx, deadlines=(SOON, LATER)).case.number
        assert deadlines.next_due(tx) == SOON.at
        assert deadlines.claim_due(tx, SOON.at - timedelta(microseconds=1), "a", HOUR, 9) == []
        assert deadlines.count_due(tx, SOON.at) == 1
        (row,) = deadlines.claim_due(tx, SOON.at, "a", HOUR, 9)
        assert (row.case, row.deadline) == (number, SOON)


def test_a_claimed_row_is_nobody_else_s_until_its_lease_is_over(database: Database) -> None:
    """Another daemon passes it by, and takes it when the first one died with it."""
    with database.begin() as tx:
        save_new(tx, deadlines=(SOON,))
        assert len(deadlines.claim_due(tx, LATER.at, "a", HOUR)) == 1
        assert deadlines.count_due(tx, LATER.at) == 0
        assert deadlines.claim_due(tx, LATER.at + HOUR - timedelta(seconds=1), "b", HOUR) == []
        assert deadlines.next_due(tx) == LATER.at + HOUR
        assert len(deadlines.claim_due(tx, LATER.at + HOUR, "b", HOUR)) == 1


def test_a_restart_frees_what_its_earlier_life_held(database: Database) -> None:
    """Leases of the same owner end at once; those of others do not."""
    with database.begin() as tx:
        save_new(tx, deadlines=(SOON, LATER))
        deadlines.claim_due(tx, SOON.at, "a", 9 * HOUR)
        deadlines.claim_due(tx, LATER.at, "b", 9 * HOUR)
        assert deadlines.free(tx, "a") == 1
        assert [row.deadline for row in deadlines.claim_due(tx, LATER.at, "c", HOUR, 9)] == [SOON]


def test_an_answered_row_is_gone(database: Database) -> None:
    """Done means deleted; with no row left nothing is due, ever."""
    with database.begin() as tx:
        save_new(tx, deadlines=(SOON,))
        (row,) = deadlines.claim_due(tx, SOON.at, "a", HOUR)
        deadlines.done(tx, row)
        deadlines.done(tx, row)
        assert deadlines.next_due(tx) is None


def test_the_oldest_due_come_first(database: Database) -> None:
    """In order of their time, as many as were asked for."""
    several = tuple(Deadline("ask", NOW + n * HOUR, "", n) for n in (3, 1, 2, 5))
    with database.begin() as tx:
        save_new(tx, deadlines=several)
        assert [r.deadline.nth for r in deadlines.claim_due(tx, NOW + 9 * HOUR, "a", HOUR, 3)] == [1, 2, 3]


def test_several_daemons_answer_each_row_once(database: Database) -> None:
    """Four threads claim a hundred rows between them: every row once, and nobody waits for ever."""
    with database.begin() as tx:
        save_new(tx, deadlines=tuple(Deadline("ask", NOW, "", n) for n in range(100)))
    taken: list[list[int]] = [[] for _ in range(4)]

    def work(owner: int) -> None:
        while True:
            with database.begin() as tx:
                rows = deadlines.claim_due(tx, NOW, str(owner), HOUR, 7)
                for row in rows:
                    deadlines.done(tx, row)
                taken[owner] += [row.deadline.nth for row in rows]
            with database.read() as tx:
                if not deadlines.count_due(tx, NOW):
                    return

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(n for some in taken for n in some) == list(range(100))


@pytest.mark.postgres
def test_a_row_whose_case_is_being_saved_is_let_be(postgres_url: str) -> None:
    """Who saves a case may delete the row: it is claimed when that is done, and neither waits for the other."""
    db = Database(postgres_url)
    db.migrate()
    with db.begin() as tx:
        saved, other = save_new(tx, deadlines=(SOON,)), save_new(tx, deadlines=(LATER,))
    with db.begin() as tx:
        save_next(tx, saved, saved.case)
        with db.begin() as desk:
            (row,) = deadlines.claim_due(desk, LATER.at, "a", HOUR, 9)
            assert row.case == other.case.number
    with db.begin() as tx:
        assert [row.deadline for row in deadlines.claim_due(tx, LATER.at, "a", HOUR, 9)] == [SOON]
    db.close()


def test_due_rows_are_found_by_their_index(database: Database) -> None:
    """A hundred due among many are found without looking at the others."""
    with database.begin() as tx:
        number = save_new(tx, deadlines=()).case.number
        common = {"case_number": number, "kind": "ask", "stage": "", "why": "", "owner": ""}
        rows = [common | {"nth": n, "item": 0, "at": NOW + n * HOUR, "ready": NOW + n * HOUR} for n in range(20_000)]
        tx.execute(insert(schema.deadlines), rows)
        due = select(schema.deadlines.c.id).where(schema.deadlines.c.ready <= NOW + 99 * HOUR)
        words = str(due.order_by("ready", "id").limit(100).compile(tx, compile_kwargs={"literal_binds": True}))
        if tx.dialect.name == "postgresql":
            tx.execute(text("ANALYZE deadlines"))
        explain = "EXPLAIN QUERY PLAN" if tx.dialect.name == "sqlite" else "EXPLAIN"
        assert "ix_deadlines_ready" in str(tx.execute(text(f"{explain} {words}")).all())
        assert len(deadlines.claim_due(tx, NOW + 99 * HOUR, "a", HOUR, 500)) == 100
