"""Forgetting a closed case for good: nobody of it is left in any table, and the chain of its journal stays whole.

What stays says nothing of anybody: ref, dates, stages, and tokens whose salt is gone. The file itself is scrubbed by
db.py, and what a backup holds is out of reach. It decides no retention. cases.py offers these functions as its own.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from bot.model import Case
from bot.model.errors import StoreError
from bot.store import chain, codec, mails, meta, outbox, schema

_cases, _ids, _out = schema.cases, schema.ids, schema.outbox

#: What an id in `ids` is where it is no letter of ours: an id or a digest of somebody's mail.
_OF_MAILS = ("original", "mail", "content", "words")


def purge(tx: Connection, number: int) -> None:
    """Forgets the personal texts and raw mails of a closed case; the chain stays whole. The case stays, with tokens
    where people stood; ids of our own letters still lead to it. Raises KeyError; StoreError while it is open, or
    something of it is still to be asked or sent."""
    row = tx.execute(select(_cases).where(_cases.c.number == number).with_for_update()).one_or_none()
    if row is None:
        raise KeyError(number)
    case = codec.loads(Case, row.snapshot)
    if case.is_open:
        raise StoreError(f"{row.ref} is open: only a closed case can be purged")
    if case.deadlines:
        raise StoreError(f"{row.ref} still has something to come ({case.deadlines[-1].why}): purge it after that")
    if not row.salt:
        return  # purged before
    others = _of_no_case(tx, case)
    statuses = {*others.values(), *(letter.status for letter in outbox.of_case(tx, number))}
    if statuses - set(outbox.FINISHED):
        raise StoreError(f"{row.ref} still has letters to send: see `outbox`, then purge it again")
    outbox.forget(tx, list(others))
    bare = codec.canonical(codec.encode(case, chain.Hider(row.salt)))
    tx.execute(update(_cases).where(_cases.c.number == number).values(snapshot=bare, salt=""))
    tx.execute(delete(schema.texts).where(schema.texts.c.case_number == number))
    tx.execute(delete(_ids).where(_ids.c.case_number == number, _ids.c.what.in_(_OF_MAILS)))
    tx.execute(update(_ids).where(_ids.c.case_number == number).values(what="letter"))  # a key names an addressee
    outbox.forget_case(tx, number)
    mails.forget_case(tx, number)
    tx.execute(delete(schema.absences).where(schema.absences.c.case_number == number))


def is_purged(tx: Connection, number: int) -> bool:
    """Whether its people and texts were forgotten."""
    return not tx.execute(select(_cases.c.salt).where(_cases.c.number == number)).scalar_one()


def note_purge(tx: Connection, ref: str, by: str, reason: str, now: datetime) -> None:
    """Who had it forgotten, when and why: the journal of the case says nothing any more."""
    meta.put(tx, f"purged/{ref}", json.dumps({"at": now.isoformat(), "by": by, "reason": reason}))


def _of_no_case(tx: Connection, case: Case) -> dict[int, str]:
    """Alerts and daily letters that tell of this case, and what went to strangers who wrote to it: id and status."""
    addresses = {text for text in chain.texts_of(tx, case.number).values() if "@" in text and " " not in text}
    told = {case.ref, *addresses}
    known = set(tx.execute(select(_ids.c.message_id).where(_ids.c.case_number == case.number)).scalars())
    rows = select(_out.c.id, _out.c.status, _out.c.message_id, _out.c.letter).where(_out.c.case_number == 0)
    return {
        number: status
        for number, status, message_id, letter in tx.execute(rows)
        if message_id in known or _tells(json.loads(letter), told)
    }


def _tells(letter: dict[str, object], told: set[str]) -> bool:
    """Whether the letter speaks of one of these; whom it is addressed to is no word of it."""
    words = json.dumps([letter["about"], letter["subject"]], ensure_ascii=False).lower()
    return any(one.lower() in words for one in told)
