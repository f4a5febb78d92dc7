"""Where the truth lies: what bot.yaml says of the database and of `var`, and what holds where it
is silent.

Secrets of mailboxes need not be known for it, and no model of the settings is loaded: a monitor asks every minute.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.model.errors import ConfigError, Problem
from bot.rules.policy.yaml_file import read
from bot.settings.credentials import fill

BOT = "bot.yaml"

#: What holds where bot.yaml says nothing.
DATABASE, VAR, LEAST_FREE_MB, LEASE_SECONDS = "sqlite:///var/bot.db", "var", 500, 12.0


@dataclass(frozen=True, slots=True)
class Home:
    """The database's address, the folder of heartbeat and lock, the room the disk is to have, how long a lease is."""

    database: str
    var: Path
    least_free_mb: int
    lease_seconds: float = LEASE_SECONDS


def home(root: Path, env: Mapping[str, str]) -> Home:
    """What the bot.yaml of that folder says. Raises ConfigError."""
    document, problems = read(text(root), str(root / BOT))
    if document is None:
        raise ConfigError(problems)
    filled, missing = fill(document, env)
    own = [p for p in missing if p.text.startswith("database")]
    if own:
        raise ConfigError(own)
    least, lease = str(filled.at(("least_free_mb",))), filled.at(("lease_seconds",))
    return Home(
        str(filled.at(("database",)) or DATABASE),
        Path(str(filled.at(("var",)) or VAR)),
        int(least) if least.isdecimal() else LEAST_FREE_MB,
        float(lease) if isinstance(lease, int | float) else LEASE_SECONDS,
    )


def spare_cores() -> int:
    """How many processes read mail where bot.yaml says nothing: one core is left to what decides."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


def text(root: Path) -> str:
    """The bot.yaml of that folder. Raises ConfigError."""
    try:
        return (root / BOT).read_text("utf-8-sig")
    except FileNotFoundError:
        why = "is missing; --config names the folder that holds it"
    except UnicodeDecodeError as error:
        why = f"is not UTF-8 (byte {error.start}): save it as UTF-8"
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    raise ConfigError([Problem(str(root / BOT), 0, why)])
