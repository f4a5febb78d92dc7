"""The whole engine is killed by SIGKILL wherever it commits or writes; the next life loses nothing and doubles nothing.

The places are found by a dry run over a scripted week. Each is tried at the first and at the last time it is passed.
"""

from __future__ import annotations

import ast
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kill.engine import End, end, live
from tests.kill.forks import FORKS

ROOMS = (
    "reading/intake.py", "alarms.py", "sending/sender.py", "sending/unknown.py", "turn.py", "digest.py", "expiry.py",
    "reading/place.py", "reading/receiving.py", "reading/aside.py", "flood.py", "strangers.py", "reading/pen/undo.py",
    "contacts/nightly.py", "contacts/quarter.py",
)  # fmt: skip
PLACES = frozenset(
    {
        "intake.entering", "intake.entered", "intake.fetch", "intake.fetched", "intake.receiving", "intake.received",
        "turn.save", "intake.disposing", "intake.disposed",
        "alarms.claimed", "alarms.answering",
        "alarms.answered", "digest.posting", "digest.posted", "sender.claim.before", "sender.claim.after",
        "sender.in_data.before", "sender.in_data.after", "maildir.rename.before", "maildir.rename.after",
        "sender.sent.before", "sender.sent.after",
        "flood.freeing", "flood.freed", "strangers.freeing", "strangers.freed",
        "nightly.posting", "nightly.posted", "quarter.posting", "quarter.posted",
        "undo.forgetting", "undo.forgot",
    }
)  # fmt: skip


def life(folder: Path, failpoint: str = "", log: Path | None = None) -> int | None:
    """One life in a process of its own; its exit code."""
    process = FORKS.Process(target=_live, args=(folder, failpoint, str(log or "")))
    process.start()
    process.join(60)
    return process.exitcode


def _live(folder: Path, failpoint: str, log: str) -> None:
    if log:
        os.environ["CHALLENGE_BOT_FAILPOINTS_LOG"] = log
    live(folder, failpoint)


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Counter[str], End]]:
    """How often each place is passed in an undisturbed life, and what that life leaves."""
    folder = tmp_path_factory.mktemp("undisturbed")
    log = folder / "places"
    assert life(folder, "list", log) == 0
    yield Counter(log.read_text().split()), end(folder)


def test_undisturbed_life_is_worth_being_killed_in(passed: tuple[Counter[str], End]) -> None:
    """It opens, chases, escalates, is answered and files; every letter has one copy and the journal verifies."""
    places, undisturbed = passed
    assert set(places) == PLACES
    raised, strangers = undisturbed.cases[:2], undisturbed.cases[2:]
    assert [c[1:] for c in raised] == [("closed", "step-2", "resolved"), ("closed", "frontline", "withdrawn")]
    assert [c[1] for c in strangers] == ["provisional"] * 6
    kinds = {one[0] for one in undisturbed.letters}
    assert {"acknowledgement", "notice", "redirect", "chaser", "escalation", "response", "question"} <= kinds
    assert {"outcome", "record", "digest"} <= kinds
    assert set(undisturbed.copies) == {1}
    assert len(undisturbed.copies) == len(undisturbed.letters)
    assert (undisturbed.unfinished, undisturbed.faults) == ((), ())
    assert [what for what, _ in undisturbed.mails].count("case") == 7 + 11 + 6


@pytest.mark.timeout(300)
@pytest.mark.parametrize("which", ["first", "last"])
@pytest.mark.parametrize("place", sorted(PLACES))
def test_killed_at(place: str, which: str, passed: tuple[Counter[str], End], tmp_path: Path) -> None:
    """Cases, facts, mails and letters are those of the undisturbed life; each letter lies there once."""
    places, undisturbed = passed
    nth = 1 if which == "first" else places[place]
    assert life(tmp_path, f"{place}:{nth}") == -signal.SIGKILL
    assert life(tmp_path) == 0
    assert end(tmp_path) == undisturbed


@pytest.mark.parametrize("room", ROOMS)
def test_every_commit_has_a_place_before_and_after(room: str) -> None:
    """A transaction without a failpoint inside it and one behind it could not be cut short by a test."""
    path = Path(__file__).parents[2] / "bot" / "engine" / room
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        points = [
            node.lineno for node in ast.walk(function) if isinstance(node, ast.Call) and _calls(node, "failpoint")
        ]
        for node in ast.walk(function):
            if isinstance(node, ast.With) and any(_calls(item.context_expr, "begin") for item in node.items):
                last = node.end_lineno or node.lineno
                assert any(node.lineno < line <= last for line in points), f"{room}:{node.lineno} has none before"
                assert any(last < line for line in points), f"{room}:{node.lineno} has none after"


def _calls(node: ast.AST, name: str) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return (isinstance(called, ast.Name) and called.id == name) or (
        isinstance(called, ast.Attribute) and called.attr == name
    )
