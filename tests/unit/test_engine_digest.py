"""The business unit's daily letter, and what is told once: when they go, to whom, and what they show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import re2

from bot.model import LetterKind
from bot.store import letters, mailboxes, mails
from tests.unit.case_samples import BOT, CREWE, DAY, FAY, HELEN, START, STRANGER, TEN, UNIT, mail
from tests.unit.engine_samples import CHESTER, CREWE_BOX, WORDS, House, eml, running, texts, to

HOUR, MINUTE, DAYS = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
UNIT_CW = "unit@cwscp.example"
MONDAY = datetime(2027, 1, 11, 9, tzinfo=UTC)
NINE = datetime(2027, 1, 13, 9, tzinfo=UTC)  # the Wednesday after START
SUMMER = datetime(2027, 7, 5, 8, tzinfo=UTC)  # a Monday: nine o'clock on the office's wall


def posted(house: House, *instants: datetime) -> list[tuple[str, ...]]:
    """To whom digests were queued when asked at these instants."""
    for at in instants:
        house.app.digests.post(at)
    return [to(q.letter) for q in house.letters(LetterKind.DIGEST)]


def digest(house: House, now: datetime, unit: str = UNIT) -> str:
    """The text of the latest digest to that unit, posted and sent now."""
    house.app.digests.post(now)
    sent = [m for m in house.send(now) if "Professional challenges:" in str(m["Subject"]) and unit in str(m["To"])]
    latest = max(sent, key=lambda m: str(m["Message-ID"]) if len(sent) == 1 else m["Date"].datetime)
    return texts([latest])[0]


# --- when -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [NINE, SUMMER], ids=["winter", "summer"])
def test_it_goes_at_nine_on_the_offices_clock(house: House, at: datetime) -> None:
    """Not a minute before, and once a day however often it is asked."""
    house.open()
    assert posted(house, at - MINUTE) == []
    assert posted(house, at).count((UNIT,)) == 1
    assert posted(house, at, at + HOUR).count((UNIT,)) == 1
    assert posted(house, at + DAYS).count((UNIT,)) == 2


def test_it_goes_on_working_days(house: House) -> None:
    """Neither at a weekend nor on a bank holiday."""
    house.open()
    assert posted(house, datetime(2027, 1, 16, 9, tzinfo=UTC), datetime(2027, 3, 29, 9, tzinfo=UTC)) == []


def test_a_clock_that_was_set_back_asks_for_no_day_again(house: House) -> None:
    """Not though the letters of that day are gone with the case of which they told."""
    house.open()
    posted(house, NINE, NINE + DAYS)
    with house.db.begin() as tx:
        letters.forget(tx, [q.id for q in house.letters(LetterKind.DIGEST)], NINE + DAYS)
    assert posted(house, NINE, NINE + DAYS) == []
    assert posted(house, NINE + 2 * DAYS).count((UNIT,)) == 1


def test_with_nothing_to_tell_it_goes_on_mondays(house: House) -> None:
    """Its absence is the alarm; on other days nothing is said of nothing."""
    assert posted(house, NINE) == []
    assert posted(house, MONDAY + 7 * DAYS) == [(UNIT,), (UNIT_CW,)]


def test_each_area_has_its_own(house: House) -> None:
    """Crewe's open case is nothing that Chester's unit reads."""
    house.open()
    assert "CE-2027-0001" in digest(house, NINE)
    assert "No challenge is open." in digest(house, NINE, UNIT_CW)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (NINE - MINUTE, NINE),
        (NINE, NINE + DAYS),
        (NINE + HOUR, NINE + DAYS),
        (datetime(2027, 1, 15, 10, tzinfo=UTC), datetime(2027, 1, 18, 9, tzinfo=UTC)),
        (datetime(2027, 1, 16, 8, tzinfo=UTC), datetime(2027, 1, 18, 9, tzinfo=UTC)),
    ],
)
def test_when_the_next_may_go(house: House, now: datetime, expected: datetime) -> None:
    """This morning still, else the next working one."""
    assert house.app.digests.next_at(now) == expected


# --- what it shows ----------------------------------------------------------------------------------------------------


def test_it_lists_open_cases_and_when_each_mailbox_was_read(house: House) -> None:
    """With the stage, the time and whose move it is; a mailbox that was never read is said to be so."""
    house.open()
    house.serve(START)
    with house.db.begin() as tx:
        mailboxes.listed_at(tx, CREWE_BOX, START)
    text = digest(house, NINE)
    assert "CE-2027-0001" in text
    assert "waiting for Fay Marsh" in text
    assert f"{CREWE_BOX}: last read Tuesday 12 January 2027, 10:05am" in text
    assert "bot: last read never" in text
    assert "CW Chester" not in text


def test_what_presses_comes_first(house: House) -> None:
    """Over the time asked for, due today, the rest: in the subject, the first line and the order of the lines."""
    house.open()
    house.serve(START)
    assert digest(house, NINE).startswith("Due today: CE-2027-0001 ")
    later = START + DAYS
    house.open(mail(HELEN, f"{WORDS} Twice.", title=DAY, to=(FAY,), cc=(CREWE,), at=later))
    house.serve(later)
    text = digest(house, NINE + DAYS)
    assert text.startswith("Chase today: CE-2027-0001, 22 hours over ")
    over, today = text.index("Over the time asked"), text.index("Due today:")
    assert over < text.index("- CE-2027-0001") < today < text.index("- CE-2027-0002")
    assert "24 hours asked for, 22 hours over" in text
    subjects = {q.letter.subject for q in house.letters(LetterKind.DIGEST) if to(q.letter) == (UNIT,)}
    assert subjects == {
        "Professional challenges: 1 due today, 1 open, 0 to place",
        "Professional challenges: 1 over the time asked, 1 due today, 2 open, 0 to place",
    }


def test_it_says_every_day_what_its_absence_means_and_ends_with_the_head(house: House) -> None:
    """Also when a mail waits; the head of the journal is the last small line, under all that a person reads."""
    penned(house)
    for text in (digest(house, NINE), digest(house, NINE, UNIT_CW)):
        assert "If this letter fails to come on a working day, please tell the operator." in text
        body, _, foot = text.partition(" -- ")
        assert "Head of the journal" not in body
        assert re2.search(r"Head of the journal at \S+: [0-9a-f]{64}\.\s*$", foot)


def test_where_nothing_changed_it_is_one_line(house: House) -> None:
    """It names the day of the letter that it leaves as it was, and the next step; with what changes, on a Monday and
    where something presses it is whole again."""
    house.open(mail(HELEN, WORDS, title=TEN, to=(FAY,), cc=(CREWE,)))
    house.serve(START)
    house.send(START)
    assert "- CE-2027-0001" in digest(house, NINE)
    for at in (NINE + DAYS, NINE + 2 * DAYS):
        text = digest(house, at)
        assert text.startswith("Nothing to chase or place; 1 open challenge ")
        assert "All stands as the letter of Wednesday 13 January 2027 has it. The next step is due " in text
        assert "bot: last read never" in text
        assert "CE-2027-0001" not in text
        assert len(text.partition(" -- ")[0].split()) < 60
    assert "- CE-2027-0001" in digest(house, MONDAY + 7 * DAYS)
    assert "- CE-2027-0001" not in digest(house, MONDAY + 8 * DAYS)
    house.put(eml(FAY, name="own"), MONDAY + 8 * DAYS)
    house.take_in(MONDAY + 8 * DAYS)
    for at in (MONDAY + 9 * DAYS, MONDAY + 10 * DAYS):
        assert "- CE-2027-0001" in digest(house, at)


def penned(house: House) -> None:
    """Three mails that wait: two in Crewe's inbox, one in our own that nobody can place."""
    house.put(eml(FAY, name="own"), START)
    house.put(eml(HELEN, f"RE: {DAY}", "It is as I said.", name="reply"), START + MINUTE)
    house.put(eml(STRANGER, "A question", "May I ask?", to=(BOT,), cc=(), name="q"), START + 2 * MINUTE, BOT)
    house.take_in(START + HOUR)
    assert len(house.listed("holding_pen")) == 3


def test_mails_that_wait_are_lettered_and_named_by_their_sender_never_by_their_subject(house: House) -> None:
    """A subject may hold a child's name; the letter beside each is what its answer will cite."""
    penned(house)
    text = digest(house, NINE)
    assert f"A, mail 2: in {CREWE_BOX}, received Tuesday 12 January 2027, 10:05am, says it is from {FAY}" in text
    assert f"B, mail 3: in {CREWE_BOX}" in text
    assert f"says it is from {HELEN}" in text
    assert DAY not in text


def test_a_mail_to_our_own_mailbox_that_may_be_any_areas_is_shown_without_its_sender(house: House) -> None:
    """Both units see that it waits, and neither whom it is from."""
    penned(house)
    crewe, chester = digest(house, NINE), digest(house, NINE, UNIT_CW)
    for text in (crewe, chester):
        assert "in bot, received Tuesday 12 January 2027, 10:07am" in text
        assert STRANGER not in text
    assert CREWE_BOX not in chester


def test_with_one_area_a_mail_to_our_own_mailbox_is_its_own(tmp_path: Path) -> None:
    """Whom it says it is from is shown to the only unit there is."""
    for house in running(tmp_path, watched=(CREWE,)):
        penned(house)
        assert f"says it is from {STRANGER}" in digest(house, NINE)


@pytest.mark.parametrize(("sender", "shown"), [(FAY, UNIT), ("gail.frost@cwcsc.example", UNIT_CW)])
def test_a_mail_to_our_own_mailbox_is_shown_to_the_area_that_knows_its_sender(
    house: House, sender: str, shown: str
) -> None:
    """And to no other."""
    house.put(eml(sender, "A question", "May I ask?", to=(BOT,), cc=()), START, BOT)
    house.take_in(START)
    house.app.digests.post(NINE)
    told = {m["To"].addresses[0].addr_spec: texts([m])[0] for m in house.send(NINE)}
    assert [unit for unit, text in told.items() if "in bot, received" in text] == [shown]
    assert f"says it is from {sender}" in told[shown]


def test_what_could_not_be_read_is_shown_apart(house: House) -> None:
    """It waits for a person as well, and the unit is asked about it in the same letter, once."""
    house.put(eml(title="Lunch"))
    house.receive(START)
    with house.db.begin() as tx:
        for _ in range(3):
            mails.attempt(tx, 1, START)
    house.app.intake.read(START)
    text = digest(house, NINE)
    assert "These could not be read." in text
    assert text.count(f"in {CREWE_BOX}, received") == 1


def test_letters_kept_back_in_shadow_mode_are_listed_once(tmp_path: Path) -> None:
    """Each morning those since the morning before, so that the unit can judge the bot before it speaks."""
    for house in running(tmp_path, mode="shadow"):
        house.open(mail(HELEN, WORDS, title=DAY, to=(FAY,), cc=(CREWE,), at=START - DAYS))
        first = digest(house, NINE - DAYS)
        assert "acknowledgement to Helen Visser" in first
        house.open(mail(HELEN, f"{WORDS} Twice.", title=DAY, to=(FAY,), cc=(CREWE,), at=START))
        second = digest(house, NINE)
        assert "CE-2027-0002: acknowledgement to Helen Visser" in second
        assert "CE-2027-0001: acknowledgement" not in second


def test_letters_that_wait_are_counted(house: House) -> None:
    """A standstill shows in the one letter that is read every morning."""
    house.open()
    waiting = sum(len(house.letters(kind)) for kind in LetterKind)
    assert f"Letters waiting to be sent: {waiting}." in digest(house, NINE)


def test_the_letters_of_the_morning_itself_are_not_counted_as_waiting(house: House) -> None:
    """The daily letter to one area is no standstill that the next area's reads of."""
    assert "Letters waiting to be sent: 0." in digest(house, MONDAY, UNIT_CW)


# --- what is told once ------------------------------------------------------------------------------------------------


def in_flight(house: House) -> list[tuple[str, ...]]:
    return [to(q.letter) for q in house.letters(LetterKind.INFORMATION, "in_flight")]


def test_older_challenges_are_told_once_to_operator_and_unit(house: House) -> None:
    """Nobody who is named in them hears; what is found later is told by itself."""
    operator = house.settings.config.operator
    house.put(eml(at=START - 9 * DAYS), START - 9 * DAYS)
    house.take_in(START)
    for _ in range(2):
        house.app.digests.tell_in_flight(START)
    assert in_flight(house) == [(operator, UNIT)]
    house.put(eml(at=START - 8 * DAYS, text=f"{WORDS} Twice."), START - 8 * DAYS, CHESTER)
    house.put(eml(FAY, at=START), START)
    house.take_in(START + HOUR)
    house.app.digests.tell_in_flight(START + HOUR)
    house.app.digests.tell_in_flight(START + 2 * HOUR)
    assert in_flight(house) == [(operator, UNIT), (operator, UNIT_CW)]
    first, second = sorted(texts(house.send(START + HOUR), "already in flight?"))
    assert f"Entry 1: in {CREWE_BOX}, received Sunday 3 January 2027" in first
    assert "in CW Chester Assessment Team, received Monday 4 January 2027" in second
    assert CREWE_BOX not in second


def test_what_was_told_once_is_not_listed_again_with_what_is_found_later(house: House) -> None:
    """The second letter names the second challenge alone."""
    for n in range(2):
        house.put(eml(at=START - 9 * DAYS, text=f"{WORDS} {n}", name=f"m{n}"), START - 9 * DAYS)
        house.take_in(START + n * HOUR)
        house.app.digests.tell_in_flight(START + n * HOUR)
    listed = sorted(text.count("Entry ") for text in texts(house.send(START + HOUR), "already in flight?"))
    assert listed == [1, 1]


@pytest.mark.parametrize(("watched", "told"), [((CREWE,), True), ((CREWE, CHESTER), False)])
def test_an_older_challenge_in_our_own_mailbox_is_told_where_there_is_one_area(
    tmp_path: Path, watched: tuple[str, ...], told: bool
) -> None:
    """With two nobody can say whose it is: it stands in the daily letter."""
    for house in running(tmp_path, watched=watched):
        house.put(eml(at=START - 9 * DAYS, to=(BOT,), cc=()), START - 9 * DAYS, BOT)
        house.take_in(START)
        house.app.digests.tell_in_flight(START)
        assert bool(in_flight(house)) is told


def test_cases_that_were_watched_are_asked_about_once_letters_may_go(tmp_path: Path) -> None:
    """Each once, and none while the mailbox is still only watched."""
    for house in running(tmp_path, mode="shadow"):
        house.open()
        house.open(mail(HELEN, f"{WORDS} Twice.", title=DAY, to=(FAY,), cc=(CREWE,)))
        house.app.digests.ask_shadowed(START)
        assert house.letters(LetterKind.QUESTION, "shadowed") == []
        live = house.settings.config.model_copy(update={"mode": "live"})
        house.turn.books.settings = replace(house.settings, config=live)
        for _ in range(2):
            house.app.digests.ask_shadowed(START + DAYS)
        asked = house.letters(LetterKind.QUESTION, "shadowed")
        assert [(q.case, q.status, to(q.letter)) for q in asked] == [(1, "queued", (UNIT,)), (2, "queued", (UNIT,))]
