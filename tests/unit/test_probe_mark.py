"""The mark of a probe's mail: known through what servers put around it, and no place for a challenge to hide."""

from __future__ import annotations

import pytest

from bot.case.placement import Attach, Ignore, Known, Open, place
from bot.mail.subject import is_probe, probe_subject
from bot.model import Inbox
from tests.unit.case_samples import BOT, DAY, FAY, INBOX, STRANGER, mail, shipped

TITLE = probe_subject("0123456789abcdef" * 2)
BOT_INBOX = Inbox("CE", BOT, "cheshire-east", "", is_bot=True)


@pytest.mark.parametrize(
    ("title", "is_one"),
    [
        (TITLE, True),
        (f"[EXTERNAL] {TITLE}", True),
        (f"Automatic reply: {TITLE}", True),
        (TITLE.upper(), True),
        (TITLE[:-1], False),
        (f"{TITLE}0", False),
        ("Mailbox probe", False),
        (DAY, False),
    ],
)
def test_the_mark_is_known(title: str, is_one: bool) -> None:
    """With a gateway's words before it, in an automatic reply, in capitals; never half of it."""
    assert is_probe(title) is is_one


@pytest.mark.parametrize("sender", [BOT, FAY, STRANGER])
@pytest.mark.parametrize("inbox", [INBOX, BOT_INBOX])
def test_a_probe_is_ignored_wherever_it_comes(sender: str, inbox: Inbox) -> None:
    """By its reason in the ledger: nobody need look at it."""
    placed = place(mail(sender, title=TITLE), inbox, Known(), shipped().directory)
    assert placed == Ignore("a probe of a door, or an answer to one")


def test_the_mark_hides_nothing() -> None:
    """A challenge that bears it opens its case, and an answer to a case joins it."""
    assert isinstance(place(mail(title=f"{DAY} {TITLE}"), INBOX, Known(), shipped().directory), Open)
    cited = Known((("m1@health.example", 1, "original"),))
    answer = mail(FAY, title=TITLE, references=("m1@health.example",))
    assert isinstance(place(answer, INBOX, cited, shipped().directory), Attach)
