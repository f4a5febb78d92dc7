"""Rules: everything a decision may ask: one policy, the directory, the calendar, and who we are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from bot.model import WEEKDAYS, Contact, Unit, Window
from bot.rules import workdays
from bot.rules.directory import Directory
from bot.rules.policy.blocks import Emergency, Phone
from bot.rules.policy.policy import Policy
from bot.rules.workdays import Calendar

#: How long the outcome in writing may take, where the policy gives no time of its own.
CONFIRM = Window(2, Unit.WORKING_DAYS, "local")


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
    code: Callable[[str], str]  # six digits for the letter of that key: without them no code would be right
    dpo: Contact | None = None  # who hears of a mail that reached the wrong person; None: the operator
    inboxes: tuple[tuple[str, str], ...] = ()  # (team, address)
    allowed_domains: frozenset[str] = frozenset()
    mode: Mode = Mode.LIVE
    strict: bool = False  # a fault of ours stops whoever plays a story or a test; live it is told and goes on


# The emergency box of a letter. The bot is never the emergency route; every letter of a case says where that is. It
# knows no case and no clock.


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
    opens, closes = _ends(hours)
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


def own_record(policy: Policy) -> str:
    """What the policy calls the record of the person that challenge and outcome are to stand on."""
    asked = policy.follow_up.child_file
    return (asked.record if asked else "") or f"{PEOPLE[policy.about]['whose']} own record"


def conduct(policy: Policy, area: str) -> str:
    """Where words about how a person acts, or in confidence, belong: the policy's own, or the usual ones."""
    own, many = policy.conduct, PEOPLE[policy.about]["many"]
    if own is None:
        whose = "designated officer (LADO)" if policy.about == "child" else "managing allegations procedure"
        return (
            "Your own agency's allegations and whistleblowing policies say whom to tell. A concern about a person who"
            f" works with {many} goes to the council's {whose}."
        )
    to = own.contacts.get(area)
    reach = f" {', '.join(filter(None, (to.name, to.phone, to.email)))}." if to else ""
    return f"{own.text}{reach}{' This line is local, not the policy.' if own.source == 'local' else ''}"


def emergency_of(policy: Policy, area: str) -> Emergency:
    """Whom to ring in that area, else in any that the policy names."""
    return policy.emergency.get(area) or next(iter(policy.emergency.values()))


def risk(emergency: Emergency, about: str = "child") -> str:
    """The policy's own sentence before the number, or the usual one."""
    return emergency.text or f"If {PEOPLE[about]['a']} is at immediate risk, ring 999."


def box(emergency: Emergency, about: str = "child") -> str:
    """Whom to ring if somebody is at risk: both numbers with their hours, whatever the hour, for a letter is read later
    than it is sent; and the way for somebody who lives elsewhere. One paragraph. `about`: the policy's."""
    front, night, whoever = emergency.front_door, emergency.out_of_hours, PEOPLE[about]["a"]
    elsewhere = emergency.elsewhere or f"{whoever.capitalize()} living elsewhere: ring that council."
    when = _hours(night)
    at_night = f"{'Out of hours' if when else 'At any other time'}: {night.name} on {night.phone}"
    return (
        f"{risk(emergency, about)} If {whoever} may be at risk now, ring {front.name} on {front.phone},"
        f" {_hours(front) or 'at any hour'}. {at_night}{f', {when}' if when else ''}."
        f" {elsewhere}"
    )


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _hours(phone: Phone) -> str:
    """ "Monday to Thursday 8:30am to 5pm, Friday 8:30am to 4:30pm, not on bank holidays": days alike stand together.
    "" where it answers at any hour."""
    spans = {str(day): span for day, span in phone.hours.items()}
    runs: list[tuple[list[str], str]] = []
    for day, name in zip(WEEKDAYS, _DAYS, strict=True):
        if day not in spans:
            runs.append(([], ""))
        elif runs and runs[-1][0] and runs[-1][1] == spans[day]:
            runs[-1][0].append(name)
        else:
            runs.append(([name], spans[day]))
    said = [f"{' to '.join(dict.fromkeys((days[0], days[-1])))} {_span(span)}" for days, span in runs if days]
    return ", ".join([*said, "not on bank holidays"]) if said else ""


def _span(hours: str) -> str:
    opens, closes = (workdays.hour_in_words(one) for one in _ends(hours))
    return f"{opens} to {closes}"


def _ends(hours: str) -> tuple[time, time]:
    opens, closes = (time.fromisoformat(part.strip().replace(".", ":")) for part in hours.split("-"))
    return opens, closes
