"""Why a letter did not arrive, in words that a manager can use."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.mail.bytes.headers import split
from bot.mail.machine.bounce import failures, reason
from bot.mail.read import Reading, read

MAILS = Path(__file__).parent.parent / "mails" / "automatic"
NOW = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "words", "is_hard", "expected"),
    [
        ("5.1.1", "", True, "the address does not exist there"),
        ("5.1.10", "", True, "the address does not exist there"),
        ("5.2.2", "", True, "the mailbox is full"),
        ("5.7.1", "", True, "the other organisation's mail system refused it"),
        ("5.7.133", "", True, "the group accepts mail only from its members"),
        ("5.7.134", "", True, "the mailbox accepts mail only from inside its own organisation"),
        ("5.7.0", "maildir over quota", True, "the mailbox is full"),
        ("5.7.0", "", True, "the other organisation did not trust where the mail came from"),
        ("5.7.1", "Recipient address rejected: user tom.lee does not exist", True,
         "the address does not exist there"),
        ("5.7.1", "Relaying denied", True, "the other organisation's mail system refused it"),
        ("5.0.0", "550 mailbox unavailable", True, "the mailbox takes no mail"),
        ("", "Mailbox quota usage exceeded", True, "the mailbox is full"),
        ("", "DNS Error: Domain name not found", True, "there is no such organisation behind the address"),
        ("", "550 Destinatario desconocido", True, "the address does not exist there"),
        ("", "Delivery failed 10 attempts", True, "the other organisation's mail system could not be reached"),
        ("5.7.57", "", True, "the other organisation did not trust where the mail came from"),
        ("4.4.1", "", False,
         "the other organisation's mail system could not be reached; their mail system is still trying"),
        ("5.0.0", "550 No such user here", True, "the address does not exist there"),
        ("", "Quota exceeded", True, "the mailbox is full"),
        ("", "", True, "no reason that we can read was given"),
    ],
)  # fmt: skip
def test_a_code_is_told_in_words(status: str, words: str, is_hard: bool, expected: str) -> None:
    """From the code where there is one, else from what the server wrote."""
    assert reason(status, words, is_hard) == expected


@pytest.mark.parametrize("status", [f"{a}.{b}.{c}" for a in (4, 5) for b in range(9) for c in (0, 1, 5, 99, 509)])
def test_the_words_hold_no_jargon(status: str) -> None:
    """No code, no address, no name of a protocol reaches a lay reader."""
    assert not re.search(r"[@\d]|SMTP|MTA|DNS|DSN", reason(status, "554 5.7.1 <a@b.example> rejected by MTA", True))


@pytest.mark.parametrize("name", ["sieve_refused_full", "exchange_undeliverable"])
def test_a_bounce_carries_the_words(name: str) -> None:
    """Which recipient, and why."""
    found = read((MAILS / f"{name}.eml").read_bytes(), Reading(), NOW).bounce
    assert found is not None
    assert found.reason == "the mailbox is full"
    assert found.message_ids == ("letter-7@clock.partnership.example",)


def test_the_detectors_take_what_breaks_them() -> None:
    """Leading blank lines, raw 8-bit senders and a stumbling detector are no failure of ours."""
    head, _, _ = split("From: Jörg <mailer-daemon@x.example>\nSubject: failure notice\n\n".encode("latin-1"))
    text = (
        "\n\n\nHi. This is the qmail-send program at x.example.\nI'm afraid I wasn't able to deliver your message to"
        " the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        "<tom.lee@csc.example>:\nSorry, no mailbox here by that name.\n"
    )
    assert failures(head, text) == ((), ("tom.lee@csc.example",))
    assert failures(head, "\udcff" * 50) == ((), ())
