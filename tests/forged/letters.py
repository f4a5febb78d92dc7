"""Hostile mail as bytes: headers in any order, any number of times, and below them whatever body.

Everything is written by hand, for libraries refuse to write what forgers write. It knows no technique.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace

from tests.forged.world import BOT, GATEWAY, Target

#: Words that would end, lengthen, move or silence something, and one ordinary answer.
WORDS = (
    "RESOLVED", "WITHDRAW sent in error", "EXTEND 10 working days", "ANSWERED yesterday by telephone", "NOT URGENT",
    "HOLD", "DECIDED: no further action", "NOT OURS", "OUTCOME: all is done", "ESCALATE", "YES",
)  # fmt: skip
CLOCK = "Tue, 12 Jan 2027 10:3{}:{:02d} +0000"


@dataclass(frozen=True)
class Forged:
    """One mail. `auth` is what our own border found; "" where it wrote nothing. `cites`: an id, "" for none."""

    sender: str
    text: str
    n: int
    auth: str = "dmarc=fail"
    cites: str = ""
    subject: str = "RE: Professional Safeguarding Challenge"
    to: str = BOT
    by: str = GATEWAY  # who says that it took the mail from the sender's side
    above: tuple[str, ...] = ()  # before our border's lines
    below: tuple[str, ...] = ()  # after them: what the sender's side wrote
    from_lines: tuple[str, ...] = ()  # in place of `From: sender`
    kind: str = "text/plain; charset=utf-8"
    encoding: str = "8bit"
    message_id: str = ""
    when: str = ""  # another day in its Date
    known: dict[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        when = CLOCK.format(self.n // 60 % 10, self.n % 60)
        domain = self.sender.rpartition("@")[2].strip("> ") or "nowhere.example"
        lines = [
            *self.above,
            *([f"Authentication-Results: {GATEWAY}; {self.auth}"] if self.auth else []),
            f"Received: from out.{domain} by {self.by} with ESMTPS; {when}",
            *self.below,
            *(self.from_lines or (f"From: {self.sender}",)),
            f"To: {self.to}", f"Subject: {self.subject}", f"Date: {self.when or when}",
            f"Message-ID: <{self.message_id or f'forged-{self.n}@{domain}'}>",
            *([f"In-Reply-To: <{self.cites}>", f"References: <{self.cites}>"] if self.cites else []),
            "MIME-Version: 1.0", f"Content-Type: {self.kind}", f"Content-Transfer-Encoding: {self.encoding}", "",
            *self.text.split("\n"), "",
        ]  # fmt: skip
        return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def named(case: Target, forged: Forged) -> Forged:
    """The same with the ref of the case in its subject."""
    return replace(forged, subject=f"{forged.subject} [{case.ref}]")


def passed(email: str) -> str:
    """What our border finds of a mail whose sender's domain is proven."""
    return f"dmarc=pass header.from={email.rpartition('@')[2]}"


def parts(*bodies: tuple[str, str], kind: str = "multipart/mixed", extra: str = "") -> tuple[str, str]:
    """(Content-Type, body) of a mail of several parts: (headers, text) each."""
    lines = []
    for head, text in bodies:
        lines += ["--edge", head, "", text]
    return f'{kind}; boundary="edge"{extra}', "\n".join([*lines, "--edge--"])


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
