"""`python -m tests.lengths`: how long each wording is and how hard to read, over the shipped samples; and how much of a
letter its reader had been told before, over whole cases (tests/walks).

It counts what a reader sees in the text part, but for the footer: so names, dates, quoted words and lists too. It
judges nothing (tests/unit/test_letters.py does). What is asked for is found by its grammar, which is a guess.
"""

import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import structlog

from bot.cli.rehearsal import rehearse, story
from bot.letters.render import render
from bot.settings import settings
from tests.letters import samples
from tests.pictures.look import OFFICE, TEMPLATES

ROOT = Path(__file__).parents[1]
HEAD = f"{'wording':<34}{'samples':>8}{'median':>8}{'most':>6}{'before to-do':>14}{'before list':>13}{'grade':>7}"
SENT = f"{'kind, in whole cases':<34}{'letters':>8}{'median':>8}{'most':>6}{'before to-do':>14}{'already sent':>14}"
#: A sentence that asks for something: by its word, as a question, as an order, or as a step or a word to reply with.
_ASKS = re.compile(
    r"\b[Pp]lease\b|\?$|^(?:Reply|Ring|Answer|Say|Write|Read|Ask|Complete|Send|Tell|Talk|Act|Convene)\b"
    r"|^If you .+, (?:say|reply|ring|write)\b|^(?:\d\.|-)\s"
)


def body(text: str) -> str:
    """A letter's text part without its footer."""
    return text.replace("\r\n", "\n").split("\n--\n")[0]


def before_list(text: str) -> int | None:
    """The words that stand before the first line of a list, where a letter mostly says what to do; None without one."""
    found = re.search(r"(?m)^(?:- |\d\. )", text)
    return len(text[: found.start()].split()) if found else None


def sentences(text: str) -> list[str]:
    """Of a body, in their order; a line ends one. The box with whom to ring, which every letter has, is left out."""
    lines = [line.strip() for line in text.split("\n") if line.strip() and "ring 999" not in line]
    return [one for line in lines for one in re.split(r"(?<=[.?!])\s+(?=[A-Z])", line)]


def before_to_do(text: str) -> int | None:
    """The words above the first sentence that asks for something; None where none does."""
    count = 0
    for sentence in sentences(text):
        if _ASKS.search(sentence):
            return count
        count += len(sentence.split())
    return None


def already_sent(letters: Iterable[tuple[Sequence[str], str]]) -> list[float]:
    """Of each letter of a case, to whom and its body in the order of sending: the share of its sentences that an
    earlier one had told the same person, on average of its readers."""
    told: dict[str, set[str]] = {}
    shares = []
    for readers, text in letters:
        said = sentences(text)
        known = [sum(one in told.get(reader, ()) for one in said) / len(said) for reader in readers] if said else []
        shares.append(mean(known) if known else 0.0)
        for reader in readers:
            told.setdefault(reader, set()).update(said)
    return shares


def grade(texts: Iterable[str]) -> float:
    """The Flesch-Kincaid grade of them together (years of school; about five less than the reader's age)."""
    words = syllables = sentences = 0
    for text in texts:
        for sentence in re.split(r"[.?!:;](?:\s|$)|\n+", text):
            said = re.findall(r"[A-Za-z']+", sentence)
            sentences += bool(said)
            words += len(said)
            syllables += sum(max(1, len(re.findall(r"[aeiouy]+", w.lower().removesuffix("e")))) for w in said)
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59 if words else 0.0


def row(kind: str, texts: list[str]) -> str:
    lengths = [len(text.split()) for text in texts]
    ahead = f"{_ahead(map(before_to_do, texts)):>14}{_ahead(map(before_list, texts)):>13}"
    return f"{kind:<34}{len(texts):>8}{median(lengths):>8.0f}{max(lengths):>6}{ahead}{grade(texts):>7.1f}"


def _ahead(counts: Iterable[int | None]) -> str:
    known = [count for count in counts if count is not None]
    return f"{median(known):.0f}" if known else "none"


def sent_row(kind: str, texts: list[str], shares: list[float]) -> str:
    lengths = [len(text.split()) for text in texts]
    ahead, share = _ahead(map(before_to_do, texts)), f"{mean(shares):.0%}"
    return f"{kind:<34}{len(texts):>8}{median(lengths):>8.0f}{max(lengths):>6}{ahead:>14}{share:>14}"


def whole_cases() -> dict[str, list[tuple[str, float]]]:
    """By kind, each letter's body that went out in a walk and the share of it that was no news."""
    shipped = settings.load(ROOT / "config", dict(os.environ))
    kinds: dict[str, list[tuple[str, float]]] = {}
    for path in sorted((ROOT / "tests" / "walks").glob("*.yaml")):
        cases: dict[int, list[dict[str, Any]]] = {}
        for one in rehearse.rehearse(story.load(path), shipped).rows:
            if one["what"] == "letter" and one["case"] is not None:
                cases.setdefault(one["case"], []).append(one)
        for letters in cases.values():
            shares = already_sent((one["to"] + one["cc"], body(one["text"])) for one in letters)
            for letter, share in zip(letters, shares, strict=True):
                kinds.setdefault(letter["kind"], []).append((body(letter["text"]), share))
    return kinds


def main() -> int:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # the table stands alone
    kinds: dict[str, list[str]] = {}
    for letter in samples():
        kinds.setdefault(letter.values.name, []).append(body(render(letter, OFFICE, TEMPLATES).text))
    every = [text for texts in kinds.values() for text in texts]
    rows = [row(kind, texts) for kind, texts in sorted(kinds.items())]
    sys.stdout.write("".join(f"{one}\n" for one in (HEAD, *rows, row("all", every), "", SENT)))
    for kind, found in sorted(whole_cases().items()):
        sys.stdout.write(f"{sent_row(kind, [text for text, _ in found], [share for _, share in found])}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
