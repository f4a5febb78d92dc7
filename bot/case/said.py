"""A command as it was given: what the functions that act on one are handed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.model import Arrival, Contact, Mail
from bot.rules.authority import Side


@dataclass(frozen=True, slots=True)
class Said:
    """By whom, in which mail, and on which sides of the case they stand."""

    word: str
    note: str
    by: Contact
    mail: Mail
    fact: Arrival
    stand: Collection[Side]
