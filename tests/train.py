"""`make train`: writes bot/mail/patterns/weights.json from the sentences of tests/training, the same on every Python.

Mails bring a meaning, and those of the later files the label of each sentence (y: it answers). Where only the mail is
labelled, its best sentence so far counts as the answering one. shapes.yaml is filled in to sentences; sentences.yaml
are single ones. Logistic regression in plain steps: only + - * / and square roots, each added in a fixed order, because
exp() and sum() of fractions differ between machines and Pythons. With --folds it prints how well mails are read that
were not trained on: the others of five parts.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any
from zlib import crc32

import re2
from ruamel.yaml import YAML

from bot.mail.words import shape
from bot.mail.words.model import UNIT, loaded, score, sentences

FOLDER = Path(__file__).parent / "training"
WRITTEN = Path(__file__).parents[1] / "bot" / "mail" / "patterns" / "weights.json"
VERSION = 4
#: Chosen by --folds: no mail of another meaning may pass for an answer as far as can be helped.
THRESHOLD, WORST = -13, 4
FEATURES = 1800
STEP = 2  # weights are whole and even: fewer different ones make a smaller file
LEAST_MAILS = 3
ROUNDS, FIRST_STEP, DECAY, FADING = 12, 0.3, 0.4, 0.05
AGAINST = 2.0  # what a sentence that does not answer weighs
FILLED_IN = 0.6  # what a sentence out of a shape weighs
FOLDS = 5
_SLOT = re2.compile(r"\{(\w+)\}")
_CAPITAL = re2.compile(r"^\p{Lu}\p{Ll}+$")
_WORDS = re2.compile(r"[\p{L}]+(?:['’][\p{L}]+)?")


@dataclass
class Example:
    """A mail: its meaning, its sentences, and of each whether it answers (None: not said)."""

    meaning: str
    sentences: list[str]
    labels: list[bool | None]
    weight: float = 1.0
    seen: list[list[str]] = field(default_factory=list)  # the features of each sentence, in order

    def __post_init__(self) -> None:
        self.seen = [sorted(shape.features(shape.words(one))) for one in self.sentences]


def _read(name: str) -> Any:
    return YAML(typ="safe", pure=True).load((FOLDER / name).read_text("utf-8"))


def mails() -> list[Example]:
    """The mails that people would write, from every file of them."""
    found = []
    for name in sorted(path.name for path in FOLDER.glob("mails*.yaml")):
        for row in _read(name):
            given = row.get("sentences") or [(row["text"], None)]
            is_answer = row["meaning"] == "answer"
            parts = [(one, label) for text, label in given for one in sentences(text)]
            labels = [
                False if not is_answer else True if len(parts) == 1 else None if label is None else label == "y"
                for _, label in parts
            ]
            found.append(Example(row["meaning"], [one for one, _ in parts], labels))
    return found


def extra() -> list[Example]:
    """Single sentences, and those that shapes are filled in to."""
    single = _read("sentences.yaml")
    found = [
        Example("", [text], [is_y]) for name, is_y in (("answers", True), ("others", False)) for text in single[name]
    ]
    filled = dict.fromkeys(_filled())
    return found + [Example("", [text], [label == "y"], FILLED_IN) for text, label in filled]


def _filled() -> Iterator[tuple[str, str]]:
    """Each shape three times as often as it says, its slots filled by numbers that are always the same."""
    read = _read("shapes.yaml")
    for row, given in enumerate(read["shapes"]):
        slots = read["slots"] | {name: value for name, value in given.items() if isinstance(value, list)}
        for time in range(3 * given["n"]):
            text, place = given["text"], 0
            while slot := _SLOT.search(text):
                choices = slots[slot.group(1)]
                chosen = choices[crc32(f"{row} {time} {place}".encode()) % len(choices)]
                text, place = text[: slot.start()] + chosen + text[slot.end() :], place + 1
            text = text.strip()
            yield text[0].upper() + text[1:] + ("" if text.endswith("?") else "."), given["label"]


def names(examples: Sequence[Example]) -> frozenset[str]:
    """Stems of words that are names: never seen in small letters, and known to no list of ours."""
    small: set[str] = set()
    large: set[str] = set()
    for sentence in (one for example in examples for one in example.sentences):
        for word in _WORDS.findall(sentence):
            (large if _CAPITAL.match(word) else small).add(word.lower())
    given = set(_read("names.yaml"))
    lonely = {word for word in large - small if not shape.is_listed(shape.stem(word))}
    return frozenset(shape.stem(word) for word in lonely | given)


def vocabulary(examples: Sequence[Example], people: frozenset[str]) -> set[str]:
    """The features of three mails at least, less those that hold a name."""
    counted = Counter(name for example in examples for name in {one for seen in example.seen for one in seen})
    return {
        name
        for name, count in counted.items()
        if count >= LEAST_MAILS and people.isdisjoint(name.replace("+", " ").split()[1:])
    }


def train(examples: Sequence[Example], wanted: set[str]) -> tuple[dict[str, float], float]:
    """Weight of each wanted feature, and the bias."""
    rows = [[name for name in seen if name in wanted] for example in examples for seen in example.seen]
    labels = [label for example in examples for label in example.labels]
    heavy = [example.weight for example in examples for _ in example.seen]
    groups = list(_unlabelled(examples))
    weights, squares, bias = dict.fromkeys(wanted, 0.0), dict.fromkeys(wanted, 0.1), 0.0
    order = sorted(range(len(rows)), key=lambda row: (crc32(str(row).encode()), row))
    for time in range(ROUNDS):
        if time >= 2:
            _guess(groups, rows, labels, weights, bias)
        step = FIRST_STEP / (1 + time * DECAY)
        for row in order:
            label = labels[row]
            if label is None:
                continue
            found = _added(rows[row], weights, bias)
            error = ((1.0 if label else 0.0) - _likely(found)) * (1.0 if label else AGAINST) * heavy[row]
            bias += step * error * 0.05
            for name in rows[row]:
                squares[name] += error * error
                weights[name] += step * (error - FADING * weights[name]) / sqrt(squares[name])
    return weights, bias


def _unlabelled(examples: Sequence[Example]) -> Iterator[list[int]]:
    """The rows of each mail that answers somewhere, and nobody said where."""
    row = 0
    for example in examples:
        unknown = [row + n for n, label in enumerate(example.labels) if label is None]
        row += len(example.labels)
        if unknown:
            yield unknown


def _guess(
    groups: Sequence[list[int]],
    rows: Sequence[list[str]],
    labels: list[bool | None],
    weights: dict[str, float],
    bias: float,
) -> None:
    """The best sentence of each such mail answers; one far below does not; of the others nothing is said."""
    for group in groups:
        found = {row: _added(rows[row], weights, bias) for row in group}
        best = max(found.values())
        for row, value in found.items():
            labels[row] = True if value == best else None if value > -2 else False


def _added(names: Sequence[str], weights: dict[str, float], bias: float) -> float:
    total = bias
    for name in names:
        total += weights[name]
    return total


def _likely(value: float) -> float:
    """1 / (1 + exp(-value)), with exp() as ten squarings."""
    power = 1 - max(-20.0, min(20.0, value)) / 1024
    for _ in range(10):
        power *= power
    return 1 / (1 + power)


def fitted(examples: Sequence[Example], people: frozenset[str]) -> str:
    """The weights file: trained, cut to the features that matter most, trained again."""
    wanted = vocabulary(examples, people)
    weights, _ = train(examples, wanted)
    counted = Counter(name for example in examples for seen in example.seen for name in seen)
    best = sorted(weights, key=lambda name: (-abs(weights[name]) * counted[name], name))[:FEATURES]
    weights, bias = train(examples, set(best))
    return _laid_out(weights, bias)


def _laid_out(weights: dict[str, float], bias: float) -> str:
    """The file's text: kind of feature -> weight -> the features that have it."""
    rows: dict[str, dict[str, list[str]]] = {}
    for name in sorted(weights):
        whole = round(weights[name] * UNIT / STEP) * STEP
        if whole:
            kind, _, rest = name.partition(" ")
            rows.setdefault(kind, {}).setdefault(str(whole), []).append(rest)
    given = {"version": VERSION, "bias": round(bias * UNIT), "threshold": THRESHOLD, "worst": WORST}
    lines = ",\n".join(
        f"{json.dumps(kind)}:{json.dumps({w: '|'.join(n) for w, n in row.items()}, separators=(',', ':'))}"
        for kind, row in rows.items()
    )
    return json.dumps(given)[:-1] + ', "features": {\n' + lines + "\n}}\n"


def folds() -> Iterator[tuple[Example, int]]:
    """Each mail with the score that a model gives it which was trained without it."""
    read, more = mails(), extra()
    people = names([*read, *more])
    part = [crc32("\n".join(mail.sentences).encode()) % FOLDS for mail in read]
    for fold in range(FOLDS):
        kept = [mail for mail, n in zip(read, part, strict=True) if n != fold]
        weights = loaded(fitted([*kept, *more], people))
        for mail, n in zip(read, part, strict=True):
            if n == fold:
                yield mail, score("\n".join(mail.sentences), weights).score


def report(found: Sequence[tuple[Example, int]]) -> Iterator[str]:
    """How many pass for answers, by threshold."""
    for threshold in range(-40, 60, 8):
        shares = []
        for meaning in ("answer", "holding", "doubtful"):
            scores = [value for mail, value in found if mail.meaning == meaning]
            shares.append(f"{meaning} {sum(v >= threshold for v in scores)} of {len(scores)}")
        yield f"{threshold:>4}: {', '.join(shares)}"


def written() -> str:
    """The text of the weights file."""
    examples = [*mails(), *extra()]
    return fitted(examples, names(examples))


if __name__ == "__main__":
    if "--folds" in sys.argv[1:]:
        sys.stdout.write("".join(f"{line}\n" for line in report(list(folds()))))
    else:
        WRITTEN.write_text(written(), "utf-8")
