"""The documents keep to the program: every command, file, target and field they name is there, and none is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

from bot.case.said import cells
from bot.cli.main import app
from bot.cli.shown.flow import flow
from bot.mail.words import commands
from bot.model import State
from bot.rules import authority
from bot.rules.directory import ROLES
from bot.rules.policy import blocks as policy_blocks
from bot.rules.policy import file as policy_file
from bot.rules.policy import follow_up, policy
from bot.rules.policy import forms as policy_forms
from bot.settings.door import Door, OAuth

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text("utf-8")
POLICIES = (ROOT / "docs" / "policies.md").read_text("utf-8")
DOORS = (ROOT / "docs" / "doors.md").read_text("utf-8")
PARTS = [
    part
    for home in (policy_blocks, policy_forms, follow_up, policy)
    for part in vars(home).values()
    if isinstance(part, type) and issubclass(part, BaseModel) and part.__module__ == home.__name__
]


def known() -> set[str]:
    return set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_every_command_named_is_there(path: Path) -> None:
    """A reader can type each `challenge-bot ...` that a document shows."""
    named = set(re.findall(r"challenge-bot ([a-z]+)", path.read_text("utf-8")))
    assert named - known() - {"flow"} == set()


def test_the_readme_names_every_command() -> None:
    """And finds each command of the program in the README."""
    assert {name for name in known() if f"challenge-bot {name}" not in README and f"`{name} " not in README} - {
        name for name in known() if f"/ `{name}" in README or f"/ {name}" in README
    } == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    """Links to files lead to files."""
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_every_target_named_is_there(path: Path) -> None:
    """`make X` is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", path.read_text("utf-8"), re.MULTILINE)) - targets == set()


def promises() -> list[str]:
    """The bullets of what the README promises."""
    section = README.partition("## What it promises")[2].partition("\n## ")[0]
    return re.split(r"^\* ", section, flags=re.MULTILINE)[1:]


def test_every_promise_names_what_shows_it() -> None:
    """A command for each, and each word by which it chooses tests is the name of some."""
    assert [one[:60] for one in promises() if "*Shown by* `" not in one] == []
    paths = [*(ROOT / "tests").rglob("test_*.py")]
    names = {path.stem for path in paths} | {
        name for path in paths for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    chosen = re.findall(r"make test ONLY=(?:\"([^\"]+)\"|(\w+))", README)
    words = {word for quoted, bare in chosen for word in (quoted or bare).split(" or ")}
    assert len(words) > 10
    assert [word for word in words if not any(word in name for name in names)] == []


def test_the_picture_is_the_programs_own(capsys: pytest.CaptureFixture[str]) -> None:
    """The README's diagram is what `flow --mermaid` prints."""
    flow(mermaid=True, as_json=False)
    assert capsys.readouterr().out.strip() in README


@pytest.mark.parametrize("part", PARTS, ids=lambda p: p.__name__)
def test_every_field_of_a_policy_is_explained(part: type[BaseModel]) -> None:
    """A field that a policy file may have stands in the guide."""
    names = [field.alias or name for name, field in part.model_fields.items()]
    assert [name for name in names if f"`{name}`" not in POLICIES and f"`{name}." not in POLICIES] == []


@pytest.mark.parametrize("part", [Door, OAuth])
def test_every_field_of_a_door_is_explained(part: type[BaseModel]) -> None:
    """A field that a door may have stands in the page about doors."""
    assert [name for name in part.model_fields if f"`{name}`" not in DOORS] == []


def test_every_role_is_named() -> None:
    """The guide's roles are the program's."""
    assert [role for role in ROLES if f"`{role}`" not in POLICIES] == []


def test_the_example_policy_is_a_policy() -> None:
    """What the guide shows can be used as it stands."""
    example = re.search(r"```yaml\n(.*?)```", POLICIES, re.DOTALL)
    assert example is not None
    assert policy_file.load(example[1], "example.yaml")[1] == ()


def test_every_word_does_something() -> None:
    """No word is understood and then does nothing: each has a cell for every state."""
    assert {*commands.ALONE, *commands.WITH_NOTE} == set(cells.CELLS)
    assert all(set(row) == set(State) for row in cells.CELLS.values())


def test_the_words_of_the_business_unit_are_told_to_it() -> None:
    """The answer to HELP names every word that the business unit may send, but itself and the answers to a question."""
    told = (ROOT / "mail_templates" / "answer-help.txt.j2").read_text("utf-8")
    words = {word for word, one in authority.WORDS.items() if authority.Side.UNIT in one.sides}
    assert [word for word in sorted(words - {"HELP", "NO"}) if f'("{word}"' not in told] == []


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("doors-*.md")), ids=lambda p: p.stem)
def test_every_door_has_a_page_like_the_others(path: Path) -> None:
    """The overview leads to it, it tells what to set, and it ends with the sentences of bad days."""
    page = path.read_text("utf-8")
    assert f"]({path.name})" in (ROOT / "docs" / "doors.md").read_text("utf-8")
    assert "| key | means |" in page
    assert re.findall(r"^## (.*)$", page, re.MULTILINE)[-1] == "Bad days"
