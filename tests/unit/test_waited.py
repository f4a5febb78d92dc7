"""A letter that waited: what each of its readers has of it when it may go, and what it says then."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.case.table import restated
from bot.case.waited import still_asks, still_true
from bot.engine.flood import DAY, LETTERS_A_DAY
from bot.engine.reading import join
from bot.model import (
    Alarm,
    Arrival,
    Bounce,
    Command,
    Correction,
    CorrectionKind,
    FormState,
    How,
    LetterKind,
    MailKind,
    Meaning,
    Proof,
    QuestionKind,
    Sending,
    Word,
)
from bot.model.letters import Chaser, Question, TheForm
from bot.store import cases, outbox
from bot.store.outbox import Queued
from tests.unit.case_samples import FAY, HELEN, MO, START, UNIT, mail
from tests.unit.engine_samples import House

MINUTE = timedelta(minutes=1)


def says(house: House, sender: str, text: str, at: datetime, how: How = How.LETTER, **more: Any) -> None:
    with house.db.begin() as tx:
        house.turn.take(tx, 1, Arrival(mail(sender, text, at=at, **more), how), at)


def corrected(house: House, what: CorrectionKind, at: datetime) -> None:
    with house.db.begin() as tx:
        house.turn.take(tx, 1, Correction(what, UNIT, "looking into it"), at)


def extended(house: House, at: datetime) -> None:
    word = Command(Word.EXTEND, "2 working days")
    says(house, HELEN, "EXTEND 2 working days", at, command=word)


def as_it_goes(house: House, one: Queued, at: datetime) -> Any:
    with house.db.read() as tx:
        stored = cases.load(tx, 1)
        return restated(one.letter, stored.case, house.turn.rules_of(stored), at)


@pytest.fixture
def opened(house: House) -> House:
    house.open()
    house.serve(START + MINUTE)
    return house


def test_a_promise_is_told_though_time_was_given_meanwhile(opened: House) -> None:
    """No letter about more time says that somebody promised, nor to whoever wrote how it was taken."""
    corrected(opened, CorrectionKind.HOLD, START + 2 * MINUTE)
    says(opened, FAY, "Thanks, noted.", START + 3 * MINUTE)
    extended(opened, START + 4 * MINUTE)
    corrected(opened, CorrectionKind.RELEASE, START + 5 * MINUTE)
    told = [*opened.letters(LetterKind.INFORMATION, "received"), *opened.letters(LetterKind.INFORMATION, "taken")]
    assert [(one.letter.to[0].email, one.status) for one in told] == [(HELEN, Sending.QUEUED), (FAY, Sending.QUEUED)]
    for one in told:
        assert as_it_goes(opened, one, START + 6 * MINUTE).standing.due == opened.case().due


def test_a_reminder_that_waited_names_the_time_of_now(opened: House) -> None:
    """What is left, and of which time, agree."""
    with opened.db.begin() as tx:
        chaser = min((d for d in cases.load(tx, 1).case.deadlines if d.kind == "chaser"), key=lambda d: d.at)
    corrected(opened, CorrectionKind.HOLD, chaser.at - 2 * MINUTE)
    with opened.db.begin() as tx:
        opened.turn.take(tx, 1, Alarm(chaser), chaser.at)
    extended(opened, chaser.at + MINUTE)
    corrected(opened, CorrectionKind.RELEASE, chaser.at + 2 * MINUTE)
    (reminder,) = opened.letters(LetterKind.CHASER, "half")
    going = as_it_goes(opened, reminder, chaser.at + 30 * MINUTE)
    assert going.standing.due == opened.case().due
    assert going.values.left == "1 working day"


def test_a_letter_in_its_turn_asks_nothing_that_is_settled(opened: House) -> None:
    """An answer and RESOLVED come in one moment: the raiser is not asked whether it is, and what is told goes."""
    says(opened, FAY, "We have reopened the assessment and saw the child.", START + 2 * MINUTE, to=(HELEN,))
    (asked,) = opened.letters(LetterKind.RESPONSE, "responded")
    assert still_asks(opened.case(), asked.letter, START + 2 * MINUTE)
    says(opened, HELEN, "RESOLVED", START + 3 * MINUTE, command=Command(Word.RESOLVED))
    assert not still_asks(opened.case(), asked.letter, START + 3 * MINUTE)
    told = opened.letters(LetterKind.INFORMATION)
    assert told and all(still_asks(opened.case(), one.letter, START + 3 * MINUTE) for one in told)


def test_a_hold_keeps_no_question_whether_a_word_is_meant(opened: House) -> None:
    """Its six digits count for a day, and a HOLD may last longer."""
    corrected(opened, CorrectionKind.HOLD, START + 2 * MINUTE)
    says(
        opened, HELEN, "RESOLVED", START + 3 * MINUTE, How.REF,
        command=Command(Word.RESOLVED), proof=Proof.UNPROVEN,
    )  # fmt: skip
    (asked,) = opened.letters(LetterKind.QUESTION, "confirm_word")
    assert asked.status is Sending.QUEUED


def test_what_is_asked_after_the_end_is_asked_though_it_waited(opened: House) -> None:
    """Whoever wrote to a closed case is asked to whom it shall go; their day was full."""
    for n in range(LETTERS_A_DAY + 1):
        says(opened, HELEN, "STATUS", START + timedelta(minutes=2, seconds=n))
    says(opened, HELEN, "WITHDRAW\nIt was raised twice.", START + 4 * MINUTE)
    assert not opened.case().is_open
    says(opened, HELEN, "RESOLVED", START + 5 * MINUTE, How.REF, command=Command(Word.REOPEN), proof=Proof.UNPROVEN)
    (asked,) = opened.letters(LetterKind.QUESTION, "confirm_word")
    assert asked.status is Sending.HELD
    opened.app.daily(START + DAY + 4 * MINUTE)
    with opened.db.read() as tx:
        assert outbox.get(tx, asked.id).status is Sending.QUEUED


def split(house: House) -> tuple[Queued, Queued]:
    """A question to the raiser, whose day is full, and to their manager: the one that goes now, and the other."""
    for n in range(LETTERS_A_DAY):
        says(house, HELEN, "STATUS", START + timedelta(minutes=2, seconds=n))
    words = "I think the plan may have been looked at by somebody."
    says(house, FAY, words, START + 4 * MINUTE, meaning=Meaning.DOUBTFUL)
    soon, later = house.letters(LetterKind.QUESTION, "whose_answer")
    assert ([c.email for c in soon.letter.to], soon.status) == ([MO], Sending.QUEUED)
    assert ([c.email for c in later.letter.to], later.status) == ([HELEN], Sending.HELD)
    return soon, later


def test_who_has_the_letter_now_answers_the_same_question(opened: House) -> None:
    """Whose day is full has it later: the other reader's YES is one to what was asked."""
    soon, later = split(opened)
    (question,) = [q for q in opened.case().questions if q.about is QuestionKind.WHOSE_ANSWER]
    with opened.db.read() as tx:
        for one in (soon, later):
            assert {key for _, _, key in cases.find_ids(tx, (one.letter.message_id,))} == {question.key}


@pytest.mark.parametrize("n", [0, 1])
def test_a_copy_that_comes_back_is_that_reader_s(opened: House, n: int) -> None:
    """However the bounce cites it: nobody else is taken for unreachable."""
    gone = split(opened)[n]
    with opened.db.begin() as tx:
        outbox.release(tx, gone.id, START + 5 * MINUTE)
    opened.serve(START + 5 * MINUTE)
    address = gone.letter.to[0].email
    bounce = Bounce(address, "5.1.1", True, (outbox.bare(gone.letter.message_id),))
    back = replace(
        mail("mailer-daemon@council.example", "", at=START + 6 * MINUTE), kind=MailKind.BOUNCE, bounce=bounce
    )
    with opened.db.begin() as tx:
        (row,) = cases.find_ids(tx, (gone.letter.message_id,))
        join.attach(opened.turn, tx, back, 1, How.BOUNCE, row[2], START + 6 * MINUTE)
        bounced = [
            (one.id, who) for one in outbox.of_case(tx, 1) for who, reach, _ in one.recipients if reach == "bounced"
        ]
    assert bounced == [(gone.id, address)]


def test_who_is_no_party_hears_that_a_word_was_not_theirs_though_the_case_has_moved(opened: House) -> None:
    """No letter of the case reaches them: nothing else says it."""
    (notice,) = opened.letters(LetterKind.NOTICE)
    refused = Question.NotYours(word="RESOLVED", who_may="Helen Visser", may_ask=False)
    letter, case = replace(notice.letter, values=refused), opened.case()
    moved = replace(case, stage="step-2")
    assert still_true(moved, letter, START)
    assert not still_true(moved, replace(letter, values=replace(refused, may_ask=True)), START)


@pytest.mark.parametrize(("got", "goes"), [(None, True), (START, False)])
def test_a_form_that_came_meanwhile_is_asked_for_no_more(opened: House, got: datetime | None, goes: bool) -> None:
    """A reminder of what was done goes to nobody."""
    (notice,) = opened.letters(LetterKind.NOTICE)
    letter = replace(notice.letter, values=Chaser.Form(forms=()), attach=(TheForm("form-a"),))
    case = replace(opened.case(), forms=(FormState("form-a", "step-1", "must", "raising", START, got=got),))
    assert still_true(case, letter, START) is goes


def test_nobody_is_reminded_whose_team_has_handed_the_challenge_over(opened: House) -> None:
    """They have heard who has it now; the raiser is reminded as before, with the people of today."""
    (notice,) = opened.letters(LetterKind.NOTICE)
    told, case = replace(notice.letter, values=Chaser.Half(left="", commitment=None)), opened.case()
    raiser = replace(told, values=Chaser.Raiser(left="", commitment=None))
    moved = replace(case, team="Chester Assessment Team")
    assert still_true(case, told, START)
    assert not still_true(moved, told, START)
    assert still_true(moved, raiser, START)
    with opened.db.read() as tx:
        rules = opened.turn.rules_of(cases.load(tx, 1))
    standing = restated(raiser, moved, rules, START).standing
    assert standing is not None
    assert standing.team == moved.team


def test_a_reminder_that_comes_after_its_stage_speaks_of_no_other(opened: House) -> None:
    """It was on its way when the next stage was called in: who had it before is not asked to answer there."""
    with opened.db.begin() as tx:
        for row in sorted(cases.load(tx, 1).case.deadlines, key=lambda d: d.at):
            opened.turn.take(tx, 1, Alarm(row), row.at)
            if row.kind == "lapse":
                break
    (reminder,) = opened.letters(LetterKind.CHASER, "half")
    assert opened.case().stage != reminder.letter.stage
    assert as_it_goes(opened, reminder, row.at + MINUTE) == reminder.letter
