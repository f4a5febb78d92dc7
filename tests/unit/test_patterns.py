"""The word lists that mail is read by: what people wrote and what the reader loads are one, and every sample holds."""

from __future__ import annotations

import re

import pytest
import re2

from bot.mail.patterns.topics import topic
from tests.patterns import COMPILED, FOLDER, Sample, alternatives, samples, topics, written

TOPICS = topics()
BOT = FOLDER.parents[1]


def test_the_compiled_file_is_what_the_lists_say() -> None:
    """patterns.json is the YAML files written out; `make patterns` makes it so."""
    assert COMPILED.read_text("utf-8") == written()


@pytest.mark.parametrize("name", TOPICS)
def test_every_pattern_compiles(name: str) -> None:
    """Each entry of a topic is a pattern that RE2 takes, a list of words, or rows of patterns."""
    loaded = topic(name)
    for entry, given in TOPICS[name]["entries"].items():
        load = loaded.words if "words" in given else loaded.rows if "each" in given else loaded.pattern
        assert load(entry)


@pytest.mark.parametrize("name", TOPICS)
def test_every_alternative_has_samples(name: str) -> None:
    """Each alternative brings a sample that it must match, each entry one that it must not."""
    bare = [
        f"{entry}: {row['words'][:40]}"
        for entry, given in TOPICS[name]["entries"].items()
        if "words" not in given
        for row in alternatives(given)
        if not row.get("yes")
    ]
    bare += [e for e, given in TOPICS[name]["entries"].items() if "words" not in given and not given.get("no")]
    assert bare == []


@pytest.mark.parametrize("name", TOPICS)
def test_nothing_stands_there_unused(name: str) -> None:
    """Each entry is asked for by a file that loads its topic, and each part is put into something."""
    loading = [text for path in BOT.rglob("*.py") if f'topic("{name}")' in (text := path.read_text("utf-8"))]
    named = {word for text in loading for word in re.findall(r"""["'](\w+)["']""", text)}
    unused = [entry for entry in TOPICS[name]["entries"] if entry not in named]
    written = (FOLDER / f"{name}.yaml").read_text("utf-8")
    unused += [part for part in TOPICS[name].get("parts") or {} if f"{{{part}}}" not in written]
    assert unused == []


@pytest.mark.parametrize(
    "sample", [pytest.param(s, id=f"{t}-{s.entry}-{s.text[:40]}") for t, read in TOPICS.items() for s in samples(read)]
)
def test_every_sample_holds(sample: Sample) -> None:
    """What must be found in a sample is found, and what must not is not."""
    assert bool(re2.search(sample.pattern, sample.text)) is sample.is_found
