"""From `shadow` to `live`: what was only watched reaches nobody until the business unit says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.case.said.unit import shadow
from bot.model import Flag, State
from bot.records import plain
from bot.records.register import ESCALATIONS, escalations
from bot.records.report.made import report
from bot.records.report.periods import Quarter
from bot.records.report.source import Source
from tests.integration.office import Office, raw_mail
from tests.letters import about
from tests.unit.case_samples import BOT, CREWE, DEV, FAY, HELEN, START, UNIT

DAY = timedelta(days=1)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office that has watched one challenge for two days, past its first stage, and may send letters now."""
    made = Office(tmp_path)
    in_mode(made, "shadow")
    made.once(START - DAY / 24)
    made.put(raw_mail())
    made.once(START)
    made.course(START + 2 * DAY)
    assert made.case().stage == "step-2"
    assert made.letters("notice") == made.letters("escalation") == []
    in_mode(made, "live")
    made.once(START + 2 * DAY + timedelta(hours=1))
    yield made
    made.close()
    assert made.faults() == []


def in_mode(office: Office, mode: str) -> None:
    office.close()
    config = office.settings.config.model_copy(update={"mode": mode})
    office.settings = replace(office.settings, config=config)
    office.open()


def answer(office: Office, word: str, at: timedelta = 3 * DAY) -> None:
    """The business unit's word in answer to the question about the case."""
    (question,) = office.letters("question")
    raw = raw_mail(UNIT, word, at=START + at, to=BOT, cc="", number=word, subject="RE: it",
                   answers=question.letter.message_id.strip("<>"))  # fmt: skip
    office.put(raw, START + at, BOT)
    office.once(START + at)


def test_nothing_already_due_is_sent(office: Office) -> None:
    """At the first start in live the unit is asked about the open case, and neither party hears anything."""
    assert [q.letter.variant for q in office.letters("question")] == ["shadowed"]
    assert office.addressees() == {UNIT}
    office.once(START + 3 * DAY)
    assert len(office.letters("question")) == 1, "it is asked once"
    office.course(START + 20 * DAY)
    assert office.addressees() == {UNIT}


def test_go_tells_the_running_stage_with_a_fresh_time(office: Office) -> None:
    """The people of the running stage are written to, its clock starts with that letter, and the course goes on."""
    answer(office, "GO")
    (letter,) = office.letters("escalation")
    assert letter.letter.variant == "live"
    assert {DEV, HELEN} <= office.addressees()
    case = office.case()
    assert (case.stage, case.state) == ("step-2", State.AWAITING_RESPONSE)
    assert case.due is not None
    assert case.due > START + 3 * DAY
    assert not case.has(Flag.SHADOWED)
    office.course(case.due + timedelta(minutes=5))
    assert [q.letter.stage for q in office.letters("escalation")][-1] == "step-3"


def test_a_stage_that_was_only_watched_counts_as_nothing(office: Office) -> None:
    """In record and register it is "watched only", in no figure a missed time or a case opened again; and a letter of
    it, whose time is over, can be let go by nobody."""
    withheld = office.letters(status="withheld")
    assert {"notice", "escalation"} <= {q.letter.kind.value for q in withheld}
    answer(office, "GO")
    case = office.case()
    assert [plain.ending(run) for run in case.runs[:2]] == ["watched only", "told afresh: it had been watched only"]
    assert [plain.in_time(run) for run in case.runs[:2]] == ["watched only", "watched only"]
    assert plain.told(case) == case.runs[2:]
    cells = dict(zip(ESCALATIONS, escalations([case], office.settings.policies).rows[0], strict=True))
    assert (cells["In time at the first stage"], cells["Reopened"]) == ("watched only", "")
    source = Source([case], office.settings.policies, (), office.settings.calendar, START + 3 * DAY)
    figures = report(source, Quarter(2027, 1), public=False)
    assert ("Answered in the requested time", "") in {(row[0], row[2]) for row in figures[0].rows}
    assert [row[2] for row in figures[3].rows] == [1], "the run that was told"
    assert all(shadow.over(case, q.letter, q.queued, office.clock()) for q in withheld if q.case)


def test_leave_keeps_it_watched(office: Office) -> None:
    """No letter about it goes, and the daily letter names it as watched until it ends."""
    answer(office, "LEAVE")
    office.course(START + 20 * DAY)
    assert office.addressees() == {UNIT}
    assert about(office.letters("digest")[-1].letter)["open"][0]["watched"] is True


def test_an_unproven_leave_does_nothing(office: Office) -> None:
    """Silence is not ordered without proof: the unit's own address is asked."""
    (question,) = office.letters("question")
    at = START + 3 * DAY
    raw = raw_mail(UNIT, "LEAVE", at=at, to=BOT, cc="", proof="none", answers=question.letter.message_id.strip("<>"))
    office.put(raw, at, BOT)
    office.once(at)
    assert not office.case().has(Flag.SHADOW_LEFT)
    assert [q.letter.variant for q in office.letters("question")] == ["shadowed", "confirm_word"]
    (asked,) = (q for q in office.letters("question") if q.letter.variant == "confirm_word")
    yes = raw_mail(UNIT, "YES", at=at, to=BOT, cc="", number="y", answers=asked.letter.message_id.strip("<>"))
    office.put(yes, at + timedelta(hours=1), BOT)
    office.once(at + timedelta(hours=1))
    assert office.case().has(Flag.SHADOW_LEFT)
    assert office.addressees() == {UNIT}


def test_go_asks_again_where_an_answer_came_while_it_was_watched(tmp_path: Path) -> None:
    """The raiser never had the question whether it is resolved: after GO they have it, and no stage begins."""
    office = Office(tmp_path)
    in_mode(office, "shadow")
    office.once(START - DAY / 24)
    office.put(raw_mail())
    office.once(START)
    at = START + timedelta(hours=2)
    office.put(
        raw_mail(
            FAY, "We visited and have changed the plan.", at=at, to=HELEN, number="a", answers="m1@health.example"
        ),
        at,
    )
    office.once(at)
    assert office.case().state is State.AWAITING_CONFIRMATION
    in_mode(office, "live")
    office.once(at + timedelta(hours=1))
    answer(office, "GO", timedelta(hours=4))
    assert [q.letter.kind.value for q in office.letters() if HELEN in [c.email for c in q.letter.to]] == ["response"]
    assert office.letters("escalation") == office.letters("notice") == []
    assert office.case().state is State.AWAITING_CONFIRMATION
    office.close()


def test_one_mailbox_watched_alone(tmp_path: Path) -> None:
    """A pilot: the mode of a mailbox counts for its cases, and those of the others go on as ever."""
    office = Office(tmp_path)
    office.once(START - DAY / 24)
    office.put(raw_mail())
    office.once(START)
    assert [q.status for q in office.letters("notice")] == ["sent"]
    box = office.settings.config.mailboxes[0]
    assert box.address == CREWE
    boxes = (box.model_copy(update={"mode": "shadow"}), *office.settings.config.mailboxes[1:])
    config = office.settings.config.model_copy(update={"mailboxes": boxes})
    office.close()
    office.settings = replace(office.settings, config=config)
    office.open()
    sent = len(office.letters())
    office.course(START + 2 * DAY)
    assert {q.letter.kind.value for q in office.letters()[sent:]} <= {"digest", "alert"}
    assert office.letters("escalation", "withheld") != []
    office.close()
