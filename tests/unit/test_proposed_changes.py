"""The line for the operator's directory that a confirmed change becomes, and when it is in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.engine.contacts import facts
from bot.engine.contacts.proposed import YES, Agreed, agreed, csv_line, keep, standing
from bot.model import Contact, Letter, LetterKind
from bot.model.letters import Digest, Question
from bot.model.letters.parts import Person, Proposal
from bot.rules import directory_file
from bot.rules.answering.over import Change
from tests.unit.case_samples import FAY, UNIT, shipped
from tests.unit.engine_samples import House, to

GWEN = Proposal("CE", "CSC", "Crewe Assessment Team", "line_manager", "Gwen, Dr Hall", "gwen.hall@csc.example",
                (Person("Fay Marsh", "fay.marsh@csc.example"),))  # fmt: skip
DAY, MONDAY = date(2027, 3, 3), datetime(2027, 3, 8, 9, tzinfo=UTC)
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


# --- in the daily letter ----------------------------------------------------------------------------------------------


def change(name: str, *before: str) -> Change:
    return replace(agreed(GWEN, DAY), name=name, email=f"{name.lower()}@csc.example", before=before)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ((change("Gwen", FAY),), ["Gwen"]),
        ((change("Gwen", FAY), change("Ida", "gwen@csc.example")), ["Ida"]),
        ((change("Gwen", "somebody.before@csc.example"),), []),
        ((replace(change("Gwen", FAY), email=FAY),), []),
        ((replace(change("Gwen", FAY), email=FAY, role="service_manager"),), ["Gwen"]),
    ],
)
def test_it_names_what_stands_and_nothing_else(house: House, changes: tuple[Change, ...], named: list[str]) -> None:
    """Not whom another followed, nor what the file overtook, nor what the file holds for that very team and role."""
    books = house.turn.books
    with house.db.begin() as tx:
        for one in changes:
            facts.accept(tx, one, MONDAY)
        books.look(tx)
    assert [one.name for one in standing(books, "CE")] == named
    assert [*standing(books, "CW")] == []


def test_what_an_earlier_release_had_confirmed_is_not_said_to_stand(house: House) -> None:
    """Then the file alone counted: letters do not go there, and the unit is asked to tell of it again."""
    asked = Letter(Question.Proposed(proposal=GWEN, by=GWEN.before[0]), "spoc/x", (Contact(UNIT),), decided=MONDAY)
    with house.db.begin() as tx:
        house.turn.post(tx, asked, MONDAY)
    (queued,) = house.letters(LetterKind.QUESTION, "proposed")
    with house.db.begin() as tx:
        keep(tx, "x", Agreed(queued.letter.message_id, YES, YES))
    house.app.digests.post(MONDAY)
    (told,) = [q.letter.values for q in house.letters(LetterKind.DIGEST) if to(q.letter) == (UNIT,)]
    assert isinstance(told, Digest.Daily)
    assert (told.proposed, told.without_effect) == ((), (GWEN,))
