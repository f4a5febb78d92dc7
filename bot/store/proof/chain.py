"""The journal's rows: what a row says, how it is chained to the one before, how a case is made again from them.

A body holds the fact, its events, the keys of its letters, and the fields of the case that changed. Every
personal string in it is a token; the string itself stands in `texts`, where a purge can reach it. The salt is the
case's own and goes with a purge, so that nobody can then test names against the tokens. What no journal holds, gaps,
letters and ways of mails, is sealed in a chain of its own. Whether all of it holds is beside.py's. It saves no case.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from bot.model import Arrival, Case, Decision, Fact, JournalRow, Mail, MailForms, Opening
from bot.store import codec, db, schema

_journal, _texts, _seals = schema.journal, schema.texts, schema.seals
_TOKEN = "t:"  # noqa: S105 - a prefix, no secret
#: How many of a challenge's own words are kept beside the case.
MOST_WORDS = 4000
#: A lock of PostgreSQL's: one transaction seals at a time. Each takes it last, so that none waits in a circle.
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
#: Reads rows of a kind by their numbers: number and JSON values of each that is there.
Read = Callable[[Connection, Sequence[int]], Iterable[tuple[int, Any]]]


def seal(tx: Connection, what: str, number: int, values: Any, now: datetime) -> None:
    """Chains what the row `number` of that kind says from now on: once, and as the last that the transaction does.
    `values`: JSON; a Read, where another transaction may change a part meanwhile; None: it was rightly taken away."""
    tx.info.setdefault(schema.LAST, {}).setdefault(_chain_on, {})[what, number] = (values, now)


def _chain_on(tx: Connection, said: Mapping[tuple[str, int], tuple[Any, datetime]]) -> None:
    """Of two writers the second waits here until the first has committed; it then reads what that one wrote."""
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(_SEALING)))
    read = _as_they_stand(tx, said)
    last = tx.execute(_LAST_SEAL).one_or_none()
    newest, prev = (last.seq, last.hash) if last else (0, "")
    rows = []
    for seq, ((what, number), (values, now)) in enumerate(said.items(), newest + 1):
        stands = read.get((what, number)) if callable(values) else values
        body = codec.canonical({"at": now.isoformat(), "what": what, "id": number, "is": sealed(stands)})
        rows.append({"seq": seq, "at": now, "body": body, "prev": prev, "hash": link_hash(prev, body)})
        prev = rows[-1]["hash"]
    tx.execute(_SEAL, rows)


def _as_they_stand(tx: Connection, said: Mapping[tuple[str, int], tuple[Any, datetime]]) -> dict[tuple[str, int], Any]:
    """The values of the rows that are to be read."""
    asked: dict[tuple[str, Read], list[int]] = {}
    for (what, number), (values, _) in said.items():
        if callable(values):
            asked.setdefault((what, values), []).append(number)
    return {
        (what, number): values
        for (what, read), numbers in asked.items()
        for some in schema.chunks(numbers)
        for number, values in read(tx, some)
    }


def sealed(values: Any) -> str:
    """What stands in a seal for these JSON values: nothing that a purge would have to reach."""
    return "" if values is None else hashlib.sha256(codec.canonical(values).encode("ascii")).hexdigest()
