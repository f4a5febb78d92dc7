"""The policy matrix: every value of a shipped policy, what its document says, and the story that shows it.

tests/matrix/rows.yaml is the table: a row names the policy's value (`at`, `is`), where the document says so, and what
shows it: a story of tests/, or a test. A row with a story is tried: its value is changed in the policy file, and the
story must then fail, or the file be refused.
"""

from __future__ import annotations

import copy
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from bot.cli.rehearsal import rehearse, story
from bot.model import Unit
from bot.model.errors import ConfigError
from bot.rules import book
from bot.rules.directory import ROLES
from bot.rules.policy.blocks import Emergency
from bot.rules.written import parse_window
from bot.settings import settings

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
MATRIX = TESTS / "matrix"
POLICIES = sorted(path.stem for path in (ROOT / "config/policies").glob("*.yaml"))

#: What names a thing and decides nothing: another test renames them all and every story still passes.
NAMES = {"id", "title", "version", "partnership", "source", "name", "fixed_words", "review_by", "note", "heading"}


#: The value of a row that stands for a whole block, which its test holds word for word.
WHOLE = object()


@dataclass(frozen=True)
class Row:
    """One line of the matrix; `at` is "" for behaviour that stands in no single value."""

    policy: str
    says: str
    document: str
    at: str
    value: Any
    instead: Any
    stories: tuple[str, ...]
    tests: tuple[str, ...]
    is_number: bool

    def __str__(self) -> str:
        return f"{self.policy} {self.at or self.says}"


def listed(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def table() -> Iterator[Row]:
    for policy, rows in YAML(typ="safe").load((MATRIX / "rows.yaml").read_text("utf-8")).items():
        for row in rows:
            shown = (listed(row.get("story")), listed(row.get("test")), row.get("check") == "numbers")
            yield Row(policy, row["row"], row["from"], row.get("at", ""), row.get("is", WHOLE), row.get("else"), *shown)


ROWS = tuple(table())


@pytest.fixture(scope="module")
def shipped() -> settings.Settings:
    return settings.load(ROOT / "config", dict(os.environ))


def document(policy: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load((ROOT / f"config/policies/{policy}.yaml").read_text("utf-8"))
    return found


# --- values by their path ---------------------------------------------------------------------------------------------


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """(path, value) of every value, with an item's own id in place of its number."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, str(key)))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for n, inner in enumerate(value):
            yield from leaves(inner, (*path, str(inner.get("id", n))))
    else:
        yield ".".join(path), value


def holder(value: Any, path: str) -> tuple[Any, Any]:
    """The block that holds the value, and its key there."""
    *steps, last = path.split(".")
    for step in steps:
        value = value[place(value, step)]
    return value, place(value, last)


def place(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return next(key for key in value if str(key) == step)
    return next(n for n, item in enumerate(value) if str(item.get("id", n)) == step)


def another(value: Any, key: str) -> Any:
    """A value of the same kind that says something else."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, list):
        return value[1:] if len(value) > 1 else [f"another {value[0]}"]
    if value in ROLES:
        return "agency_inbox"
    try:
        window = parse_window(value)
    except ValueError:
        return f"another {value}"
    fewer = max(1, window.n - 1) if window.n > 1 else 2
    unit = {Unit.HOURS: "hours", Unit.WORKING_DAYS: "working days"}.get(window.unit, "days")
    return f"{fewer} {unit}"


def changed(row: Row, of: settings.Settings) -> settings.Settings | None:
    """The configuration with this row's value changed; None where the file is then refused, which is as good."""
    value = copy.deepcopy(document(row.policy))
    block, key = holder(value, row.at)
    if row.instead == "none":
        del block[key]
    else:
        block[key] = another(row.value, str(key)) if row.instead is None else row.instead
    text, yaml = io.StringIO(), YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.dump(value, text)
    texts = {**of.texts, f"policies/{row.policy}.yaml": text.getvalue()}
    try:
        return settings.from_texts(of.root, texts, dict(os.environ))
    except ConfigError:
        return None


# --- the table itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_row_says_what_the_policy_says_and_is_shown(row: Row) -> None:
    """It has a story, a test or the table of numbers, which exist; its value is the policy file's."""
    assert row.document, f"{row}: where does the document say so?"
    assert row.stories or row.tests or row.is_number, f"{row}: nothing shows it"
    for name in row.stories:
        assert (TESTS / f"{name}.yaml").is_file(), f"{row}: there is no story {name}"
    for name in row.tests:
        file, _, test = name.partition("::")
        assert f"def {test}(" in (ROOT / file).read_text("utf-8"), f"{row}: there is no test {name}"
    if row.at:
        block, key = holder(document(row.policy), row.at)
        assert row.value is WHOLE or block[key] == row.value


@pytest.mark.parametrize("policy", POLICIES)
def test_every_value_of_a_policy_has_its_row(policy: str) -> None:
    """Whatever a policy file says stands in the matrix, but for names."""
    known = [row.at for row in ROWS if row.policy == policy and row.at]
    missing = [
        path
        for path, _ in leaves(document(policy))
        if path.rsplit(".", 1)[-1] not in NAMES
        if not any(path == at or path.startswith(f"{at}.") for at in known)
    ]
    assert missing == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.at and row.stories], ids=str)
def test_a_changed_value_turns_its_story_red(row: Row, shipped: settings.Settings) -> None:
    """With another value in the policy file a story of this row fails, or the file is refused."""
    other = changed(row, shipped)
    noticed = other is None or any(is_red(name, other) for name in row.stories)
    assert noticed, f"{row}: no story notices {row.instead or 'another value'}"


def is_red(name: str, of: settings.Settings) -> bool:
    """Whether a story fails under this configuration, or its directory has nobody for it."""
    try:
        return bool(rehearse.rehearse(story.load(TESTS / f"{name}.yaml"), of).faults)
    except (ConfigError, KeyError):  # KeyError: of a stage that is not there, which a file with it would be refused for
        return True


# --- numbers ----------------------------------------------------------------------------------------------------------

NUMBERS: dict[str, dict[str, dict[str, str]]] = YAML(typ="safe").load((MATRIX / "numbers.yaml").read_text("utf-8"))
MONDAY = date(2027, 1, 11)


def edges(line: dict[str, str], zone: ZoneInfo) -> Iterator[tuple[datetime, str]]:
    """(instant, number to ring): a week's opening and closing minutes, and the weekend."""
    for n in range(5):
        opens, closes = (time.fromisoformat(end) for end in line["friday" if n == 4 else "week"].split("-"))
        start, end = (datetime.combine(MONDAY + timedelta(days=n), at, zone) for at in (opens, closes))
        minute = timedelta(minutes=1)
        yield from ((start - minute, line["night"]), (start, line["day"]), (end - minute, line["day"]))
        yield end, line["night"]
    yield datetime.combine(MONDAY + timedelta(days=5), time(12), zone), line["night"]


def wrong_numbers(of: settings.Settings, policy: str) -> list[str]:
    """Minutes of the table at which this configuration names another number."""
    return [
        f"{area} {at}: {number}"
        for area, line in NUMBERS[policy].items()
        for at, number in edges(line, of.calendar.zone)
        if number not in to_ring(of.policies[policy].emergency[area], at, of) or not said(of, policy, area, number)
    ]


def to_ring(block: Emergency, at: datetime, of: settings.Settings) -> str:
    """Who answers at that minute."""
    return (block.front_door if book.is_open(block.front_door, at, of.calendar) else block.out_of_hours).phone


def said(of: settings.Settings, policy: str, area: str, number: str) -> bool:
    """Whether the box of every letter says it."""
    return f"on {number}" in book.box(of.policies[policy].emergency[area])


@pytest.mark.parametrize("policy", POLICIES)
def test_the_right_number_stands_for_area_day_and_hour(policy: str, shipped: settings.Settings) -> None:
    """Until the last minute of each weekday's office hours the front door, from then on the number out of hours."""
    own = shipped.policies[policy]
    assert set(NUMBERS[policy]) == set(own.areas or own.emergency)
    assert wrong_numbers(shipped, policy) == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_number], ids=str)
def test_a_changed_number_or_hour_is_noticed(row: Row, shipped: settings.Settings) -> None:
    """With another number, or hours that begin or end at another minute, the table of numbers no longer holds."""
    for path, value in leaves(document(row.policy)):
        if not path.startswith(f"{row.at}.") or path.rsplit(".", 1)[-1] in ("name", "text"):
            continue
        opens, _, closes = value.partition("-")
        others = [f"{opens}-16:15", f"08:15-{closes}"] if ".hours." in path else [f"9{value}"]
        for other in others:
            made = changed(replace(row, at=path, value=value, instead=other), shipped)
            assert made is None or wrong_numbers(made, row.policy), f"{path}: nobody notices {other}"
