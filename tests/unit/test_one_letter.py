"""Where two letters would go to one person in one minute: which of them carries what the other would ask."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.case.making.draft import weightiest
from bot.case.table import decide
from bot.model import Alarm, AlarmKind, Case, Decision, Flag, Letter, LetterKind, LetterUndelivered, State
from bot.model.letters import TheForm
from bot.rules.book import Mode, Rules
from bot.rules.policy.forms import StageForm
from tests.letters import about, of_kind
from tests.unit.case_samples import (
    BOT,
    FAY,
    HELEN,
    MO,
    TEN,
    UNIT,
    arrived,
    cc,
    fired,
    first_stage,
    hours,
    letter,
    letters,
    mail,
    opened,
    rules,
    served,
    to,
)

L = LetterKind
ANSWER = "We visited today and the plan is changed."


def answered(book: Rules) -> Case:
    """A challenge of ten days that was answered and not confirmed."""
    case = served(opened(mail(title=TEN, to=(FAY,)), book), book)
    return served(arrived(case, mail(FAY, ANSWER, at=case.opened + hours(1), to=(HELEN,)), book), book)


def together(case: Case, book: Rules, *kinds: AlarmKind) -> list[Decision]:
    """The first alarm of each of these kinds falls in the minute of the last of them; they are answered in this
    order."""
    rows = [next(row for row in case.deadlines if row.kind is kind) for kind in kinds]
    at = max(row.at for row in rows)
    now = tuple(replace(row, at=at) for row in rows)
    case = replace(case, deadlines=(*now, *(row for row in case.deadlines if row not in rows)))
    made: list[Decision] = []
    for row in now:
        if row in case.deadlines:
            made.append(decide(case, Alarm(row), book, at))
            case = made[-1].case
    return made


def got(made: list[Decision], email: str) -> list[str]:
    """The letters of these decisions that reach one address, by name."""
    return [one.values.name for d in made for one in d.letters if email in to(one) | cc(one)]


def with_form() -> Rules:
    book = rules()
    asked = StageForm(form="appendix-a", by="raising", required="must", when="enter")
    return rules(stages=first_stage(book.policy, forms=(asked,)))


@pytest.mark.parametrize("order", [(AlarmKind.FORM, AlarmKind.ASK), (AlarmKind.ASK, AlarmKind.FORM)])
def test_a_form_is_asked_for_in_the_letter_that_goes_anyway(order: tuple[AlarmKind, AlarmKind]) -> None:
    """The question whether it is resolved carries the reminder of the form, and the form, whichever alarm is first."""
    book = with_form()
    made = together(answered(book), book, *order)
    assert got(made, HELEN) == ["response-again"]
    (asked,) = (one for d in made for one in d.letters)
    assert [row["title"] for row in about(asked)["forms"]] == [book.policy.form("appendix-a").title]
    assert asked.attach == (TheForm("appendix-a"),)
    assert all(state.is_reminded for state in made[-1].case.forms)


def test_a_form_that_is_due_later_does_not_ride() -> None:
    """The question of the first morning says nothing of a form whose reminder comes on the second."""
    book = with_form()
    asked = fired(answered(book), "ask", book)
    assert about(letter(asked, L.RESPONSE))["forms"] == []
    assert letter(asked, L.RESPONSE).attach == ()


@pytest.mark.parametrize("order", [(AlarmKind.ASK, AlarmKind.UNCONFIRMED), (AlarmKind.UNCONFIRMED, AlarmKind.ASK)])
def test_who_hears_of_the_next_stage_is_not_asked_in_that_minute(order: tuple[AlarmKind, AlarmKind]) -> None:
    """Where the next stage is called in, unconfirmed, the raiser gets its letter and no question beside it."""
    book = rules()
    case = fired(answered(book), "unconfirmed", book).case
    made = together(case, book, *order)
    assert got(made, HELEN) == ["information-sent_on"]


@pytest.mark.parametrize("order", [(AlarmKind.ASK, AlarmKind.UNCONFIRMED), (AlarmKind.UNCONFIRMED, AlarmKind.ASK)])
def test_the_manager_is_asked_once(order: tuple[AlarmKind, AlarmKind]) -> None:
    """Whether it can wait is the question of that minute; whether it is resolved is asked again another day."""
    book = rules()
    case = fired(answered(book), "ask", book).case
    made = together(case, book, *order)
    assert got(made, MO) == ["question-unconfirmed"]
    assert [row.nth for row in made[-1].case.deadlines if row.kind is AlarmKind.ASK] == [3]


@pytest.mark.parametrize("order", [(AlarmKind.ASK, AlarmKind.TELLING), (AlarmKind.TELLING, AlarmKind.ASK)])
def test_who_is_told_at_a_last_stage_is_not_asked_beside_it(order: tuple[AlarmKind, AlarmKind]) -> None:
    """The letter to all who can act names the words of the raiser's side; the question comes again the next morning."""
    book = rules()
    last = rules(stages=(book.policy.stages[0].model_copy(update={"next": None}),))
    case = served(opened(mail(title=TEN, to=(FAY,)), last), last)
    case = served(fired(case, "lapse", last), last)
    late = case.opened + hours(400)
    case = served(arrived(case, mail(FAY, ANSWER, at=late, to=(HELEN,)), last), last)
    made = together(case, last, *order)
    assert got(made, HELEN) == ["information-telling"]
    assert [row.kind for row in made[-1].case.deadlines].count(AlarmKind.ASK) == 1


def test_the_unit_is_asked_for_its_go_in_its_own_reminder() -> None:
    """Where the business unit is the stage's contact, the last reminder asks for the GO, and no other letter does."""
    book = replace(rules(), mode=Mode.APPROVE)
    first = opened(book=book).case
    chasers = [row for row in first.deadlines if row.kind is AlarmKind.CHASER]
    case = replace(
        first,
        served=tuple(replace(s, contact=book.directory.unit("CE")[0]) for s in first.served),
        deadlines=tuple(row for row in first.deadlines if row not in chasers[:-1]),
    )
    asked = fired(case, "chaser", book)
    assert [one.values.name for one in asked.letters if UNIT in to(one)] == ["chaser-last"]
    assert about(letter(asked, L.CHASER, "last"))["go"] is True
    assert asked.case.has(Flag.GO_ASKED)


def test_where_nobody_is_left_the_unit_hears_it_once() -> None:
    """That nobody can be reached asks the business unit for the directory as well."""
    made = opened()
    case = served(made)
    notice = letter(made, L.NOTICE)
    lost: list[Decision] = []
    for _ in range(6):
        alive = [s.contact.email for s in case.served if not s.is_dead]
        if not alive:
            break
        fact = LetterUndelivered(notice.key, L.NOTICE, case.stage, alive[-1], "5.1.1", True)
        lost.append(decide(case, fact, rules(), case.opened + hours(1)))
        case = lost[-1].case
    assert [one.values.name for one in lost[-1].letters if UNIT in to(one)] == ["information-nobody"]
    assert "information-spoc_wrong" in got(lost[:1], UNIT)


def test_a_reply_without_words_is_passed_on_once() -> None:
    """Nothing to quote is one letter to ring, not two."""
    case = answered(rules())
    empty = mail(FAY, "", at=case.opened + hours(2), to=(BOT,))
    assert case.state is State.AWAITING_CONFIRMATION
    assert len(letters(arrived(case, empty), L.RELAY)) == 1


def one(kind: LetterKind, *people: str, **more: object) -> Letter:
    return replace(of_kind(kind, "o", *people), **more)  # type: ignore[arg-type]


def test_nothing_waits_for_a_letter_that_does_not_go() -> None:
    """A later letter names those before it as they go: less whom a weightier letter reaches, or not at all."""
    gone, less = one(L.INFORMATION, "a", occasion="p"), one(L.INFORMATION, "a", "b")
    sent = weightiest([gone, less, one(L.ESCALATION, "a"), one(L.RECORD, "u", after=(gone.key, less.key))])
    assert sent[0].key == "o/information/b"
    assert sent[-1].after == ("o/information/b",)
