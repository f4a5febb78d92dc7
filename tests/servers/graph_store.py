"""The mailboxes behind the Graph test server: folders, messages, the log of changes that delta queries read from.

Ids come in two kinds, as Microsoft's: ordinary ones change when a message moves, immutable ones do not. It knows no
HTTP and checks no permission; whoever calls holds `lock`. Not handled: calendars, search, archives.
"""

from __future__ import annotations

import base64
import itertools
import threading
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import Any

#: Well-known name -> how an English mailbox shows it.
WELL_KNOWN = {
    "msgfolderroot": "Top of Information Store",
    "inbox": "Inbox",
    "drafts": "Drafts",
    "sentitems": "Sent Items",
    "deleteditems": "Deleted Items",
    "junkemail": "Junk Email",
    "archive": "Archive",
}


@dataclass
class Folder:
    id: str
    name: str
    parent: str
    well_known: str = ""
    #: (log position, number of the message, what happened: created, removed, read, updated)
    changes: list[tuple[int, int, str]] = field(default_factory=list)
    #: (arrival, number) of what lies in it, in order.
    order: list[tuple[datetime, int]] = field(default_factory=list)


@dataclass
class Item:
    """One message. `attached`: what a client added to a draft after its MIME: (name, type, bytes)."""

    number: int
    folder: str
    raw: bytes
    received: datetime
    generation: int = 0
    is_read: bool = False
    is_draft: bool = False
    categories: tuple[str, ...] = ()
    message_id: str = ""
    attached: list[tuple[str, str, bytes]] = field(default_factory=list)

    @property
    def headers(self) -> Message:
        return BytesHeaderParser().parsebytes(self.raw[:65_536])

    def recipients(self) -> tuple[str, ...]:
        """Everybody that To, Cc and Bcc name, in that order, each once."""
        head = self.headers
        fields = [str(value) for name in ("To", "Cc", "Bcc") for value in head.get_all(name, [])]
        return tuple(dict.fromkeys(address for _, address in getaddresses(fields) if address))


class MailboxStore:
    """One user's mailbox. `life`: how many of that address there were before; no id of theirs comes again."""

    def __init__(self, address: str, lock: threading.RLock, life: int = 0) -> None:
        self.address = address
        self.lock = lock
        self.items: dict[int, Item] = {}
        self.folders: dict[str, Folder] = {}
        self.position = 0
        self._numbers = itertools.count(1 + 10_000_000 * life)
        for name, shown in WELL_KNOWN.items():
            parent = "" if name == "msgfolderroot" else self._folder_id("msgfolderroot")
            self.folders[self._folder_id(name)] = Folder(self._folder_id(name), shown, parent, name)

    def _folder_id(self, name: str) -> str:
        return "AQMk" + base64.urlsafe_b64encode(f"{self.address}/{name}".encode()).decode().rstrip("=")

    # --- folders -----------------------------------------------------------------------------------------------------

    def folder(self, wanted: str) -> Folder | None:
        """By id or well-known name."""
        return self.folders.get(wanted) or next(
            (f for f in self.folders.values() if f.well_known and f.well_known == wanted.lower()), None
        )

    def named(self, wanted: str) -> Folder:
        """By well-known name or by the name people see. Fails when there is none."""
        found = self.folder(wanted) or next((f for f in self.folders.values() if f.name == wanted), None)
        assert found is not None, f"{self.address} has no folder {wanted}"
        return found

    def children(self, parent: str) -> list[Folder]:
        return [f for f in self.folders.values() if f.parent == parent]

    def make_folder(self, name: str, parent: str = "msgfolderroot") -> Folder:
        above = self.named(parent)
        made = Folder(self._folder_id(f"{next(self._numbers)}/{name}"), name, above.id)
        self.folders[made.id] = made
        return made

    def remove_folder(self, name: str) -> None:
        """With everything in it."""
        for item in self.lying_in(name):
            self.delete(item)
        del self.folders[self.named(name).id]

    # --- messages ----------------------------------------------------------------------------------------------------

    def add(self, raw: bytes, folder: str = "inbox", received: datetime | None = None, **more: Any) -> Item:
        # The interface gives whole seconds, and so do its filters.
        at = (received or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
        item = Item(next(self._numbers), self.named(folder).id, raw, at, **more)
        item.message_id = item.message_id or _message_id(raw)
        self.items[item.number] = item
        self._enter(item)
        return item

    def _enter(self, item: Item) -> None:
        folder = self.folders[item.folder]
        insort(folder.order, (item.received, item.number))
        self._note(item, "created")

    def _leave(self, item: Item) -> None:
        order = self.folders[item.folder].order
        del order[bisect_left(order, (item.received, item.number))]
        self._note(item, "removed")

    def _note(self, item: Item, what: str) -> None:
        self.position += 1
        self.folders[item.folder].changes.append((self.position, item.number, what))

    def move(self, item: Item, folder: str) -> None:
        self._leave(item)
        item.folder = self.named(folder).id
        item.generation += 1
        self._enter(item)

    def delete(self, item: Item) -> None:
        """For good."""
        self._leave(item)
        del self.items[item.number]

    def mark(self, item: Item, is_read: bool) -> None:
        item.is_read = is_read
        self._note(item, "read")

    def touch(self, item: Item) -> None:
        """Something about it was changed that is no read mark."""
        self._note(item, "updated")

    def lying_in(self, folder: str) -> list[Item]:
        """In order of arrival."""
        return [self.items[number] for _, number in self.named(folder).order]

    # --- ids ---------------------------------------------------------------------------------------------------------

    def id_of(self, item: Item, *, is_immutable: bool) -> str:
        kind, tail = ("AAkALgAA", "") if is_immutable else ("AAMkAGI2", f":{item.generation}")
        return kind + base64.urlsafe_b64encode(f"{self.address}:{item.number}{tail}".encode()).decode()

    def item(self, wanted: str) -> Item | None:
        """By either kind of id; an ordinary one is good until the message moves."""
        try:
            _, number, *generation = base64.urlsafe_b64decode(wanted[8:]).decode().split(":")
            found = self.items.get(int(number))
        except ValueError:
            return None
        if found is None or generation not in ([], [str(found.generation)]):
            return None
        return found if self.id_of(found, is_immutable=not generation) == wanted else None

    # --- delta -------------------------------------------------------------------------------------------------------

    def first_round(self, folder: Folder) -> tuple[list[tuple[int, str]], int]:
        """Everything that lies in it now, in no order that means anything, and the position it stands for."""
        numbers = [number for _, number in folder.order]
        return [(number, "created") for number in numbers[1::2] + numbers[::2]], self.position

    def next_round(self, folder: Folder, since: int) -> tuple[list[tuple[int, str]], int]:
        """What changed in it since a position: (message, created | updated | read | removed), newest news first."""
        at = bisect_left(folder.changes, (since + 1, 0, ""))
        told: dict[int, set[str]] = {}
        for _, number, what in folder.changes[at:]:
            told.setdefault(number, set()).add(what)
        return [(number, news) for number, news in reversed(list(self._news(folder, told)))], max(since, self.position)

    def fall_back(self, folder: Folder, position: int) -> None:
        """The folder is as it was then, as when the service was put back: links that were given since are of its
        future, and tell of nothing until as much has happened again."""
        for _, number, what in [change for change in folder.changes if change[0] > position]:
            if what == "created" and (item := self.items.pop(number, None)):
                folder.order.remove((item.received, number))
        folder.changes[:] = [change for change in folder.changes if change[0] <= position]
        self.position = position

    def _news(self, folder: Folder, told: dict[int, set[str]]) -> Iterator[tuple[int, str]]:
        for number, whats in told.items():
            item = self.items.get(number)
            if item is None or item.folder != folder.id:
                yield number, "removed"
            else:
                yield number, next(what for what in ("created", "updated", "read", "removed") if what in whats)


def _message_id(raw: bytes) -> str:
    """The header's whole value, as Exchange keeps it; "" for a mail without one."""
    head = BytesHeaderParser().parsebytes(raw[:262_144])
    return " ".join(str(head["Message-ID"]).split()) if head["Message-ID"] else ""
