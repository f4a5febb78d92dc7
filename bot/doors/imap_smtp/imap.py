"""Mail in by IMAP4rev1 (imapclient): a listing by UID is the truth, IDLE is only a hint.

Every message after the cursor is given whatever its flags; folders are only ever examined and bodies peeked at, so
nothing changes for the people who share the inbox. A folder whose UIDVALIDITY changed is read again from the start,
which is no first sight; the ledger knows what it has. It must not know what a mail says, what the ledger holds,
how one logs in, or when to try again. Not handled: CONDSTORE; what a human deletes for good before it was read is out
of reach.
"""

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from bot.doors.imap_smtp.connection import Connection
from bot.doors.ports import Batch, RawMail
from bot.doors.reading import HEAD_BYTES, JUNK_NAMES, Withheld, bears_id, fitting, gather
from bot.model import aware
from bot.model.errors import DoorClosed
from bot.settings.settings import Door

#: Seconds after which IDLE is asked for anew: servers and NAT boxes forget it silently, some within ten minutes.
IDLE_SECONDS = 300
#: Seconds between two looks at a server that cannot IDLE.
LOOK_SECONDS = 15
#: UIDs asked for in one SEARCH: the standard library refuses an answer line above a million bytes.
SEARCH_SPAN = 50_000
#: UIDs named in one FETCH: servers limit the length of a command, some to 8 kB.
MOST_UIDS = 500
#: How often a listed message is asked for in vain: see Withheld.
STRIKES = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where a folder was read. `is_first`: its first pass has not reached the end yet."""

    validity: int
    uid: int
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    uid: int
    size: int
    received: datetime


class ImapMailbox:
    """One mailbox on one server, over one connection made when needed. For one thread, `interrupt` excepted."""

    def __init__(self, name: str, door: Door) -> None:
        self.name = name
        self._door = door
        self._connection = Connection(name, door)
        self._folders: tuple[str, ...] = ()
        self._tips: dict[str, tuple[int | None, int | None]] = {}
        self._withheld = Withheld(STRIKES)

    def fetch(self, cursor: str, limit: int) -> Batch:
        """See ports.Mailbox. Folder by folder, each in order of UID; connects when there is no connection.

        Raises DoorClosed, Throttled.
        """
        marks = _marks(cursor)
        with self._client() as client:

            def read(folder: str, mark: Mark | None, limit: int, room: int) -> tuple[list[RawMail], Mark, bool]:
                return self._read(client, folder, mark, limit, room)

            mails, done, is_first = gather(self._watched(client), marks, limit, read)
        return Batch(tuple(mails), _cursor(marks), done, is_first)

    def ack(self, keys: Sequence[str]) -> None:
        """Nothing: the inbox belongs to people, and the work list is our own ledger."""

    def wait(self, seconds: float) -> bool:
        """See ports.Mailbox. Looks at every folder first and at least every five minutes, and idles on INBOX between.

        Raises DoorClosed as soon as the server hangs up.
        """
        until = time.monotonic() + seconds
        while True:
            with self._client() as client:
                if self._has_news(client):
                    return True
                left = until - time.monotonic()
                if left <= 0:
                    self._folders = ()  # so that a Junk folder made meanwhile is found by the next fetch
                    return False
                can_idle = client.has_capability("IDLE")
                slice_ = min(left, IDLE_SECONDS if can_idle else LOOK_SECONDS)
                line = self._connection
                if line.idle(client, slice_) if can_idle else line.rest(slice_):
                    return False

    def find(self, message_id: str) -> bool:
        """See ports.Mailbox. Asks the server by header and compares what it finds: servers match loosely."""
        sought = message_id.strip("<>")
        if not (sought and sought.isascii() and sought.isprintable()):
            return False
        with self._client() as client:
            sent = (self._door.sent,) if self._door.sent else ()
            self._demand(client, sent)
            return any(self._holds(client, folder, sought) for folder in (*sent, *self._watched(client)))

    def interrupt(self) -> None:
        """See ports.Mailbox. A wait that has not begun returns at once, too."""
        self._connection.interrupt()

    def close(self) -> None:
        """Logs out, waiting a second at most, and lets go of the connection."""
        self._connection.close()

    @contextlib.contextmanager
    def _client(self) -> Iterator[Any]:
        """The connection's client. A new connection knows nothing yet of folders and what is in them."""
        if not self._connection.is_open:
            self._folders = ()
            self._tips.clear()
        with self._connection.client() as client:
            yield client

    def _closed(self, what: str) -> DoorClosed:
        return DoorClosed(f"{self.name}: {self._door.host} {what}")

    # --- folders ----------------------------------------------------------------------------------------------------

    def _watched(self, client: Any) -> tuple[str, ...]:
        """INBOX, Junk where there is one, and the configured folders; listed once per connection and idle hour."""
        if not self._folders:
            self._demand(client, self._door.folders)
            junk = [name for flags, mark, name in client.list_folders() if _is_junk(flags, mark, name)]
            self._folders = tuple(dict.fromkeys(("INBOX", *junk, *self._door.folders)))
        return self._folders

    def _demand(self, client: Any, folders: Sequence[str]) -> None:
        for folder in folders:
            if not client.folder_exists(folder):
                raise self._closed(f"has no folder {folder!r}: make it there or mend its name here")

    def _read(
        self, client: Any, folder: str, mark: Mark | None, limit: int, room: int
    ) -> tuple[list[RawMail], Mark, bool]:
        """Up to `limit` mails and `room` bytes after `mark`; all of them where the UIDVALIDITY changed."""
        state = client.select_folder(folder, readonly=True)
        validity, tip = state.get(b"UIDVALIDITY", 0), state.get(b"UIDNEXT")
        self._tips[folder] = (validity, tip)
        start = mark.uid if mark and mark.validity == validity else 0
        uids, more = _after(client, start, tip)
        chosen = uids[: min(limit, MOST_UIDS)]
        heads = self._heads(client, folder, chosen)
        fits = fitting(heads, room, self._door.max_bytes)
        if len(fits) < len(heads):
            chosen = [uid for uid in chosen if uid <= fits[-1].uid]
        more = more or len(uids) > len(chosen)
        mails = self._bodies(client, folder, validity, fits)
        is_first = more and (mark is None or mark.is_first)
        return mails, Mark(validity, chosen[-1] if chosen else start, is_first), more

    def _heads(self, client: Any, folder: str, uids: Sequence[int]) -> list[Head]:
        """Size and arrival of each, in order; what was expunged meanwhile is left out."""
        told = client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        heads = []
        for uid in uids:
            size, received = (told.get(uid, {}).get(word) for word in (b"RFC822.SIZE", b"INTERNALDATE"))
            if size is not None and received is not None:
                heads.append(Head(uid, size, aware(received)))
            elif _is_listed(client, uid):
                raise self._closed(f"lists message {uid} of {folder!r} but does not say when it arrived")
        return heads

    def _bodies(self, client: Any, folder: str, validity: int, heads: Sequence[Head]) -> list[RawMail]:
        most = self._door.max_bytes
        whole = [head.uid for head in heads if head.size <= most]
        found: dict[int, Any] = _patiently(client, whole, "BODY.PEEK[]")
        mails = []
        for head in heads:
            key = f"{folder};{validity};{head.uid}"
            raw = _part(found.get(head.uid))
            if raw is None or len(raw) < head.size:
                raw = self._alone(client, key, head, raw)
            if raw is not None:
                is_cut = head.size > most or (head.size > 0 and not raw)
                mails.append(RawMail(key, folder, raw, head.received, is_cut, head.size))
        return mails

    def _alone(self, client: Any, key: str, head: Head, had: bytes | None) -> bytes | None:
        """A second try for one message. None: it is gone. b"": the server keeps listing it and never gives it."""
        is_large = head.size > self._door.max_bytes
        part = f"BODY.PEEK[]<0.{min(HEAD_BYTES, self._door.max_bytes)}>" if is_large else "BODY.PEEK[]"
        raw = _part(_patiently(client, [head.uid], part).get(head.uid))
        if raw is not None or had is not None:
            return max(raw or b"", had or b"", key=len)
        if not _is_listed(client, head.uid):
            return None
        self._withheld.strike(key, f"{self.name}: {self._door.host} lists message {key} but does not give it")
        return b""

    def _holds(self, client: Any, folder: str, message_id: str) -> bool:
        client.select_folder(folder, readonly=True)
        hits = client.search(["HEADER", "Message-ID", f"<{message_id}>"])
        told = client.fetch(hits, ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"])
        return any(bears_id(_part(item) or b"", message_id) for item in told.values())

    # --- waiting ----------------------------------------------------------------------------------------------------

    def _has_news(self, client: Any) -> bool:
        """Whether a folder's next UID differs from when it was last read. Each difference is told once.

        INBOX comes last: it must be the examined one when IDLE begins, with nothing untold since. It comes first, too,
        as the status of the folder that is open tells nothing new (RFC 3501, 6.3.10).
        """
        others = [folder for folder in self._watched(client) if folder != "INBOX"]
        if others:
            client.select_folder("INBOX", readonly=True)
        states = {folder: client.folder_status(folder, ["UIDVALIDITY", "UIDNEXT"]) for folder in others}
        states["INBOX"] = client.select_folder("INBOX", readonly=True)
        tips = {folder: (state.get(b"UIDVALIDITY"), state.get(b"UIDNEXT")) for folder, state in states.items()}
        known, self._tips = self._tips, tips
        return tips != known


def _marks(cursor: str) -> dict[str, Mark]:
    """A cursor of another kind of door tells nothing about this one: everything is seen for the first time."""
    kept = json.loads(cursor).get("imap", {}) if cursor else {}
    return {folder: Mark(**mark) for folder, mark in kept.items()}


def _cursor(marks: dict[str, Mark]) -> str:
    return json.dumps({"imap": {folder: asdict(mark) for folder, mark in marks.items()}})


def _is_junk(flags: Sequence[bytes], delimiter: bytes | None, name: str) -> bool:
    if b"\\noselect" in (known := {flag.lower() for flag in flags}) or b"\\nonexistent" in known:
        return False
    own = name.removeprefix(f"INBOX{(delimiter or b'').decode()}")
    return b"\\junk" in known or own.casefold() in JUNK_NAMES


def _after(client: Any, start: int, tip: int | None) -> tuple[list[int], bool]:
    """UIDs above `start` in order, and whether more may lie beyond them. `tip`: the folder's UIDNEXT, if known."""
    low = start + 1
    while tip is not None and tip - low > SEARCH_SPAN:
        if found := client.search(["UID", f"{low}:{low + SEARCH_SPAN - 1}"]):
            return sorted(found), True
        low += SEARCH_SPAN
    # "n:*" always names the last message, even where its UID is below n (RFC 3501, 9).
    return sorted(uid for uid in client.search(["UID", f"{low}:*"]) if uid > start), False


def _patiently(client: Any, uids: Sequence[int], part: str) -> dict[int, Any]:
    """What the server gives of `part`. A refusal gives nothing: the caller asks for each alone, then counts."""
    try:
        found: dict[int, Any] = client.fetch(uids, [part])
    except IMAPClientAbortError:
        raise
    except IMAPClientError:
        return {}
    return found


def _part(told: dict[bytes, Any] | None) -> bytes | None:
    """The body in one message's FETCH answer, whichever section it was; NIL is an empty one."""
    for word, value in (told or {}).items():
        if word.startswith(b"BODY["):
            return value if isinstance(value, bytes) else b""
    return None


def _is_listed(client: Any, uid: int) -> bool:
    return uid in client.search(["UID", str(uid)])
