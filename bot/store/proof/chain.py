"""The journal's rows: what a row says, how it is chained to the one before, how a case is made again from them.

A body holds the fact, its events, the keys of its letters, and the fields of the case that changed. Every
personal string in it is a token; the string itself stands in `texts`, where a purge can reach it. The salt is the
case's own and goes with a purge, so that nobody can then test names against the tokens. What no journal holds, gaps
and the bytes of letters, is sealed in a chain of its own. Whether all of it holds is beside.py's. It saves no case.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from bot.model import Arrival, Case, Decision, Fact, JournalRow, Mail, MailForms, Opening
from bot.store import codec, db, meta, schema

_journal, _texts, _seals, _cases = schema.journal, schema.texts, schema.seals, schema.cases
_TOKEN = "t:"  # noqa: S105 - a prefix, no secret
#: How many of a challenge's own words are kept beside the case.
MOST_WORDS = 4000
#: A lock of PostgreSQL's: one seal at a time. It is the last that a transaction takes, so that none waits in a circle.
_SEALING = 7305


class Hider:
    """Swaps personal strings for tokens and remembers both."""

    def __init__(self, salt: str) -> None:
        self._salt = bytes.fromhex(salt)
        self.texts: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        token = self.token(text)
        self.texts[token] = text
        return token

    def token(self, text: str) -> str:
        """What stands for the text; it is not remembered."""
        # surrogatepass: a display name may hold what UTF-8 does not.
        digest = hmac.digest(self._salt, text.encode("utf-8", "surrogatepass"), "sha256")
        return _TOKEN + digest.hex()[:32]


# --- writing --------------------------------------------------------------------------------------------------------


_APPEND = insert(_journal)


def append(
    tx: Connection,
    decision: Decision,
    fact: Fact,
    now: datetime,
    seq: int,
    prev: str,
    changed: Iterable[str],
    salt: str,
) -> str:
    """Adds row `seq` to the journal of the decision's case; `changed`: its top-level fields that are new. Returns the
    row's hash."""
    hider = Hider(salt)
    case = decision.case
    body = codec.canonical(
        {
            "case": case.number,
            "seq": seq,
            "at": now.isoformat(),
            "fact": _reduced(fact, hider),
            "events": [codec.encode(event, hider) for event in decision.events],
            "letters": [hider(letter.key) for letter in decision.letters],
            "set": codec.encode_fields(case, changed, hider),
        }
    )
    link = link_hash(prev, body)
    row = {"case_number": case.number, "seq": seq, "at": now, "body": body, "prev": prev, "hash": link}
    tx.execute(_APPEND, row)
    _keep(tx, case.number, hider.texts)
    return link


def link_hash(prev: str, body: str) -> str:
    return hashlib.sha256((prev + body).encode("ascii")).hexdigest()


def _reduced(fact: Fact, hider: Hider) -> dict[str, Any]:
    """The fact without the words of a mail."""
    if isinstance(fact, (Opening, Arrival)):
        # The mail is replaced before encoding: its text is never walked, hashed or kept.
        bare = replace(fact, mail=Mail(digest=fact.mail.digest, received=fact.mail.received))
        words = kept_words(fact.mail) if isinstance(fact, Opening) else None
        reduced = codec.encode(bare, hider) | {"mail": _reduced_mail(fact.mail, hider, words)}
    else:
        reduced = codec.encode(fact, hider)
    return {"is": type(fact).__name__, **reduced}


def kept_words(mail: Mail) -> str:
    """The words that open a case, as they are kept beside it."""
    return codec.canonical(mail.new_text[:MOST_WORDS])


def kept_forms(mail: Mail) -> str:
    """What was read in the forms of a mail, as it is kept beside its case; "" without any."""
    return codec.dumps(MailForms(mail.digest, mail.received, mail.forms)) if mail.forms else ""


def _reduced_mail(mail: Mail, hider: Hider, words: str | None) -> dict[str, Any]:
    """`words`: those that open a case. Of them, and of forms, only what stands for them is chained."""
    forms = kept_forms(mail)
    return {
        "forms": hider.token(forms) if forms else None,
        "words": hider.token(words) if words else None,
        "digest": mail.digest,
        "received": mail.received.isoformat(),
        "message_id": hider(mail.message_id) if mail.message_id else None,
        "kind": mail.kind.value,
        "proof": mail.proof.value,
        "command": mail.command.word.value if mail.command else None,
    }


def _keep(tx: Connection, number: int, texts: Mapping[str, str]) -> None:
    if texts:
        rows = [{"case_number": number, "key": key, "text": codec.canonical(text)} for key, text in texts.items()]
        tx.execute(db.new_rows(tx.dialect.name, _texts), rows)


# --- reading --------------------------------------------------------------------------------------------------------


def rows(tx: Connection, number: int) -> list[JournalRow]:
    texts = texts_of(tx, number)
    return [_readable(row, texts) for row in stored(tx, number)]


def stored(tx: Connection, number: int) -> Iterator[Row[Any]]:
    yield from tx.execute(select(_journal).where(_journal.c.case_number == number).order_by(_journal.c.seq))


def texts_of(tx: Connection, number: int) -> dict[str, str]:
    """Token -> text, as far as it was not purged."""
    kept = tx.execute(select(_texts.c.key, _texts.c.text).where(_texts.c.case_number == number))
    return {key: json.loads(text) for key, text in kept}


def shown(data: Any, texts: Mapping[str, str]) -> Any:
    """JSON values with each known token as its text."""
    if isinstance(data, str):
        return texts.get(data, data) if data.startswith(_TOKEN) else data
    if isinstance(data, list):
        return [shown(item, texts) for item in data]
    if isinstance(data, dict):
        return {key: shown(value, texts) for key, value in data.items()}
    return data


def fold(bodies: Iterable[str], texts: Mapping[str, str]) -> dict[str, Any]:
    """The case's fields, from nothing, by applying each row's changes in turn."""
    fields: dict[str, Any] = {}
    for body in bodies:
        fields.update(json.loads(body)["set"])
    return {name: shown(value, texts) for name, value in fields.items()}


def _readable(row: Row[Any], texts: Mapping[str, str]) -> JournalRow:
    body = shown(json.loads(row.body), texts)
    return JournalRow(
        seq=row.seq,
        at=row.at,
        fact=body["fact"]["is"],
        events=tuple((e["kind"], e["stage"], e["by"], e["note"]) for e in body["events"]),
        letters=tuple(body["letters"]),
        hash=row.hash,
        body=row.body,
        values=body["fact"],
    )


def faults(tx: Connection, number: int, head: str, version: int) -> list[str]:
    """What is wrong with the chain of one case, in words."""
    found: list[str] = []
    prev, seq = "", 0
    for row in stored(tx, number):
        seq += 1
        if row.seq != seq:
            return [*found, f"journal row {seq} is missing"]
        if row.prev != prev:
            found.append(f"journal row {seq} does not follow the row before it")
        if not row.body.isascii() or link_hash(row.prev, row.body) != row.hash:
            found.append(f"journal row {seq} was changed after it was written")
        elif not _columns_agree(row):
            found.append(f"journal row {seq} stands at another place or time than it says")
        prev = row.hash
    if (seq, prev) != (version, head):
        found.append(f"the journal ends at row {seq}, but the case was saved {version} times")
    return found


def _columns_agree(row: Row[Any]) -> bool:
    body = json.loads(row.body)
    at = datetime.fromisoformat(body["at"])
    return (body["case"], body["seq"], at) == (row.case_number, row.seq, row.at)


def as_case(fields: Mapping[str, Any]) -> Case:
    return codec.decode(Case, dict(fields))


# --- what no journal holds -------------------------------------------------------------------------------------------


_LAST_SEAL = select(_seals.c.seq, _seals.c.hash).order_by(_seals.c.seq.desc()).limit(1)
_SEAL = insert(_seals)


def seal(tx: Connection, what: str, number: int, values: Any, now: datetime) -> None:
    """Chains what the row `number` of that kind says from now on; `values` None: it was rightly taken away."""
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(_SEALING)))
    last = tx.execute(_LAST_SEAL).one_or_none()
    seq, prev = (last.seq, last.hash) if last else (0, "")
    said = {"at": now.isoformat(), "what": what, "id": number, "is": sealed(values)}
    body = codec.canonical(said)
    row = {"seq": seq + 1, "at": now, "body": body, "prev": prev, "hash": link_hash(prev, body)}
    tx.execute(_SEAL, row)


def sealed(values: Any) -> str:
    """What stands in a seal for these JSON values: nothing that a purge would have to reach."""
    return "" if values is None else hashlib.sha256(codec.canonical(values).encode("ascii")).hexdigest()


# --- one head over all ----------------------------------------------------------------------------------------------


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
