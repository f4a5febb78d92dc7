"""What the business unit says of a challenge that somebody else has made: by whom, to whom, when, how urgent.

Read from lines with a label each (`Who: ...`), from the quotation of a forwarded mail, or from prose. People and teams
are told from one another by whoever knows the directory: here are only words, addresses and times.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.mail import re2
from bot.mail.patterns.topics import topic
from bot.mail.words.actions import past
from bot.model import Mail

_LABELS = topic("orders").rows("office_labels")
_ADDRESS = re2.compile(r"[^\s<>(),;:\"']+@[^\s<>(),;:\"']+")
_PHONE = re2.compile(r"(?:\+44[\s()0-]*|\b0)\d(?:[\s-]?\d){8,9}\b")
_LINE = re2.compile(r"^[\s>*•-]*([A-Za-z][A-Za-z ]{1,18}?)\s*[:=]\s*(.*)$")
MOST_LINES = 60


@dataclass(frozen=True, slots=True)
class Told:
    """The words under each label, "" where there is none. `prose`: all the rest. `when`: the instant that is named."""

    who: str = ""
    whom: str = ""
    urgent: str = ""
    about: str = ""
    prose: str = ""
    when: datetime | None = None
    when_words: str = ""


def told(mail: Mail, note: str = "", *, is_prose: bool = True) -> Told:
    """What the new text says. `note`: what stood behind the word itself; `is_prose`: its sentences may say when."""
    fields: dict[str, str] = {}
    rest: list[str] = [note] if note else []
    for line in mail.new_text.split("\n")[:MOST_LINES]:
        match = _LINE.match(line)
        label = next((name for pattern, name in _LABELS if match and pattern.match(match.group(1))), "")
        if label and match:
            fields.setdefault(label, match.group(2).strip())
        elif line.strip():
            rest.append(line.strip())
    prose = "\n".join(rest)
    sent = mail.date if mail.date and mail.date <= mail.received else mail.received
    return Told(
        who=fields.get("who", ""),
        whom=fields.get("whom", ""),
        urgent=fields.get("urgent", ""),
        about=fields.get("about", ""),
        prose=prose,
        when=past(fields.get("when", prose if is_prose else ""), sent),
        when_words=fields.get("when", ""),
    )


def phone(words: str) -> str:
    """The first telephone number in these words, "" for none."""
    found = _PHONE.search(words)
    return " ".join(found.group(0).split()) if found else ""


def addresses(words: str) -> tuple[str, ...]:
    """Every address in these words, each once."""
    return tuple(dict.fromkeys(found.strip(".").lower() for found in _ADDRESS.findall(words)))
