"""A random partnership: which policies, which teams, who works there, and the settings that the bot is given of it.

Two to forty people hold all roles of both sides; each area's addresses are its own, so that a letter that goes to the
wrong area is seen. It knows no case and no mail.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from bot.rules import directory_file
from bot.settings import settings as shipped_settings
from bot.settings.settings import BotMailbox, Config, Door, Recipients, Senders, Settings, Trust, WatchedMailbox
from tests.simulate.mails import AREAS, BOT, GATEWAY, OPERATOR

CONFIG = Path(__file__).parents[2] / "config"
#: Roles of an agency, those that one person alone may not miss first.
OF_A_SIDE = ("line_manager", "service_manager", "designated_safeguarding_lead", "director", "practitioner")
OF_THE_CHALLENGED = ("iro", "director_quality_review", "senior_representative")
OF_THE_AREA = ("business_manager", "business_unit", "delegated_safeguarding_partner", "chair", "deputy_chair")
FIRST = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gwen", "Hal", "Ina", "Jed", "Kit", "Lou", "Max", "Nan", "Otto")
LAST = ("Ash", "Birch", "Cedar", "Dale", "Elder", "Fern", "Gorse", "Hazel", "Iris", "Juniper", "Larch", "Maple")


@dataclass
class Person:
    """Somebody with a mailbox. `side`: raising, responding or unit."""

    email: str
    name: str
    area: str
    side: str
    roles: set[str] = field(default_factory=set)
    deputy: str = ""
    is_diligent: bool = True  # answers most of what is asked
    is_dead: bool = False  # the mailbox is gone: letters bounce
    has_left: bool = False


@dataclass(frozen=True)
class Team:
    """One watched inbox."""

    area: str
    policy: str
    name: str
    inbox: str
    responding: str  # domain of the challenged agency
    raising: str
    unit: str


@dataclass
class Partnership:
    """Who there is in one simulated world."""

    teams: tuple[Team, ...]
    people: dict[str, Person]

    def of(self, area: str, side: str, role: str = "") -> list[Person]:
        """Those of a side who hold the role, who have not left, in a fixed order."""
        found = (p for p in self.people.values() if (p.area, p.side) == (area, side) and not p.has_left)
        return [p for p in found if not role or role in p.roles]

    @property
    def domains(self) -> tuple[str, ...]:
        each = (d for team in self.teams for d in (team.responding, team.raising, team.unit))
        return tuple(sorted({*each, "bot.example"}))


def made(random: Random) -> Partnership:
    """One to five policies with a team each, two to forty people in all."""
    policies = random.sample(sorted(AREAS), random.choice((1, 1, 1, 2, 2, 3, 4, 5)))
    people: dict[str, Person] = {}
    teams = []
    for policy in policies:
        area = AREAS[policy]
        low = area.lower()
        team = Team(
            area, policy, f"{area} Assessment Team", f"assessment@csc-{low}.example", f"csc-{low}.example",
            f"health-{low}.example", f"scp-{low}.example",
        )  # fmt: skip
        teams.append(team)
        most = max(1, 18 // len(policies))
        for side, domain, roles in (
            ("responding", team.responding, (*OF_A_SIDE, *OF_THE_CHALLENGED)),
            ("raising", team.raising, OF_A_SIDE),
            ("unit", team.unit, OF_THE_AREA),
        ):
            people |= _staff(random, area, side, domain, roles, random.randint(1, most if side != "unit" else 3))
    return Partnership(tuple(teams), people)


def _staff(random: Random, area: str, side: str, domain: str, roles: Iterable[str], count: int) -> dict[str, Person]:
    """`count` people who share the roles; those left over are practitioners."""
    names = random.sample([f"{a} {b}" for a in FIRST for b in LAST], count)
    staff = [Person(f"{n.lower().replace(' ', '.')}@{domain}", n, area, side) for n in names]
    for role in roles:
        random.choice(staff).roles.add(role)
    for person in staff:
        person.is_diligent = random.random() < 0.7
        person.roles = person.roles or {"practitioner"}
        if random.random() < 0.5 and count > 1:
            person.deputy = random.choice([p for p in staff if p is not person]).email
        person.is_dead = random.random() < 0.04 and side != "unit"
    return {p.email: p for p in staff}


# --- what the bot is told of it ---------------------------------------------------------------------------------------


@functools.cache
def shipped() -> Settings:
    """The configuration that comes with the project: its policies, forms, calendar and letters."""
    return shipped_settings.load(CONFIG, {})


def settings_of(world: Partnership, folder: Path) -> Settings:
    """The shipped policies, this partnership's directory, doors of memory and SQLite in `folder`."""
    base = shipped()
    rows, found = directory_file.from_rows(
        list(_rows(world)), titles=[t for p in base.policies.values() for t in p.titles]
    )
    faults = [p for p in found if not p.is_warning]
    if faults:
        raise ValueError("\n".join(map(str, faults)))
    config = Config(
        database=f"sqlite:///{folder / 'bot.db'}",
        operator=OPERATOR,
        senders=Senders(trust=Trust(profile="rfc8601", authserv_ids=(GATEWAY,))),
        recipients=Recipients(allowed_domains=world.domains),
        bot=BotMailbox(name="Challenge Clock", address=BOT, receive=_door(folder, BOT), send=_door(folder, "out")),
        mailboxes=tuple(
            WatchedMailbox(
                area=team.area, address=team.inbox, policy=team.policy, team=team.name,
                receive=_door(folder, team.inbox),
            )
            for team in world.teams
        ),
        var=str(folder),
    )  # fmt: skip
    return replace(base, config=_in_memory(config), directory=rows)


def _rows(world: Partnership) -> Iterable[dict[str, str]]:
    for team in world.teams:
        sides = {"responding": f"{team.area} CSC", "raising": f"{team.area} Health", "unit": ""}
        domains = {"responding": team.responding, "raising": team.raising, "unit": team.unit}
        for side, agency in sides.items():
            sector = {"responding": "social_care", "raising": "health_visiting", "unit": ""}[side]
            staff = world.of(team.area, side)
            for person in staff:
                for role in sorted(person.roles):
                    in_team = side == "responding" and role == "line_manager"
                    yield {
                        "area": team.area, "agency": agency, "sector": sector, "team": team.name if in_team else "",
                        "role": role, "name": person.name, "email": person.email, "phone": "01632 960100",
                        "deputy_email": person.deputy, "domains": domains[side], "secure": "yes",
                    }  # fmt: skip
        yield {
            "area": team.area, "agency": sides["responding"], "sector": "social_care", "team": team.name,
            "role": "team_inbox", "name": team.name, "email": team.inbox, "phone": "01632 960101", "secure": "yes",
        }  # fmt: skip


def _door(folder: Path, name: str) -> Door:
    return Door(kind="maildir", path=f"{folder}/{name}")


def _in_memory(config: Config) -> Config:
    """The same with doors of the kind `memory`, which only a simulation has: doors.py opens it by its path."""

    def memory(door: Door) -> Door:
        return door.model_copy(update={"kind": "memory"})

    own = config.bot.model_copy(update={"receive": memory(config.bot.receive), "send": memory(config.bot.send)})
    boxes = tuple(box.model_copy(update={"receive": memory(box.receive)}) for box in config.mailboxes)
    return config.model_copy(update={"bot": own, "mailboxes": boxes})
