"""Values of the model to JSON and back, by pydantic from their dataclass fields; the same value gives the same text.
And what a column holds: instants that compare as text on every database, and any Python string.

Reading is strict: an unknown field or a wrong type raises ValueError; a missing field takes its default, so that a
later model reads earlier rows. Which text is about a person is said at the field (model/marks.py); the caller may hide
it, and this file does not know how. It stores nothing and knows no table.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from math import isfinite
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter
from pydantic_core import SchemaSerializer, SchemaValidator, core_schema
from sqlalchemy import Dialect, String, Text, TypeDecorator

from bot import model
from bot.model.letters import WORDINGS
from bot.store.migrations.earlier import EARLIER
from bot.store.server import glance

T = TypeVar("T")
Hide = Callable[[str], str]
Node = Mapping[str, Any]


def canonical(data: Any) -> str:
    """JSON text with sorted keys, no spaces, ASCII only: any string can be stored and hashed as it is."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def encode(value: Any, hide: Hide | None = None) -> Any:
    """A dataclass of the model as JSON values. `hide` is given each personal string that is not empty."""
    kind: Any = type(value)
    return _writer(kind, hide is not None).to_python(value, mode="json", context=hide, warnings="error")


def encode_fields(value: Any, names: Iterable[str], hide: Hide | None = None) -> dict[str, Any]:
    """As `encode`, of these fields only."""
    kind: Any = type(value)
    writer = _writer(kind, hide is not None)
    fields: dict[str, Any] = writer.to_python(value, mode="json", context=hide, include=set(names), warnings="error")
    return fields


def decode(cls: type[T], data: Any) -> T:
    """What `encode` gave, as a value again. Raises ValueError for anything else."""
    kind: Any = cls
    value: T = _reader(kind).validate_python(data)
    return value


def dumps(value: Any) -> str:
    return canonical(encode(value))


def loads(cls: type[T], text: str) -> T:
    return decode(cls, json.loads(text))


# --- how pydantic reads and writes the model ------------------------------------------------------------------------


@cache
def _reader(kind: Any) -> SchemaValidator:
    return SchemaValidator(_fitted(_schema_of(kind), hides=False))


@cache
def _writer(kind: Any, hides: bool) -> SchemaSerializer:
    return SchemaSerializer(_fitted(_schema_of(kind), hides))


def _schema_of(kind: Any) -> Node:
    """Pydantic's schema of a type. Asked inside a tuple, as a dataclass alone takes no setting: pydantic is to let the
    model's own kinds of text be, which are read and written here."""
    whole = TypeAdapter(tuple[kind], config=ConfigDict(arbitrary_types_allowed=True)).core_schema
    if whole["type"] == "definitions":
        return {**whole, "schema": whole["schema"]["items_schema"][0]}
    return dict(whole["items_schema"][0])


def _fitted(node: Node, hides: bool, personal: bool = False) -> Node:
    """Pydantic's schema of a type with what the store asks beyond it: no unknown field, no text for a number, aware
    instants in UTC, mappings of JSON values alone; and, with `hides`, personal text given to the context's function."""
    kind = node["type"]
    if kind == "dataclass" and node["cls"] is model.Wording:
        return _tagged(dict(WORDINGS), lambda value: value.name, hides)
    if kind == "dataclass":
        return _earlier_read({**node, "schema": _fields(node, hides)})
    if kind == "union":
        kinds: dict[str, type] = {choice["cls"].__name__: choice["cls"] for choice in node["choices"]}
        return _tagged(kinds, lambda value: type(value).__name__, hides)
    if kind in _OURS:
        return _OURS[kind]
    if kind == "is-instance" and node["cls"] is model.Flagged:
        return _FLAGGED
    if kind in ("str", "int", "bool"):
        return {**node, "strict": True, **(_HIDDEN if hides and personal and kind == "str" else {})}
    if kind == "dict":
        return {**_MAPPING, **(_HIDDEN_MAPPING if hides and personal else {})}
    if kind == "tuple":
        return {**node, "items_schema": [_fitted(one, hides, personal) for one in node["items_schema"]]}
    if kind == "definitions":
        inner = {"definitions": [_fitted(one, hides) for one in node["definitions"]]}
        return {**node, **inner, "schema": _fitted(node["schema"], hides)}
    if kind in ("nullable", "default"):
        return {**node, "schema": _fitted(node["schema"], hides, personal)}
    if kind in ("enum", "definition-ref"):
        return node
    raise TypeError(f"the store has no JSON for {kind}")


def _tagged(kinds: Mapping[str, type], name: Callable[[Any], str], hides: bool) -> Node:
    """One of several dataclasses, which says under "is" which one it is."""

    def read(data: Any) -> Any:
        fields = dict(_mapping(data))
        found = fields.pop("is", None)
        if found not in kinds:
            raise ValueError(f"a stored value is of an unknown kind: {found!r}")
        return decode(kinds[found], fields)

    def written(value: Any, hide: Hide | None) -> Any:
        kind: Any = type(value)
        fields = _writer(kind, hides).to_python(value, mode="json", context=hide, warnings="error")
        return {"is": name(value), **fields}

    return {**_schema(read, str), **_hiding(written)}


def _fields(dataclass: Node, hides: bool) -> Node:
    """The fields of one dataclass, each personal or not as its annotation says."""
    marked = {name for name, hint in get_type_hints(dataclass["cls"], include_extras=True).items() if is_personal(hint)}
    fields = dataclass["schema"]["fields"]
    fitted = [{**field, "schema": _fitted(field["schema"], hides, field["name"] in marked)} for field in fields]
    return {**dataclass["schema"], "fields": fitted, "extra_behavior": "forbid"}


def is_personal(hint: Any) -> bool:
    """Whether the annotation, or any part of it, is marked so."""
    return hint is model.Personal or any(is_personal(part) for part in _parts(hint))


def _parts(hint: Any) -> tuple[Any, ...]:
    return (*get_args(hint), *getattr(hint, "__metadata__", ()))


def _text(data: Any) -> str:
    if isinstance(data, str):
        return data
    raise ValueError(f"a stored instant or flag is {type(data).__name__}, not text")


def _mapping(data: Any) -> Mapping[str, Any]:
    if isinstance(data, dict):
        return data
    raise ValueError(f"a stored value is {type(data).__name__}, not a mapping")


def _json(value: Any, hide: Hide) -> Any:
    """JSON values as they are, tuples as lists. Raises ValueError for anything else: it would not come back."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return hide(value) if value else value
    if value is None or isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, (list, tuple)):
        return [_json(one, hide) for one in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {str(key): _json(one, hide) for key, one in value.items()}
    raise ValueError(f"not a JSON value: {type(value).__name__}")


def _schema(read: Callable[[Any], Any], written: Callable[[Any], Any]) -> Node:
    """A type that we read and write ourselves."""
    serialization = core_schema.plain_serializer_function_ser_schema(written)
    return dict(core_schema.no_info_plain_validator_function(read, serialization=serialization))


def _hiding(written: Callable[[Any, Any], Any]) -> Node:
    """What is written by a function that is given the caller's `hide`."""
    function = core_schema.plain_serializer_function_ser_schema(
        lambda value, info: written(value, info.context), info_arg=True
    )
    return {"serialization": function}


_OURS = {
    "datetime": _schema(
        lambda d: model.aware(datetime.fromisoformat(_text(d))), lambda at: model.aware(at).isoformat()
    ),
    "date": _schema(lambda data: date.fromisoformat(_text(data)), lambda day: day.isoformat()),
}
_FLAGGED = _schema(lambda data: model.Flagged.read(_text(data)), str)
_MAPPING = _schema(_mapping, lambda value: _json(value, str))
_HIDDEN = _hiding(lambda text, hide: hide(text) if text else text)
_HIDDEN_MAPPING = _hiding(_json)


def _earlier_read(node: Node) -> Node:
    """The schema of a dataclass, which also reads what an earlier release wrote of it."""
    if node["cls"] not in EARLIER:
        return node
    field, mended = EARLIER[node["cls"]]

    def read(data: Any) -> Any:
        try:
            return mended(data) if isinstance(data, dict) and field in data else data
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"not a {node['cls'].__name__} of any release: {error!r}") from error

    bare = {name: part for name, part in node.items() if name != "ref"}
    return dict(core_schema.no_info_before_validator_function(read, bare, ref=node.get("ref")))


# --- what a column holds --------------------------------------------------------------------------------------------


class Instant(TypeDecorator[datetime]):
    """An aware datetime as `2027-01-15T16:45:00.000000Z`."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return (
            None if value is None else model.aware(value).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
        )

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else glance.instant(value)


class Plain(TypeDecorator[str]):
    """Text as people see it. What a database cannot take, a NUL or a lone surrogate (a file name, a broken header), is
    stored as an escape and comes back as it was."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None or (value.isascii() and "\0" not in value and "\\" not in value):
            return value
        escaped = value.replace("\\", "\\\\").encode("utf-8", "backslashreplace").decode("utf-8")
        return escaped.replace("\0", "\\u0000")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else glance.plain(value)
