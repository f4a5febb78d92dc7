"""Why a letter did not arrive, in words for a reader who has never seen a mail server.

From the enhanced status code (RFC 3463 and its registry), else from what servers usually write. The words name no
address and no host; the server's own diagnostic stays with the operator. It decides nothing about the bounce.
"""

from __future__ import annotations

import re2

_UNKNOWN = "the address does not exist there"
_FULL = "the mailbox is full"
_CLOSED = "the mailbox is switched off"
_REFUSED = "the other organisation's mail system refused it"
_TOO_LARGE = "the mail was too large for them"
_NOT_REACHED = "the other organisation's mail system could not be reached"
_NOT_SECURE = "the other organisation accepts such mail only encrypted or from senders it knows"
_MOVED = "the person has moved and left no new address"
_BUSY = "the other organisation's mail system is busy"
_NO_DOMAIN = "there is no such organisation behind the address"
_MEMBERS = "the group accepts mail only from its members"
_INSIDE = "the mailbox accepts mail only from inside its own organisation"
_TAKES_NONE = "the mailbox takes no mail"
_SENDER = "the other organisation did not trust where the mail came from"

#: Longest prefix first: detail of RFC 3463 (and RFC 7372, 7504) in one line each.
_BY_STATUS = (
    ("1.6", _MOVED),
    ("1.7", _SENDER),
    ("1.8", _SENDER),
    ("1.10", _UNKNOWN),
    ("1.2", _NO_DOMAIN),
    ("1.", _UNKNOWN),
    ("2.1", _CLOSED),
    ("2.2", _FULL),
    ("2.3", _TOO_LARGE),
    ("2.", _TAKES_NONE),
    ("3.4", _TOO_LARGE),
    ("3.2", _BUSY),
    ("3.", _REFUSED),
    ("4.5", _BUSY),
    ("4.6", "the mail went round in a circle"),
    ("4.", _NOT_REACHED),
    ("5.", _REFUSED),
    ("6.", "the other organisation could not convert the mail"),
    ("7.1", _REFUSED),
    ("7.2", _MEMBERS),
    ("7.124", _MEMBERS),  # Exchange: not among a group's allowed senders; 133: not signed in to write to a group
    ("7.133", _MEMBERS),
    ("7.12", _INSIDE),  # Exchange: not signed in to write to the organisation, a mailbox, a contact
    ("7.134", _INSIDE),
    ("7.136", _INSIDE),
    ("7.4", _NOT_SECURE),
    ("7.5", _NOT_SECURE),
    ("7.", _SENDER),
)

_BY_WORDS = (
    (
        re2.compile(
            r"(?i)mailbox (?:is )?full|over ?quota|quota\b.{0,20}\bexceed|exceed\w*.{0,20}\bquota"
            r"|inbox is out of storage|insufficient (?:system )?storage"
        ),
        _FULL,
    ),
    (re2.compile(r"(?i)\b(?:disabled|inactive|suspended|deactivated)\b"), _CLOSED),
    (
        re2.compile(
            r"(?i)domain (?:name )?(?:not found|does not exist|unknown)|host (?:unknown|not found)"
            r"|no such (?:domain|host)|nxdomain"
        ),
        _NO_DOMAIN,
    ),
    (
        re2.compile(
            r"(?i)user unknown|unknown user|no such (?:user|recipient|mailbox|address)|does not exist|not found"
            r"|invalid (?:user|recipient|address|mailbox)|recipient unknown|no mailbox|unrouteable"
            r"|address (?:\w+ ){0,2}(?:incorrect|invalid)|wasn.t found at"
            r"|(?:destinat\w+|utente|utilisateur|usuario) (?:desconocid|sconosciut|inconnu)"
            r"|(?:empf.nger|benutzer) (?:unbekannt|nicht gefunden)"
        ),
        _UNKNOWN,
    ),
    (re2.compile(r"(?i)too (?:large|big)|size (?:limit|exceed)|exceeds? .{0,30}size"), _TOO_LARGE),
    (re2.compile(r"(?i)encrypt|\btls\b.{0,20}requir|must issue a starttls"), _NOT_SECURE),
    (
        re2.compile(r"(?i)spam|block(?:ed|list)|black ?list|policy|denied|reject|dmarc|\bspf\b|not authori[sz]ed"),
        _REFUSED,
    ),
    (
        re2.compile(
            r"(?i)timed? ?out|connection refused|unreachable|no route|not accept our requests"
            r"|failed (?:after )?\d+ attempts"
        ),
        _NOT_REACHED,
    ),
    (re2.compile(r"(?i)too many connections|too busy|try again later|not available|grey-?list"), _BUSY),
    (re2.compile(r"(?i)mailbox (?:is )?(?:currently )?unavailable"), _TAKES_NONE),
)
_WITHIN = 4000


def reason(status: str, words: str, is_hard: bool) -> str:
    """Half a sentence that follows "could not be delivered: "; for a delay it says that it is still being tried."""
    why = _of_words(words) if _says_little(status) else ""
    why = why or _of_status(status) or _of_words(words) or "no reason that we can read was given"
    return why if is_hard else f"{why}; their mail system is still trying"


def _says_little(status: str) -> bool:
    """Detail 0 of any subject is "other" (RFC 3463, 3), and 7.1 is written for every refusal: the words know more."""
    return status.endswith(".0") or status.partition(".")[2] == "7.1"


def _of_status(status: str) -> str:
    detail = status.partition(".")[2]
    if detail in ("", "0.0"):
        return ""
    return next((why for start, why in _BY_STATUS if detail == start or detail.startswith(_prefix(start))), "")


def _prefix(start: str) -> str:
    """A whole class ("7.") stands for every detail of it; a full one only for itself."""
    return start if start.endswith(".") else f"{start}."


def _of_words(words: str) -> str:
    return next((why for pattern, why in _BY_WORDS if pattern.search(words[:_WITHIN])), "")
