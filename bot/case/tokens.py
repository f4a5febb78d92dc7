"""An answer that cites a letter of ours from an address the letter never went to.

The id of a letter binds a mail to its case and proves nobody; that it is used elsewhere means that the letter was
handed on, or worse. It is flagged, and the operator is told when the sender is no party. What the mail may do is
decided where it is decided for every mail (replies.py, words.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace

from bot.case.correlate import BY_LETTER
from bot.case.draft import Draft
from bot.model import Arrival, LetterKind
from bot.rules.authority import Side

FLAG = "answered_from_elsewhere"


def watch(d: Draft, fact: Arrival, sender: str, stand: Collection[Side]) -> None:
    """Flags it once for each case; alerts, once for each address, when a stranger to the case holds one of our ids."""
    if fact.how != BY_LETTER or not fact.answered_to or not sender or _is_addressee(d, fact, sender):
        return
    d.flag(FLAG)
    d.event("token_elsewhere", by=sender, note=fact.answered)
    if set(stand) - {Side.NONE}:
        return
    lines = [
        f"Case {d.case.ref}: a letter of ours ({fact.answered}) was answered from an address that it never went to.",
        "Nothing that the mail says was followed. It lies with the case. Please find out how the letter came there.",
    ]
    subject = "A letter was answered from another address"
    letter = d.write(LetterKind.ALERT, "plain", [d.rules.operator], subject=subject, lines=lines)
    if letter:  # once for each address: whoever holds an id may send as many mails as they like
        d.letters[-1] = replace(letter, occasion=f"elsewhere:{hashlib.sha256(sender.encode()).hexdigest()[:16]}")


def _is_addressee(d: Draft, fact: Arrival, sender: str) -> bool:
    """One of the addresses it went to, an alias of one, or the deputy of one."""
    directory = d.rules.directory
    for email in fact.answered_to:
        known = directory.person(email)
        if directory.same_person(email, sender) or (known is not None and known.deputy == sender):
            return True
    return False
