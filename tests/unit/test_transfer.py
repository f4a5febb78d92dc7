"""A challenge that its manager hands on to another team: who is asked, and whose it is when they say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model import AlarmKind, Case, Decision, EventKind, Flag, LetterKind, QuestionKind
from bot.rules.book import Rules
from bot.rules.directory import Row
from tests.unit.case_samples import (
    BOT,
    CREWE,
    DAY,
    DEV,
    FAY,
    HELEN,
    START,
    arrived,
    fired,
    letter,
    letters,
    mail,
    opened,
    rules,
    served,
    to,
)

IDA = "ida.moss@csc.example"  # the manager of another team of the same agency
BOX = "mash@csc.example"  # that team's mailbox


def with_another_team() -> Rules:
    book = rules()
    ida = Row("CE", "line_manager", IDA, "CSC", "social_care", "MASH", "Ida Moss")
    box = Row("CE", "team_inbox", BOX, "CSC", "social_care", "MASH", "MASH")
    return replace(book, directory=replace(book.directory, rows=(*book.directory.rows, ida, box)))


def handed_on(to_whom: str, book: Rules) -> tuple[Case, set[str]]:
    """The case after Fay's forward, and who is asked to take it."""
    case = served(opened(mail(title=DAY, to=(FAY,), cc=(CREWE,)), book=book), book)
    forward = mail(
        FAY, "This is yours.", at=START + timedelta(minutes=10), title=f"FW: {DAY}", to=(to_whom,), cc=(CREWE,)
    )
    decision = arrived(case, forward, book)
    return decision.case, to(letter(decision, LetterKind.QUESTION, "transfer"))


def test_the_manager_of_the_team_it_is_handed_to_is_asked() -> None:
    """Whether the mail went to the manager's own address or to the team's mailbox; the case stays where it is."""
    book = with_another_team()
    for address in (IDA, BOX):
        case, asked = handed_on(address, book)
        assert asked == {IDA}
        assert (case.team, Flag.TRANSFERRED in case.flags) == ("Crewe Assessment Team", False)


def test_somebody_of_no_team_is_asked_to_take_nothing_over() -> None:
    """Who forwards the challenge to their own lead tells them of it: a case goes to a team, not to a role."""
    book = with_another_team()
    case = served(opened(mail(title=DAY, to=(FAY,), cc=(CREWE,)), book=book), book)
    told = mail(FAY, "This is yours.", at=START + timedelta(minutes=10), title=f"FW: {DAY}", to=(DEV,), cc=(CREWE,))
    decision = arrived(case, told, book)
    assert [event.kind for event in decision.events if event.kind is EventKind.TRANSFER_OFFERED] == []
    assert [q for q in decision.case.questions if q.about is QuestionKind.TRANSFER] == []


def disowned(text: str) -> tuple[Case, Decision]:
    """The challenge as it was when Fay said that it is not hers, and what follows."""
    book = with_another_team()
    case = served(opened(mail(title=DAY, to=(FAY,), cc=(CREWE,)), book=book), book)
    return case, arrived(case, mail(FAY, text, at=START + timedelta(minutes=10), to=(BOT,)), book)


@pytest.mark.parametrize(
    "whose", ["it is for MASH, Ida Moss", "please ask ida moss", "This belongs to Ida Moss in MASH."]
)
def test_a_team_that_is_named_beside_not_mine_is_asked(whose: str) -> None:
    """The raiser hears of it and reads the words; their writer hears what follows; the case stays where it is."""
    case, decision = disowned(f"NOT MINE\n{whose}")
    assert to(letter(decision, LetterKind.QUESTION, "transfer")) == {IDA}
    assert to(letter(decision, LetterKind.INFORMATION, "transfer")) == {HELEN}
    words = letter(decision, LetterKind.RELAY, "onward")
    assert (to(words), whose in words.values.text) == ({HELEN}, True)
    assert to(letter(decision, LetterKind.ANSWER, "done")) == {FAY}
    assert (decision.case.team, decision.case.due) == (case.team, case.due)
    taken = arrived(decision.case, mail(IDA, "ACCEPT", at=START + timedelta(hours=1), to=(BOT,)), with_another_team())
    assert taken.case.team == "MASH"


@pytest.mark.parametrize("text", ["NOT MINE", "NOT MINE\nAsk Ida.", "NOT MINE\nAsk Mo Reid of Health Visiting."])
def test_who_is_not_named_in_full_or_stands_elsewhere_is_asked_nothing(text: str) -> None:
    """A first name is nobody's alone, and another agency learns of no case; the raiser is asked whose it is, and who
    wrote the word is answered."""
    _, decision = disowned(text)
    assert letters(decision, LetterKind.QUESTION, "transfer") == []
    assert to(letter(decision, LetterKind.INFORMATION, "not_mine")) == {HELEN}
    assert to(letter(decision, LetterKind.ANSWER, "done")) == {FAY}


def test_the_raiser_who_is_asked_whose_it_is_may_say_it() -> None:
    """The team that they name is asked, and they hear that; before anybody said that it is not theirs a name is one."""
    before, decision = disowned("NOT MINE")
    said = mail(HELEN, "MASH Team, Ida Moss", at=START + timedelta(hours=1), to=(BOT,))
    named = arrived(decision.case, said, with_another_team())
    assert to(letter(named, LetterKind.QUESTION, "transfer")) == {IDA}
    assert "Ida Moss" in letter(named, LetterKind.ANSWER, "done").values.done[0]
    assert letters(arrived(before, said, with_another_team()), LetterKind.QUESTION, "transfer") == []


def test_what_was_said_not_to_be_theirs_is_a_claim_of_later_letters() -> None:
    """The escalation names who said it, and when."""
    _, decision = disowned("NOT MINE")
    lapsed = fired(decision.case, AlarmKind.LAPSE, with_another_team())
    assert "not_theirs" in [one.what for one in letter(lapsed, LetterKind.ESCALATION).values.holding]
