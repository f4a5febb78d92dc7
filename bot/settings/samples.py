"""A sample of every letter, read from samples.yaml beside the templates: what the check renders, and people may read.

A value that a wording lacks, or does not know, is a fault with its line. It renders nothing and knows no policy;
whoever checks puts a policy's own words in place of the samples' (cli/check.py).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.model import Contact, Letter
from bot.model.errors import Problem
from bot.model.letters import WORDINGS, Standing, Wording
from bot.rules.policy.yaml_file import Document, Path, nearest, read

NAME = "samples.yaml"
_KEYS = ("wording", "at", "but", "values")
_MAIL = "4f1c09@north-health.example"
_INSTANT, _STANDING = TypeAdapter(datetime), TypeAdapter(Standing)

T = TypeVar("T")


@cache
def _adapter(wording: str) -> TypeAdapter[Wording]:
    """Pydantic's reader of the wording of that name: made once, for it has several samples."""
    return TypeAdapter(WORDINGS[wording])


class _Faulty(Exception):
    """This sample cannot be made; what is wrong with it is noted already."""


def load(text: str, file: str) -> tuple[tuple[Letter, ...], tuple[Problem, ...]]:
    """The letters in the order of the file, without those that have faults; and the faults, of missing ones too."""
    document, found = read(text, file)
    if document is None:
        return (), found
    reader = _Reader(document, list(found))
    letters = tuple(reader.letters())
    if not reader.problems:
        shown = {letter.values.name for letter in letters}
        reader.problems += [document.problem(("letters",), f"has no {name}") for name in WORDINGS if name not in shown]
    return letters, tuple(dict.fromkeys(reader.problems))


class _Reader:
    def __init__(self, document: Document, problems: list[Problem]) -> None:
        self.document = document
        self.problems = problems

    def letters(self) -> Iterator[Letter]:
        rows = self.document.at(("letters",))
        for n in range(len(rows) if isinstance(rows, list) else 0):
            try:
                yield self._letter(n)
            except _Faulty:
                continue

    def _letter(self, n: int) -> Letter:
        path: Path = ("letters", n)
        row = self._mapping(path)
        for key in row.keys() - set(_KEYS):
            self._fault((*path, key), f"{key} is no key of a sample{nearest(key, _KEYS)}")
        wording = WORDINGS.get(str(row.get("wording")))
        if wording is None:
            name = str(row.get("wording"))
            raise self._fault((*path, "wording"), f"there is no wording {name}{nearest(name, WORDINGS)}")
        values = self._made(_adapter(str(row.get("wording"))), self._mapping((*path, "values")), (*path, "values"))
        where: Path = ("places", str(row.get("at", "first")))
        if self.document.at(where) is None:
            raise self._fault((*path, "at"), f"there is no place {where[1]}")
        letter = Letter(
            values=values,
            occasion=f"sample/{n}",
            to=(Contact("fay.marsh@childrens-services.example", "Fay Marsh"),),
            decided=self._made(_INSTANT, self.document.at((*where, "decided")), (*where, "decided")),
            subject="Professional challenges",
            message_id=f"sample-{n}@partnership.example",
        )
        if not wording.is_of_case:
            return letter
        standing = self._standing(where, (*path, "but"))
        return replace(
            letter,
            standing=standing,
            stage=str(self.document.at((*where, "stage"))),
            subject=f"{standing.fixed_words} – 24 hours",
            in_reply_to=_MAIL,
            references=(_MAIL,),
        )

    def _standing(self, where: Path, but: Path) -> Standing:
        first: Path = ("places", "first", "standing")
        own = (*where, "standing")
        whole = self._mapping(first) | self._mapping(own) | self._mapping(but)
        at = but if self.document.at(but) else own
        return self._made(_STANDING, whole, at)

    def _mapping(self, path: Path) -> dict[str, object]:
        """The mapping at that path, {} where there is nothing."""
        found = self.document.at(path)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise self._fault(path, "should be `key: value` lines")
        return found

    def _made(self, adapter: TypeAdapter[T], value: object, path: Path) -> T:
        try:
            return adapter.validate_python(value, extra="forbid")
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                self._fault((*path, *fault["loc"]), _sentence(fault))
            raise _Faulty from None

    def _fault(self, path: Path, text: str) -> _Faulty:
        self.problems.append(self.document.problem(path, text))
        return _Faulty()


def _sentence(fault: ErrorDetails) -> str:
    name = ".".join(str(step) for step in fault["loc"])
    if fault["type"] == "missing":
        return f"{name} is missing"
    if fault["type"] == "unexpected_keyword_argument":
        return f"{name} is no value of this letter"
    return f"{name}: {fault['msg']}"
