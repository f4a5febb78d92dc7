"""YAML text as plain values that remember their lines.

Every scalar stays the text that was written (a telephone number keeps its leading zero, a version its last one) and
the typed model converts it (typed.py); only an empty value is None. It knows no model and opens no file. Anchors are
followed; merge keys are not.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from bot.model.errors import Problem

Step = str | int
Path = tuple[Step, ...]

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
