"""The bytes of simulated mails, and the truth about each: who really wrote it, what it says, whether it is proven.

The bot reads the bytes; the oracle compares what came of them with the truth. Every mail carries marks that may turn up
in no letter's subject and, where the sender is not proven, in no letter at all.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

AREAS = {"cheshire-east": "CE", "pan-cheshire": "CW", "sandwell": "SW", "salford": "SA", "cumberland": "CU"}
BOT, OPERATOR = "clock@bot.example", "operator@bot.example"
GATEWAY = "mx.bot.example"
_POLICY = SMTP.clone(max_line_length=990)  # else ids are folded in pieces
#: A child's name that stands in many a challenge and its subject: never in a subject of ours, a header or a log.
CHILD = "Zebedee Quillfeather"
#: A mail with this in it ends whatever process reads it.
POISON = "POISON-THE-READER"


@dataclass(frozen=True)
class Truth:
    """One mail as it really is. `proof`: pass, none or fail; `kind`: human, auto, bounce, list or poison."""

    digest: str
    key: str  # of the event that made it
    sender: str
    at: datetime
    message_id: str
    proof: str = "pass"
    kind: str = "human"
    text: str = ""
    subject: str = ""
    opens: str = ""  # the window of a challenge, "" for none
    mark: str = ""  # words of this mail alone
    cites: str = ""

    @property
    def is_proven(self) -> bool:
        return self.proof == "pass" and self.kind == "human"


def written(
    key: str,
    at: datetime,
    sender: str,
    to: tuple[str, ...],
    subject: str,
    text: str,
    *,
    cc: tuple[str, ...] = (),
    proof: str = "pass",
    kind: str = "human",
    cites: str = "",
    references: str = "",
    opens: str = "",
    headers: tuple[tuple[str, str], ...] = (),
) -> tuple[bytes, Truth]:
    """A mail and its truth. `cites`: the Message-ID it answers, without brackets."""
    mark = "mk" + hashlib.sha256(key.encode()).hexdigest()[:12] if kind == "human" else ""
    domain = sender.rpartition("@")[2] or "nowhere.example"
    message_id = f"{hashlib.sha256(key.encode()).hexdigest()[:20]}@{domain}"
    message = EmailMessage(policy=_POLICY)
    when = format_datetime(at.astimezone(UTC))
    verdict = "dmarc=none" if proof == "none" else f"dmarc={proof} header.from={domain}"
    message["Received"] = f"from out.{domain} by {GATEWAY} with ESMTPS; {when}"
    message["Authentication-Results"] = f"{GATEWAY}; {verdict}"
    message["From"], message["To"], message["Subject"] = sender, ", ".join(to), subject
    if cc:
        message["Cc"] = ", ".join(cc)
    message["Date"], message["Message-ID"] = when, f"<{message_id}>"
    if cites:
        message["In-Reply-To"] = f"<{cites}>"
        message["References"] = f"{references} <{cites}>".strip()
    if kind == "auto":
        message["Auto-Submitted"] = "auto-replied"
    if kind == "list":
        message["List-Id"] = "<everybody.example>"
    for name, value in headers:
        message[name] = value
    message.set_content(text or "\n", charset="utf-8", cte="quoted-printable")
    raw = message.as_bytes()
    truth = Truth(
        hashlib.sha256(raw).hexdigest(), key, sender, at, message_id, proof, kind, text, subject, opens, mark, cites
    )
    return raw, truth


def bounce(key: str, at: datetime, bot: str, recipient: str, cited: bytes, cites: str) -> tuple[bytes, Truth]:
    """A delivery status notification (RFC 3464) of that letter; `cited`: its bytes, whose headers come back."""
    when = format_datetime(at.astimezone(UTC))
    sender = f"mailer-daemon@{GATEWAY}"
    message_id = f"{hashlib.sha256(key.encode()).hexdigest()[:20]}@{GATEWAY}"
    lines = [
        f"Received: from out.{GATEWAY} by {GATEWAY} with ESMTP; {when}", "Return-Path: <>",
        f"From: Mail Delivery System <{sender}>", f"To: {bot}", "Subject: Undelivered Mail Returned to Sender",
        f"Date: {when}", f"Message-ID: <{message_id}>", "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="dsn"', "", "--dsn",
        "Content-Type: text/plain", "", "The mail could not be delivered.", "--dsn",
        "Content-Type: message/delivery-status", "", f"Reporting-MTA: dns; {GATEWAY}", "",
        f"Final-Recipient: rfc822; {recipient}", "Action: failed", "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown", "", "--dsn", "Content-Type: text/rfc822-headers", "",
    ]  # fmt: skip
    raw = "\r\n".join(lines).encode() + b"\r\n" + cited.partition(b"\r\n\r\n")[0] + b"\r\n\r\n--dsn--\r\n"
    return raw, Truth(hashlib.sha256(raw).hexdigest(), key, sender, at, message_id, "none", "bounce", cites=cites)
