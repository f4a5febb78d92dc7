"""Values of the model to JSON and back."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.model.letters import WORDINGS
from bot.store import codec
from tests.letters import changed, sample
from tests.unit.store_samples import FAY, a_case, a_letter, a_mail

ZONES = [UTC, timezone(timedelta(hours=1))]
INSTANTS = st.builds(
    lambda seconds, zone: datetime.fromtimestamp(seconds, zone), st.integers(0, 4_000_000_000), st.sampled_from(ZONES)
)
WORDS = st.text(max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type of the model."""
    if kind is model.Wording:
        return st.sampled_from(list(WORDINGS.values())).flatmap(values_of)
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{field.name: values_of(hints[field.name]) for field in dataclasses.fields(kind)})
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of([values_of(a) for a in args])
    if origin is tuple:
        several = args[-1] is Ellipsis
        return st.lists(values_of(args[0]), max_size=2).map(tuple) if several else st.tuples(*map(values_of, args))
    if origin is Mapping:
        return st.dictionaries(WORDS, JSON, max_size=2)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    simple = {
        str: WORDS,
        model.Flagged: WORDS.map(model.Flagged.read),
        int: st.integers(0, 2**31 - 1),
        bool: st.booleans(),
        datetime: INSTANTS,
        date: st.dates(),
        types.NoneType: st.none(),
    }
    return simple[kind]


ROUND = [model.Case, model.Decision, model.Letter, model.Mail, model.Deadline, model.Window, model.Bounce]


@given(st.sampled_from(ROUND).flatmap(values_of))
def test_every_value_comes_back_equal(value: Any) -> None:
    """What was written is what is read, and the same value always makes the same text."""
    text = codec.dumps(value)
    again = codec.loads(type(value), text)
    assert again == value
    assert codec.dumps(again) == text
    assert text.isascii()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (model.Deadline, '{"kind":"lapse","why":""}'),
        (model.Deadline, '{"at":"2027-01-01T00:00:00+00:00","kind":"lapse","why":"","colour":"red"}'),
        (model.Deadline, '{"at":"2027-01-01T00:00:00+00:00","kind":"lapse","why":7}'),
        (model.Deadline, '{"at":"2027-01-01T00:00:00","kind":"lapse","why":""}'),
        (model.Deadline, '{"at":"soon","kind":"lapse","why":""}'),
        (model.Deadline, "[]"),
        (model.Window, '{"n":true,"unit":"hours"}'),
        (model.Window, '{"n":1,"unit":"fortnights"}'),
        (model.SubjectReading, '{"markings":"one"}'),
    ],
)
def test_what_was_never_written_is_refused(kind: type, text: str) -> None:
    """A missing or unknown field, a wrong type, a naive instant: all are ValueErrors, never half a value."""
    with pytest.raises(ValueError, match=r"."):
        codec.loads(kind, text)


def test_a_row_of_the_wrong_length_or_an_unknown_wording_is_refused() -> None:
    """A pair is a pair, and a letter of an unknown wording is nobody's."""
    with pytest.raises(ValueError, match="unknown kind"):
        codec.decode(model.Letter, codec.encode(a_letter()) | {"values": {"is": "rumour-heard"}})
    reply = codec.decode(model.StageRun, {"stage": "s", "entered": "2027-01-01T00:00:00+00:00", "window": None})
    assert reply.window is None
    for row in (["unit"], ["unit", "done", "2027-01-01T00:00:00+00:00", "more"]):
        with pytest.raises(ValueError, match=r"said.0"):
            codec.decode(model.Task, {"id": "meeting", "said": [row]})


def test_a_missing_field_takes_its_default() -> None:
    """A row written before a field existed can still be read."""
    assert codec.loads(model.Contact, '{"email":"a@x.example"}') == model.Contact("a@x.example")


@pytest.mark.parametrize("about", [{"at": datetime(2027, 1, 1, tzinfo=UTC)}, {1: "x"}, {"n": float("nan")}])
def test_a_mapping_holds_only_what_json_can_give_back(about: Mapping[Any, Any]) -> None:
    """A value that would come back as something else is refused where it is written."""
    with pytest.raises((TypeError, ValueError)):
        codec.dumps(model.Correction("correct", "by", "reason", about))


def test_a_letter_holds_only_what_its_wording_says() -> None:
    """A value of another type is refused where the letter is written, and an unknown one where it is read."""
    letter = sample(model.LetterKind.NOTICE, "opened")
    with pytest.raises((TypeError, ValueError)):
        codec.dumps(changed(letter, asks=7))
    stored = codec.encode(letter)
    for values in ({**stored["values"], "colour": "red"}, {"is": "notice-opened"}, {"is": "notice-unheard_of"}):
        with pytest.raises(ValueError, match=r"."):
            codec.decode(model.Letter, {**stored, "values": values})


def test_a_naive_instant_is_refused() -> None:
    """An instant without a zone never reaches the database."""
    with pytest.raises(ValueError, match="time zone"):
        codec.dumps(model.StageRun("step-1", datetime(2027, 1, 1), None))  # noqa: DTZ001


@given(values_of(model.Contact), values_of(model.Question))
def test_hiding_reaches_every_string_that_names_a_person(contact: model.Contact, question: model.Question) -> None:
    """Hidden fields never show their text; the others, and empty ones, are as they were."""
    hidden = codec.encode(contact, lambda text: f"<{len(text)}>")
    for name in ("email", "name", "phone", "deputy"):
        text = getattr(contact, name)
        assert hidden[name] == (f"<{len(text)}>" if text else "")
    assert (hidden["role"], hidden["agency"]) == (contact.role, contact.agency)
    assert codec.encode(question, lambda _: "?")["asked"] in ("", "?")
    correction = model.Correction(model.CorrectionKind.CORRECT, "by", "reason", {"to": ["a", {"b": "c"}], "n": 1})
    assert codec.encode(correction, lambda _: "?")["values"] == {"to": ["?", {"b": "?"}], "n": 1}


def dataclasses_in(hint: Any) -> Iterator[type]:
    """Every dataclass that a value of this type may hold, itself included; of a letter's values each wording's."""
    for wording in WORDINGS.values() if hint is model.Wording else ():
        yield from dataclasses_in(wording)
    if dataclasses.is_dataclass(hint):
        yield hint  # type: ignore[misc]
        for inner in get_type_hints(hint).values():
            yield from dataclasses_in(inner)
    for part in get_args(hint):
        yield from dataclasses_in(part)


def marks_of(hint: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The marks that each text of this type bears, one row for each place where text may stand."""
    marks = (*above, *(m for m in getattr(hint, "__metadata__", ()) if m in (model.Personal, model.Plain)))
    if hint in (str, Any):
        yield marks
    parts = get_args(hint)[:1] if hasattr(hint, "__metadata__") else get_args(hint)
    for part in parts:
        yield from marks_of(part, marks)


STORED = sorted(set(dataclasses_in(model.Decision | model.Fact | model.MailForms)), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
def test_every_text_says_at_its_field_whether_it_is_about_a_person(kind: type) -> None:
    """Of what a decision, a fact or a form may hold no text is unmarked, and none of one field says both."""
    for name in (field.name for field in dataclasses.fields(kind)):  # type: ignore[arg-type]
        marks = set(marks_of(get_type_hints(kind, include_extras=True)[name]))
        assert marks <= {(model.Personal,), (model.Plain,)}, f"{kind.__name__}.{name}"
        assert len(marks) <= 1, f"{kind.__name__}.{name} is both"


def test_the_mark_at_the_field_is_what_hides() -> None:
    """Text in rows, in mappings and beside nothing is hidden where its field is personal; ids and codes stay."""
    case = a_case(
        1,
        "CE-2027-0001",
        tasks=(model.Task("commitment", what="by Friday", owner=FAY),),
        owner=FAY.email,
        flags=(model.Flagged(model.Flag.URGENT),),
    )
    hidden = codec.encode(case, lambda text: "?")
    task = hidden["tasks"][0]
    assert ((task["owner"]["email"], task["what"]), hidden["owner"], hidden["flags"]) == (("?", "?"), "?", ["urgent"])
    assert (hidden["people"][0][0], hidden["people"][0][2]["email"]) == ("step-1", "?")
    arrival = model.Arrival(a_mail(), "our letter", answered_key="k/notice/x", answered_to=(FAY.email,))
    told = codec.encode_fields(arrival, ("how", "answered_key", "answered_to"), lambda text: "?")
    assert told == {"how": "our letter", "answered_key": "?", "answered_to": ["?"]}
