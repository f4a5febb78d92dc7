"""A box of mails such as a team's inbox holds, made from a seed: the same mails every time, but for their dates.

Conversations of about five mails (an opening, replies with Outlook's quotes in plain text and Word's HTML, an
out-of-office, a bounce), some with 100 KB attached, and among them mail that is none of the bot's business. It knows
what Outlook writes, and nothing of how the bot reads it.
"""

from __future__ import annotations

import base64
import quopri
import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

#: Of a hundred mails, how many begin a conversation, and how many have nothing to do with any.
OPENINGS, UNRELATED = 14, 30
AWAY, BOUNCES, ATTACHED = 0.04, 0.015, 0.1
ATTACHMENT = 100_000
SPAN = timedelta(hours=2)
TEAM = "crewe.assessment@csc.example"
RAISERS = (
    ("Helen Visser", "helen.visser@health.example"),
    ("Mo Reid", "mo.reid@health.example"),
    ("Iris Boyd", "iris.boyd@health.example"),
    ("Joan Pike", "head@school.example"),
)
MANAGER = ("Fay Marsh", "fay.marsh@csc.example")
WINDOWS = ("24 hours", "10 working days")
PROSE = (
    "we discussed the assessment with the family and the decision to step down does not reflect what the school saw "
    "last week because the home visit was missed twice and the plan has not been reviewed since the conference the "
    "health visitor remains concerned about presentation weight attendance and who is caring for the children at "
    "weekends please look again at the threshold and tell us when a manager can speak about next steps"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One mail of the box: its kind, its bytes and when it reached the server."""

    kind: str
    raw: bytes
    at: datetime
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation so far."""

    subject: str
    raiser: tuple[str, str]
    ids: tuple[str, ...]
    said: tuple[str, ...]


def box(count: int, ends: datetime, seed: int = 20270114) -> list[Piece]:
    """`count` mails in order of arrival, the last at `ends`; conversations are interleaved."""
    dice = random.Random(seed)
    step = SPAN / count
    threads: list[Thread] = []
    pieces: list[Piece] = []
    for n in range(count):
        at = ends - step * (count - 1 - n)
        roll = dice.random() * 100
        if roll < OPENINGS or not threads:
            thread, piece = opening(n, at, dice)
            threads.append(thread)
        elif roll < OPENINGS + UNRELATED:
            piece = _unrelated(n, at, dice)
        else:
            place = dice.randrange(max(0, len(threads) - 200), len(threads))
            threads[place], piece = _follow(threads[place], n, at, dice)
        pieces.append(piece)
    return pieces


def mixture(pieces: list[Piece]) -> dict[str, int]:
    """How many of each kind, and the size of all in bytes."""
    return {**Counter(piece.kind for piece in pieces), "bytes": sum(len(piece.raw) for piece in pieces)}


def opening(n: int, at: datetime, dice: random.Random, raiser: tuple[str, str] | None = None) -> tuple[Thread, Piece]:
    """A challenge, as the policy asks for it; three in ten bear the bare subject."""
    raiser = raiser or dice.choice(RAISERS)
    bare = dice.random() < 0.3
    subject = f"Professional Safeguarding Challenge – {dice.choice(WINDOWS)}" + ("" if bare else f" – child {n:05d}")
    own = _id(n, raiser[1])
    text = _prose(dice, 5)
    head = _head(n, at, raiser, (TEAM, MANAGER[1]), subject, own)
    raw = _letter(head, text, _html(text), _file(dice))
    return Thread(subject, raiser, (own,), (text,)), Piece("opening", raw, at, raiser[1])


def _follow(thread: Thread, n: int, at: datetime, dice: random.Random) -> tuple[Thread, Piece]:
    roll = dice.random()
    if roll < AWAY:
        return thread, _away(thread, n, at)
    if roll < AWAY + BOUNCES:
        return thread, _bounce(thread, n, at)
    is_raiser = len(thread.ids) % 2 == 0
    writer, other = (thread.raiser, MANAGER) if is_raiser else (MANAGER, thread.raiser)
    own, text = _id(n, writer[1]), _prose(dice, 2)
    head = _head(n, at, writer, (other[1], TEAM), f"RE: {thread.subject}", own, thread.ids)
    quoted = _quoted(thread, other, at)
    raw = _letter(head, f"{text}\n\n{quoted}", _html(text, quoted), _file(dice))
    more = Thread(thread.subject, thread.raiser, (*thread.ids, own), (*thread.said, text)[-3:])
    return more, Piece("reply", raw, at, writer[1])


def _quoted(thread: Thread, writer: tuple[str, str], at: datetime) -> str:
    """What Outlook puts below a reply: the earlier mails under their headers."""
    sent = at - timedelta(hours=1)
    blocks = [
        f"From: {writer[0]} <{writer[1]}>\nSent: {sent:%d %B %Y %H:%M}\nTo: {TEAM}\nSubject: {thread.subject}\n\n{said}"
        for said in reversed(thread.said)
    ]
    return "\n\n".join(["________________________________", *blocks])


def _away(thread: Thread, n: int, at: datetime) -> Piece:
    head = _head(n, at, MANAGER, (thread.raiser[1], TEAM), f"Automatic reply: {thread.subject}", _id(n, "csc.example"))
    head = head.replace("MIME-Version", f"In-Reply-To: {thread.ids[-1]}\nAuto-Submitted: auto-replied\nMIME-Version")
    text = "I am on leave until Monday. In urgent cases please ring the duty desk."
    return Piece("out-of-office", _letter(head, text, _html(text)), at, MANAGER[1])


def _bounce(thread: Thread, n: int, at: datetime) -> Piece:
    daemon = ("Mail Delivery Subsystem", "postmaster@csc.example")
    head = _head(n, at, daemon, (TEAM,), "Undeliverable: " + thread.subject, _id(n, "csc.example"))
    border = f"=_report_{n}"
    parts = (
        "Content-Type: text/plain; charset=utf-8\n\nYour message could not be delivered to old.box@csc.example.\n",
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.csc.example\n\n"
        "Final-Recipient: rfc822; old.box@csc.example\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such mailbox\n",
        f"Content-Type: text/rfc822-headers\n\nMessage-ID: {thread.ids[-1]}\nSubject: returned\n",
    )
    body = _multipart(parts, border)
    kind = f'Content-Type: multipart/report; report-type=delivery-status; boundary="{border}"'
    return Piece("bounce", _wire(f"{head}\n{kind}\n\n{body}"), at, daemon[1])


def _unrelated(n: int, at: datetime, dice: random.Random) -> Piece:
    writer = (f"Person {n % 97}", f"person{n % 97}@council.example")
    subject = dice.choice(("Rota for next week", "RE: room booking", "Minutes of Tuesday", "Parking", "FW: training"))
    text = _prose(dice, 3)
    head = _head(n, at, writer, (TEAM,), subject, _id(n, writer[1]))
    return Piece("unrelated", _letter(head, text, _html(text), _file(dice)), at, writer[1])


# --- the shapes Outlook writes ----------------------------------------------------------------------------------------


def _id(n: int, address: str) -> str:
    return f"<AM0PR04MB{n:06d}.eurprd04.prod@{address.rpartition('@')[2]}>"


def _head(
    n: int,
    at: datetime,
    writer: tuple[str, str],
    to: tuple[str, ...],
    subject: str,
    own: str,
    cited: tuple[str, ...] = (),
) -> str:
    domain = writer[1].rpartition("@")[2]
    coded = subject if subject.isascii() else f"=?utf-8?B?{base64.b64encode(subject.encode()).decode()}?="
    day = format_datetime(at.astimezone(UTC))
    lines = [
        *(
            f"Received: from hop{hop}.{domain} by mx.council.example with ESMTPS id {n:x}{hop};\n\t{day}"
            for hop in "123"
        ),
        f"Authentication-Results: mx.council.example; spf=pass smtp.mailfrom={domain};\n"
        f"\tdkim=pass header.d={domain}; dmarc=pass header.from={domain}",
        f"From: {writer[0]} <{writer[1]}>",
        f"To: {', '.join(to)}",
        f"Subject: {coded}",
        f"Date: {day}",
        f"Message-ID: {own}",
        *([f"In-Reply-To: {cited[-1]}", "References: " + "\n ".join(cited[-20:])] if cited else []),
        f"Thread-Index: AdS{n:06d}AAAAxQ==",
        "Accept-Language: en-GB",
        "X-MS-Has-Attach:",
        "X-MS-Exchange-CrossTenant-Id: " + "0" * 36,
        "MIME-Version: 1.0",
    ]
    return "\n".join(lines)


def _letter(head: str, text: str, html: str, file: bytes = b"") -> bytes:
    """Plain text and Word's HTML, as alternatives; with a file beside them when there is one."""
    words = [("text/plain", text), ("text/html", html)]
    coded = [
        f'Content-Type: {kind}; charset="utf-8"\nContent-Transfer-Encoding: quoted-printable\n\n'
        + quopri.encodestring(said.encode()).decode()
        for kind, said in words
    ]
    inner = _multipart(coded, "_000_words_")
    alternative = 'Content-Type: multipart/alternative; boundary="_000_words_"'
    if not file:
        return _wire(f"{head}\n{alternative}\n\n{inner}")
    attached = (
        'Content-Type: application/pdf; name="chronology.pdf"\nContent-Disposition: attachment;\n'
        '\tfilename="chronology.pdf"\nContent-Transfer-Encoding: base64\n\n' + base64.encodebytes(file).decode()
    )
    outer = _multipart([f"{alternative}\n\n{inner}", attached], "_004_files_")
    return _wire(f'{head}\nContent-Type: multipart/mixed; boundary="_004_files_"\n\n{outer}')


def _multipart(parts: list[str] | tuple[str, ...], border: str) -> str:
    return "".join(f"--{border}\n{part}\n" for part in parts) + f"--{border}--\n"


def _wire(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def _file(dice: random.Random) -> bytes:
    return dice.randbytes(ATTACHMENT) if dice.random() < ATTACHED else b""


def _prose(dice: random.Random, paragraphs: int) -> str:
    words = PROSE.split()
    return "\n\n".join(
        " ".join(dice.choices(words, k=dice.randrange(25, 70))).capitalize() + "." for _ in range(paragraphs)
    )


_STYLES = "\n".join(
    f"p.Mso{name}, li.Mso{name}, div.Mso{name}\n\t{{mso-style-unhide:no; mso-style-parent:''; margin:0cm;\n"
    "\tfont-size:11.0pt; font-family:'Calibri',sans-serif; mso-fareast-language:EN-US;}"
    for name in ("Normal", "Header", "Footer", "ListParagraph", "PlainText", "Caption", "Title", "Quote", "Salutation")
)
_TOP = (
    '<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:w="urn:schemas-microsoft-com:office:word"><head><meta name=Generator content="Microsoft Word 15">\n'
    "<!--[if !mso]><style>v\\:* {behavior:url(#default#VML);}</style><![endif]-->\n"
    f"<style><!--\n{_STYLES}\n--></style><!--[if gte mso 9]><xml><o:shapedefaults v:ext='edit' spidmax='1026'/></xml>"
    "<![endif]--></head><body lang=EN-GB link='#0563C1' style='word-wrap:break-word'><div class=WordSection1>\n"
)
_SIGN = (
    "<p class=MsoNormal><b><span style='font-size:10.0pt;color:#1F4E79'>Kind regards</span></b><o:p></o:p></p>\n"
    "<table class=MsoNormalTable border=0 cellspacing=0><tr><td width=220 valign=top><p class=MsoNormal>"
    "Children's Services<o:p></o:p></p></td></tr></table>\n"
)


def _html(text: str, quoted: str = "") -> str:
    own = _paragraphs(text)
    bar = "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>\n"
    below = f"{bar}{_paragraphs(quoted.partition(chr(10))[2].strip())}</div>" if quoted else ""
    return f"{_TOP}{own}{_SIGN}{below}</div></body></html>"


def _paragraphs(text: str) -> str:
    span = "<span lang=EN-US style='font-size:11.0pt;font-family:\"Calibri\",sans-serif;mso-fareast-language:EN-US'>"
    return "".join(
        f"<p class=MsoNormal>{span}{line.replace('<', '&lt;') or '&nbsp;'}<o:p></o:p></span></p>\n"
        for line in text.split("\n")
    )
