"""config/bot.yaml and secrets -> Settings. Every fault at once, with file and line; secrets never stand in the file.

It reads files and the environment and nothing else; it opens no door and no database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bot.errors import Problem
from bot.rules.directory import Directory
from bot.rules.policy import Policy
from bot.rules.workdays import Calendar


class Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Door(Block):
    """One way in or out. kind: imap, maildir (in); smtp, maildir (out)."""

    kind: Literal["imap", "maildir", "smtp"]
    host: str = ""
    port: int = 0
    tls: Literal["implicit", "starttls", "none"] = "implicit"  # none: loopback only
    user: str = ""
    password: SecretStr = SecretStr("")
    ca_file: str = ""
    path: str = ""  # maildir
    folders: tuple[str, ...] = ()  # beside INBOX and Junk
    sent: str = ""  # IMAP folder that keeps what was sent, for proof
    timeout: int = 60
    max_bytes: int = 60_000_000


class BotMailbox(Block):
    name: str
    address: str
    receive: Door
    send: Door


class WatchedMailbox(Block):
    area: str
    address: str
    policy: str
    team: str = ""
    receive: Door
    mode: Literal["live", "approve", "shadow"] | None = None
    since: str = ""  # how old a mail may be at first sight: "3 days" when empty


class CalendarBlock(Block):
    holidays: Literal["england-and-wales"] = "england-and-wales"
    add: tuple[date, ...] = ()
    remove: tuple[date, ...] = ()


class Trust(Block):
    profile: Literal["rfc8601", "exchange-online", "none"] = "none"
    authserv_ids: tuple[str, ...] = ()
    arc_sealers: tuple[str, ...] = ()


class Senders(Block):
    trust: Trust = Trust()


class Recipients(Block):
    allowed_domains: tuple[str, ...]


class Config(Block):
    """config/bot.yaml."""

    database: str = "sqlite:///var/bot.db"
    mode: Literal["live", "approve", "shadow"] = "live"
    operator: str
    alert_command: str = ""
    calendar: CalendarBlock = CalendarBlock()
    senders: Senders = Senders()
    recipients: Recipients
    bot: BotMailbox
    mailboxes: tuple[WatchedMailbox, ...] = Field(min_length=1)
    var: str = "var"  # records, heartbeat, status


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything configured, validated together. `texts`: file name -> text, kept in the database as last valid."""

    root: Path  # the configuration's folder
    config: Config
    policies: dict[str, Policy]
    directory: Directory
    calendar: Calendar
    templates: Path  # mail_templates/
    texts: dict[str, str]
    warnings: tuple[Problem, ...] = ()

    @property
    def first_sight(self) -> timedelta:
        return timedelta(days=3)


def load(root: Path, env: dict[str, str], today: date | None = None) -> Settings:
    """Reads a configuration folder. Raises ConfigError with every fault found (coverage gaps included)."""
    raise NotImplementedError


def from_texts(root: Path, texts: dict[str, str], env: dict[str, str]) -> Settings:
    """The same from texts kept earlier (file name -> text), for a restart with open cases and a broken file."""
    raise NotImplementedError


def coverage(settings: Settings, on: date) -> tuple[Problem, ...]:
    """Every stage of every watched team that nobody in the directory can answer, named."""
    return ()


Values = dict[str, Any]
