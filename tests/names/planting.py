"""A mail of any kind with children written into its subject, text, display names, file names and other headers.

Where they go hangs on the seed and the mail alone. It knows no case and does not look for what it wrote.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from random import Random

import re2

from tests.names.family import Child, children

#: Where a person may write a child's name without thinking of it. A Message-ID is none: programs make it.
PLACES = ("subject", "body", "display name", "file name", "header")
_POLICY = SMTP.clone(max_line_length=990)
_SUBJECT = re2.compile(rb"(?im)^(subject:[^\r\n]*)")
#: Words that take words after them on their line.
_TAKES_WORDS = re2.compile(
    r"(?i)^(outcome|not resolved|escalate|withdraw|phone|theme|impact|learning|correct|meeting|received|decided|hold"
    r"|help|urgent|name|new|about|status|report|register|why|record|spoc|nudge)\b"
)


@dataclass
class Planter:
    """Writes children into mails and remembers whom, and how many mails bear one in each place."""

    seed: str
    share: int = 10  # of ten mails; the rest come as they were written
    families: list[Child] = field(default_factory=list)
    count: Counter[str] = field(default_factory=Counter)

    def plant(self, raw: bytes, name: str) -> bytes:
        """The same mail with a child in some of the places; `name` tells it from the other mails of the seed."""
        chance = Random(f"{self.seed}/{name}")
        if chance.randrange(10) >= self.share:
            return raw
        own = {child.place: child for child in children(f"{self.seed}/{name}", PLACES)}
        chosen = {p for p, of_ten in zip(PLACES, (9, 8, 5, 3, 5), strict=True) if chance.randrange(10) < of_ten}
        try:
            message = message_from_bytes(raw, policy=_POLICY)
            done = {place for place in sorted(chosen) if _WRITE[place](message, own[place], chance)}
            made = message.as_bytes()
        except (ValueError, LookupError, TypeError, AttributeError, UnicodeError):  # a broken mail stays as broken
            said = own["subject"].initials.encode()
            made, done = _SUBJECT.sub(rb"\1 " + said, raw), {"subject"}
        self.families += [own[place] for place in sorted(done)]
        self.count.update([*done, "mails"])
        return bytes(made)


def _subject(message: EmailMessage, child: Child, chance: Random) -> bool:
    subject, said = " ".join(str(message["Subject"] or "").split()), child.said(chance)
    forms = (f"{subject} – {said}", f"{subject} - {said}", f"{subject} ({said})", f"{subject} re {said}",
             f"{subject}: {said}", f"{said}: {subject}", f"{subject} [{said}]")  # fmt: skip
    del message["Subject"]
    message["Subject"] = chance.choice(forms)
    return True


def _body(message: EmailMessage, child: Child, chance: Random) -> bool:
    part = next((p for p in message.walk() if p.get_content_type() == "text/plain" and not p.get_filename()), None)
    if part is None:
        return False
    lines = str(part.get_content()).splitlines()
    said = child.said(chance)
    first = next((n for n, line in enumerate(lines) if line.strip()), None)
    if first is None:
        lines = [said]
    elif _TAKES_WORDS.search(lines[first].strip()):
        lines[first] += f" {said}"
    elif chance.randrange(3):
        lines.append(f"This is about {said}.")
    else:
        lines[first] += f" This is about {said}."
    part.set_content("\n".join(lines) + "\n", charset="utf-8", cte="quoted-printable")
    return True


def _display_name(message: EmailMessage, child: Child, chance: Random) -> bool:
    done = False
    for name in ("From", "To", "Cc"):
        held = message[name]
        if held is None or (name != "From" and chance.randrange(2)):
            continue
        between = chance.choice(("re ", "- ", "for ", ""))
        said = [
            Address(f"{one.display_name} {between}{child.said(chance)}".strip(), addr_spec=one.addr_spec)
            for one in held.addresses
        ]
        if said:
            del message[name]
            message[name] = said
            done = True
    return done


def _file_name(message: EmailMessage, child: Child, chance: Random) -> bool:
    """A file of that name, or a mail of that subject, beside what the mail holds."""
    if message.get_content_type() in ("multipart/report", "multipart/signed", "message/rfc822"):
        return False
    said = child.said(chance).replace("/", "-")
    if chance.randrange(4):
        kind = chance.choice((("application", "pdf"), ("image", "png"), ("application", "octet-stream")))
        content = b"%PDF-1.4\n" if kind[1] == "pdf" else b"\x89PNG\r\n"
        message.add_attachment(content, maintype=kind[0], subtype=kind[1], filename=f"{said} chronology.{kind[1][:3]}")
        return True
    inner = EmailMessage(policy=_POLICY)
    inner["From"], inner["Subject"] = "office@oak.example", f"Referral of {said}"
    inner.set_content(f"{said}\n", charset="utf-8", cte="quoted-printable")
    message.add_attachment(inner, filename=f"{said}.eml")
    return True


def _header(message: EmailMessage, child: Child, chance: Random) -> bool:
    for name in chance.sample(("Thread-Topic", "Comments", "Keywords", "X-Subject", "Organization"), 2):
        del message[name]
        message[name] = child.said(chance)
    return True


_WRITE = {
    "subject": _subject, "body": _body, "display name": _display_name, "file name": _file_name, "header": _header,
}  # fmt: skip
