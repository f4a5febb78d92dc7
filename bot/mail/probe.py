"""The mark of a mail that `probe` sends through a door: it stands in the subject, which every server keeps.

A running daemon sees such a mail, knows it by this mark and lets it be, answers to it too. Anybody can forge the mark,
and gains nothing but that their own mail is ignored. It knows no door.
"""

from __future__ import annotations

import re2

_MARK = re2.compile(r"(?i)\bMailbox probe ([0-9a-f]{32})\b")


def subject(token: str) -> str:
    """The subject of a probe. `token`: 32 hexadecimal digits, new for each."""
    return f"Mailbox probe {token}"


def is_probe(title: str) -> bool:
    """Whether a subject, with whatever a gateway or an automatic reply put around it, is a probe's."""
    return bool(_MARK.search(title))
