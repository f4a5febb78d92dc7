"""Hostile mails, made from honest ones by a seeded chance: the same seed gives the same mails.

Whole mails are cut, spliced, repeated, turned round and stuffed with what is known to hurt parsers; every other case is
an honest mail with one hostile field. It reads nothing and judges nothing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from random import Random

MOST = 400_000

FIELDS = (
    *(b"From", b"To", b"Cc", b"Subject", b"Date", b"Message-ID", b"References", b"In-Reply-To", b"Sender", b"Received"),
    *(b"Authentication-Results", b"ARC-Seal", b"ARC-Authentication-Results", b"Content-Type", b"Return-Path"),
    *(b"Content-Transfer-Encoding", b"Content-Disposition", b"Auto-Submitted", b"Precedence", b"List-Unsubscribe"),
    *(b"X-Failed-Recipients", b"Thread-Index", b"Thread-Topic", b"MIME-Version", b"Content-Class", b"Feedback-ID"),
)

#: What is known to hurt: parsers of addresses, dates, words, trees, charsets, and patterns that go back.
WORDS = (
    *(
        b"\0",
        b"\r",
        b"\n\n",
        b"\r\n\r\n",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xe2\x80\xae",
        b"\xe2\x80\x8b",
        b"\xef\xbb\xbf",
    ),
    *(b"=?utf-8?B?", b"=?utf-8?Q?=00?=", b"=?utf-7?Q?+ADw-?=", b"=?x?x?x?=", b"=?iso-2022-jp?B?GyRC?=", b"?="),
    *(b"alice@csc.example <x@evil.example>", b"<<<@@>>>", b"a@b@c", b"(((((", b'"\\', b"undisclosed:;", b"@" * 60),
    *(b"Fri, 31 Feb 0000 99:99:99 +9999", b"Mon, 1 Jan 99999 00:00:00 -9999", b"1/2/3", b"-1", b"9" * 400),
    *(
        b"multipart/mixed; boundary=q",
        b"multipart/mixed",
        b"message/rfc822",
        b"message/delivery-status",
        b"text/calendar",
    ),
    *(
        b"multipart/alternative; boundary=",
        b'multipart/report; report-type="delivery-status"; boundary=q',
        b"--q",
        b"--q--",
    ),
    *(
        b"text/html; charset=punycode",
        b"text/plain; charset=unicode_escape",
        b"text/plain; charset=utf-7",
        b"charset=idna",
    ),
    *(b"application/ms-tnef; name=winmail.dat", b"filename*=..%2f..%2fetc%2fpasswd%00", b"filename*0*=a; filename*9=b"),
    *(b"base64", b"quoted-printable", b"uuencode", b"x-uuencode", b"begin 666 x\n", b"=\n", b"==="),
    *(b"<table>" * 40, b"<div>" * 300, b"<blockquote>", b"</", b"<!--", b"<style>", b"&#x202e;", b"&#99999999999;"),
    *(b"On Mon " * 30, b"wrote:\n", b"> " * 50, b"From: a\nSent: b\nTo: c\nSubject: d\n", b"-- \n", b"_" * 300 + b"\n"),
    *(
        b"Professional Safeguarding Challenge",
        b"by 5pm Friday",
        b"24 hours ",
        b"RE: " * 40,
        b"[EXTERNAL] ",
        b"RESOLVED\n",
    ),
    *(
        b"Final-Recipient: rfc822;" + b"a" * 300,
        b"Action: failed\nStatus: 5.1.1\n",
        b"Disposition: ;;;;",
        b"dmarc=pass",
    ),
    *(
        b"{{7*7}}",
        b"=cmd|' /C calc'!A0",
        b"<script>alert(1)</script>",
        b"../../../etc/passwd",
        b"%n%s%x",
        b"${jndi:ldap://x}",
    ),
)


def cases(seeds: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Hostile mails without end."""
    chance = Random(seed)
    while True:
        base = chance.choice(seeds)
        yield (_with_field(base, chance) if chance.random() < 0.5 else _broken(base, seeds, chance))[:MOST]


def _with_field(base: bytes, chance: Random) -> bytes:
    """An honest mail with one field of ours in front of, or in place of, its own."""
    name, value = chance.choice(FIELDS), _value(chance)
    field = name + b": " + value + b"\n"
    if chance.random() < 0.5:
        lines = base.split(b"\n")
        base = b"\n".join(line for line in lines if not line.lower().startswith(name.lower() + b":"))
    return field * chance.choice((1, 1, 1, 2, 50)) + base


def _value(chance: Random) -> bytes:
    pieces = [_piece(chance) for _ in range(chance.choice((1, 2, 3, 8)))]
    joined = chance.choice((b"", b" ", b"\n ", b";", b", ")).join(pieces)
    return joined * chance.choice((1, 1, 1, 1, 20, 400)) if len(joined) < 300 else joined


def _piece(chance: Random) -> bytes:
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.choice((1, 8, 80)))
    if kind == 1:
        return b"=?utf-8?B?" + b64encode(chance.randbytes(chance.choice((3, 30)))) + b"?="
    return chance.choice(WORDS)


def _broken(base: bytes, seeds: Sequence[bytes], chance: Random) -> bytes:
    """A mail after one to six wounds."""
    mail = base
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        mail = _wound(mail[:MOST], seeds, chance)
    return mail


def _wound(mail: bytes, seeds: Sequence[bytes], chance: Random) -> bytes:
    one, two = sorted((chance.randrange(len(mail) + 1), chance.randrange(len(mail) + 1)))
    kind = chance.randrange(9)
    if kind == 0:  # a hole
        return mail[:one] + mail[two:]
    if kind == 1:  # cut off
        return mail[:two]
    if kind == 2:  # something that hurts, once or often
        return mail[:one] + _value(chance) + mail[one:]
    if kind == 3:  # another mail's end
        other = chance.choice(seeds)
        return mail[:one] + other[chance.randrange(len(other) + 1) :]
    if kind == 4:  # a piece again and again
        return mail[:one] + mail[one : min(two, one + 400)] * chance.choice((2, 20, 300)) + mail[one:]
    if kind == 5:  # single bytes
        return _flipped(mail, chance)
    if kind == 6:  # mails in mails
        return _nested(mail, chance.choice((1, 3, 30, 200)))
    if kind == 7:  # the other line ends
        return mail.replace(b"\r\n", b"\n").replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\r", b"\n")))
    return _tree(chance) + mail[one:two]


def _flipped(mail: bytes, chance: Random) -> bytes:
    changed = bytearray(mail)
    for _ in range(min(len(changed), chance.choice((1, 10, 200)))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _nested(mail: bytes, depth: int) -> bytes:
    return b"From: a@csc.example\nContent-Type: message/rfc822\n\n" * depth + mail


def _tree(chance: Random) -> bytes:
    """A multipart tree whose boundaries lie: too deep, too wide, the same for all, or never closed."""
    out = b"From: a@csc.example\n"
    for level in range(chance.choice((1, 10, 60, 400))):
        name = b"q%d" % (level if chance.random() < 0.9 else 0)
        out += b"Content-Type: multipart/mixed; boundary=" + name + b"\n\n--" + name + b"\n"
    return out + b"Content-Type: text/html\n\n" + _value(chance) + b"\n--q0\n" * chance.choice((0, 1, 1500))
