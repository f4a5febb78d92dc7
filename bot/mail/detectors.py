"""flufl.bounce, asked for what mail systems write that follow no standard.

Its detectors search for the forms of single programs, with patterns that are not linear: it is given a small copy of
the mail, never the mail itself, and runs in the reading process with its limits. Whatever it raises counts as "found
nothing". It does not decide alone: bounce.py asks it only about mail that no person seems to have written.
"""

from __future__ import annotations

from email.message import Message

from flufl.bounce import all_failures

from bot.mail.addresses import addresses_in
from bot.mail.headers import Headers

_WITHIN = 20_000
_MAX_LINE = 1000
_NEEDED = ("subject", "x-failed-recipients", "x-mailer")


def failures(headers: Headers, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Recipients that failed for now, and for good, as far as a detector recognises the form."""
    try:
        temporary, permanent = all_failures(_copy(headers, text))
    except Exception:  # a detector that stumbles over a stranger's mail has recognised nothing
        return (), ()
    return _addresses(temporary), _addresses(permanent)


def _copy(headers: Headers, text: str) -> Message:
    """Subject, sender and words, without leading blank lines and in ASCII: raw 8-bit letters make detectors raise."""
    words = Message()
    words["Content-Type"] = "text/plain"
    words.set_payload("\n".join(line[:_MAX_LINE] for line in _ascii(text[:_WITHIN]).lstrip("\n").split("\n")))
    copied = words
    if headers.get("content-type").lower().lstrip().startswith("multipart/"):
        copied = Message()
        copied["Content-Type"] = "multipart/mixed; boundary=q"
        copied.set_payload([words])
    copied["From"] = " ".join(_ascii(headers.get("from"))[:_MAX_LINE].split())
    for name in _NEEDED:
        if headers.has(name):
            copied[name] = " ".join(_ascii(headers.get(name))[:_MAX_LINE].split())
    return copied


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")


def _addresses(found: object) -> tuple[str, ...]:
    """The detectors give bytes; only whole addresses are believed."""
    items = found if isinstance(found, (set, frozenset)) else ()
    words = " ".join(sorted(item.decode("ascii", "replace") for item in items if isinstance(item, bytes)))
    return addresses_in(words.replace(" ", ", "))
