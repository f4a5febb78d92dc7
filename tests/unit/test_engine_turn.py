"""One fact, one committed decision: the rules it is made by, what is saved with it, and what becomes of its letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.engine.contacts.books import Books
from bot.engine.turn import Turn
from bot.model import (
    Arrival,
    Correction,
    CorrectionKind,
    FieldRead,
    FormRead,
    Hold,
    How,
    LetterKind,
    LetterServed,
    Unit,
    Window,
)
from bot.model.errors import CaseMoved
from bot.rules.policy.file import load
from bot.store import cases, deadlines, meta, outbox
from tests.unit.case_samples import BOT, CREWE, DAY, FAY, HELEN, INBOX, START, STRANGER, UNIT, mail, shipped
from tests.unit.engine_samples import CHESTER, WORDS, House, post, running, to

MINUTE, DAYS = timedelta(minutes=1), timedelta(days=1)
FORM = FormRead("a-form", ("salford",), fields=(FieldRead("reason", "The plan.", "line 3"),))


def taken(house: House, fact: Any, now: Any = START, number: int = 1) -> None:
    with house.db.begin() as tx:
        house.turn.take(tx, number, fact, now)


# --- by which rules ---------------------------------------------------------------------------------------------------


def test_a_case_is_decided_by_the_policy_under_which_it_opened() -> None:
    """The file may change afterwards; what was kept with the case is read, once."""
    books = Books(shipped())
    kept = books.text("cheshire-east").replace("after: 5 working days", "after: 7 working days")
    assert kept != books.text("cheshire-east")
    read = books.policy("cheshire-east", kept)
    assert read != books.policy("cheshire-east")
    assert books.policy("cheshire-east", kept) is read
    assert books.policy("cheshire-east", books.text("cheshire-east")) is shipped().policies["cheshire-east"]


def test_a_case_is_counted_by_the_calendar_of_its_policy() -> None:
    """The policy's own, as it was when the case opened; the configuration's where it names none."""
    books, day = Books(shipped()), date(2027, 1, 4)  # worked in England, a holiday in Scotland
    kept = books.text("cheshire-east") + "\ncalendar: {holidays: scotland, add: [2027-01-05]}\n"
    assert books.rules("cheshire-east", code=str).calendar is shipped().calendar
    assert books.rules("cheshire-east", code=str).calendar.is_working(day)
    scottish = books.rules("cheshire-east", kept, code=str).calendar
    assert [scottish.is_working(date(2027, 1, n)) for n in (4, 5, 6)] == [False, False, True]


def test_a_kept_policy_stands_whatever_has_become_a_fault_since() -> None:
    """No time at all was a window once: a case opened under it goes on, and a file that says it today is refused."""
    books = Books(shipped())
    kept = books.text("sandwell").replace("respond_within: 3 working days", "respond_within: 0 working days")
    assert kept != books.text("sandwell")
    assert any("leaves no time" in p.text for p in load(kept, "sandwell.yaml")[1])
    stage = books.policy("sandwell", kept).first
    assert stage.respond_within == Window(0, Unit.WORKING_DAYS)


def test_a_policy_that_nobody_knows_is_an_error() -> None:
    """Neither configured nor kept, or kept and broken: no case is decided by a guess."""
    books = Books(shipped())
    with pytest.raises(KeyError):
        books.rules("atlantis", code=str)
    with pytest.raises(KeyError, match="as the case opened under it"):
        books.rules("cheshire-east", "name: broken", code=str)


def test_the_rules_name_who_runs_the_bot() -> None:
    """The operator, the data protection contact where there is one, our own mailbox and the watched teams."""
    config = shipped().config
    books = Books(shipped())
    rules = books.rules("cheshire-east", code=str)
    assert (rules.operator.email, rules.dpo, rules.bot.email) == (config.operator, None, BOT)
    assert ("Crewe Assessment Team", CREWE) in rules.inboxes
    named = Books(replace(shipped(), config=config.model_copy(update={"dpo": "dp@council.example"})))
    assert named.rules("cheshire-east", code=str).dpo is not None


@pytest.fixture
def pilot(tmp_path: Path) -> Iterator[House]:
    """A bot in approve mode whose first team is watched in shadow."""
    boxes = shipped().config.mailboxes
    for house in running(tmp_path, mode="approve"):
        first, *others = house.settings.config.mailboxes
        assert first.address == boxes[0].address == CREWE
        pilots = (first.model_copy(update={"mode": "shadow"}), *others)
        config = house.settings.config.model_copy(update={"mailboxes": pilots})
        house.turn.books.settings = replace(house.settings, config=config)
        yield house


def test_a_mailbox_may_have_a_mode_of_its_own(pilot: House) -> None:
    """A pilot tries one team; all others, and mail of no inbox, go by the general mode."""
    assert [pilot.turn.mode(inbox) for inbox in (CREWE, CHESTER, "")] == ["shadow", "approve", "approve"]


def test_in_shadow_mode_nothing_of_a_case_leaves_but_alerts(pilot: House) -> None:
    """Every letter is decided and kept back, whoever it is for."""
    pilot.open()
    found = [q for kind in LetterKind for q in pilot.letters(kind)]
    assert {q.status for q in found} == {"withheld"}
    assert len(found) >= 2
    taken(pilot, Arrival(mail("nobody@nowhere.example", "not mine"), "the ref"))
    alerts = pilot.letters(LetterKind.ALERT)
    assert {q.status for q in alerts} <= {"queued"}


# --- what is saved ----------------------------------------------------------------------------------------------------


def test_an_opening_is_saved_whole(house: House) -> None:
    """Case, journal, deadlines, letters, its form and its Message-ID, under a ref of its area and year."""
    first = mail(HELEN, WORDS, title=DAY, to=(FAY,), cc=(CREWE,), forms=(FORM,))
    number = house.open(first)
    with house.db.read() as tx:
        assert cases.by_ref(tx, "CE-2027-0001") == number
        assert cases.journal(tx, number)[0].events[0][0] == "opened"
        assert deadlines.of_case(tx, number) == sorted(house.case().deadlines, key=lambda d: d.at)
        assert cases.find_ids(tx, (str(first.message_id),)) == [(first.message_id, number, "original")]
        assert [one.mail for one in cases.of_case(tx, number)] == [first.digest]
        assert cases.load(tx, number).policy_text == house.turn.books.text("cheshire-east")
        assert {q.case for q in outbox.of_case(tx, number)} == {number}


def test_a_mail_that_joins_is_kept_and_may_be_cited(house: House) -> None:
    """One that merely may answer a case is not of it: neither is its form kept nor is it a way into the case."""
    house.open()
    reply, guess = mail(FAY, "Yes.", forms=(FORM,)), mail(FAY, "Perhaps.", forms=(FORM,))
    taken(house, Arrival(reply, "our letter"))
    taken(house, Arrival(guess, How.MAY_ANSWER))
    with house.db.read() as tx:
        assert cases.find_ids(tx, (str(reply.message_id), str(guess.message_id))) == [(reply.message_id, 1, "mail")]
        assert [one.mail for one in cases.of_case(tx, 1)] == [reply.digest]


def test_a_plan_that_came_too_late_changes_nothing(house: House) -> None:
    """The case moved in between: the caller is told and plans again."""
    house.open()
    with house.db.read() as tx:
        plan = house.turn.plan(tx, 1, Arrival(mail(HELEN, "STATUS"), "the ref"), START)
    taken(house, Correction(CorrectionKind.HOLD, UNIT, "looking into it"))
    before = house.case()
    with pytest.raises(CaseMoved), house.db.begin() as tx:
        house.turn.save(tx, plan, START)
    assert house.case() == before
    assert house.letters(LetterKind.ANSWER) == []


def test_nothing_is_planned_for_a_case_that_is_not_there(house: House) -> None:
    """A number that nobody has is an error of the caller's."""
    with house.db.read() as tx, pytest.raises(KeyError):
        house.turn.plan(tx, 9, Arrival(mail(), "the ref"), START)


def test_what_became_of_a_letter_reaches_its_case(house: House) -> None:
    """And of a letter of no case nobody has to hear."""
    house.open()
    post(house, HELEN)
    house.serve(START + MINUTE)
    run = house.case().run
    assert run is not None
    assert run.began is not None
    assert len(house.cases()) == 1


# --- letters ----------------------------------------------------------------------------------------------------------


def test_the_sender_is_woken_for_new_letters_alone(house: House) -> None:
    """A letter that is queued a second time is none, and needs nobody."""
    woken: list[str] = []
    with house.db.begin() as tx:
        turn = Turn(Books(house.settings), meta.secret(tx), lambda: woken.append("woken"))
        turn.alert(tx, "disk", "The disk is full", ["It is."], START)
        turn.alert(tx, "disk", "The disk is full", ["It is."], START + MINUTE)
        assert len(woken) == 1
        turn.open(tx, mail(HELEN, WORDS, title=DAY, to=(FAY,)), INBOX, START)
    letters = [q for kind in LetterKind for q in house.letters(kind)]
    assert len(woken) == len(letters)


def test_an_alert_is_told_once_a_day_for_each_thing(house: House) -> None:
    """The next day it is told again, if it is still so."""
    with house.db.begin() as tx:
        for what, at in (("disk", START), ("disk", START + MINUTE), ("door", START), ("disk", START + DAYS)):
            house.turn.alert(tx, what, "Something", ["It is."], at)
    alerts = house.letters(LetterKind.ALERT)
    assert [to(q.letter) for q in alerts] == [(house.settings.config.operator,)] * 3


def test_a_strangers_letters_are_one_a_day_and_of_no_case(house: House) -> None:
    """Whatever a stranger sends, they are written to once; the case's own letters are not theirs."""
    for n in range(3):
        house.open(mail(STRANGER, f"{WORDS} {n}", title=DAY, to=(FAY,), cc=(CREWE,), at=START + n * MINUTE))
    (only,) = house.letters(LetterKind.ACKNOWLEDGEMENT, "stranger")
    assert (only.case, to(only.letter)) == (None, (STRANGER,))
    house.open(mail(STRANGER, f"{WORDS} later", title=DAY, to=(FAY,), cc=(CREWE,), at=START + DAYS))
    assert len(house.letters(LetterKind.ACKNOWLEDGEMENT, "stranger")) == 2


def test_every_letter_is_signed_in_our_own_domain(house: House) -> None:
    """No two have the same Message-ID, and the same letter always has the same."""
    house.open()
    ids = [q.letter.message_id for kind in LetterKind for q in house.letters(kind)]
    assert len(set(ids)) == len(ids) >= 2
    assert all(one.endswith("@council.example") for one in ids)
    with house.db.read() as tx:
        assert {number for _, number, _ in cases.find_ids(tx, tuple(ids))} == {1}


def test_letters_of_a_held_case_wait_and_those_that_tell_of_the_hold_go(house: House) -> None:
    """Whoever is told that a case is held must not learn it after the HOLD; who asks something is answered now."""
    house.open()
    taken(house, Correction(CorrectionKind.HOLD, UNIT, "looking into it"), START + MINUTE)
    assert house.letters(LetterKind.INFORMATION, "held") != []
    assert {q.status for q in house.letters(LetterKind.INFORMATION, "held")} == {"queued"}
    taken(house, Arrival(mail(HELEN, "STATUS"), "the ref"), START + 2 * MINUTE)
    (answer,) = house.letters(LetterKind.ANSWER)
    assert (answer.status, answer.held_for) == ("queued", None)
    reply = mail(FAY, "The plan stays as it is.", at=START + 2 * MINUTE, to=(HELEN,))
    taken(house, Arrival(reply, "the ref"), START + 2 * MINUTE)
    (response,) = house.letters(LetterKind.RESPONSE)
    assert (response.status, response.held_for) == ("held", Hold.HOLD)
    taken(house, Correction(CorrectionKind.RELEASE, UNIT, "all is right"), START + 3 * MINUTE)
    (response,) = house.letters(LetterKind.RESPONSE)
    assert (response.status, response.held_for) == ("queued", None)


def test_a_flood_is_told_to_the_operator_once_a_day(house: House) -> None:
    """What is too much is held, and somebody looks."""
    house.open()
    for n in range(14):
        taken(house, Arrival(mail(HELEN, "STATUS", at=START + n * MINUTE), "the ref"), START + n * MINUTE)
    held = [q for q in house.letters(LetterKind.ANSWER) if q.status == "held"]
    assert len(held) > 1
    assert {q.held_for for q in held} == {Hold.FLOOD}
    (alert,) = house.letters(LetterKind.ALERT)
    assert alert.letter.subject == "Letters of a case are held"


def test_served_letters_of_an_earlier_stage_change_nothing(house: House) -> None:
    """A fact of a letter is taken by its own case at its own stage."""
    house.open()
    before = house.case()
    fact = LetterServed("a key", LetterKind.NOTICE, "another stage", (FAY,), START, starts_clock=True)
    taken(house, fact)
    assert house.case() == before
