"""Whom somebody means by a name: rank and title do not matter, the whole name does, and a near one is only offered."""

import pytest

from bot.rules.directory import Row
from bot.rules.named import named, near

ROWS = tuple(
    Row("XX", "director", f"{n}@x.example", name=name, aliases=("mary@y.example",) if n == "mary" else ())
    for n, name in {
        "crane": "Det Ch Supt Olive Crane",
        "ann": "Ann Evans",
        "mary": "Mary Ann Evans",
        "dean": "Dr Dean",
        "chair": "The Chair",
        "nameless": "",
    }.items()
)


@pytest.mark.parametrize(
    ("words", "whom"),
    [
        ("Olive Crane", ["crane"]),
        ("Superintendent Olive Crane, please", ["crane"]),
        ("OLIVE CRANE <crane@x.example>", ["crane"]),
        ("Crane", []),
        ("Oliver Crane", []),
        ("Ann Evans", ["ann"]),
        ("Ms Mary Ann Evans", ["mary"]),
        ("mary@y.example", ["mary"]),
        ("Dr Dean", ["dean"]),
        ("Dean", []),
        ("the chair", ["chair"]),
        ("", []),
    ],
)
def test_a_name_is_somebodys_whole(words: str, whom: list[str]) -> None:
    """Less rank and title; of two names that hold one another the longer one is meant."""
    assert [row.email.partition("@")[0] for row in named(words, ROWS)] == whom


@pytest.mark.parametrize(
    ("words", "whom"),
    [
        ("Oliver Crane", ["crane"]),
        ("Supt Crane", ["crane"]),
        ("Anne Evans", ["ann", "mary"]),
        ("Zoe Zebra", []),
        ("", []),
    ],
)
def test_a_near_name_is_offered(words: str, whom: list[str]) -> None:
    """A slip of the pen, or the surname alone; nobody who has nothing of it."""
    assert [row.email.partition("@")[0] for row in near(words, ROWS)] == whom
