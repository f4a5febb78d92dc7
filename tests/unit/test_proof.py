"""`verify` proves what it says: whatever is changed behind the program's back is found."""

import hashlib
import json
import random
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from bot.model.errors import StoreError
from bot.model.mails import Disposition
from bot.store import cases, mailboxes, mails, outbox, schema
from bot.store.codec import canonical
from bot.store.db import Database
from bot.store.proof import beside, chain, heads
from tests.integration.office import Office, raw_mail
from tests.unit.case_samples import BOT, FAY, HELEN, START

HOUR = timedelta(hours=1)
#: What is proven: of each table the columns, and whether a row that is gone is missed.
PROVEN: dict[str, tuple[tuple[str, ...], bool]] = {
    "journal": (("case_number", "seq", "at", "body", "prev", "hash"), True),
    "cases": (
        ("ref", "area", "year", "state", "version", "policy", "policy_version", "snapshot", "head", "salt"),
        True,
    ),
    "texts": (("case_number", "key", "text"), True),
    "raw": (("digest", "size", "is_packed", "body"), True),
    "ledger": (
        (
            "mailbox",
            "folder",
            "digest",
            "message_id_hash",
            "received",
            "arrived",
            "is_old",
            "size",
            "is_truncated",
            "disposition",
            "why",
            "case_number",
            "guesses",
            "disposed",
        ),
        True,
    ),
    "policies": (("hash", "text"), True),
    "counters": (("area", "year", "last"), True),
    "gaps": (("mailbox", "since", "until", "why"), True),
    "outbox": (("letter", "raw", "digest", "case_number", "key", "status", "queued", "last_error", "held_for"), True),
    "recipients": (("letter", "address", "status", "words", "at"), True),
    "deadlines": (("case_number", "kind", "stage", "nth", "item", "at", "why", "ready"), True),
    "config_kept": (("name", "text"), True),
    "seals": (("seq", "at", "body", "prev", "hash"), True),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which one case is closed and another open, letters went, a mail waits and an inbox was deaf."""
    office = Office(tmp_path_factory.mktemp("office"))
    office.once(START - HOUR)
    office.put(raw_mail())
    office.once(START)
    end = raw_mail(FAY, "RESOLVED", at=START + HOUR, to=HELEN, number="a1", answers="m1@health.example")
    office.put(end, START + HOUR)
    office.put(
        raw_mail(number="m2", subject="Professional Safeguarding Challenge – 5 days", text="Another baby.\n"),
        START + HOUR,
    )
    office.put(
        raw_mail("who@stranger.example", "RESOLVED\n", number="s1", to=BOT, cc="", subject="hello"), START + HOUR, BOT
    )
    with office.app.db.begin() as tx:
        mailboxes.gap_opened(tx, "CE/deaf", START, "the line is down")
        mailboxes.gap_closed(tx, "CE/deaf", START + HOUR)
        mailboxes.gap_opened(tx, "CE/deaf", START + 2 * HOUR, "the line is down again")
    office.once(START + 2 * HOUR)
    office.course(START + timedelta(days=3))
    assert len(office.cases()) == 2
    assert len(office.letters()) > 4
    office.app.db.tidy()
    file = office.app.db.file
    assert file is not None
    office.close()
    return file


@contextmanager
def opened(file: Path) -> Iterator[Connection]:
    db = Database(f"sqlite:///{file}", check=False)
    try:
        with db.read() as tx:
            yield tx
    finally:
        db.close()


def faults(file: Path) -> list[str]:
    with opened(file) as tx:
        return [*cases.verify(tx), *beside.faults(tx)]


def copied(whole: Path, to: Path, edit: Callable[[sqlite3.Connection], Any]) -> Path:
    """A copy of the database, changed by somebody who may write the file."""
    shutil.copyfile(whole, to)
    with closing(sqlite3.connect(to)) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        edit(db)
        db.commit()
    return to


def test_what_was_left_alone_has_no_fault(whole: Path) -> None:
    """A database that the program alone wrote is proven."""
    assert faults(whole) == []


def a_name(db: sqlite3.Connection) -> None:
    db.execute("UPDATE texts SET text = replace(text, 'Fay Marsh', 'Ivan Case')")
    db.execute("UPDATE cases SET snapshot = replace(snapshot, 'Fay Marsh', 'Ivan Case')")


def a_mail(db: sqlite3.Connection) -> None:
    (digest,) = db.execute("SELECT digest FROM raw").fetchone()
    forged = b"From: x@y.example\r\nSubject: forged\r\n\r\nforged text\r\n"
    db.execute("UPDATE raw SET body = ?, is_packed = 1, size = ? WHERE digest = ?",
               (zlib.compress(forged), len(forged), digest))  # fmt: skip


def a_letter(db: sqlite3.Connection) -> None:
    db.execute("UPDATE outbox SET raw = ? WHERE id = (SELECT min(id) FROM outbox WHERE raw IS NOT NULL)", (b"forged",))


def a_letter_and_its_digest(db: sqlite3.Connection) -> None:
    a_letter(db)
    db.create_function("sha", 1, lambda raw: hashlib.sha256(raw).hexdigest())
    db.execute("UPDATE outbox SET digest = sha(raw) WHERE raw IS NOT NULL")


def deaf_time(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM gaps WHERE id = 1")


def a_case(db: sqlite3.Connection) -> None:
    for table, column in (("journal", "case_number"), ("texts", "case_number"), ("ids", "case_number"),
                          ("deadlines", "case_number"), ("outbox", "case_number"), ("cases", "number")):  # fmt: skip
        db.execute(f"DELETE FROM {table} WHERE {column} = (SELECT max(number) FROM cases)")


def the_words_of_the_opening(db: sqlite3.Connection) -> None:
    db.execute("UPDATE texts SET text = '\"nothing was said\"' WHERE key = 'words of the opening'")


def a_whole_letter(db: sqlite3.Connection) -> None:
    (number,) = db.execute("SELECT max(id) FROM outbox").fetchone()
    db.execute("DELETE FROM recipients WHERE letter = ?", (number,))
    db.execute("DELETE FROM waits WHERE letter = ?", (number,))
    db.execute("DELETE FROM outbox WHERE id = ?", (number,))


def sent_again(db: sqlite3.Connection) -> None:
    db.execute("UPDATE outbox SET status = 'queued' WHERE id = (SELECT max(id) FROM outbox WHERE status = 'sent')")


def never_taken(db: sqlite3.Connection) -> None:
    db.execute("UPDATE recipients SET status = 'waiting', words = '', at = NULL WHERE rowid = 1")


def taken_later(db: sqlite3.Connection) -> None:
    db.execute("UPDATE recipients SET at = '2027-01-20T10:00:00.000000Z' WHERE rowid = 1")


def none_of_our_business(db: sqlite3.Connection) -> None:
    db.execute("UPDATE ledger SET disposition = 'ignored', case_number = NULL, why = 'a newsletter' WHERE id = 1")
    db.execute("DELETE FROM raw WHERE digest = (SELECT digest FROM ledger WHERE id = 1)")


def another_reason(db: sqlite3.Connection) -> None:
    db.execute("UPDATE ledger SET why = 'none of our business' WHERE disposition = 'holding_pen'")


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (a_whole_letter, "what became of a letter was taken away"),
        (sent_again, "what became of a letter was changed"),
        (never_taken, "what became of a letter was changed"),
        (taken_later, "what became of a letter was changed"),
        (none_of_our_business, "where a mail went, and why, was changed"),
        (another_reason, "where a mail went, and why, was changed"),
        (a_name, "a text was changed"),
        (a_mail, "its bytes were changed after it came"),
        (a_letter, "its bytes were changed after they were made"),
        (a_letter_and_its_digest, "a letter was changed after it was written"),
        (deaf_time, "a time in which a mailbox could not be read was taken away"),
        (a_case, "CE-2027-0002: it was given out, and its case is gone"),
        (the_words_of_the_opening, "a text was changed"),
    ],
)
def test_a_forgery_is_named(
    whole: Path, tmp_path: Path, edit: Callable[[sqlite3.Connection], None], sentence: str
) -> None:
    """What somebody would wish to have been otherwise cannot be made so unseen."""
    assert any(sentence in fault for fault in faults(copied(whole, tmp_path / "bot.db", edit)))


def anything(db: sqlite3.Connection, luck: random.Random) -> str:
    """Changes one value, or takes one row away, of one table; returns what it did."""
    table = luck.choice(sorted(PROVEN))
    columns, is_missed = PROVEN[table]
    where = {"outbox": " WHERE raw IS NOT NULL"}.get(table, "")
    row = luck.choice(db.execute(f"SELECT rowid FROM {table}{where}").fetchall())[0]
    if is_missed and luck.random() < 0.2:
        db.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
        return f"{table} {row} deleted"
    column = luck.choice(columns)
    (before,) = db.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (row,)).fetchone()
    db.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE rowid = ?", (other(before, luck), row))
    return f"{table} {row} {column}: {str(before)[:60]}"


def other(value: Any, luck: random.Random) -> Any:
    """Another value of the same type."""
    if value is None:
        return "2027-01-16T10:00:00.000000Z"
    if isinstance(value, int):
        return value + luck.choice((-1, 1)) if value > 1 else 1 - value
    if not value:
        return "0" * 64
    n = luck.randrange(len(value))
    if isinstance(value, str) and value[n] == "T":  # between day and hour any letter stands for the same instant
        n -= 1
    if isinstance(value, bytes):
        return value[:n] + bytes([value[n] ^ (1 << luck.randrange(8))]) + value[n + 1 :]
    return value[:n] + luck.choice([c for c in "0123456789abcdef" if c != value[n]]) + value[n + 1 :]


@pytest.mark.parametrize("table", ["ledger", "outbox", "recipients"])
def test_each_column_of_a_way_is_proven(whole: Path, tmp_path: Path, table: str) -> None:
    """Whatever is said of where a mail or a letter went: no column of any row can be changed unseen."""
    unseen, luck = [], random.Random(7)
    with closing(sqlite3.connect(whole)) as db:
        numbers = [number for (number,) in db.execute(f"SELECT rowid FROM {table}")]
    assert numbers
    for column in PROVEN[table][0]:
        number = luck.choice(numbers)

        def edit(db: sqlite3.Connection, column: str = column, number: int = number) -> None:
            (before,) = db.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (number,)).fetchone()
            db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (other(before, luck), number))

        if not faults(copied(whole, tmp_path / "bot.db", edit)):
            unseen.append((column, number))
    assert unseen == []


def test_two_hundred_edits_are_found(whole: Path, tmp_path: Path) -> None:
    """One value or one row of any table that is proven, changed at random, is always found; the seed is in the code."""
    unseen = []
    for seed in range(200):
        luck, did = random.Random(seed), []
        file = copied(whole, tmp_path / "bot.db", lambda db, luck=luck, did=did: did.append(anything(db, luck)))
        if not faults(file):
            unseen.append((seed, *did))
    assert unseen == []


def as_read(file: Path) -> dict[str, list[Any]]:
    """What the program reads of the tables that are proven: an instant has more spellings than one."""
    with opened(file) as tx:
        return {
            table: sorted(map(tuple, tx.execute(select(*map(schema.metadata.tables[table].c.get, columns)))), key=repr)
            for table, (columns, _) in PROVEN.items()
        }


def test_a_bit_that_turned_is_found_or_does_no_harm(whole: Path, tmp_path: Path) -> None:
    """One bit turned by a failing disk at each of two hundred places of the file: it is refused at the start, named by
    `verify`, or nothing that is proven reads another way."""
    kept, before, unseen, found = whole.read_bytes(), as_read(whole), list[int](), 0
    luck, file = random.Random(36), tmp_path / "bot.db"
    for n in range(200):
        at = luck.randrange(n * len(kept) // 200, (n + 1) * len(kept) // 200)
        file.write_bytes(kept[:at] + bytes([kept[at] ^ (1 << luck.randrange(8))]) + kept[at + 1 :])
        try:
            if is_named(file):
                found += 1
            elif as_read(file) != before:
                unseen.append(at)
        except StoreError:
            found += 1
    assert unseen == []
    assert found > 50


def is_named(file: Path) -> bool:
    """Raises StoreError where the start is refused."""
    db = Database(f"sqlite:///{file}")
    try:
        return bool(db.faults()) or bool(faults(file))
    finally:
        db.close()


def test_what_was_rolled_back_is_not_sealed(whole: Path, tmp_path: Path) -> None:
    """A change that was not committed leaves nothing that the next transaction would seal."""
    db = Database(f"sqlite:///{copied(whole, tmp_path / 'bot.db', lambda _: None)}", check=False)
    with pytest.raises(ZeroDivisionError), db.begin() as tx:
        outbox.release(tx, 1, START)
        raise ZeroDivisionError
    with db.begin() as tx:
        before = tx.execute(select(func.count()).select_from(schema.seals)).scalar_one()
    with db.read() as tx:
        assert tx.execute(select(func.count()).select_from(schema.seals)).scalar_one() == before
        assert beside.faults(tx) == []
    db.close()


def test_what_stood_there_before_is_proven_from_its_next_change_on(whole: Path, tmp_path: Path) -> None:
    """An upgrade calls nothing forged that nobody had sealed, and what changes after it is sealed."""
    file = copied(whole, tmp_path / "bot.db", before_ways)
    db = Database(f"sqlite:///{file}", check=False)
    db.migrate()
    with db.begin() as tx:
        assert beside.faults(tx) == []
        outbox.bounced(tx, 1, outbox.get(tx, 1).recipients[0][0], "5.1.1", "gone", START)
        mails.replace(tx, 1, Disposition.CASE, "by hand", START, case=1)
    db.close()
    assert faults(file) == []
    for edit in (never_taken, none_of_our_business):
        assert faults(copied(file, tmp_path / "edited.db", edit))


def before_ways(db: sqlite3.Connection) -> None:
    """As the version left it that sealed no ways."""
    kept = [json.loads(body) for (body,) in db.execute("SELECT body FROM seals ORDER BY seq")]
    db.execute("DELETE FROM seals")
    prev, seq = "", 0
    for one in (one for one in kept if not one["what"].startswith("way of")):
        body = canonical(one)
        seq, link = seq + 1, chain.link_hash(prev, body)
        at = datetime.fromisoformat(one["at"]).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        db.execute("INSERT INTO seals VALUES (?, ?, ?, ?, ?)", (seq, at, body, prev, link))
        prev = link
    db.execute("DROP TABLE directory_facts")
    for table in ("lives", "lease"):
        db.execute(f"DROP TABLE {table}")
    db.execute("UPDATE alembic_version SET version_num = '0006'")


def test_a_daily_letter_s_head_is_held_against_its_time(whole: Path, tmp_path: Path) -> None:
    """What was added since does no harm to an earlier head; a case of then of which nothing is left does."""
    at = START + 2 * HOUR
    with opened(whole) as tx:
        noted = cases.head(tx, at)
        assert noted not in (cases.head(tx), cases.head(tx, at - 2 * HOUR))
        assert cases.judged(tx, noted, at)[0]
        assert not cases.judged(tx, noted, at + 48 * HOUR)[0]
        assert not cases.judged(tx, noted)[0]
    with opened(copied(whole, tmp_path / "bot.db", a_case_never_was)) as tx:
        assert not [fault for fault in cases.verify(tx) if "CE-2027-0001" not in fault], "nothing else tells of it"
        is_intact, said = cases.judged(tx, noted, at)
        assert not is_intact
        assert "added, changed or taken away since" in said


def test_a_letter_s_head_is_held_against_its_rows_whatever_the_clock_says(whole: Path, tmp_path: Path) -> None:
    """A clock that was set back moves nothing into a head, nor out of it: one that a daily letter shows is intact while
    what it covers is there, and what a wrong clock wrote is covered."""
    early, late = START + 2 * HOUR, START + timedelta(days=30)
    file = copied(whole, tmp_path / "bot.db", lambda _: None)
    db = Database(f"sqlite:///{file}", check=False)
    with db.begin() as tx:
        first = heads.noted(tx, late - HOUR, late)
        mailboxes.gap_opened(tx, "CE/ahead", late + HOUR, "the line is down")  # and then the clock is set back
    with db.begin() as tx:
        second = heads.noted(tx, early, early + HOUR)
        mailboxes.gap_opened(tx, "CE/back", START + HOUR, "the line is down")
    with db.begin() as tx:
        assert second != first
        assert cases.judged(tx, first, late - HOUR)[0], "a right head is not gone"
        assert cases.judged(tx, second, early)[0]
        assert not cases.judged(tx, first, early)[0], "an earlier head does not stand for a later time"
        assert not cases.judged(tx, second, late - HOUR)[0]
        is_intact, said = cases.judged(tx, cases.head(tx, early), early)
        assert not is_intact
        assert "the clock was set back" in said
    db.close()
    with opened(copied(file, tmp_path / "edited.db", the_last_seals)) as tx:
        assert not cases.judged(tx, second, early)[0], "what the wrong clock wrote was taken away"
        assert cases.judged(tx, first, late - HOUR)[0]
    with opened(copied(file, tmp_path / "edited.db", every_note)) as tx:
        assert not any(cases.judged(tx, noted, at)[0] for noted, at in ((first, late - HOUR), (second, early)))


def the_last_seals(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM seals WHERE seq > (SELECT max(seq) - 2 FROM seals)")
    db.execute("DELETE FROM gaps WHERE mailbox IN ('CE/ahead', 'CE/back')")


def every_note(db: sqlite3.Connection) -> None:
    """As if each had covered less."""
    db.execute("""UPDATE meta SET value = '{"cases":[1],"seals":1}' WHERE key LIKE 'head/%'""")


def a_case_never_was(db: sqlite3.Connection) -> None:
    """With all that could tell of it."""
    a_case(db)
    db.execute("UPDATE counters SET last = last - 1")
