"""A challenge that its manager hands on to another team: who is asked, and whose it is when they say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.model import Case, EventKind, Flag, LetterKind, QuestionKind
from bot.rules.book import Rules
from bot.rules.directory import Row
from tests.unit.case_samples import CREWE, DAY, DEV, FAY, START, arrived, letter, mail, opened, rules, served, to

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
