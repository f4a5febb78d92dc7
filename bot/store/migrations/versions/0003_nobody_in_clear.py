"""Nobody stands in clear in a journal, a snapshot or an alarm any more, nor as a hash that anybody can compute.

Earlier journals hold addresses in flags (`delayed:ADDRESS`), hashes of them (`copied_outside:SHA`), and the corrector's
address in reasons, where no purge reached them. They become values of the case, as tokens; the journals are chained
anew, and a note keeps the head before and after and how many rows were rewritten. It works on JSON as it stood then:
later changes of the model are no concern of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CORRECTED = re.compile(r"^.* corrected it$", re.DOTALL)
FLAG = re.compile(r'^"(delayed|copied_outside|incident):[^/]*"$')
SAID_INSTEAD = "a person corrected it"


def upgrade() -> None:
    tx = op.get_bind()
    before, count = _head(tx), 0
    _append_only(tx, is_on=False)
    for case in tx.execute(sa.text("SELECT number, snapshot, salt FROM cases WHERE version > 0 ORDER BY number")).all():
        count += _rewrite(tx, case.number, case.snapshot, case.salt)
    _append_only(tx, is_on=True)
    tx.execute(sa.text("UPDATE deadlines SET why = :said WHERE why LIKE '% corrected it'"), {"said": SAID_INSTEAD})
    _purge_the_rest(tx)
    tx.execute(sa.text("DELETE FROM meta WHERE key LIKE 'absent:%'"))  # counted under a hash that anybody can compute
    if count:
        at = str(tx.execute(sa.text("SELECT CURRENT_TIMESTAMP")).scalar())[:10]
        note = _canonical({"at": at, "old": before, "new": _head(tx), "rows": count})
        tx.execute(sa.text("INSERT INTO meta (key, value) VALUES ('rewrite/0003', :note)"), {"note": note})


def _purge_the_rest(tx: Any) -> None:
    """Of cases purged before: keys of their mails, and letters of no case that went and told of them."""
    for number, ref in tx.execute(sa.text("SELECT number, ref FROM cases WHERE version > 0 AND salt = ''")).all():
        mine = {"n": number, "ref": f"%{ref}%"}
        gone = sa.text(
            "SELECT id FROM outbox WHERE case_number = 0 AND status IN ('sent', 'refused', 'withheld') AND (letter LIKE "
            ":ref OR message_id IN (SELECT message_id FROM ids WHERE case_number = :n))"
        )
        for letter in tx.execute(gone, mine).scalars().all():
            for table, column in (("recipients", "letter"), ("waits", "letter"), ("outbox", "id")):
                tx.execute(sa.text(f"DELETE FROM {table} WHERE {column} = :id"), {"id": letter})
        tx.execute(sa.text("DELETE FROM ids WHERE what IN ('content', 'words') AND case_number = :n"), mine)


def _rewrite(tx: Any, number: int, snapshot: str, salt: str) -> int:
    """Rewrites one case's journal and snapshot; returns how many rows now say something else."""
    mender = Mender(salt, _texts(tx, number))
    rows = tx.execute(sa.text("SELECT seq, body, hash FROM journal WHERE case_number = :n ORDER BY seq"), {"n": number})
    prev, changed = "", 0
    for seq, body, old in rows.all():
        mended = _canonical(mender.body(json.loads(body)))
        link = hashlib.sha256((prev + mended).encode("ascii")).hexdigest()
        if link != old:
            values = {"body": mended, "prev": prev, "hash": link, "n": number, "seq": seq}
            update = "UPDATE journal SET body = :body, prev = :prev, hash = :hash WHERE case_number = :n AND seq = :seq"
            tx.execute(sa.text(update), values)
        changed += mended != body
        prev = link
    if changed:
        values = {"snapshot": _canonical(mender.snapshot(json.loads(snapshot))), "head": prev, "n": number}
        tx.execute(sa.text("UPDATE cases SET snapshot = :snapshot, head = :head WHERE number = :n"), values)
    _mend_texts(tx, number)
    for key, text in mender.new.items() if salt else ():
        row = {"n": number, "key": key, "text": _canonical(text)}
        known = sa.text("SELECT 1 FROM texts WHERE case_number = :n AND key = :key")
        if tx.execute(known, {"n": number, "key": key}).first() is None:
            tx.execute(sa.text("INSERT INTO texts (case_number, key, text) VALUES (:n, :key, :text)"), row)
    return changed


class Mender:
    """One case's rows in turn: what flags named becomes values, with one token for each address."""

    def __init__(self, salt: str, known: list[str]) -> None:
        self.salt = bytes.fromhex(salt)
        self.by_hash = {hashlib.sha256(one.encode("utf-8", "replace")).hexdigest()[:12]: one for one in known}
        self.since: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.new: dict[str, str] = {}

    def body(self, body: dict[str, Any]) -> dict[str, Any]:
        fact, fields = body["fact"], body["set"]
        if fact.get("answered_to"):
            fact["answered_to"] = [self._token(one) for one in fact["answered_to"]]
        if fact["is"] == "LetterUndelivered" and fact.get("why"):
            fact["why"] = self._token(fact["why"])
        if fact["is"] == "Alarm":
            _mend_reason(fact["deadline"])
        if "flags" in fields:
            self._mend_flags(fields, body["at"])
        _mend_reasons(fields)
        return body

    def snapshot(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The case as it stands: in clear where it was not purged, else with the journal's tokens."""
        self._mend_flags(fields, "")
        if self.salt:
            for one in (*fields["delayed"], *fields["outsiders"]):
                one["address"] = self.new[one["address"]]
        _mend_reasons(fields)
        return fields

    def _mend_flags(self, fields: dict[str, Any], at: str) -> None:
        flags: dict[str, None] = {}
        fields["delayed"], fields["outsiders"] = [], []
        for flag in fields["flags"]:
            name, _, who = flag.partition(":")
            if name == "delayed":
                since = self.since.setdefault(who, at)
                fields["delayed"].append({"address": self._token(who), "since": since})
            elif name in ("copied_outside", "incident"):
                what = "copied" if name == "copied_outside" else name
                if who in self.by_hash:
                    fields["outsiders"].append({"address": self._token(self.by_hash[who]), "what": what})
            else:
                name = flag
            flags[name] = None
        fields["flags"] = list(flags)

    def _token(self, text: str) -> str:
        """As the store's own, while the case has its salt; after a purge one that leads to nobody."""
        if text not in self.tokens:
            digest = hmac.digest(self.salt, text.encode("utf-8", "surrogatepass"), "sha256").hex()
            self.tokens[text] = f"t:{(digest if self.salt else secrets.token_hex(32))[:32]}"
            self.new[self.tokens[text]] = text
        return self.tokens[text]


def _mend_texts(tx: Any, number: int) -> None:
    """Notes of events that named a flag with its address or hash: they name the flag."""
    rows = tx.execute(sa.text("SELECT key, text FROM texts WHERE case_number = :n"), {"n": number}).all()
    for key, said in rows:
        if flag := FLAG.match(said):
            values = {"text": _canonical(flag[1]), "n": number, "key": key}
            tx.execute(sa.text("UPDATE texts SET text = :text WHERE case_number = :n AND key = :key"), values)


def _mend_reasons(fields: dict[str, Any]) -> None:
    for one in (*fields.get("runs", ()), *fields.get("deadlines", ())):
        _mend_reason(one)
    _mend_reason(fields, "due_why")


def _mend_reason(fields: dict[str, Any], name: str = "why") -> None:
    if CORRECTED.match(fields.get(name, "")):
        fields[name] = SAID_INSTEAD


def _texts(tx: Any, number: int) -> list[str]:
    rows = tx.execute(sa.text("SELECT text FROM texts WHERE case_number = :n"), {"n": number}).scalars()
    return [said for said in map(json.loads, rows) if isinstance(said, str)]


def _head(tx: Any) -> str:
    total = hashlib.sha256()
    for ref, last in tx.execute(sa.text("SELECT ref, head FROM cases ORDER BY number")):
        total.update(f"{ref} {last}\n".encode())
    return total.hexdigest()


def _canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _append_only(tx: Any, *, is_on: bool) -> None:
    """The journal's own guard, off for the rewrite and on again within the same transaction."""
    if tx.dialect.name == "postgresql":
        op.execute(f"ALTER TABLE journal {'ENABLE' if is_on else 'DISABLE'} TRIGGER USER")
    elif not is_on:
        op.execute("DROP TRIGGER journal_no_update")
    else:
        op.execute(
            "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal "
            "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        )
