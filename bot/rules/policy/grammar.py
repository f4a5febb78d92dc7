"""The small grammars of a policy file: what one value may be, whatever block it stands in.

They turn a person's words ("5 working days", "half way", "08:30-17:00") into values or say in one sentence what to
write instead. Nothing here knows a block, a stage or a partnership; sentences about several values are found in
file.py.
"""

from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from bot.model import Unit, Window
from bot.rules.directory import ROLES, SECTORS, role_code
from bot.rules.policy.yaml_file import nearest, nearest_of
from bot.rules.written import parse_window


def a_window(value: Any, info: ValidationInfo) -> Any:
    """A window with its unit, or the policy's own word for one, as its `unit_aliases` block maps it."""
    if value is None or isinstance(value, (dict, list)):
        raise ValueError("write a window with its unit, such as 5 working days or 24 hours")
    if not isinstance(value, str):
        return value
    context = info.context or {}
    return meant(value, context.get("aliases", {}), zero=context.get("kept", False))


def a_length(value: Any, info: ValidationInfo) -> Any:
    """A window that may be none at all: days that are used, and were not."""
    return a_window(value, info) if value != "0 working days" else Window(0, Unit.WORKING_DAYS)


def meant(text: str, aliases: Mapping[str, str], *, zero: bool = False) -> Window:
    """The window these words are in this policy: `aliases` are its own ("48 hours": "2 working days").

    `zero`: no time at all may stand here, as it might in a text that a case keeps. Raises ValueError.
    """
    return parse_window({_plain(key): value for key, value in aliases.items()}.get(_plain(text), text), zero=zero)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _role(value: str, info: ValidationInfo) -> str:
    """A role of the vocabulary, a document's own title for one, as the policy's `roles` block maps it, or a role of the
    policy's own, as its `titles` name it."""
    context = info.context or {}
    mapped: dict[str, str] = context.get("roles", {})
    own: tuple[str, ...] = context.get("titles", ())
    role = role_code(mapped.get(value, value))
    if role in ROLES or role in map(role_code, own):
        return role
    near = nearest_of(value, (*ROLES, *mapped, *own))
    said = f"unknown role {value}{f'; did you mean {near}?' if near else ''}"
    if value in mapped or value == value.lower():
        raise ValueError(said)  # a slip, not a title
    code = role_code(mapped.get(near, near)) or "chair"
    advice = f"Say which it is under `roles`, {{{value}: {code}}}, or make it one under `titles`"
    raise ValueError(f"{said}{'' if near else '.'} {advice}")


def a_title(value: str) -> str:
    """A role of the policy's own. Raises ValueError."""
    if not all(part.isalnum() for part in value.replace("-", " ").replace("_", " ").split()) or not value.strip():
        raise ValueError("write a title in words, such as Conference Chair")
    if role_code(value) in ROLES:
        raise ValueError(f"{value} is a role already: leave it out here")
    return value


def _sector(value: str) -> str:
    if value not in SECTORS:
        raise ValueError(f"unknown sector {value}{nearest(value, SECTORS)}")
    return value


def listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def span(value: str) -> str:
    """ "08:30-17:00", as the emergency block and quiet hours write it."""
    ends = value.replace(".", ":").split("-")
    if len(ends) != 2:
        raise ValueError("write hours such as 08:30-17:00")
    try:
        for end in ends:
            time.fromisoformat(end.strip())
    except ValueError:
        raise ValueError("write hours such as 08:30-17:00") from None
    return value


def _span_or_none(value: str) -> str:
    return span(value) if value else value


def _chase(value: str) -> str:
    """A reminder's place: "half way", "4 hours before", "1 working day after opening"."""
    text = value.strip().lower()
    if text == "half way":
        return value
    for ending in (" before", " after opening"):
        if text.endswith(ending):
            parse_window(text.removesuffix(ending))
            return value
    raise ValueError("write `half way`, `<time> before` or `<time> after opening`, such as 1 working day before")


def _iso_date(value: str) -> str:
    if value:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ValueError("write a date such as 2027-01-31") from None
    return value


def _some_text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


AWindow = Annotated[Window, BeforeValidator(a_window)]
ALength = Annotated[Window, BeforeValidator(a_length)]
Role = Annotated[str, AfterValidator(_role)]
Sector = Annotated[str, AfterValidator(_sector)]
Sectors = Annotated[tuple[Sector, ...], BeforeValidator(listed), Field(min_length=1)]
Roles = Annotated[tuple[Role, ...], BeforeValidator(listed), Field(min_length=1)]
Words = Annotated[tuple[str, ...], BeforeValidator(listed)]
AnyRoles = Annotated[tuple[Role, ...], BeforeValidator(listed)]
Text = Annotated[str, AfterValidator(_some_text)]
Titles = Annotated[tuple[Annotated[str, AfterValidator(a_title)], ...], BeforeValidator(listed)]
Day = Annotated[str, AfterValidator(_iso_date)]
Span = Annotated[str, AfterValidator(span)]
SpanOrNone = Annotated[str, AfterValidator(_span_or_none)]
Chase = Annotated[str, AfterValidator(_chase)]
