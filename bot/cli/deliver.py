"""`deliver`: the end of a mail server's pipe. One mail on stdin goes into the Maildir that a watched mailbox reads.

A mail server believes the exit code alone: 0 where the mail is safely stored, 75 (try again later) for everything else,
a wrong option and a fault of ours among it, since any other code would have the mail bounced. It says nothing on
stdout, and asks of bot.yaml no more than where this one mailbox is: a fault elsewhere stops no mail.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from bot.app import BOT as OWN
from bot.app import mailbox_name
from bot.cli.output import ConfigDir, complain
from bot.credentials import fill
from bot.doors import Door
from bot.errors import BotError, ConfigError
from bot.mailbox.maildir_drop import drop
from bot.rules.yaml_file import Document, nearest, read
from bot.settings import BOT

TRY_AGAIN = 75  # EX_TEMPFAIL
DEFAULT = Path("config")
#: Whatever else stands on the line is our complaint, and not an exit code that would bounce the mail.
ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True}


def deliver(
    context: typer.Context,
    mailbox: Annotated[str, typer.Argument(help='Address or name of a watched mailbox, or "bot".')] = "",
    config: ConfigDir = DEFAULT,
) -> None:
    """Takes one mail on stdin for a mailbox with a Maildir, for a mail server's pipe. Exit 0: stored; 75: try again.

    \b
    Examples:
      challenge-bot deliver --config /etc/challenge-bot crewe.assessment@csc.example < mail.eml
    """
    try:
        _demand_nothing_else(context.args)
        path, most = place_of(config, mailbox)
        drop(path, stdin(), most, datetime.now(UTC))
    except ConfigError as error:
        complain(*map(str, error.problems))
    except (BotError, OSError) as error:
        complain(str(error))
    except Exception as error:
        complain(f"deliver failed by a fault of ours: {type(error).__name__}")
    else:
        return
    raise typer.Exit(TRY_AGAIN)


def _demand_nothing_else(words: list[str]) -> None:
    if words:
        raise BotError(f"deliver takes one mailbox and no {words[0]}")


def stdin() -> BinaryIO:
    """The mail, as bytes."""
    return sys.stdin.buffer


def place_of(root: Path, name: str) -> tuple[Path, int]:
    """The Maildir of that mailbox and how many bytes its mails may have. Raises ConfigError, BotError."""
    file = root / BOT
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BotError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from error
    document, problems = read(text, str(file))
    if document is None:
        raise ConfigError(problems)
    filled, _ = fill(document, os.environ)
    known = dict(_doors(filled))
    door = known.get(name.lower())
    if door is None:
        raise BotError(f"{file} watches no mailbox {name!r}{nearest(name, known)}")
    path = door.get("path")
    if door.get("kind") != "maildir" or not isinstance(path, str) or not path:
        raise BotError(f"{file}: {name} is not read from a Maildir, so nothing can be delivered to it: mend receive")
    given = str(door.get("max_bytes") or "")
    return Path(path), int(given) if given.isdigit() else Door.model_fields["max_bytes"].default


def _doors(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every name a mailbox goes by, lower case, with its `receive:` door as it stands there."""
    own, listed = document.at(("bot",)), document.at(("mailboxes",))
    blocks = [box for box in listed if isinstance(box, dict)] if isinstance(listed, list) else []
    for block in (*blocks, *([{**own, "area": "", "team": OWN}] if isinstance(own, dict) else [])):
        area, team, address = (str(block.get(key) or "") for key in ("area", "team", "address"))
        door = block.get("receive")
        for name in (address, mailbox_name(area, team, address)):
            yield name.strip().lower(), door if isinstance(door, dict) else {}
