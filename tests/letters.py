"""Letters for tests: the shipped samples, any letter of a kind, and what a letter's template is given."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from bot.letters.wording import shown_fields
from bot.model import Contact, Letter, LetterKind
from bot.model.letters import Standing, Wording
from bot.settings import samples as file

FOLDER = Path(__file__).parents[1] / "mail_templates"


@cache
def samples() -> tuple[Letter, ...]:
    """Those that ship beside the templates."""
    letters, faults = file.load((FOLDER / file.NAME).read_text(encoding="utf-8"), file.NAME)
    assert faults == ()
    return letters


def sample(kind: LetterKind, variant: str = "") -> Letter:
    return next(one for one in samples() if one.kind is kind and variant in ("", one.variant))


def of_kind(kind: LetterKind, occasion: str, *to: str, **more: Any) -> Letter:
    """A letter of no case, with the values of that kind's first sample."""
    return Letter(sample(kind).values, occasion, tuple(map(Contact, to)), **more)


def about(letter: Letter) -> dict[str, Any]:
    """What its template is given, but for what the renderer adds."""
    return {**(shown_fields(letter.standing) if letter.standing else {}), **shown_fields(letter.values)}


def changed(letter: Letter, **changes: Any) -> Letter:
    """The letter with other values, its own or of how the case stands."""
    own = {name: value for name, value in changes.items() if name in _names(letter.values)}
    rest = {name: value for name, value in changes.items() if name not in own}
    standing = replace(letter.standing, **rest) if rest and letter.standing else letter.standing
    return replace(letter, values=replace(letter.values, **own), standing=standing)


def _names(values: Wording | Standing) -> set[str]:
    return {field.name for field in fields(values)}
