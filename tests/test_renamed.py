"""No code knows a policy: with every id, title and name in it changed, and posts called by other names, every story of
that policy plays as before.

Names are turned letter by letter (ROT13), so that a story that looks for part of a name looks for the same part. What
people type stays: the phrases of subjects, the fields of forms.
"""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.cli.rehearsal import rehearse, story
from bot.rules.directory import ROLES
from bot.settings import settings

ROOT = Path(__file__).parents[1]
FOLDERS = ("tests/stories", "tests/walks", "config/demo")
STORIES = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.yaml"))
NAMES = ("title", "partnership", "name")
#: Where a story says which stage, form or policy it means.
MEANT = ("stage", "policy", "form", "note")


def turned(name: str) -> str:
    return codecs.encode(name, "rot13")


def document(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(path.read_text("utf-8"))
    return found


def written(value: Any) -> str:
    text, yaml = io.StringIO(), YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.dump(value, text)
    return text.getvalue()


def walked(value: Any, change: Callable[[str, str], str], key: str = "") -> Any:
    """The same shape with every text changed; `change` is told the key that it stands under."""
    if isinstance(value, dict):
        return {name: walked(inner, change, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [walked(inner, change, key) for inner in value]
    return change(key, value) if isinstance(value, str) else value


def texts_of(value: Any, *keys: str) -> Iterator[str]:
    """Every text that stands under one of these keys."""
    found: list[str] = []
    walked(value, lambda key, text: found.append(text) or text if key in keys else text)  # type: ignore[func-returns-value]
    return iter(found)


class Renaming:
    """Every policy under other names; what one takes from another is called so in both."""

    def __init__(self, of: settings.Settings) -> None:
        raw = {policy: document(ROOT / f"config/policies/{policy}.yaml") for policy in of.policies}
        everything = list(raw.values())
        fields = {field["id"] for one in everything for form in one.get("forms", ()) for field in form["fields"]}
        self.ids = set(texts_of(everything, "id")) - fields  # a form's fields are called as its template calls them
        self.names = sorted(set(texts_of(everything, *NAMES)), key=len, reverse=True)
        self.posts = {role: f"post {n}" for n, role in enumerate(ROLES)}
        labels = {label: role for role, label in self.posts.items()}
        self.texts = {name: text for name, text in of.texts.items() if not name.startswith("policies/")}
        for policy, one in raw.items():
            changed = walked(one, self._in_policy) | {"roles": labels | one.get("roles", {})}
            self.texts[f"policies/{turned(policy)}.yaml"] = written(changed)
            self.texts["bot.yaml"] = self.texts["bot.yaml"].replace(
                f"policy: {policy}\n", f"policy: {turned(policy)}\n"
            )

    def _in_policy(self, key: str, text: str) -> str:
        if key in NAMES:
            return turned(text)
        if text in self.posts and key != "sector":
            return self.posts[text]
        if key == "prefill":  # such as raising.step-1: what of a case fills a field
            return ".".join(turned(part) if part in self.ids else part for part in text.split("."))
        return turned(text) if text in self.ids else text

    def story(self, path: Path) -> story.Story:
        """The story as it would be told of the renamed policy."""
        told = document(path)
        told |= {key: walked(told.get(key, []), self._in_story) for key in ("mail", "expect", "never", "inbox")}
        told["policy"] = self._in_story("policy", told["policy"])
        return story.Story.model_validate({**told, "path": path})

    def _in_story(self, key: str, text: str) -> str:
        if key in MEANT and text in self.ids:
            return turned(text)
        if key == "flags" and text.partition(":")[2] in self.ids:
            flag, _, meant = text.partition(":")
            return f"{flag}:{turned(meant)}"
        if key == "name":  # of an attachment, which holds the form's id
            return next((text.replace(f"-{i}.", f"-{turned(i)}.") for i in self.ids if f"-{i}." in text), text)
        if key not in ("contains", "lacks"):
            return text
        if len(text) > 10 and any(text in name for name in self.names):  # not a word such as MASH
            return turned(text)
        for name in self.names:
            text = text.replace(name, turned(name))
        return text


@pytest.fixture(scope="module")
def renamed() -> tuple[Renaming, settings.Settings]:
    shipped = settings.load(ROOT / "config", dict(os.environ))
    one = Renaming(shipped)
    return one, settings.from_texts(shipped.root, one.texts, dict(os.environ))


@pytest.mark.parametrize("path", [p for p in STORIES if "\nexpect:" in p.read_text("utf-8")], ids=lambda p: p.stem)
def test_a_story_plays_under_other_names(path: Path, renamed: tuple[Renaming, settings.Settings]) -> None:
    """Every id, title, name and post of every policy is another, and every expectation holds."""
    one, of = renamed
    assert rehearse.rehearse(one.story(path), of).faults == ()
