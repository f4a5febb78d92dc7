"""Random lives of cases: state is the fold of the journal, and no change of it goes unseen, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_type_hints

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text, update

from bot import model
from bot.model import Case, Decision
from bot.store import cases, schema
from bot.store.db import Database
from tests.some import some
from tests.unit.store_samples import a_case
from tests.unit.test_store_codec import values_of

ON_ONE_DATABASE = settings(
    max_examples=some(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
START = datetime(2027, 1, 1, tzinfo=UTC)
FIELDS = {name: values_of(hint) for name, hint in get_type_hints(Case).items() if name not in ("number", "ref")}
CHANGES = st.lists(st.sampled_from(sorted(FIELDS)), max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: FIELDS[name] for name in names})
)
FACTS = st.sampled_from(get_args(model.Fact)).flatmap(values_of)
STEPS = st.lists(st.tuples(CHANGES, FACTS, st.lists(values_of(model.Event), max_size=2)), min_size=1, max_size=5)
Steps = list[tuple[dict[str, Any], model.Fact, list[model.Event]]]


@contextmanager
def forgotten(database: Database) -> Iterator[Connection]:
    """A write transaction that is rolled back: each example starts from an empty database."""
    with database.engine.connect() as tx, tx.begin() as transaction:
        yield tx
        transaction.rollback()


def live(tx: Connection, steps: Steps) -> Case:
    """Saves each step in turn as one case and returns it as it last stood."""
    number, ref = cases.new_ref(tx, "CE", 2027)
    case = a_case(number, ref)
    for version, (changes, fact, events) in enumerate(steps):
        case = replace(case, **changes)
        case = replace(case, deadlines=tuple({d.key: d for d in case.deadlines}.values()))
        cases.save(tx, Decision(case, (), tuple(events)), fact, START + timedelta(hours=version), version)
    return case


@ON_ONE_DATABASE
@given(STEPS)
def test_state_is_the_fold_of_the_journal(database: Database, steps: Steps) -> None:
    """Whatever was decided in whatever order, the rows alone give the case again and the chain verifies."""
    with forgotten(database) as tx:
        case = live(tx, steps)
        assert cases.load(tx, case.number).case == case
        assert cases.fold(tx, case.number) == case
        assert cases.verify(tx) == []
        told = [[note for *_, note in row.events] for row in cases.journal(tx, case.number)]
        assert told == [[event.note for event in events] for _, _, events in steps]


@ON_ONE_DATABASE
@given(STEPS, st.data())
def test_any_changed_byte_of_the_journal_is_found(database: Database, steps: Steps, data: st.DataObject) -> None:
    """One character of one body changed, by somebody who could switch the trigger off, and `verify` names the row."""
    with forgotten(database) as tx:
        case = live(tx, steps)
        bodies = tx.execute(select(schema.journal.c.body).order_by(schema.journal.c.seq)).scalars().all()
        seq = data.draw(st.integers(1, len(bodies)))
        body = bodies[seq - 1]
        at = data.draw(st.integers(0, len(body) - 1))
        other = data.draw(st.characters(min_codepoint=32, max_codepoint=255).filter(lambda c: c != body[at]))
        off = "DISABLE TRIGGER USER" if tx.dialect.name == "postgresql" else ""
        tx.execute(text(f"ALTER TABLE journal {off}" if off else "DROP TRIGGER journal_no_update"))
        changed = body[:at] + other + body[at + 1 :]
        tx.execute(update(schema.journal).where(schema.journal.c.seq == seq).values(body=changed))
        assert f"{case.ref}: journal row {seq} was changed after it was written" in cases.verify(tx)
