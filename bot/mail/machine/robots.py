"""Machines that write without saying so: newsletters, portals, ticket systems, notifications, answering programs.

Headers first (list headers of RFC 2369 and 8058, those that mailing services put in), then envelope and sender, then
fixed sentences. One doubtful sign is never enough, a person's answer in a thread outweighs them, and mail of a
discussion list stays its author's. It knows no bounce (bounce.py), and asks away.py only whether a text says more.
"""

import re2

from bot.mail.bytes.addresses import addresses_in
from bot.mail.bytes.headers import Headers
from bot.mail.cut import quote
from bot.mail.machine import away
from bot.mail.patterns.topics import topic
from bot.model import Address, MailKind

Found = tuple[MailKind, str]

_LISTS = topic("robots")
_IN_A_NAME, _SYSTEM = _LISTS.rows("answers_in_a_name"), _LISTS.pattern("system_account")
_CARRIER, _OPEN_IT = _LISTS.pattern("carrier"), _LISTS.pattern("open_it")
_SENDERS = (_LISTS.pattern("nobody_reads"), _LISTS.pattern("daemons"))
_DAEMON_NAME, _NAME = _LISTS.pattern("daemon_name"), _LISTS.pattern("name")
_ACCOUNT, _NEWS_HOST, _TITLE = _LISTS.pattern("account"), _LISTS.pattern("news_host"), _LISTS.pattern("title")
_ALWAYS, _BULK_HEADERS, _DISCUSSION = (_LISTS.words(name) for name in ("always", "bulk_headers", "discussion"))
_BULK_PROGRAM, _COUNTED = _LISTS.pattern("bulk_program"), _LISTS.pattern("counted")
_SERVICE, _FORWARDED = _LISTS.pattern("service"), _LISTS.pattern("forwarded")
#: Exchange Online's bulk complaint level: 4 and more is mail of a sender for whom complaints are usual.
_COMPLAINED = re2.compile(r"(?i)\bBCL:\s*[4-9]\b")
_ANSWER = _LISTS.pattern("answer")

_SAYS_AUTOMATIC, _IS_REPLY = _LISTS.pattern("says_automatic"), _LISTS.pattern("is_reply")
_FIRST_WORDS = _LISTS.pattern("first_words")
_NOBODY_READS, _CLOSED = _LISTS.pattern("mailbox_unread"), _LISTS.pattern("closed_for_now")
_LOGGED, _RECEIVED = _LISTS.pattern("logged"), _LISTS.pattern("received")
_CHALLENGE = _LISTS.pattern("challenge")
#: Signs of a newsletter; the last three are none by themselves.
_MARKS = tuple(
    _LISTS.pattern(name) for name in ("unsubscribe", "browser", "sent_to", "no_answer", "newsletter", "copyright")
)
_WITHIN = 40_000
_NEAR = 1500


def in_a_name(headers: Headers, sender: Address | None) -> str:
    """Why a machine answers in the sender's name, "" where nothing says so."""
    for pattern, sign in _IN_A_NAME:
        if any(pattern.search(headers.get(name).strip()) for name in sign["headers"]):
            return str(sign["why"])
    if sender is None:
        return ""
    by = next(iter(addresses_in(headers.get("sender"))), "")
    if _SYSTEM.match(by) and not _SYSTEM.match(sender.email):
        return "sent by a mail system in its writer's name"
    return ""


def robot(headers: Headers, sender: Address | None, title: str, text: str) -> Found | None:
    """What machine wrote it, and the sign that says so; None where a person may have."""
    if any(headers.has(name) for name in _ALWAYS) or _DAEMON_NAME.search(headers.get("from")):
        return MailKind.OTHER_AUTOMATED, "a scheduled program"
    if sender is not None and any(account.match(sender.email) for account in _SENDERS):
        return MailKind.OTHER_AUTOMATED, "an address that nobody reads"
    answers = headers.has("in-reply-to") or headers.has("references") or is_answer_title(title)
    found = None if answers or is_discussion(headers) else _bulk(headers, sender, title)
    if not (found or answers or is_discussion(headers)) and _is_portal(headers, text[:_WITHIN]):
        found = MailKind.OTHER_AUTOMATED, "a portal that wants a link opened"
    return found or _in_words(text, answers, is_discussion(headers))


def is_answer_title(title: str) -> bool:
    """Whether the subject is that of an answer, or of a mail passed on."""
    return bool(_ANSWER.match(title))


def is_discussion(headers: Headers) -> bool:
    """Whether people write to one another through this list: it can be posted to, joined, or read again."""
    return any(headers.has(name) for name in _DISCUSSION)


def _bulk(headers: Headers, sender: Address | None, title: str) -> Found | None:
    """A new mail (no answer, no discussion) with the marks of a mailing service."""
    if headers.has("list-unsubscribe") or any(headers.has(name) for name in _BULK_HEADERS):
        return MailKind.OTHER_AUTOMATED, "the headers of a newsletter"
    if _COMPLAINED.search(headers.get("x-microsoft-antispam")) or headers.has("x-antispameurope-detected-infomail"):
        return MailKind.OTHER_AUTOMATED, "bulk mail to the gateway"
    feedback = headers.get("feedback-id").strip()
    if feedback and not feedback.lower().endswith("amazonses"):  # one that carries people's mail too
        return MailKind.OTHER_AUTOMATED, "the headers of a newsletter"
    if any(_BULK_PROGRAM.search(headers.get(name)) for name in ("x-mailer", "user-agent", "x-generator")):
        return MailKind.OTHER_AUTOMATED, "a program for newsletters"
    returned = headers.get("return-path").strip()
    if not _FORWARDED.search(returned) and (_COUNTED.search(returned) or _names_recipient(returned, headers)):
        return MailKind.OTHER_AUTOMATED, "an envelope that counts its bounces"
    if _SERVICE.search(returned) or _SERVICE.search(headers.get("message-id")):
        return MailKind.OTHER_AUTOMATED, "sent by a mailing service"
    if (sender is not None and _is_program(sender)) or _TITLE.match(title):
        return MailKind.OTHER_AUTOMATED, "the sender or the subject of a program"
    return None


def _is_program(sender: Address) -> bool:
    return bool(_ACCOUNT.search(sender.email) or _NEWS_HOST.search(sender.email) or _NAME.search(sender.name))


def _names_recipient(returned: str, headers: Headers) -> bool:
    """An envelope for each recipient (VERP): `news-fay=csc.example@sender.example`."""
    lowered = returned.lower()
    return "=" in lowered and any(to.replace("@", "=") in lowered for to in addresses_in(headers.get("to")))


def _is_portal(headers: Headers, text: str) -> bool:
    """A new mail of a program: in HTML alone, through a service for programs, and about a link to be opened."""
    through = f"{headers.get('return-path')} {headers.get('message-id')}"
    is_rich_only = headers.get("content-type").strip().lower().startswith("text/html")
    return bool(is_rich_only and _CARRIER.search(through) and _OPEN_IT.search(text)) and not away.says_more(text)


def _in_words(text: str, is_answer: bool, is_list: bool) -> Found | None:
    """By sentences that only machines write, in the new text: a person may quote such a mail."""
    head = text[:_WITHIN]
    marks = 0 if is_answer or is_list else _marks(head)
    if _CHALLENGE.search(head[:_NEAR]) and ("http" in head or not is_answer):
        return MailKind.OTHER_AUTOMATED, "a gate that wants to see a person first"
    says = bool(_SAYS_AUTOMATIC.search(head))
    opening = _reads_nobody(head)
    first = bool(_FIRST_WORDS.match(head))
    if not (says or opening or first or marks > 1):
        return None
    new = quote.split(head).new if is_answer else head
    if first or (opening and _reads_nobody(new)):
        return MailKind.AUTO_REPLY, "says that nobody reads or that it was logged"
    said = _SAYS_AUTOMATIC.search(new)
    if said:
        is_reply = is_answer or bool(_IS_REPLY.search(new[max(0, said.start() - 40) : said.end() + 60]))
        return (MailKind.AUTO_REPLY if is_reply else MailKind.OTHER_AUTOMATED), "says itself that it is automatic"
    if marks > 1:
        return MailKind.OTHER_AUTOMATED, "the words of a newsletter"
    return None


def _reads_nobody(text: str) -> bool:
    near = text[:_NEAR]
    return bool(
        _NOBODY_READS.search(near) or _LOGGED.search(near) or (_CLOSED.search(near) and not away.says_more(near))
    )


def acknowledges(text: str) -> bool:
    """Whether the new text is a ticket system's "we have your request", for a mail that a machine has made anyway."""
    return bool(_LOGGED.search(text[:_NEAR]) or _RECEIVED.search(quote.split(text[:_WITHIN]).new[:_NEAR]))


def _marks(text: str) -> int:
    """How many different signs of a newsletter; a copyright line and a plea not to answer are none by themselves."""
    found = [bool(mark.search(text)) for mark in _MARKS]
    return sum(found) if any(found[:3]) else 0
