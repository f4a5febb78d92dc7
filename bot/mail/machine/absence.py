"""What an automatic reply tells: away until when, who is named instead, whether the post is gone.

Reasons for an absence are nobody's business: dates, names and contact words are taken, never a sentence. Who is named
is a suggestion to show to people, never an address to write to. It does not decide what kind a mail is (automatic.py).
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.mail import re2
from bot.mail.bytes.addresses import addresses_in
from bot.mail.cut import quote
from bot.mail.machine import away
from bot.mail.patterns.topics import topic
from bot.model import Absence
from bot.rules.windows import requested

_LONDON = ZoneInfo("Europe/London")
_WITHIN = 4000
_MOST_NAMED = 3
_TITLE = 300

_LISTS = topic("away")
_UNTIL, _SPAN = _LISTS.pattern("until"), _LISTS.pattern("span")
_INSTEAD, _COVER, _NO_NAMES = _LISTS.pattern("instead"), _LISTS.pattern("cover"), _LISTS.words("no_names")
_PHONE = re2.compile(r"(?:\+44\s?\(?0?\)?|\(?0)\d[\d ()-]{7,14}\d(?:\s*(?:ext\.?|x)\s*\d{1,6})?")
_BETWEEN_CONTACTS = 200
_GONE, _RECEIVED, _SPEAKS = (_LISTS.pattern(name) for name in ("gone", "received", "speaks"))


def told(text: str, sent: datetime, title: str = "") -> Absence:
    """What the text and the subject tell; `sent` places "until Monday". Nothing found leaves the fields empty, and is
    an absence still: only what reads like a machine's receipt, and speaks of nobody who is away, is none."""
    head = text[:_WITHIN]
    words = _until(head) or (_until(title) if away.is_titled(title) else "")
    is_gone = bool(_GONE.search(head))
    new = quote.split(head).new
    is_away = bool(words) or is_gone or bool(_SPEAKS.search(f"{title[:_TITLE]}\n{new}"))
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
