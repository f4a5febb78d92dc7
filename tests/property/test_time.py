"""What always holds of due dates and of subject lines, whatever day it is and whatever people type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.mail.subject import Phrase, automatic_prefix, read, ref_in
from bot.model import Unit, Window
from bot.rules import workdays
from bot.rules.windows import fold, requested
from bot.rules.workdays import LONDON, calendar
from bot.rules.written import parse_window
from tests.some import some

CAL = calendar()
CHALLENGE = "Professional Safeguarding Challenge"
TIERS = (Window(24, Unit.HOURS), Window(10, Unit.WORKING_DAYS))
PHRASES = (Phrase(CHALLENGE, TIERS, ("PSC",)), Phrase("Escalation"))
TUESDAY = datetime(2027, 1, 12, 10, 5, tzinfo=LONDON)

many = settings(max_examples=some(300), deadline=None)
instants = st.datetimes(datetime(2015, 2, 1), datetime(2044, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
steady = st.sampled_from([Unit.HOURS, Unit.WORKING_DAYS, Unit.MONTHS])
lengths = st.integers(1, 60)

TIMES = ("24 hours", "24HRS", "ten working days", "10 w/d", "48 hours", "by 5pm Friday", "by noon tomorrow", "")
PREFIXES = (
    "RE: ",
    "FW: ",
    "Re[2]: ",
    "[EXTERNAL] ",
    "OFFICIAL-SENSITIVE: ",
    "[secure] ",
    "AW: ",
    "##77123## ",
    "{OS} ",
    "CJSM ",
)
SUFFIXES = (" [secure]", " - OFFICIAL-SENSITIVE", " [SEC=OFFICIAL]", " [CE-2027-0007]", " - ")
DASHES = ("-", "–", "—", "‒", "−", "--", "\u2011")
SPACES = (" ", "\u00a0", "  ", "\t", "\u2009", " \u200b")
PEOPLE = st.one_of(
    st.sampled_from(["JOHN SMITH", "J.S.", "O'Neill-Day", "Baby Hours", "Wendy Weeks", "Monday Okafor", "April May"]),
    st.dates().map(lambda d: f"{d.day:02}/{d.month:02}/{d.year:04}"),
    st.dates().map(lambda d: f"{d.day}.{d.month}.{d.year % 100:02}"),
    st.dates().map(lambda d: f"DOB {d.isoformat()}"),
    st.dates().map(lambda d: f"born {d.day} March {d.year:04}"),
    st.integers(0, 99).map(lambda n: f"aged {n}"),
    st.integers(1, 17).map(lambda n: f"{n} year old"),
    st.integers(0, 10**10 - 1).map(lambda n: f"NHS {n:010}"),
    st.integers(0, 10**9 - 1).map(lambda n: f"tel 0{n:09}"),
    st.integers(1, 10**6).map(lambda n: f"##{n}##"),
    st.integers(1, 9999).map(lambda n: f"(ref: CE-2027-{n:04})"),
)


@given(instants, instants, lengths, steady)
@many
def test_a_later_start_is_never_due_earlier(one: datetime, other: datetime, n: int, unit: Unit) -> None:
    """Due times do not run backwards as the start moves on, and never lie before the start."""
    early, late = sorted((one, other))
    window = Window(n, unit)
    assert workdays.due(window, early, CAL).at <= workdays.due(window, late, CAL).at
    assert workdays.due(window, early, CAL).at > early


@given(instants, lengths)
@many
def test_calendar_days_keep_the_wall_clock(start: datetime, n: int) -> None:
    """Calendar days end on the same clock time n days on; where spring skips it, at the end of the gap."""
    due = workdays.due(Window(n, Unit.CALENDAR_DAYS), start, CAL).at.astimezone(LONDON)
    wall = start.astimezone(LONDON)
    assert due.date() == wall.date() + timedelta(days=n)
    assert due.time() == wall.time() or (due.month, due.hour, due.minute) == (3, 2, 0)


@given(instants, lengths, st.sampled_from(list(Unit)))
@many
def test_a_longer_window_is_never_due_earlier(start: datetime, n: int, unit: Unit) -> None:
    """One more of the same unit never brings the due time forward."""
    assert workdays.due(Window(n, unit), start, CAL).at < workdays.due(Window(n + 1, unit), start, CAL).at


@given(instants, lengths)
@many
def test_working_days_end_on_a_working_day_at_five(start: datetime, n: int) -> None:
    """The due day of working days is worked, its hour is the day end, and exactly n worked days lie up to it."""
    due = workdays.due(Window(n, Unit.WORKING_DAYS), start, CAL).at.astimezone(LONDON)
    zero = start.astimezone(LONDON).date()
    worked = sum(CAL.is_working(zero + timedelta(days=i)) for i in range(1, (due.date() - zero).days + 1))
    assert (CAL.is_working(due.date()), due.hour, due.minute, worked) == (True, 17, 0, n)


@given(instants, lengths)
@many
def test_going_back_undoes_going_on(start: datetime, n: int) -> None:
    """n working days before the n-th working day is the last worked day up to the start."""
    there = workdays.next_morning(start, CAL, n=n)
    back = workdays.before(there, n, CAL).astimezone(LONDON).date()
    zero = start.astimezone(LONDON).date()
    assert back <= zero
    assert not any(CAL.is_working(back + timedelta(days=i)) for i in range(1, (zero - back).days + 1))


@given(instants, st.lists(lengths, min_size=1, max_size=4))
@many
def test_the_earliest_is_one_of_those_given(start: datetime, ns: list[int]) -> None:
    """The binding limit is the minimum and keeps its own explanation."""
    dues = [workdays.due(Window(n, Unit.WORKING_DAYS), start, CAL) for n in ns]
    first = workdays.earliest(*dues, None)
    assert first.at == min(due.at for due in dues)
    assert any(first.why.endswith(due.why) for due in dues if due.at == first.at)


@given(st.integers(1, 999), st.sampled_from(list(Unit)))
@many
def test_windows_are_read_back_as_written(n: int, unit: Unit) -> None:
    """A window's own words are a window."""
    assert parse_window(str(Window(n, unit))) == Window(n, unit)


@given(
    st.sampled_from(TIMES),
    st.lists(st.sampled_from(PREFIXES), max_size=6),
    st.lists(st.sampled_from(SUFFIXES), max_size=3),
)
@many
def test_prefixes_and_markings_never_change_the_reading(text: str, before: list[str], after: list[str]) -> None:
    """In any order and number, what gateways and mail programs add leaves phrase, time and flags alone."""
    plain = read(f"{CHALLENGE} – {text}", PHRASES, TUESDAY)
    found = read("".join(before) + f"{CHALLENGE} – {text}" + "".join(after), PHRASES, TUESDAY)
    assert (found.phrase, found.certainty, found.window, found.by, found.flags, found.rest) == (
        (plain.phrase, plain.certainty, plain.window, plain.by, plain.flags, plain.rest)
    )
    assert found.is_reply == any(p in ("RE: ", "Re[2]: ", "AW: ") for p in before)
    assert found.is_forward == ("FW: " in before)


@given(
    st.sampled_from(TIMES),
    st.sampled_from(DASHES),
    st.lists(st.sampled_from(SPACES), min_size=4, max_size=4),
    st.sampled_from([str.upper, str.lower, str.title, str]),
)
@many
def test_spelling_of_dashes_spaces_and_case_never_changes_the_reading(
    text: str, dash: str, spaces: list[str], cased: type[str]
) -> None:
    """However a mail program writes dashes, spaces and capitals, the same is read."""
    plain = read(f"{CHALLENGE} – {text}", PHRASES, TUESDAY)
    a, b, c = CHALLENGE.split()
    typed = f"{a}{spaces[0]}{b}{spaces[1]}{c}{spaces[2]}{dash}{spaces[3]}{text.replace(' ', spaces[0])}"
    found = read(cased(typed), PHRASES, TUESDAY)
    assert (found.phrase, found.certainty, found.window, found.by, found.flags) == (
        (plain.phrase, plain.certainty, plain.window, plain.by, plain.flags)
    )


@given(st.lists(PEOPLE, min_size=1, max_size=3), st.sampled_from(["", "24 hours", "10 working days"]), st.booleans())
@many
def test_names_and_dates_never_become_a_time(people: list[str], text: str, last: bool) -> None:
    """Names, birthdays, ages, telephones and case numbers in a subject neither make a time nor change one."""
    about = " – ".join(people)
    subject = f"{CHALLENGE} – {about} – {text}" if last else f"{CHALLENGE} – {text} – {about}"
    found = read(subject, PHRASES, TUESDAY)
    plain = read(f"{CHALLENGE} – {text}", PHRASES, TUESDAY)
    assert (found.phrase, found.window, found.by, found.flags) == (plain.phrase, plain.window, plain.by, plain.flags)


@pytest.mark.parametrize("n", [1, 5, 10, 24])
@given(digits=st.characters(categories=["Nd", "Nl", "No"], exclude_characters="0123456789"))
@many
def test_foreign_digits_are_never_a_number(n: int, digits: str) -> None:
    """A digit or fraction that is not one of 0-9 spoils the number it stands in."""
    for text in (f"{digits} hours", f"{n}{digits} hours", f"{digits}{n} working days", f"{n} {digits} days"):
        assert requested(text, TUESDAY, TIERS) == requested("", TUESDAY, TIERS)


@given(st.text(max_size=300), instants)
@many
def test_any_text_at_all_is_read(text: str, sent: datetime) -> None:
    """Nothing that can stand in a subject raises, and folding twice is folding once."""
    found = read(text, PHRASES, sent)
    assert not (found.window and found.by)
    assert found.by is None or found.by > sent
    assert automatic_prefix(text) in {"", "auto_reply", "receipt", "bounce", "recall", "meeting"}
    assert ref_in(text) == ref_in(fold(text))
    assert fold(fold(text)) == fold(text)


GRAMMAR = (
    "by 5pm Friday 24 hours 10 working days w/d / - , : ( ) noon tomorrow COP 15/01/27 31/02 the 15th next at on of "
    "end week 2027 99 12:30 25:99 o'clock January aged urgent not fortnight a ten twenty four past PSC Challenge RE:"
)
WORDS = st.sampled_from(GRAMMAR.split())


@given(st.lists(WORDS, max_size=25).map(" ".join), instants)
@many
def test_any_sentence_of_time_words_is_read(text: str, sent: datetime) -> None:
    """However the words of the grammar are thrown together, what is read is a future instant or a positive window."""
    found = requested(text, sent, TIERS)
    assert not (found.window and found.by)
    assert found.by is None or found.by > sent
    assert found.window is None or found.window.n > 0
    assert len(set(found.flags)) == len(found.flags)
