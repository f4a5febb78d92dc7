"""YAML text as plain values that remember their lines, and pydantic's faults as sentences about them.

Every scalar stays the text that was written (a telephone number keeps its leading zero, a version its last one) and
the typed model converts it; only an empty value is None. It knows no model of its own and opens no file. Anchors are
followed; merge keys are not.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import NoneType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from bot.model.errors import Problem

Step = str | int
Path = tuple[Step, ...]
M = TypeVar("M", bound=BaseModel)

_WORDS = re.compile(r"[^\W_]+")
#: Deeper or larger than any honest configuration: a file that refers to itself ends here.
MAX_DEPTH = 20
MAX_VALUES = 50_000


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its name, its value (dicts, lists, texts and None) and the line of every path in it.

    `files`: paths that another file gave (an overlay's parent), with its name; their lines are that file's.
    """

    file: str
    value: dict[str, Any]
    lines: Mapping[Path, int]
    files: Mapping[Path, str] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of that key or item, else of the nearest block around it that was written."""
        return self.lines.get(self._written(path), 0)

    def _written(self, path: Path) -> Path:
        return next((path[:n] for n in range(len(path), -1, -1) if path[:n] in self.lines), ())

    def at(self, path: Path) -> Any:
        """The value at that path, None where there is none."""
        here: Any = self.value
        for step in path:
            if isinstance(here, dict):
                here = here.get(step)
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                here = here[step]
            else:
                return None
        return here

    def name(self, path: Path) -> str:
        """ "stages.step-2.ceiling": the path with an item's own id instead of its number, "" for the whole file."""
        words = []
        for n, step in enumerate(path):
            own = self.at((*path[: n + 1], "id")) if isinstance(step, int) else None
            words.append(own if isinstance(own, str) and own else str(step + 1 if isinstance(step, int) else step))
        return ".".join(words)

    def problem(self, path: Path, text: str, is_warning: bool = False) -> Problem:
        """A fault on that path's line."""
        return Problem(self.files.get(self._written(path), self.file), self.line(path), text, is_warning)


class _TooMuchError(Exception):
    """The file nests too deeply or holds too many values."""


def nearest(word: str, known: Iterable[str]) -> str:
    """ "; did you mean x?" for the known word nearest to this one, "" when none is near."""
    found = nearest_of(word, known)
    return f"; did you mean {found}?" if found else ""


def nearest_of(word: str, known: Iterable[str]) -> str:
    """The known word nearest to this one, "" when none is near.

    One that is said whole among the words given comes before one that only looks alike: an Independent Chair is a
    chair, and no deputy_chair.
    """
    folded = {" ".join(_WORDS.findall(k.casefold())): k for k in known}
    plain = " ".join(_WORDS.findall(word.casefold()))
    said = [k for k in folded if k and f" {k} " in f" {plain} "]
    found = [max(said, key=len)] if said else difflib.get_close_matches(plain, folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def blocks(value: Any) -> list[dict[str, Any]]:
    """The blocks of a list as written; what is no block is an empty one, so that places keep their number."""
    return [item if isinstance(item, dict) else {} for item in value] if isinstance(value, list) else []


# --- reading ----------------------------------------------------------------------------------------------------------


#: What a text says: its value, None where it is no YAML mapping, the line of every path, and faults as (line, words).
_Parsed = tuple[dict[str, Any] | None, Mapping[Path, int], tuple[tuple[int, str], ...]]


def read(text: str, file: str) -> tuple[Document | None, tuple[Problem, ...]]:
    """The file's value and lines; None with one fault when it is no YAML mapping. A repeated key is a fault.

    Nobody may change the value: a text that is read again has the same one."""
    value, lines, faults = _parsed(text)
    problems = tuple(Problem(file, line, words) for line, words in faults)
    return None if value is None else Document(file, value, lines), problems


@lru_cache(maxsize=64)
def _parsed(text: str) -> _Parsed:
    """One parent is asked for by each policy that stands on it, and each file several times."""
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = 2 * MAX_DEPTH
    yaml.composer.warn_double_anchors = False  # a later anchor of the same name counts, as YAML 1.2 says
    try:
        node = yaml.compose(text)
    except MaxDepthExceededError:
        return _unread(0, "nested too deeply to be read")
    except MarkedYAMLError as error:
        return _unread(_line(error, text), f"not readable as YAML: {error.problem or 'syntax'}")
    except YAMLError as error:
        return _unread(0, f"not readable as YAML: {str(error).splitlines()[0]}")
    if not isinstance(node, MappingNode):
        return _unread(1, "holds no settings: it should be `key: value` lines")
    reader = _Reader()
    try:
        value = reader.plain(node, ())
    except _TooMuchError:
        return _unread(0, "nested too deeply, too large, or refers to itself")
    return value, reader.lines, tuple(reader.faults)


def _unread(line: int, words: str) -> _Parsed:
    return None, {}, ((line, words),)


def _line(error: MarkedYAMLError, text: str) -> int:
    """The line to look at: where what never ends began, if the fault only shows at the end of the file."""
    found, began = error.problem_mark, error.context_mark
    if found is None or (began is not None and found.line >= text.count("\n")):
        found = began
    return int(found.line) + 1 if found is not None else 0


class _Reader:
    """Turns nodes into plain values and notes the line of each."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.faults: list[tuple[int, str]] = []

    def plain(self, node: Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > MAX_DEPTH or len(self.lines) > MAX_VALUES:
            raise _TooMuchError
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.plain(item, (*path, n)) for n, item in enumerate(node.value)]
        return None if str(node.tag).endswith(":null") else str(node.value)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in found:
                first = self.lines[(*path, key)]
                self.faults.append((line, f"{key} is given twice, first on line {first}: keep one"))
                continue
            self.lines[(*path, key)] = line
            found[key] = self.plain(value, (*path, key))
        return found


# --- validating -------------------------------------------------------------------------------------------------------


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
    return document.problem(path, f"{name} {_PLAIN.get(kind) or fault['msg'].lower()}")


def _not_among(document: Document, path: Path, expected: str) -> Problem:
    """A value, or the name of a key, that is none of a closed list."""
    known = re.findall(r"'([^']+)'", expected)
    if path[-1] == "[key]":
        key, where = str(path[-2]), document.name(path[:-2])
        return document.problem(path[:-1], f"{where}: the key {key} must be {expected}{nearest(key, known)}")
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
