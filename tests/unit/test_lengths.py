"""How the table of letters counts. Whether a letter is short enough is in test_letters.py."""

import pytest

from tests.lengths import before_list, body, grade


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
