"""Who or what wrote a mail: a person, or a machine in a person's name.

It reads the standard headers (RFC 3834, 8098, list headers) and Exchange's own, then subjects that only mail
programs write, then the signs of single programs, newsletters and portals (robots.py); bounces are read in bounce.py.
Structure proves a machine; looks of one sort prove none where the mail is a challenge or answers something, and else
are told as looks, for whoever knows the sender. X-Auto-Response-Suppress asks others for silence and identifies
nobody. It knows no case, and never says that a robot answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.mail import re2, subject
from bot.mail.bytes.headers import Headers, decoded, ids
from bot.mail.bytes.parse import Parsed
from bot.mail.cut import desks, quote
from bot.mail.machine import away, bounce, robots
from bot.mail.patterns.topics import topic
from bot.model import Address, Automatic, Bounce, MailKind

_METHOD_LINE = re2.compile(r"(?im)^METHOD:\s*([A-Z]+)\s*$")
_MEETING_CLASS = re2.compile(r"(?i)^urn:content-classes:calendarmessage|^IPM\.Schedule\.Meeting")

_MAY_BE_A_BOUNCE = frozenset({MailKind.HUMAN, MailKind.AUTO_REPLY, MailKind.OTHER_AUTOMATED, MailKind.BOUNCE})

#: How ids of our letters are made: 128 bits that name, 128 that seal. A forwarder may change From, but keeps the id.
_OURS = re2.compile(r"<[0-9a-f]{32}\.[0-9a-f]{32}@")

#: What Exchange writes into the envelope of a journal report, and from whom.
_JOURNAL = ("x-ms-journal-report", "x-ms-exchange-generated-message-journal")
_JOURNALIST = re2.compile(r"(?i)^microsoftexchange[0-9a-f]{20,}@")
_NO_LOOKS: frozenset[str] = frozenset()
_OF_SENDER = frozenset({robots.NAME, robots.ENVELOPE, robots.BULK, robots.CARRIED})
#: What Auto-Submitted says where a mailbox hands on by itself what a person wrote.
_CARRIED = "auto-forwarded"
_LISTS = topic("automatic")
_METHODS, _BULK = _LISTS.words("methods"), _LISTS.words("bulk")
_REPLY_HEADERS, _LIST_HEADERS = _LISTS.listed("reply_headers"), _LISTS.listed("list_headers")
_AWAY_TITLE, _AWAY_ANYWHERE = _LISTS.pattern("away"), _LISTS.pattern("away_anywhere")
_UNDELIVERED_TITLE = _LISTS.pattern("undelivered")
_READ_TITLES = (_LISTS.pattern("read"), _LISTS.pattern("receipt"))

#: What subject.automatic_prefix says, as a kind. A recall takes nothing back.
_KINDS = {
    Automatic.AUTO_REPLY: MailKind.AUTO_REPLY,
    Automatic.RECEIPT: MailKind.RECEIPT,
    Automatic.BOUNCE: MailKind.BOUNCE,
    Automatic.RECALL: MailKind.OTHER_AUTOMATED,
    Automatic.MEETING: MailKind.MEETING,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind of a mail, why, whether it came by a list, and what it says if it is a bounce. `by_looks`: by spelling,
    bulk marks or wording only, and by no structure."""

    kind: MailKind = MailKind.HUMAN
    why: str = ""
    is_list: bool = False
    bounce: Bounce | None = None
    by_looks: bool = False
    is_recall: bool = False


def classify(
    mail: Parsed, sender: Address | None, own: Sequence[str], id_domain: str, *, is_challenge: bool = False
) -> Verdict:
    """`own`: our own addresses; `id_domain`: of our Message-IDs, "" to take every id a bounce cites for ours;
    `is_challenge`: its subject is a challenge's."""
    headers = mail.headers
    is_list = _is_list(headers)
    found = bounce.report(mail, sender, id_domain)
    if found is not None:
        return Verdict(*found[:2], is_list=is_list, bounce=found[2])
    kind, why, looks = _kind(mail, sender, own)
    answers = _answers(headers)
    if kind in _MAY_BE_A_BOUNCE:
        told = bounce.without_report(mail, sender, id_domain, kind is MailKind.BOUNCE, kind is not MailKind.HUMAN)
        is_layout = told is not None and bounce.is_layout(mail)
        if told is not None and (is_layout or not (is_challenge or answers)):
            why = "from a mail system, without a standard report"
            return Verdict(MailKind.BOUNCE, why, is_list, told, by_looks=not is_layout)
        if told is not None and kind is MailKind.BOUNCE:
            return Verdict(is_list=is_list)
    answers = answers or (is_challenge and robots.is_answer_title(decoded(headers.get("subject"))))
    is_new = is_challenge and not answers and robots.CARRIED not in looks
    if (len(looks) == 1 and is_new) or (answers and looks and looks <= _OF_SENDER and not _is_silent(mail)):
        return Verdict(is_list=is_list)
    return Verdict(kind, why, is_list, by_looks=bool(looks), is_recall=_is_recall(kind, headers))


def _is_recall(kind: MailKind, headers: Headers) -> bool:
    is_other = kind is MailKind.OTHER_AUTOMATED
    return is_other and subject.automatic_prefix(decoded(headers.get("subject"))) is Automatic.RECALL


def _answers(headers: Headers) -> bool:
    return bool(ids(headers.get("in-reply-to")))


def _is_silent(mail: Parsed) -> bool:
    """Whether it is marked as what answers by itself, or only says that something was received."""
    headers = mail.headers
    precedence = headers.get("precedence").strip().lower()
    is_null = headers.has("return-path") and not headers.get("return-path").strip("<> ")
    return precedence == "junk" or (is_null and precedence == "bulk") or _acknowledges(mail.text)


def _acknowledges(text: str) -> bool:
    """Whether what is new says nothing but what ticket systems say."""
    return robots.acknowledges(text) and not away.says_more(quote.split(text).new)


def _kind(mail: Parsed, sender: Address | None, own: Sequence[str]) -> tuple[MailKind, str, frozenset[str]]:
    """The kind, why, and by which sorts of looks; none of them: by structure."""
    headers, title = mail.headers, decoded(mail.headers.get("subject"))
    sure = _by_parts(mail, sender, own) or _by_headers(headers, sender, title, mail.text)
    if sure is not None:
        return *sure, _NO_LOOKS
    named = kind_of(title)
    if named is not None:
        return *named, frozenset({robots.TITLE}) if named[0] is MailKind.BOUNCE else _NO_LOOKS
    found = robots.robot(headers, sender, title, mail.text)
    more = _by_envelope(headers, title)
    if found is not None:
        return *found[:2], found[2] | more[2] if more and found[2] else found[2]
    is_away = _by_absence(mail.text, title, sender)
    if is_away is not None:
        return *is_away, _NO_LOOKS
    return more or (MailKind.HUMAN, "", _NO_LOOKS)


def _by_parts(mail: Parsed, sender: Address | None, own: Sequence[str]) -> tuple[MailKind, str] | None:
    """By the parts that are written for machines, and by what is ours."""
    headers = mail.headers
    if any(report.type == "message/disposition-notification" for report in mail.reports):
        if bounce.is_refusal(mail, sender):
            return MailKind.BOUNCE, "refused by a mail system (RFC 5429)"
        return MailKind.RECEIPT, "disposition notification (RFC 3798)"
    if any(report.type == "message/feedback-report" for report in mail.reports):
        return MailKind.OTHER_AUTOMATED, "feedback report (RFC 5965)"
    if any(headers.has(name) for name in _JOURNAL) or (sender is not None and _JOURNALIST.match(sender.email)):
        return MailKind.OTHER_AUTOMATED, "a journal report of a mail between others"
    if _is_meeting(headers, mail):
        return MailKind.MEETING, "calendar message"
    if (sender is not None and sender.email in own) or _OURS.search(headers.get("message-id")):
        return MailKind.OTHER_AUTOMATED, "our own letter came back"
    return None


def _by_absence(text: str, title: str, sender: Address | None) -> tuple[MailKind, str] | None:
    names = away.names_of(sender.name, sender.email) if sender else frozenset()
    is_all = away.is_all(quote.split(text).new, title, names)
    return (MailKind.AUTO_REPLY, "says only that its writer is away") if is_all else None


def _by_headers(headers: Headers, sender: Address | None, title: str, text: str) -> tuple[MailKind, str] | None:
    submitted = _submitted(headers)
    if submitted.startswith("auto-replied"):
        return MailKind.AUTO_REPLY, "Auto-Submitted: auto-replied (RFC 3834)"
    for name in _REPLY_HEADERS:
        if headers.get(name).strip().lower() not in ("", "no", "false", "0"):
            return MailKind.AUTO_REPLY, f"header {name}"
    if headers.get("precedence").strip().lower() == "auto_reply":
        return MailKind.AUTO_REPLY, "Precedence: auto_reply"
    if "mailbox rules agent" in headers.get("x-ms-exchange-generated-message-source").lower():
        return MailKind.AUTO_REPLY, "made by a mailbox rule"
    why = robots.in_a_name(headers, sender)
    if why:
        return MailKind.AUTO_REPLY, why
    if submitted not in ("", "no", _CARRIED) and not desks.speaks(text, sender.name if sender else ""):
        named = kind_of(title)
        if named:
            return named
        suppressed = headers.get("x-auto-response-suppress") or robots.acknowledges(text)
        answers = headers.has("in-reply-to") and suppressed
        return (MailKind.AUTO_REPLY if answers else MailKind.OTHER_AUTOMATED), f"Auto-Submitted: {submitted[:40]}"
    return None


def _submitted(headers: Headers) -> str:
    return headers.get("auto-submitted").split(";")[0].strip().lower()


def _by_envelope(headers: Headers, title: str) -> robots.Found | None:
    """By a mailbox that handed it on, a sender that nobody reads, and bulk precedence without a list: looks, all."""
    if _submitted(headers) == _CARRIED:
        return MailKind.OTHER_AUTOMATED, f"Auto-Submitted: {_CARRIED}", frozenset({robots.CARRIED})
    returned = headers.get("return-path").strip("<> ")
    if bounce.NOBODY.match(returned):
        return MailKind.OTHER_AUTOMATED, "an address that nobody reads", frozenset({robots.ENVELOPE})
    if headers.get("precedence").strip().lower() in ("bulk", "junk") and not _has_list_headers(headers):
        is_null = headers.has("return-path") and not returned
        is_reply = is_null or bool(ids(headers.get("in-reply-to"))) or robots.is_answer_title(title)
        kind = MailKind.AUTO_REPLY if is_reply else MailKind.OTHER_AUTOMATED
        sorts = frozenset({robots.BULK, robots.ENVELOPE} if is_null else {robots.BULK})
        return kind, "Precedence: bulk, and no list", sorts
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
    """Whether it came by a list: by a list's own header, or two of the marks that people's mail may bear alone."""
    marks = headers.has("list-unsubscribe") + (headers.get("precedence").strip().lower() in _BULK)
    return marks > 1 or any(headers.has(name) for name in _LIST_HEADERS if name != "list-unsubscribe")


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
