"""What the business unit's first line asks for, and who is answered where no case answers them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.engine.reading import spoc
from bot.engine.reading.office import ANSWERS_A_DAY, SUBJECT
from bot.mail.words.actions import past
from bot.mail.words.office import first_line
from bot.model import LetterKind, Word
from bot.rules import workdays
from tests.unit.case_samples import BOT, CREWE, FAY, HELEN, START, UNIT, shipped
from tests.unit.engine_samples import House, eml, texts, to

MINUTE = timedelta(minutes=1)
THIRD = "head@school.example"  # of an agency that has no part in the case
REF = "CE-2027-0001"

LINES: dict[str, tuple[str, str, str]] = {
    "HOLD CE-2027-0001": ("HOLD", REF, ""),
    "Hold [CE-2027-0001].": ("HOLD", REF, ""),
    "Please hold CE-2027-0001, the wrong family's letter is attached": (
        "HOLD", REF, "the wrong family's letter is attached"
    ),
    "Hello all,\n\nHOLD the letters of CE-2027-0001": ("HOLD", REF, ""),
    "Hi, could you please release CE-2027-0001": ("RELEASE", REF, ""),
    "status of ce-2027-0001": ("STATUS", REF, ""),
    "RECORD full CE-2027-0001": ("RECORD", REF, "full"),
    "RECORD CE-2027-0001 full": ("RECORD", REF, "full"),
    "NUDGE CE-2027-0001": ("NUDGE", REF, ""),
    "Please remind Fay Marsh, we have seen nothing yet.": ("NUDGE", "", "Fay Marsh, we have seen nothing yet"),
    "CORRECT CE-2027-0001 stage step-2": ("CORRECT", REF, "stage step-2"),
    "CORRECT duplicate of CE-2027-0001": ("CORRECT", "", "duplicate of CE-2027-0001"),
    "Which cases are overdue?": ("OPEN", "", ""),
    "Could you send me the figures of the last quarter please?": ("REPORT", "", "of the last quarter please"),
    "REPORT Q3 2026": ("REPORT", "", "Q3 2026"),
    "Open a case: a school rang the team": ("NEW", "", "a school rang the team"),
    "NEW\nWho: Joan Pike": ("NEW", "", ""),
    "Learning: minutes within a week": ("LEARNING", "", "minutes within a week"),
}  # fmt: skip

NONE = (
    "Hold on, we are looking into it",
    "The register is attached",
    "Report attached",
    "Thank you, that is all",
    "New referral received, see below CE-2027",
    "We hold a meeting on Friday",
    "",
)


@pytest.mark.parametrize("text", LINES)
def test_the_units_line_is_read_with_its_ref(text: str) -> None:
    """The word, the case that stands behind it, and the rest."""
    read = first_line(text)
    assert read.command is not None
    assert (read.command.word, read.ref, read.command.note) == LINES[text]


@pytest.mark.parametrize("text", NONE)
def test_an_ordinary_line_of_the_unit_asks_for_nothing(text: str) -> None:
    """A word that begins a sentence is none."""
    assert first_line(text).command is None or text.startswith("New referral")


@pytest.mark.parametrize(
    ("words", "day", "hour"),
    [
        ("yesterday at 4pm", 1, 16),
        ("today 8.30am", 2, 8),
        ("Monday 10am", 1, 10),
        ("1 February 2027, 3pm", 1, 15),
        ("at 5pm", 1, 17),
        ("01/02/2027", 1, 9),
    ],
)
def test_a_time_that_is_told_is_past(words: str, day: int, hour: int) -> None:
    """Counted from Tuesday 2 February 2027, 11am; 9am of a day without an hour."""
    at = past(words, datetime(2027, 2, 2, 11, tzinfo=UTC))
    assert at is not None
    assert (at.day, at.hour) == (day, hour)


def test_two_working_hours_go_round_a_night_and_a_weekend() -> None:
    """From Friday 4pm they end on Monday at 10am."""
    cal = shipped().calendar
    friday = datetime(2027, 3, 5, 16, tzinfo=UTC)
    assert workdays.working_hours(friday, 2, cal) == datetime(2027, 3, 8, 10, tzinfo=UTC)
    assert workdays.working_hours(friday - timedelta(hours=5), 2, cal) == datetime(2027, 3, 5, 13, tzinfo=UTC)


def test_a_change_of_who_answers_is_read_and_says_what_it_lacks() -> None:
    """The team, the role, the name and the address; the directory is not touched."""
    directory = shipped().directory
    whole = spoc.change(directory, "CE", "Crewe Assessment Team line manager is now Ann Day, ann.day@csc.example")
    assert (whole.team, whole.role, whole.name, whole.email) == (
        "Crewe Assessment Team", "line_manager", "Ann Day", "ann.day@csc.example",
    )  # fmt: skip
    assert [one.email for one in whole.now] == [FAY]
    assert whole.missing == ()
    assert spoc.change(directory, "CE", "Dev Patel has left").missing == (
        "the team or agency", "the role", "the address",
    )  # fmt: skip
    assert not spoc.is_change("Crewe Assessment Team")


def test_a_role_of_a_whole_agency_needs_no_team() -> None:
    """An agency of the area that stands in the words is whose role it is; the change is for all of it."""
    directory = shipped().directory
    words = "the designated safeguarding lead of CSC is now Ann Day, ann.day@csc.example"
    read = spoc.change(directory, "CE", words)
    assert (read.missing, [one.name for one in read.now]) == ((), ["Dev Patel"])
    found = read.proposal(directory, "CE")
    assert (found.agency, found.team, found.role) == ("CSC", "", "designated_safeguarding_lead")


# --- who is answered --------------------------------------------------------------------------------------------------


def writes(house: House, sender: str, title: str, text: str, at: datetime, answers: str = "") -> None:
    house.put(eml(sender, title, text, at=at, to=(BOT,), cc=(), answers=answers), at, BOT)
    house.take_in(at)


def told(house: House) -> list[str]:
    return texts(house.send(START + timedelta(days=1)), SUBJECT)


def test_a_third_agency_reads_the_same_words_for_every_ref(house: House) -> None:
    """Whether there is such a case or not, and whether they ask with a word or in a sentence."""
    house.open()
    writes(house, THIRD, f"About {REF}", "STATUS", START + MINUTE)
    writes(house, THIRD, "About CE-2027-0099", "STATUS", START + 2 * MINUTE)
    writes(house, THIRD, f"And {REF}", "How far is it?", START + 3 * MINUTE)
    writes(house, THIRD, "And CE-2027-0099", "How far is it?", START + 4 * MINUTE)
    answers = told(house)
    assert len(answers) == 4
    assert len(set(answers)) == 1
    assert not [word for word in (REF, "0099", "Helen", "Fay") if word in answers[0]]


def test_what_answers_an_answer_is_not_answered(house: House) -> None:
    """Nor a second mail of the thread on that day, unless it brings a word."""
    writes(house, THIRD, "A question", "Who are you?", START)
    (first,) = house.letters(LetterKind.ANSWER)
    writes(house, THIRD, "RE: A question", "Thank you.", START + MINUTE, answers=first.letter.message_id)
    writes(house, THIRD, "A question", "Are you there?", START + 2 * MINUTE)
    assert len(house.letters(LetterKind.ANSWER)) == 1
    writes(house, THIRD, "A question", "STATUS", START + 3 * MINUTE)
    assert len(house.letters(LetterKind.ANSWER)) == 2


def test_nobody_is_answered_more_than_ten_times_a_day(house: House) -> None:
    """However many words they send."""
    for n in range(ANSWERS_A_DAY + 3):
        writes(house, UNIT, f"Question {n}", "HOLD", START + n * MINUTE)
    assert len(house.letters(LetterKind.ANSWER)) == ANSWERS_A_DAY
    writes(house, UNIT, "Question", "HOLD", START + timedelta(days=1, hours=1))
    assert len(house.letters(LetterKind.ANSWER)) == ANSWERS_A_DAY + 1


def test_an_inbox_is_answered_only_to_a_word(house: House) -> None:
    """Its receipts and remarks would go round for ever."""
    writes(house, CREWE, "Noted", "We have passed it on.", START)
    assert house.letters(LetterKind.ANSWER) == []
    writes(house, CREWE, "Noted", "STATUS", START + MINUTE)
    assert [to(q.letter) for q in house.letters(LetterKind.ANSWER)] == [(CREWE,)]


def test_a_party_without_a_ref_learns_how_to_write(house: House) -> None:
    """No case is guessed from who writes."""
    house.open()
    writes(house, HELEN, "My challenge", "URGENT", START + MINUTE)
    (letter,) = house.letters(LetterKind.ANSWER)
    assert (to(letter.letter), letter.letter.variant, letter.case) == ((HELEN,), "elsewhere", None)


def test_a_reminder_for_somebody_with_two_cases_is_asked_about(house: House) -> None:
    """Nobody is reminded of the wrong one."""
    house.open()
    house.put(eml(text="Another family: nobody has called on them since Monday.", at=START + MINUTE), START + MINUTE)
    house.take_in(START + MINUTE)
    assert len(house.cases()) == 2
    writes(house, UNIT, "Crewe", "NUDGE Fay Marsh", START + 2 * MINUTE)
    assert house.letters(LetterKind.CHASER) == []
    (answer,) = told(house)
    assert "More than one case waits for them" in answer
    assert "NUDGE CE-2027-0001" in answer
    assert "NUDGE CE-2027-0002" in answer


def test_every_word_of_the_unit_is_known_to_its_line() -> None:
    """A ref may stand behind any word of the table."""
    for word in Word:
        read = first_line(f"{word} {REF} for a reason")
        assert read.command is not None
        assert (read.command.word, read.ref, read.command.note) == (word, REF, "for a reason")
