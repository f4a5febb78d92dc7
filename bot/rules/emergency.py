"""The emergency sentence of a letter: the right number for area, weekday and hour.

The bot is never the emergency route; every letter says where it is. It knows no case and no clock.
"""

from __future__ import annotations

from datetime import datetime, time

from bot.rules.policy_blocks import Emergency, Phone
from bot.rules.workdays import Calendar

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def is_open(phone: Phone, at: datetime, cal: Calendar) -> bool:
    """Whether somebody answers this number at that instant, by its published hours and the calendar."""
    if not phone.hours:
        return True
    local = at.astimezone(cal.zone)
    if local.date() in cal.holidays:
        return False
    hours = {str(day): span for day, span in phone.hours.items()}.get(DAYS[local.weekday()])
    if not hours:
        return False
    opens, closes = (time.fromisoformat(part.strip().replace(".", ":")) for part in hours.split("-"))
    return opens <= local.time() < closes


def sentence(emergency: Emergency, at: datetime, cal: Calendar) -> str:
    """One finished sentence: whom to ring now if a child is at risk."""
    front, night = emergency.front_door, emergency.out_of_hours
    if is_open(front, at, cal):
        return f"{emergency.text} If a child may be at risk now, ring {front.name} on {front.phone}."
    return (
        f"{emergency.text} If a child may be at risk now, ring {night.name} on {night.phone}"
        f" ({front.name}, {front.phone}, is closed at this hour)."
    )
