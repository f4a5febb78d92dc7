"""What came into a folder of an Exchange mailbox since a sync state, in order of arrival.

Exchange lists changes in pages and promises no order among them, so they are gathered before they are sorted. Of
changes only arrivals count: a mail that was marked, changed or moved away is no new one. It fetches no mail.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from exchangelib.fields import FieldPath
from exchangelib.items import ID_ONLY, Message
from exchangelib.services import SyncFolderItems

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


def listing_after(account: Any, place: Any, state: str, most: int) -> Listing:
    """Everything that came into a folder after `state`, up to `most` messages and the rest of their page.

    Raises what exchangelib raises; ErrorInvalidSyncStateData for a state that the server takes no more.
    """
    listing = Listing(state, state)
    fields = {FieldPath(field=Message.get_field_by_fieldname(name)) for name in FIELDS}
    heads: dict[str, Head] = {}
    while True:
        service = SyncFolderItems(account=account)
        for kind, item in service.call(place, ID_ONLY, fields, listing.until or None, None, PAGE, None):
            if kind == SyncFolderItems.CREATE:
                heads[item.id] = _head(item)
        is_stuck = service.sync_state == listing.until
        listing.until, listing.is_whole = service.sync_state, bool(service.includes_last_item_in_range) or is_stuck
        if listing.is_whole or len(heads) >= most:
            listing.heads = sorted(heads.values())
            return listing


def _head(item: Any) -> Head:
    """Drafts and notes that somebody put there have not been received; they were made."""
    at = item.datetime_received or item.datetime_created
    received = datetime.fromtimestamp(at.timestamp() if at else 0, UTC)
    return Head(received.isoformat(), item.id, item.size or 0)
