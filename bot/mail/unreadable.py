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
    (re2.compile(r"(?i)\.switch$"), "Egress encrypted mail"),
)

#: Only without words of its own: a TNEF mail usually carries its text twice.
_EMPTY_NAMES = ((re2.compile(r"(?i)^winmail\.dat$"), "Outlook rich text (winmail.dat) without a text"),)

_WORDS = re2.compile(
    r"(?i)(?:has sent you an? (?:protected|encrypted|secure) (?:message|e-?mail)"
    r"|you(?:'ve| have) received an? (?:protected|encrypted|secure) (?:message|e-?mail)"
    r"|this (?:message|e-?mail) is (?:protected|encrypted) (?:with|by|using) (?:microsoft|egress|office 365)"
    r"|to (?:read|view|open) (?:this|the|your) (?:protected|encrypted|secure) (?:message|e-?mail))"
)
_WORDS_WITHIN = 1500
_CONTENT_CLASS = "rpmsg.message"


def why(headers: Headers, types: Iterable[str], names: Iterable[str], text: str) -> str:
    """In words why the body cannot be read; "" where it can."""
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
    return "notice of a mail held on a secure website" if _WORDS.search(text[:_WORDS_WITHIN]) else ""
