"""The mails that a probe sends, and what became of them on the way: bytes in, findings out.

One is written as the bot's letters are, with every header that matters to it; one is forged, as an outsider would who
wants to be believed. What a lost header means for cases is said here, in words. It sends and reads nothing.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Literal

from bot.doors.ports import Outcome
from bot.mail.bytes import headers
from bot.mail.bytes.headers import Headers
from bot.mail.subject import probe_subject

#: What a fault would do to real mail; "" for a finding that harms nothing.
Harm = Literal["", "closed", "lose", "double", "misdirect", "believe"]

#: Headers of our letters beside Message-ID and Subject, and what goes without them.
KEPT = {
    "In-Reply-To": "letters may stand beside the conversation they belong to; answers still find their case by its ref",
    "References": "letters may stand beside the conversation they belong to; answers still find their case by its ref",
    "Thread-Index": "Outlook may show letters beside the conversation they belong to",
    "Auto-Submitted": "machines may answer our letters; they are known by other signs and go round no circle",
    "X-Auto-Response-Suppress": "receipts and automatic replies may come; they are known and ignored",
}
#: Of these two nothing but their being there is asked: without both, machines answer everything.
SILENCING = ("Auto-Submitted", "X-Auto-Response-Suppress")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a probe found. `what`: a short name for programs."""

    what: str
    text: str
    harm: Harm = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """One mail under way. `token`: 32 hexadecimal digits."""

    token: str
    sender: str
    to: str

    @property
    def message_id(self) -> str:
        return f"probe.{self.token}@{self.sender.rpartition('@')[2]}"

    @property
    def subject(self) -> str:
        return probe_subject(self.token)


def written(probe: Probe, now: datetime) -> bytes:
    """The mail as one of our letters: plain text, 7-bit, CRLF."""
    index = base64.b64encode(bytes.fromhex(probe.token[:44].ljust(44, "0"))).decode()
    earlier = f"<earlier.{probe.message_id}>"
    return _mail(
        [
            ("From", probe.sender),
            ("To", probe.to),
            ("Subject", probe.subject),
            ("Date", format_datetime(now)),
            ("Message-ID", f"<{probe.message_id}>"),
            ("In-Reply-To", earlier),
            ("References", f"<first.{probe.message_id}> {earlier}"),
            ("Thread-Index", index),
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply"),
        ],
        f"This mail tries out a mailbox. Nothing is to be done. {probe.token}",
    )


def forged(probe: Probe, profile: str, servers: tuple[str, ...], now: datetime) -> bytes:
    """A mail that says of itself, in our border's words, that its sender is proven."""
    domain = probe.sender.rpartition("@")[2]
    words = f"dmarc=pass action=none header.from={domain}"
    if profile == "exchange-online":
        claims = [("Authentication-Results", words), ("X-MS-Exchange-Organization-AuthAs", "Internal")]
    else:
        claims = [("Authentication-Results", f"{server}; {words}") for server in servers]
    return _mail(
        [
            *claims,
            ("From", probe.sender),
            ("To", probe.to),
            ("Subject", probe.subject),
            ("Date", format_datetime(now)),
            ("Message-ID", f"<{probe.message_id}>"),
        ],
        f"This mail tries out whether a forged sender is believed. Nothing is to be done. {probe.token}",
    )


def _mail(fields: list[tuple[str, str]], text: str) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    kind = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n"
    return f"{head}{kind}\r\n{text}\r\n".encode("ascii")


# --- what became of it ------------------------------------------------------------------------------------------------


def compared(sent: bytes, came: bytes, probe: Probe, outcome: Outcome | None) -> Iterator[Finding]:
    """What survived and what did not. `outcome`: what the server told when it took the mail, None without an answer."""
    before, after = headers.split(sent)[0], headers.split(came)[0]
    yield _id(after, probe, outcome)
    yield from _subject(after, probe)
    if probe.sender.lower() not in headers.decoded(after.get("from")).lower():
        yield Finding("from", "From was rewritten: people would answer another address than ours", "misdirect")
    lost = [name for name in KEPT if _differs(before, after, name)]
    for name in lost:
        yield Finding(name.lower(), f"{name} does not survive: {KEPT[name]}")
    kept = [name for name in KEPT if name not in lost]
    if kept:
        yield Finding("kept", f"survived: {', '.join(kept)}")
    if all(name in lost for name in SILENCING):
        yield Finding("silencing", "nothing that keeps automatic replies away survives: each letter may cause one")
    if probe.token.encode() not in came.partition(b"\r\n\r\n")[2] and probe.token.encode() not in came[-4000:]:
        yield Finding("text", "the text came in another form: it is read by its parts all the same")


def _differs(before: Headers, after: Headers, name: str) -> bool:
    if name in SILENCING:
        return not after.get(name.lower()).strip()
    ids = before.get(name.lower()).split()
    return not all(one in after.get(name.lower()).split() for one in ids)


def is_copy(raw: bytes, probe: Probe) -> bool:
    """Whether a mail that bears the token is the probe itself, and no machine's answer to it: that one cites it."""
    found = headers.split(raw)[0]
    if probe.message_id in headers.ids(found.get("message-id")):
        return True
    before, mark, _ = headers.decoded(found.get("subject")).partition(probe.subject)
    if f"earlier.{probe.message_id}" in found.get("in-reply-to"):
        return True
    return bool(mark) and ":" not in before and probe.message_id not in found.get("in-reply-to")


def _id(after: Headers, probe: Probe, outcome: Outcome | None) -> Finding:
    found = next(iter(headers.ids(after.get("message-id"))), "")
    told = outcome.assigned_id if outcome else ""
    if found == probe.message_id:
        return Finding("message-id", "Message-ID survives")
    if found and found == told:
        return Finding("message-id", "Message-ID is replaced, and the server tells the new one: answers match both")
    text = "Message-ID is replaced and the server does not tell by what" if found else "Message-ID does not survive"
    return Finding(
        "message-id",
        f"{text}: answers find their case by its ref alone, and a letter whose answer was lost cannot be found again "
        "by its id, so it may go twice",
        "double",
    )


def _subject(after: Headers, probe: Probe) -> Iterator[Finding]:
    title = headers.decoded(after.get("subject"))
    if probe.token not in title:
        yield Finding("subject", "the subject was rewritten: a case's ref would be lost with it", "misdirect")
    elif title != probe.subject:
        yield Finding("subject", "something is put before or after subjects; it is read past")
