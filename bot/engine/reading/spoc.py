"""A change of who answers, told by the business unit in words: read, put to the operator, and never made here.

The directory is the operator's file. What was read goes back to the unit in the same minute, so that either can say
that it was read wrongly; letters go to whom the file names until the operator has changed it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import re2

from bot.mail.words.brought import addresses
from bot.model import Contact
from bot.rules.directory import ROLES, Directory

_CHANGES = re2.compile(r"(?i)\b(?:is now|are now|will be|changes? to|replaced by|instead of|has left|from now on)\b")
_NAME = re2.compile(r"(?i:\b(?:is now|are now|will be|changes? to|replaced by)\b)[\s:]*([^,;<(\n@]{3,60})")
_AT = re2.compile(r"\S+@\S+")


@dataclass(frozen=True, slots=True)
class Change:
    """What the words say: "" and () for what they do not. `now`: who holds the role today."""

    team: str
    role: str
    name: str
    email: str
    now: tuple[Contact, ...]

    def lines(self) -> Iterator[str]:
        """What was read, a sentence each."""
        before = ", ".join(f"{one} ({one.email})" for one in self.now) or "nobody"
        yield f"Team: {self.team or 'none named'}. Role: {self.role.replace('_', ' ') or 'none named'}"
        yield f"Today: {before}. From now on: {self.name or 'no name'} ({self.email or 'no address'})"

    @property
    def missing(self) -> tuple[str, ...]:
        named = (("the team", self.team), ("the role", self.role), ("the address", self.email))
        return tuple(what for what, value in named if not value)


def is_change(note: str) -> bool:
    """Whether the words behind SPOC tell of a change, and do not only ask."""
    return bool(_CHANGES.search(note)) or bool(addresses(note))


def change(directory: Directory, area: str, note: str) -> Change:
    """What the words say of an area. The longest team and role that stand in them count."""
    said = " ".join(note.casefold().replace("-", " ").split())
    team = max((t for t in directory.teams(area) if t.casefold() in said), key=len, default="")
    role = max((r for r in ROLES if r.replace("_", " ") in said), key=len, default="")
    if not role and team and "manager" in said:
        role = "line_manager"
    found = _NAME.search(_AT.sub("", note))
    email = next(iter(addresses(note)), "")
    agency = directory.agency_of_team(team, area) if team else ""
    now = directory.holders(role, area, agency, team) if role else ()
    return Change(team, role, found.group(1).strip(" .") if found else "", email, now)
