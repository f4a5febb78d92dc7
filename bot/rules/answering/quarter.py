"""Who is to say each quarter that they still answer, and what follows where nobody does.

Each contact of a watched team's stages is asked once, for all that they hold; a stage's deputy when its contact says
nothing in time. It sends nothing and knows no mail. Inboxes, and the business unit which asks, are nobody to ask.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from bot.model import Contact
from bot.rules import workdays
from bot.rules.answering.coverage import deciders, responders
from bot.rules.directory import UNIT, Directory
from bot.rules.policy.policy import Policy
from bot.rules.workdays import Calendar

#: In working days, to the end of the last.
TO_ANSWER, TO_STAND_IN = 10, 5
DAY_END = time(17)
NOBODY = frozenset({*UNIT, "team_inbox", "agency_inbox"})


@dataclass(frozen=True, slots=True)
class Duty:
    """One role that somebody holds: of a team, of a whole agency where `team` is empty, of an area where both are."""

    area: str
    agency: str
    team: str
    role: str
    deputy: str = ""

    @property
    def whose(self) -> str:
        return self.team or self.agency or self.area


def named(day: date) -> str:
    """ "2027Q2"."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def until(now: datetime, cal: Calendar, days: int = TO_ANSWER) -> datetime:
    """By when an answer is asked for."""
    return workdays.at_local(workdays.working_day(now, days, cal), DAY_END, cal)


def duties(
    boxes: Iterable[tuple[Policy, str, str]], directory: Directory, on: date
) -> dict[str, tuple[Contact, tuple[Duty, ...]]]:
    """What each person holds who answers or decides at a stage of these (policy, area, team): address -> contact and
    duties."""
    people: dict[str, Contact] = {}
    held: dict[str, dict[Duty, None]] = defaultdict(dict)
    for policy, area, team in boxes:
        agency = directory.agency_of_team(team, area) if team else ""
        for stage in policy.course():
            if not team and stage.level != "partnership":
                continue
            found = responders(stage, directory, area, agency, team, on)
            for who in (*found, *deciders(stage, directory, area, (agency, team), on=on)):
                if who.role not in NOBODY:
                    people.setdefault(who.email, who)
                    held[who.email][Duty(area, who.agency, who.team, who.role, who.deputy)] = None
    return {email: (who, tuple(held[email])) for email, who in people.items()}


def deputies(held: Iterable[Duty], dead: Iterable[str] = ()) -> tuple[str, ...]:
    """Who is asked for somebody who said nothing."""
    return tuple(dict.fromkeys(duty.deputy for duty in held if duty.deputy and duty.deputy not in dead))


def silent(asked_until: Mapping[str, datetime], answered: Iterable[str], now: datetime) -> tuple[str, ...]:
    """Who was asked until a moment that is past, and has said nothing."""
    spoken = frozenset(answered)
    return tuple(email for email, end in asked_until.items() if end <= now and email not in spoken)
