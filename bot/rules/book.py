"""Rules: everything a decision may ask: one policy, the directory, the calendar, and who we are."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from bot.model import WEEKDAYS, Contact
from bot.rules.directory import Directory
from bot.rules.policy.blocks import Emergency, Phone
from bot.rules.policy.policy import Policy
from bot.rules.workdays import Calendar


class Mode(StrEnum):
    """Which letters of a mailbox's cases go."""

    LIVE = "live"
    APPROVE = "approve"  # an escalation waits for the business unit's GO
    SHADOW = "shadow"  # none but alerts: cases are watched


@dataclass(frozen=True, slots=True)
class Rules:
    """What one case is decided by. `bot` is our own mailbox; `inboxes` the watched addresses by team name."""

    policy: Policy
    directory: Directory
    calendar: Calendar
    bot: Contact
    operator: Contact
    dpo: Contact | None = None  # who hears of a mail that reached the wrong person; None: the operator
    inboxes: tuple[tuple[str, str], ...] = ()  # (team, address)
    allowed_domains: frozenset[str] = frozenset()
    mode: Mode = Mode.LIVE
    strict: bool = False  # a fault of ours stops whoever plays a story or a test; live it is told and goes on


# The emergency sentence of a letter: the right number for area, weekday and hour. The bot is never the emergency
# route; every letter says where it is. It knows no case and no clock.


def is_open(phone: Phone, at: datetime, cal: Calendar) -> bool:
    """Whether somebody answers this number at that instant, by its published hours and the calendar."""
    if not phone.hours:
        return True
    local = at.astimezone(cal.zone)
    if local.date() in cal.holidays:
        return False
    hours = {str(day): span for day, span in phone.hours.items()}.get(WEEKDAYS[local.weekday()])
    if not hours:
        return False
    opens, closes = (time.fromisoformat(part.strip().replace(".", ":")) for part in hours.split("-"))
    return opens <= local.time() < closes


#: Of whom letters speak, by a policy's `about`: "a child", "the child's own record", "no names of children".
PEOPLE: dict[str, dict[str, str]] = {
    "child": {"one": "child", "a": "a child", "the": "the child", "whose": "the child's", "many": "children"},
    "adult": {"one": "adult", "a": "an adult", "the": "the adult", "whose": "the adult's", "many": "adults"},
    "child_or_adult": {
        "one": "person",
        "a": "a child or an adult",
        "the": "the person",
        "whose": "the person's",
        "many": "children or adults",
    },
}


def risk(emergency: Emergency, about: str = "child") -> str:
    """The policy's own sentence before the number, or the usual one."""
    return emergency.text or f"If {PEOPLE[about]['a']} is at immediate risk, ring 999."


def both(emergency: Emergency, about: str = "child") -> str:
    """Both numbers, for a letter that may be read at another hour than it is written."""
    front, night = emergency.front_door, emergency.out_of_hours
    return (
        f"{risk(emergency, about)} If {PEOPLE[about]['a']} may be at risk now, ring {front.name} on {front.phone},"
        f" or out of hours {night.name} on {night.phone}."
    )


def sentence(emergency: Emergency, at: datetime, cal: Calendar, about: str = "child") -> str:
    """One finished sentence: whom to ring now if somebody is at risk. `about`: the policy's."""
    first, whoever = risk(emergency, about), PEOPLE[about]["a"]
    front, night = emergency.front_door, emergency.out_of_hours
    if is_open(front, at, cal):
        return f"{first} If {whoever} may be at risk now, ring {front.name} on {front.phone}."
    return (
        f"{first} If {whoever} may be at risk now, ring {night.name} on {night.phone}"
        f" ({front.name}, {front.phone}, is closed at this hour)."
    )
