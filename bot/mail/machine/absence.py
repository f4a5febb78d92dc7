"""What an automatic reply tells: away until when, who is named instead, whether the post is gone.

Reasons for an absence are nobody's business: dates, names and contact words are taken, never a sentence. Who is named
is a suggestion to show to people, never an address to write to. It does not decide what kind a mail is (automatic.py).
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import re2

from bot.mail.bytes.addresses import addresses_in
from bot.mail.cut import quote
from bot.mail.machine import away
from bot.model import Absence
from bot.rules.windows import requested

_LONDON = ZoneInfo("Europe/London")
_WITHIN = 4000
_MOST_NAMED = 3
_TITLE = 300

_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_SHORT_DAY = r"(?:mon|tues?|wed|thur?s?|fri|sat|sun)\b\.?"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_TH = r"(?:st|nd|rd|th)"
_WHEN = (
    rf"(?:(?:(?:{_DAY}|{_SHORT_DAY}),?\s+)?(?:the\s+)?\d{{1,2}}{_TH}?(?:\s+of)?\s+{_MONTH}(?:,?\s+20\d\d)?"
    rf"|(?:{_DAY},?\s+)?{_MONTH}\s+\d{{1,2}}{_TH}?\b(?:,?\s+20\d\d)?"
    rf"|(?:(?:{_DAY}|{_SHORT_DAY}),?\s+)?\d{{1,2}}[/.-]\d{{1,2}}(?:[/.-](?:20)?\d\d)?|20\d\d-\d\d-\d\d"
    rf"|(?:{_DAY},?\s+)?the\s+\d{{1,2}}{_TH}\b|(?:next\s+|this\s+)?{_DAY}|tomorrow)"
)
_BACK = (
    r"(?:return(?:ing|s)?|back|available(?: again)?|resum(?:e|ing)(?: work)?)"
    r"(?: (?:to|in|at|into) (?:the )?(?:office|work|my desk|my post|duty))?(?: again)?(?: (?:on|from))?"
)
_UNTIL = re2.compile(
    rf"(?i)\b(?:until|till?|up to|through|{_BACK})\s+(?:and including\s+|the morning of\s+|after\s+)?({_WHEN})"
)
#: "away from Monday 21 December to Monday 4 January": the second day is the one that matters.
_SPAN = re2.compile(rf"(?i)\b(?:from|between)\s+{_WHEN}\s*(?:to|until|till|and|-|–)\s*({_WHEN})")

_NAME = r"(?-i:[A-Z][\pL'’.-]+(?:\s+(?:(?:de|van|von|der|bin|al)\s+)?[A-Z][\pL'’-]+){0,3})"
_ASK = (
    r"(?:please\s+)?(?:do\s+)?(?:contact|e-?mail|call|ring|phone|telephone|speak (?:to|with)|get in touch with|direct"
    r"(?: your)? (?:[ei]nquir(?:y|ies)|queries|e-?mails?|calls?) to|forward(?: your)? (?:e-?mails?|message|enquiry) to"
    r"|cysylltwch (?:â|ag))"
)
_INSTEAD = re2.compile(
    rf"(?i)\b{_ASK}(?:\s*:)?\s+(?:[-*•]\s+)?(?:my\s+|our\s+|the\s+)?(?:(?:deputy|colleagues?|manager|assistant|pa|duty|team|line|service"
    rf"|acting"
    rf"|administrator|admin|cover(?:ing)?)\s*,?\s+)*({_NAME})"
)
_COVER = re2.compile(rf"({_NAME})\s+(?:is|will be)\s+(?:covering|acting|deputising|standing in|my deputy|my cover)")
_NO_NAMES = frozenset(
    (
        *(
            "the",
            "a",
            "an",
            "me",
            "us",
            "our",
            "my",
            "your",
            "this",
            "please",
            "for",
            "if",
            "in",
            "on",
            "at",
            "regards",
        ),
        *("thanks", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "children's"),
        *("council", "duty", "team", "office", "switchboard"),
    )
)
_PHONE = re2.compile(r"(?:\+44\s?\(?0?\)?|\(?0)\d[\d ()-]{7,14}\d(?:\s*(?:ext\.?|x)\s*\d{1,6})?")
_BETWEEN_CONTACTS = 200

_GONE = re2.compile(
    r"(?i)\b(?:no longer (?:works?|work(?:ing)?|employed|with\b|at the|in (?:this )?post|monitored|in use"
    r"|active|checked|valid|read)|no longer use (?:this|that|it)"
    r"|address has (?:now )?changed|(?:has|have|i've) (?:now |since )?(?:left|retired|moved on)\b"
    r"|my last (?:working )?day was"
    r"|unmonitored (?:mailbox|inbox|address|account|e-?mail)|(?:nid|nad) (?:ydw i|yw) .{0,40}bellach"
    r"|(?:mailbox|inbox|address|account) is (?:not|un-?)\s?(?:being |currently )?monitored(?:\W*$|[.,;!]| and\b| so\b))"
)


#: What ticket systems and team mailboxes write to everybody, whether or not anybody is there.
_RECEIVED = re2.compile(
    r"(?i)(?:\b(?:your|the|this) (?:e-?mail|message|request|enquiry|inquiry|query|ticket|call|referral|contact|case"
    r"|support request|complaint|application)\b[^.!?]{0,60}\b(?:has|have|was|is|were) (?:been |being |now been )?"
    r"(?:successfully |safely )?(?:received|logged|registered|recorded|created|opened|assigned|raised|forwarded|passed"
    r"|placed in|submitted|acknowledged)\b"
    r"|\bthank(?:s| you) for (?:your (?:e-?mail|message|enquiry|inquiry|query|request)|(?:e-?mailing|contacting|writing"
    r"(?: to)?|getting in touch with)\b)"
    r"|\ba (?:new )?(?:support |service |help ?desk )?(?:ticket|request|case|incident|call)\b[^.!?]{0,60}"
    r"\b(?:has been|was) (?:created|opened|logged|raised|registered)\b"
    r"|\bwe (?:have|'ve) (?:now )?(?:received|logged) your\b"
    r"|\b(?:we|a member of (?:the|our) team|someone|one of our [a-z]+) (?:aim|will|endeavou?r|shall|try)\b[^.!?]{0,60}"
    r"\b(?:repl|respon|answer|be in touch|get back|contact you|deal with)"
    r"|diolch am (?:eich|gysylltu)|wir haben ihre (?:anfrage|e-?mail|nachricht)|nous avons bien re.u"
    r"|hemos recibido su|abbiamo ricevuto|wij hebben uw|vi har (?:modtaget|mottatt|mottagit))"
)
#: Somebody is not there, or somebody speaks and no machine. A mail that says both is an absence.
_AWAY = re2.compile(
    r"(?i)\b(?:out of (?:the )?office|away\b|on (?:annual |sick |maternity |paternity |parental |study |special )?leave"
    r"|on (?:my )?(?:holiday|vacation|secondment|training|a course)|(?:annual|sick|maternity) leave|not (?:in|at)"
    r" (?:the |my )?(?:office|work|desk)|not working|do(?:n't| not) work (?:on )?(?:mon|tues|wednes|thurs|fri)"
    r"|non-working day"
    r"|i(?: am|'m| will be) (?:currently )?(?:off|unavailable|not available|absent|in court)"
    r"|return(?:ing)? (?:to work|on)\b|\b(?:i|i'm|my)\b"
    r"|when i(?:'m| am)? (?:return|back|get back)|on my return|limited access"
    r"|allan o'r swyddfa|gwyliau|abwesend|urlaub|nicht im b.ro|absent|cong.s|ausente|vacaciones|assente|ferie|afwezig"
    r"|vakantie|frav.rende|frånvarande|semester|urlopie|nieobecn|poissa|lomalla)"
)


def told(text: str, sent: datetime, title: str = "") -> Absence:
    """What the text and the subject tell; `sent` places "until Monday". Nothing found leaves the fields empty, and is
    an absence still: only what reads like a machine's receipt, and speaks of nobody who is away, is none."""
    head = text[:_WITHIN]
    words = _until(head) or (_until(title) if away.is_titled(title) else "")
    is_gone = bool(_GONE.search(head))
    new = quote.split(head).new
    is_away = bool(words) or is_gone or bool(_AWAY.search(f"{title[:_TITLE]}\n{new}"))
    return Absence(words, _day(words, sent), _named(head), is_gone, not is_away and bool(_RECEIVED.search(new)))


def _until(text: str) -> str:
    match = _SPAN.search(text) or _UNTIL.search(text)
    return " ".join(str(match.group(1)).split()) if match else ""


def _day(words: str, sent: datetime) -> date | None:
    at = requested(f"by {words}", sent, ()).by if words else None
    return at.astimezone(_LONDON).date() if at else None


def _named(text: str) -> tuple[tuple[str, str], ...]:
    """Names that stand where somebody is to be asked instead, each with the address and telephone that follow it."""
    found: dict[str, str] = {}
    for pattern in (_INSTEAD, _COVER):
        for match in pattern.finditer(text):
            name = " ".join(str(match.group(1)).split()).rstrip(".'’-")
            if name.split()[0].lower() not in _NO_NAMES and name not in found and len(found) < _MOST_NAMED:
                found[name] = _contact(text[match.end(1) : match.end(1) + _BETWEEN_CONTACTS])
    return tuple(found.items())


def _contact(following: str) -> str:
    """The address and the telephone number in the words right behind a name, before the next one is named."""
    stop = _INSTEAD.search(following)
    near = following[: stop.start()] if stop else following
    phone = _PHONE.search(near)
    words = [*addresses_in(near)[:1], *([" ".join(str(phone.group()).split())] if phone else [])]
    return ", ".join(words)
