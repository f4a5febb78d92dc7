"""Loads the word lists: by topic and entry, from the compiled file.

`*.yaml` is what a person reads and changes: alternatives, each with a sample that it must match, and for each entry
samples that it must not. `make patterns` writes them out as patterns.json, which is all that is read here (reading YAML
would cost every cold reader most of a second); a test holds the two equal and every sample true. What is asked of a
pattern, and what follows from it, stands in the file that loads it.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from bot.mail import re2


@dataclass(frozen=True, slots=True)
class Topic:
    """One file's entries by name, as they were compiled: the text of a pattern, a list of words, or rows."""

    name: str
    entries: dict[str, Any]

    def pattern(self, name: str) -> Any:
        """A compiled pattern of RE2. Raises KeyError for a name that the file does not have."""
        return re2.compile(self.entries[name])

    def words(self, name: str) -> frozenset[str]:
        """A closed list of words."""
        return frozenset(self.entries[name])

    def listed(self, name: str) -> tuple[str, ...]:
        """The same in the order of the file, where the first that fits counts."""
        return tuple(self.entries[name])

    def rows(self, name: str) -> tuple[tuple[Any, Any], ...]:
        """(compiled pattern, what stands beside it) in the order of the file."""
        return tuple((re2.compile(text), value) for text, value in self.entries[name])


@cache
def _compiled() -> dict[str, dict[str, Any]]:
    read: dict[str, dict[str, Any]] = json.loads(files("bot.mail.patterns").joinpath("patterns.json").read_bytes())
    return read


def topic(name: str) -> Topic:
    """The entries of `<name>.yaml`. Raises KeyError for a topic that is not there."""
    return Topic(name, _compiled()[name])
