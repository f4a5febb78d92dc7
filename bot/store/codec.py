"""Values of the model to JSON and back, from their dataclass fields alone; the same value always gives the same text.

Reading is strict: an unknown field or a wrong type raises ValueError; a missing field takes its default, so that a
later model reads earlier rows. It knows which strings name or quote a person (`PERSONAL`) and lets the caller hide
them, but not how. It stores nothing and handles no type that the model does not use.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from bot import model

T = TypeVar("T")
Hide = Callable[[str], str]
Encoder = Callable[[Any, Hide], Any]
Decoder = Callable[[Any], Any]

#: Fields whose strings name a person, lead to one, or are a person's own words. The rest is fixed words and ids.
PERSONAL: Mapping[type, frozenset[str]] = {
    model.Contact: frozenset({"email", "name", "phone", "deputy"}),
    model.Address: frozenset({"email", "name"}),
    model.Absence: frozenset({"until", "named"}),
    model.Inbox: frozenset({"address"}),
    model.Question: frozenset({"key", "asked", "note"}),
    model.Task: frozenset({"what"}),
    model.Case: frozenset({"inbox", "opening_id", "opening_thread", "thread", "holding", "owner", "commitments"}),
    model.Event: frozenset({"by", "note"}),
    model.LetterServed: frozenset({"key", "recipients"}),
    model.LetterUndelivered: frozenset({"key", "recipient"}),
    model.Correction: frozenset({"by", "reason", "values"}),
}


def canonical(data: Any) -> str:
    """JSON text with sorted keys, no spaces, ASCII only: any string can be stored and hashed as it is."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def encode(value: Any, hide: Hide | None = None) -> Any:
    """A dataclass of the model as JSON values. `hide` is given each personal string that is not empty."""
    kind: Any = type(value)
    return _encoder(kind, False)(value, _hider(hide))


def encode_fields(value: Any, names: Iterable[str], hide: Hide | None = None) -> dict[str, Any]:
    """As `encode`, of these fields only."""
    kind: Any = type(value)
    encoders = dict(_field_encoders(kind, False))
    return {name: encoders[name](getattr(value, name), _hider(hide)) for name in names}


def decode(cls: type[T], data: Any) -> T:
    """What `encode` gave, as a value again. Raises ValueError for anything else."""
    kind: Any = cls
    value: T = _decoder(kind)(data)
    return value


def dumps(value: Any) -> str:
    return canonical(encode(value))


def loads(cls: type[T], text: str) -> T:
    return decode(cls, json.loads(text))


def dumps_fact(fact: model.Fact) -> str:
    """A fact with the name of its kind, which `loads_fact` needs."""
    return canonical(_encoder(model.Fact, False)(fact, _as_is))


def loads_fact(text: str) -> model.Fact:
    fact: model.Fact = _decoder(model.Fact)(json.loads(text))
    return fact


def _as_is(text: str) -> str:
    return text


def _hider(hide: Hide | None) -> Hide:
    return _as_is if hide is None else lambda text: hide(text) if text else text


# --- to JSON --------------------------------------------------------------------------------------------------------


@cache
def _encoder(kind: Any, personal: bool) -> Encoder:
    if dataclasses.is_dataclass(kind):
        cls: Any = kind
        fields = _field_encoders(cls, personal)
        return lambda value, hide: {name: encoder(getattr(value, name), hide) for name, encoder in fields}
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _union_encoder(args, personal)
    if origin is tuple:
        return _tuple_encoder(args, personal)
    if kind is Any or origin is Mapping:
        return lambda value, hide: _plain(value, hide if personal else _as_is)
    if kind is datetime:
        return lambda value, _: model.aware(value).isoformat()
    if kind is date:
        return lambda value, _: value.isoformat()
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda value, _: value.value
    if kind is str and personal:
        return lambda value, hide: hide(value)
    if kind in (str, int, bool):
        return lambda value, _: value
    raise TypeError(f"the store has no JSON for {kind!r}")


@cache
def _field_encoders(cls: Any, personal: bool) -> tuple[tuple[str, Encoder], ...]:
    hints = get_type_hints(cls)
    hidden = PERSONAL.get(cls, frozenset())
    return tuple((f.name, _encoder(hints[f.name], personal or f.name in hidden)) for f in dataclasses.fields(cls))


def _union_encoder(args: tuple[Any, ...], personal: bool) -> Encoder:
    kinds = [a for a in args if a is not types.NoneType]
    if len(kinds) == 1:
        only = _encoder(kinds[0], personal)
        return lambda value, hide: None if value is None else only(value, hide)
    by_type = {kind: _encoder(kind, personal) for kind in kinds}
    return lambda value, hide: {"is": type(value).__name__, **by_type[type(value)](value, hide)}


def _tuple_encoder(args: tuple[Any, ...], personal: bool) -> Encoder:
    if args[-1] is Ellipsis:
        item = _encoder(args[0], personal)
        return lambda value, hide: [item(v, hide) for v in value]
    items = [_encoder(a, personal) for a in args]
    return lambda value, hide: [encoder(v, hide) for encoder, v in zip(items, value, strict=True)]


def _plain(value: Any, hide: Hide) -> Any:
    """JSON values as they are, tuples as lists. Raises TypeError for anything else: it would not come back."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return hide(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(v, hide) for v in value]
    if isinstance(value, Mapping) and all(isinstance(k, str) for k in value):
        return {str(k): _plain(v, hide) for k, v in value.items()}
    raise TypeError(f"not a JSON value: {type(value).__name__}")


# --- from JSON ------------------------------------------------------------------------------------------------------


@cache
def _decoder(kind: Any) -> Decoder:
    if dataclasses.is_dataclass(kind):
        return _record_decoder(kind)
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _union_decoder(args)
    if origin is tuple:
        return _tuple_decoder(args)
    if kind is Any:
        return lambda data: data
    if origin is Mapping:
        return lambda data: _typed(data, dict)
    if kind is datetime:
        return lambda data: model.aware(datetime.fromisoformat(_typed(data, str)))
    if kind is date:
        return lambda data: date.fromisoformat(_typed(data, str))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return lambda data: _typed(data, kind)


def _typed(data: Any, kind: type[T]) -> T:
    if type(data) is not kind:
        raise ValueError(f"a stored value is {type(data).__name__}, not {kind.__name__}")
    return data


def _record_decoder(cls: Any) -> Decoder:
    hints = get_type_hints(cls)
    decoders = {f.name: _decoder(hints[f.name]) for f in dataclasses.fields(cls)}

    def decode_record(data: Any) -> Any:
        try:
            return cls(**{name: decoders[name](value) for name, value in _typed(data, dict).items()})
        except KeyError as unknown:
            raise ValueError(f"a stored {cls.__name__} has a field this program does not know: {unknown}") from None
        except TypeError as missing:
            raise ValueError(f"a stored {cls.__name__} is incomplete: {missing}") from None

    return decode_record


def _union_decoder(args: tuple[Any, ...]) -> Decoder:
    kinds = [a for a in args if a is not types.NoneType]
    if len(kinds) == 1:
        only = _decoder(kinds[0])
        return lambda data: None if data is None else only(data)
    by_name = {kind.__name__: _decoder(kind) for kind in kinds}

    def decode_union(data: Any) -> Any:
        fields = dict(_typed(data, dict))
        name = fields.pop("is", None)
        if name not in by_name:
            raise ValueError(f"a stored value is of an unknown kind: {name!r}")
        return by_name[name](fields)

    return decode_union


def _tuple_decoder(args: tuple[Any, ...]) -> Decoder:
    if args[-1] is Ellipsis:
        item = _decoder(args[0])
        return lambda data: tuple([item(d) for d in _typed(data, list)])
    items = [_decoder(a) for a in args]

    def decode_tuple(data: Any) -> tuple[Any, ...]:
        if len(_typed(data, list)) != len(items):
            raise ValueError(f"a stored row of {len(data)} where {len(items)} belong")
        return tuple([decoder(d) for decoder, d in zip(items, data, strict=True)])

    return decode_tuple
