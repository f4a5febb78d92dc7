"""A case in a list of mails: one conversation in Outlook, Gmail and Apple Mail, no two cases in one, and each letter's
kind before it is opened.

What joins mails, as their makers say: Apple Mail and Thunderbird go by References and In-Reply-To (RFC 5322 3.6.4);
Gmail by those and an equal subject (developers.google.com/gmail/api/guides/threads); Exchange and Outlook by the first
22 octets of Thread-Index, with Thread-Topic where there is none (MS-OXOMSG 2.2.1.2 and 2.2.1.3).
"""

from __future__ import annotations

import base64
import email
import os
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path

import pytest

from bot.cli.rehearsal import story
from bot.cli.rehearsal.rehearse import Rehearsal
from bot.cli.rehearsal.story import StoryMail, message_id
from bot.letters import mime
from bot.letters.render import Office, Templates, render
from bot.model import Contact, Letter, LetterKind, Sending
from bot.rules.workdays import calendar
from bot.settings import settings
from bot.store import outbox
from tests.letters import FOLDER, changed, sample, samples

ROOT = Path(__file__).parents[2]
TEMPLATES = Templates.from_texts({path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.j2")})
OFFICE = Office(Contact("clock@partnership.example", "Challenge Clock"), calendar())
TEN = datetime(2027, 1, 11, 9, 40, tzinfo=UTC)


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def made(letter: Letter) -> EmailMessage:
    return parsed(render(letter, OFFICE, TEMPLATES).raw)


def began(mail: StoryMail, index: str) -> StoryMail:
    return mail.model_copy(update={"headers": {"Thread-Index": index}})


@pytest.fixture(scope="module")
def three_weeks(tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[StoryMail, ...], list[EmailMessage]]:
    """Two whole cases: of one, the first mail began a conversation in Outlook; of the other, it was written in reply
    to a mail of that conversation. The two first mails, and every letter of either case."""
    told = story.load(ROOT / "config" / "demo" / "cheshire-east.yaml")
    first = mime.thread_index("", "school", TEN, TEN)
    first = base64.b64encode(base64.b64decode(first)[:22]).decode()
    later = mime.thread_index(first, "school", TEN, TEN + timedelta(days=4))
    indexes = {"school-challenges": first, "nurse-challenges": later}
    mails = tuple(began(one, indexes[one.id]) if one.id in indexes else one for one in told.mail)
    shipped = settings.load(ROOT / "config", dict(os.environ))
    played = Rehearsal(told.model_copy(update={"mail": mails}), tmp_path_factory.mktemp("mail"), shipped)
    list(played.play())
    assert played.faults == []
    with played.app.db.read() as tx:
        sent = [parsed(one.raw or b"") for one in outbox.of_status(tx, Sending.SENT) if one.letter.ref]
    return tuple(one for one in mails if one.id in indexes), sent


def of(sent: list[EmailMessage]) -> dict[str, list[EmailMessage]]:
    """Letters by the ref of their case."""
    refs = {str(one["Subject"]).rpartition("[")[2].rstrip("]") for one in sent}
    return {ref: [one for one in sent if f"[{ref}]" in str(one["Subject"])] for ref in sorted(refs)}


def root(message: EmailMessage) -> bytes:
    """The 22 octets by which Outlook knows a conversation."""
    return base64.b64decode(str(message["Thread-Index"]))[:22]


def test_every_letter_of_a_case_stands_in_one_conversation(
    three_weeks: tuple[tuple[StoryMail, ...], list[EmailMessage]],
) -> None:
    """One subject, one topic, one index, and the first mail's id at the head of what each letter cites."""
    firsts, sent = three_weeks
    cases = of(sent)
    assert [len(letters) > 8 for letters in cases.values()] == [True, True]
    for first, letters in zip(firsts, cases.values(), strict=True):
        assert len({str(one["Subject"]) for one in letters}) == 1
        assert {str(one["References"]).split()[0] for one in letters} == {f"<{message_id(first)}>"}
        assert all(str(one["In-Reply-To"]) in str(one["References"]).split() for one in letters)
        assert len({root(one) for one in letters}) == 1
        (topic,) = {str(one["Thread-Topic"]) for one in letters}
        assert (first.subject or "").endswith(topic)


def test_no_two_cases_share_a_conversation(
    three_weeks: tuple[tuple[StoryMail, ...], list[EmailMessage]],
) -> None:
    """Not even where the second challenge was written in reply to a mail of the first one's conversation."""
    firsts, sent = three_weeks
    one, two = of(sent).values()
    assert base64.b64decode((firsts[0].headers or {})["Thread-Index"]) == root(one[0])
    assert root(one[0]) != root(two[0])
    assert str(one[0]["Subject"]) != str(two[0]["Subject"])
    cited = [{i for each in letters for i in str(each["References"]).split()} for letters in (one, two)]
    assert cited[0] & cited[1] == set()


# --- before a letter is opened ----------------------------------------------------------------------------------------


def shown(message: EmailMessage) -> str:
    """What its sender's name says before the name."""
    return message["From"].addresses[0].display_name.removesuffix(f": {OFFICE.bot.name}")


@pytest.mark.parametrize("letter", samples(), ids=lambda one: one.values.name)
def test_the_senders_name_says_the_kind(letter: Letter) -> None:
    """What asks for something is never shown as information, and what asks nothing always is."""
    message = made(letter)
    body = message.get_body(("plain",))
    assert body is not None
    is_information = body.get_content().startswith("For information")
    assert (shown(message) == "For information") is is_information
    assert re.fullmatch(r"[A-Z][a-z ]+", shown(message))
    assert shown(message) != OFFICE.bot.name


@cache
def due_in(kind: LetterKind, hours: float) -> EmailMessage:
    letter = sample(kind)
    assert letter.decided is not None
    return made(changed(letter, due=letter.decided + timedelta(hours=hours)))


@pytest.mark.parametrize(("hours", "is_high"), [(-48, True), (3, True), (24, True), (25, False), (240, False)])
@pytest.mark.parametrize("kind", [LetterKind.NOTICE, LetterKind.CHASER, LetterKind.ESCALATION, LetterKind.REDIRECT])
def test_importance_is_high_where_something_is_due_within_a_day(kind: LetterKind, hours: float, is_high: bool) -> None:
    """Of letters that ask for an answer; of others never."""
    assert due_in(kind, hours)["Importance"] == ("high" if is_high else None)
    assert due_in(LetterKind.INFORMATION, hours)["Importance"] is None
