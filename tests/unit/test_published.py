"""The public edition: no count from 1 to 4 follows from what it shows, for a reader who knows how it is made.

Small worlds are tried out whole: all that look the same once published are held together, and whatever is not shown
must be able to be something else, or be none, or five and more. Larger ones come from Hypothesis.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.records.report.published import HIDDEN, REST, SMALL, may_stand, periods, together

World = tuple[int, ...]
Looks = Iterable[tuple[object, dict[str, int]]]


def worlds(whole: int, cells: int) -> Iterator[World]:
    """Every way in which that many challenges fall into so many cells."""
    if cells == 1:
        yield (whole,)
        return
    for first in range(whole + 1):
        for rest in worlds(whole - first, cells - 1):
            yield (first, *rest)


def given_away(looks: Looks) -> list[tuple[object, str, int]]:
    """What a page gives away: (page, count, value) for each count that is from 1 to 4 in every world with that page."""
    seen: dict[object, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for page, counts in looks:
        for name, value in counts.items():
            seen[page][name].add(value)
    return [
        (page, name, min(values))
        for page, counts in seen.items()
        for name, values in counts.items()
        if len(values) == 1 and 0 < min(values) < SMALL
    ]


def sums(world: Sequence[int]) -> dict[str, int]:
    """Every cell, and every sum of some of them."""
    found = {}
    for size in range(1, len(world)):
        for some in combinations(range(len(world)), size):
            found[f"sum of {some}"] = sum(world[n] for n in some)
    return found


def rows(world: Sequence[int]) -> dict[tuple[str, str], int]:
    return {(f"row {n}", ""): count for n, count in enumerate(world) if count}


def marked(world: Sequence[int]) -> object:
    """A table that only marks its small cells, beside its total."""
    return (sum(world), *("under 5" if 0 < n < SMALL else n for n in world))


def smallest_joined(world: Sequence[int]) -> object:
    """A table that joins small cells until their sum is five, and no more."""
    ordered = sorted((n, name) for name, n in rows(world).items())
    small: list[int] = []
    while ordered and (ordered[0][0] < SMALL or 0 < sum(small) < SMALL):
        small.append(ordered.pop(0)[0])
    return (*sorted(ordered), sum(small))


def shown(world: Sequence[int]) -> object:
    return tuple(sorted(together(rows(world)).items()))


@pytest.mark.parametrize("way", [marked, smallest_joined])
def test_the_search_finds_what_other_ways_give_away(way: Callable[[Sequence[int]], object]) -> None:
    """To mark small cells, or to join just enough of them, is found out."""
    assert any(given_away((way(w), sums(w)) for w in worlds(whole, 3)) for whole in range(SMALL, 17))


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_no_small_count_follows_from_a_table(size: int) -> None:
    """Neither a row nor a sum of some rows, for who knows which rows there are and how they are joined."""
    for whole in range(SMALL, {2: 41, 3: 31, 4: 22, 5: 17}[size]):
        assert given_away((shown(w), sums(w)) for w in worlds(whole, size)) == []


@pytest.mark.parametrize("whole", range(SMALL, 17))
def test_no_small_count_follows_from_two_tables(whole: int) -> None:
    """Nor what a row of one and a row of the other have in common."""

    def looks() -> Looks:
        for world in worlds(whole, 6):
            first, second = (sum(world[:3]), sum(world[3:])), tuple(world[n] + world[n + 3] for n in range(3))
            parts: dict[str, int] = {f"first {n}": count for n, count in enumerate(first)}
            parts |= {f"second {n}": count for n, count in enumerate(second)}
            parts |= {f"both {n}": count for n, count in enumerate(world)}
            yield (shown(first), shown(second)), parts

    assert given_away(looks()) == []


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_no_quarter_follows_from_the_year_so_far(quarters: int) -> None:
    """Neither the quarter itself, nor what is left of the year beside it."""

    def looks() -> Looks:
        for each in product(range(8), repeat=quarters):
            rest = {"before it": sum(each[:-1])} | {f"quarter {n}": count for n, count in enumerate(each)}
            yield periods(each[-1:], each, (0,)), rest

    assert given_away(looks()) == []


def test_no_quarter_follows_from_the_year_beside_its_quarters() -> None:
    """Nor from the next year's edition, where all of them are published: neither a quarter, nor a sum of some."""

    def looks() -> Looks:
        for each in product(range(8), repeat=4):
            quarters = [periods(each[n - 1 : n], each[:n], (0,)) for n in range(1, 5)]
            yield (*quarters, periods(each, (0,)), periods((0,), each)), sums(each)

    assert given_away(looks()) == []


@given(st.dictionaries(st.tuples(st.sampled_from("ABCD"), st.sampled_from("EFGH")), st.integers(0, 40), min_size=1))
def test_each_row_is_five_and_more(counts: dict[Any, int]) -> None:
    """Nothing is lost, and what stands together has at least two possible values in each of its rows."""
    made = together(counts)
    assert sum(made.values()) == sum(counts.values())
    assert all(made[row] == counts[row] for row in made if row != REST)
    if sum(counts.values()) >= SMALL:
        assert all(n >= SMALL for n in made.values())
    if REST in made:
        joined = Counter(n for row, n in counts.items() if row not in made)
        assert not all(map(may_stand, joined))
        assert any(n >= SMALL for n in joined) or len(made) == 1


def test_what_may_not_stand_says_so() -> None:
    """Instead of its number."""
    assert periods((3,), (9, 3), (4,)) == (HIDDEN, HIDDEN, HIDDEN)
    assert periods((0,), (9, 0), (12,)) == (0, 9, 12)
    assert periods((6, 0, 5, 4), (6, 0, 5, 5)) == (HIDDEN, 16)
