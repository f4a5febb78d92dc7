"""What one side writes to this service alone: who reads its words, and who is told to ring instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import LetterKind, Meaning
from bot.model.letters import Information, Relay
from bot.rules.book import Rules
from tests.unit.case_samples import (
    BOT,
    FAY,
    HELEN,
    MO,
    START,
    arrived,
    hours,
    letter,
    letters,
    mail,
    opened,
    rules,
    served,
    to,
)

ANSWER = "We have reopened the assessment, and Sara Lund visits the family tomorrow at ten."


def not_secure(*emails: str) -> Rules:
    """The shipped rules, where these people's addresses are not secure."""
    book = rules()
    rows = tuple(replace(row, secure=row.secure and row.email not in emails) for row in book.directory.rows)
    return replace(book, directory=replace(book.directory, rows=rows))


@pytest.mark.parametrize(
    ("without", "words_to", "told_to"),
    [((), {HELEN, MO}, set()), ((FAY,), set(), {HELEN, MO}), ((HELEN,), {MO}, {HELEN}), ((MO,), {HELEN}, {MO})],
)
def test_an_answer_is_quoted_between_secure_addresses_alone(
    without: tuple[str, ...], words_to: set[str], told_to: set[str]
) -> None:
    """Who may not read the words has the same letter without them, and is told whom to ring; each has one."""
    book = not_secure(*without)
    case = served(opened(book=book), book)
    found = arrived(case, mail(FAY, ANSWER, at=START + hours(1), to=(BOT,)), book)
    relays = letters(found, LetterKind.RELAY)
    said = {one.values.text: to(one) for one in relays if isinstance(one.values, Relay.Reply)}
    assert said == {text: them for text, them in ((ANSWER, words_to), ("", told_to)) if them}
    assert all(one.standing and one.standing.ring.email == FAY for one in relays)


@pytest.mark.parametrize("meaning", [Meaning.HOLDING, Meaning.DOUBTFUL])
@pytest.mark.parametrize("without", [FAY, HELEN])
def test_no_other_words_are_quoted_to_or_from_an_address_that_is_not_secure(meaning: Meaning, without: str) -> None:
    """A holding reply and one that may answer are told of without their words."""
    book = not_secure(without)
    words = mail(FAY, "Amy lives with her aunt now.", at=START + hours(1), to=(BOT,))
    found = arrived(served(opened(book=book), book), replace(words, meaning=meaning), book)
    assert found.letters
    assert "aunt" not in repr([one.values for one in found.letters])


def test_by_when_somebody_will_answer_is_told_without_their_words() -> None:
    """RECEIVED with a time: the time is said where its words may not be."""
    book = not_secure(HELEN)
    word = mail(FAY, "RECEIVED by 3pm", at=START + hours(1), to=(BOT,))
    told = letter(arrived(served(opened(book=book), book), word, book), LetterKind.INFORMATION, "received").values
    assert isinstance(told, Information.Received)
    assert (told.words, told.by) == ("", START.replace(hour=15, minute=0))
