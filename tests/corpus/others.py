"""What else reads mail: a look at the headers, flufl.bounce, three reply parsers, and a few phrases.

Each is given the same mail in the same run, the parsers its plain text, or that of its HTML where it has none. A
library that raises is counted as having found nothing, and the number of mails is told.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from functools import cache
from typing import TypeVar

import quotequail
from email_reply_parser import EmailReplyParser
from flufl.bounce import all_failures
from inscriptis import get_text
from mailparser_reply import EmailReplyParser as MailParserReply

from tests.corpus.said import Said

T = TypeVar("T")

logging.getLogger("flufl.bounce").disabled = True  # what it stumbles over is counted here

RAISED: Counter[str] = Counter()
_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "da", "sv", "cs", "he", "ja", "ko", "zh"]


@cache
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


@cache
def by_flufl(raw: bytes) -> str:
    """`bounce` where a detector finds a recipient that failed; flufl knows no other kind."""
    found = _tried("flufl.bounce", lambda: any(all_failures(message_from_bytes(raw))), False)
    return "bounce" if found else "human"


def by_both(raw: bytes) -> str:
    """Headers first, flufl where they say nothing: the usual stack."""
    kind = by_headers(raw)
    return by_flufl(raw) if kind == "human" else kind


@cache
def mail_parser_reply(text: str) -> str:
    return _tried("mail-parser-reply", lambda: MailParserReply(languages=_LANGUAGES).parse_reply(text=text) or "", "")


def email_reply_parser(text: str) -> str:
    return _tried("email-reply-parser", lambda: EmailReplyParser.parse_reply(text), "")


def quotequail_reply(text: str) -> str:
    def shown() -> str:
        return "\n".join(part for is_new, part in quotequail.quote(text, quote_intro_line=True) if is_new)

    return _tried("quotequail", shown, "")


# --- what a reply means -----------------------------------------------------------------------------------------------

# What anybody would write down in an afternoon, who has no better reader.
_SUBJECT = re.compile(r"professional (?:safeguarding )?challenge", re.I)
_WINDOW = re.compile(r"\b(\d+) (hours|working days|days)\b", re.I)
_WORD = re.compile(r"(NOT RESOLVED|RESOLVED|ESCALATE|WITHDRAW|EXTEND|RECEIVED|OUTCOME|YES|NO)\b")
_AWAY = re.compile(r"out of (?:the )?office|automatic reply|on (?:annual )?leave|away from|not monitored|ticket", re.I)
_REACTED = re.compile(r"^.{0,60}\b(?:reacted to|liked)\b|^[^\w]+$", re.I | re.S)
_HOLDS = re.compile(
    r"get back to you|look(?:ing)? into|be in touch|as soon as (?:I|we) can|will (?:reply|respond)|passed (?:it|this)|"
    r"forwarded (?:it|this)|^(?:many )?thank(?:s| you)|^noted|\?\s*$",
    re.I,
)


def any_reply(raw: bytes) -> Said:
    """What a ticket system makes of a mail: whatever headers and flufl leave to a person is an answer."""
    kind = by_both(raw)
    return Said(kind, "answer" if kind == "human" else "")


def by_phrases(raw: bytes) -> Said:
    """The same, with a few phrases on what mail-parser-reply leaves of the text, and two on the subject."""
    kind, text = by_both(raw), mail_parser_reply(plain_text(raw)).strip()
    subject = str(message_from_bytes(raw).get("Subject", ""))
    is_reaction, is_away = bool(_REACTED.search(text)), bool(_AWAY.search(f"{subject}\n{text}"))
    holds = not text or is_reaction or is_away or bool(_HOLDS.search(text))
    meaning = ("holding" if holds else "answer") if kind == "human" else ""
    window, word = _WINDOW.search(subject), _WORD.match(text)
    is_trigger = bool(_SUBJECT.search(subject)) and not subject.lower().startswith(("re:", "fw:", "fwd:"))
    return Said(
        kind,
        meaning,
        is_reaction=is_reaction,
        is_away=is_away or kind == "auto_reply",
        is_trigger=is_trigger,
        window=window[0].lower() if window and is_trigger else "",
        command=word[0] if word else "",
    )


@cache
def plain_text(raw: bytes) -> str:
    """The first plain part, as these parsers are usually given it, else the text of the first part in HTML."""
    parts = {part.get_content_type(): part for part in reversed(list(message_from_bytes(raw).walk()))}
    if "text/plain" in parts:
        return _decoded(parts["text/plain"])
    html = parts.get("text/html")
    return _tried("inscriptis", lambda: get_text(_decoded(html)), "") if html else ""


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _tried(name: str, call: Callable[[], T], otherwise: T) -> T:
    try:
        return call()
    except Exception:  # whatever a library does with a stranger's mail, the run goes on and counts it
        RAISED[name] += 1
        return otherwise
