"""`fleet status`: each cell as its own `status` says, in one table, from any folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import operator
from tests.operator import command, done, rows


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """Two cells with a folder each, in which a pass was made."""
    for name in ("cheshire", "cumberland"):
        done(operator.folder(tmp_path / "cells" / name), "once")
    return tmp_path / "cells"


def test_a_table_of_cells(cells: Path, tmp_path: Path) -> None:
    """One line a cell with its open cases and mailboxes; all is well, and it ends with 0. Each cell's paths count from
    its own folder."""
    operator.drop(cells / "cheshire")
    done(cells / "cheshire", "once")
    said = done(tmp_path, "fleet", "status", cells).splitlines()
    assert [line.split()[0] for line in said] == ["cell", "cheshire", "cumberland"]
    assert all(line.rstrip().endswith("Nothing has stopped.") for line in said[1:])
    found = rows(tmp_path, "fleet", "status", cells / "cheshire/config", cells / "cumberland/config")
    assert [(row["cell"], row["open"], row["mailboxes"], row["mode"], row["ok"]) for row in found] == [
        ("cheshire", 1, 8, "live", True),
        ("cumberland", 0, 8, "live", True),
    ]
    alone = rows(cells / "cheshire", "status")[0]
    assert {name: found[0][name] for name in ("version", "heartbeat", "stopped")} == {
        name: alone[name] for name in ("version", "heartbeat", "stopped")
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells"]


def test_a_cell_that_stopped_is_named(cells: Path, tmp_path: Path) -> None:
    """What has stopped stands in its line, and how much more; it ends with 1. The others are asked all the same."""
    broken = cells / "cheshire/var/mail/cmt4"
    for path in sorted(broken.rglob("*"), reverse=True):
        path.rmdir()
    (broken / "what").write_text("no mail")
    assert command(cells / "cheshire", "once").returncode == 1
    ran = command(tmp_path, "fleet", "status", cells)
    assert ran.returncode == 1
    said = " ".join(ran.stdout.split())  # a long line goes on below itself
    assert "mailbox SW Care Management Team 4 cannot be read" in said.partition("cumberland")[0]
    assert said.endswith("Nothing has stopped.")


def test_a_cell_that_cannot_be_read_is_named(cells: Path, tmp_path: Path) -> None:
    """A configuration with a fault is told with its line and ends with 2; a cell that never ran has stopped."""
    (cells / "cheshire/config/bot.yaml").write_text("{", "utf-8")
    operator.folder(cells / "salford")
    ran = command(tmp_path, "fleet", "status", cells, "--json")
    assert ran.returncode == 2
    found = {row["cell"]: row for row in map(json.loads, ran.stdout.splitlines())}
    assert "bot.yaml:" in found["cheshire"]["stopped"][0]
    assert [found[name]["exit"] for name in ("cheshire", "cumberland", "salford")] == [2, 0, 1]
    assert "there is no database" in found["salford"]["stopped"][0]


def test_each_cell_has_its_own_secrets(cells: Path, tmp_path: Path) -> None:
    """`${NAME}` is the file of that name in the cell's `secrets/`, as the unit gives it to the daemon; the daemon's
    folder may lie elsewhere."""
    config, home = cells / "cheshire/config", tmp_path / "homes/config"
    bot = config / "bot.yaml"
    bot.write_text(bot.read_text("utf-8").replace("sqlite:///var/bot.db", "sqlite:///var/${FILE}"), "utf-8")
    (config / "secrets").mkdir(0o700)
    (config / "secrets/FILE").write_text("bot.db\n", "utf-8")
    (tmp_path / "homes").mkdir()
    (cells / "cheshire/var").rename(tmp_path / "var")
    home.with_name("cheshire").mkdir()
    (tmp_path / "var").rename(home.with_name("cheshire") / "var")
    (row,) = rows(tmp_path, "fleet", "status", config, "--homes", tmp_path / "homes")
    assert (row["ok"], row["open"]) == (True, 0)


def test_the_unit_of_a_cell_is_the_one_that_stands_alone() -> None:
    """Its rights and limits are the same; user, folders and secrets are the cell's own."""

    def lines(name: str) -> list[str]:
        text = (operator.HOUSE / "docs" / name).read_text("utf-8")
        return [line for line in text.splitlines() if not line.startswith("#")]

    pairs = list(zip(lines("challenge-bot.service"), lines("challenge-bot@.service"), strict=True))
    own = [one.partition("=")[0] for one, cell in pairs if one != cell]
    named = ["Description", "ExecStart", "User", "Group", "WorkingDirectory", "StateDirectory", "LoadCredential"]
    assert own == named
    assert all("%i" in cell for one, cell in pairs if one != cell)


def test_a_folder_without_cells_is_a_sentence(tmp_path: Path) -> None:
    """It says what to give."""
    ran = command(tmp_path, "fleet", "status", tmp_path)
    assert ran.returncode == 1
    assert "holds no configuration: give the folder of a cell" in ran.stderr
