"""An old mailbox as a story: what the bot would have done with real past mail.

A Maildir, an mbox or a folder of .eml files is read and left as it is; each mail arrives when its first Received
header, else its Date, says. It plays nothing itself (rehearse.py) and expects nothing.
"""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import parsedate_to_datetime
from pathlib import Path

from bot.errors import BotError
from bot.rehearsal.story import Story, StoryInbox, StoryMail
from bot.settings import Settings


def story_of(
    path: Path, start: datetime | None, until: datetime | None, base: Settings, folder: Path, address: str = ""
) -> Story:
    """The mails of `path` that arrived between `start` and `until`, copied into `folder`, as a story of the inbox
    `address` (the first of the configuration without one). Raises BotError when there is nothing to play."""
    box = next((b for b in base.config.mailboxes if address in ("", b.address)), None)
    if box is None:
        known = ", ".join(b.address for b in base.config.mailboxes)
        raise BotError(f"{address} is no inbox of config/bot.yaml; it names: {known}")
    mails = []
    for n, raw in enumerate(_raws(path), 1):
        at = arrival(message_from_bytes(raw, policy=compat32))
        if at is None or (start and at < start) or (until and at >= until):
            continue
        copy = folder / f"{n:06d}.eml"
        copy.write_bytes(raw)
        mails.append(StoryMail.model_validate({"id": f"{n}", "at": at, "file": str(copy)}))
    if not mails:
        raise BotError(f"{path}: no mail of that time whose arrival can be told")
    first, last = min(m.at for m in mails), max(m.at for m in mails)
    return Story(
        story=f"The mail of {path.name}",
        policy=box.policy,
        starts=start or first - timedelta(minutes=1),
        until=until or last + timedelta(days=1),
        inbox=(StoryInbox(address=box.address, team=box.team, area=box.area),),
        mail=tuple(mails),
        path=path,
    )


def arrival(message: Message) -> datetime | None:
    """When the mail reached its last server: the topmost Received header's date, else the Date header's."""
    received = str(message.get("Received", "")).rpartition(";")[2]
    for text in (received, str(message.get("Date", ""))):
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            continue
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def _raws(path: Path) -> Iterator[bytes]:
    if path.is_file():
        box = mailbox.mbox(path, create=False)
        for key in box.iterkeys():
            yield box.get_bytes(key)
        box.close()
    elif (path / "cur").is_dir() or (path / "new").is_dir():
        files = (f for sub in ("cur", "new") for f in sorted((path / sub).glob("*")) if f.is_file())
        yield from (file.read_bytes() for file in files)
    elif path.is_dir():
        yield from (file.read_bytes() for file in sorted(path.glob("**/*.eml")))
    else:
        raise BotError(f"{path} is no Maildir, no mbox file and no folder of .eml files")
