"""The report that nobody asked for: once for each span, on the first working day after it, to the business unit."""

from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from bot.engine.reports import Reports
from bot.model import Letter, LetterKind
from bot.model.errors import ConfigError
from bot.model.letters import Answer, TheReport
from bot.settings.scheduled import ReportBlock
from bot.settings.settings import load
from bot.store import outbox
from tests.unit.case_samples import START, UNIT
from tests.unit.config_samples import ENV, TODAY, edit, small
from tests.unit.engine_samples import House, attached, eml, parsed, texts


@pytest.fixture
def asked(house: House) -> House:
    """A case of January 2027, and reports of quarter and year at 10:00."""
    house.put(eml())
    house.take_in(START)
    schedule(house, ReportBlock(every=("quarter", "year"), at=time(10)))
    return house


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return small(tmp_path / "config")


def schedule(house: House, wanted: ReportBlock) -> None:
    books = house.turn.books
    books.settings = replace(books.settings, config=books.settings.config.model_copy(update={"report": wanted}))


def post(house: House, *when: datetime) -> list[tuple[str, str, bool]]:
    """Area, span and edition of every report in the outbox after these looks."""
    reports = Reports(house.db, house.turn, house.app.digests.areas)
    for now in when:
        reports.post(now)
    with house.db.read() as tx:
        letters = [queued.letter for queued in outbox.open_letters(tx) if queued.letter.kind is LetterKind.ANSWER]
    return [named(letter) for letter in letters]


def named(letter: Letter) -> tuple[str, str, bool]:
    (wanted,) = letter.attach
    assert isinstance(wanted, TheReport) and isinstance(letter.values, Answer.Report) and letter.values.is_scheduled
    assert [contact.email for contact in letter.to] == [UNIT]
    return wanted.area, wanted.quarter, wanted.public


def at(year: int, month: int, day: int, hour: int = 10) -> datetime:
    return datetime(year, month, day, hour, 30, tzinfo=UTC)


def test_each_span_is_reported_once_at_its_hour(asked: House) -> None:
    """Not before ten, and not on a day off; the second look finds it sent."""
    assert post(asked, at(2027, 3, 31), at(2027, 4, 1, 8)) == []
    assert post(asked, at(2027, 4, 1), at(2027, 4, 1, 11), at(2027, 4, 2)) == [("CE", "2027Q1", False)]


def test_a_span_before_the_first_challenge_is_not_reported(asked: House) -> None:
    """Last year is over on New Year's Day as well, and nothing was there then."""
    assert post(asked, START) == []


def test_a_year_is_reported_beside_its_last_quarter(asked: House) -> None:
    """Each under its own key; the first working day is the fourth of January."""
    assert post(asked, at(2028, 1, 3)) == []
    assert post(asked, at(2028, 1, 4)) == [("CE", "2027Q4", False), ("CE", "2027", False)]


def test_after_a_standstill_the_last_span_alone_is_reported(asked: House) -> None:
    """Half a year of silence costs no flood of figures."""
    assert post(asked, at(2027, 11, 10)) == [("CE", "2027Q3", False)]


def test_one_key_is_one_letter(asked: House) -> None:
    """Whatever the setting becomes, the letter's own key stands in the way of a second."""
    post(asked, at(2027, 4, 1))
    schedule(asked, ReportBlock(every=("quarter",), public=True))  # another setting is looked at anew
    assert post(asked, at(2027, 4, 2)) == [("CE", "2027Q1", False), ("CE", "2027Q1", True)]


def test_without_the_setting_nothing_goes(asked: House) -> None:
    """A report is made when somebody asks, unless the configuration says otherwise."""
    schedule(asked, ReportBlock())
    assert post(asked, at(2027, 4, 1)) == []


def test_the_letter_carries_the_figures_and_says_why_it_came(asked: House) -> None:
    """A PDF to read and a workbook; nobody is told that they asked."""
    post(asked, at(2027, 4, 1))
    with asked.db.read() as tx:
        (queued,) = [one for one in outbox.open_letters(tx) if one.letter.kind is LetterKind.ANSWER]
        _, raw, _ = asked.app.composer(tx, queued, at(2027, 4, 1))
    assert set(attached(parsed(raw))) == {"report-CE-2027Q1.pdf", "report-CE-2027Q1.xlsx"}
    text = " ".join(texts([parsed(raw)])[0].split())
    assert "The figures of 2027Q1, as after every quarter. They are attached" in text
    assert "You asked" not in text


@pytest.mark.parametrize("hour", ['"7:30"', "07.30", '"07:30"'])
def test_the_hour_is_read_as_it_is_written(root: Path, hour: str) -> None:
    """With colon or point, and with one figure."""
    edit(root, "bot.yaml", "mailboxes:", f"report: {{every: year, at: {hour}}}\nmailboxes:")
    assert load(root, ENV, TODAY).config.report == ReportBlock(every=("year",), at=time(7, 30))


@pytest.mark.parametrize("hour", ["noon", "09:00Z", '"09:00+01:00"'])
def test_what_is_no_hour_is_a_fault(root: Path, hour: str) -> None:
    """With what to write instead; the office's zone is the only one."""
    edit(root, "bot.yaml", "mailboxes:", f"report: {{every: quarter, at: {hour}}}\nmailboxes:")
    with pytest.raises(ConfigError, match="write an hour of the day such as 09:00"):
        load(root, ENV, TODAY)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("report: {every: month}", "report.every must be 'quarter' or 'year', not 'month'"),
        ("report: {every: [year, month]}", "report.every.2 must be 'quarter' or 'year', not 'month'"),
        ("report: {every: }", "report.every is empty"),
        ("connections: 0", "connections must be 1 or more"),
        ("readers: 0", "readers must be 1 or more"),
    ],
)
def test_a_wrong_value_is_said_as_it_was_written(root: Path, line: str, said: str) -> None:
    """One alone, or one of a list, and a number that is too small."""
    edit(root, "bot.yaml", "mailboxes:", f"{line}\nmailboxes:")
    with pytest.raises(ConfigError, match=said):
        load(root, ENV, TODAY)
