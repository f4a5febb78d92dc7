"""Rules: everything a decision may ask: one policy, the directory, the calendar, and who we are."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Contact
from bot.rules.directory import Directory
from bot.rules.policy import Policy
from bot.rules.workdays import Calendar


@dataclass(frozen=True, slots=True)
class Rules:
    """What one case is decided by. `bot` is our own mailbox; `inboxes` the watched addresses by team name."""

    policy: Policy
    directory: Directory
    calendar: Calendar
    bot: Contact
    operator: Contact
    dpo: Contact | None = None  # who hears of a mail that reached the wrong person; None: the operator
    inboxes: tuple[tuple[str, str], ...] = ()  # (team, address)
    allowed_domains: frozenset[str] = frozenset()
    mode: str = "live"
