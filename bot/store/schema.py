"""The tables and their unique keys, as the migrations leave them (a test compares the two).

JSON is text; what instants and other texts are stands in codec.py, the tables of lives in server/lives.py. It decides
nothing and opens nothing.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.store.codec import Instant, Plain
from bot.store.server.glance import HEAD as HEAD

#: Under which a connection keeps what its transaction does last: function -> what it is called with.
LAST = "last"

T = TypeVar("T")


def chunks(values: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Few enough at a time for one statement's bound values."""
    return (values[i : i + size] for i in range(0, len(values), size))


metadata = MetaData()

meta = Table("meta", metadata, Column("key", Plain, primary_key=True), Column("value", Plain, nullable=False))
#: How keys begin: before an entry of the ledger, where that mail stood before a person placed it; before an area's
#: code, the day of its last whole daily letter and the hash of what that listed.
UNDOABLE, LISTED = "undo/", "listed/"

config_kept = Table(
    "config_kept", metadata, Column("name", Plain, primary_key=True), Column("text", Text, nullable=False)
)

#: What people said of the directory, over its file. Each row is sealed; its JSON is engine/contacts/facts.py's.
directory_facts = Table(
    "directory_facts", metadata, Column("id", Integer, primary_key=True), Column("at", Instant, nullable=False),
    Column("kind", String(16), nullable=False), Column("body", Text, nullable=False), sqlite_autoincrement=True,
)  # fmt: skip

counters = Table(
    "counters",
    metadata,
    Column("area", Plain, nullable=False),
    Column("year", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    PrimaryKeyConstraint("area", "year"),
)

policies = Table(
    "policies", metadata, Column("hash", String(64), primary_key=True), Column("text", Text, nullable=False)
)

cases = Table(
    "cases",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("ref", Plain, nullable=False, unique=True),
    Column("area", Plain, nullable=False),
    Column("year", Integer, nullable=False),
    Column("state", String(32), nullable=False),  # "" while only reserved
    Column("version", Integer, nullable=False),  # how many journal rows it has
    Column("policy", Plain, nullable=False),
    Column("policy_version", Plain, nullable=False),
    Column("policy_hash", ForeignKey("policies.hash")),
    Column("snapshot", Text, nullable=False),  # the case as JSON
    Column("head", String(64), nullable=False),  # hash of its last journal row
    Column("salt", String(64), nullable=False),  # of its texts' hashes; forgotten by a purge
    Index("ix_cases_state", "state"),
    sqlite_autoincrement=True,
)

journal = Table(
    "journal",
    metadata,
    Column("case_number", ForeignKey("cases.number"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    PrimaryKeyConstraint("case_number", "seq"),
)

#: What became of rows that no journal holds: gaps, letters, the ways of mails and letters. Append-only, one chain.
seals = Table(
    "seals",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

texts = Table(
    "texts",
    metadata,
    Column("case_number", ForeignKey("cases.number"), nullable=False),
    Column("key", String(64), nullable=False),
    Column("text", Text, nullable=False),  # a JSON string
    PrimaryKeyConstraint("case_number", "key"),
)

ids = Table(
    "ids",
    metadata,
    Column("message_id", Plain, nullable=False),
    Column("case_number", ForeignKey("cases.number"), nullable=False),
    Column("what", Plain, nullable=False),
    PrimaryKeyConstraint("message_id", "case_number"),
    Index("ix_ids_case", "case_number"),
)

#: By whom an open case is found: its raiser, and everybody in it. A closed case has no row.
involved = Table(
    "involved",
    metadata,
    Column("address", Plain, nullable=False),
    Column("case_number", ForeignKey("cases.number"), nullable=False),
    Column("is_raiser", Boolean, nullable=False),
    PrimaryKeyConstraint("address", "case_number"),
    Index("ix_involved_case", "case_number"),
)

absences = Table(
    "absences",
    metadata,
    Column("who", String(32), nullable=False),  # a keyed hash of the address
    Column("case_number", ForeignKey("cases.number"), nullable=False),
    Column("stage", Plain, nullable=False),
    Column("at", Instant, nullable=False),
    Column("told", Instant),  # when the business unit heard of it
    PrimaryKeyConstraint("who", "case_number", "stage"),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("name", Plain, primary_key=True),
    Column("cursor", Plain, nullable=False),
    Column("last_listed", Instant),
    Column("door", Plain),
    Column("floor", Instant),
    Column("moved", Instant),
    Column("caught_up", Instant),
)

folder_floors = Table(  # of folders that were first seen later than their mailbox
    "folder_floors",
    metadata,
    Column("mailbox", ForeignKey("mailboxes.name"), nullable=False),
    Column("folder", Plain, nullable=False),
    Column("floor", Instant, nullable=False),
    PrimaryKeyConstraint("mailbox", "folder"),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox", Plain, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("why", Plain, nullable=False),
)
Index(
    "ux_gaps_open",
    gaps.c.mailbox,
    unique=True,
    sqlite_where=text("until IS NULL"),
    postgresql_where=text("until IS NULL"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox", Plain, nullable=False),
    Column("key", Plain, nullable=False),
    Column("folder", Plain, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("message_id_hash", Plain, nullable=False),
    Column("received", Instant, nullable=False),
    Column("arrived", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("attempted", Instant),
    Column("is_old", Boolean, nullable=False),
    Column("size", Integer, nullable=False),
    Column("is_truncated", Boolean, nullable=False),
    Column("disposition", String(16), nullable=False),  # unread, case, holding_pen, ignored, set_aside
    Column("why", Plain, nullable=False),
    Column("case_number", ForeignKey("cases.number")),
    Column("guesses", Plain, nullable=False),
    Column("disposed", Instant),
    UniqueConstraint("mailbox", "key", name="ux_ledger_key"),
    Index("ix_ledger_disposition", "disposition", "received", "id"),
    Index("ix_ledger_digest", "digest"),
    Index("ix_ledger_message_id", "message_id_hash"),
    Index("ix_ledger_case", "case_number"),
    sqlite_autoincrement=True,
)

raw = Table(
    "raw",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("is_packed", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_number", ForeignKey("cases.number"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("stage", Plain, nullable=False),
    Column("nth", Integer, nullable=False),
    Column("item", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("why", Plain, nullable=False),
    Column("ready", Instant, nullable=False),  # when it may be claimed: `at`, or the end of a lease
    Column("owner", Plain, nullable=False),
    UniqueConstraint("case_number", "kind", "stage", "nth", "item", "at", name="ux_deadlines_occasion"),
    Index("ix_deadlines_ready", "ready", "id"),
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_number", Integer, nullable=False),  # 0: of no case
    Column("key", Plain, nullable=False),
    Column("status", String(16), nullable=False),
    Column("urgency", Integer, nullable=False),
    Column("letter", Text, nullable=False),
    Column("message_id", Plain, nullable=False),
    Column("assigned_id", Plain, nullable=False),
    Column("raw", LargeBinary),
    Column("digest", String(64), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("owner", Plain, nullable=False),
    Column("ready", Instant, nullable=False),  # when it may be claimed: at once, the next try, or the end of a lease
    Column("attempts", Integer, nullable=False),
    Column("resends", Integer, nullable=False),
    Column("queued", Instant, nullable=False),
    Column("claimed", Instant),
    Column("was_in_data", Boolean, nullable=False),
    Column("offer_id", Plain, nullable=False),
    Column("last_error", Plain, nullable=False),
    Column("held_for", String(16)),  # while it is held: see Hold
    Column("first_failed", Instant),
    Column("changed", Instant, nullable=False),
    UniqueConstraint("case_number", "key", name="ux_outbox_occasion"),
    Index("ix_outbox_next", "status", "urgency", "queued", "id"),
    Index("ix_outbox_message_id", "message_id"),
    Index("ix_outbox_assigned_id", "assigned_id"),
    sqlite_autoincrement=True,
)

waits = Table(
    "waits",
    metadata,
    Column("letter", ForeignKey("outbox.id"), nullable=False),
    Column("key", Plain, nullable=False),  # of the letter of the same case that must go first
    PrimaryKeyConstraint("letter", "key"),
)

recipients = Table(
    "recipients",
    metadata,
    Column("letter", ForeignKey("outbox.id"), nullable=False),
    Column("n", Integer, nullable=False),  # as the letter names them
    Column("address", Plain, nullable=False),
    Column("status", String(16), nullable=False),  # waiting, accepted, refused, bounced
    Column("words", Plain, nullable=False),
    Column("at", Instant),
    PrimaryKeyConstraint("letter", "address"),
    Index("ix_recipients_address", "address"),
)
