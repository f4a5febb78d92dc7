"""What stands in the database, by plain SQL over a connection of its own: nothing of the bot's code is asked.

After each event only what may have changed is read again: a case whose version grew, a letter or mail that is not
done, whatever is new. `fresh` at the end reads all of it. It judges nothing.
"""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

#: In which nothing more is tried or read.
DONE_LETTER = ("sent", "refused", "withheld")
DONE_MAIL = ("case", "holding_pen", "ignored", "set_aside")


def instant(text: str | None) -> datetime | None:
    """An instant as the columns hold it."""
    if not text:
        return None
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@dataclass
class CaseRow:
    number: int
    ref: str
    area: str
    state: str
    version: int
    head: str
    policy: str
    salt: str
    fields: dict[str, Any]


class Look:
    """The rows of one database, as they were at the last `read`. `new_*`: what that read found new or changed."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self.ledger: dict[int, dict[str, Any]] = {}
        self.letters: dict[int, dict[str, Any]] = {}
        self.cases: dict[int, CaseRow] = {}
        self.before: dict[int, CaseRow] = {}  # as a changed case was at the read before
        self.journal: dict[int, list[dict[str, Any]]] = {}
        self.deadlines: list[dict[str, Any]] = []
        self.new_ledger: list[dict[str, Any]] = []
        self.new_letters: list[dict[str, Any]] = []
        self.new_journal: list[dict[str, Any]] = []
        self.changed: list[CaseRow] = []
        self.by_id: dict[str, dict[str, Any]] = {}  # Message-ID, ours or assigned -> letter
        self._rowid = 0
        self.open_mail: set[int] = set()
        self.open_letters: set[int] = set()

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self._db.execute(sql, values)]

    def read(self, *, fresh: bool = False) -> None:
        """One consistent look at all tables."""
        self._db.execute("BEGIN")
        try:
            self._read_ledger(fresh)
            self._read_letters(fresh)
            self._read_cases(fresh)
            self._read_journal()
            self.deadlines = self.rows("SELECT * FROM deadlines")
        finally:
            self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()

    def _since(self, table: str, known: dict[int, dict[str, Any]], left: set[int], fresh: bool) -> list[dict[str, Any]]:
        if fresh:
            return self.rows(f"SELECT * FROM {table}")
        last = max(known, default=0)
        some = ",".join(map(str, sorted(left)))
        return self.rows(f"SELECT * FROM {table} WHERE id > {last} OR id IN ({some})")

    def _read_ledger(self, fresh: bool) -> None:
        found = self._since("ledger", self.ledger, self.open_mail, fresh)
        self.new_ledger = [r for r in found if self.ledger.get(r["id"]) != r]
        self.ledger |= {r["id"]: r for r in found}
        for row in found:
            (self.open_mail.discard if row["disposition"] in DONE_MAIL else self.open_mail.add)(row["id"])

    def _read_letters(self, fresh: bool) -> None:
        found = self._since("outbox", self.letters, self.open_letters, fresh)
        self.new_letters = [r for r in found if self.letters.get(r["id"]) != r]
        self.letters |= {r["id"]: r for r in found}
        self.by_id |= {name: r for r in found for name in (r["message_id"], r["assigned_id"]) if name}
        for row in found:
            (self.open_letters.discard if row["status"] in DONE_LETTER else self.open_letters.add)(row["id"])

    def _read_cases(self, fresh: bool) -> None:
        versions = self.rows("SELECT number, version FROM cases WHERE version > 0")
        moved = [
            r["number"]
            for r in versions
            if fresh or r["number"] not in self.cases or self.cases[r["number"]].version != r["version"]
        ]
        self.changed, self.before = [], {}
        for number in moved:
            row = self.rows("SELECT * FROM cases WHERE number = ?", number)[0]
            case = CaseRow(
                number, row["ref"], row["area"], row["state"], row["version"], row["head"], row["policy"], row["salt"],
                json.loads(row["snapshot"]),
            )  # fmt: skip
            if number in self.cases:
                self.before[number] = self.cases[number]
            self.cases[number] = case
            self.changed.append(case)

    def _read_journal(self) -> None:
        self.new_journal = self.rows("SELECT rowid AS n, * FROM journal WHERE rowid > ? ORDER BY rowid", self._rowid)
        for row in self.new_journal:
            row["said"] = json.loads(row["body"])
            self.journal.setdefault(row["case_number"], []).append(row)
            self._rowid = max(self._rowid, row["n"])

    # --- one thing ------------------------------------------------------------------------------------------------

    def letter(self, message_id: str) -> dict[str, Any] | None:
        """The outbox row of that Message-ID, as it is now."""
        found = self.rows("SELECT * FROM outbox WHERE message_id = ? OR assigned_id = ?", message_id, message_id)
        return found[0] if found else None

    def opening(self, case: int) -> str:
        """Digest of the mail that opened that case, "" where there is none."""
        found = self.rows("SELECT snapshot FROM cases WHERE number = ?", case)
        return str(json.loads(found[0]["snapshot"]).get("opening_mail", "")) if found else ""

    def texts(self, case: int) -> dict[str, str]:
        """Token -> personal text of that case."""
        found = self.rows("SELECT key, text FROM texts WHERE case_number = ?", case)
        return {r["key"]: json.loads(r["text"]) for r in found if r["key"].startswith("t:")}


def key_of(mail: dict[str, Any]) -> str:
    """The key by which a mailbox gave it; in a mailbox that moved since, a mark stands before it."""
    return re.sub(r"^(until [^;]*;)+", "", str(mail["key"]))


def kind_of(letter: dict[str, Any]) -> str:
    """The kind of a letter, as its key says: occasion/kind/first addressee."""
    return str(letter["key"]).rsplit("/", 2)[1]
