"""Two years of a team, whole, with every kind of fault; and that what a simulation says can be played again."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.simulate import oracle, twins
from tests.simulate.run import Result, play, shrink

HERE = Path(__file__).parent
#: What the oracle is made of; it may not ask the bot whether the bot is right.
OF_THE_ORACLE = ("oracle.py", "of_mail.py", "of_letters.py", "of_cases.py", "of_journal.py", "look.py", "calendar.py")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_team_s_year_holds_every_property(seed: int) -> None:
    """Ten challenges, three hundred mails and thirty faults: nothing is lost, early, doubled or told to the wrong."""
    result = play(seed)
    assert result.said == ""
    assert result.letters > 200
    assert result.faults > 10


def test_a_world_is_played_again_from_its_seed() -> None:
    """The same seed gives the same events, turns and letters: a violation can be looked at."""
    first, second = play(5, 0.1), play(5, 0.1)
    assert (first.events, first.turns, first.letters) == (second.events, second.turns, second.letters)


def test_what_fails_is_made_short() -> None:
    """Events that a failure does not need are left out, and those that it needs stay."""

    def again(dropped: frozenset[str]) -> Result:
        left = tuple(f"event-{n}" for n in range(40) if f"event-{n}" not in dropped)
        fails = {"event-7", "event-31"} <= set(left)
        return Result(1, 1.0, 7 if fails else -1, "", left, 0, 0, 0, 0, 0, 0, 0.0)

    shortest, _ = shrink(again(frozenset()), 30.0, again)
    assert shortest.events == ("event-7", "event-31")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("added", twins.ADDED)
def test_what_is_added_to_a_quiet_world_changes_nothing(added: str) -> None:
    """Crashes, mails that come twice and new daemons: the same cases end in the same way, by the same letters."""
    assert list(twins.differences(3, 0.15, added)) == []


def test_every_property_has_a_number_and_a_sentence() -> None:
    """All 25: those asked of one world, and those of two."""
    oracle.Oracle()
    asked = {*oracle.EACH, *oracle.LAST}
    assert asked | {number for number, _ in twins.ADDED.values()} == set(range(1, 26))
    assert all(function.__doc__ for function in (*oracle.EACH.values(), *oracle.LAST.values()))


@pytest.mark.parametrize("name", OF_THE_ORACLE)
def test_the_oracle_asks_nothing_of_the_bot(name: str) -> None:
    """It reads mailboxes, the sink and rows; what it is made of imports nothing of the bot, nor what would."""
    tree = ast.parse((HERE / name).read_text("utf-8"))
    named = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and not _is_for_types(tree, n)]
    modules = {n.module or "" for n in named}
    own = {f"tests.simulate.{one[:-3]}" for one in OF_THE_ORACLE} | {"tests.simulate.mails", "tests.simulate"}
    assert not [m for m in modules if m == "bot" or m.startswith("bot.")]
    assert {m for m in modules if m.startswith("tests")} <= own


def _is_for_types(tree: ast.Module, node: ast.AST) -> bool:
    """Whether it stands under `if TYPE_CHECKING`."""
    return any(
        isinstance(one, ast.If) and isinstance(one.test, ast.Name) and node in ast.walk(one) for one in ast.walk(tree)
    )
