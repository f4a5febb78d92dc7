"""What a case does about a form: asked, missed by its level, reminded of once, in when it came whole and proven."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.model import Case, Decision, FieldRead, FormRead, LetterKind, Proof
from bot.model.letters import TheForm
from bot.rules.book import Rules
from bot.rules.policy.forms import StageForm
from tests.letters import about
from tests.unit import case_samples as sample
from tests.unit.case_samples import START, alarms, fired, letter, mail, opened

FORM = sample.rules().policy.form("appendix-a")
FIELDS = tuple(FieldRead(f.id, "said", "page 1") for f in FORM.fields)
WHOLE = FormRead("appendix-a", ("cheshire-east",), "digest", FIELDS)
HALF = replace(WHOLE, fields=FIELDS[:3], blank=("brief_details",))


def rules(**asked: str) -> Rules:
    """The shipped rules, whose first stage asks for the form."""
    stages = sample.first_stage(sample.rules().policy, forms=(StageForm(form="appendix-a", **asked),))
    return sample.rules(stages=stages)


def sent(case: Case, book: Rules, form: FormRead, **more: Any) -> Decision:
    """The raiser mails the form, an hour on."""
    at = START + timedelta(hours=1)
    return sample.arrived(case, mail(text="Here it is.", at=at, forms=(form,), size=1000, **more), book)


@pytest.mark.parametrize(("level", "is_missed"), [("no", False), ("should", True), ("must", True)])
def test_a_level_says_whether_a_form_is_missed(level: str, is_missed: bool) -> None:
    """Each level sends the form; only `should` and `must` flag it and set one reminder."""
    made = opened(book=rules(required=level))
    receipt = letter(made, LetterKind.ACKNOWLEDGEMENT)
    assert receipt.attach == (TheForm("appendix-a"),)
    assert [row["state"] for row in about(receipt)["forms"]] == ["asked"]
    assert ("form_missing:appendix-a" in made.case.flags) is is_missed
    assert len(alarms(made.case, "form")) == int(is_missed)


def test_the_other_side_is_asked_in_its_own_letter() -> None:
    """A form that the responding side completes rides in the notice, and its reminders go there."""
    book = rules(required="must", by="responding")
    made = opened(book=book)
    notice = letter(made, LetterKind.NOTICE)
    assert (notice.attach, len(about(notice)["forms"])) == ((TheForm("appendix-a"),), 1)
    assert all(one.attach == () for one in made.letters if one is not notice)
    reminder = fired(
        replace(made.case, deadlines=tuple(d for d in made.case.deadlines if d.kind == "form")), "form", book
    )
    assert [(one.variant, one.to) for one in reminder.letters] == [("form", notice.to)]
    assert all(state.is_reminded for state in reminder.case.forms)


def test_a_form_of_the_exit_is_asked_for_when_the_stage_is_left() -> None:
    """It stands in the letter to the next stage and not before."""
    book = rules(required="must", when="exit")
    made = opened(book=book)
    assert made.case.forms == ()
    left = fired(made.case, "lapse", book)
    assert TheForm("appendix-a") in letter(left, LetterKind.ESCALATION).attach
    assert [state.form for state in left.case.forms] == ["appendix-a"]


def test_a_whole_form_is_in_and_nobody_asks_again() -> None:
    """Its flag and its reminder go, and it is filed with whom the policy names."""
    book = rules(required="must")
    made = sent(opened(book=book).case, book, WHOLE)
    assert "form_missing:appendix-a" not in made.case.flags
    assert alarms(made.case, "form") == []
    assert made.case.forms[0].got is not None
    assert [(one.kind, one.variant) for one in made.letters] == [(LetterKind.RECORD, "form")]


def test_half_a_form_stays_missing_and_names_its_blanks() -> None:
    """The question names the labels and none of the words that somebody wrote."""
    book = rules(required="must")
    made = sent(opened(book=book).case, book, HALF)
    assert {"form_missing:appendix-a", "form_incomplete:appendix-a"} <= set(made.case.flags)
    question = letter(made, LetterKind.QUESTION, "form")
    assert about(question)["forms"][0]["labels"] == ["Brief details about the inter-agency disagreement"]
    whole = sent(made.case, book, WHOLE, title="again")
    assert [f for f in whole.case.flags if f.startswith("form_")] == []


@pytest.mark.parametrize("proof", [Proof.UNPROVEN, Proof.FAILED, Proof.NONE])
def test_without_proof_a_form_only_shows(proof: Proof) -> None:
    """It is flagged and stays missing; nothing is filed."""
    book = rules(required="must")
    made = sent(opened(book=book).case, book, WHOLE, proof=proof)
    assert {"form_missing:appendix-a", "form_unproven"} <= set(made.case.flags)
    assert made.case.forms[0].got is None
    assert [one for one in made.letters if one.kind is LetterKind.RECORD] == []


def test_no_word_of_a_form_stands_in_a_case_or_a_letter() -> None:
    """What a family's form says stays with its mail: neither case nor journal events nor letters hold it."""
    book = rules(required="must")
    secret = replace(WHOLE, fields=tuple(replace(f, value="Alex Example") for f in FIELDS))
    made = sent(opened(book=book).case, book, secret)
    assert "Alex Example" not in repr((made.case, made.letters, made.events))


def test_the_raisers_form_is_not_asked_of_whoever_answers() -> None:
    """Its reminder goes to the raiser's side alone."""
    book = rules(required="must", by="raising")
    case = sample.served(opened(book=book))
    reminder = fired(replace(case, deadlines=tuple(d for d in case.deadlines if d.kind == "form")), "form", book)
    assert [one.to for one in reminder.letters] == [(case.raiser,)]
