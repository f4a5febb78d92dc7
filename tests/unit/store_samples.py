"""Small values for the store's tests: a case, a mail, a letter. All people are of `.example` domains."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.doors.ports import RawMail
from bot.model import (
    Arrival,
    Case,
    Contact,
    Deadline,
    Decision,
    Event,
    EventKind,
    Fact,
    Letter,
    LetterKind,
    Mail,
    Opening,
    State,
)
from bot.model import Inbox as TeamInbox
from bot.store import cases
from tests.letters import sample

NOW = datetime(2027, 1, 15, 16, 45, tzinfo=UTC)
HOUR = timedelta(hours=1)
HELEN = Contact("helen.visser@health.example", "Helen Visser", "practitioner", "Health", phone="01270 555 001")
FAY = Contact("fay.marsh@csc.example", "Fay Marsh", "line_manager", "CSC", deputy="tom.lee@csc.example")


def a_case(number: int, ref: str, **changes: Any) -> Case:
    values: dict[str, Any] = {
        "number": number,
        "ref": ref,
        "policy": "cheshire-east",
        "policy_version": "2026",
        "area": "CE",
        "state": State.AWAITING_RESPONSE,
        "stage": "step-1",
        "opened": NOW,
        "raiser": HELEN,
        "inbox": "crewe.assessment@csc.example",
        "opening_id": "one@health.example",
        "people": (("step-1", "responding", FAY),),
        "deadlines": (Deadline("lapse", NOW + 24 * HOUR, "24 hours from receipt", stage="step-1"),),
    }
    return Case(**(values | changes))


def a_mail(text: str = "The plan leaves Maisie at home.", **changes: Any) -> Mail:
    values: dict[str, Any] = {"digest": "d" * 64, "received": NOW, "message_id": "one@health.example", "text": text}
    return Mail(**(values | changes))


def opening(number: int, ref: str) -> Opening:
    return Opening(a_mail(), TeamInbox("CE", "crewe.assessment@csc.example", "cheshire-east"), number, ref)


def save_new(tx: Connection, **changes: Any) -> cases.Stored:
    """Opens and saves a case of its own."""
    number, ref = cases.new_ref(tx, "CE", 2027)
    events = (Event(EventKind.OPENED, "step-1", HELEN.email, "by mail"),)
    decision = Decision(a_case(number, ref, **changes), (), events)
    return cases.save(tx, decision, opening(number, ref), NOW, 0, "policy: text")


def save_next(tx: Connection, before: cases.Stored, case: Case, fact: Fact | None = None) -> cases.Stored:
    fact = fact or Arrival(a_mail(), "original")
    return cases.save(tx, Decision(case), fact, NOW + before.version * HOUR, before.version)


def a_letter(kind: LetterKind = LetterKind.NOTICE, occasion: str = "mail/1", **changes: Any) -> Letter:
    letter = sample(kind)
    values: dict[str, Any] = {"values": letter.values, "standing": letter.standing, "occasion": occasion, "to": (FAY,)}
    return Letter(**(values | {"message_id": f"<{occasion}.{kind.value}@bot.example>"} | changes))


def a_raw(key: str, raw: bytes = b"Subject: hello\r\n\r\nhello", **changes: Any) -> RawMail:
    return RawMail(**({"key": key, "folder": "INBOX", "raw": raw, "received": NOW} | changes))
