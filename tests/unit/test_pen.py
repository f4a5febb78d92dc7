"""What people write under a digest: which line is an order, what it names, and what is no order at all."""

from __future__ import annotations

import pytest

from bot.mail.words.orders import NEW, NOT_OURS, Order, Orders, lettered, orders

LINES = {
    "A 0147": Order("A", "0147"),
    "b new": Order("B", NEW),
    "C not ours": Order("C", NOT_OURS),
    "12 CE-2027-0147": Order("12", "CE-2027-0147"),
    "12: ce-2027-0147.": Order("12", "CE-2027-0147"),
    "Mail 012 = new case": Order("12", NEW),
    "- A) belongs to CE-2027-0147": Order("A", "CE-2027-0147"),
    "entry 7 is none of ours!": Order("7", NOT_OURS),
    "12 [CE-2027-0147]": Order("12", "CE-2027-0147"),
    "(A) 0147": Order("A", "0147"),
    "A -> 0147 please": Order("A", "0147"),
    "A is for case 0147 (same family)": Order("A", "0147"),
    "C: please not for us": Order("C", NOT_OURS),
}
NONE = (
    "I think that A is new to us",
    "please ring me",
    "A",
    "12",
    "Anew",
    "A 0147, 0148",
    "12 147, 148, 13 new",
    "0147, A new",
    "A new, B",
    "A 0147, ring me",
    "CE-2027-0147",
    "A 0147 0148",
)


@pytest.mark.parametrize("line", LINES)
def test_an_order_is_read_as_it_is_written(line: str) -> None:
    """Letters and numbers, any mark between, any case; a ref or the last number of one."""
    assert orders(line) == Orders((LINES[line],), ())


@pytest.mark.parametrize("line", NONE)
def test_everything_else_is_handed_back(line: str) -> None:
    """A line that is no whole order does nothing, and its writer is shown it."""
    assert orders(line) == Orders((), (line,))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("A 0147, B new, C not ours", (Order("A", "0147"), Order("B", NEW), Order("C", NOT_OURS))),
        ("a 0147; b new", (Order("A", "0147"), Order("B", NEW))),
        ("A new and B new", (Order("A", NEW), Order("B", NEW))),
        ("A, C & D not ours", (Order("A", NOT_OURS), Order("C", NOT_OURS), Order("D", NOT_OURS))),
        ("12, 13 new", (Order("12", NEW), Order("13", NEW))),
    ],
)
def test_several_orders_stand_in_one_line(line: str, found: tuple[Order, ...]) -> None:
    """With a comma between them, as in the sentence that explains them."""
    assert orders(line) == Orders(found, ())


def test_two_answers_for_one_entry_are_none() -> None:
    """Who says two things of one mail is asked; the same thing twice is said once."""
    said = orders("A new\nA not ours\nB new\nb new")
    assert said == Orders((Order("B", NEW),), ("A: two answers",))


def test_courtesies_ask_for_nothing() -> None:
    """Greetings are passed over, and what follows a closing is a signature."""
    said = orders("Hello,\n\nPlease see below:\nA new\n\nKind regards\nA Person\n01632 960000")
    assert said == Orders((Order("A", NEW),), ())


def test_letters_stand_beside_the_first_entries() -> None:
    """Twenty-six of them, in the order of the list; the rest go by number."""
    given = lettered(range(100, 140))
    assert (given["A"], given["Z"], len(given)) == (100, 125, 26)
