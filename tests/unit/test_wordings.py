"""What a letter's values promise: templates find all they ask for and nothing is carried that none asks for; letters of
earlier databases are read as they are; a fault of the samples is named with its line.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.letters.render import Office, Templates, render
from bot.model import Contact
from bot.model.letters import (
    WORDINGS,
    Escalation,
    Standing,
    TheForm,
    TheMail,
    TheRecord,
    TheRegister,
    TheReport,
    Wording,
)
from bot.rules.workdays import calendar
from bot.settings import samples as file
from bot.store import codec
from bot.store.letters import read as read_letter
from tests.letters import FOLDER, about, samples
from tests.reads import Reads

TEXTS = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.j2")}
TEMPLATES = Templates.from_texts(TEXTS)
OFFICE = Office(Contact("clock@partnership.example", "Clock"), calendar())
#: What every template may ask for beside values: functions, and what the renderer adds.
GIVEN = {"fit", "heading", "box", "foot", "steps", "link", "options", "bot_name", "asked_window", "them", "forms"}
#: What the subject of a sample is made of.
FOR_HEADERS = {"fixed_words"}


@cache
def reads() -> dict[str, set[str]]:
    """Wording -> the names its template asks for; not made where tests are only looked for."""
    read = Reads(TEXTS)
    return {name: read.of(f"{name}.txt.j2") for name in WORDINGS}


def names_of(kind: type[Wording | Standing]) -> set[str]:
    return {field.name.rstrip("_") for field in fields(kind)}


# --- templates and types ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WORDINGS)
def test_a_template_asks_for_nothing_that_its_letter_lacks(name: str) -> None:
    """Every name is a field of the wording, of how a case stands where it is of one, or what the renderer adds."""
    known = names_of(WORDINGS[name]) | (names_of(Standing) if WORDINGS[name].is_of_case else set())
    assert reads()[name] - known - GIVEN == set()


@pytest.mark.parametrize("name", WORDINGS)
def test_a_letter_carries_nothing_that_its_template_does_not_read(name: str) -> None:
    """Each field of a wording is asked for by its template."""
    assert names_of(WORDINGS[name]) - reads()[name] - {"forms"} == set()


def test_a_case_tells_its_letters_nothing_that_none_reads() -> None:
    """Each field of how a case stands is asked for by some template of a case, or by the headers."""
    read = {name for wording, names in reads().items() if WORDINGS[wording].is_of_case for name in names}
    assert names_of(Standing) - FOR_HEADERS <= read


# --- letters of earlier databases -------------------------------------------------------------------------------------

BEFORE = json.loads((Path(__file__).parent / "letters_before.json").read_text(encoding="utf-8"))
ENCLOSED = [
    ("mail:0a1b", TheMail("0a1b")),
    ("record:minimal", TheRecord("minimal")),
    ("record:full", TheRecord("full")),
    ("form:appendix-a", TheForm("appendix-a")),
    ("register:CE", TheRegister("CE")),
    ("report:CE/", TheReport("CE")),
    ("report:CE/2026Q4", TheReport("CE", "2026Q4")),
]


def stored(row: dict[str, Any], **more: Any) -> str:
    """A letter as it was kept when its values were one bag."""
    common = BEFORE["common"] if row["of_case"] else {"now": BEFORE["common"]["now"]}
    letter = {
        "kind": row["kind"],
        "variant": row["variant"],
        "occasion": "o",
        "to": [{"email": "fay.marsh@childrens-services.example"}],
        "about": {**common, **row["about"]},
        "message_id": "m@partnership.example",
        "subject": "Professional challenges",
    }
    return codec.canonical({**letter, **more})


@pytest.mark.parametrize("n", range(len(BEFORE["letters"])))
def test_a_letter_of_an_earlier_database_says_the_same(n: int) -> None:
    """One of each wording, as it was kept before values had types, is read and rendered word for word."""
    read = read_letter(stored(BEFORE["letters"][n]))
    made = render(read, OFFICE, TEMPLATES)
    assert not made.used_fallback, made.fault
    today = render(replace(samples()[n], subject=read.subject, in_reply_to="", references=()), OFFICE, TEMPLATES)
    assert (made.text, made.subject) == (today.text, today.subject)
    assert read_letter(codec.dumps(read)) == read


def test_there_is_an_earlier_letter_of_every_wording() -> None:
    """None is left out that a database may hold."""
    new = {  # which no such database can hold
        "information-nothing_changed",
        "information-sent_on",
        "information-passed_on",
        "question-all_the_same",
        "question-next_now",
        "question-saying",
        "question-what_was_done",
        "question-phoned",
        "question-by_when",
        "information-too_late",
        "answer-why",
        "information-closing_word",
        "question-impartial",
        "information-action_open",
        "information-answered",
        "information-taken",
        "information-earlier_answer",
        "question-unconfirmed",
        "escalation-unconfirmed",
    }
    new |= {"answer-done", "answer-office", "answer-elsewhere", "information-not_theirs", "acknowledgement-brought"}
    new |= {"information-came_back", "information-strangers"}
    new |= {"chaser-nudged", "question-ended", "question-risk", "information-risk", "relay-onward"}
    new |= {"information-in_confidence"}
    new |= {"answer-proposed", "question-proposed"}
    new |= {"answer-proposed", "question-proposed", "question-undo"}
    new |= {"question-send"}
    new |= {"alert-unworked"}
    new |= {"question-still", "question-meeting_record", "digest-unchanged"}
    assert {f"{row['kind']}-{row['variant']}" for row in BEFORE["letters"]} == set(WORDINGS) - new


@pytest.mark.parametrize(("text", "enclosed"), ENCLOSED)
def test_what_an_earlier_letter_carried_is_known(text: str, enclosed: object) -> None:
    """Texts of the kind and the rest are values now."""
    read = read_letter(stored(BEFORE["letters"][0], attach=[text]))
    assert read.attach == (enclosed,)
    assert read_letter(codec.dumps(read)) == read


def test_a_letter_from_before_a_value_was_there_is_read() -> None:
    """What its version did not have yet is empty."""
    row = next(row for row in BEFORE["letters"] if row["kind"] == "escalation" and row["variant"] == "lapsed")
    fewer = {
        key: value for key, value in {**BEFORE["common"], **row["about"]}.items() if key not in ("clocks", "lapsed")
    }
    read = read_letter(stored({**row, "about": {}}, about=fewer))
    assert isinstance(read.values, Escalation.Lapsed)
    assert read.standing is not None
    assert (read.standing.clocks, read.values.lapsed) == ((), read.decided)


@pytest.mark.parametrize(
    "changes",
    [{"variant": "unheard_of"}, {"attach": ["parcel:1"]}, {"about": "ref"}],
    ids=["wording", "carried", "bag"],
)
def test_an_earlier_letter_of_an_unknown_kind_is_refused(changes: dict[str, Any]) -> None:
    """It is never taken for another."""
    with pytest.raises(ValueError, match="a stored letter"):
        read_letter(stored(BEFORE["letters"][0], **changes))


# --- samples ----------------------------------------------------------------------------------------------------------

SHIPPED = (FOLDER / file.NAME).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("written", "instead", "says"),
    [
        ("raise_within: ''", "raise_in: ''", "raise_within is missing"),
        ("raise_within: ''", "raise_within: '', colour: red", "colour is no value of this letter"),
        ("{left: 12 hours", "{left: [12]", "left: "),
        ("ask_commitment: true", "ask_commitment: perhaps", "ask_commitment: "),
        ("but: {unconfirmed: true}", "but: {unconfirmd: true}", "unconfirmd is no value of this letter"),
        ("wording: question-recall", "wording: question-recal", "did you mean question-recall?"),
        ("  - {wording: question-recall}\n", "", "has no question-recall"),
        ("at: step-3", "at: step-9", "there is no place step-9"),
        ("but: {unconfirmed", "butt: {unconfirmed", "butt is no key of a sample; did you mean but?"),
        ("but: {unconfirmed: true}", "but: true", "should be `key: value` lines"),
        ("decided: 2027-01-12T10:05", "decided: soon", "Input should be a valid datetime"),
    ],
)
def test_a_fault_of_the_samples_is_named_with_its_line(written: str, instead: str, says: str) -> None:
    """A value that is missing, unknown or of another type: each is a fault where it was written."""
    line = SHIPPED[: SHIPPED.index(written)].count("\n") + 1
    _, faults = file.load(SHIPPED.replace(written, instead, 1), "samples.yaml")
    found = [fault for fault in faults if says in fault.text]
    assert found, faults
    assert {fault.file for fault in found} == {"samples.yaml"}
    assert says.startswith("has no") or any(abs(fault.line - line) <= 1 for fault in found)


def test_the_samples_show_people_of_no_real_place() -> None:
    """Every address is of a domain that belongs to nobody."""
    people = [value for one in samples() for value in about(one).values() if isinstance(value, dict)]
    assert all(who["email"].endswith(".example") for who in people if who.get("email"))
