"""Which case a mail belongs to: a table over every key that a mail can bear, and none at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.case.guesses import may_answer
from bot.case.placement import Attach, Ignore, Known, Open, Pen, place
from bot.mail import subject
from bot.model import Bounce, How, Inbox, Mail, MailKind, State
from tests.unit.case_samples import BOT, CREWE, DAY, FAY, HELEN, INBOX, MO, STRANGER, UNIT, mail, opened, shipped

BOT_INBOX = Inbox("CE", BOT, "cheshire-east", "", is_bot=True)
OURS = ("l1@council.example", 1, "occasion/notice/fay")
ORIGINAL = ("m1@health.example", 1, "original")
LATER = ("m2@csc.example", 1, "mail")
OTHER = ("m9@health.example", 2, "original")
REPLY = f"RE: {DAY}"


def answers(*ids: str, sender: str = FAY, title: str = REPLY, **more: object) -> Mail:
    return mail(sender, title=title, references=ids, in_reply_to=ids[-1:], **more)  # type: ignore[arg-type]


def quoted(sender: str, **more: object) -> Mail:
    """A reply that quotes a challenge which we have not seen."""
    original = subject.read(DAY, (subject.Phrase("Professional Safeguarding Challenge", (), ()),), mail().received)
    return mail(sender, title=REPLY, quoted_trigger=original, quoted_from=HELEN, **more)  # type: ignore[arg-type]


BOUNCE = Bounce("fay.marsh@csc.example", "5.1.1", True, ("l1@council.example",))
FORGED = Bounce("fay.marsh@csc.example", "5.1.1", True, ("x@council.example",))

#: name -> (mail, what the store knows, the inbox, whether it is old, what becomes of it)
PLACES = {
    "our own letter": (mail(BOT, title=DAY), Known((ORIGINAL,), is_own=True), INBOX, False, Ignore),
    "cites our letter": (answers("l1@council.example"), Known((OURS,)), INBOX, False, Attach(1, "our letter", OURS[2])),
    "cites our letter and the original of another case": (
        answers("m9@health.example", "l1@council.example"),
        Known((OURS, OTHER)),
        INBOX,
        False,
        Attach(1, "our letter", OURS[2]),
    ),
    "cites the original": (answers("m1@health.example"), Known((ORIGINAL,)), INBOX, False, 1),
    "cites a later mail of the case": (answers("m2@csc.example"), Known((LATER,)), INBOX, False, 1),
    "cites two cases": (
        answers("m1@health.example", "m9@health.example"),
        Known((ORIGINAL, OTHER)),
        INBOX,
        False,
        Pen("it cites more than one case", ("1", "2")),
    ),
    "names the ref": (mail(FAY, title="as agreed"), Known(refs=(("CE-2027-0001", 1),)), INBOX, False, 1),
    "names two refs": (
        mail(FAY, title="as agreed"),
        Known(refs=(("CE-2027-0001", 1), ("CE-2027-0002", 2))),
        INBOX,
        False,
        Pen,
    ),
    "names one case and cites another": (
        answers("m9@health.example"),
        Known((OTHER,), (("CE-2027-0001", 1),)),
        INBOX,
        False,
        2,
    ),
    "the same subject alone": (mail(FAY, title=REPLY), Known(), INBOX, False, Pen),
    "a reply that quotes the challenge": (quoted("nurse@health.example"), Known(), INBOX, False,
                                          Open(("reported_start",))),
    "the same from the team itself": (quoted(FAY), Known(), INBOX, False, Open(("reported_start",))),
    "forwarded to the inbox": (mail(HELEN, title=f"FW: {DAY}"), Known(), INBOX, False, Open(("forwarded",))),
    "a challenge": (mail(HELEN, title=DAY), Known(), INBOX, False, Open()),
    "from a stranger": (mail(STRANGER, title=DAY), Known(), INBOX, False, Open()),
    "without a sender": (mail("", title=DAY), Known(), INBOX, False, Open()),
    "from the team itself": (mail(FAY, title=DAY), Known(), INBOX, False, Pen),
    "from the team's own inbox": (mail(CREWE, title=DAY), Known(), INBOX, False, Pen),
    "an old one": (mail(HELEN, title=DAY), Known(), INBOX, True, Pen),
    "an old reply to a case that is known": (answers("m1@health.example"), Known((ORIGINAL,)), INBOX, True, 1),
    "from a list": (mail(HELEN, title=DAY, is_list=True), Known(), INBOX, False, Pen),
    "an automatic reply with its subject": (mail(HELEN, title=DAY, kind=MailKind.AUTO_REPLY), Known(), INBOX, False,
                                            Pen),
    "an automatic reply to our letter": (
        answers("l1@council.example", kind=MailKind.AUTO_REPLY), Known((OURS,)), INBOX, False,
        Attach(1, "our letter", OURS[2]),
    ),
    "a bounce of our letter": (
        mail("mailer-daemon@csc.example", kind=MailKind.BOUNCE, bounce=BOUNCE), Known((OURS,)), BOT_INBOX, False,
        Attach(1, "a bounce of our letter", OURS[2]),
    ),
    "a bounce of what we never sent": (
        mail("mailer-daemon@csc.example", kind=MailKind.BOUNCE, bounce=FORGED), Known(), BOT_INBOX, False, Ignore,
    ),
    "a forged bounce that cites a person's mail": (
        mail("mailer-daemon@csc.example", kind=MailKind.BOUNCE,
             bounce=Bounce(FAY, "5.1.1", True, ("m1@health.example",))),
        Known((ORIGINAL,)), BOT_INBOX, False, Ignore,
    ),
    "none of our business": (mail(FAY, title="Team lunch"), Known(), INBOX, False, Ignore),
    "a newsletter": (mail(FAY, title="News", is_list=True), Known(), INBOX, False, Ignore),
    "written to us and to no case": (mail(UNIT, title="A question"), Known(), BOT_INBOX, False, Pen),
    "an automatic mail to us": (mail(UNIT, title="Receipt", kind=MailKind.RECEIPT), Known(), BOT_INBOX, False, Ignore),
}  # fmt: skip


@pytest.mark.parametrize(("read", "known", "inbox", "is_old", "expected"), PLACES.values(), ids=PLACES)
def test_place(read: Mail, known: Known, inbox: Inbox, is_old: bool, expected: object) -> None:
    """Our own id, then the original's, then the ref; a subject never suffices; what is in doubt waits for a person."""
    found = place(read, inbox, known, shipped().directory, is_old)
    if isinstance(expected, int):
        assert isinstance(found, Attach)
        assert found.case == expected
    elif isinstance(expected, type):
        assert isinstance(found, expected)
    else:
        assert found == expected


def test_a_guess_is_made_only_of_a_mail_from_the_challenged_agency_to_the_raiser() -> None:
    """One open case: its raiser is asked. Two: a person places it. A stranger, a colleague or nobody: no guess."""
    book = shipped().directory
    one = opened().case
    two = replace(one, number=2, ref="CE-2027-0002")
    assert may_answer(mail(FAY, to=(HELEN,)), [one], book) == Pen(How.MAY_ANSWER, (one.ref,), ((one.number, ()),))
    assert may_answer(mail(FAY, to=(HELEN,)), [one, two], book) == Pen(
        How.MAY_ANSWER, (one.ref, two.ref), ((one.number, (two.ref,)), (two.number, (one.ref,)))
    )
    for other in (mail(STRANGER, to=(HELEN,)), mail(MO, to=(HELEN,)), mail(FAY, to=(CREWE,)), mail("", to=(HELEN,))):
        assert may_answer(other, [one], book) is None
    assert may_answer(mail(FAY, to=(HELEN,)), [replace(one, state=State.CLOSED)], book) is None
