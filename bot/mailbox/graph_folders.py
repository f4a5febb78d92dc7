"""Which folders of a Microsoft 365 mailbox are watched, and their ids: Inbox, Junk and those that are configured.

Configured folders are named as people see them ("Casework", "Inbox/Done") or by the service's own word for one that
every mailbox has ("deleteditems"). It reads no message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.service.graph import Graph

INBOX = "INBOX"
#: Folders that every mailbox has, by the service's own words, which are the same in every language.
WELL_KNOWN = frozenset({"inbox", "junkemail", "deleteditems", "sentitems", "drafts", "archive", "clutter", "outbox"})


def watched_folders(graph: Graph, configured: Sequence[str]) -> dict[str, str]:
    """Name -> id, Inbox first. Raises DoorClosed when a configured folder is not there."""
    junk = graph.ask("GET", graph.url("mailFolders", "junkemail", select="displayName"), also=(404,))
    found = {INBOX: "inbox"}
    if junk.status == 200:
        found[str(junk.told.get("displayName") or "Junk Email")] = "junkemail"
    for name in configured:
        if name.upper() != INBOX and (place := _id_of(graph, name)) not in found.values():
            found[name] = place
    return found


def _id_of(graph: Graph, name: str) -> str:
    if name.lower() in WELL_KNOWN:
        return name.lower()
    # A name may itself hold a slash.
    place = _child(graph, "", name)
    for part in name.split("/") if not place else ():
        place = "inbox" if not place and part.upper() == INBOX else _child(graph, place, part)
        if not place:
            break
    if not place:
        raise graph.closed(f"there is no folder {name!r}: make it there or mend its name here")
    return place


def _child(graph: Graph, parent: str, name: str) -> str:
    """The id of the folder of that name right under `parent` ("": the top); "" where there is none."""
    rows = [row for row in _children(graph, parent) if str(row.get("displayName", "")).casefold() == name.casefold()]
    return str(rows[0].get("id", "")) if rows else ""


def _children(graph: Graph, parent: str) -> Iterator[dict[str, Any]]:
    path = ("mailFolders", parent, "childFolders") if parent else ("mailFolders",)
    url = graph.url(*path, top="100", select="displayName")
    while url:
        told = graph.ask("GET", url).told
        yield from (row for row in told.get("value") or [] if isinstance(row, dict))
        link = told.get("@odata.nextLink")
        url = link if isinstance(link, str) and graph.is_ours(link) else ""
