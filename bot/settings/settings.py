"""config/bot.yaml and secrets -> Settings. Every fault at once, with file and line; secrets never stand in the file.

It reads files and the environment and nothing else; it opens no door and no database. Paths of Maildirs and of SQLite
count from the daemon's working directory, `templates` from the configuration's folder.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from bot.model import Unit
from bot.model.errors import ConfigError, Problem
from bot.model.names import an_address, is_domain
from bot.rules import directory_file
from bot.rules.answering.coverage import gaps, printed
from bot.rules.book import Mode
from bot.rules.directory import Directory
from bot.rules.policy import file as policy_file
from bot.rules.policy import overlay
from bot.rules.policy.blocks import CalendarBlock
from bot.rules.policy.overlay import POLICIES
from bot.rules.policy.policy import Policy
from bot.rules.policy.typed import validate
from bot.rules.policy.yaml_file import read
from bot.rules.workdays import Calendar
from bot.rules.written import parse_window
from bot.settings.checks import check, faults, templates
from bot.settings.credentials import fill
from bot.settings.door import Block, Receive, Send
from bot.settings.door import Door as Door  # rooms that open doors take theirs from here
from bot.settings.home import BOT, DATABASE, LEASE_SECONDS, LEAST_FREE_MB, VAR, spare_cores
from bot.settings.scheduled import ReportBlock

DIRECTORY = "directory.csv"

FIRST_SIGHT = timedelta(days=3)  # design section 4: what reached the server earlier may be in flight already

# --- what bot.yaml holds ----------------------------------------------------------------------------------------------


def _a_domain(value: str) -> str:
    domain = value.removeprefix("@").lower()
    if not is_domain(domain):
        raise ValueError("write a domain such as council.example")
    return domain


def _of_its_address(door: Door, info: ValidationInfo) -> Door:
    return door.of(info.data.get("address", ""))


AnAddress = Annotated[str, AfterValidator(an_address)]
ADomain = Annotated[str, AfterValidator(_a_domain)]


class BotMailbox(Block):
    name: str = Field(min_length=1)
    address: AnAddress
    receive: Receive
    send: Send

    _opened = field_validator("receive", "send")(_of_its_address)


class WatchedMailbox(Block):
    area: str
    address: AnAddress
    policy: str
    team: str = ""
    receive: Receive
    mode: Mode | None = None
    since: str = ""  # how old a mail may be at first sight: "3 days" when empty

    _opened = field_validator("receive")(_of_its_address)

    @field_validator("since")
    @classmethod
    def _is_elapsed(cls, value: str) -> str:
        if value and parse_window(value, zero=True).unit not in (Unit.HOURS, Unit.CALENDAR_DAYS):
            raise ValueError("write it in hours or days, such as 3 days")
        return value

    @property
    def first_sight(self) -> timedelta:
        """How old a mail may be that opens a case when this mailbox is read for the first time."""
        if not self.since:
            return FIRST_SIGHT
        window = parse_window(self.since, zero=True)
        return timedelta(hours=window.n) if window.unit is Unit.HOURS else timedelta(days=window.n)


class MeaningBlock(Block):
    model: bool = True  # false: lists alone decide what a reply means, and what they leave open is an answer


class Trust(Block):
    profile: Literal["rfc8601", "exchange-online", "none"] = "none"
    authserv_ids: tuple[str, ...] = ()
    arc_sealers: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_its_servers(self) -> Trust:
        if self.profile == "rfc8601" and not self.authserv_ids:
            raise ValueError("rfc8601 believes named servers only: list those that check your mail in authserv_ids")
        return self


class Senders(Block):
    trust: Trust = Trust()
    strangers_an_hour: Annotated[int, Field(ge=1)] = 5  # above it one letter stands for all


class Recipients(Block):
    allowed_domains: tuple[ADomain, ...] = Field(description="list the domains that letters may go to")


class Config(Block):
    """config/bot.yaml."""

    database: str = DATABASE
    mode: Mode = Mode.LIVE
    operator: AnAddress = Field(description="give the address that hears when something has stopped")
    ask_contacts: Literal["quarterly", "never"] = "quarterly"  # whether they still answer
    dpo: AnAddress | Literal[""] = ""  # hears within the hour of a mail that reached the wrong person; "": the operator
    alert_command: str = ""
    least_free_mb: int = Field(default=LEAST_FREE_MB, ge=0)  # with less on the disk the operator hears, before a write
    lease_seconds: float = Field(default=LEASE_SECONDS, ge=1, le=300)  # PostgreSQL: after so long another life works
    connections: int = Field(default=1000, ge=1)  # held open while nothing comes; see CROWDED for mailboxes beyond
    readers: int = Field(default_factory=spare_cores, ge=1)  # processes that take mails apart, at most
    calendar: CalendarBlock = CalendarBlock()
    senders: Senders = Senders()
    meaning: MeaningBlock = MeaningBlock()
    report: ReportBlock = ReportBlock()
    recipients: Recipients = Field(description="list allowed_domains, where letters may go")
    bot: BotMailbox = Field(description="give the one mailbox that letters come from and answers return to")
    mailboxes: tuple[WatchedMailbox, ...] = Field(min_length=1, description="list the team inboxes to watch")
    templates: str = ""  # folder of the letters' templates; empty: mail_templates beside the configuration
    var: str = VAR  # records, heartbeat, status

    @field_validator("database")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("write sqlite:///path or postgresql+psycopg://user@host/name")
        return value


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
    forms: Mapping[str, bytes] = field(default_factory=dict)  # templates by file name
    warnings: tuple[Problem, ...] = ()


# --- reading ----------------------------------------------------------------------------------------------------------


def load(root: Path, env: Mapping[str, str], today: date | None = None) -> Settings:
    """Reads a configuration folder. Raises ConfigError with every fault found (coverage gaps included).

    `today` is held against review dates and the directory's validity; None asks neither.
    """
    texts, problems = _texts(root)
    settings, found, is_sound = _build(root, texts, env, today)
    held = _held(settings, today) if settings is not None and is_sound else ()
    printed = faults(root, texts, settings.policies, settings.forms) if settings is not None else ()
    return _settled(settings, (*problems, *found, *held, *printed))


def from_texts(root: Path, texts: dict[str, str], env: Mapping[str, str]) -> Settings:
    """The same from texts kept earlier (file name -> text), for a restart with open cases and a broken file.

    Asks no coverage: what has no contact any more goes to the business unit. Raises ConfigError.
    """
    settings, problems, _ = _build(root, texts, env, None, kept=True)
    return _settled(settings, problems)


def coverage(settings: Settings, on: date | None) -> tuple[Problem, ...]:
    """Every stage of every watched team that nobody in the directory can answer, named.

    A mailbox whose team or policy does not exist is passed over: `load` has said so with its line.
    """
    return tuple(p for p in _held(settings, on) if not p.is_warning)


def _held(settings: Settings, on: date | None) -> tuple[Problem, ...]:
    """Every policy held against the directory, for each mailbox: gaps and warnings."""
    found: list[Problem] = []
    for mailbox in settings.config.mailboxes:
        policy, directory = settings.policies.get(mailbox.policy), settings.directory
        is_known = not mailbox.team or directory.agency_of_team(mailbox.team, mailbox.area)
        if policy is not None and is_known:
            found += printed(policy, directory, mailbox.area, str(settings.root / DIRECTORY))
            found += gaps(policy, directory, mailbox.area, mailbox.team, on, str(settings.root / DIRECTORY))
    return tuple(dict.fromkeys(found))


def _settled(settings: Settings | None, problems: Iterable[Problem]) -> Settings:
    """The settings with their warnings. Raises ConfigError when there is any fault."""
    faults = [p for p in problems if not p.is_warning]
    if faults or settings is None:
        raise ConfigError(faults)
    return replace(settings, warnings=tuple(sorted({p for p in problems if p.is_warning})))


def _texts(root: Path) -> tuple[dict[str, str], list[Problem]]:
    """The files of a configuration by their name below `root`; what cannot be read is a fault."""
    policies = sorted(p.name for p in (root / POLICIES).glob("*.yaml")) if (root / POLICIES).is_dir() else []
    names = [BOT, DIRECTORY, *(f"{POLICIES}/{name}" for name in policies)]
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            texts[name] = _saved((root / name).read_bytes())
        except FileNotFoundError:
            problems.append(Problem(str(root / name), 0, "is missing; --config names the folder that holds it"))
        except UnicodeDecodeError as error:
            problems.append(Problem(str(root / name), 0, f"is not UTF-8 (byte {error.start}): save it as UTF-8"))
        except OSError as error:
            problems.append(Problem(str(root / name), 0, f"cannot be read: {error.strerror}"))
    if not policies:
        problems.append(Problem(str(root / POLICIES), 0, "holds no policy: put at least one .yaml file there"))
    return texts, problems


def _saved(raw: bytes) -> str:
    """A file's text, also as Excel saves "Unicode text": UTF-16 with its mark. Raises UnicodeDecodeError."""
    text = raw.decode("utf-16" if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _build(
    root: Path, texts: Mapping[str, str], env: Mapping[str, str], today: date | None, *, kept: bool = False
) -> tuple[Settings | None, list[Problem], bool]:
    """What these texts say, its faults, and whether every row of the directory can be used (else gaps mislead).

    Files that are not there are the caller's to report.
    """
    policies, problems, titles = _policies(root, texts, today, kept=kept)
    directory = Directory()
    found: tuple[Problem, ...] = ()
    if DIRECTORY in texts:
        directory, found = directory_file.load(texts[DIRECTORY], str(root / DIRECTORY), titles)
    is_sound = all(one.is_warning for one in found)
    problems += found
    if BOT not in texts:
        return None, problems, is_sound
    document, found = read(texts[BOT], str(root / BOT))
    problems += found
    if document is None:
        return None, problems, is_sound
    problems += check(document, policies, directory, str(root / DIRECTORY))
    document, found = fill(document, env)
    problems += found
    config, found = validate(Config, document)
    problems += found
    if config is None:
        return None, problems, is_sound
    cal = config.calendar.days
    letters = root / config.templates if config.templates else root.absolute().parent / "mail_templates"
    sound = {name: policy for name, policy in policies.items() if policy is not None}
    made = Settings(root, config, sound, directory, cal, letters, dict(texts), templates(root))
    return made, problems, is_sound


def _policies(
    root: Path, texts: Mapping[str, str], today: date | None, *, kept: bool
) -> tuple[dict[str, Policy | None], list[Problem], list[str]]:
    """Every policy file by its name, which is its id, None where it has faults; and the roles of their own."""
    policies: dict[str, Policy | None] = {}
    problems: list[Problem] = []
    files = {Path(n).stem: (text, str(root / n)) for n, text in texts.items() if n.startswith(f"{POLICIES}/")}
    for stem, (text, file) in files.items():
        policies[stem], found = policy_file.load(text, file, today, files, kept=kept)
        problems += found
        policy = policies[stem]
        if policy is not None and policy.id != stem:
            problems.append(Problem(file, 1, f"id is {policy.id}, but the file is {stem}.yaml: they must be the same"))
    read_ones = {stem: read(text, file)[0] for stem, (text, file) in files.items()}
    documents = {stem: found for stem, found in read_ones.items() if found is not None}
    problems += overlay.contradictions(documents)
    titles = [title for document in documents.values() for title in policy_file.titles(document)]
    return policies, list(dict.fromkeys(problems)), titles
