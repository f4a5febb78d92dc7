"""Up to where a folder of a Microsoft 365 mailbox was read, and how that is kept as a cursor.

Values only: it asks no server and reads no clock.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from bot.doors.graph.client import Graph
from bot.doors.reading import hashed as hashed
from bot.doors.reading import latest

#: How many of the mails given last are known again, so that a read mark does not bring one a second time.
KNOWN = 1000

BEGINNING = "1900-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where a folder was read.

    `link`: whole, as the service gave it; until `is_counted` it leads through the count, then to the changes since.
    `upto`: arrival of the last mail given of those that lay there already, None when all were given. `known`: the
    mails given last, as hashes; `ties` of them, at least, arrived at `upto`. `latest` (None in a mark of an earlier
    version), `strange`: see reading.strangers.
    """

    folder: str
    link: str = ""
    is_counted: bool = False
    upto: str | None = BEGINNING
    known: tuple[str, ...] = ()
    ties: int = 0
    is_first: bool = False
    latest: tuple[str, ...] | None = None
    strange: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """A mail as listed. `received` as the service writes it, in UTC to the second, so that text sorts like time."""

    received: str
    id: str


def after(mark: Mark, given: Sequence[Head], upto: str | None, *, more: bool) -> Mark:
    """The mark when these were given. Of one second more than KNOWN may arrive: then all of them are known."""
    last = given[-1].received if given and upto is not None else upto
    tied = sum(1 for head in given if head.received == last)
    ties = tied + (mark.ties if last is not None and last == mark.upto else 0)
    known = (*mark.known, *(hashed(head.id) for head in given))[-max(KNOWN, ties) :]
    # Of a mark of an earlier version it is not known what it gave: that is seen at the first quiet look.
    is_kept = mark.latest is not None or mark.is_first
    late = latest(mark.latest, ((head.received, head.id) for head in given)) if is_kept else None
    return replace(mark, upto=last, known=known, ties=ties, is_first=mark.is_first and more, latest=late)


def marks_of(cursor: str) -> dict[str, Mark]:
    """A cursor of another kind of door tells nothing about this one: everything is seen for the first time."""
    kept = json.loads(cursor).get("graph", {}) if cursor else {}
    return {folder: Mark(**{name: _value(value) for name, value in mark.items()}) for folder, mark in kept.items()}


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def cursor_of(marks: dict[str, Mark]) -> str:
    return json.dumps({"graph": {folder: asdict(mark) for folder, mark in marks.items()}})


# Which folders of a Microsoft 365 mailbox are watched, and their ids: Inbox, Junk and those that are configured.
# Configured folders are named as people see them ("Casework", "Inbox/Done") or by the service's own word for one that
# every mailbox has ("deleteditems"). It reads no message.

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
        if name.upper() != INBOX and (folder := _id_of(graph, name)) not in found.values():
            found[name] = folder
    return found


def _id_of(graph: Graph, name: str) -> str:
    if name.lower() in WELL_KNOWN:
        return name.lower()
    # A name may itself hold a slash.
    folder = _child(graph, "", name)
    for part in name.split("/") if not folder else ():
        folder = "inbox" if not folder and part.upper() == INBOX else _child(graph, folder, part)
        if not folder:
            break
    if not folder:
        raise graph.closed(f"there is no folder {name!r}: make it there or mend its name here")
    return folder


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
