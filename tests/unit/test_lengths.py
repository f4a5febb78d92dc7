"""How the table of letters counts. Whether a letter is short enough is in test_letters.py."""

import pytest

from tests.lengths import already_sent, before_list, before_to_do, body, grade


def test_the_footer_is_not_counted() -> None:
    """What stands below the line of the footer is no part of a letter's length."""
    assert body("Please answer.\r\n\r\n--\r\n[XX-2027-0007]. Sample") == "Please answer.\n"


def test_words_before_a_list_are_those_above_its_first_line() -> None:
    """A hyphen within a line begins no list, and a letter without one has no such number."""
    assert before_list("One two - three.\n\n- ANSWERED: when\n- RESOLVED") == 4
    assert before_list("One two.\n1. Ring") == 2
    assert before_list("One two - three.") is None


def test_the_grade_is_that_of_the_formula() -> None:
    """Four words of one syllable in a sentence: 0.39 x 4 + 11.8 x 1 - 15.59; longer words are harder."""
    assert grade(["The dog ran off."]) == pytest.approx(-2.23)
    assert grade(["Safeguarding partnerships reconsider."]) > grade(["The dog ran off."])


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("Please reply by noon.\n\nIf a child is at immediate risk, ring 999.", 0),
        ("A mail came.\nIf a child is at immediate risk, ring 999.\nIs it resolved? Say so.", 3),
        ("A mail came. Ring Helen Visser now.", 3),
        ("If you have been answered, reply ANSWERED.", 0),
        ("One two.\n- RESOLVED: it is", 2),
        ("For information: it is closed.\nIf a child is at immediate risk, ring 999.", None),
    ],
)
def test_words_before_what_is_asked_for(text: str, before: int | None) -> None:
    """The headline may ask; whom to ring in need is no request and not counted."""
    assert before_to_do(text) == before


def test_what_was_sent_before_is_counted_for_the_same_reader() -> None:
    """Sentence by sentence, on average of all whom it goes to."""
    first, second = "It is raised. It is due.", "It is raised. It is late."
    assert already_sent([(["a"], first), (["a"], second), (["b"], first), (["a", "c"], first)]) == [0, 0.5, 0, 0.5]
    assert already_sent([(["a"], first), (["a"], first)]) == [0, 1]
