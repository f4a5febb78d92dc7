"""Mails that wait together share a commit: what comes of a backlog is what came of it when each had its own.

A backlog is decided twice from copies of one database: each mail alone, and all that wait together. Every table is
compared. Salts are drawn anew for each case, so what stands for a text differs, and the text behind it is compared.
`BACKLOG` says how many mails (make backlog: 2,000).
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from bot.daemon.app import reading_of
from bot.doors.ports import RawMail
from bot.engine.reading.reader.sandbox import InProcess, Job, SandboxDied
from bot.model import Mail
from bot.store import mails, schema
from bot.store.proof import chain
from tests.bench.corpus import TEAM, box
from tests.unit.case_samples import CREWE, START
from tests.unit.engine_samples import CREWE_BOX, WORDS, House, eml

COUNT = int(os.environ.get("BACKLOG", "500"))
#: Of these rows a part hangs on the salt of their case.
SALTED = {schema.cases: {"salt", "head"}, schema.journal: {"body", "prev", "hash"}, schema.texts: {"key"}}


class Before(InProcess):
    """A reader that has read every mail before, once for both."""

    def __init__(self, house: House, jobs: Sequence[Job]) -> None:
        super().__init__(reading_of(house.settings))
        self._read = {raw: super(Before, self).read(raw, received) for raw, received in jobs}

    def read(self, raw: bytes, received: Any, *, opens_files: bool = True) -> Mail:
        return self._read[raw]


def decided(folder: Path, reader: Before, at_once: int) -> tuple[dict[str, list[Any]], int]:
    """Every table, and how many commits it took to decide all mails, so many taken up at once."""
    house = House(folder)
    house.app.intake.reader = house.app.intake.penned.reader = reader
    commits = Counter[str]()
    event.listen(house.db.engine, "commit", lambda _: commits.update(["commit"]))
    while house.app.intake.read(START, at_once):
        pass
    took = commits["commit"]
    found = dict(tables(house))
    house.close()
    return found, took


def tables(house: House) -> Iterator[tuple[str, list[Any]]]:
    with house.db.read() as tx:
        texts = {one: chain.texts_of(tx, one) for (one,) in tx.execute(select(schema.cases.c.number))}
        for table in schema.metadata.sorted_tables:
            rows = [dict(row._mapping) for row in tx.execute(select(table))]
            if table is schema.journal:
                said = [chain.shown(json.loads(row["body"]), texts[row["case_number"]]) for row in rows]
                yield "journal, as it reads", [one | {"fact": _bare(one["fact"])} for one in said]
            kept = [{k: v for k, v in row.items() if k not in SALTED.get(table, ())} for row in rows]
            yield table.name, sorted(map(repr, kept))


def _bare(fact: dict[str, Any]) -> dict[str, Any]:
    """Without what stands for texts that no journal shows: the words and forms of a mail."""
    mail = fact.get("mail")
    return fact | {"mail": {k: v for k, v in mail.items() if k not in ("words", "forms")}} if mail else fact


@pytest.mark.timeout(600)
def test_what_comes_of_a_backlog_does_not_hang_on_whose_commit_a_mail_shares(tmp_path: Path) -> None:
    """Challenges, answers, absences, bounces and what is nobody's business: the same rows, in far fewer commits."""
    (tmp_path / "alone").mkdir()
    house = House(tmp_path / "alone")
    pieces = box(COUNT, START)
    raws = [piece.raw.replace(TEAM.encode(), CREWE.encode()) for piece in pieces]
    with house.db.begin() as tx:
        came = [RawMail(str(n), "INBOX", raw, one.at) for n, (raw, one) in enumerate(zip(raws, pieces, strict=True))]
        mails.receive(tx, CREWE_BOX, came, "read", START, None)
    reader = Before(house, [(one.raw, one.received) for one in came])
    house.close()
    shutil.copytree(tmp_path / "alone", tmp_path / "together")
    one, many = decided(tmp_path / "alone", reader, 1), decided(tmp_path / "together", reader, 100)
    assert all(any(f"{kind!r}" in row for row in many[0]["ledger"]) for kind in ("case", "ignored"))
    for name, rows in one[0].items():
        assert many[0][name] == rows, name
    assert many[1] * 4 < one[1]


class Slow(InProcess):
    """A reader that needs long for each mail; `opened`: how many cases there were when it began with each."""

    def __init__(self, house: House) -> None:
        super().__init__(reading_of(house.settings))
        self._house = house
        self.opened: list[int] = []

    def answers_within(self, seconds: float) -> bool:
        return False

    def read_each(self, jobs: Sequence[Job]) -> Iterator[Mail | SandboxDied]:
        for raw, received in jobs:
            self.opened.append(len(self._house.cases()))
            yield self.read(raw, received)


def test_a_mail_that_was_read_waits_for_none_that_takes_long(tmp_path: Path) -> None:
    """Each challenge is decided before the mail behind it is waited for."""
    house = House(tmp_path)
    house.app.intake.reader = reader = Slow(house)
    for n in range(3):
        house.put(eml(text=f"{WORDS} Of family {n}.", name=f"c{n}"))
    house.take_in(START)
    assert reader.opened == [0, 1, 2]
    house.close()
