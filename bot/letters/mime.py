"""A finished letter as bytes.

Headers are written by hand because Python's folding encodes long References beyond recognition, and because a server
that decodes nothing should still find [CE-2027-0007] in the subject. The body is too: an attached mail must neither
be parsed here (some hang the parser) nor be written anew. Everything is 7-bit, CRLF, no line over 998 octets, and
equal inputs give equal bytes. It knows no template and no policy; what may be said was decided before.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import quoprimime
from email.utils import format_datetime

import re2

from bot.letters.wording import clean
from bot.model import WANTS_ANSWERS, Contact, LetterKind

Attached = tuple[str, str, bytes]  # name, type, content

_FOLD = 76
_ID = re2.compile(r"[!-;=?-~]{1,700}")
_ADDRESS = re2.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_TYPE = re2.compile(r"[a-z]+/[A-Za-z0-9.+-]{1,80}")
_CITED = 20  # ids in References: the opening one and the latest
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)  # where FILETIME begins


@dataclass(frozen=True, slots=True)
class Thread:
    """What ties a letter to a conversation. Ids without angle brackets; `index` the original's Thread-Index."""

    message_id: str
    topic: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    index: str = ""
    root: str = ""  # what a conversation of our own is named after, where there is no index: the ref
    began: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes, as a list of mails shows it. `says`: what kind of letter it is, before the name; "" for none."""

    bot: Contact
    kind: LetterKind
    says: str = ""
    is_pressing: bool = False

    @property
    def shown(self) -> Contact:
        name = self.bot.name or self.bot.email
        return replace(self.bot, name=f"{self.says}: {name}") if self.says else self.bot


# --- message ids ------------------------------------------------------------------------------------------------------


def message_id(secret: bytes, case_ref: str, key: str, domain: str) -> str:
    """The id of one letter, without brackets: 128 bits that name it and 128 that prove it ours; no personal data."""
    named = hmac.digest(secret, f"letter\0{case_ref}\0{key}".encode(), "sha256").hex()[:32]
    return f"{named}.{_seal(secret, named)}@{domain.lower()}"


def code(secret: bytes, key: str) -> str:
    """Six digits for the letter of that key, which nobody can work out without the secret."""
    digest = hmac.digest(secret, f"code\0{key}".encode("utf-8", "replace"), "sha256")
    return f"{int.from_bytes(digest) % 10**6:06}"


def is_ours(cited: str, secret: bytes) -> bool:
    """Whether an id was made by `message_id` with this secret, whatever its domain became on the way."""
    named, _, sealed = cited.strip("<> ").partition("@")[0].partition(".")
    return sealed.isascii() and hmac.compare_digest(sealed, _seal(secret, named))


def _seal(secret: bytes, named: str) -> str:
    return hmac.digest(secret, f"seal\0{named}".encode("utf-8", "replace"), "sha256").hex()[:32]


# --- words in headers -------------------------------------------------------------------------------------------------


def _encoded(words: str) -> str:
    """RFC 2047 for a run of words, in chunks that each stand alone."""
    chunks, chunk = [], ""
    for char in words:
        if len((chunk + char).encode()) > 42:
            chunks.append(chunk)
            chunk = ""
        chunk += char
    return " ".join(f"=?utf-8?b?{base64.b64encode(c.encode()).decode()}?=" for c in [*chunks, chunk])


def _needs_encoding(word: str) -> bool:
    return not word.isascii() or "=?" in word or len(word) > 70


def words(text: str) -> str:
    """Text for an unstructured header: plain words stay plain, only the others are encoded."""
    runs: list[tuple[bool, list[str]]] = []
    for word in clean(text).split():
        if runs and runs[-1][0] == _needs_encoding(word):
            runs[-1][1].append(word)
        else:
            runs.append((_needs_encoding(word), [word]))
    return " ".join(_encoded(" ".join(run)) if odd else " ".join(run) for odd, run in runs)


def address(who: Contact) -> str:
    """ "Helen Visser" <helen.visser@health.example>. Raises ValueError for what is no plain address."""
    if not who.email.isascii() or not _ADDRESS.fullmatch(who.email) or len(who.email) > 254:
        raise ValueError(f"an address that no header can hold, at {clean(who.email.rpartition('@')[2])[:80]}")
    shown = clean(who.name)[:80].replace("\\", "").replace('"', "")
    if not shown:
        return who.email
    phrase = f'"{shown}"' if shown.isascii() and "=?" not in shown else _encoded(shown)
    return f"{phrase} <{who.email}>"


def _line(name: str, value: str) -> str:
    """One header, folded between its words; never before the first, which some servers take for an empty header."""
    first, *rest = value.split() or [""]
    lines = [f"{name}: {first}"]
    for word in rest:
        if len(lines[-1]) + len(word) + 1 > _FOLD:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"


# --- threading --------------------------------------------------------------------------------------------------------


def _is_id(text: str) -> bool:
    """ASCII is asked first: RE2 raises for a lone surrogate, which a stranger's header can hold."""
    return text.isascii() and bool(_ID.fullmatch(text))


def _ids(several: Sequence[str]) -> list[str]:
    """Those that are ids, once each; a stranger may have put anything there."""
    return list(dict.fromkeys(i for i in (s.strip("<> ") for s in several) if _is_id(i)))


def _ticks(at: datetime) -> int:
    """FILETIME: tenths of a microsecond since 1601."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10


def thread_index(original: str, root: str, began: datetime, now: datetime) -> str:
    """The original's Thread-Index with one more child block (MS-OXOMSG 2.2.1.3), or a fresh one named after `root`."""
    try:
        head = base64.b64decode(original, validate=True)
    except ValueError:
        head = b""
    if not 22 <= len(head) <= 500 or (len(head) - 22) % 5:
        guid = hashlib.sha256(f"thread\0{root}".encode("utf-8", "replace")).digest()[:16]
        head = _ticks(began).to_bytes(8, "big")[:6] + guid
    passed = max(0, _ticks(now) - (int.from_bytes(head[:6], "big") << 16))
    block = passed >> 18 if passed < 1 << 49 else 1 << 31 | min(passed >> 23, (1 << 31) - 1)
    salt = hashlib.sha256(head + block.to_bytes(4, "big")).digest()[0] & 0xF0
    return base64.b64encode(head + block.to_bytes(4, "big") + bytes([salt])).decode()


def _threading(thread: Thread, now: datetime) -> str:
    answered = _ids([thread.in_reply_to])
    cited = _ids([*thread.references, *answered])
    cited = [*cited[:1], *cited[1:][-(_CITED - 1) :]]
    index = thread_index(thread.index, thread.root or thread.message_id, thread.began or now, now)
    return "".join(
        (
            _line("In-Reply-To", f"<{answered[0]}>") if answered else "",
            _line("References", " ".join(f"<{i}>" for i in cited)) if cited else "",
            _line("Thread-Topic", words(thread.topic)) if thread.topic else "",
            _line("Thread-Index", index),
        )
    )


# --- the whole --------------------------------------------------------------------------------------------------------


def headers(
    sender: Sender,
    to: Sequence[Contact],
    cc: Sequence[Contact],
    subject: str,
    thread: Thread,
    now: datetime,
) -> str:
    """The header block without the MIME headers; ends with CRLF. Raises ValueError for an unusable address or id."""
    if not _is_id(thread.message_id) or "@" not in thread.message_id:
        raise ValueError("a letter without a usable Message-ID")
    answers = sender.kind in WANTS_ANSWERS
    suppress = "DR, RN, NRN, AutoReply" if answers else "DR, RN, NRN, OOF, AutoReply"
    auto = "" if answers else _line("Auto-Submitted", "auto-replied" if thread.in_reply_to else "auto-generated")
    return "".join(
        (
            _line("From", address(sender.shown)),
            _line("Reply-To", address(sender.bot)),
            _line("To", ", ".join(map(address, to))),
            _line("Cc", ", ".join(map(address, cc))) if cc else "",
            _line("Subject", words(subject)),
            _line("Date", format_datetime(now.astimezone(UTC))),
            _line("Message-ID", f"<{thread.message_id}>"),
            _threading(thread, now),
            auto,
            _line("X-Auto-Response-Suppress", suppress),
            _line("Importance", "high") if sender.is_pressing else "",
            _line("Content-Language", "en-GB"),
        )
    )


def _text(subtype: str, text: str) -> bytes:
    octets = text.replace("\r\n", "\n").encode().decode("latin-1")
    encoded = quoprimime.body_encode(octets, _FOLD, "\r\n")
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{encoded}'
    ).encode()


def _file(name: str, kind: str, content: bytes) -> bytes:
    """An attached mail stays message/rfc822 where it may stand unencoded (RFC 2046 5.2.1), else it goes as octets."""
    shown = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in name)[:100] or "attachment"
    as_mail = kind == "message/rfc822" and _is_seven_bit(content)
    if not as_mail and (kind.startswith("message/") or not _TYPE.fullmatch(kind)):
        kind = "application/octet-stream"
    head = (
        f'Content-Type: {kind}; name="{shown}"\r\nContent-Disposition: attachment; filename="{shown}"\r\n'
        f"Content-Transfer-Encoding: {'7bit' if as_mail else 'base64'}\r\n\r\n"
    ).encode()
    return head + (content if as_mail else base64.encodebytes(content)).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _is_seven_bit(raw: bytes) -> bool:
    lines = raw.replace(b"\r\n", b"\n").split(b"\n")
    return raw.isascii() and all(len(n) <= 998 and b"\r" not in n and b"\0" not in n for n in lines)


def _multipart(subtype: str, root: str, parts: Sequence[bytes]) -> bytes:
    """ "=_" can stand in no quoted-printable or base64 line, and the digest in no attached mail by chance."""
    mark = f"=_{hashlib.sha256(f'{subtype}/{root}'.encode()).hexdigest()[:40]}"
    head = f'Content-Type: multipart/{subtype}; boundary="{mark}"\r\n\r\n'.encode()
    return head + b"".join(b"--%b\r\n%b\r\n" % (mark.encode(), p) for p in parts) + f"--{mark}--\r\n".encode()


def body(text: str, html: str, attached: Sequence[Attached], root: str) -> bytes:
    """The MIME headers and the body, ready to follow `headers`. `html` may be empty; `root` (the Message-ID) names
    the boundaries, so that equal letters have equal bytes."""
    words = _text("plain", text)
    if html:
        words = _multipart("alternative", root, (words, _text("html", html)))
    if attached:
        words = _multipart("mixed", root, (words, *(_file(*a) for a in attached)))
    return b"MIME-Version: 1.0\r\n" + words
