"""What letters that inform promise: they say in the first line what they ask, and nobody of the side that
raised it reads that there is nothing to do while nobody has answered.

It reads the shipped samples through the shipped templates. When a letter goes is other tests' business.
"""

import pytest
import re2

from bot.letters.render import Office, Templates, render
from bot.model import Contact, Letter, LetterKind
from bot.rules.workdays import calendar
from tests.letters import FOLDER, about, changed, sample, samples

TEMPLATES = Templates.from_texts({path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.j2")})
OFFICE = Office(Contact("clock@partnership.example", "Clock"), calendar())
#: What was done and what was not is told in the same manner.
INFORM = [
    one
    for one in samples()
    if one.kind is LetterKind.INFORMATION or one.values.name in ("answer-done", "answer-office")
]
#: How a letter asks. Who is informed may all the same be told what to reply if it is not so.
ASKS = re2.compile(r"(?i)\bplease\b")

each = pytest.mark.parametrize("letter", INFORM, ids=lambda one: f"{one.variant}-{one.occasion}")


def body(letter: Letter) -> str:
    """Our own words: without the box, quoted words and the footer."""
    text = render(letter, OFFICE, TEMPLATES).text.partition("\n--\n")[0]
    ring = about(letter).get("emergency", {"text": "", "say": ""})
    for words in (ring["say"], ring["text"]):
        text = text.replace(" ".join(words.split()), "") if words else text
    return "\n".join(line for line in text.split("\n") if not line.startswith("> "))


@each
def test_a_letter_that_informs_offers_three_words(letter: Letter) -> None:
    """At most three words to answer with."""
    assert len(re2.findall(r"(?m)^- [A-Z][A-Z ]+: ", body(letter))) <= 3


@each
def test_what_is_asked_is_not_headed_for_information(letter: Letter) -> None:
    """A request to its own reader stands in the first line."""
    first, _, rest = body(letter).partition("\n")
    assert not (first.startswith("For information") and ASKS.search(rest)), rest


@each
def test_no_paragraph_says_only_that_there_is_nothing(letter: Letter) -> None:
    """What asks nothing simply ends."""
    assert not re2.search(r"(?m)^Nothing( new| now)?\.", body(letter))


@pytest.mark.parametrize("event", ["enter", "exit", "lapse"])
def test_the_raising_side_is_not_told_that_there_is_nothing_to_do(event: str) -> None:
    """While nobody has answered; others, of whom nothing is asked, read so."""
    told = changed(sample(LetterKind.INFORMATION, "notify"), event=event)
    assert "nothing to do" not in body(changed(told, raising=True))
    assert body(told).startswith("For information: nothing to do. A challenge has ")


def test_whoever_decides_reads_by_when_and_the_others_do_not() -> None:
    """One letter asks for a decision, the other says who decides."""
    mine, theirs = (changed(sample(LetterKind.INFORMATION, "appointed"), mine=mine) for mine in (True, False))
    assert body(mine).startswith("Please decide this challenge by Wednesday 13 January, 10:05am")
    assert body(theirs).startswith("For information: Ruth Okoye decides this challenge")
    assert "DECIDED" not in body(theirs)


def test_a_stage_without_contacts_asks_nobody_to_telephone_in_vain() -> None:
    """Where the directory names nobody, the business unit is asked for a contact; nobody was tried."""
    text = body(changed(sample(LetterKind.INFORMATION, "nobody"), tried=()))
    assert text.startswith("Please find a contact")
    assert "telephone" not in text
    assert "operator" not in text


@pytest.mark.parametrize("lines", [((), ("No letter waits",)), (("Letters wait",), ())])
def test_one_thing_done_is_said_once(lines: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    """What the first line says does not stand below it again."""
    done, undone = lines
    assert body(changed(sample(LetterKind.ANSWER, "done"), done=done, undone=undone)).count((*done, *undone)[0]) == 1


def test_what_was_done_and_what_was_not_are_told_apart() -> None:
    """A first line that cannot say both says that there is both."""
    text = body(sample(LetterKind.ANSWER, "done"))
    assert text.startswith("For information: some of it was done, some was not")
    assert text.index("Letters wait until Tuesday") < text.index("Not done:") < text.index("The clock does not wait")
