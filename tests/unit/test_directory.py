"""The directory: who is found for a role, a place, an address."""

from __future__ import annotations

from datetime import date

import pytest

from bot.model import Contact
from bot.rules.directory import Directory
from bot.rules.directory_file import from_rows, load

TEXT = """\
area,agency,sector,team,role,name,email,phone,deputy_email,aliases,domains,secure,valid_from,valid_to
CE,CSC,social_care,Crewe,line_manager,Fay Marsh,Fay.Marsh@csc.example,01632 960101,tom.lee@csc.example,f.marsh@csc.example;fay@old.example,csc.example old.example,yes,,
CE,CSC,,Crewe,team_inbox,,crewe@csc.example,,,,,yes,,
CE,CSC,,,line_manager,Duty Manager,duty@csc.example,,,,,,,
CE,CSC,,,agency_inbox,,safeguarding@csc.example,,,,,,,
CE,CSC,,,designated_safeguarding_lead,Dev Patel,dev@csc.example,,,,,,2027-01-10,2027-01-20
CE,CSC,,,designated_safeguarding_lead,Pia Dale,pia@csc.example,,tom.lee@csc.example,,,,2027-01-21,
CE,CSC,,Nantwich,line_manager,Gil Ash,gil@csc.example,,,,,,,
CE,Health,hospital,Wards,practitioner,Helen Visser,helen@health.example,,,,health.example,,,
CW,Chester Health,hospital,,line_manager,Nia Bowen,nia@health.example,,,,health.example,,,
CE,,,,business_unit,CESCP,unit@cescp.example,,,,cescp.example,yes,,
CE,,,,chair,The Chair,chair@cescp.example,,,,,,,
"""  # fmt: skip # noqa: E501


@pytest.fixture(scope="module")
def directory() -> Directory:
    found, problems = load(TEXT, "directory.csv")
    assert problems == ()
    return found


def emails(contacts: tuple[Contact, ...]) -> list[str]:
    return [c.email for c in contacts]


@pytest.mark.parametrize(
    ("role", "agency", "team", "found"),
    [
        ("line_manager", "CSC", "Crewe", ["fay.marsh@csc.example"]),
        ("line_manager", "CSC", "Other team", ["duty@csc.example"]),
        ("line_manager", "CSC", "", ["duty@csc.example"]),
        ("line_manager", "", "Nantwich", ["gil@csc.example"]),
        ("line_manager", "Health", "Wards", []),
        ("line_manager", "", "", []),
        ("chair", "CSC", "Crewe", ["chair@cescp.example"]),
        ("chair", "", "", ["chair@cescp.example"]),
        ("director", "CSC", "Crewe", []),
    ],
)
def test_the_narrowest_row_wins(directory: Directory, role: str, agency: str, team: str, found: list[str]) -> None:
    """A team's own contact is asked before its agency's, and an agency's before the area's."""
    assert emails(directory.holders(role, "CE", agency, team)) == found


@pytest.mark.parametrize(
    ("on", "found"),
    [
        (date(2027, 1, 9), []),
        (date(2027, 1, 10), ["dev@csc.example"]),
        (date(2027, 1, 20), ["dev@csc.example"]),
        (date(2027, 1, 21), ["pia@csc.example"]),
        (None, ["dev@csc.example", "pia@csc.example"]),
    ],
)
def test_rows_count_from_their_first_day_to_their_last(directory: Directory, on: date | None, found: list[str]) -> None:
    """Both days belong to the row; no day asks no validity."""
    assert emails(directory.holders("designated_safeguarding_lead", "CE", "CSC", on=on)) == found


def test_the_first_role_that_anybody_holds_is_taken(directory: Directory) -> None:
    """Roles in order: nobody is director, so the line manager is asked, and not the chair too."""
    found = directory.first_of(("director", "line_manager", "chair"), "CE", "CSC", "Crewe")
    assert emails(found) == ["fay.marsh@csc.example"]


@pytest.mark.parametrize(
    ("email", "role", "name"),
    [
        ("fay.marsh@csc.example", "line_manager", "Fay Marsh"),
        ("FAY@OLD.example", "line_manager", "Fay Marsh"),
        ("tom.lee@csc.example", "line_manager", ""),
        ("unit@cescp.example", "business_unit", "CESCP"),
    ],
)
def test_a_person_is_known_by_address_alias_or_as_deputy(
    directory: Directory, email: str, role: str, name: str
) -> None:
    """A deputy stands in the same role, without the other's name."""
    person = directory.person(email)
    assert person is not None
    assert (person.role, person.name) == (role, name)


def test_an_alias_gives_the_contacts_own_address(directory: Directory) -> None:
    """Letters go to the address of the row, whichever alias somebody wrote from."""
    person = directory.person("f.marsh@csc.example")
    assert person is not None
    assert person.email == "fay.marsh@csc.example"
    assert person.deputy == "tom.lee@csc.example"
    assert directory.person("nobody@csc.example") is None


def test_a_row_without_a_sector_has_its_agencys(directory: Directory) -> None:
    """The sector needs to be written once for an agency."""
    person = directory.person("duty@csc.example")
    assert person is not None
    assert person.sector == "social_care"


def test_every_role_of_an_address_is_found_in_its_area(directory: Directory) -> None:
    """One who deputises for two holds both their roles, in that area only."""
    assert [c.role for c in directory.roles_of("tom.lee@csc.example", "CE")] == [
        "line_manager",
        "designated_safeguarding_lead",
    ]
    assert directory.roles_of("tom.lee@csc.example", "CW") == ()


@pytest.mark.parametrize(
    ("email", "area", "agency"),
    [
        ("fay.marsh@csc.example", "CE", "CSC"),
        ("fay@old.example", "", "CSC"),
        ("tom.lee@csc.example", "CE", "CSC"),
        ("new.starter@csc.example", "CE", "CSC"),
        ("new.starter@OLD.example", "CE", "CSC"),
        ("somebody@health.example", "CE", "Health"),
        ("somebody@health.example", "CW", "Chester Health"),
        ("somebody@csc.example", "CW", ""),
        ("fay.marsh@csc.example", "CW", ""),
        ("unit@cescp.example", "CE", ""),
        ("somebody@elsewhere.example", "CE", ""),
        ("somebody@notcsc.example", "CE", ""),
    ],
)
def test_an_agency_is_known_by_address_alias_then_domain(
    directory: Directory, email: str, area: str, agency: str
) -> None:
    """A domain may serve several areas under several names; within one it belongs to one agency."""
    assert directory.agency_of(email, area) == agency


def test_known_domains_are_those_named_and_those_used(directory: Directory) -> None:
    """A domain in the column or in any address is the directory's; a longer name that ends alike is not."""
    assert directory.domains == {"csc.example", "old.example", "health.example", "cescp.example"}
    assert directory.is_known_domain("x@CSC.example")
    assert not directory.is_known_domain("x@evil-csc.example")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("fay.marsh@csc.example", "fay@old.example", True),
        ("FAY@old.example", "f.marsh@csc.example", True),
        ("stranger@x.example", "Stranger@x.example", True),
        ("fay.marsh@csc.example", "tom.lee@csc.example", False),
        ("fay.marsh@csc.example", "duty@csc.example", False),
    ],
)
def test_aliases_are_one_person_and_deputies_another(directory: Directory, one: str, other: str, same: bool) -> None:
    """Equal addresses and the aliases of one row are one person."""
    assert directory.same_person(one, other) is same
    assert directory.same_person(other, one) is same


def test_the_addresses_of_a_person_are_those_that_are_the_same(directory: Directory) -> None:
    """Of any two addresses, one is among the other's exactly where both are the same person's."""
    known = [*(email for row in directory.rows for email in row.addresses), "Fay@old.example", "nobody@x.example", ""]
    for one in known:
        theirs = directory.addresses_of(one)
        assert {other for other in known if directory.same_person(one, other)} == {
            other for other in known if other.lower() in theirs
        }
    assert directory.addresses_of(*known) == {email.lower() for email in known}
    assert directory.addresses_of() == frozenset()


@pytest.mark.parametrize(
    ("email", "row"),
    [
        ("fay.marsh@csc.example", "tom.lee crewe safeguarding unit"),
        ("crewe@csc.example", "safeguarding unit"),
        ("duty@csc.example", "safeguarding unit"),
        ("chair@cescp.example", "unit"),
        ("unit@cescp.example", ""),
    ],
)
def test_who_cannot_be_reached_has_others_in_turn(directory: Directory, email: str, row: str) -> None:
    """Deputy, team inbox, agency inbox, business unit; never the contact again."""
    contact = directory.person(email)
    assert contact is not None
    assert [c.email.partition("@")[0] for c in directory.fallbacks(contact, "CE")] == row.split()


def test_a_deputy_is_secure_only_at_the_same_domain() -> None:
    """What may go to the contact's secure domain may not follow a deputy elsewhere."""
    for domain, secure in (("csc.example", True), ("gmail.example", False)):
        row = {"area": "CE", "role": "chair", "email": "a@csc.example", "deputy_email": f"b@{domain}", "secure": "yes"}
        found, problems = from_rows([row])
        assert problems == ()
        chair = found.person("a@csc.example")
        assert chair is not None
        assert [c.is_secure for c in found.fallbacks(chair, "CE")] == [secure]


@pytest.mark.parametrize(
    ("email", "team"),
    [
        ("fay@old.example", "Crewe"),
        ("crewe@csc.example", "Crewe"),
        ("gil@csc.example", "Nantwich"),
        ("duty@csc.example", ""),
        ("nobody@csc.example", ""),
    ],
)
def test_a_team_is_known_by_its_inbox_and_its_people(directory: Directory, email: str, team: str) -> None:
    """Whoever serves the whole agency belongs to no team."""
    assert directory.team_of(email, "CE") == team
    assert directory.team_of(email, "CW") == ""


def test_one_who_serves_two_teams_names_neither() -> None:
    """A manager of two teams does not say which is challenged; the inbox of one does."""
    base = {"area": "CE", "agency": "CSC", "role": "line_manager", "email": "lee@csc.example"}
    found, _ = from_rows(
        [
            base | {"team": "A"},
            base | {"team": "B"},
            base | {"team": "A", "role": "team_inbox", "email": "a@csc.example"},
            base | {"team": "B", "email": "a@csc.example"},
        ]
    )
    assert found.team_of("lee@csc.example", "CE") == ""
    assert found.team_of("a@csc.example", "CE") == "A"


def test_a_team_name_of_two_agencies_names_none() -> None:
    """Which agency is challenged is not guessed."""
    base = {"area": "CE", "team": "Duty", "role": "line_manager"}
    found, problems = from_rows(
        [base | {"agency": "A", "email": "a@a.example"}, base | {"agency": "B", "email": "b@b.example"}]
    )
    assert problems == ()
    assert found.agency_of_team("Duty", "CE") == ""
    assert found.holders("line_manager", "CE", "", "Duty") == ()
