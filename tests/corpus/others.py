"""What else is there for reading mail: a plain look at the headers, flufl.bounce, and three reply parsers.

Each is given the same mail in the same run, the parsers the same text as our own quotation rules. A library that raises
is counted as having found nothing, and the number of times is told.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from typing import TypeVar

import quotequail
from email_reply_parser import EmailReplyParser
from flufl.bounce import all_failures
from mailparser_reply import EmailReplyParser as MailParserReply

T = TypeVar("T")

logging.getLogger("flufl.bounce").disabled = True  # what it stumbles over is counted here

RAISED: Counter[str] = Counter()
_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "da", "sv", "cs", "he", "ja", "ko", "zh"]


def by_headers(raw: bytes) -> str:
    """The kind by standard headers alone, as most ticket systems ask for it."""
    mail = message_from_bytes(raw)
    declared = str(mail.get("Content-Type", "")).lower().replace(" ", "")
    submitted = str(mail.get("Auto-Submitted", "no")).strip().lower()
    if "report-type=delivery-status" in declared.replace('"', ""):
        return "bounce"
    if "report-type=disposition-notification" in declared.replace('"', ""):
        return "receipt"
    if declared.startswith("text/calendar"):
        return "meeting"
    if submitted.startswith("auto-replied") or mail.get("X-Autoreply"):
        return "auto_reply"
    bulk = str(mail.get("Precedence", "")).strip().lower() in ("bulk", "junk")
    return "other_automated" if submitted not in ("no", "") or bulk else "human"


def by_flufl(raw: bytes) -> str:
    """`bounce` where a detector finds a recipient that failed; flufl knows no other kind."""
    found = _tried("flufl.bounce", lambda: any(all_failures(message_from_bytes(raw))), False)
    return "bounce" if found else "human"


def by_both(raw: bytes) -> str:
    """Headers first, flufl where they say nothing: the usual stack."""
    kind = by_headers(raw)
    return by_flufl(raw) if kind == "human" else kind


def mail_parser_reply(text: str) -> str:
    return _tried("mail-parser-reply", lambda: MailParserReply(languages=_LANGUAGES).parse_reply(text=text) or "", "")


def email_reply_parser(text: str) -> str:
    return _tried("email-reply-parser", lambda: EmailReplyParser.parse_reply(text), "")


def quotequail_reply(text: str) -> str:
    def shown() -> str:
        return "\n".join(part for is_new, part in quotequail.quote(text, quote_intro_line=True) if is_new)

    return _tried("quotequail", shown, "")


def plain_text(raw: bytes) -> str:
    """The first plain part, as these parsers are usually given it."""
    parts = [part for part in message_from_bytes(raw).walk() if part.get_content_type() == "text/plain"]
    return _decoded(parts[0]) if parts else ""


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _tried(name: str, call: Callable[[], T], otherwise: T) -> T:
    try:
        return call()
    except Exception:  # whatever a library does with a stranger's mail, the run goes on and counts it
        RAISED[name] += 1
        return otherwise
