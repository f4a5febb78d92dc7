"""The line for the operator's directory that a confirmed change becomes, and when it is in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.engine.contacts.proposed import agreed, csv_line, holds
from bot.model.letters.parts import Person, Proposal
from bot.rules import directory_file
from tests.unit.case_samples import shipped

GWEN = Proposal("CE", "CSC", "Crewe Assessment Team", "line_manager", "Gwen, Dr Hall", "gwen.hall@csc.example",
                (Person("Fay Marsh", "fay.marsh@csc.example"),))  # fmt: skip
DAY = date(2027, 3, 3)
HEADER = ",".join(directory_file.COLUMNS)


def test_the_line_is_read_as_the_person_told_of() -> None:
    """In the file's own columns; of the row before it what is the agency's stays, and nothing of the person."""
    line, old = csv_line(shipped().directory, agreed(GWEN, DAY))
    directory, problems = directory_file.load(f"{HEADER}\n{line}\n", "directory.csv")
    assert problems == ()
    (row,) = directory.rows
    assert (row.area, row.agency, row.team, row.role) == ("CE", "CSC", "Crewe Assessment Team", "line_manager")
    assert (row.name, row.email, row.phone, row.deputy_email) == ("Gwen, Dr Hall", "gwen.hall@csc.example", "", "")
    assert (row.sector, row.domains, row.secure, old) == ("social_care", ("csc.example",), True, (2,))


def test_an_address_elsewhere_is_not_called_secure() -> None:
    """Security is the domain's, and another one's is not known."""
    line, _ = csv_line(shipped().directory, agreed(replace(GWEN, email="gwen@elsewhere.example"), DAY))
    assert ",yes," not in line


def test_the_directory_holds_it_only_for_its_team_and_role() -> None:
    """Until the file names that address for that very team and role it stands in the daily letter."""
    directory = shipped().directory
    fay = replace(GWEN, email="fay.marsh@csc.example")
    assert holds(directory, fay)
    assert not holds(directory, GWEN)
    assert not holds(directory, replace(fay, role="service_manager"))
