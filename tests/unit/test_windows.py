"""The grammar of time, as tables: what a policy file may say, and what people type into subjects."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.model import Unit, Window
from bot.rules.instants import LONDON
from bot.rules.windows import Requested, fold, granted, requested
from bot.rules.written import parse_window

TIERS = (Window(24, Unit.HOURS), Window(10, Unit.WORKING_DAYS))
TUESDAY = datetime(2027, 1, 12, 10, 5, tzinfo=LONDON)

ODD = ("nonstandard_window",)
UNITS = {"h": Unit.HOURS, "wd": Unit.WORKING_DAYS, "d": Unit.CALENDAR_DAYS, "mo": Unit.MONTHS}


def window(text: str) -> Window:
    n, unit = text.split()
    return Window(int(n), UNITS[unit], "requested")


def ask(text: str, sent: datetime = TUESDAY, tiers: tuple[Window, ...] = TIERS) -> Requested:
    return requested(text, sent, tiers)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24 hours", Window(24, Unit.HOURS)),
        ("1 hour", Window(1, Unit.HOURS)),
        ("5 working days", Window(5, Unit.WORKING_DAYS)),
        ("  1 Working  Day ", Window(1, Unit.WORKING_DAYS)),
        ("5 days", Window(5, Unit.CALENDAR_DAYS)),
        ("5 calendar days", Window(5, Unit.CALENDAR_DAYS)),
        ("1 month", Window(1, Unit.MONTHS)),
    ],
)
def test_policy_files_give_a_number_and_a_unit(text: str, expected: Window) -> None:
    """A window of a policy file is read, and written back in words that are read again."""
    assert parse_window(text) == expected
    assert parse_window(str(expected)) == expected


@pytest.mark.parametrize(
    "text", ["5", "", "five", "5 wd", "same day", "-5 days", "1.5 days", "٥ days", "5 days or so", "24hrs"]
)
def test_policy_files_give_no_bare_numbers(text: str) -> None:
    """Anything else is refused in words that name what is accepted."""
    with pytest.raises(ValueError, match='"24 hours", "5 working days"') as caught:
        parse_window(text)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the same working day", Window(0, Unit.WORKING_DAYS)),
        ("same working day", Window(0, Unit.WORKING_DAYS)),
        ("by the end of the same working day", Window(0, Unit.WORKING_DAYS)),
        ("the end of the next working day", Window(1, Unit.WORKING_DAYS)),
        ("next working day", Window(1, Unit.WORKING_DAYS)),
        ("two working days", Window(2, Unit.WORKING_DAYS)),
        ("Within ten working days", Window(10, Unit.WORKING_DAYS)),
        ("one working week", Window(5, Unit.WORKING_DAYS)),
        ("2 weeks", Window(14, Unit.CALENDAR_DAYS)),
        ("one calendar month", Window(1, Unit.MONTHS)),
        ("1-3 working days", Window(3, Unit.WORKING_DAYS)),
        ("one to three working days", Window(3, Unit.WORKING_DAYS)),
    ],
)
def test_policy_files_give_times_as_documents_write_them(text: str, expected: Window) -> None:
    """Numbers in words, weeks, the same and the next working day; of two ends the longer one."""
    assert parse_window(text) == expected
    assert parse_window(str(expected)) == expected


@pytest.mark.parametrize("text", ["0 working days", "0 hours", "zero days", "0 weeks"])
def test_no_time_at_all_is_no_window(text: str) -> None:
    """A stage that ends in the minute it begins is a slip of the file."""
    with pytest.raises(ValueError, match="leaves no time at all"):
        parse_window(text)


@pytest.mark.parametrize("text", ["immediately", "at once", "as soon as possible"])
def test_a_word_without_an_end_is_asked_for_in_hours(text: str) -> None:
    """The document names no time, so the file must, as its own."""
    with pytest.raises(ValueError, match="`4 hours` with `source: local`"):
        parse_window(text)


def test_the_source_of_a_window_is_kept() -> None:
    """A local target stays distinguishable from what the policy says."""
    assert parse_window("5 working days", "local").source == "local"


@pytest.mark.parametrize(
    "text",
    [
        "24 hours", "- 24HRS", "24hr response required", "response req'd within 24hours", "24h", "24 h.",
        "24-hour reply", "twenty four hours", "Twenty-Four hours", "24 (twenty-four) hours", "24(24)hrs", "(24hrs)",
        "24 - hour", "24 awr", "URGENT - 24 hours", "24 hours / 24hrs", "24\u00a0hours", "2\u00ad4 hours",
        "24\u200b hours", "24 hours' notice",
    ],
)  # fmt: skip
def test_the_urgent_tier_in_every_spelling(text: str) -> None:
    """However 24 hours is typed, it is the policy's own tier and nothing is doubted."""
    assert ask(text) == Requested(window("24 h"))


@pytest.mark.parametrize(
    "text",
    [
        "10 working days", "ten working days", "ten (10) working days", "10WD", "10 w/d", "10 w/days",
        "10 wking days", "10 wkg days", "10 business days", "10-working-day", "10 wds",
        "less urgent – 10 working days", "10 diwrnod gwaith", "non-urgent, 10 working days", "two working weeks",
    ],
)  # fmt: skip
def test_the_standard_tier_in_every_spelling(text: str) -> None:
    """However ten working days are typed, they are the policy's own tier."""
    assert ask(text) == Requested(window("10 wd"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("48 hours", "48 h"),
        ("seventy-two hrs", "72 h"),
        ("within 5 days", "5 d"),
        ("1 day", "1 d"),
        ("next day", "1 d"),
        ("next working day", "1 wd"),
        ("10 calendar days", "10 d"),
        ("two weeks", "14 d"),
        ("a fortnight", "14 d"),
        ("within a week", "7 d"),
        ("a working week", "5 wd"),
        ("one month", "1 mo"),
        ("60 working days", "60 wd"),
        ("today", "24 h"),
        ("ASAP", "24 h"),
        ("a.s.a.p.", "24 h"),
        ("URGENT!!", "24 h"),
        ("same day", "24 h"),
        ("same working day", "24 h"),
    ],
)
def test_other_times_are_kept_and_flagged(text: str, expected: str) -> None:
    """A time that is no tier of the policy is kept as it was read, however long, and said to be unusual."""
    assert ask(text) == Requested(window(expected), flags=ODD)


@pytest.mark.parametrize(
    ("tiers", "expected"),
    [
        (TIERS, Requested(window("10 wd"), flags=("bare_days",))),
        ((Window(10, Unit.CALENDAR_DAYS),), Requested(window("10 d"))),
        ((Window(10, Unit.HOURS),), Requested(window("10 d"), flags=ODD)),
        ((), Requested(window("10 d"), flags=ODD)),
    ],
)
def test_bare_days_take_the_unit_of_the_tier_with_that_number(tiers: tuple[Window, ...], expected: Requested) -> None:
    """Bare days are the tier's days where the policy has that number (R4), else calendar days."""
    assert ask("10 days", tiers=tiers) == expected


@pytest.mark.parametrize("note", ["10 working days", "by 10 working days", "for another ten working days please"])
def test_a_commands_note_may_give_a_window(note: str) -> None:
    """A length of time in a command's note is read as in a subject."""
    assert granted(note, TUESDAY, TIERS) == Requested(window("10 wd"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24 hours / 10 working days", "24 h"),
        ("10 working days, no: 24 hours", "24 h"),
        ("24-48 hours", "24 h"),
        ("24/48hrs", "24 h"),
        ("24 to 48 hours", "24 h"),
        ("URGENT 10 working days", "24 h"),
        ("24 hours or by 5pm Friday", "24 h"),
        ("10 working days (15 days)", "10 wd"),
    ],
)
def test_of_two_times_the_shorter_is_taken(text: str, expected: str) -> None:
    """Two different times are never averaged nor chosen in silence."""
    found = ask(text)
    assert found.window == window(expected)
    assert "two_times" in found.flags


def test_which_is_shorter_counts_the_weekend_between() -> None:
    """On a Thursday three working days end after four calendar days, on a Monday before them."""
    thursday, monday = (datetime(2027, 1, day, 10, 5, tzinfo=LONDON) for day in (14, 18))
    assert ask("3 working days or 4 days", thursday).window == window("4 d")
    assert ask("3 working days or 4 days", monday).window == window("3 wd")


def test_of_equal_times_the_one_least_in_doubt_is_taken() -> None:
    """A tier by its own name beats the same length said loosely, whichever stands first."""
    assert ask("URGENT: 24 hours") == ask("24 hours, URGENT") == Requested(window("24 h"))
    assert ask("1 calendar day, 24 hours").window == window("24 h")


@pytest.mark.parametrize(
    "text",
    [
        "", "J.S.", "JOHN SMITH 12/03/2015", "DOB 12.03.2015", "born 12 March 2015", "2015-03-12", "aged 10",
        "age: 24 hours", "10 year old", "10-year-old", "3 day old baby", "10 y/o", "2 weeks ago",
        "24 weeks pregnant", "missing for 3 days", "0300 123 5012 hours", "01270 500 124 days", "+44 7700 900123",
        "943 476 5919", "NHS 9434765919 hours", "##12345##", "##24 hours##", "(ref: ABC123)", "CE-2027-0010 days",
        "LCS/24/10 days", "(was PSC 24hrs)", "Year 10 day pupil", "Section 20 days", "14:00 hours", "1400 hours",
        "24/7", "1.5 hours", "1,5 hours", "1½ hours", "½ day", "1/2 day", "２４ hours", "٢٤ hours", "②④ hours",
        "1⁄2 days", "0 hours", "2400 hours", "0.24 hours", "by 15/13/27", "by 31/02/27", "by 25:00 Friday",
        "by 13pm Friday", "by the panel", "15/01/27", "Friday", "meeting tomorrow", "not urgent",
        "Urgent Care Centre", "hours", "days", "Broken24 hours", "£24 hours", "#24 hours",
    ],
)  # fmt: skip
def test_numbers_that_are_no_times(text: str) -> None:
    """Dates of birth, ages, telephones, case numbers, fractions and foreign digits ask for nothing."""
    assert ask(f"{text} – please") == Requested()


@pytest.mark.parametrize(
    "text", ["aged 10", "10 year old", "01270 500123", "DOB 12/03/2015", "943 476 5919", "Year 10", "S47"]
)
def test_other_numbers_do_not_hide_the_time(text: str) -> None:
    """A time stands out from an age, a telephone number or a date right before or after it."""
    assert ask(f"{text} 24 hours").window == window("24 h")
    assert ask(f"24 hours {text}").window == window("24 h")


def test_only_the_beginning_of_an_endless_subject_is_read() -> None:
    """Two thousand characters are enough for anybody, and cost the same for everybody."""
    assert ask("x" * 2000 + " 24 hours") == Requested()
    assert ask("24 " * 100_000) == Requested()
    assert ask("\ufdfa" * 500 + " 24 hours") == Requested()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a – b — c ‒ d − e -- f", "a - b - c - d - e - f"),
        ("\u201ca\u201d \u2018b\u2019", "\"a\" 'b'"),
        ("A&B", "A and B"),
        ("a\u00a0\u2003b\t\r\n c ", "a b c"),
        ("saf\u00adegu\u200barding\ufeff", "safeguarding"),
        ("ｆｕｌｌ：", "full:"),
        ("２½", "��"),
        ("Siân", "Siân"),
        ("ำ", "ํา"),
        ("㏠", "�"),
        ("5\ufe0f", "5"),
    ],
)
def test_folding_makes_alike_what_looks_alike(text: str, plain: str) -> None:
    """Dashes, quotes, spaces and invisible characters have one spelling; letters and case stay; odd digits do not."""
    assert fold(text) == plain
