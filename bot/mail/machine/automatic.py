"""Who or what wrote a mail: a person, or a machine in a person's name.

It reads the standard headers (RFC 3834, 8098, list headers) and Exchange's own, then subjects that only mail
programs write, then the signs of single programs, newsletters and portals (robots.py); bounces are read in bounce.py.
X-Auto-Response-Suppress asks others for silence and identifies nobody. It knows no case, and never says that a robot
answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import re2

from bot.mail import subject
from bot.mail.bytes.headers import Headers, decoded, ids
from bot.mail.bytes.parse import Parsed
from bot.mail.cut import quote
from bot.mail.machine import away, bounce, robots
from bot.mail.patterns.topics import topic
from bot.model import Address, Bounce, MailKind

_METHOD_LINE = re2.compile(r"(?im)^METHOD:\s*([A-Z]+)\s*$")
_MEETING_CLASS = re2.compile(r"(?i)^urn:content-classes:calendarmessage|^IPM\.Schedule\.Meeting")

_MAY_BE_A_BOUNCE = frozenset({MailKind.HUMAN, MailKind.AUTO_REPLY, MailKind.OTHER_AUTOMATED, MailKind.BOUNCE})

#: How ids of our letters are made: 128 bits that name, 128 that seal. A forwarder may change From, but keeps the id.
_OURS = re2.compile(r"<[0-9a-f]{32}\.[0-9a-f]{32}@")

_LISTS = topic("automatic")
_METHODS, _BULK = _LISTS.words("methods"), _LISTS.words("bulk")
_REPLY_HEADERS, _LIST_HEADERS = _LISTS.listed("reply_headers"), _LISTS.listed("list_headers")
_AWAY_TITLE, _AWAY_ANYWHERE = _LISTS.pattern("away"), _LISTS.pattern("away_anywhere")
_UNDELIVERED_TITLE = _LISTS.pattern("undelivered")
_READ_TITLES = (_LISTS.pattern("read"), _LISTS.pattern("receipt"))

#: What subject.automatic_prefix says, as a kind. A recall takes nothing back: it is only noted.
_KINDS = {
    "auto_reply": MailKind.AUTO_REPLY,
    "receipt": MailKind.RECEIPT,
    "bounce": MailKind.BOUNCE,
    "recall": MailKind.OTHER_AUTOMATED,
    "meeting": MailKind.MEETING,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind of a mail, why, whether it came by a list, and what it says if it is a bounce."""

    kind: MailKind = MailKind.HUMAN
    why: str = ""
    is_list: bool = False
    bounce: Bounce | None = None


def classify(mail: Parsed, sender: Address | None, own: Sequence[str], id_domain: str) -> Verdict:
    """`own`: our own addresses; `id_domain`: of our Message-IDs, "" to take every id a bounce cites for ours."""
    headers = mail.headers
    is_list = _is_list(headers)
    found = bounce.report(mail, sender, id_domain)
    if found is not None:
        return Verdict(*found[:2], is_list=is_list, bounce=found[2])
    kind, why = _kind(mail, sender, own)
    if kind in _MAY_BE_A_BOUNCE:
        told = bounce.without_report(mail, sender, id_domain, kind is MailKind.BOUNCE, kind is not MailKind.HUMAN)
        if told is not None:
            return Verdict(MailKind.BOUNCE, "from a mail system, without a standard report", is_list, told)
    return Verdict(kind, why, is_list)


def _kind(mail: Parsed, sender: Address | None, own: Sequence[str]) -> tuple[MailKind, str]:
    headers = mail.headers
    if any(report.type == "message/disposition-notification" for report in mail.reports):
        if bounce.is_refusal(mail, sender):
            return MailKind.BOUNCE, "refused by a mail system (RFC 5429)"
        return MailKind.RECEIPT, "disposition notification (RFC 3798)"
    if any(report.type == "message/feedback-report" for report in mail.reports):
        return MailKind.OTHER_AUTOMATED, "feedback report (RFC 5965)"
    if _is_meeting(headers, mail):
        return MailKind.MEETING, "calendar message"
    if (sender is not None and sender.email in own) or _OURS.search(headers.get("message-id")):
        return MailKind.OTHER_AUTOMATED, "our own letter came back"
    title = decoded(headers.get("subject"))
    return (
        _by_headers(headers, sender, title, mail.text)
        or kind_of(title)
        or robots.robot(headers, sender, title, mail.text)
        or _by_absence(mail.text, title, sender)
        or _by_envelope(headers, title)
        or (MailKind.HUMAN, "")
    )


def _by_absence(text: str, title: str, sender: Address | None) -> tuple[MailKind, str] | None:
    names = away.names_of(sender.name, sender.email) if sender else frozenset()
    is_all = away.is_all(quote.split(text).new, title, names)
    return (MailKind.AUTO_REPLY, "says only that its writer is away") if is_all else None


def _by_headers(headers: Headers, sender: Address | None, title: str, text: str) -> tuple[MailKind, str] | None:
    submitted = headers.get("auto-submitted").split(";")[0].strip().lower()
    if submitted.startswith("auto-replied"):
        return MailKind.AUTO_REPLY, "Auto-Submitted: auto-replied (RFC 3834)"
    for name in _REPLY_HEADERS:
        if headers.has(name) and headers.get(name).strip().lower() not in ("no", "false", "0"):
            return MailKind.AUTO_REPLY, f"header {name}"
    if headers.get("precedence").strip().lower() == "auto_reply":
        return MailKind.AUTO_REPLY, "Precedence: auto_reply"
    if "mailbox rules agent" in headers.get("x-ms-exchange-generated-message-source").lower():
        return MailKind.AUTO_REPLY, "made by a mailbox rule"
    why = robots.in_a_name(headers, sender)
    if why:
        return MailKind.AUTO_REPLY, why
    if submitted not in ("", "no"):
        named = kind_of(title)
        if named:
            return named
        suppressed = headers.get("x-auto-response-suppress") or robots.acknowledges(text)
        answers = headers.has("in-reply-to") and suppressed
        return (MailKind.AUTO_REPLY if answers else MailKind.OTHER_AUTOMATED), f"Auto-Submitted: {submitted[:40]}"
    return None


def _by_envelope(headers: Headers, title: str) -> tuple[MailKind, str] | None:
    """By a sender that nobody reads, and by bulk precedence without a list: no person's program writes that."""
    returned = headers.get("return-path").strip("<> ")
    if bounce.NOBODY.match(returned):
        return MailKind.OTHER_AUTOMATED, "an address that nobody reads"
    if headers.get("precedence").strip().lower() in ("bulk", "junk") and not _has_list_headers(headers):
        is_reply = (headers.has("return-path") and not returned) or bool(ids(headers.get("in-reply-to")))
        is_reply = is_reply or robots.is_answer_title(title)
        return (MailKind.AUTO_REPLY if is_reply else MailKind.OTHER_AUTOMATED), "Precedence: bulk, and no list"
    return None


def _is_meeting(headers: Headers, mail: Parsed) -> bool:
    """Whether the mail is itself an invitation or its answer; a person's mail with a calendar file attached is not."""
    if _MEETING_CLASS.match(headers.get("content-class").strip()):
        return True
    is_calendar = headers.get("x-mail-calendar-part").strip().lower() == "yes"
    for report in mail.reports:
        if report.type == "text/calendar" and (
            report.method or is_calendar or not report.is_attachment or not mail.text.strip()
        ):
            line = _METHOD_LINE.search(report.text)
            if (report.method or (line.group(1).upper() if line else "")) in _METHODS:
                return True
    return False


def _has_list_headers(headers: Headers) -> bool:
    return any(headers.has(name) for name in _LIST_HEADERS)


def _is_list(headers: Headers) -> bool:
    return _has_list_headers(headers) or headers.get("precedence").strip().lower() in _BULK


def kind_of(title: str) -> tuple[MailKind, str] | None:
    """The kind that a decoded subject gives away, and why; None where a person may have written it."""
    if _AWAY_TITLE.search(title) or _AWAY_ANYWHERE.search(title):
        return MailKind.AUTO_REPLY, "the subject of an automatic reply"
    prefix = subject.automatic_prefix(title)
    if prefix in _KINDS:
        return _KINDS[prefix], f"the subject of a mail program: {prefix}"
    if _UNDELIVERED_TITLE.match(title):
        return MailKind.BOUNCE, "the subject of a bounce"
    if any(receipt.match(title) for receipt in _READ_TITLES):
        return MailKind.RECEIPT, "the subject of a receipt"
    return None
