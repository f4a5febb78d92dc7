"""Cases, their journal, the ids that lead to them, and who was away at them. The state is the fold of the journal; the
chain of hashes shows any change. Personal text stands in `texts` under a salted hash; journal rows hold only the hash,
so that a purge leaves the chain whole. It decides nothing.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, or_, select, update

from bot.model import Case, Decision, Fact, Flag, JournalRow, Mail, MailForms, State
from bot.model.errors import CaseMoved
from bot.store import codec, db, deadlines, schema
from bot.store.keep import is_purged as is_purged
from bot.store.keep import note_purge as note_purge
from bot.store.keep import purge as purge
from bot.store.proof import chain, states
from bot.store.proof.heads import head as head
from bot.store.proof.heads import judged as judged
from bot.store.proof.states import fold as fold
from bot.store.proof.states import verify as verify

_cases, _ids, _policies, _absences = schema.cases, schema.ids, schema.policies, schema.absences
_involved = schema.involved
_LOCK = select(_cases).where(_cases.c.number == bindparam("of")).with_for_update()
_SAVE = update(_cases).where(_cases.c.number == bindparam("of"))
_LOAD = (
    select(_cases.c.snapshot, _cases.c.version, _policies.c.text)
    .select_from(_cases.outerjoin(_policies))
    .where(_cases.c.number == bindparam("of"), _cases.c.version > 0)
)
_POLICY = select(_policies.c.text).where(_policies.c.hash == bindparam("digest"))
_OPEN = select(_cases.c.snapshot).where(_cases.c.state.not_in(["", State.CLOSED.value])).order_by(_cases.c.number)
_OF_IDS = (
    select(_ids.c.message_id, _ids.c.case_number, _ids.c.what)
    .where(_ids.c.message_id.in_(bindparam("known", expanding=True, type_=_ids.c.message_id.type)))
    .order_by(_ids.c.case_number, _ids.c.message_id)
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A case as loaded: `version` grows with every save."""

    case: Case
    version: int
    policy_text: str


# --- saving ---------------------------------------------------------------------------------------------------------


def new_ref(tx: Connection, area: str, year: int) -> tuple[int, str]:
    """Reserves a case row and its ref, `CE-2027-0007`. Returns (number, ref)."""
    counters = schema.counters
    first = db.insert_into(tx, counters).values(area=area, year=year, last=1)
    more = first.on_conflict_do_update(index_elements=["area", "year"], set_={"last": counters.c.last + 1})
    ref = f"{area}-{year}-{tx.execute(more.returning(counters.c.last)).scalar_one():04d}"
    reserved = insert(_cases).values(
        ref=ref,
        area=area,
        year=year,
        state="",
        version=0,
        policy="",
        policy_version="",
        snapshot="{}",
        head="",
        salt=secrets.token_hex(32),
    )
    return tx.execute(reserved.returning(_cases.c.number)).scalar_one(), ref


def save(tx: Connection, decision: Decision, fact: Fact, now: datetime, version: int, policy_text: str = "") -> Stored:
    """Saves the case if its version is still `version` (0: new) and appends the journal row; replaces its deadline
    rows by `case.deadlines`. `policy_text` "" leaves the one it has. Raises CaseMoved when it is not, KeyError for a
    number that `new_ref` never gave."""
    case = decision.case
    row = _locked(tx, case.number)
    if row.version != version:
        raise CaseMoved(f"{row.ref} was saved {row.version - version} times since it was read")
    fields = codec.encode(case)
    before = json.loads(row.snapshot)
    changed = [name for name, value in fields.items() if name not in before or before[name] != value]
    salt = row.salt or secrets.token_hex(32)
    head = chain.append(tx, decision, fact, now, version + 1, row.head, changed, salt)
    values = {
        "state": case.state.value,
        "version": version + 1,
        "policy": case.policy,
        "policy_version": case.policy_version,
        "snapshot": codec.canonical(fields),
        "head": head,
        "salt": salt,
    }
    if policy_text:
        values["policy_hash"] = _keep_policy(tx, policy_text)
    tx.execute(_SAVE, {"of": case.number, **values})
    deadlines.keep(tx, case.number, case.deadlines)
    if (people := states.found_by(fields)) != states.found_by(before):
        _keep_people(tx, case.number, people)
    return Stored(case, version + 1, policy_text or tx.execute(_POLICY, {"digest": row.policy_hash}).scalar() or "")


def _keep_people(tx: Connection, number: int, people: Mapping[str, bool]) -> None:
    tx.execute(delete(_involved).where(_involved.c.case_number == number))
    rows = [{"address": who, "case_number": number, "is_raiser": raises} for who, raises in people.items()]
    if rows:
        tx.execute(insert(_involved), rows)


def _locked(tx: Connection, number: int) -> Row[Any]:
    row = tx.execute(_LOCK, {"of": number}).one_or_none()
    if row is None:
        raise KeyError(number)
    return row


def _keep_policy(tx: Connection, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    tx.execute(db.insert_into(tx, _policies).values(hash=digest, text=text).on_conflict_do_nothing())
    return digest


# --- loading --------------------------------------------------------------------------------------------------------


def load(tx: Connection, number: int) -> Stored:
    """Raises KeyError."""
    row = tx.execute(_LOAD, {"of": number}).one_or_none()
    if row is None:
        raise KeyError(number)
    return Stored(_case(row.snapshot), row.version, row.text or "")


@lru_cache(maxsize=2048)
def _case(snapshot: str) -> Case:
    """A case as it was stored. A mail that cites nothing is held against every open one, and most have not changed
    since the mail before; a Case is never changed, so that one object may serve all."""
    return codec.loads(Case, snapshot)


def by_ref(tx: Connection, ref: str) -> int | None:
    saved = select(_cases.c.number).where(_cases.c.ref == ref, _cases.c.version > 0)
    return tx.execute(saved).scalar()


def open_cases(tx: Connection, flag: Flag | None = None) -> list[Case]:
    """In order of opening; those with that flag, where one is named."""
    # The database looks for the word, so that the others need not be decoded.
    rows = _OPEN.where(_cases.c.snapshot.contains(f'"{flag}"', autoescape=True)) if flag else _OPEN
    found = (_case(snapshot) for snapshot in tx.execute(rows).scalars())
    return [case for case in found if flag is None or case.has(flag)]


# Asked for each mail, so put together once.
_WITH_THESE = _involved.c.address.in_(bindparam("addresses", expanding=True, type_=_involved.c.address.type))
_RAISED = select(_cases.c.snapshot).join(_involved).where(_WITH_THESE, _involved.c.is_raiser).order_by(_cases.c.number)
_REFS = select(_cases.c.number, _cases.c.ref).join(_involved).where(_WITH_THESE).distinct().order_by(_cases.c.number)


def raised_by(tx: Connection, addresses: Collection[str]) -> list[Case]:
    """The open cases whose raiser has one of these addresses (lower case), in order of opening."""
    return [_case(snapshot) for snapshot in tx.execute(_RAISED, {"addresses": [*addresses]}).scalars()]


def refs_of(tx: Connection, addresses: Collection[str], most: int) -> tuple[str, ...]:
    """The refs of the first `most` open cases in which somebody of these addresses (lower case) is involved."""
    return tuple(ref for _, ref in tx.execute(_REFS.limit(most), {"addresses": [*addresses]}))


def bearing(tx: Connection, flag: Flag) -> list[Case]:
    """Those with that flag, open or closed, in order of opening."""
    rows = select(_cases.c.snapshot).where(_cases.c.snapshot.contains(f'"{flag}"', autoescape=True))
    found = [_case(snapshot) for snapshot in tx.execute(rows.order_by(_cases.c.number)).scalars()]
    return [case for case in found if case.has(flag)]


def all_cases(tx: Connection) -> list[Case]:
    """In order of opening."""
    rows = select(_cases.c.snapshot).where(_cases.c.state != "").order_by(_cases.c.number)
    return [_case(snapshot) for snapshot in tx.execute(rows).scalars()]


def count(tx: Connection) -> int:
    """How many were ever opened; asked also where one cannot be read."""
    return tx.execute(select(func.count()).where(_cases.c.state != "")).scalar_one()


# --- the journal ----------------------------------------------------------------------------------------------------


def journal(tx: Connection, number: int) -> list[JournalRow]:
    """Oldest first."""
    return chain.rows(tx, number)


# --- what leads to a case -------------------------------------------------------------------------------------------


def note_ids(tx: Connection, case: int, message_ids: Mapping[str, str]) -> None:
    """Message ids that lead to the case: id -> what it is (an IdKind, or a letter's key). Ids keep their
    first meaning: (message_id, case) is unique."""
    rows = [{"message_id": known, "case_number": case, "what": what} for known, what in message_ids.items()]
    if rows:
        tx.execute(db.new_rows(tx.dialect.name, _ids), rows)


def find_ids(tx: Connection, message_ids: tuple[str, ...]) -> list[tuple[str, int, str]]:
    """(message_id, case, what) for each known id."""
    if not message_ids:
        return []
    return [(known, case, what) for known, case, what in tx.execute(_OF_IDS, {"known": message_ids})]


def find_refs(tx: Connection, refs: tuple[str, ...]) -> list[tuple[str, int]]:
    """(ref, case) for each ref of a saved case."""
    if not refs:
        return []
    rows = select(_cases.c.ref, _cases.c.number).where(_cases.c.ref.in_(refs), _cases.c.version > 0)
    return [(ref, number) for ref, number in tx.execute(rows.order_by(_cases.c.number))]


# What was read in the forms of a case's mails, and the words that opened it, kept beside the case's other personal
# texts. It goes with them when a case is purged, and no journal row holds it. It reads no form.

_texts = schema.texts
_PREFIX = "form:"
_KEY = 64
WORDS = "words of the opening"


def keep(tx: Connection, number: int, mail: Mail) -> None:
    """The forms of a mail that is of the case; kept once."""
    if mail.forms:
        row = {"case_number": number, "key": form_key(mail.digest), "text": chain.kept_forms(mail)}
        tx.execute(db.insert_into(tx, _texts).on_conflict_do_nothing(), [row])


def form_key(digest: str) -> str:
    """Under which key the forms of that mail are kept."""
    return f"{_PREFIX}{digest}"[:_KEY]


def keep_words(tx: Connection, number: int, mail: Mail) -> None:
    """The words that opened the case, so that it is known when they are sent again with one changed."""
    row = {"case_number": number, "key": WORDS, "text": chain.kept_words(mail)}
    tx.execute(db.insert_into(tx, _texts).on_conflict_do_nothing(), [row])


def words_of(tx: Connection, number: int) -> str:
    """ "" for a case that was purged, or opened before these words were kept."""
    kept = tx.execute(select(_texts.c.text).where(_texts.c.case_number == number, _texts.c.key == WORDS)).scalar()
    return str(json.loads(kept)) if kept else ""


def of_case(tx: Connection, number: int) -> tuple[MailForms, ...]:
    """In order of arrival; () after a purge."""
    mine = select(_texts.c.text).where(_texts.c.case_number == number, _texts.c.key.startswith(_PREFIX))
    found = [codec.loads(MailForms, text) for text in tx.execute(mine).scalars()]
    return tuple(sorted(found, key=lambda one: (one.received, one.mail)))


# --- who was away ---------------------------------------------------------------------------------------------------


def note_absence(tx: Connection, who: str, case: int, stage: str, now: datetime, within: timedelta) -> tuple[int, bool]:
    """Counts somebody away once for each case and stage. Returns how often they were so within that time, and whether
    that was told within it (`absence_told`); what is older is forgotten."""
    c, since = _absences.c, now - within
    over = delete(_absences).where(c.who == who, c.at <= since, or_(c.told.is_(None), c.told <= since))
    tx.execute(over)
    row = db.insert_into(tx, _absences).values(who=who, case_number=case, stage=stage, at=now)
    key = ["who", "case_number", "stage"]
    tx.execute(row.on_conflict_do_update(index_elements=key, set_={"at": now}, where=c.at <= since))
    times, told = tx.execute(
        select(func.count().filter(c.at > since), func.max(c.told, type_=codec.Instant())).where(c.who == who)
    ).one()
    return times, told is not None and told > since


def absence_told(tx: Connection, who: str, now: datetime) -> None:
    tx.execute(update(_absences).where(_absences.c.who == who).values(told=now))
