"""What is said of an error: a sentence for whoever must mend it, and nobody's words."""

import errno
import json
import os

import pytest

from bot.daemon.logs import without_addresses, without_words
from bot.model.errors import DoorClosed, StoreError, in_words


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            StoreError("the database bot.db: there is no space left for it"),
            "the database bot.db: there is no space left for it",
        ),
        (DoorClosed("CE: the server refused the line"), "CE: the server refused the line"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "the machine says: No space left on device"),
        (ValueError("Maisie's mother"), "a fault of this program (ValueError)"),
    ],
)
def test_an_error_is_a_sentence(error: Exception, said: str) -> None:
    """Of what can be mended its own sentence; of a fault of ours its kind alone."""
    assert in_words(error) == said


def test_no_address_stands_in_the_log() -> None:
    """A sentence that names a mailbox by its address loses it there."""
    assert without_addresses("IMAP of crewe@csc.example: refused") == "IMAP of (address) refused"


def test_what_an_exception_says_stands_in_no_line() -> None:
    """Its type and where it arose are written; its words may quote a mail."""
    try:
        int("Maisie Quill, born 4 May")
    except ValueError as error:
        entry = without_words(None, "error", {"event": "a tick failed", "exc_info": error})
    assert "Maisie" not in json.dumps(entry)
    assert (entry["event"], entry["fault"]) == ("a tick failed", "ValueError")
    assert str(entry["at"]).count("test_errors.py") == 1
