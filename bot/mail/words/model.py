"""A small model of whether a sentence answers: whole weights over a fixed vocabulary of features, added up.

`make train` writes patterns/weights.json from the sentences in tests/training; nothing here learns. Scores are whole
numbers, so they are the same on every machine. It may only make a doubt of what would be an answer: who asks it sees to
that. It knows nothing of lists, mails or cases.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from bot.mail import re2
from bot.mail.words import shape

#: A sentence that ends here is over; a line is too.
_END = re2.compile(r"[.!?]+[\"')\]]*\s+|\n+")
_ABBREVIATED = re2.compile(r"(?i)\b(?:mr|mrs|ms|dr|e\.g|i\.e|no|st)\.\s*$")
#: Read of a mail: whoever answers does so before this many characters or sentences.
MOST = 20_000
MOST_SENTENCES = 200
#: A mail of fewer known words, or whose best sentence names neither child, plan nor decision, answers from SURE on.
FEW, FEWEST = 5, 3
SURE = 24
#: So much more a mail needs that promises or passes on besides.
BESIDE_A_PROMISE = 20
_NAMED = frozenset(
    ("k ch m", "k pl m", "k vd m", "k dn m", "q verdict", "q acted", "q settled", "q ruled", "q carried")
)


@dataclass(frozen=True)
class Weights:
    """`vocabulary`: feature -> (its number, its weight). A mail answers from `threshold` on. `worst`: tenths of what
    its least answering sentence lacks that are taken off the score of its best."""

    version: int
    bias: int
    threshold: int
    worst: int
    vocabulary: dict[str, tuple[int, int]]

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(name[2:] for name in self.vocabulary if name.startswith("w "))


@dataclass(frozen=True, slots=True)
class Scored:
    """What the model made of a mail. `features`: the numbers, and the names, of those in its best sentence."""

    version: int
    score: int
    is_answer: bool
    sentence: str
    features: tuple[tuple[int, str, int], ...]

    @property
    def why(self) -> str:
        """Version, score and feature numbers: no word of the mail."""
        return f"model {self.version}: {self.score} [{','.join(str(number) for number, _, _ in self.features)}]"


def loaded(text: str) -> Weights:
    """The weights in this JSON. Raises ValueError or KeyError where it is none of ours."""
    given = json.loads(text)
    listed = [
        (f"{kind} {name}", int(weight))
        for kind, row in given["features"].items()
        for weight, names in row.items()
        for name in names.split("|")
    ]
    vocabulary = {name: (number, weight) for number, (name, weight) in enumerate(listed)}
    return Weights(given["version"], given["bias"], given["threshold"], given["worst"], vocabulary)


@cache
def shipped() -> Weights:
    """The weights that were written by `make train`."""
    return loaded(files("bot.mail.patterns").joinpath("weights.json").read_text("utf-8"))


def sentences(text: str) -> list[str]:
    """The sentences of a mail with their marks, as far as it is read."""
    said: list[str] = []
    start = 0
    text = text[:MOST]
    for end in [*_END.finditer(text), None]:
        piece = text[start : end.end() if end else len(text)].strip()
        start = end.end() if end else start
        if piece and said and _ABBREVIATED.search(said[-1]):
            said[-1] += " " + piece
        elif piece:
            said.append(piece)
        if len(said) > MOST_SENTENCES:
            break
    return said[:MOST_SENTENCES]


def score(text: str, weights: Weights) -> Scored:
    """The mail's best sentence that may answer at all, and what speaks against it in its worst.

    A longer letter that comes besides speaks against nothing where more is said.
    """
    said = sentences(text)
    said = [one for one in map(shape.besides, said) if one] or said
    found = [_Sentence(one, shape.words(one), weights) for one in said]
    best = max((one for one in found if not one.is_idle), key=lambda one: one.total, default=None)
    if best is None:
        return Scored(weights.version, min((one.total for one in found), default=0), False, "", ())
    lacking = max(0, -UNIT - min(one.total for one in found))
    total = best.total - weights.worst * lacking // 10
    is_terse = _known(_words(text), weights.words) < FEW or _NAMED.isdisjoint(best.features)
    is_promising = any(one.is_idle and not one.said.endswith("?") for one in found)
    needed = weights.threshold + BESIDE_A_PROMISE * is_promising
    needed = max(SURE, needed) if is_terse else needed
    names = sorted(best.features & weights.vocabulary.keys())
    seen = tuple(sorted((weights.vocabulary[name][0], name, weights.vocabulary[name][1]) for name in names))
    return Scored(weights.version, total, total >= needed, best.said, seen)


#: One unit of the log-odds that the model was trained in.
UNIT = 16


class _Sentence:
    """One sentence, taken apart once: its features, what they come to, and whether it cannot answer."""

    __slots__ = ("features", "is_idle", "said", "total")

    def __init__(self, said: str, words: list[str], weights: Weights) -> None:
        self.said = said
        self.features = shape.features(words)
        self.is_idle = shape.answers_nothing(words)
        self.total = weights.bias + sum(weights.vocabulary[n][1] for n in self.features if n in weights.vocabulary)


def knows(text: str, weights: Weights) -> bool:
    """Whether it holds three known words, and they are most of its words: else another language, or too few."""
    said = _words(text)
    known = _known(said, weights.words)
    return known >= FEWEST and 2 * known >= len(said)


def _words(text: str) -> list[str]:
    return [word for one in sentences(text) for word in shape.words(one) if word[0].isalpha()]


def _known(said: Sequence[str], vocabulary: frozenset[str]) -> int:
    stems = map(shape.stem, said)
    return sum(stem in vocabulary or shape.is_listed(stem) for stem in stems)
