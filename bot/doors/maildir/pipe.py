"""`deliver`: the end of a mail server's pipe. One mail on stdin goes into the Maildir that a watched mailbox reads.

A mail server believes the exit code alone: 0 where the mail is safely stored, 75 (try again later) for everything else,
a wrong option and a fault of ours among it, since any other code would have the mail bounced. It says nothing on
stdout, and asks of bot.yaml no more than where this one mailbox is: a fault elsewhere stops no mail. It must know
neither the settings nor the command line of the others: each mail starts it anew, also when a library is broken.
"""

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from bot.doors.maildir.drop import drop
from bot.model.errors import BotError
from bot.model.names import BOT, mailbox_name
from bot.settings.credentials import filled

TRY_AGAIN = 75  # EX_TEMPFAIL
DEFAULT = Path("config")
#: Bytes that a mail may have where the door says nothing.
MOST = 60_000_000
HELP = "Takes one mail on stdin for a mailbox with a Maildir, for a mail server's pipe. Exit 0: stored; 75: try again."
USAGE = f"""\
Usage: challenge-bot deliver [--config DIR] MAILBOX < mail.eml

{HELP}

MAILBOX       Address or name of a watched mailbox, or "bot".
--config DIR  The folder that holds bot.yaml; {DEFAULT} where it is not given.

Examples:
  challenge-bot deliver --config /etc/challenge-bot crewe.assessment@csc.example < mail.eml
"""


def deliver(words: list[str], now: datetime) -> int:
    """The exit code, 0 or 75, of `deliver` with these words. What is wrong stands on stderr, a sentence a line.

    Raises what is a fault of ours; whoever calls it makes 75 of that.
    """
    if words == ["--help"]:  # alone: among other words it may be what a stranger wrote before the @
        sys.stdout.write(USAGE)
        sys.stdout.flush()
        return 0
    try:
        root, mailbox = _named(words)
        path, most = maildir_of(root, mailbox)
        drop(path, stdin(), most, now)
    except (BotError, OSError) as error:
        sys.stderr.write(_plain(str(error)) + "\n")
        return TRY_AGAIN
    return 0


def _named(words: list[str]) -> tuple[Path, str]:
    """The folder and the mailbox that were named."""
    root, names, rest = DEFAULT, [], iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if option == "--config":
            folder = value if equals else next(rest, "")
            if not folder:
                raise BotError("deliver: --config needs a folder")
            root = Path(folder)
        else:
            names.append(word)
    for more in names[1:]:
        raise BotError(f"deliver takes one mailbox and no {more}")
    return root, "".join(names)


def stdin() -> BinaryIO:
    """The mail, as bytes."""
    return sys.stdin.buffer


def maildir_of(root: Path, name: str) -> tuple[Path, int]:
    """The Maildir of that mailbox and how many bytes its mails may have. Raises BotError."""
    file = root / "bot.yaml"
    known = dict(_doors(_read(file)))
    door = known.get(name.lower())
    if door is None:
        raise BotError(f"{file} watches no mailbox {name!r}{_nearest(name, known)}")
    path = door.get("path")
    if door.get("kind") != "maildir" or not isinstance(path, str) or not path:
        raise BotError(f"{file}: {name} is not read from a Maildir, so nothing can be delivered to it: mend receive")
    given = str(door.get("max_bytes") or "")
    return Path(path), int(given) if given.isdecimal() else MOST


def _read(file: Path) -> dict[str, Any]:
    """The file's value: dicts, lists, None, and of every other scalar the text that was written, filled in."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    def plain(node: Any) -> Any:
        if isinstance(node, MappingNode):
            return {str(key.value): plain(value) for key, value in reversed(node.value)}  # of two the first counts
        if isinstance(node, SequenceNode):
            return [plain(item) for item in node.value]
        return None if str(node.tag).endswith(":null") else filled(str(node.value), os.environ)

    try:
        read = plain(YAML(typ="safe", pure=True).compose(file.read_text("utf-8-sig")))
    except (OSError, UnicodeDecodeError) as error:
        raise BotError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from error
    except YAMLError as error:
        raise BotError(f"{file}: not readable as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(read, dict):
        raise BotError(f"{file}: holds no settings: it should be `key: value` lines")
    return read


def _doors(settings: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every name a mailbox goes by, lower case, with its `receive:` door as it stands there."""
    own, listed = settings.get("bot"), settings.get("mailboxes")
    blocks = [box for box in listed if isinstance(box, dict)] if isinstance(listed, list) else []
    for block in (*blocks, *([{**own, "area": "", "team": BOT}] if isinstance(own, dict) else [])):
        area, team, address = (str(block.get(key) or "") for key in ("area", "team", "address"))
        door = block.get("receive")
        for name in (address, mailbox_name(area, team, address)):
            yield name.strip().lower(), door if isinstance(door, dict) else {}


def _nearest(word: str, known: dict[str, Any]) -> str:
    import difflib

    found = difflib.get_close_matches(word.casefold(), known, n=1, cutoff=0.6)
    return f"; did you mean {found[0]}?" if found else ""


def _plain(text: str) -> str:
    """Without what could move a terminal's cursor or colour it."""
    return "".join(one if one.isprintable() else " " for one in text)
