"""`python -m tests.lengths`: how long each kind of letter is and how hard to read, over the shipped samples.

It counts what a reader sees in the text part, but for the footer: so names, dates, quoted words and lists too. It
judges nothing (tests/unit/test_letters.py does), and it does not know what was sent in a case before.
"""

import re
import sys
from collections.abc import Iterable
from statistics import median

from bot.letters.render import render
from tests.letters import samples
from tests.pictures.look import OFFICE, TEMPLATES

HEAD = f"{'kind':<34}{'samples':>8}{'median':>8}{'most':>6}{'before list':>13}{'grade':>7}"


def body(text: str) -> str:
    """A letter's text part without its footer."""
    return text.replace("\r\n", "\n").split("\n--\n")[0]


def before_list(text: str) -> int | None:
    """The words that stand before the first line of a list, where a letter mostly says what to do; None without one."""
    found = re.search(r"(?m)^(?:- |\d\. )", text)
    return len(text[: found.start()].split()) if found else None


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
    before = [found for text in texts if (found := before_list(text)) is not None]
    ahead = f"{median(before):.0f}" if before else "none"
    return f"{kind:<34}{len(texts):>8}{median(lengths):>8.0f}{max(lengths):>6}{ahead:>13}{grade(texts):>7.1f}"


def main() -> int:
    kinds: dict[str, list[str]] = {}
    for letter in samples():
        kinds.setdefault(letter.values.name, []).append(body(render(letter, OFFICE, TEMPLATES).text))
    every = [text for texts in kinds.values() for text in texts]
    rows = [row(kind, texts) for kind, texts in sorted(kinds.items())]
    sys.stdout.write("".join(f"{one}\n" for one in (HEAD, *rows, row("all", every))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
