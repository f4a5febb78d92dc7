"""Whether what stands beside the journals is what was written: texts, mails, letters, policies, gaps, refs, the
configuration that is kept, and which way mails and letters went.

Each is held against a hash of it that is chained, or against its own: a text against the token in the journal, a mail
and a policy against the digest that names them, refs against the counters; a gap, what was said of the directory, the
bytes of a letter, whom it reached and when, and where a mail went and why against the last seal. Whoever writes whole
chains anew is found by a head that was noted elsewhere (heads.judged). It mends nothing. Not proven: the way of a mail
that is not read yet (its bytes are), work under way (leases, tries, next times), keys of mailboxes and their cursors,
absences, ids, `meta`, and rows that stood there before their kind was sealed, until they change.
"""

import hashlib
import hmac
import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import re2
from sqlalchemy import Connection, Row, select

from bot.model import How
from bot.model.errors import StoreError
from bot.model.mails import Disposition
from bot.store import cases, codec, mailboxes, meta, schema
from bot.store.proof import chain, ways

_TOKEN = re2.compile(r'"(t:[0-9a-f]{32})"')


def faults(tx: Connection) -> list[str]:
    """Every fault in words; [] when all is well. Chains of cases and their states are `cases.verify`'s."""
    found: list[str] = []
    for part in (_refs, _texts, _mails, _policies, _kept, _sealed):
        try:
            found += part(tx)
        except ValueError as error:  # an instant that is none, a number that is text
            found.append(f"a row cannot be read: {error}")
    return found


# --- refs ---------------------------------------------------------------------------------------------------------


def _refs(tx: Connection) -> Iterator[str]:
    """Each ref that was given out has its case, and each case its ref."""
    given: dict[tuple[str, int], set[str]] = defaultdict(set)
    for row in tx.execute(select(schema.cases)).all():
        given[row.area, row.year].add(row.ref)
        yield from (f"{row.ref}: {fault}" for fault in _columns(row))
    for row in tx.execute(select(schema.counters)):
        found = given.pop((row.area, row.year), set())
        counted = {f"{row.area}-{row.year}-{n:04d}" for n in range(1, row.last + 1)}
        yield from (f"{ref}: it was given out, and its case is gone" for ref in sorted(counted - found))
        yield from (f"{ref}: it was never given out" for ref in sorted(found - counted))
    yield from (f"{ref}: it was never given out" for left in given.values() for ref in sorted(left))


def _columns(row: Row[Any]) -> Iterator[str]:
    """What a case's row says beside its contents, which are proven with its journal."""
    if not row.version:
        return
    try:
        said = json.loads(row.snapshot)
        agrees = [said[name] for name in ("area", "policy", "policy_version")]
    except (ValueError, KeyError, TypeError):
        return  # the case cannot be read: that is said with its journal
    if agrees != [row.area, row.policy, row.policy_version]:
        yield "its row and its contents disagree about area or policy"


# --- texts ----------------------------------------------------------------------------------------------------------


def _texts(tx: Connection) -> Iterator[str]:
    """Each text is the one that its token in the journal was made of."""
    rows = select(schema.cases.c.number, schema.cases.c.ref, schema.cases.c.salt).where(schema.cases.c.version > 0)
    purged = {*meta.with_prefix(tx, "purged/")}
    for number, ref, salt in tx.execute(rows.order_by(schema.cases.c.number)).all():
        mine = select(schema.texts.c.key, schema.texts.c.text).where(schema.texts.c.case_number == number)
        kept = dict(iter(tx.execute(mine)))
        named, beside = _named(tx, number)
        if not salt:
            yield from (f"{ref}: it was purged, and a text of it is here" for _ in list(kept)[:1])
            continue
        for key, text in kept.items():
            if not _is_true(chain.Hider(salt), key, text, beside):
                yield f"{ref}: a text was changed after it was written ({key[:12]})"
        missing = (named | {key for key in beside if beside[key]}) - set(kept)
        if ref not in purged:
            yield from (f"{ref}: a text that its journal names is gone ({key[:12]})" for key in sorted(missing))
        if ref not in purged:
            yield from (f"{ref}: {fault}" for fault in _unkept(tx, number))


def _named(tx: Connection, number: int) -> tuple[set[str], dict[str, str | None]]:
    """The tokens in the journal of a case; and what is kept beside them: its key, and the token that is chained (None:
    of an earlier version, which chained none)."""
    tokens: set[str] = set()
    beside: dict[str, str | None] = {}
    for fact, body in _bodies(tx, number):
        mail = fact.get("mail") or {}
        apart = {mail.get("forms"), mail.get("words")} - {None}
        tokens |= set(_TOKEN.findall(body)) - apart
        if mail and fact.get("how") != How.MAY_ANSWER:
            is_chained = "forms" in mail
            if mail.get("forms") or not is_chained:
                beside.setdefault(cases.form_key(mail["digest"]), mail.get("forms"))
            if mail.get("words") or (not is_chained and fact["is"] == "Opening"):
                beside.setdefault(cases.WORDS, mail.get("words"))
    return tokens, beside


def _bodies(tx: Connection, number: int) -> Iterator[tuple[dict[str, Any], str]]:
    """The fact and the text of each journal row that can be read."""
    for row in chain.stored(tx, number):
        try:
            yield json.loads(row.body)["fact"], row.body
        except (ValueError, KeyError, TypeError):
            continue  # its hash does not hold either: that is said with the chain


def _is_true(hider: chain.Hider, key: str, text: str, beside: Mapping[str, str | None]) -> bool:
    if not key.startswith("t:"):
        token = beside.get(key, "")
        return token is None or (bool(token) and hmac.compare_digest(hider.token(text), token or ""))
    try:
        said = json.loads(text)
    except ValueError:
        return False
    # The text's spelling, too: a value has one, and another would not be what was written.
    return isinstance(said, str) and codec.canonical(said) == text and hider.token(said) == key


# --- mails, policies ------------------------------------------------------------------------------------------------


def _mails(tx: Connection) -> Iterator[str]:
    """Each mail's bytes are those that its digest names, and are kept as long as something needs them."""
    ledger, raw = schema.ledger.c, schema.raw.c
    kept = ledger.disposition != Disposition.IGNORED
    needed = dict(iter(tx.execute(select(ledger.digest, ledger.id).where(kept))))
    found: set[str] = set()
    for_a_day = {json.loads(value)["digest"] for value in meta.with_prefix(tx, schema.UNDOABLE).values()}
    for digest, size, is_packed, body in tx.execute(select(raw.digest, raw.size, raw.is_packed, raw.body)):
        found.add(digest)
        if digest not in needed and digest not in for_a_day:
            yield f"a mail is kept that no entry needs ({digest[:12]})"
        if not _is_of(digest, size, is_packed, bytes(body)):
            yield f"mail {needed.get(digest, '?')}: its bytes were changed after it came ({digest[:12]})"
    for digest in needed.keys() - found:
        yield f"mail {needed[digest]}: its bytes are gone ({digest[:12]})"


def _is_of(digest: str, size: int, is_packed: bool, body: bytes) -> bool:
    try:
        whole = zlib.decompress(body) if is_packed else body
    except zlib.error:
        return False
    return len(whole) == size and hashlib.sha256(whole).hexdigest() == digest


def _unkept(tx: Connection, number: int) -> Iterator[str]:
    """Mails that the journal of a case names, of which the ledger knows nothing."""
    facts = [fact for fact, _ in _bodies(tx, number)]
    named = {f["mail"]["digest"] for f in facts if f.get("mail") and f.get("how") != How.MAY_ANSWER}
    ledger = schema.ledger.c
    for some in schema.chunks(sorted(named)):
        kept = select(ledger.digest).where(ledger.digest.in_(some), ledger.disposition != Disposition.IGNORED)
        known = set(tx.execute(kept).scalars())
        yield from (f"a mail that its journal names is gone ({digest[:12]})" for digest in some if digest not in known)


def _policies(tx: Connection) -> Iterator[str]:
    texts = dict(iter(tx.execute(select(schema.policies.c.hash, schema.policies.c.text))))
    for ref, digest in tx.execute(select(schema.cases.c.ref, schema.cases.c.policy_hash)):
        if digest is not None and digest not in texts:
            yield f"{ref}: the text of its policy is gone"
    for digest, text in texts.items():
        if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != digest:
            yield f"the text of a policy was changed after cases opened under it ({digest[:12]})"


def _kept(tx: Connection) -> Iterator[str]:
    try:
        meta.kept_texts(tx)
    except StoreError as error:
        yield str(error)


# --- seals: gaps, letters, ways ---------------------------------------------------------------------------------------


def _sealed(tx: Connection) -> Iterator[str]:
    """The seals are one chain, and each row is what its last seal says."""
    last: dict[tuple[str, int], str] = {}
    prev, seq = "", 0
    for row in tx.execute(select(schema.seals).order_by(schema.seals.c.seq)):
        seq += 1
        holds = row.seq == seq and row.prev == prev and row.body.isascii()
        if not holds or chain.link_hash(row.prev, row.body) != row.hash or not _says(row, last):
            yield f"seal {row.seq} was changed, or one before it is gone"
        prev, seq = row.hash, row.seq
    after = json.loads(meta.get(tx, "sealed_after") or "{}")
    yield from _held_against(last, "gap", _gaps(tx), after.get("gap", 0), "a time in which a mailbox could not be read")
    yield from _held_against(last, "letter", _letters(tx), after.get("letter", 0), "a letter")
    letters, mails = _ways(ways.letters(tx)), _ways(ways.mails(tx))
    yield from _held_against(last, ways.LETTER, letters, after.get(ways.LETTER, 0), "what became of a letter")
    for entry in ways.undecided(tx) - {number for of, number in last if of == ways.MAIL}:
        del mails[entry]  # not read yet: nothing was sealed of it
    yield from _held_against(last, ways.MAIL, mails, after.get(ways.MAIL, 0), "where a mail went, and why,")
    yield from _held_against(last, meta.OF_DIRECTORY, _facts(tx), 0, "what somebody said of the directory")
    yield from _bytes(tx)


def _says(row: Row[Any], last: dict[tuple[str, int], str]) -> bool:
    """Notes what a seal says; False where that cannot be."""
    try:
        said = json.loads(row.body)
        last[said["what"], said["id"]] = said["is"]
        return bool(datetime.fromisoformat(said["at"]) == row.at)
    except (ValueError, KeyError, TypeError):
        return False


def _held_against(
    last: Mapping[tuple[str, int], str], kind: str, rows: dict[int, str], after: int, what: str
) -> Iterator[str]:
    seals = {number: said for (of, number), said in last.items() if of == kind and said}
    for number in sorted(seals.keys() - rows.keys()):
        yield f"{what} was taken away ({kind} {number})"
    for number, said in sorted(rows.items()):
        if number in seals and said != seals[number]:
            yield f"{what} was changed after it was written ({kind} {number})"
        elif number not in seals and number > after:
            yield f"{what} was added from outside ({kind} {number})"


def _gaps(tx: Connection) -> dict[int, str]:
    return {row.id: chain.sealed(mailboxes.gap_values(row)) for row in tx.execute(select(schema.gaps))}


def _facts(tx: Connection) -> dict[int, str]:
    rows = tx.execute(select(schema.directory_facts))
    return {row.id: chain.sealed([row.kind, row.body, row.at.isoformat()]) for row in rows}


def _ways(rows: Iterable[tuple[int, Any]]) -> dict[int, str]:
    return {number: chain.sealed(values) for number, values in rows}


def _letters(tx: Connection) -> dict[int, str]:
    """Of every letter whose bytes were made."""
    c = schema.outbox.c
    made = select(c.id, c.digest, c.letter).where(c.raw.is_not(None))
    return {number: chain.sealed([digest, letter]) for number, digest, letter in tx.execute(made)}


def _bytes(tx: Connection) -> Iterator[str]:
    c = schema.outbox.c
    for number, digest, raw in tx.execute(select(c.id, c.digest, c.raw).where(c.raw.is_not(None)).order_by(c.id)):
        if hashlib.sha256(bytes(raw)).hexdigest() != digest:
            yield f"letter {number}: its bytes were changed after they were made"
