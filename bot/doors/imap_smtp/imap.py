"""Mail in by IMAP4rev1 (imapclient): a listing by UID is the truth, IDLE is only a hint.

Every message after the cursor is given whatever its flags; folders are only ever examined and bodies peeked at, so
nothing changes for the people who share the inbox. A folder that went back (another UIDVALIDITY, a UIDNEXT below what
it was, another message under a UID that was given) is read again from the start by keys of its own, which is no first
sight. It must not know what a mail says, what the ledger holds, how one logs in, or when to try again. Not handled:
CONDSTORE; what a human deletes for good before it was read is out of reach.
"""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.doors.imap_smtp.connection import Connection
from bot.doors.imap_smtp.marks import (
    ARRIVAL,
    LAST,
    SIZE,
    Head,
    Mark,
    cursor_of,
    is_back,
    is_listed,
    marks_of,
    part_of,
    patiently,
    size_and_arrival,
    uids_after,
)
from bot.doors.ports import NEWS, Batch, Look, RawMail
from bot.doors.reading import HEAD_BYTES, JUNK_NAMES, Withheld, bears_id, fitting, gather
from bot.model.errors import DoorClosed
from bot.settings.settings import Door

#: Seconds between two looks at a server that cannot IDLE.
LOOK_SECONDS = 15
#: UIDs named in one FETCH: servers limit the length of a command, some to 8 kB.
MOST_UIDS = 500
#: How often a listed message is asked for in vain: see Withheld.
STRIKES = 3


class ImapMailbox:
    """One mailbox on one server, over one connection made when needed. For one thread at a time."""

    def __init__(self, name: str, door: Door) -> None:
        self.name = name
        self.server = door.host
        self._door = door
        self._connection = Connection(name, door)
        self._folders: tuple[str, ...] = ()
        self._tips: dict[str, tuple[int | None, int | None]] = {}
        self._withheld = Withheld(STRIKES)
        self._went_back: list[str] = []

    def fetch(self, cursor: str, limit: int) -> Batch:
        """See ports.Mailbox. Folder by folder, each in order of UID; connects when there is no connection.

        Raises DoorClosed, Throttled.
        """
        marks = marks_of(cursor)
        self._went_back.clear()
        with self._client() as client:

            def read(folder: str, mark: Mark | None, limit: int, room: int) -> tuple[list[RawMail], Mark, bool]:
                return self._read(client, folder, mark, limit, room)

            mails, done, is_first = gather(self._watched(client), marks, limit, read)
        return Batch(tuple(mails), cursor_of(marks), done, is_first, tuple(self._went_back))

    def ack(self, keys: Sequence[str]) -> None:
        """Nothing: the inbox belongs to people, and the work list is our own ledger."""

    def look(self, *, anew: bool = False) -> Look:
        """See ports.Mailbox. Looks at every folder, and idles on INBOX from then on.

        Raises DoorClosed, also when a server that idled has hung up or fallen silent.
        """
        if anew:
            self._folders = ()
        elif (going_on := self._connection.still_idles()) is not None:
            return going_on
        with self._client() as client:
            if self._has_news(client):
                return NEWS
            return self._connection.idle(client) if client.has_capability("IDLE") else Look(seconds=LOOK_SECONDS)

    def find(self, message_id: str) -> bool:
        """See ports.Mailbox. Asks the server by header and compares what it finds: servers match loosely."""
        sought = message_id.strip("<>")
        if not (sought and sought.isascii() and sought.isprintable()):
            return False
        with self._client() as client:
            sent = (self._door.sent,) if self._door.sent else ()
            self._demand(client, sent)
            return any(self._holds(client, folder, sought) for folder in (*sent, *self._watched(client)))

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
        """Up to `limit` mails and `room` bytes after `mark`; from the first where the folder went back."""
        state = client.select_folder(folder, readonly=True)
        validity, tip = state.get(b"UIDVALIDITY", 0), state.get(b"UIDNEXT")
        self._tips[folder] = (validity, tip)
        mark = mark or Mark(validity, 0, is_first=True)
        if is_back(client, mark, validity, tip):
            self._went_back += [] if mark.is_first else [folder]
            mark = Mark(validity, 0, mark.is_first, turn=mark.turn + 1)
        uids, more = uids_after(client, mark.uid, tip)
        chosen = uids[: min(limit, MOST_UIDS)]
        key = f"{folder};{validity}{f'.{mark.turn}' if mark.turn else ''};"
        heads = self._heads(client, key, chosen, mark)
        fits = fitting(heads, room, self._door.max_bytes)
        if len(fits) < len(heads):
            chosen = [uid for uid in chosen if uid <= fits[-1].uid]
        more = more or len(uids) > len(chosen)
        mails = self._bodies(client, folder, key, fits)
        last = (*mark.last, *((head.uid, head.received.timestamp()) for head in fits if head.is_dated))[-LAST:]
        uid = chosen[-1] if chosen else mark.uid
        return mails, Mark(validity, uid, more and mark.is_first, tip or 0, mark.turn, last), more

    def _heads(self, client: Any, key: str, uids: Sequence[int], mark: Mark) -> list[Head]:
        """Size and arrival of each, in order; what was expunged meanwhile is left out. Of one that the server lists and
        tells nothing of, the arrival is taken to be that of the one before."""
        told = patiently(client, uids, SIZE, ARRIVAL)
        heads: list[Head] = []
        for uid in uids:
            found = told.get(uid, {})
            for part in (SIZE, ARRIVAL) if None in size_and_arrival(found) else ():
                found = patiently(client, [uid], part).get(uid, {}) | found
            size, received = size_and_arrival(found)
            if size is None or received is None:
                if not is_listed(client, uid):
                    continue
                self._withheld.strike(f"{key}{uid} head", self._lists(f"{key}{uid}", "does not say when it arrived"))
            before = heads[-1].received if heads else datetime.fromtimestamp(mark.last[-1][1] if mark.last else 0, UTC)
            is_dated = received is not None
            heads.append(Head(uid, 1 if size is None else size, received or before, is_dated))
        return heads

    def _lists(self, key: str, but: str) -> str:
        return f"{self.name}: {self._door.host} lists message {key} but {but}"

    def _bodies(self, client: Any, folder: str, prefix: str, heads: Sequence[Head]) -> list[RawMail]:
        most = self._door.max_bytes
        whole = [head.uid for head in heads if head.size <= most]
        found: dict[int, Any] = patiently(client, whole, "BODY.PEEK[]")
        mails = []
        for head in heads:
            key = f"{prefix}{head.uid}"
            raw = part_of(found.get(head.uid))
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
        raw = part_of(patiently(client, [head.uid], part).get(head.uid))
        if found := max(raw or b"", had or b"", key=len):
            return found
        if not is_listed(client, head.uid):
            return None  # Dovecot calls the body of one that was expunged NIL, as it does an empty one
        if raw is not None or had is not None:
            return b""
        self._withheld.strike(key, self._lists(key, "does not give it"))
        return b""

    def _holds(self, client: Any, folder: str, message_id: str) -> bool:
        client.select_folder(folder, readonly=True)
        hits = client.search(["HEADER", "Message-ID", f"<{message_id}>"])
        told = client.fetch(hits, ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"])
        return any(bears_id(part_of(item) or b"", message_id) for item in told.values())

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


def _is_junk(flags: Sequence[bytes], delimiter: bytes | None, name: str) -> bool:
    if b"\\noselect" in (known := {flag.lower() for flag in flags}) or b"\\nonexistent" in known:
        return False
    own = name.removeprefix(f"INBOX{(delimiter or b'').decode()}")
    return b"\\junk" in known or own.casefold() in JUNK_NAMES
