"""Who holds a role for a stage, who deputises, which domain and alias belongs to whom.

One CSV, one row a contact. The narrowest row wins: team, then whole agency, then area. It knows no case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.model import Contact

ROLES = frozenset(
    "practitioner line_manager service_manager designated_safeguarding_lead director delegated_safeguarding_partner "
    "chair deputy_chair business_manager business_unit iro director_quality_review senior_representative scie_team "
    "early_years_team named_doctor designated_doctor designated_nurse team_inbox agency_inbox".split()
)
SECTORS = frozenset(
    "social_care health_visiting hospital general_practice school college early_years police other".split()
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of directory.csv."""

    area: str
    role: str
    email: str
    agency: str = ""
    sector: str = ""
    team: str = ""
    name: str = ""
    phone: str = ""
    deputy_email: str = ""
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    secure: bool = False
    valid_from: date | None = None
    valid_to: date | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Directory:
    """The rows and the questions the rules ask of them. `on` is the day asked about; None ignores validity."""

    rows: tuple[Row, ...] = field(default=())

    def holders(
        self, role: str, area: str, agency: str = "", team: str = "", on: date | None = None
    ) -> tuple[Contact, ...]:
        """Contacts of that role for a team, else its agency, else the area (agency empty); () for nobody."""
        return ()

    def first_of(
        self, roles: Sequence[str], area: str, agency: str = "", team: str = "", on: date | None = None
    ) -> tuple[Contact, ...]:
        """`holders` of the first role in `roles` that has any."""
        return next((c for r in roles if (c := self.holders(r, area, agency, team, on))), ())

    def person(self, email: str) -> Contact | None:
        """The contact with that exact address or alias (deputies too, as Contact of the same role, without a name)."""
        return None

    def roles_of(self, email: str, area: str) -> tuple[Contact, ...]:
        """Every row that this address, alias or deputy address holds in the area."""
        return ()

    def agency_of(self, email: str, area: str = "") -> str:
        """The agency: by exact address, alias, then domain (a domain belongs to the agency whichever row names it)."""
        return ""

    def is_known_domain(self, email: str) -> bool:
        """True when the address's domain belongs to some agency or the area."""
        return False

    def same_person(self, one: str, other: str) -> bool:
        """True for equal addresses and aliases of one row."""
        return one.lower() == other.lower()

    def fallbacks(self, contact: Contact, area: str, on: date | None = None) -> tuple[Contact, ...]:
        """Who is written to, in turn, when this contact cannot be reached: deputy, team inbox, agency inbox, unit."""
        return ()

    def team_of(self, email: str, area: str) -> str:
        """The team whose inbox or contact this address is, "" for none."""
        return ""

    @property
    def domains(self) -> frozenset[str]:
        """Every domain named in a `domains` column or used by an address in it."""
        return frozenset()
