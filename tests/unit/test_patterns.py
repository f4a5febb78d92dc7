"""The word lists that mail is read by: what people wrote and what the reader loads are one, and every sample holds."""

from __future__ import annotations

import ast
import re

import pytest
import re2

from bot.mail.patterns.topics import topic
from tests.patterns import COMPILED, FOLDER, alternatives, read, samples, written

TOPICS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
BOT = FOLDER.parents[1]


def test_the_compiled_file_is_what_the_lists_say() -> None:
    """patterns.json is the YAML files written out; `make patterns` makes it so."""
    assert COMPILED.read_text("utf-8") == written()


@pytest.mark.parametrize("name", TOPICS)
def test_every_pattern_compiles(name: str) -> None:
    """Each entry of a topic is a pattern that RE2 takes, a list of words, or rows of patterns."""
    loaded = topic(name)
    for entry, given in read(name)["entries"].items():
        load = loaded.words if "words" in given else loaded.rows if "each" in given else loaded.pattern
        assert load(entry)


@pytest.mark.parametrize("name", TOPICS)
def test_every_alternative_has_samples(name: str) -> None:
    """Each alternative brings a sample that it must match, each entry one that it must not."""
    bare = [
        f"{entry}: {row['words'][:40]}"
        for entry, given in read(name)["entries"].items()
        if "words" not in given
        for row in alternatives(given)
        if not row.get("yes")
    ]
    bare += [e for e, given in read(name)["entries"].items() if "words" not in given and not given.get("no")]
    assert bare == []


@pytest.mark.parametrize("name", TOPICS)
def test_nothing_stands_there_unused(name: str) -> None:
    """Each entry is asked for by a file that loads its topic, and each part is put into something."""
    loading = [text for path in BOT.rglob("*.py") if f'topic("{name}")' in (text := path.read_text("utf-8"))]
    named = {word for text in loading for word in re.findall(r"""["'](\w+)["']""", text)}
    unused = [entry for entry in read(name)["entries"] if entry not in named]
    written = (FOLDER / f"{name}.yaml").read_text("utf-8")
    unused += [part for part in read(name).get("parts") or {} if f"{{{part}}}" not in written]
    assert unused == []


@pytest.mark.parametrize("name", TOPICS)
def test_every_sample_holds(name: str) -> None:
    """What must be found in a sample is found, and what must not is not."""
    assert [s for s in samples(read(name)) if bool(re2.search(s.pattern, s.text)) is not s.is_found] == []


#: Alternations that are no words of people: tags, fields and results of protocols, and what weights were made of.
OF_PROGRAMS = ("bytes/parse.py", "bytes/text.py", "bytes/unseen.py", "machine/bounce.py", "trust.py", "words/shape.py",
               "words/model.py")  # fmt: skip
ORDINALS = "st|nd|rd|th"


def test_words_stand_in_the_lists() -> None:
    """No file that reads mail holds an alternation of words that people write, but those of programs."""
    room = BOT / "mail"
    found = [
        f"{path.name}:{node.lineno}"
        for path in sorted(room.rglob("*.py"))
        if path.relative_to(room).as_posix() not in OF_PROGRAMS
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.search(r"[^\W\d_]{2,}(?:\|[^\W\d_]{2,}){2}", node.value.replace(ORDINALS, ""))
    ]
    assert found == []


def test_days_and_months_are_named_once() -> None:
    """What they are called stands in the model, and no second table in code can disagree with it."""
    found = {
        path.relative_to(BOT).as_posix()
        for path in BOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple | ast.List)
        if {"mon", "jan", "ion"} & {one.value for one in node.value.elts if isinstance(one, ast.Constant)}
    }
    assert found == {"model/times.py"}
