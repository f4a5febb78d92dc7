"""The marks by which a mail shows that its words are sealed: encrypted, rights-managed or behind somebody's website.

Content types, file names, header values and opening words, from what UK public bodies send (Exchange encryption,
NHSmail, Egress, Cisco, S/MIME, PGP); they stand in patterns/marks.yaml. It opens nothing and follows no link. A mail
that carries a mark counts by its headers; words in clear beside it are shown, and are never taken for an answer. Marks
that are words count in what its writer added, not in a quotation, which is not known here: who answers such a notice
in clear has answered.
"""

from collections.abc import Callable, Iterable
from itertools import chain, product

from bot.mail import re2
from bot.mail.bytes.headers import Headers, decoded
from bot.mail.patterns.topics import topic

_MARKS = topic("marks")
_TYPES, _NAMES, _EMPTY_NAMES = (_MARKS.rows(name) for name in ("sealed_types", "sealed_names", "sealed_names_alone"))
_WORDS = _MARKS.pattern("notice")
_INLINE_PGP = re2.compile(r"(?m)^-----BEGIN PGP MESSAGE-----\s*$")
_PGP_BLOCK = re2.compile(r"(?ms)^-----BEGIN PGP MESSAGE-----\s*$.*?(?:^-----END PGP MESSAGE-----\s*$|\z)")
_PLACEHOLDER = _MARKS.pattern("placeholder")
#: Another mail lies in the mailbox, and its server cannot hand it over: this one only says so.
WITHHELD = "withheld: the mail server could not hand over the mail that this one stands for"
_WORDS_WITHIN = 1500
_CONTENT_CLASS = "rpmsg.message"


def why(headers: Headers, types: Iterable[str], names: Iterable[str], *, has_text: bool) -> str:
    """In words why headers, content types and file names say that the body cannot be read; "" where they do not."""
    if _PLACEHOLDER.match(decoded(headers.get("subject"))):
        return WITHHELD
    if headers.get("content-class").strip().lower() == _CONTENT_CLASS:
        return "rights-managed mail"
    table = _NAMES if has_text else (*_NAMES, *_EMPTY_NAMES)
    given = chain(product(types, _TYPES), product(names, table))
    return next((str(words) for one, (pattern, words) in given if pattern.search(one)), "")


def told(text: str, new_of: Callable[[str], str]) -> str:
    """In words why the text says itself that it cannot be read; "" where it does not. `new_of`: what of it is new."""
    if _INLINE_PGP.search(text) and _is_written(_INLINE_PGP.search, new_of(text)):
        return "encrypted mail (PGP)"
    begun = text[:_WORDS_WITHIN]
    is_notice = _WORDS.search(begun) and _is_written(_WORDS.search, new_of(begun))
    return "notice of a mail held on a secure website" if is_notice else ""


def beside(text: str) -> str:
    """What stands in clear beside blocks that are encrypted by PGP; "" where there is no such block."""
    return _PGP_BLOCK.sub("\n", text).strip() if _INLINE_PGP.search(text) else ""


def _is_written(search: Callable[[str], object], new: str) -> bool:
    """Whether a mark stands in what is new, or nothing is new."""
    return not new or bool(search(new))
