"""The ledger and the raw mails, on both databases."""

from __future__ import annotations

import os
import threading
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, func, select

from bot.doors.ports import RawMail
from bot.model.errors import StoreError
from bot.store import mailboxes, mails, schema
from bot.store.db import Database
from bot.store.mails import seen
from tests.unit.store_samples import HOUR, NOW, a_raw, save_new


def received(tx: Connection, mailbox: str, *raws: RawMail, floor: datetime | None = None) -> list[mails.Waiting]:
    """Receives and gives what is then unread."""
    mails.receive(tx, mailbox, raws, "c", NOW, floor)
    return mails.waiting(tx, 100, NOW)


def test_a_received_mail_waits_with_its_bytes(database: Database) -> None:
    """Row, bytes and cursor are there together after the commit."""
    raw = a_raw("INBOX:1:7", b"Subject: x\r\n\r\n" + b"hello " * 500, folder="Junk")
    with database.begin() as tx:
        assert mailboxes.cursor(tx, "crewe") == ""
        assert mails.receive(tx, "crewe", [raw], "after-7", NOW + HOUR, None) == 1
    with database.read() as tx:
        (row,) = mails.waiting(tx, 10, NOW)
        digest = sha256(raw.raw).hexdigest()
        assert (row.mailbox, row.key, row.folder, row.digest) == ("crewe", "INBOX:1:7", "Junk", digest)
        assert (row.received, row.arrived, row.attempts, row.size) == (NOW, NOW + HOUR, 0, len(raw.raw))
        assert (row.is_old, row.is_truncated) == (False, False)
        assert mails.raw(tx, digest) == raw.raw
        assert mailboxes.cursor(tx, "crewe") == "after-7"
        assert mails.unread(tx) == 1


def test_nothing_is_kept_when_the_transaction_fails(database: Database) -> None:
    """A batch is stored whole with its cursor, or not at all."""
    with pytest.raises(ZeroDivisionError), database.begin() as tx:
        mails.receive(tx, "crewe", [a_raw("1")], "c", NOW, None)
        raise ZeroDivisionError
    with database.read() as tx:
        assert (mails.unread(tx), mailboxes.cursor(tx, "crewe")) == (0, "")


def test_a_key_is_entered_once_and_keys_belong_to_their_mailbox(database: Database) -> None:
    """Fetched again after a lost cursor, a mail makes no second row; another mailbox has keys of its own."""
    with database.begin() as tx:
        assert mails.receive(tx, "crewe", [a_raw("1"), a_raw("1"), a_raw("2", b"two")], "", NOW, None) == 2
        assert mails.receive(tx, "crewe", [a_raw("1"), a_raw("3", b"three")], "", NOW, None) == 1
        assert mails.receive(tx, "bot", [a_raw("1")], "", NOW, None) == 1
        assert mails.receive(tx, "bot", [], "only the cursor", NOW, None) == 0
        assert mailboxes.cursor(tx, "bot") == "only the cursor"
        assert len(mails.waiting(tx, 10, NOW)) == 4


@pytest.mark.parametrize("key", ["a\0b", "name\udcff:2,S", "C:\\mail\\x00", "Zoë", "\\udcff"])
def test_a_key_of_any_characters_is_known_again(database: Database, key: str) -> None:
    """File names are bytes: odd ones come back as they were, and are not entered twice."""
    with database.begin() as tx:
        for _ in range(2):
            mails.receive(tx, "crewe", [a_raw(key)], "", NOW, None)
        assert [row.key for row in mails.waiting(tx, 10, NOW)] == [key]


def test_the_oldest_arrival_is_read_first(database: Database) -> None:
    """Order is the server's arrival time, whatever the order of fetching."""
    times = {"late": NOW + HOUR, "early": NOW - HOUR, "middle": NOW}
    with database.begin() as tx:
        rows = received(tx, "crewe", *(a_raw(key, key.encode(), received=at) for key, at in times.items()))
        assert [row.key for row in rows] == ["early", "middle", "late"]
        assert [row.key for row in mails.waiting(tx, 1, NOW)] == ["early"]


def test_mail_before_the_floor_is_old(database: Database) -> None:
    """At first sight, mail that arrived before the floor is marked; at the floor it is not."""
    raws = [
        a_raw(key, key.encode(), received=NOW + d) for key, d in (("a", -timedelta(microseconds=1)), ("b", 0 * HOUR))
    ]
    with database.begin() as tx:
        assert [(r.key, r.is_old) for r in received(tx, "crewe", *raws, floor=NOW)] == [("a", True), ("b", False)]


def test_attempts_are_counted(database: Database) -> None:
    """Each reading begun counts one; an entry nobody knows is a KeyError."""
    with database.begin() as tx:
        (row,) = received(tx, "crewe", a_raw("1"))
        assert [mails.attempt(tx, row.entry, NOW) for _ in range(3)] == [1, 2, 3]
        assert mails.waiting(tx, 1, NOW)[0].attempts == 3
        with pytest.raises(KeyError):
            mails.attempt(tx, 4711, NOW)


@pytest.mark.parametrize("disposition", ["case", "holding_pen", "set_aside"])
def test_bytes_that_matter_stay(database: Database, disposition: str) -> None:
    """A mail of a case, the pen or set aside keeps its bytes and is listed with its reason."""
    with database.begin() as tx:
        number = save_new(tx).case.number if disposition == "case" else None
        (row,) = received(tx, "crewe", a_raw("1"))
        mails.dispose(tx, row.entry, disposition, "why", NOW, case=number, guesses="A CE-2027-0001")
        (kept,) = mails.listed(tx, disposition)
        assert (kept.entry, kept.why, kept.case, kept.guesses) == (row.entry, "why", number, "A CE-2027-0001")
        assert mails.raw(tx, row.digest) == a_raw("1").raw
        assert mails.of_case(tx, number or 0) == ([kept] if number else [])
        assert mails.unread(tx) == 0


def test_a_disposition_nobody_knows_is_refused(database: Database) -> None:
    """A mail is in exactly one of four places; another word is a fault of ours."""
    with database.begin() as tx:
        (row,) = received(tx, "crewe", a_raw("1"))
        with pytest.raises(ValueError, match="lost"):
            mails.dispose(tx, row.entry, "lost", "", NOW)
        with pytest.raises(KeyError):
            mails.dispose(tx, 4711, "ignored", "", NOW)


def test_what_is_none_of_our_business_leaves_a_row_without_bytes(database: Database) -> None:
    """Ignored: mailbox, key, id hash and reason stay, the bytes and guesses do not; the same bytes are then known."""
    with database.begin() as tx:
        (row,) = received(tx, "crewe", a_raw("1"))
        mails.dispose(tx, row.entry, "ignored", "not a challenge", NOW, message_id_hash="h" * 64, guesses="none")
        with pytest.raises(KeyError):
            mails.raw(tx, row.digest)
        assert received(tx, "bot", a_raw("9")) == []
        assert [(r.mailbox, r.why, r.guesses) for r in mails.listed(tx, "ignored")] == [
            ("crewe", "not a challenge", ""),
            ("bot", "not a challenge", ""),
        ]
        hashes = select(schema.ledger.c.message_id_hash).distinct()
        assert tx.execute(hashes).scalars().all() == ["h" * 64]


@pytest.mark.parametrize("other", ["unread", "holding_pen"])
def test_bytes_another_row_needs_outlive_an_ignored_one(database: Database, other: str) -> None:
    """The same mail in two inboxes: one row ignored never takes the bytes the other still needs."""
    with database.begin() as tx:
        one, two = received(tx, "crewe", a_raw("1")) + received(tx, "bot", a_raw("1"))[1:]
        if other != "unread":
            mails.dispose(tx, two.entry, other, "", NOW)
        mails.dispose(tx, one.entry, "ignored", "a copy", NOW)
        assert mails.raw(tx, one.digest) == a_raw("1").raw
        mails.replace(tx, two.entry, "ignored", "not ours", NOW)
        with pytest.raises(KeyError):
            mails.raw(tx, one.digest)


def test_a_copy_and_an_impostor_are_seen(database: Database) -> None:
    """Rows of the same bytes come before rows of the same Message-ID; unread rows, later ones, other mailboxes' and the
    row itself do not count."""
    with database.begin() as tx:
        impostor, first, copy = received(tx, "crewe", a_raw("1", b"other"), a_raw("2", b"same"), a_raw("3", b"same"))

        def look(message_id: str = "h", mailbox: str = "crewe", before: datetime = NOW + timedelta(seconds=1)) -> int:
            found = seen(tx, mailbox, copy.digest, message_id, copy.entry, before)
            return found.entry if found else 0

        assert look() == 0
        mails.dispose(tx, impostor.entry, "holding_pen", "", NOW, message_id_hash="h")
        assert (look(), look(""), look(mailbox="bot"), look(before=NOW)) == (impostor.entry, 0, 0, 0)
        mails.dispose(tx, first.entry, "holding_pen", "", NOW, message_id_hash="h")
        assert look() == first.entry


def test_a_moved_mailbox_is_not_searched_whole_for_each_mail(tmp_path: Path) -> None:
    """SQLite goes by digest and Message-ID, never through all of the mailbox."""
    database = Database(f"sqlite:///{tmp_path / 'bot.db'}")
    database.migrate()
    asked: list[tuple[str, object]] = []
    with database.read() as tx:
        event.listen(tx.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        seen(tx, "crewe", "d", "h", 1, NOW)
        statement, given = asked[-1]
        plan = str(tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all())  # type: ignore[arg-type]
    database.close()
    assert "ix_ledger_digest" in plan and "ix_ledger_message_id" in plan
    assert "(mailbox=?)" not in plan


def test_a_person_places_a_mail(database: Database) -> None:
    """Out of the pen into a case, or back to unread with its strikes forgotten; what is gone cannot come back."""
    with database.begin() as tx:
        number = save_new(tx).case.number
        one, two, three = received(tx, "crewe", *(a_raw(k, k.encode()) for k in "123"))
        mails.attempt(tx, two.entry, NOW)
        for row in (one, two):
            mails.dispose(tx, row.entry, "holding_pen", "", NOW, guesses="A 0001")
        mails.dispose(tx, three.entry, "ignored", "not ours", NOW)
        mails.replace(tx, one.entry, "case", "placed", NOW, number)
        assert [(m.entry, m.guesses) for m in mails.of_case(tx, number)] == [(one.entry, "")]
        mails.replace(tx, two.entry, "unread", "retry", NOW)
        assert [(w.entry, w.attempts) for w in mails.waiting(tx, 9, NOW)] == [(two.entry, 0)]
        with pytest.raises(StoreError, match="gone"):
            mails.replace(tx, three.entry, "case", "", NOW, number)
        with pytest.raises(ValueError, match="shredded"):
            mails.replace(tx, one.entry, "shredded", "", NOW)


def test_a_large_batch_is_received(database: Database) -> None:
    """More mails than a statement has room for bound values are received and known again."""
    batch = [a_raw(f"k{n}", b"%d" % n) for n in range(1200)]
    with database.begin() as tx:
        assert mails.receive(tx, "crewe", batch, "", NOW, None) == 1200
        assert mails.receive(tx, "crewe", batch, "", NOW, None) == 0
        assert tx.execute(select(func.count()).select_from(schema.raw)).scalar() == 1200


def test_a_mail_received_while_its_copy_is_disposed_of_keeps_its_bytes(database: Database) -> None:
    """Two threads, one receiving the bytes that the other is about to delete: an unread mail never lacks its bytes."""
    for n in range(20):
        raw = b"copy %d" % n
        with database.begin() as tx:
            (row,) = received(tx, "crewe", a_raw(f"{n}", raw))

        def dispose(entry: int = row.entry) -> None:
            with database.begin() as tx:
                mails.dispose(tx, entry, "holding_pen", "", NOW)
                mails.replace(tx, entry, "ignored", "", NOW)

        other = threading.Thread(target=dispose)
        with database.begin() as tx:
            mails.receive(tx, "bot", [a_raw(f"{n}", raw)], "", NOW, None)
            other.start()
        other.join()
        with database.begin() as tx:
            for waiting in mails.waiting(tx, 9, NOW):
                assert mails.raw(tx, waiting.digest) == raw
                mails.dispose(tx, waiting.entry, "ignored", "", NOW)


def test_a_marker_in_mail_that_is_not_ours_is_nowhere(tmp_path: Path) -> None:
    """SQLite: bytes that cannot be compressed, received and ignored, are in no file once the log is truncated."""
    marker = os.urandom(64)
    db = Database(f"sqlite:///{tmp_path}/var/bot.db")
    db.migrate()
    for n in range(20):
        with db.begin() as tx:
            (row,) = received(tx, "crewe", a_raw(f"{n}", marker + os.urandom(5000)))
        with db.begin() as tx:
            mails.dispose(tx, row.entry, "ignored", "not a challenge", NOW)
    files = [path for path in (tmp_path / "var").iterdir() if path.is_file()]
    assert any(marker in path.read_bytes() for path in files), "the marker never reached the disk: nothing was tested"
    db.tidy()
    assert not any(marker in path.read_bytes() for path in files)
    db.close()


def test_gaps_are_kept_once_while_they_last(database: Database) -> None:
    """A gap opens once, closes, and is told to whoever asks for a time it touches."""
    with database.begin() as tx:
        mailboxes.gap_opened(tx, "crewe", NOW, "login refused")
        mailboxes.gap_opened(tx, "crewe", NOW + HOUR, "still refused")
        mailboxes.gap_opened(tx, "bot", NOW, "no route")
        mailboxes.gap_closed(tx, "crewe", NOW + 2 * HOUR)
        mailboxes.gap_closed(tx, "crewe", NOW + 3 * HOUR)
        mailboxes.gap_opened(tx, "crewe", NOW + 4 * HOUR, "again")
        first = ("crewe", NOW, NOW + 2 * HOUR, "login refused")
        bot = ("bot", NOW, None, "no route")
        assert mailboxes.gaps(tx, NOW + HOUR, NOW + 3 * HOUR) == [first, bot]
        assert mailboxes.gaps(tx, NOW + 3 * HOUR, NOW + 5 * HOUR) == [bot, ("crewe", NOW + 4 * HOUR, None, "again")]
        assert mailboxes.gaps(tx, NOW - 2 * HOUR, NOW - HOUR) == []


def test_the_last_listing_is_kept_beside_the_cursor(database: Database) -> None:
    """Listing times and cursors of a mailbox do not disturb each other."""
    with database.begin() as tx:
        mails.receive(tx, "crewe", [], "c1", NOW, None)
        mailboxes.listed_at(tx, "crewe", NOW)
        mailboxes.listed_at(tx, "bot", NOW)
        mailboxes.listed_at(tx, "bot", NOW + HOUR)
        mails.receive(tx, "quiet", [], "c2", NOW, None)
        assert mailboxes.last_listed(tx) == {"crewe": NOW, "bot": NOW + HOUR}
        assert mailboxes.cursor(tx, "crewe") == "c1"
