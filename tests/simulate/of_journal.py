"""Properties of the journal and of what is forgotten: 15, 16, 24. Reckoned anew from the rows; see oracle.py."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tests.simulate.look import CaseRow
from tests.simulate.oracle import Seen, holds

if TYPE_CHECKING:
    from tests.simulate.play import World


@holds(15)
def replay(world: World, seen: Seen) -> Iterator[str]:
    """Folding a case's journal gives the case as it is stored."""
    for case in world.look.changed:
        yield from _folded(world, seen, case)


@holds(15, last=True)
def replay_at_the_end(world: World, seen: Seen) -> Iterator[str]:
    """Folding a case's journal gives the case as it is stored: all of them, at the end."""
    for case in world.look.cases.values():
        yield from _folded(world, seen, case)


def _folded(world: World, seen: Seen, case: CaseRow) -> Iterator[str]:
    texts = world.look.texts(case.number) if case.salt else {}
    again = _shown(seen.folded.get(case.number, {}), texts)
    different = [name for name, value in case.fields.items() if again.get(name) != value]
    if different or set(again) - set(case.fields):
        yield f"{case.ref} is not what its journal makes it: {different}"
    if case.state != case.fields["state"]:
        yield f"the row of {case.ref} and the case disagree"


def _shown(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return texts.get(value, value)
    if isinstance(value, list):
        return [_shown(one, texts) for one in value]
    if isinstance(value, dict):
        return {name: _shown(one, texts) for name, one in value.items()}
    return value


@holds(16)
def chain(world: World, seen: Seen) -> Iterator[str]:
    """Each row of a journal bears the hash of the one before, and the case that of the last: none is missing."""
    heads: dict[int, tuple[int, str]] = seen.memory.setdefault("heads", {})
    for row in world.look.new_journal:
        seq, head = heads.get(row["case_number"], (0, ""))
        yield from _linked(row, seq, head)
        heads[row["case_number"]] = (row["seq"], row["hash"])
    for case in world.look.changed:
        if heads.get(case.number) != (case.version, case.head):
            yield f"{case.ref} was saved {case.version} times and its journal ends at {heads.get(case.number)}"


@holds(16, last=True)
def chain_at_the_end(world: World, seen: Seen) -> Iterator[str]:
    """Each row of a journal bears the hash of the one before: read anew at the end."""
    heads: dict[int, tuple[int, str]] = {}
    for row in world.look.rows("SELECT * FROM journal ORDER BY case_number, seq"):
        yield from _linked(row, *heads.get(row["case_number"], (0, "")))
        heads[row["case_number"]] = (row["seq"], row["hash"])
    if heads != {c.number: (c.version, c.head) for c in world.look.cases.values()}:
        yield "some journal does not end where its case says"


def _linked(row: dict[str, Any], seq: int, head: str) -> Iterator[str]:
    if (row["seq"], row["prev"]) != (seq + 1, head):
        yield f"row {row['seq']} of case {row['case_number']} does not follow row {seq}"
    if hashlib.sha256((row["prev"] + row["body"]).encode()).hexdigest() != row["hash"]:
        yield f"row {row['seq']} of case {row['case_number']} was changed"
    said = json.loads(row["body"])
    if (said["case"], said["seq"]) != (row["case_number"], row["seq"]):
        yield f"row {row['seq']} of case {row['case_number']} says that it is another"


@holds(24, last=True)
def erasure(world: World, seen: Seen) -> Iterator[str]:
    """Of a case that was forgotten no text, letter or mail is left: in no row and in no page of the file."""
    for number, (version, last, marks) in world.purged.items():
        if world.look.cases[number].version != version:
            continue  # somebody has written to it since
        for table, column in (("texts", "case_number"), ("outbox", "case_number"), ("absences", "case_number")):
            if world.look.rows(f"SELECT 1 FROM {table} WHERE {column} = ?", number):
                yield f"case {number} was forgotten, and rows of it stand in {table}"
        again = {row["digest"] for row in world.look.ledger.values() if row["id"] > last}
        kept: dict[bool, list[bytes]] = {True: [], False: []}  # whether it came since
        for r in world.look.rows("SELECT digest, body, is_packed FROM raw"):
            kept[r["digest"] in again].append(zlib.decompress(r["body"]) if r["is_packed"] else r["body"])
        bodies, since, pages = b"\n".join(kept[False]), b"\n".join(kept[True]), world.file.read_bytes()
        for mark in (word for digest, word in marks.items() if digest not in again and word.encode() not in since):
            if mark.encode() in bodies:
                yield f"case {number} was forgotten, and a mail with {mark} is kept"
            if mark.encode() in pages:
                yield f"case {number} was forgotten, and {mark} stands in the file"
