"""One head over all chains, and what can be said of one that was noted earlier.

A head that a daily letter shows is noted here with where each chain ended then: whatever a clock said since, it is held
against those rows and no others. Who changes that note makes the head fit no rows. It knows chains by their hashes
alone, and does not ask whether these hold: that is chain.py's and beside.py's.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from bot.store import meta, schema

_journal, _seals, _cases = schema.journal, schema.seals, schema.cases
#: How old a head is that a daily letter shows: what was decided before it is in the database by now, to the last row.
SETTLED = timedelta(minutes=10)
_NOTES = "head/"


def head(tx: Connection, at: datetime | None = None) -> str:
    """One hash over the heads of all journals and of the seals; with `at` as they were then, whatever came since, if no
    clock was set back."""
    if at is not None:
        return _hash(*_ended(tx, _journal.c.at <= at, _seals.c.at <= at)[1:])
    rows = select(_cases.c.ref, _cases.c.head).where(_cases.c.version > 0).order_by(_cases.c.number)
    newest = tx.execute(select(_seals.c.hash).order_by(_seals.c.seq.desc()).limit(1)).scalar()
    return _hash(tx.execute(rows), newest)


def noted(tx: Connection, at: datetime, now: datetime) -> str:
    """The head as it was `at`, for a letter that is written `now`; where each chain ended then is noted. What bears a
    later time than now was written before the clock was set back: the head covers it."""
    c, s = _journal.c.at, _seals.c.at
    ends, heads, newest = _ended(tx, or_(c <= at, c > now), or_(s <= at, s > now))
    found = _hash(heads, newest)
    meta.put(tx, _note(at, found), json.dumps(ends, separators=(",", ":")))
    return found


def _note(at: datetime, found: str) -> str:
    return f"{_NOTES}{at.astimezone(UTC).isoformat()}/{found}"


def _hash(heads: Iterable[Any], newest_seal: str | None) -> str:
    """`heads`: ref and hash of the last row of each journal, by the cases' numbers."""
    total = hashlib.sha256()
    for ref, last in heads:
        total.update(f"{ref} {last}\n".encode())
    if newest_seal:
        total.update(f"seals {newest_seal}\n".encode())
    return total.hexdigest()


def _ended(
    tx: Connection, of_journal: ColumnElement[bool], of_seals: ColumnElement[bool]
) -> tuple[dict[str, Any], list[tuple[str, str]], str | None]:
    """Where each chain ended, of the rows that are meant: the last rows of the seals and, by the numbers of the cases
    from 1 on, of the journals (0: none); ref and hash of each journal's; hash of the last seal."""
    c = _journal.c
    then = select(c.case_number, func.max(c.seq).label("seq")).where(of_journal).group_by(c.case_number).subquery()
    is_then = (c.case_number == then.c.case_number) & (c.seq == then.c.seq)
    rows = select(c.case_number, c.seq, _cases.c.ref, c.hash).join(_cases, c.case_number == _cases.c.number)
    found = tx.execute(rows.join(then, is_then).order_by(c.case_number)).all()
    seal = tx.execute(
        select(_seals.c.seq, _seals.c.hash).where(of_seals).order_by(_seals.c.seq.desc()).limit(1)
    ).one_or_none()
    seqs = {row.case_number: row.seq for row in found}
    ends = {"seals": seal.seq if seal else 0, "cases": [seqs.get(n, 0) for n in range(1, max(seqs, default=0) + 1)]}
    return ends, [(row.ref, row.hash) for row in found], seal.hash if seal else None


def _at(tx: Connection, ends: dict[str, Any]) -> str:
    """The head over chains that ended there."""
    c = _journal.c
    rows = select(c.case_number, c.seq, _cases.c.ref, c.hash).join(_cases, c.case_number == _cases.c.number)
    last = {(number, seq) for number, seq in enumerate(ends["cases"], 1)}
    found = [(ref, link) for n, seq, ref, link in tx.execute(rows.order_by(c.case_number)) if (n, seq) in last]
    return _hash(found, tx.execute(select(_seals.c.hash).where(_seals.c.seq == ends["seals"])).scalar())


# --- what can be said of one ------------------------------------------------------------------------------------------


def judged(tx: Connection, given: str, at: datetime | None = None) -> tuple[bool, str]:
    """What can be said of a head that was noted earlier, and `at` which time if that is known: whether everything is as
    it was then, and a sentence.

    A migration that rewrites journals notes the head before and after (`rewrite/...` in meta): what was chained before
    it can no longer be proven, and is never called intact."""
    if at is None and given == head(tx):
        return True, "intact: no journal row was added, changed or taken away since that head"
    if at is not None and (found := _at_its_time(tx, given, at)):
        return found
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


def _at_its_time(tx: Connection, given: str, at: datetime) -> tuple[bool, str] | None:
    """What can be said by that time; None where it does not fit."""
    ends = meta.get(tx, _note(at, given))
    if ends is None and _was_set_back(tx, at):
        return (
            False,
            "not to be told: the clock was set back over that time, and no daily letter of it shows that head",
        )
    if given == (head(tx, at) if ends is None else _at(tx, json.loads(ends))):
        return True, "intact: nothing from before that time was added, changed or taken away since"
    return None


def _was_set_back(tx: Connection, at: datetime) -> bool:
    """Whether rows bear a time up to that one and were chained after others that bear a later one, by more than a
    transaction takes."""
    s, c, before, late = _seals.c, _journal.c, _journal.alias("before").c, at + SETTLED
    first_late = select(func.min(s.seq)).where(s.at > late).scalar_subquery()
    of_seals = exists().where(s.at <= at, s.seq > first_late)
    is_earlier = (before.case_number == c.case_number) & (before.seq < c.seq)
    of_journals = exists().where(c.at <= at, is_earlier, before.at > late)
    return bool(tx.execute(select(or_(of_seals, of_journals))).scalar())
