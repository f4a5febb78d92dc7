"""One head over all chains, and what can be said of one that was noted earlier.

It knows chains by their hashes alone, and does not ask whether these hold: that is chain.py's and beside.py's.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select

from bot.store import meta, schema

_journal, _seals, _cases = schema.journal, schema.seals, schema.cases


def head(tx: Connection, at: datetime | None = None) -> str:
    """One hash over the heads of all journals and of the seals; with `at` as they were then, whatever came since."""
    total = hashlib.sha256()
    for ref, last in _heads(tx, at):
        total.update(f"{ref} {last}\n".encode())
    last_seal = select(_seals.c.hash).order_by(_seals.c.seq.desc()).limit(1)
    newest = tx.execute(last_seal if at is None else last_seal.where(_seals.c.at <= at)).scalar()
    if newest:
        total.update(f"seals {newest}\n".encode())
    return total.hexdigest()


def _heads(tx: Connection, at: datetime | None) -> Iterator[tuple[str, str]]:
    """Ref and hash of the last journal row of each case that had one then."""
    if at is None:
        rows = select(_cases.c.ref, _cases.c.head).where(_cases.c.version > 0)
    else:
        c = _journal.c
        newest = select(c.case_number, func.max(c.seq).label("seq")).where(c.at <= at).group_by(c.case_number)
        then = newest.subquery()
        is_then = (c.case_number == then.c.case_number) & (c.seq == then.c.seq)
        rows = select(_cases.c.ref, c.hash).join(_journal, c.case_number == _cases.c.number).join(then, is_then)
    yield from ((ref, last) for ref, last in tx.execute(rows.order_by(_cases.c.number)))


def judged(tx: Connection, given: str, at: datetime | None = None) -> tuple[bool, str]:
    """What can be said of a head that was noted earlier, and `at` which time if that is known: whether everything is as
    it was then, and a sentence.

    A migration that rewrites journals notes the head before and after (`rewrite/...` in meta): what was chained before
    it can no longer be proven, and is never called intact."""
    if at is not None and given == head(tx, at):
        return True, "intact: nothing from before that time was added, changed or taken away since"
    if at is None and given == head(tx):
        return True, "intact: no journal row was added, changed or taken away since that head"
    notes = [json.loads(note) for _, note in sorted(meta.with_prefix(tx, "rewrite/").items())]
    for note in notes:
        if given == note["old"]:
            said = f"{note['rows']} journal rows were rewritten then, and the head became {note['new']}"
            return False, f"before the rewrite of {note['at']}: {said}"
    older = f", or it is from before the rewrite of {notes[-1]['at']}" if notes else ""
    if at is not None:
        what = "not what is here from before that time: something of then was added, changed or taken away since"
        return False, f"{what}, or another time stands beside that head{older}"
    how = "; a head of a daily letter is judged with --at and the time beside it"
    return False, f"not the head of today: journals were gone on with or changed since{older}, or it is of others{how}"
