"""Who answers today: stages that nobody who can be reached answers, and roles that two hold at once.

What coverage.py asks at a start is asked here again for a day, since rows begin and end by date and mailboxes go. It
knows no letter and no store: who cannot be reached is told to it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date

from bot.model import Contact
from bot.rules.answering.coverage import responders
from bot.rules.directory import Directory, Row
from bot.rules.policy.policy import Policy, Stage

#: A team has many of these, and none answers because of it.
MANY = frozenset({"practitioner"})


def unreached(
    policy: Policy, directory: Directory, area: str, team: str, on: date, dead: Collection[str] = ()
) -> Iterator[tuple[Stage, tuple[Contact, ...]]]:
    """Each stage that nobody answers who can be reached, with those whom the directory names for it. `dead`: addresses
    that take no letter. A deputy who can be reached is somebody. Without a team as coverage.gaps asks."""
    agency = directory.agency_of_team(team, area) if team else ""
    for stage in policy.course():
        if not team and stage.level != "partnership":
            continue
        found = responders(stage, directory, area, agency, team, on)
        if not any(_is_reached(one, dead) for one in found):
            yield stage, found


def _is_reached(contact: Contact, dead: Collection[str]) -> bool:
    return contact.email not in dead or bool(contact.deputy and contact.deputy not in dead)


def shared(directory: Directory, area: str, on: date) -> Iterator[tuple[Row, ...]]:
    """Rows of one role of one team, agency or area that different people hold on that day: all of them are written to,
    which is right where they share it, and wrong where one came after the other."""
    held: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in directory.rows:
        if row.area == area and row.role not in MANY and row.is_valid(on):
            known = held[row.agency, row.team, row.role]
            if not any(directory.same_person(row.email, one.email) for one in known):
                known.append(row)
    yield from (tuple(rows) for rows in held.values() if len(rows) > 1)


def addresses(directory: Directory, areas: Sequence[str]) -> frozenset[str]:
    """Every address of these areas that a letter may go to for a role: contacts and deputies."""
    rows = [row for row in directory.rows if row.area in areas]
    return frozenset(email for row in rows for email in (row.email, row.deputy_email) if email)
