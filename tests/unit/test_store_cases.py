"""Cases and their journal, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DatabaseError

from bot.model import (
    Case,
    ClosedAs,
    Deadline,
    Decision,
    Event,
    EventKind,
    Flagged,
    IdKind,
    LetterUndelivered,
    State,
    Task,
)
from bot.model.errors import CaseMoved, StoreError
from bot.store import cases, deadlines, mails, outbox, schema
from bot.store.db import Database
from tests.unit.store_samples import (
    FAY,
    HELEN,
    HOUR,
    NOW,
    a_case,
    a_letter,
    a_mail,
    a_raw,
    opening,
    save_new,
    save_next,
)


def closed(case: Case) -> Case:
    return replace(case, state=State.CLOSED, closed=NOW, closed_as=ClosedAs.RESOLVED, deadlines=())


def test_a_case_comes_back_as_it_was_saved(database: Database) -> None:
    """What was saved is what is loaded, with its version and the policy it opened under."""
    with database.begin() as tx:
        stored = save_new(tx)
    with database.read() as tx:
        assert cases.load(tx, stored.case.number) == stored
        assert stored == cases.Stored(stored.case, 1, "policy: text")


def test_refs_count_by_area_and_year(database: Database) -> None:
    """Each area and year counts from one; a ref reserved and never saved leads nowhere."""
    with database.begin() as tx:
        refs = [
            cases.new_ref(tx, area, year)[1] for area, year in (("CE", 2027), ("CE", 2027), ("CE", 2028), ("W", 2027))
        ]
        assert refs == ["CE-2027-0001", "CE-2027-0002", "CE-2028-0001", "W-2027-0001"]
        assert cases.by_ref(tx, refs[0]) is None
        assert cases.find_refs(tx, tuple(refs)) == []
        assert cases.all_cases(tx) == []
        assert cases.verify(tx) == []
        stored = save_new(tx)
        assert stored.case.ref == "CE-2027-0003"
        assert cases.by_ref(tx, "CE-2027-0003") == stored.case.number
        assert cases.find_refs(tx, ("CE-2027-0003", "CE-1999-0001")) == [("CE-2027-0003", stored.case.number)]


@pytest.mark.parametrize("odd", ["a\\b@x.example", "a\0b@x.example", "a\ud800b@x.example"])
def test_an_odd_id_is_found_as_it_was_kept(database: Database, odd: str) -> None:
    """What is escaped where it is stored is escaped where it is looked for."""
    with database.begin() as tx:
        stored = save_new(tx)
        cases.note_ids(tx, stored.case.number, {odd: IdKind.MAIL})
        assert [number for _, number, _ in cases.find_ids(tx, (odd,))] == [stored.case.number]


def test_an_unknown_case_is_a_key_error(database: Database) -> None:
    """Loading, folding or saving a number that was never given is refused."""
    with database.begin() as tx:
        for of_nobody in (cases.load, cases.fold):
            with pytest.raises(KeyError):
                of_nobody(tx, 4711)
        with pytest.raises(KeyError):
            cases.save(tx, Decision(a_case(4711, "CE-2027-4711")), opening(4711, "CE-2027-4711"), NOW, 0)


def test_a_case_that_moved_is_not_overwritten(database: Database) -> None:
    """A decision made on an older version is refused and changes nothing."""
    with database.begin() as tx:
        first = save_new(tx)
        second = save_next(tx, first, replace(first.case, asks=1))
    with database.begin() as tx, pytest.raises(CaseMoved, match="CE-2027-0001"):
        save_next(tx, first, replace(first.case, asks=7))
    with database.read() as tx:
        assert cases.load(tx, first.case.number) == cases.Stored(second.case, 2, "policy: text")
        assert len(cases.journal(tx, first.case.number)) == 2


def test_the_journal_says_who_did_what_when(database: Database) -> None:
    """A row reads back with its people, and the fold of the rows is the case."""
    with database.begin() as tx:
        stored = save_new(tx)
        letter = a_letter()
        fact = LetterUndelivered("k/notice/x", letter.kind, "step-1", FAY.email, "5.1.1", True)
        bounced = Event(EventKind.UNDELIVERED, note="Fay Marsh has left")
        decision = Decision(replace(stored.case, flags=(Flagged.read("bounced"),)), (letter,), (bounced,))
        cases.save(tx, decision, fact, NOW + HOUR, 1)
    with database.read() as tx:
        first, second = cases.journal(tx, stored.case.number)
        assert (first.seq, first.at, first.fact) == (1, NOW, "Opening")
        assert first.events == (("opened", "step-1", HELEN.email, "by mail"),)
        assert first.values["mail"]["digest"] == "d" * 64
        assert (second.letters, second.events[0][-1]) == ((letter.key,), "Fay Marsh has left")
        assert second.values["recipient"] == FAY.email
        assert cases.fold(tx, stored.case.number) == decision.case


def test_the_journal_holds_no_person(database: Database) -> None:
    """No name, address, telephone number, note or word of a mail stands in a journal row."""
    with database.begin() as tx:
        stored = save_new(tx)
        case = replace(
            stored.case,
            owner=FAY.email,
            tasks=(Task("commitment", what="by Friday, Maisie's mother agrees", owner=FAY),),
        )
        decision = Decision(case, (a_letter(),), (Event(EventKind.HOLDING, note="Fay Marsh took it"),))
        cases.save(tx, decision, opening(case.number, case.ref), NOW, 1)
        rows = " ".join(tx.execute(select(schema.journal.c.body)).scalars())
    for person in ("helen", "visser", "fay", "marsh", "tom.lee", "01270", "maisie", "friday", "one@health", "crewe"):
        assert person not in rows.lower(), person
    assert "line_manager" in rows


def test_the_journal_refuses_to_be_changed(database: Database) -> None:
    """UPDATE and DELETE on the journal fail in the database itself."""
    with database.begin() as tx:
        save_new(tx)
    journal = schema.journal
    for change in (update(journal).values(body="{}"), delete(journal)):
        with pytest.raises(DatabaseError, match="append-only"), database.engine.begin() as tx:
            tx.execute(change)


def unlock(tx: object, dialect: str) -> list[str]:
    """What somebody with the database's own password would do first."""
    if dialect == "postgresql":
        return ["ALTER TABLE journal DISABLE TRIGGER USER"]
    return ["DROP TRIGGER journal_no_update", "DROP TRIGGER journal_no_delete"]


@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        ("DELETE FROM journal WHERE seq = 3", "ends at row 2"),
        ("DELETE FROM journal WHERE seq = 1", "row 1 is missing"),
        ("UPDATE journal SET prev = '' WHERE seq = 2", "row 2"),
        ("UPDATE journal SET hash = prev WHERE seq = 2", "row 2 was changed"),
        ("UPDATE journal SET at = '2027-01-01T00:00:00.000000Z' WHERE seq = 2", "row 2 stands at another"),
        ("UPDATE cases SET head = ''", "the journal ends"),
        ("UPDATE cases SET snapshot = replace(snapshot, 'step-1', 'step-2')", "not what its journal makes it"),
        ("UPDATE cases SET snapshot = '{}'", "cannot be read"),
        ("UPDATE cases SET state = 'closed'", "disagree"),
        ("UPDATE texts SET text = '\"another\"'", "not what its journal makes it"),
        ("DELETE FROM deadlines", "alarms"),
        ("DELETE FROM involved", "not found by the people"),
        ("UPDATE involved SET is_raiser = (1 = 1)", "not found by the people"),
    ],
)
def test_tampering_is_found_and_told(database: Database, tampering: str, finding: str) -> None:
    """Whatever is changed behind the program's back, `verify` names the case and the place."""
    with database.begin() as tx:
        stored = save_new(tx)
        stored = save_next(tx, stored, replace(stored.case, asks=1))
        save_next(tx, stored, replace(stored.case, asks=2))
        assert cases.verify(tx) == []
        for statement in (*unlock(tx, tx.dialect.name), tampering):
            tx.execute(text(statement))
        assert [fault for fault in cases.verify(tx) if finding in fault and fault.startswith("CE-2027-0001: ")]


def test_the_head_covers_every_journal(database: Database) -> None:
    """The head hash changes with any save of any case."""
    with database.begin() as tx:
        heads = [cases.head(tx)]
        stored = save_new(tx)
        heads.append(cases.head(tx))
        save_new(tx)
        heads.append(cases.head(tx))
        save_next(tx, stored, replace(stored.case, asks=1))
        heads.append(cases.head(tx))
    assert len(set(heads)) == 4


def test_open_cases_are_those_not_closed(database: Database) -> None:
    """A closed case leaves the open ones and stays among all."""
    with database.begin() as tx:
        one, two = save_new(tx), save_new(tx)
        done = save_next(tx, one, closed(one.case)).case
        assert cases.open_cases(tx) == [two.case]
        assert cases.all_cases(tx) == [done, two.case]


def test_open_cases_are_found_by_their_people(database: Database) -> None:
    """By its raiser, and by whoever else is involved, as they are by now; a closed case by nobody, until it is open
    again."""
    mo = replace(HELEN, email="Mo.Reid@health.example")
    with database.begin() as tx:
        one, two, three = save_new(tx), save_new(tx, raiser=mo, people=()), save_new(tx)
        assert cases.raised_by(tx, {HELEN.email, FAY.email}) == [one.case, three.case]
        assert cases.raised_by(tx, ["mo.reid@health.example"]) == [two.case]
        assert cases.refs_of(tx, {FAY.email, HELEN.email}, 5) == (one.case.ref, three.case.ref)
        assert cases.refs_of(tx, {FAY.email, "mo.reid@health.example"}, 2) == (one.case.ref, two.case.ref)
        done = save_next(tx, one, closed(one.case))
        moved = save_next(tx, two, replace(two.case, raiser=FAY, people=(("step-1", "raising", mo),)))
        assert cases.raised_by(tx, {HELEN.email, mo.email.lower(), FAY.email}) == [moved.case, three.case]
        assert cases.refs_of(tx, {"mo.reid@health.example"}, 5) == (two.case.ref,)
        again = save_next(tx, done, one.case)
        assert cases.raised_by(tx, {HELEN.email}) == [again.case, three.case]
        assert cases.raised_by(tx, ()) == []
        assert cases.verify(tx) == []


def test_saving_replaces_the_deadlines(database: Database) -> None:
    """Rows the case no longer names go, new ones come, and those that stay keep their place."""
    chaser, lapse, later = (Deadline(k, NOW + n * HOUR, "why") for n, k in enumerate(("chaser", "lapse", "telling")))
    with database.begin() as tx:
        stored = save_new(tx, deadlines=(chaser, lapse, lapse))
        (row,) = deadlines.claim_due(tx, NOW, "desk", HOUR)
        assert row.deadline == chaser
        stored = save_next(tx, stored, replace(stored.case, deadlines=(lapse, later)))
        deadlines.done(tx, row)
        assert deadlines.of_case(tx, stored.case.number) == [lapse, later]
        save_next(tx, stored, closed(stored.case))
        assert deadlines.next_due(tx) is None


def test_ids_lead_to_cases_and_keep_their_first_meaning(database: Database) -> None:
    """An id noted twice keeps what it first was; one id may lead to two cases."""
    with database.begin() as tx:
        one, two = save_new(tx).case.number, save_new(tx).case.number
        cases.note_ids(tx, one, {"a@x.example": "original"})
        cases.note_ids(tx, one, {"a@x.example": "mail", "b@x.example": "k/notice/x"})
        cases.note_ids(tx, two, {"a@x.example": "mail"})
        cases.note_ids(tx, two, {})
        found = cases.find_ids(tx, ("b@x.example", "a@x.example", "nobody@x.example"))
    assert found == [("a@x.example", one, "original"), ("b@x.example", one, "k/notice/x"), ("a@x.example", two, "mail")]


def test_an_id_of_any_bytes_can_be_kept_and_found(database: Database) -> None:
    """NUL and broken characters in a stranger's Message-ID stop neither database."""
    odd = "a\0b\udcff@x.example"
    with database.begin() as tx:
        number = save_new(tx, opening_id=odd).case.number
        cases.note_ids(tx, number, {odd: "original"})
        assert [case for _, case, _ in cases.find_ids(tx, (odd,))] == [number]
        assert cases.fold(tx, number).opening_id == odd


def test_a_policy_text_is_kept_once(database: Database) -> None:
    """Cases under one policy version share its text; a save without text leaves the case's own."""
    with database.begin() as tx:
        first = save_new(tx)
        save_new(tx)
        assert save_next(tx, first, first.case).policy_text == "policy: text"
        assert len(tx.execute(select(schema.policies)).all()) == 1


def test_a_purge_forgets_people_and_keeps_the_chain(database: Database) -> None:
    """After a purge no row of the case names anybody, its mails' bytes are gone, and the chain verifies."""
    with database.begin() as tx:
        stored = save_new(tx)
        number = stored.case.number
        mails.receive(tx, "crewe", [a_raw("1", b"Subject: Maisie\r\n\r\nhello")], "c", NOW, None)
        (entry,) = mails.waiting(tx, 9, NOW)
        mails.dispose(tx, entry.entry, "case", "ours", NOW, case=number, guesses="Helen Visser")
        cases.note_ids(tx, number, {"one@health.example": "original", "ours@bot.example": f"1/notice/{FAY.email}"})
        outbox.queue(tx, a_letter(), number, NOW, "withheld")
        bodies = tx.execute(select(schema.journal.c.body)).scalars().all()
        stored = save_next(tx, stored, closed(stored.case))
        cases.purge(tx, number, NOW)
        cases.purge(tx, number, NOW)
    with database.begin() as tx:
        kept = str([tx.execute(select(table)).all() for table in schema.metadata.sorted_tables]).lower()
        for person in ("helen", "visser", "fay", "marsh", "01270", "maisie", "crewe.assessment"):
            assert person not in kept, person
        assert tx.execute(select(schema.journal.c.body)).scalars().all()[:1] == bodies
        assert cases.verify(tx) == []
        assert cases.fold(tx, number) == cases.load(tx, number).case
        with pytest.raises(KeyError):
            mails.raw(tx, entry.digest)
        assert cases.find_ids(tx, ("one@health.example", "ours@bot.example")) == [
            ("ours@bot.example", number, "letter")
        ]


def test_an_open_case_or_one_with_letters_is_not_purged(database: Database) -> None:
    """Purging asks for a closed case whose letters have all gone."""
    with database.begin() as tx:
        stored = save_new(tx)
        with pytest.raises(StoreError, match="is open"):
            cases.purge(tx, stored.case.number, NOW)
        outbox.queue(tx, a_letter(), stored.case.number, NOW)
        save_next(tx, stored, closed(stored.case))
        with pytest.raises(StoreError, match="letters to send"):
            cases.purge(tx, stored.case.number, NOW)


def test_a_mail_s_text_is_never_part_of_a_fact_kept(database: Database) -> None:
    """The journal keeps of a mail its digest, ids, kind, proof, command word, hashes of what is kept, nothing else."""
    with database.begin() as tx:
        stored = save_new(tx)
        (row,) = cases.journal(tx, stored.case.number)
    assert set(row.values["mail"]) == {
        *("digest", "received", "message_id", "kind", "proof", "command"),
        *("forms", "words"),  # salted hashes of what is kept beside the case
    }
    assert row.values["mail"]["message_id"] == a_mail().message_id
