"""One letter too many to one person: what waits and for whom, what never waits, and when it goes."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.case.table import restated
from bot.case.waited import still_true
from bot.engine import flood
from bot.engine.flood import DAY, LETTERS_A_DAY
from bot.model import Alarm, Arrival, Contact, Hold, LetterKind, Sending, State
from bot.model.letters import Answer, Question
from bot.store import cases, outbox
from bot.store.outbox import Queued
from tests.unit.case_samples import FAY, HELEN, START, mail
from tests.unit.engine_samples import House

MINUTE = timedelta(minutes=1)


def says(house: House, sender: str, text: str, at: datetime, **more: Any) -> None:
    with house.db.begin() as tx:
        house.turn.take(tx, 1, Arrival(mail(sender, text, at=at, **more), "the ref"), at)


def filled(house: House, sender: str = HELEN) -> datetime:
    """A case whose raiser has had all the letters that a day has room for, by asking; when that was so."""
    house.open()
    house.serve(START + MINUTE)
    for n in range(LETTERS_A_DAY):
        says(house, sender, "STATUS", START + timedelta(minutes=2, seconds=n))
    return START + 5 * MINUTE


def waiting(house: House) -> list[Queued]:
    with house.db.read() as tx:
        return [one for one in outbox.of_status(tx, Sending.HELD) if one.held_for is Hold.FLOOD]


def goes_to(house: House, email: str, at: datetime) -> list[Queued]:
    """The letters to somebody that were decided then and may go."""
    with house.db.read() as tx:
        found = [one for one in outbox.of_case(tx, 1) if (one.letter.decided, one.status) == (at, Sending.QUEUED)]
    return [one for one in found if email in {c.email for c in (*one.letter.to, *one.letter.cc)}]


def test_a_lapse_is_told_to_everybody_whatever_was_written_before(house: House) -> None:
    """The next stage hears, and so does the raiser whose day is full: nothing of what a deadline brings waits."""
    filled(house)
    before = {one.id for one in waiting(house)}
    with house.db.begin() as tx:
        lapse = next(d for d in cases.load(tx, 1).case.deadlines if d.kind == "lapse")
        house.turn.take(tx, 1, Alarm(lapse), lapse.at)
    (escalation,) = house.letters(LetterKind.ESCALATION)
    assert escalation.status is Sending.QUEUED
    assert {one.id for one in waiting(house)} <= before
    assert goes_to(house, HELEN, lapse.at)


def test_no_reminder_of_a_deadline_is_one_too_many(house: House) -> None:
    """Only what somebody's words bring about can be too many: a deadline comes once."""
    filled(house, FAY)
    with house.db.begin() as tx:
        chaser = next(d for d in cases.load(tx, 1).case.deadlines if d.kind == "chaser")
        house.turn.take(tx, 1, Alarm(chaser), chaser.at)
    (reminder,) = house.letters(LetterKind.CHASER, "half")
    assert (reminder.letter.to[0].email, reminder.status) == (FAY, Sending.QUEUED)


@pytest.mark.parametrize("word", ["ESCALATE", "RESOLVED"])
def test_a_word_that_moves_the_case_is_told_to_everybody(house: House, word: str) -> None:
    """Twelve questions about where it stands take no letter from what follows then."""
    at = filled(house)
    before = {one.id for one in waiting(house)}
    says(house, HELEN, word, at)
    assert {one.id for one in waiting(house)} == before
    assert goes_to(house, HELEN, at)


def test_an_answer_reaches_the_raiser_whose_day_is_full(house: House) -> None:
    """The letter that asks whether it is resolved goes at once."""
    at = filled(house)
    says(house, FAY, "We visited the family today and the assessment is open again.", at, to=(HELEN,))
    (response,) = house.letters(LetterKind.RESPONSE)
    assert (response.letter.to[0].email, response.status) == (HELEN, Sending.QUEUED)


def test_only_the_copy_of_whose_day_is_full_waits(house: House) -> None:
    """The others have the letter now; a reply to the copy that goes later is a reply to the same letter."""
    at = filled(house)
    with house.db.begin() as tx:
        stored = cases.load(tx, 1)
        plan = house.turn.plan(tx, 1, Arrival(mail(FAY, "Thanks, noted.", at=at), "the ref"), at)
        letter = replace(
            house.letters(LetterKind.ANSWER)[0].letter, to=(Contact(FAY),), cc=(Contact(HELEN),), occasion="one"
        )
        soon, later = flood.parts(tx, stored.case, plan.fact, plan.decision.case, letter, at)
        assert soon is not None
        assert later is not None
        assert ([c.email for c in soon.to], soon.cc, [c.email for c in later.to], later.cc) == ([FAY], (), [HELEN], ())
        house.turn._queue(tx, plan, letter, at)
        copy = max(outbox.of_case(tx, 1), key=lambda one: one.id)
        known = {key for _, _, key in cases.find_ids(tx, (copy.letter.message_id,))}
    assert (copy.held_for, known) == (Hold.FLOOD, {soon.key})


def test_what_waits_goes_by_itself_ten_a_day(house: House) -> None:
    """The oldest first, as a day has room; what went counts for the day it went on."""
    house.open()
    for n in range(25):
        says(house, FAY, f"Thanks, noted, number {n}.", START + timedelta(minutes=2, seconds=n))

    def to_helen() -> int:
        return sum(one.letter.to[0].email == HELEN for one in waiting(house))

    first = to_helen()
    assert first > LETTERS_A_DAY
    with house.db.read() as tx:
        soonest = flood.next_at(tx, START + 5 * MINUTE)
    assert soonest is not None
    assert flood.free(house.db, soonest - timedelta(seconds=1)) == 0
    house.app.daily(START + DAY + 5 * MINUTE)
    assert to_helen() == first - LETTERS_A_DAY
    house.app.daily(START + DAY + 10 * MINUTE)
    assert to_helen() == first - LETTERS_A_DAY
    house.app.daily(START + 2 * DAY + 10 * MINUTE)
    assert waiting(house) == []
    with house.db.read() as tx:
        assert flood.next_at(tx, START + 3 * DAY) is None


def test_of_several_answers_about_where_it_stands_one_goes_as_it_stands_then(house: House) -> None:
    """The others are dropped, and the record says why."""
    at = filled(house)
    for n in range(3):
        says(house, HELEN, "STATUS", at + timedelta(seconds=n))
    held = waiting(house)
    assert len(held) > 1
    says(house, HELEN, "RESOLVED", at + MINUTE)
    house.app.daily(START + DAY + 10 * MINUTE)
    with house.db.read() as tx:
        now = [outbox.get(tx, one.id) for one in held]
        going = restated(now[-1].letter, cases.load(tx, 1).case, house.turn.rules_of(cases.load(tx, 1)), START + DAY)
    assert [one.status for one in now[:-1]] == [Sending.WITHHELD] * (len(held) - 1)
    assert {one.last_error for one in now[:-1]} == {"a later letter to the same reader says it anew"}
    assert now[-1].status is Sending.QUEUED
    assert isinstance(going.values, Answer.Status)
    assert (going.values.state, house.case().state) == ("awaiting_outcome", State.AWAITING_OUTCOME)


def test_a_promise_that_waited_is_told_no_more_once_the_next_stage_has_it(house: House) -> None:
    """The letters of the lapse named it; what was said of the time that ended with it is not so any more."""
    house.open()
    house.serve(START + MINUTE)
    for n in range(LETTERS_A_DAY + 2):
        says(house, FAY, "Thanks, noted.", START + timedelta(minutes=2, seconds=n))
    held = waiting(house)
    assert held
    with house.db.begin() as tx:
        lapse = next(d for d in cases.load(tx, 1).case.deadlines if d.kind == "lapse")
        house.turn.take(tx, 1, Alarm(lapse), lapse.at)
    house.app.daily(lapse.at + 2 * DAY)
    with house.db.read() as tx:
        assert {outbox.get(tx, one.id).status for one in held} == {Sending.WITHHELD}


def test_what_was_asked_is_answered_though_the_case_has_ended(house: House) -> None:
    """What waited is never lost: only what is untrue by then goes to nobody."""
    at = filled(house)
    says(house, HELEN, "STATUS", at)
    held = waiting(house)[-1]
    says(house, HELEN, "WITHDRAW\nIt was raised twice.", at + MINUTE)
    assert not house.case().is_open
    house.app.daily(START + DAY + 10 * MINUTE)
    with house.db.read() as tx:
        assert outbox.get(tx, held.id).status is Sending.QUEUED


def test_a_question_of_a_case_that_has_ended_is_asked_no_more(house: House) -> None:
    """Nor is a reminder of what was done sent."""
    house.open()
    asked = replace(house.letters(LetterKind.NOTICE)[0].letter, values=Question.ByWhen(past=False))
    assert still_true(house.case(), asked, START)
    says(house, HELEN, "WITHDRAW\nIt was raised twice.", START + MINUTE)
    assert not still_true(house.case(), asked, START + MINUTE)


def test_new_risk_is_told_at_once_to_whose_day_is_full(house: House) -> None:
    """Whoever has had ten answers still reads in that minute that a person may be at risk."""
    at = filled(house)
    says(house, FAY, "He disclosed new bruises to his teacher.", at, is_risk=True)
    told = [*house.letters(LetterKind.INFORMATION, "risk"), *house.letters(LetterKind.QUESTION, "risk")]
    assert told
    assert {one.status for one in told} == {Sending.QUEUED}


def test_a_copy_with_room_goes_though_the_addressee_s_day_is_full(house: House) -> None:
    """The letter is theirs then."""
    at = filled(house)
    with house.db.begin() as tx:
        plan = house.turn.plan(tx, 1, Arrival(mail(FAY, "Thanks, noted.", at=at), "the ref"), at)
        letter = replace(house.letters(LetterKind.ANSWER)[0].letter, cc=(Contact(FAY),), occasion="one")
        soon, later = flood.parts(tx, cases.load(tx, 1).case, plan.fact, plan.decision.case, letter, at)
    assert soon is not None
    assert later is not None
    assert ([c.email for c in soon.to], [c.email for c in later.to]) == ([FAY], [HELEN])


def test_the_raiser_hears_of_a_lapse_while_the_next_stage_s_server_is_slow(house: House) -> None:
    """In the same minute as the next stage: their letter waits for no other."""
    house.open()
    house.serve(START + MINUTE)
    with house.db.begin() as tx:
        lapse = next(d for d in cases.load(tx, 1).case.deadlines if d.kind == "lapse")
        house.turn.take(tx, 1, Alarm(lapse), lapse.at)
        told = [q.letter.after for q in outbox.of_case(tx, 1) if q.letter.values.name == "information-sent_on"]
    assert told == [()]
