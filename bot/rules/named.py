"""Whom somebody means by a name: the directory's people by name or address, with or without rank and title.

Only a name that stands there whole is somebody; one that is nearly theirs is offered and never taken. It knows no case
and no policy.
"""

from collections.abc import Iterable
from difflib import get_close_matches

from bot.rules.directory import Row

#: What stands before a name and belongs to no name.
TITLES = frozenset(
    {
        "acting", "a/supt", "ch", "chief", "cllr", "councillor", "constable", "cst", "dame", "dc", "dci", "dcs",
        "dcsupt", "det", "detective", "di", "dr", "ds", "dsgt", "dsu", "dsupt", "insp", "inspector", "judge", "lady",
        "lord", "miss", "mr", "mrs", "ms", "mx", "nurse", "pc", "prof", "professor", "ps", "rev", "revd", "reverend",
        "sergeant", "sgt", "sir", "sister", "supt", "superintendent", "t/supt", "temporary",
    }
)  # fmt: skip
#: How many are offered.
MOST = 3


def named(words: str, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Whoever these words name by address or by name, one row each; of names that hold one another the longest."""
    said, rows = _plain(words), tuple(rows)
    by_address = {row.email: row for row in rows if any(one in said.split() for one in row.addresses)}
    if by_address:
        return tuple(by_address.values())
    found = {row.email: row for row in rows if row.name and f" {_name(row)} " in f" {said} "}
    longest = max((len(_name(row)) for row in found.values()), default=0)
    return tuple(row for row in found.values() if len(_name(row)) == longest)


def near(words: str, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Whose name is nearly what these words say, or who has the last of them for a surname; the nearest first."""
    known = {_name(row): row for row in reversed(tuple(rows)) if row.name}
    said = _without_title(_plain(words))
    close = get_close_matches(said, known, MOST, 0.75)
    same = [name for name in known if said and name.split()[-1] == said.split()[-1]]
    return tuple(known[name] for name in dict.fromkeys((*close, *same)))[:MOST]


def _name(row: Row) -> str:
    return _without_title(_plain(row.name))


def _without_title(name: str) -> str:
    """Less every title before it; of two words both are the name."""
    words = name.split()
    while len(words) > 2 and words[0] in TITLES:
        words.pop(0)
    return " ".join(words)


def _plain(words: str) -> str:
    return " ".join(word.strip(" .,;:()<>[]\"'") for word in words.casefold().replace("<", " ").split())
