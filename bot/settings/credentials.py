"""Secrets of a configuration: `${NAME}` from the environment, else from a systemd credential of that name.

A secret never stands in the file. It reads $CREDENTIALS_DIRECTORY/NAME and the environment handed in, nothing else, and
no message repeats a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from bot.model.errors import Problem

if TYPE_CHECKING:  # `deliver` fills in a name with no library but ours
    from bot.rules.policy.yaml_file import Document, Step

_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_.-]*)\}")

Where: TypeAlias = "tuple[Step, ...]"


def fill(document: Document, env: Mapping[str, str]) -> tuple[Document, tuple[Problem, ...]]:
    """The document with every `${NAME}` replaced; literal secrets and names that nobody set are faults."""
    problems: list[Problem] = []

    def inside(value: Any, path: Where) -> Any:
        if isinstance(value, dict):
            return {key: inside(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [inside(inner, (*path, n)) for n, inner in enumerate(value)]
        if not isinstance(value, str):
            return value
        if _is_literal_secret(value, path):
            advice = "put it in the environment or a systemd credential and write ${NAME} here"
            problems.append(document.problem(path, f"{document.name(path)} holds a secret: {advice}"))
        return _NAME.sub(lambda found: _look_up(found[1], path), value)

    def _look_up(name: str, path: Where) -> str:
        value = _known(name, env)
        if not value:
            text = f"{document.name(path)} needs {name}, which is neither in the environment nor a systemd credential"
            problems.append(document.problem(path, text))
        return value or f"${{{name}}}"  # so that what needs it does not call it missing a second time

    value = inside(document.value, ())
    return replace(document, value=value), tuple(problems)


def filled(text: str, env: Mapping[str, str]) -> str:
    """The text with every `${NAME}` that somebody set replaced; the others stay."""
    return _NAME.sub(lambda found: _known(found[1], env) or found[0], text)


def _known(name: str, env: Mapping[str, str]) -> str:
    return env.get(name) or _credential(name, env)


def _is_literal_secret(value: str, path: Where) -> bool:
    """A password or an app's secret written out: alone, or inside the database's address."""
    if path[-1:] in (("password",), ("client_secret",)):
        return bool(value) and not _NAME.fullmatch(value)
    if path == ("database",):
        try:
            password = urlsplit(_NAME.sub("", value)).password
        except ValueError:
            return False  # no address at all: its own fault is reported with its key
        return bool(password)
    return False


def _credential(name: str, env: Mapping[str, str]) -> str:
    folder = env.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return ""
    try:
        return (Path(folder) / name).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        return ""  # the caller says that nobody set it
