"""A document as a typed model, and pydantic's faults as sentences about its lines.

It knows no model of its own and reads no text: that is yaml_file.py, which costs no pydantic.
"""

import re
from collections.abc import Mapping
from types import NoneType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.model.errors import Problem
from bot.rules.policy.yaml_file import Document, Path, Step, nearest

M = TypeVar("M", bound=BaseModel)


def validate(
    model: type[M], document: Document, context: Mapping[str, Any] | None = None
) -> tuple[M | None, tuple[Problem, ...]]:
    """The document as that model, or every fault that pydantic found, each a sentence with its line."""
    try:
        return model.model_validate(document.value, context=dict(context or {})), ()
    except ValidationError as error:
        faults = (_sentence(model, document, fault) for fault in error.errors(include_url=False))
        return None, tuple(dict.fromkeys(faults))


_PLAIN = {
    "string_type": "must be text",
    "int_parsing": "must be a whole number",
    "bool_parsing": "must be true or false",
    "date_from_datetime_parsing": "must be a date such as 2027-01-31",
    "tuple_type": "must be a list: write it in square brackets, [one, two], or a line for each that begins with a dash",
    "dict_type": "must be a block of `key: value` lines",
    "model_type": "must be a block of `key: value` lines",
    "model_attributes_type": "must be a block of `key: value` lines",
}


def _sentence(model: type[BaseModel], document: Document, fault: ErrorDetails) -> Problem:
    """One fault. Values are only quoted where they come from a closed list: others may be secrets or addresses."""
    path: Path = tuple(fault["loc"])
    name, kind, context = document.name(path), fault["type"], fault.get("ctx", {})
    if kind in ("extra_forbidden", "missing"):
        where = document.name(path[:-1]) or "the file"
        key = str(path[-1])
        if kind == "missing":
            return document.problem(path, f"{where} has no {key}: {_advice(model, path)}")
        known = [name for owner in _models_at(model, path[:-1]) for name in owner.model_fields]
        return document.problem(path, f"{where} has an unknown key {key}{nearest(key, known)}")
    if kind in ("literal_error", "enum"):
        return _not_among(document, path, str(context["expected"]))
    if kind == "value_error":
        return document.problem(path, f"{name or 'the file'}: {context['error']}")
    if kind == "too_short":
        return document.problem(path, f"{name} must not be empty: {_advice(model, path)}")
    if document.at(path) is None:
        return document.problem(path, f"{name} is empty: {_advice(model, path, 'give it a value')}")
    if kind == "greater_than_equal":
        return document.problem(path, f"{name} must be {context['ge']} or more")
    return document.problem(path, f"{name} {_PLAIN.get(kind) or fault['msg'].lower()}")


def _not_among(document: Document, path: Path, expected: str) -> Problem:
    """A value, or the name of a key, that is none of a closed list."""
    known = re.findall(r"'([^']+)'", expected)
    if path[-1] == "[key]":
        key, where = str(path[-2]), document.name(path[:-2])
        return document.problem(path[:-1], f"{where}: the key {key} must be {expected}{nearest(key, known)}")
    if isinstance(path[-1], int) and isinstance(document.at(path[:-1]), str):
        path = path[:-1]  # one alone stands for a list of it
    given, name = document.at(path), document.name(path)
    return document.problem(path, f"{name} must be {expected}, not {given!r}{nearest(str(given), known)}")


def _advice(model: type[BaseModel], path: Path, otherwise: str = "add it") -> str:
    """What to do about a key that is missing or empty: the description that its model gives it."""
    for owner in _models_at(model, path[:-1]):
        field = _field(owner, str(path[-1]))
        if field is not None and field.description:
            return field.description
    return otherwise


def _field(owner: type[BaseModel], key: str) -> FieldInfo | None:
    """The field that a file writes so."""
    return next((f for name, f in owner.model_fields.items() if key == (f.alias or name)), None)


def _models_at(model: type[BaseModel], path: Path) -> list[type[BaseModel]]:
    """The models that a value at this path may be."""
    here: list[Any] = [model]
    for step in path:
        here = [inner for kind in here for inner in _inside(kind, step)]
    return [kind for kind in here if isinstance(kind, type) and issubclass(kind, BaseModel)]


def _inside(kind: Any, step: Step) -> list[Any]:
    """The types one step further in: a field's, a list item's or a dictionary value's."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = _field(kind, str(step))
        return _arms(field.annotation) if field is not None else []
    arguments = get_args(kind)
    if not arguments:
        return []
    return _arms(arguments[1] if get_origin(kind) is dict else arguments[0])


def _arms(kind: Any) -> list[Any]:
    """A union's members; anything else alone."""
    if get_origin(kind) is Union or type(kind).__name__ == "UnionType":
        return [arm for arm in get_args(kind) if arm is not NoneType]
    return [kind]
