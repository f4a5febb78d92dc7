"""Cases for tests of the pure engine: the shipped configuration's people and policies, mails in a line, decisions.

Everybody here stands in config/directory.csv. Mails are read by the real subject and command readers; nothing is
parsed from bytes, stored or sent.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.case.table import decide
from bot.daemon.app import reading_of
from bot.engine.contacts.books import Books
from bot.letters import mime
from bot.mail import subject
from bot.mail.words import commands
from bot.model import (
    Address,
    Alarm,
    Arrival,
    Case,
    Contact,
    Decision,
    Inbox,
    Letter,
    LetterKind,
    LetterServed,
    Mail,
    Opening,
    Proof,
    Window,
)
from bot.rules.book import Rules
from bot.rules.policy.policy import Policy
from bot.settings import settings

CONFIG = Path(__file__).parents[2] / "config"

HELEN = "helen.visser@health.example"  # the raiser
MO = "mo.reid@health.example"  # her manager
RUTH = "ruth.okoye@health.example"  # her side's lead at step 2
FAY = "fay.marsh@csc.example"  # the manager who must answer
TOM = "tom.lee@csc.example"  # her deputy
DEV = "dev.patel@csc.example"  # the challenged side's lead at step 2
ANIL = "anil.rao@csc.example"  # the challenged side's service manager
UNIT = "cescp@cescp.example"
MANAGER = "manager@cescp.example"
CREWE = "crewe.assessment@csc.example"
BOT = "challenge-clock@council.example"
STRANGER = "somebody@elsewhere.example"

#: A Tuesday in term time, in winter.
START = datetime(2027, 1, 12, 10, 5, tzinfo=UTC)
INBOX = Inbox("CE", CREWE, "cheshire-east", "Crewe Assessment Team")
DAY = "Professional Safeguarding Challenge – 24 hours"
TEN = "Professional Safeguarding Challenge – 10 working days"


@functools.cache
def shipped() -> settings.Settings:
    """The configuration that comes with the project."""
    return settings.load(CONFIG, {})


def rules(policy: str = "cheshire-east", **changes: Any) -> Rules:
    """The rules of one shipped policy; `changes` are made to the policy itself, as another file would."""
    book = Books(shipped(), strict=True).rules(policy, code=lambda key: mime.code(b"sample", key))
    return replace(book, policy=book.policy.model_copy(update=changes)) if changes else book


def first_stage(policy: Policy, **changes: Any) -> tuple[Any, ...]:
    """The policy's stages, the first of them changed."""
    return (policy.stages[0].model_copy(update=changes), *policy.stages[1:])


def addresses(*emails: str) -> tuple[Address, ...]:
    return tuple(Address(email) for email in emails)


def mail(
    sender: str = HELEN,
    text: str = "The assessment was closed without seeing the baby.",
    *,
    at: datetime = START,
    title: str = "",
    to: tuple[str, ...] = (CREWE,),
    cc: tuple[str, ...] = (),
    proof: Proof = Proof.PROVEN,
    **more: Any,
) -> Mail:
    """A mail as the readers would give it. `title` is its subject."""
    same = (sender, text, at.isoformat(), title, *to, *cc, proof.value, repr(sorted(more)))
    digest = hashlib.sha256("\0".join(same).encode()).hexdigest()
    read: dict[str, Any] = {
        "digest": digest,
        "received": at,
        "message_id": f"{digest[:12]}@{sender.rpartition('@')[2]}",
        "sender": Address(sender) if sender else None,
        "to": addresses(*to),
        "cc": addresses(*cc),
        "subject": title,
        "date": at,
        "text": text,
        "new_text": text,
        "trigger": subject.read(title, reading_of(shipped()).phrases, at),
        "command": commands.command(text),
        "proof": proof,
    }
    return Mail(**(read | more))


def opened(
    first: Mail | None = None, book: Rules | None = None, inbox: Inbox = INBOX, now: datetime | None = None, **more: Any
) -> Decision:
    """What follows when this mail (Helen's, asking for 24 hours, where none is given) opens a case."""
    first = first or mail(title=DAY, to=(FAY,), cc=(CREWE,))
    year = first.received.year
    opening = Opening(first, inbox, 7, f"{inbox.area}-{year}-0007", **more)
    return decide(None, opening, book or rules(), now or first.received)


def arrived(case: Case, answer: Mail, book: Rules | None = None, now: datetime | None = None, **more: Any) -> Decision:
    return decide(case, Arrival(answer, "our letter", **more), book or rules(), now or answer.received)


def fired(case: Case, kind: str, book: Rules | None = None, late: timedelta = timedelta(), n: int = 0) -> Decision:
    """The case's next alarm of that kind comes, at its minute or `late`."""
    row = next(d for d in case.deadlines if d.kind == kind and (not n or n in (d.nth, d.item)))
    return decide(case, Alarm(row), book or rules(), row.at + late)


def served(decision: Decision, book: Rules | None = None, at: datetime | None = None) -> Case:
    """The case after all its letters were accepted by everybody, in the minute of the decision or `at`."""
    case = decision.case
    for letter in decision.letters:
        when = at or letter.decided
        assert when is not None
        everybody = tuple(c.email for c in (*letter.to, *letter.cc))
        fact = LetterServed(letter.key, letter.kind, letter.stage, everybody, when, letter.starts_clock)
        case = decide(case, fact, book or rules(), when).case
    return case


def letters(decision: Decision, kind: LetterKind, variant: str = "") -> list[Letter]:
    return [one for one in decision.letters if one.kind is kind and variant in ("", one.variant)]


def letter(decision: Decision, kind: LetterKind, variant: str = "") -> Letter:
    """The only such letter."""
    (one,) = letters(decision, kind, variant)
    return one


def to(one: Letter) -> set[str]:
    return {c.email for c in one.to}


def cc(one: Letter) -> set[str]:
    return {c.email for c in one.cc}


def kinds(decision: Decision) -> list[str]:
    """What happened, in the journal's words."""
    return [event.kind for event in decision.events]


def alarms(case: Case, kind: str) -> list[datetime]:
    return [d.at for d in case.deadlines if d.kind == kind]


def contact(email: str) -> Contact:
    found = shipped().directory.person(email)
    assert found is not None, email
    return found


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


def window(case: Case) -> Window:
    assert case.window is not None
    return case.window
