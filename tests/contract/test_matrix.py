"""The matrix of promises by door says what the contract classes say, and the docs show it as it is."""

from __future__ import annotations

from typing import ClassVar

import pytest

from tests.contract import matrix
from tests.contract.mailbox_contract import MailboxContract
from tests.contract.matrix import ABSENT, BROKEN, KEPT, NOT_RUN, Contract, Table
from tests.contract.transport_contract import TransportContract

TABLES = {table.title: table for table in matrix.tables()}


def test_there_are_enough_promises() -> None:
    """Thirty behaviours at least of every mailbox; each has a sentence of its own."""
    assert set(TABLES) == {MailboxContract.title, TransportContract.title}
    for table in TABLES.values():
        assert all(table.promises.values())
        assert len(set(table.promises.values())) == len(table.promises)
    assert len(TABLES[MailboxContract.title].promises) >= 30
    assert len(TABLES[TransportContract.title].promises) >= 20


def test_every_kind_of_door_is_there() -> None:
    """Each has a name of its own and a class whose tests are run."""
    for table in TABLES.values():
        names = [door.door for door in table.doors]
        assert all(names)
        assert len(set(names)) == len(names)
        assert all(door.__name__.startswith("Test") for door in table.doors)
    assert {"Maildir", "IMAP", "IMAP with XOAUTH2"} <= {d.door for d in TABLES[MailboxContract.title].doors}
    out = {d.door for d in TABLES[TransportContract.title].doors}
    assert {"Maildir", "SMTP on this machine", "SMTP with TLS", "SMTP with XOAUTH2"} <= out


def test_a_door_keeps_most_promises() -> None:
    """What is absent has its reason, and where there is a server little is."""
    for table in TABLES.values():
        for door in table.doors:
            assert all(len(why) > 10 for why in door.absent.values())
            assert len(door.absent) < len(table.promises) / 2


def test_the_docs_show_the_matrix() -> None:
    """docs/doors.md is as the classes are; else run `python -m tests.contract.matrix`."""
    text = matrix.PAGE.read_text("utf-8")
    assert text == matrix.page(text), "docs/doors.md is out of date: run .venv/bin/python -m tests.contract.matrix"


# --- how it is made ---------------------------------------------------------------------------------------------------


class Small(Contract):
    title = "small"

    def test_one(self) -> None:
        """One."""

    def test_two(self) -> None:
        """Two."""


class Open(Small):
    door = "open"


class Half(Small):
    door = "half"
    absent: ClassVar[dict[str, str]] = {"test_two": "it has none"}


SMALL = Table("small", matrix.promises(Small), (Open, Half))
HERE = "tests/contract/test_matrix.py"


def test_a_promise_is_kept_where_every_variant_of_its_test_passed() -> None:
    """One failed variant, also in setup or teardown, breaks it; one that was not run is told as such."""
    known = matrix.results(
        [
            (f"{HERE}::Open::test_one[a::b]", "passed"),
            (f"{HERE}::Open::test_one[c]", "failed"),
            (f"{HERE}::Half::test_one", "passed"),
        ]
    )
    assert [SMALL.cell(door, "test_one", known) for door in (Open, Half)] == [BROKEN, KEPT]
    assert [SMALL.cell(door, "test_two", known) for door in (Open, Half)] == [NOT_RUN, ABSENT]
    assert matrix.as_text(SMALL, known).splitlines() == [
        "small: 2 promises",
        "     open     half",
        "one  NO       yes",
        "two  not run  –",
        "– half (two): it has none",
    ]


def test_what_does_not_apply_is_not_run() -> None:
    """Its test is no test of that door, and a name that is no promise is a fault."""
    assert Half.test_two is None
    assert Open.test_two is not None
    with pytest.raises(TypeError, match="test_tow, which is no promise"):
        type("Wrong", (Small,), {"absent": {"test_tow": "misspelt"}})
