"""The directory looked at each night: what the operator hears, and what the business unit reads while it lasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bot.model import LetterKind, Sending
from bot.rules.directory import Directory, Row
from bot.store import outbox
from tests.letters import about
from tests.unit.case_samples import FAY, UNIT
from tests.unit.engine_samples import House, post, texts

DAYS = timedelta(days=1)
SUNDAY = datetime(2027, 1, 17, 3, tzinfo=UTC)
MONDAY = SUNDAY + DAYS
LEAD = "designated_safeguarding_lead"
CREWE_LEAD = "Crewe Assessment Team, Step 2: Designated Safeguarding Leads"


def with_rows(house: House, change: Callable[[Row], Row | None], *more: Row) -> None:
    """The directory of the house with each row as `change` makes it; None takes it away."""
    settings = house.turn.books.settings
    rows = [new for row in settings.directory.rows if (new := change(row)) is not None]
    house.turn.books.settings = replace(settings, directory=Directory((*rows, *more)))


def ends(role: str, last: date) -> Callable[[Row], Row]:
    """The agency's holder of that role in Crewe's area stays until that day."""
    return lambda row: replace(row, valid_to=last) if (row.area, row.agency, row.role) == ("CE", "CSC", role) else row


def alerts(house: House) -> list[str]:
    """The lines of each alert about the directory."""
    found = house.letters(LetterKind.ALERT)
    return [" ".join(about(q.letter)["lines"]) for q in found if "directory" in q.letter.subject]


def digest(house: House, now: datetime) -> str:
    house.app.digests.post(now)
    return texts([m for m in house.send(now) if UNIT in str(m["To"])], "Professional challenges")[-1]


def test_a_stage_that_nobody_answers_from_today_is_told_once(house: House) -> None:
    """On the night after the last day, to the operator, and not again while it lasts."""
    with_rows(house, ends(LEAD, SUNDAY.date()))
    house.app.nightly.post(SUNDAY)
    assert alerts(house) == []
    for hours in range(0, 72, 6):
        house.app.nightly.post(MONDAY + timedelta(hours=hours))
    (said,) = alerts(house)
    assert f"{CREWE_LEAD}: nobody is designated safeguarding lead today" in said


def test_it_stands_in_each_daily_letter_while_it_lasts(house: House) -> None:
    """Though nothing is open: the business unit is who can put it right."""
    with_rows(house, ends(LEAD, SUNDAY.date()))
    tuesday = MONDAY.replace(hour=9) + DAYS
    assert f"{CREWE_LEAD}: nobody is designated safeguarding lead" in digest(house, tuesday)


def test_what_ended_and_came_back_is_told_again(house: House) -> None:
    """A second time is news."""
    whole = house.turn.books.settings
    for n in range(3):
        if n == 1:
            house.turn.books.settings = whole
        else:
            with_rows(house, ends(LEAD, SUNDAY.date()))
        house.app.nightly.post(MONDAY + n * DAYS)
    assert len(alerts(house)) == 2


def bounce(house: House, address: str, at: datetime) -> None:
    """The last letter to that address came back."""
    letter = post(house, address, occasion=f"to {address} at {at}")
    house.send(at)
    with house.db.begin() as tx:
        assert outbox.get(tx, letter).status is Sending.SENT
        assert outbox.bounced(tx, letter, address, "5.1.1", "no such user", at)


def test_a_contact_whose_mailbox_is_gone_answers_nothing(house: House) -> None:
    """The directory names them, their last letter came back, and they have no deputy who can be reached."""
    bounce(house, FAY, SUNDAY)
    house.app.nightly.post(MONDAY)
    assert alerts(house) == []  # Fay has a deputy
    with_rows(house, lambda row: replace(row, deputy_email="") if row.email == FAY else row)
    house.app.nightly.post(MONDAY + DAYS)
    (said,) = alerts(house)
    assert "Crewe Assessment Team, Frontline manager response: the line manager whom the directory names" in said
    assert FAY not in said
    assert "Fay Marsh" in digest(house, MONDAY.replace(hour=9) + DAYS)


def test_who_takes_letters_again_can_be_reached(house: House) -> None:
    """The last letter that is settled decides."""
    with_rows(house, lambda row: replace(row, deputy_email="") if row.email == FAY else row)
    bounce(house, FAY, SUNDAY)
    post(house, FAY, occasion="a later one")
    house.send(MONDAY)
    house.app.nightly.post(MONDAY)
    assert alerts(house) == []


def test_two_for_one_role_are_told_when_they_begin(house: House) -> None:
    """What `check` showed before the first night is no news; who joins later is, and Mondays' letters name both."""
    with_rows(house, lambda row: row)
    house.app.nightly.post(SUNDAY)
    fay = next(row for row in house.turn.books.settings.directory.rows if row.email == FAY)
    with_rows(house, lambda row: row, replace(fay, email="gwen.hall@csc.example", name="Gwen Hall"))
    house.app.nightly.post(MONDAY)
    (said,) = alerts(house)
    assert "Crewe Assessment Team: 2 are line manager from today" in said
    text = digest(house, MONDAY.replace(hour=9))
    assert "Crewe Assessment Team, line manager: Fay Marsh" in text
    assert "Gwen Hall" in text


def test_practitioners_are_many(house: House) -> None:
    """A team has several, and nobody answers because of it."""
    helen = next(row for row in house.turn.books.settings.directory.rows if row.role == "practitioner")
    house.app.nightly.post(SUNDAY)
    with_rows(house, lambda row: row, replace(helen, email="other@health.example"))
    house.app.nightly.post(MONDAY)
    assert alerts(house) == []
