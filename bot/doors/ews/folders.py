"""Folders of a mailbox on an Exchange server: those that every mailbox has, and those at the end of a path.

A path runs from the top of the mailbox, such as `Team/Done`; names compare without regard to case, and `inbox` is the
inbox in every language. It asks for names and ids alone. Raises DoorClosed for a path that leads nowhere, and what
exchangelib raises.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from exchangelib import errors
from exchangelib.fields import FieldOrder, FieldPath
from exchangelib.folders import Folder, Inbox, JunkEmail, MsgFolderRoot, Root, SentItems
from exchangelib.folders.collections import FolderCollection
from exchangelib.items import ID_ONLY, SHALLOW, Message
from exchangelib.properties import DistinguishedFolderId, Mailbox
from exchangelib.restriction import Q
from exchangelib.services import SyncFolderItems

from bot.model.errors import DoorClosed


def known(account: Any, kind: Any) -> Any:
    """A folder that every mailbox has, by its class, without asking the server."""
    root = Root(account=account, _distinguished_id=_distinguished(account, "root"))
    return kind(root=root, _distinguished_id=_distinguished(account, kind.DISTINGUISHED_FOLDER_ID))


def watched(account: Any, junk_names: frozenset[str], more: tuple[str, ...]) -> dict[str, Any]:
    """INBOX, what is junk (by Exchange's mark or by one of these names), and the folders at the end of the paths
    `more`, by what they are called."""
    wanted = FolderCollection(account=account, folders=[known(account, Inbox), known(account, JunkEmail)])
    inbox, junk = wanted.get_folders(additional_fields=set())
    if isinstance(inbox, Exception):
        raise inbox
    found = {"INBOX": inbox}
    below = _at_the_top(account, is_needed=bool(more))
    if not isinstance(junk, Exception):
        found[junk.name] = junk
    found |= {child.name: child for child in below if child.name.casefold() in junk_names}
    return found | {path: _at(account, path, inbox, below) for path in more}


def sent(account: Any, path: str) -> Any:
    """Where copies of sent letters are kept; `path` "": where Exchange keeps them."""
    if not path:
        return known(account, SentItems)
    return _at(account, path, known(account, Inbox), _at_the_top(account, is_needed=True))


def _at(account: Any, path: str, inbox: Any, below: list[Any]) -> Any:
    folder, children = None, below
    for n, part in enumerate(path.split("/")):
        if n == 0 and part.casefold() == "inbox":
            folder = inbox
        else:
            folder = next((child for child in children if child.name.casefold() == part.casefold()), None)
        if folder is None:
            raise DoorClosed(f"the mailbox has no folder {path!r}: make it there or mend its name here")
        children = _below(account, folder) if n < path.count("/") else []
    return folder


def _at_the_top(account: Any, *, is_needed: bool) -> list[Any]:
    """The folders at the top; none for whoever may read the inbox and no more, unless they are needed."""
    try:
        return _below(account, known(account, MsgFolderRoot))
    except (errors.ErrorAccessDenied, errors.ErrorFolderNotFound, errors.ErrorItemNotFound):
        if is_needed:
            raise
        return []


def _below(account: Any, parent: Any) -> list[Any]:
    inside = FolderCollection(account=account, folders=[parent])
    return [one for one in inside.find_folders(depth="Shallow", additional_fields=set()) if isinstance(one, Folder)]


def _distinguished(account: Any, name: str) -> Any:
    return DistinguishedFolderId(id=name, mailbox=Mailbox(email_address=account.primary_smtp_address))


# What came into a folder of an Exchange mailbox since a sync state, in order of arrival. Exchange lists changes in
# pages and promises no order among them, so they are gathered before they are sorted. Of changes only arrivals count:
# a mail that was marked, changed or moved away is no new one. It fetches no mail.

#: Changes asked for at once; Exchange gives no more than 512.
PAGE = 512

FIELDS = ("datetime_received", "datetime_created", "size")


@dataclass(frozen=True, slots=True, order=True)
class Head:
    received: str  # ISO, UTC: its order is that of time
    id: str
    size: int


@dataclass(slots=True)
class Listing:
    """What a folder listed after `state`, in order of arrival. `until`: the state behind it; `is_whole`: there is no
    more behind that."""

    state: str
    until: str
    heads: list[Head] = field(default_factory=list)
    is_whole: bool = True


def listing_after(account: Any, folder: Any, state: str, most: int) -> Listing:
    """Everything that came into a folder after `state`, up to `most` messages and the rest of their page.

    Raises what exchangelib raises; ErrorInvalidSyncStateData for a state that the server takes no more.
    """
    listing = Listing(state, state)
    fields = {FieldPath(field=Message.get_field_by_fieldname(name)) for name in FIELDS}
    heads: dict[str, Head] = {}
    while True:
        service = SyncFolderItems(account=account)
        for kind, item in service.call(folder, ID_ONLY, fields, listing.until or None, None, PAGE, None):
            if kind == SyncFolderItems.CREATE:
                heads[item.id] = _head(item)
        is_stuck = service.sync_state == listing.until
        listing.until, listing.is_whole = service.sync_state, bool(service.includes_last_item_in_range) or is_stuck
        if listing.is_whole or len(heads) >= most:
            listing.heads = sorted(heads.values())
            return listing


def newest(account: Any, folder: Any, most: int) -> list[Head]:
    """The messages of a folder that arrived last, whatever any state says of them. Raises what exchangelib raises."""
    fields = {FieldPath(field=Message.get_field_by_fieldname(name)) for name in FIELDS}
    order = [FieldOrder(field_path=FieldPath(field=Message.get_field_by_fieldname(FIELDS[0])), reverse=True)]
    found = FolderCollection(account=account, folders=[folder]).find_items(
        Q(), shape=ID_ONLY, depth=SHALLOW, additional_fields=fields, order_fields=order, max_items=most
    )
    return [_head(item) for item in found if isinstance(item, Message)]


def _head(item: Any) -> Head:
    """Drafts and notes that somebody put there have not been received; they were made."""
    at = item.datetime_received or item.datetime_created
    received = datetime.fromtimestamp(at.timestamp() if at else 0, UTC)
    return Head(received.isoformat(), item.id, item.size or 0)
