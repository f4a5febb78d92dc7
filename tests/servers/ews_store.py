"""What an Exchange organisation keeps, as far as the test server needs it: mailboxes, folders, items, what changed.

An item gets another id wherever it is put, as in Exchange; every change of a folder is counted, so that a client can
ask what has changed since. It knows no XML and no HTTP. One lock around everything; `changed` wakes whoever streams.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.utils import getaddresses

#: The folders that every mailbox has: Exchange's name for the folder -> what people see.
WELL_KNOWN = {
    "inbox": "Inbox",
    "drafts": "Drafts",
    "sentitems": "Sent Items",
    "deleteditems": "Deleted Items",
    "junkemail": "Junk Email",
    "outbox": "Outbox",
}


@dataclass
class Item:
    """One message. `to`, `cc` and `bcc` are whom it goes to when it is sent."""

    id: str
    key: str
    folder: Folder
    raw: bytes
    received: datetime
    message_id: str
    is_read: bool = False
    is_draft: bool = False
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()


@dataclass
class Folder:
    id: str
    name: str
    mailbox: str
    parent: Folder | None = None
    well_known: str = ""
    items: dict[str, Item] = field(default_factory=dict)
    log: list[tuple[str, str]] = field(default_factory=list)  # (create | update | read | delete, item id), in order


@dataclass(frozen=True)
class Event:
    """What a stream tells of: the kind as a notification names it."""

    kind: str
    item: str
    folder: str


class BadState(Exception):
    """A sync state that this server did not give, or gave for another life of the folder."""


class Store:
    """Everybody's mailboxes. `order`: in which order a folder that was never synchronised is listed; Microsoft
    promises none."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.order = "newest first"
        self.mailboxes: dict[str, Folder] = {}  # address -> the top of its folders
        self.folders: dict[str, Folder] = {}
        self.items: dict[str, Item] = {}
        self.events: list[Event] = []
        self.life = 0  # grows when every sync state is forgotten
        self._numbers = itertools.count(1)

    # --- mailboxes and folders ---------------------------------------------------------------------------------------

    def add(self, address: str) -> None:
        with self.changed:
            top = self._folder("Top of Information Store", address, None, "msgfolderroot")
            self.mailboxes[address] = top
            for known, name in WELL_KNOWN.items():
                self._folder(name, address, top, known)

    def remove(self, address: str) -> None:
        """As when an administrator deletes the mailbox."""
        with self.changed:
            self.mailboxes.pop(address)
            self.folders = {i: f for i, f in self.folders.items() if f.mailbox != address}
            self.items = {i: item for i, item in self.items.items() if item.folder.mailbox != address}

    def known(self, address: str, name: str) -> Folder | None:
        """A mailbox's folder by Exchange's own name for it."""
        return next((f for f in self.folders.values() if f.mailbox == address and f.well_known == name), None)

    def children(self, folder: Folder) -> list[Folder]:
        return [f for f in self.folders.values() if f.parent is folder]

    def make(self, parent: Folder, name: str) -> Folder | None:
        """None where there is one of that name already."""
        with self.changed:
            if any(f.name.casefold() == name.casefold() for f in self.children(parent)):
                return None
            return self._folder(name, parent.mailbox, parent)

    def at(self, address: str, path: str) -> Folder:
        """The folder of a path from the top; INBOX is the inbox."""
        top = self.mailboxes[address]
        if path.upper() == "INBOX":
            path = "Inbox"
        for name in path.split("/"):
            top = next(f for f in self.children(top) if f.name == name)
        return top

    def _folder(self, name: str, address: str, parent: Folder | None, well_known: str = "") -> Folder:
        made = Folder(self._new_id("folder"), name, address, parent, well_known)
        self.folders[made.id] = made
        return made

    def _new_id(self, kind: str) -> str:
        # Long, and different in nothing but the case of letters often enough: ids are case-sensitive.
        digest = hashlib.sha512(f"{kind}{next(self._numbers)}".encode()).digest()
        return base64.b64encode(b"\x00\x00\x01\x00" + digest).decode()

    # --- items -------------------------------------------------------------------------------------------------------

    def put(self, folder: Folder, raw: bytes, received: datetime | None = None, *, event: str = "NewMail") -> Item:
        with self.changed:
            head = message_from_bytes(raw, policy=policy.compat32)
            # Exchange tells seconds; each arrival here has one of its own, so that there is an order to keep.
            latest = max((item.received for item in folder.items.values()), default=datetime.fromtimestamp(0, UTC))
            at = received or max(datetime.now(UTC).replace(microsecond=0), latest + timedelta(seconds=1))
            made = Item(self._new_id("item"), "", folder, raw, at, " ".join(str(head.get("Message-ID", "")).split()))
            made.to, made.cc, made.bcc = (_addresses(head, name) for name in ("To", "Cc", "Bcc"))
            self._enter(made, event)
            return made

    def change(self, item: Item, *, read: bool | None = None) -> None:
        """Counts a change of the item; `read` is one of the read flag alone."""
        with self.changed:
            if read is not None:
                item.is_read = read
            item.key = self._new_id("key")[:40]
            item.folder.log.append(("update" if read is None else "read", item.id))
            self._tell("Modified", item)

    def move(self, item: Item, target: Folder) -> Item:
        with self.changed:
            self.take(item, "Moved")
            moved = self._copy(item, target)
            self._enter(moved, "Moved")
            return moved

    def copy(self, item: Item, target: Folder) -> Item:
        with self.changed:
            made = self._copy(item, target)
            self._enter(made, "Copied")
            return made

    def take(self, item: Item, event: str = "Deleted") -> None:
        with self.changed:
            del item.folder.items[item.id], self.items[item.id]
            item.folder.log.append(("delete", item.id))
            if event == "Deleted":
                self._tell(event, item)

    def renumber(self, address: str) -> None:
        """Every item has another id, as after a mailbox was moved to another database; no sync state holds."""
        with self.changed:
            for folder in [f for f in self.folders.values() if f.mailbox == address]:
                for item in list(folder.items.values()):
                    del folder.items[item.id], self.items[item.id]
                    item.id = self._new_id("item")
                    folder.items[item.id] = self.items[item.id] = item
                folder.log = [("create", i) for i in folder.items]
            self.life += 1

    def place(self, folder: Folder) -> int:
        """How much of its history there is: for `fall_back`."""
        return len(folder.log)

    def fall_back(self, folder: Folder, place: int) -> None:
        """The folder is as it was then, as when its server was put back: states that were given since are of its
        future, and tell of nothing until as much has happened again."""
        with self.changed:
            for _, item in folder.log[place:]:
                self.items.pop(item, None)
                folder.items.pop(item, None)
            del folder.log[place:]

    def _enter(self, item: Item, event: str) -> None:
        item.key = self._new_id("key")[:40]
        item.folder.items[item.id] = self.items[item.id] = item
        item.folder.log.append(("create", item.id))
        self._tell(event, item)

    def _copy(self, item: Item, target: Folder) -> Item:
        return Item(
            self._new_id("item"), "", target, item.raw, item.received, item.message_id,
            item.is_read, item.is_draft, item.to, item.cc, item.bcc,
        )  # fmt: skip

    def _tell(self, kind: str, item: Item) -> None:
        self.events.append(Event(kind, item.id, item.folder.id))
        self.changed.notify_all()

    # --- what has changed --------------------------------------------------------------------------------------------

    def changes(self, folder: Folder, state: str, most: int) -> tuple[list[tuple[str, str]], str, bool]:
        """Up to `most` net changes since the state, the state after them, and whether they are the last.

        A state holds a span of the folder's log and how much of that span was given, so that a listing goes on where it
        stood whatever happens meanwhile. Raises BadState.
        """
        with self.changed:
            begin, end, given = self._span(folder, state)
            net = self._net(folder, begin, end)
            page = net[given : given + most]
            given += len(page)
            is_whole = given >= len(net)
            span = (end, None, 0) if is_whole else (begin, end, given)
            return page, self._state(folder, span), is_whole and end >= len(folder.log)

    def _span(self, folder: Folder, state: str) -> tuple[int, int, int]:
        if not state:
            return 0, len(folder.log), 0
        try:
            told = json.loads(base64.b64decode(state, validate=True))
            of, life, begin, end, given = told
        except ValueError as error:
            raise BadState from error
        if of != folder.id or life != self.life:
            raise BadState
        return begin, max(begin, len(folder.log)) if end is None else end, given

    def _state(self, folder: Folder, span: tuple[int, int | None, int]) -> str:
        return base64.b64encode(json.dumps([folder.id, self.life, *span]).encode()).decode()

    def _net(self, folder: Folder, begin: int, end: int) -> list[tuple[str, str]]:
        """What became of each item between two places of the log, as one change."""
        found: dict[str, str] = {}
        for kind, item in folder.log[begin:end]:
            before = found.get(item)
            if kind == "delete" and before == "create":
                del found[item]
            elif before != "create":
                found[item] = kind if not (before == "update" and kind == "read") else before
        net = [(kind, item) for item, kind in found.items()]
        if begin == 0 and self.order == "newest first":
            net.reverse()
        return net


def sent_copy(item: Item) -> Iterator[str]:
    """Everybody whom the item goes to, once each, in order."""
    return iter(dict.fromkeys((*item.to, *item.cc, *item.bcc)))


def _addresses(head: object, name: str) -> tuple[str, ...]:
    values = [" ".join(str(v).split()) for v in head.get_all(name, [])]  # type: ignore[attr-defined]
    return tuple(address for _, address in getaddresses(values) if address)
