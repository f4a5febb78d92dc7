"""Asking the operator on a terminal: each answer judged at once, or taken from an option; and new files for answers.

Questions go to stderr, so that stdout holds what was asked for alone. Without anybody to ask, the default stands.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import typer

from bot.cli.output import complain
from bot.errors import BotError

T = TypeVar("T")


def ask(given: str, option: str, text: str, judge: Callable[[str], T], default: str | None = None) -> T:
    """The answer by option, else asked for until it can be used. Without anybody to ask, the default."""
    if given:
        return judged(given, option, judge)
    while True:
        typer.echo(f"{text}{f' [{default}]' if default is not None else ''}: ", nl=False, err=True)
        line = sys.stdin.readline()
        if not line and default is None:
            raise typer.BadParameter(f"nobody answered: {text}", param_hint=option)
        try:
            return judge(line.strip() or default or "")
        except ValueError as error:
            complain(f"That cannot be used: {error}.")
            if not line:
                raise typer.BadParameter(str(error), param_hint=option) from None


def judged(given: str, option: str, judge: Callable[[str], T]) -> T:
    """What an option gave, if it can be used. Raises typer.BadParameter."""
    try:
        return judge(given)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def one_of(given: str, option: str, text: str, known: tuple[str, ...]) -> str:
    """One of these words, the first unless another is given."""

    def judge(value: str) -> str:
        if value not in known:
            raise ValueError(f"say {' or '.join(known)}")
        return value

    return ask(given, option, f"{text} ({', '.join(known)})", judge, known[0])


def yes(given: bool | None, option: str, text: str) -> bool:
    """Yes, unless the answer is no."""

    def judge(value: str) -> bool:
        if value.lower() not in ("y", "yes", "n", "no"):
            raise ValueError("say y or n")
        return value.lower().startswith("y")

    return given if given is not None else ask("", option, text, judge, "y")


def write_new(path: Path, text: str) -> None:
    """Writes a file that is not there yet, for its owner alone. Raises BotError."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise BotError(f"{path} cannot be written: {error.strerror}") from None
