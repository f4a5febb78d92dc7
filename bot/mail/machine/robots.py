"""Machines that write without saying so: newsletters, portals, ticket systems, notifications, answering programs.

Headers that programs alone put in are structure. Addresses, names, envelopes, marks of bulk mail and fixed sentences
are looks: people have them, too, so each says of which sort it is, and automatic.py weighs them. A person's answer in
a thread outweighs the marks of bulk mail, and mail of a discussion list stays its author's. It knows no bounce
(bounce.py), and asks away.py only whether a text says more.
"""

from bot.mail import re2
from bot.mail.bytes.addresses import addresses_in
from bot.mail.bytes.headers import Headers
from bot.mail.cut import quote
from bot.mail.machine import away
from bot.mail.patterns.topics import topic
from bot.model import Address, MailKind

#: What machine, the sign that says so, and the sorts of looks it was told by; none of them: by structure.
Found = tuple[MailKind, str, frozenset[str]]
NAME, ENVELOPE, BULK, WORDS, TITLE, CARRIED = "name", "envelope", "bulk", "words", "title", "carried"

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
_CHALLENGED = re2.compile(r"(?i)\bchallenge\b")
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
    """What machine wrote it, the sign that says so, and all sorts of looks that do; None where a person may have."""
    if any(headers.has(name) for name in _ALWAYS):
        return MailKind.OTHER_AUTOMATED, "a scheduled program", frozenset()
    answers = headers.has("in-reply-to") or headers.has("references") or is_answer_title(title)
    found = [one for one in _looks(headers, sender, title, text, answers) if one is not None]
    sure = next((one for one in found if not one[2]), None)
    if sure is not None or not found:
        return sure
    return found[0][0], found[0][1], frozenset().union(*(sorts for _, _, sorts in found))


def _looks(headers: Headers, sender: Address | None, title: str, text: str, answers: bool) -> tuple[Found | None, ...]:
    """The first sign of each place that is looked at, strongest first."""
    is_talk = is_discussion(headers)
    return (
        _by_sender(headers, sender),
        None if answers or is_talk else _bulk(headers, sender, title),
        None
        if answers or is_talk or not _is_portal(headers, text[:_WITHIN])
        else (MailKind.OTHER_AUTOMATED, "a portal that wants a link opened", frozenset({ENVELOPE, WORDS})),
        _in_words(text, answers, is_talk),
    )


def _by_sender(headers: Headers, sender: Address | None) -> Found | None:
    if _DAEMON_NAME.search(headers.get("from")):
        return MailKind.OTHER_AUTOMATED, "a scheduled program", frozenset({NAME})
    if sender is not None and any(account.match(sender.email) for account in _SENDERS):
        return MailKind.OTHER_AUTOMATED, "an address that nobody reads", frozenset({NAME})
    return None


def is_answer_title(title: str) -> bool:
    """Whether the subject is that of an answer, or of a mail passed on."""
    return bool(_ANSWER.match(title))


def is_discussion(headers: Headers) -> bool:
    """Whether people write to one another through this list: it can be posted to, joined, or read again."""
    return any(headers.has(name) for name in _DISCUSSION)


def _bulk(headers: Headers, sender: Address | None, title: str) -> Found | None:
    """A new mail (no answer, no discussion) with the marks of a mailing service."""
    other = MailKind.OTHER_AUTOMATED
    if any(headers.has(name) for name in _BULK_HEADERS):
        return other, "the headers of a newsletter", frozenset()
    if any(_BULK_PROGRAM.search(headers.get(name)) for name in ("x-mailer", "user-agent", "x-generator")):
        return other, "a program for newsletters", frozenset()
    returned, feedback = headers.get("return-path").strip(), headers.get("feedback-id").strip()
    looks = {
        BULK: headers.has("list-unsubscribe")
        or bool(_COMPLAINED.search(headers.get("x-microsoft-antispam")))
        or headers.has("x-antispameurope-detected-infomail")
        or (bool(feedback) and not feedback.lower().endswith("amazonses")),  # one that carries people's mail too
        ENVELOPE: (not _FORWARDED.search(returned) and bool(_COUNTED.search(returned)))
        or (not _FORWARDED.search(returned) and _names_recipient(returned, headers))
        or bool(_SERVICE.search(returned) or _SERVICE.search(headers.get("message-id"))),
        NAME: sender is not None and _is_program(sender),
        TITLE: bool(_TITLE.match(title)),
    }
    sorts = frozenset(sort for sort, is_so in looks.items() if is_so)
    return (other, _WHY[next(sort for sort in looks if sort in sorts)], sorts) if sorts else None


_WHY = {
    BULK: "the marks of bulk mail",
    ENVELOPE: "an envelope of a mailing service",
    NAME: "the sender of a program",
    TITLE: "the subject of a program",
}


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
    words = frozenset({WORDS})
    if _CHALLENGE.search(head[:_NEAR]) and ("http" in head or not is_answer):
        return MailKind.OTHER_AUTOMATED, "a gate that wants to see a person first", words
    says = bool(_SAYS_AUTOMATIC.search(head))
    opening = _reads_nobody(head)
    first = bool(_FIRST_WORDS.match(head))
    if not (says or opening or first or marks > 1):
        return None
    new = quote.split(head).new if is_answer else head
    if first or (opening and _reads_nobody(new) and not (is_answer and _says_more(new))):
        return MailKind.AUTO_REPLY, "says that nobody reads or that it was logged", words
    said = _SAYS_AUTOMATIC.search(new)
    if said:
        is_reply = is_answer or bool(_IS_REPLY.search(new[max(0, said.start() - 40) : said.end() + 60]))
        kind = MailKind.AUTO_REPLY if is_reply else MailKind.OTHER_AUTOMATED
        return kind, "says itself that it is automatic", words
    if marks > 1:
        return MailKind.OTHER_AUTOMATED, "the words of a newsletter", words
    return None


def _says_more(text: str) -> bool:
    """Whether words of an answer stand there; the name of what was received is none."""
    return away.says_more(_CHALLENGED.sub("", text[:_NEAR]))


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
