"""Who holds a role for a stage, who deputises, which domain and alias belongs to whom.

One row a contact; the narrowest row wins: team, then whole agency, then area. It is asked often, so an index is made
once. It knows no case and reads no file: directory_file.py turns a CSV into one of these.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from bot.model import Contact

ROLES = frozenset(
    {
        "practitioner", "line_manager", "service_manager", "designated_safeguarding_lead", "director",
        "delegated_safeguarding_partner", "chair", "deputy_chair", "business_manager", "business_unit", "iro",
        "director_quality_review", "senior_representative", "scie_team", "early_years_team", "named_doctor",
        "designated_doctor", "designated_nurse", "team_inbox", "agency_inbox",
    }
)  # fmt: skip


def role_code(title: str) -> str:
    """ "Conference Chair" -> conference_chair: a role as rules and rows compare it."""
    return "_".join(title.casefold().split())


#: The partnership's business unit: the first of these roles that anybody holds.
UNIT = ("business_unit", "business_manager")
#: Who manages whom, as far as roles say it.
LINE = ("practitioner", "line_manager", "service_manager", "director")
SECTORS = frozenset(
    {
        "social_care", "health_visiting", "hospital", "general_practice", "school", "college", "early_years", "police",
        "other",
    }
)  # fmt: skip


def domain_of(email: str) -> str:
    """What stands after the @, lower-cased."""
    return email.rpartition("@")[2].lower()


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

    @property
    def addresses(self) -> tuple[str, ...]:
        """The contact's own addresses: not the deputy's."""
        return (self.email, *self.aliases)

    def is_valid(self, on: date | None) -> bool:
        """Whether the row stands on that day, both ends included; None asks nothing."""
        if on is None:
            return True
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


class _Index:
    """The rows by what they are asked for."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.by_role: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
        self.by_address: dict[str, list[Row]] = defaultdict(list)
        self.by_deputy: dict[str, list[Row]] = defaultdict(list)
        self.named: dict[tuple[str, str], str] = {}  # (area, domain) -> agency; area "" for any
        self.agencies: dict[tuple[str, str], list[str]] = defaultdict(list)  # (area, team) -> agencies
        self.sectors: dict[tuple[str, str], str] = {}
        self.domains: set[str] = set()
        for row in rows:
            self._add(row)

    def _add(self, row: Row) -> None:
        self.by_role[row.role, row.area, row.agency, row.team].append(row)
        for email in row.addresses:
            self.by_address[email].append(row)
            self.domains.add(domain_of(email))
        if row.deputy_email:
            self.by_deputy[row.deputy_email].append(row)
            self.domains.add(domain_of(row.deputy_email))
        for domain in row.domains:
            self.domains.add(domain)
            for area in (row.area, ""):
                # An agency's claim outranks the area's own, whichever row comes first.
                self.named[area, domain] = self.named.get((area, domain)) or row.agency
        if row.team and row.agency not in self.agencies[row.area, row.team]:
            self.agencies[row.area, row.team].append(row.agency)
        if row.sector:
            self.sectors.setdefault((row.area, row.agency), row.sector)

    def rows_of(self, email: str) -> list[Row]:
        """Rows of the address itself or its aliases, then those it deputises for."""
        return [*self.by_address.get(email, ()), *self.by_deputy.get(email, ())]


@dataclass(frozen=True, slots=True)
class Directory:
    """The rows and the questions the rules ask of them. `on` is the day asked about; None ignores validity."""

    rows: tuple[Row, ...] = field(default=())
    _index: _Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _Index(self.rows))

    # --- roles ----------------------------------------------------------------------------------------------------

    def holders(
        self, role: str, area: str, agency: str = "", team: str = "", on: date | None = None
    ) -> tuple[Contact, ...]:
        """Contacts of that role for a team, else its agency, else the area (agency empty); () for nobody.

        A team without its agency is looked up in the area; the area's own contacts are asked for with both empty.
        """
        agency = agency or (self.agency_of_team(team, area) if team else "")
        for where in dict.fromkeys(((agency, team), (agency, ""), ("", ""))):
            if found := self._exactly(role, area, *where, on):
                return found
        return ()

    def _exactly(self, role: str, area: str, agency: str, team: str, on: date | None) -> tuple[Contact, ...]:
        rows = self._index.by_role.get((role, area, agency, team), ())
        return tuple(dict.fromkeys(self._contact(row) for row in rows if row.is_valid(on)))

    def first_of(
        self, roles: Sequence[str], area: str, agency: str = "", team: str = "", on: date | None = None
    ) -> tuple[Contact, ...]:
        """`holders` of the first role in `roles` that has any."""
        return next((c for r in roles if (c := self.holders(r, area, agency, team, on))), ())

    def unit(self, area: str, on: date | None = None) -> tuple[Contact, ...]:
        """The partnership's business unit, or its manager where it has no inbox of its own."""
        return self.first_of(UNIT, area, on=on)

    def fallbacks(self, contact: Contact, area: str, on: date | None = None) -> tuple[Contact, ...]:
        """Who is written to, in turn, when this contact cannot be reached: deputy, team inbox, agency inbox, unit."""
        row = [self._deputy(contact)] if contact.deputy else []
        if contact.team:
            row += self._exactly("team_inbox", area, contact.agency, contact.team, on)
        if contact.agency:
            row += self._exactly("agency_inbox", area, contact.agency, "", on)
        row += self.unit(area, on)
        found: list[Contact] = []
        for other in row:
            if not any(self.same_person(other.email, known.email) for known in (contact, *found)):
                found.append(other)
        return tuple(found)

    def managers(self, contact: Contact, area: str, on: date | None = None) -> tuple[Contact, ...]:
        """The contact's line manager: the holders of the next role above theirs that anybody else of the agency holds.

        () for a role that no line runs through, such as a safeguarding lead: whose manager that is no row says.
        """
        above = LINE[LINE.index(contact.role) + 1 :] if contact.role in LINE and contact.agency else ()
        for role in above:
            places = dict.fromkeys(((contact.agency, contact.team), (contact.agency, "")))
            held = next((found for place in places if (found := self._exactly(role, area, *place, on))), ())
            if others := tuple(c for c in held if not self.same_person(c.email, contact.email)):
                return others
        return ()

    # --- people ---------------------------------------------------------------------------------------------------

    def person(self, email: str, on: date | None = None) -> Contact | None:
        """The contact with that exact address or alias (deputies too, as Contact of the same role, without a name); of
        several who have had it whoever has it on that day, else the first."""
        email = email.lower()
        rows = sorted(self._index.rows_of(email), key=lambda row: not row.is_valid(on))
        return next((self._contact_as(row, email) for row in rows), None)

    def successor(self, email: str, name: str, on: date) -> Contact | None:
        """Who has the address on that day, where it was somebody's of that name who has it no more; else None."""
        rows = self._index.rows_of(email.lower())
        is_theirs = {row.is_valid(on) for row in rows if row.name == name}
        return self.person(email, on) if is_theirs == {False} and any(row.is_valid(on) for row in rows) else None

    def as_listed(self, contact: Contact) -> Contact:
        """The contact under a name that stands here for that address, without one where none does: what people call
        themselves in a mail may hold the name of a child."""
        names = [row.name for row in self._index.by_address.get(contact.email.lower(), ())]
        return contact if contact.name in names else replace(contact, name=next(iter(names), ""))

    def roles_of(self, email: str, area: str) -> tuple[Contact, ...]:
        """Every row that this address, alias or deputy address holds in the area."""
        email = email.lower()
        return tuple(self._contact_as(row, email) for row in self._index.rows_of(email) if row.area == area)

    def same_person(self, one: str, other: str) -> bool:
        """True for equal addresses and aliases of one row."""
        one, other = one.lower(), other.lower()
        return one == other or any(other in row.addresses for row in self._index.by_address.get(one, ()))

    def addresses_of(self, *emails: str) -> frozenset[str]:
        """These addresses and every other that `same_person` takes for one of them, lower case."""
        given = {email.lower() for email in emails}
        return frozenset(given.union(*(row.addresses for one in given for row in self._index.by_address.get(one, ()))))

    def _contact(self, row: Row) -> Contact:
        sector = row.sector or self._index.sectors.get((row.area, row.agency), "")
        return Contact(
            row.email, row.name, row.role, row.agency, row.team, row.phone, row.deputy_email, row.secure, sector
        )

    def _contact_as(self, row: Row, email: str) -> Contact:
        contact = self._contact(row)
        return contact if email in row.addresses else self._deputy(contact, name="")

    def _deputy(self, contact: Contact, name: str | None = None) -> Contact:
        """The deputy in the contact's place; secure only where they write from the same domain."""
        own = self._index.by_address.get(contact.deputy, ())
        return replace(
            contact,
            email=contact.deputy,
            name=next((r.name for r in own), "") if name is None else name,
            phone=next((r.phone for r in own), ""),
            deputy="",
            is_secure=contact.is_secure and domain_of(contact.deputy) == domain_of(contact.email),
        )

    # --- agencies and teams -----------------------------------------------------------------------------------------

    def agency_of(self, email: str, area: str = "") -> str:
        """The agency: by exact address, alias, then domain (a domain belongs to the agency whichever row names it).

        With an area only its rows are asked, since one domain may serve several areas under several agencies' names.
        """
        email = email.lower()
        for row in self._index.rows_of(email):
            if row.agency and area in ("", row.area):
                return row.agency
        return self._index.named.get((area, domain_of(email)), "")

    def agency_of_team(self, team: str, area: str) -> str:
        """The agency that has a team of this name in the area, "" for none or several."""
        agencies = self._index.agencies.get((area, team), ())
        return agencies[0] if len(agencies) == 1 else ""

    def team_of(self, email: str, area: str) -> str:
        """The team whose inbox or contact this address is, "" for none, and for one who serves several teams."""
        email = email.lower()
        rows = [row for row in self._index.rows_of(email) if row.area == area and row.team]
        teams = {row.team for row in rows if row.role == "team_inbox"} or {row.team for row in rows}
        return teams.pop() if len(teams) == 1 else ""

    def is_known_domain(self, email: str) -> bool:
        """True when the address's domain belongs to some agency or the area."""
        return domain_of(email) in self._index.domains

    @property
    def domains(self) -> frozenset[str]:
        """Every domain named in a `domains` column or used by an address in it."""
        return frozenset(self._index.domains)

    @property
    def areas(self) -> frozenset[str]:
        """Every area that a row names."""
        return frozenset(row.area for row in self.rows)

    def teams(self, area: str) -> frozenset[str]:
        """Every team that a row of the area names."""
        return frozenset(row.team for row in self.rows if row.area == area and row.team)
