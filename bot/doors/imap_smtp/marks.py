"""Up to where a folder of an IMAP mailbox was read, how that is kept as a cursor, whether the folder is still the one
that was read, and what a server tells of messages by UID.

It gives no mail, and must not know what one says. A refusal is no answer here; who asks decides what that means.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from bot.model import aware

#: UIDs asked for in one SEARCH: the standard library refuses an answer line above a million bytes.
SEARCH_SPAN = 50_000
#: What is asked of a message before its body.
SIZE, ARRIVAL = "RFC822.SIZE", "INTERNALDATE"
#: How many of the messages given last are looked at again when something new has come.
LAST = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where a folder was read. `is_first`: its first pass has not reached the end yet; `tip`: its UIDNEXT then, 0
    where none was told; `turn`: how often it went back; `last`: (UID, arrival in seconds) of those given last."""

    validity: int
    uid: int
    is_first: bool = False
    tip: int = 0
    turn: int = 0
    last: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """`size`: 1 where the server does not tell it, so that a message without bytes is no empty one. `is_dated`: whether
    the server told its arrival."""

    uid: int
    size: int
    received: datetime
    is_dated: bool = True


def marks_of(cursor: str) -> dict[str, Mark]:
    """A cursor of another kind of door tells nothing about this one: everything is seen for the first time."""
    kept = json.loads(cursor).get("imap", {}) if cursor else {}
    return {
        folder: Mark(**{**mark, "last": tuple((uid, at) for uid, at in mark.get("last", ()))})
        for folder, mark in kept.items()
    }


def cursor_of(marks: dict[str, Mark]) -> str:
    return json.dumps({"imap": {folder: asdict(mark) for folder, mark in marks.items()}})


def uids_after(client: Any, start: int, tip: int | None) -> tuple[list[int], bool]:
    """UIDs above `start` in order, and whether more may lie beyond them. `tip`: the folder's UIDNEXT, if known."""
    low = start + 1
    while tip is not None and tip - low > SEARCH_SPAN:
        if found := client.search(["UID", f"{low}:{low + SEARCH_SPAN - 1}"]):
            return sorted(found), True
        low += SEARCH_SPAN
    # "n:*" always names the last message, even where its UID is below n (RFC 3501, 9).
    return sorted(uid for uid in client.search(["UID", f"{low}:*"]) if uid > start), False


def is_back(client: Any, mark: Mark, validity: int, tip: int | None) -> bool:
    """Whether the folder is not the one that was read up to `mark`, though it bears its name."""
    if validity != mark.validity:
        return mark.uid > 0
    if tip is not None and tip < (mark.tip or mark.uid + 1):
        return True
    if not mark.last:
        return False
    # It may have been put back and grown beyond the mark since: then others stand under the UIDs that were given, and
    # they did not arrive in the same second.
    told = patiently(client, [uid for uid, _ in mark.last], ARRIVAL)
    arrivals = ((size_and_arrival(told.get(uid, {}))[1], at) for uid, at in mark.last)
    return any(found is not None and found.timestamp() != at for found, at in arrivals)


def size_and_arrival(told: dict[bytes, Any]) -> tuple[int | None, datetime | None]:
    received = told.get(ARRIVAL.encode())
    return told.get(SIZE.encode()), aware(received) if received is not None else None


def patiently(client: Any, uids: Sequence[int], *parts: str) -> dict[int, Any]:
    """What the server gives of `parts`. A refusal gives nothing: the caller asks for each alone, then counts."""
    try:
        found: dict[int, Any] = client.fetch(uids, parts)
    except IMAPClientAbortError:
        raise
    except IMAPClientError:
        return {}
    return found


def part_of(told: dict[bytes, Any] | None) -> bytes | None:
    """The body in one message's FETCH answer, whichever section it was; NIL is an empty one."""
    for word, value in (told or {}).items():
        if word.startswith(b"BODY["):
            return value if isinstance(value, bytes) else b""
    return None


def is_listed(client: Any, uid: int) -> bool:
    return uid in client.search(["UID", str(uid)])
