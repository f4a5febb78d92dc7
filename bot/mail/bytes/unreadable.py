"""The marks by which a mail shows that its words are sealed: encrypted, rights-managed or behind somebody's website.

A table of content types, file names, header values and opening words, from what UK public bodies send (Exchange
encryption, NHSmail, Egress, Cisco, S/MIME, PGP). It opens nothing and follows no link. A mail that carries a mark
counts by its headers only: it is never taken for an answer. Marks that are words count in what its writer added, not in
a quotation: who answers such a notice in clear has answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import re2
from tnefparse.tnef import TNEF

from bot.mail.bytes.headers import Headers
from bot.mail.bytes.text import decode, from_html
from bot.mail.cut import quote
from bot.mail.words.promises import clauses, is_holding, sentences

_TYPES = {
    "multipart/encrypted": "encrypted mail (PGP or S/MIME)",
    "application/pgp-encrypted": "encrypted mail (PGP)",
    "application/pkcs7-mime": "sealed S/MIME mail",
    "application/x-pkcs7-mime": "sealed S/MIME mail",
    "application/x-microsoft-rpmsg-message": "rights-managed mail",
}

_NAMES = (
    (re2.compile(r"(?i)^smime\.p7m$"), "sealed S/MIME mail"),
    (re2.compile(r"(?i)^message(?:_v[0-9])?\.rpmsg$"), "rights-managed mail"),
    (re2.compile(r"(?i)^encrypted[_ -]?message\.html?$"), "NHSmail encrypted mail"),
    (re2.compile(r"(?i)^securedoc[^.]*\.html?$"), "Cisco encrypted mail"),
    (re2.compile(r"(?i)^securemessageatt\.html?$"), "Proofpoint encrypted mail"),
    (re2.compile(r"(?i)\.switch$"), "Egress encrypted mail"),
    (re2.compile(r"(?i)\.(?:tdf|tdo)(?:\.html?)?$"), "Virtru encrypted mail"),
    (re2.compile(r"(?i)\.gxk$"), "Galaxkey encrypted mail"),
)

#: Only without words of its own: a TNEF mail usually carries its text twice.
_EMPTY_NAMES = (
    (re2.compile(r"(?i)^winmail\.dat$"), "Outlook rich text (winmail.dat) without a text"),
    (re2.compile(r"(?i)\.(?:pgp|gpg)$|^encrypted\.asc$"), "encrypted file (PGP)"),
)

_SEALED = r"\[?(?:protected|encrypted|secured?|confidential)\]?"
_MAIL = r"(?:message|e-?mail|mail|reply|communication)"
_WORDS = re2.compile(
    rf"(?i)(?:has sent you an? {_SEALED} {_MAIL}|you(?:'ve| have) (?:received|been sent"
    rf"|got) an? (?:new )?{_SEALED} {_MAIL}"
    rf"|this (?:is an? {_SEALED} {_MAIL} (?:from|sent)|{_MAIL} (?:is|was|has been) (?:protected|encrypted|secured)"
    r" (?:with|by|using|via) (?:microsoft|egress|office 365|nhsmail|mimecast|proofpoint|zix\w*|cisco|virtru|galaxkey"
    r"|barracuda))"
    rf"|to (?:read|view|open|access) (?:this|the|your) {_SEALED} {_MAIL}"
    rf"|(?:read|view|open) (?:your |the |this )?{_SEALED} {_MAIL} (?:online|here|now|in (?:your|a) browser)"
    r"|sign in (?:to (?:view|read) the message|or use a (?:one[- ]time|single[- ]use) passcode)"
    r"|(?:you have|there is|you have received) (?:an? )?(?:new )?(?:(?:secured?|encrypted) )?(?:e-?mail|mail"
    r"|message)s? (?:waiting )?(?:in|on) (?:your |the )?(?:cjsm|egress|secure)\b"
    rf"|this {_MAIL} (?:is|was|has been) (?:protected|encrypted)\b[^\n]{{0,80}}\b(?:click|open the|sign in|passcode)"
    r"|wedi anfon neges (?:ddiogel|wedi'i hamgryptio))"
)
_INLINE_PGP = re2.compile(r"(?m)^-----BEGIN PGP MESSAGE-----\s*$")
_WORDS_WITHIN = 1500
_CONTENT_CLASS = "rpmsg.message"


#: What a covering note says of the file that it covers.
_COVERS = re2.compile(
    r"(?i)^(?:(?:please|kindly) )?(?:(?:find|see|open)\b.{0,80}"
    r"|(?:(?:please )?find )?(?:my|our|the|a|an) [\w' -]{0,40}\b(?:is|are|ha(?:s|ve) been) (?:attached|enclosed)\b"
    r".{0,60}"
    r"|(?:i|we)(?:'ve| have)? (?:attach|attached|enclose|enclosed)\b.{0,60}"
    r"|(?:attached|enclosed)\b.{0,60}"
    r"|.{0,40}\bpass(?:word|code)\b.{0,60}"
    r"|(?-i:[A-Z])[\w'-]*(?: (?-i:[A-Z])[\w'-]*){1,4})$"  # a name, a title
)


def why(headers: Headers, types: Iterable[str], names: Iterable[str], text: str, is_locked: bool = False) -> str:
    """In words why the body cannot be read; "" where it can. `is_locked`: all that is attached is under a password."""
    if headers.get("content-class").strip().lower() == _CONTENT_CLASS:
        return "rights-managed mail"
    for kind in types:
        if kind in _TYPES:
            return _TYPES[kind]
    table = _NAMES if text.strip() else (*_NAMES, *_EMPTY_NAMES)
    for name in names:
        for pattern, words in table:
            if pattern.search(name):
                return words
    if is_locked and _only_covers(text):
        return "a file under a password"
    if _INLINE_PGP.search(text) and _is_written(_INLINE_PGP.search, text):
        return "encrypted mail (PGP)"
    is_notice = _WORDS.search(text[:_WORDS_WITHIN]) and _is_written(_WORDS.search, text[:_WORDS_WITHIN])
    return "notice of a mail held on a secure website" if is_notice else ""


def _is_written(search: Callable[[str], object], text: str) -> bool:
    """Whether a mark stands in what is new, or nothing is new."""
    new = quote.split(text).new
    return not new or bool(search(new))


def _only_covers(text: str) -> bool:
    """Whether the words beside a locked file say nothing themselves."""
    said = [clause for sentence in sentences(quote.split(text).new) for clause in clauses(sentence)]
    return all(_COVERS.match(clause) or is_holding(clause, ()) for clause in said)


# winmail.dat: what Outlook hides in its own format, taken out by tnefparse. The filled form and, from some servers,
# the words themselves are nowhere else in such a mail. The format is counted through before the library sees it,
# since the library copies the rest of the file for every object. It runs in the reading process with its limits; rich
# text without a plain or HTML version stays unread.

TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
NAME = "winmail.dat"
MAX_BYTES = 32 << 20
MAX_OBJECTS = 2000
MAX_COPIED = 1 << 30
MAX_FILES = 100
_START = 6
_HEAD = 9
_CHECKSUM = 2


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The text ("" where there is only rich text) and the files, each with the name it had."""

    text: str
    files: tuple[tuple[str, bytes], ...]


def unpack(data: bytes) -> Unpacked | None:
    """What stands in it; None where it is no such file, is too much, or cannot be taken apart."""
    if not data.startswith(b"\x78\x9f\x3e\x22") or not _is_bearable(data):
        return None
    try:
        found = TNEF(data, do_checksum=False)  # type: ignore[no-untyped-call]
        files = tuple((_name(file), bytes(file.data)) for file in found.attachments[:MAX_FILES] if file.data)
        return Unpacked(_text(found), files)
    except MemoryError:
        raise
    except Exception:  # the library trusts every length in the file; a stranger wrote them
        return None


def _is_bearable(data: bytes) -> bool:
    """Follows the lengths from object to object: how many there are, and what copying the rest each time costs."""
    at, objects, copied = _START, 0, 0
    while at + _HEAD < len(data):
        objects += 1
        copied += len(data) - at
        if objects > MAX_OBJECTS or copied > MAX_COPIED:
            return False
        at += _HEAD + int.from_bytes(data[at + 5 : at + _HEAD], "little") + _CHECKSUM
    return len(data) <= MAX_BYTES


def _text(found: TNEF) -> str:
    if found.body:
        return _decoded(found.body).replace("\0", "").strip()
    return from_html(_decoded(found.htmlbody)) if found.htmlbody else ""


def _decoded(words: object) -> str:
    return decode(words, "") if isinstance(words, bytes) else str(words)


def _name(file: object) -> str:
    name = file.long_filename() if hasattr(file, "long_filename") else ""
    return " ".join(_decoded(name).replace("\0", " ").split())
