"""What people said of the directory, as it is kept: changes that both sides agreed to, and who said that they still
answer.

Kept and sealed by the store, which does not know what stands in it. It decides nothing.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Connection

from bot.rules.answering.over import Change
from bot.store import meta

YES, NO, NAMED = "yes", "no", "named"


class Kind(StrEnum):
    CHANGE = "change"
    QUESTION = "question"  # put to a contact, whether they still answer
    PASSED = "passed"  # to their deputies, since they said nothing
    WORD = "word"  # what was said of it


@dataclass(frozen=True, slots=True)
class Quarter:
    """How the question of one quarter stands. `until`: contact -> by when they were to answer; `words`: contact -> the
    last that was said of them; `passed_on`: whose deputies were asked."""

    until: Mapping[str, datetime]
    words: Mapping[str, str]
    passed_on: frozenset[str]


def accept(tx: Connection, change: Change, now: datetime) -> None:
    """Keeps a change that both sides have said is right."""
    values = {
        "area": change.area,
        "agency": change.agency,
        "team": change.team,
        "role": change.role,
        "name": change.name,
        "email": change.email,
        "before": list(change.before),
        "on": change.on.isoformat(),
        "phone": change.phone,
    }
    meta.note_fact(tx, Kind.CHANGE, values, now)


def accepted(tx: Connection, known: Collection[int] = ()) -> Iterator[tuple[int, Change]]:
    """The changes but those of the numbers that are known, in the order in which they were agreed. Of two daemons the
    one with the smaller number may be kept last, so the highest number that was seen says nothing of those before."""
    for number, _, _, values in meta.facts(tx, Kind.CHANGE, known):
        yield number, Change(**values | {"before": tuple(values["before"]), "on": date.fromisoformat(values["on"])})


# --- whether they still answer ----------------------------------------------------------------------------------------


def put_question(tx: Connection, quarter: str, email: str, until: datetime, now: datetime) -> None:
    meta.note_fact(tx, Kind.QUESTION, {"quarter": quarter, "email": email, "until": until.isoformat()}, now)


def pass_on(tx: Connection, quarter: str, email: str, now: datetime) -> None:
    meta.note_fact(tx, Kind.PASSED, {"quarter": quarter, "email": email}, now)


def note_word(tx: Connection, quarter: str, email: str, by: str, word: str, now: datetime) -> None:
    """`word`: YES, NO or NAMED, said of the contact by themselves or their deputy."""
    meta.note_fact(tx, Kind.WORD, {"quarter": quarter, "email": email, "by": by, "word": word}, now)


def of_quarter(tx: Connection, quarter: str) -> Quarter:
    until: dict[str, datetime] = {}
    words: dict[str, str] = {}
    passed: set[str] = set()
    for _, _, kind, values in meta.facts(tx):
        if values.get("quarter") != quarter:
            continue
        match kind:
            case Kind.QUESTION:
                until[values["email"]] = datetime.fromisoformat(values["until"])
            case Kind.PASSED:
                passed.add(values["email"])
            case Kind.WORD:
                words[values["email"]] = values["word"]
    return Quarter(until, words, frozenset(passed))


def forget_words(tx: Connection, quarter: str, now: datetime) -> None:
    """What was asked and said in earlier quarters goes: each asks anew."""
    for number, _, _, values in list(meta.facts(tx)):
        if values.get("quarter", quarter) != quarter:
            meta.forget_fact(tx, number, now)
