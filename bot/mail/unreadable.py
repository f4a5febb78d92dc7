"""The marks by which a mail shows that its words are sealed: encrypted, rights-managed or behind somebody's website.

A table of content types, file names, header values and opening words, from what UK public bodies send (Exchange
encryption, NHSmail, Egress, Cisco, S/MIME, PGP). It opens nothing and follows no link. A mail that carries a mark
counts by its headers only: it is never taken for an answer.
"""

from __future__ import annotations

from collections.abc import Iterable

import re2

from bot.mail.headers import Headers

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
_EMPTY_NAMES = ((re2.compile(r"(?i)^winmail\.dat$"), "Outlook rich text (winmail.dat) without a text"),)

_SEALED = r"(?:protected|encrypted|secured?|confidential)"
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
    r"|(?:you have|there is) (?:a )?new (?:e-?mail|mail|message)s? (?:in|on) (?:your )?(?:cjsm|egress)\b"
    r"|wedi anfon neges (?:ddiogel|wedi'i hamgryptio))"
)
_INLINE_PGP = re2.compile(r"(?m)^-----BEGIN PGP MESSAGE-----\s*$")
_WORDS_WITHIN = 1500
_CONTENT_CLASS = "rpmsg.message"


def why(headers: Headers, types: Iterable[str], names: Iterable[str], text: str, is_locked: bool = False) -> str:
    """In words why the body cannot be read; "" where it can. `is_locked`: an archive under a password is attached."""
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
    if is_locked and not text.strip():
        return "an archive under a password"
    if _INLINE_PGP.search(text):
        return "encrypted mail (PGP)"
    return "notice of a mail held on a secure website" if _WORDS.search(text[:_WORDS_WITHIN]) else ""
