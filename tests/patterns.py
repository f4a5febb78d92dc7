"""`make patterns`: the word lists of bot/mail/patterns/*.yaml, written out as the one JSON file that the reader loads.

about: what the topic is
parts:                      # pieces that entries share; {not} puts one in, also into a later part
  not: (?:not|isn'?t)
  month: [january, march]   # a list is (?:january|march); one of alternatives brings their samples
  when: [{words: today, yes: [today]}]
entries:
  wrong:                    # one pattern: `frame` with its alternatives for {any}; else "(?i)(?:{any})"
    about: nobody says these of a mail that is theirs
    frame: (?i)\\b(?:{any})
    any:
      - {words: "{not} for me", yes: [this is not for me]}
    no: [this is for you]   # samples that the whole entry must not match
  turns:                    # patterns one by one, each with a value beside it; `any` where a row has several
    each:
      - {words: as soon as i can, value: soon, yes: [as soon as I can]}
      - value: out
        any: [{words: not there, yes: [not there]}]
    no: [soon]
  time: {words: [today, tomorrow]}      # a closed list of words, in its order
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parents[1] / "bot" / "mail" / "patterns"
COMPILED = FOLDER / "patterns.json"
FRAME = "(?i)(?:{any})"
_PART = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Sample:
    """A sentence, the pattern it is held against, and whether that must be found in it."""

    entry: str
    pattern: str
    text: str
    is_found: bool


@cache
def read(topic: str) -> dict[str, Any]:
    """A topic's file as it stands."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load((FOLDER / f"{topic}.yaml").read_text("utf-8"))
    return found


def topics() -> dict[str, dict[str, Any]]:
    """Every file as it stands, by topic."""
    return {path.stem: read(path.stem) for path in sorted(FOLDER.glob("*.yaml"))}


def compiled(topic: dict[str, Any]) -> dict[str, Any]:
    """Entry -> text of its pattern, list of words, or rows of [pattern, value]."""
    parts = _parts(topic)
    return {name: _entry(entry, parts) for name, entry in topic["entries"].items()}


def _parts(topic: dict[str, Any]) -> dict[str, str]:
    parts: dict[str, str] = {}
    for name, given in (topic.get("parts") or {}).items():
        words = [one["words"] if isinstance(one, dict) else one for one in given] if isinstance(given, list) else []
        parts[name] = put_in(f"(?:{'|'.join(words)})" if words else str(given), parts)
    return parts


def put_in(text: str, parts: dict[str, str]) -> str:
    """The text with the pieces it names. Raises KeyError for one that is not defined above it."""
    return _PART.sub(lambda found: parts[found.group(1)], text)


def _entry(entry: dict[str, Any], parts: dict[str, str]) -> Any:
    if "words" in entry:
        return entry["words"]
    if "each" in entry:
        return [[framed(entry, words_of(row), parts), row.get("value")] for row in entry["each"]]
    return framed(entry, words_of(entry), parts)


def words_of(given: dict[str, Any]) -> list[str]:
    """The texts of the alternatives of an entry or of a row."""
    return [row["words"] for row in alternatives(given)]


def alternatives(given: dict[str, Any]) -> list[dict[str, Any]]:
    """The alternatives of an entry or of a row: those in its `any`, those of each of its rows, else itself."""
    if "each" in given:
        return [one for row in given["each"] for one in alternatives(row)]
    found: list[dict[str, Any]] = given.get("any") or [given]
    return found


def framed(entry: dict[str, Any], alternatives: list[str], parts: dict[str, str]) -> str:
    """The entry's frame with these alternatives."""
    return put_in(entry.get("frame", FRAME), parts | {"any": "|".join(put_in(one, parts) for one in alternatives)})


def samples(topic: dict[str, Any]) -> Iterator[Sample]:
    """Every sample: an alternative's own against that alternative alone, an entry's `no` against the whole entry."""
    parts = _parts(topic)
    given = {n: {"any": part} for n, part in (topic.get("parts") or {}).items() if _has_samples(part)}
    for name, entry in (given | topic["entries"]).items():
        if "words" in entry:
            continue
        for row in alternatives(entry):
            for text in row["yes"]:
                yield Sample(name, framed(entry, [row["words"]], parts), text, True)
        for row in entry.get("each", [entry]):
            for text in entry.get("no", []):
                yield Sample(name, framed(entry, words_of(row), parts), text, False)


def _has_samples(part: object) -> bool:
    return isinstance(part, list) and isinstance(part[0], dict)


def written() -> str:
    """The compiled file's text: topics and entries in their order, one entry a line."""
    lines = []
    for topic, given in topics().items():
        entries = ",\n".join(
            f"  {json.dumps(n)}: {json.dumps(e, ensure_ascii=False)}" for n, e in compiled(given).items()
        )
        lines.append(f"{json.dumps(topic)}: {{\n{entries}\n}}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    COMPILED.write_text(written(), "utf-8")
