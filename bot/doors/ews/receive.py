"""Mail in by Exchange Web Services (exchangelib): what SyncFolderItems lists is the truth, a stream is only a hint.

Every message that comes into a folder is given whatever its flags; nothing is marked, moved or deleted. Exchange
promises no order, so a folder's changes are listed first and given by their arrival. An item's id is its key; it
changes with a move, and the ledger knows a mail by its content too. A sync state that the server takes no more means
reading the folder anew, which is no first sight. Not handled: a piece of a mail; a large one is fetched whole and cut.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from exchangelib import errors
from exchangelib.folders.collections import FolderCollection
from exchangelib.restriction import Q

from bot.doors.ews.client import Exchange
from bot.doors.ews.folders import Head, Listing, listing_after, newest, sent, watched
from bot.doors.ews.stream import Stream
from bot.doors.ports import NEWS, Batch, Look, RawMail
from bot.doors.reading import BATCH_BYTES, HEAD_BYTES, JUNK_NAMES, LOOKED, Withheld, fitting, gather, latest, strangers
from bot.model.errors import DoorClosed
from bot.settings.settings import Door

#: Messages listed before any is given: so many can be put into order, and held in memory.
LISTED = 20_000
#: Messages fetched in one request.
MOST_ITEMS = 50
#: Seconds between two looks while a stream would tell of news, and while there is none.
FAR, NEAR = 300.0, 30.0
#: How often a listed message is asked for in vain: see Withheld.
STRIKES = 3
#: The same where the answer may be of the server's bad moment, and not of the message.
PATIENCE = 10
#: What it says of a sync state that it takes no more.
LOST = (errors.ErrorInvalidSyncStateData, errors.ErrorSyncFolderNotFound)
#: What the server says of one message that it cannot give; some of these end the answer for its neighbours, too.
BROKEN = (
    errors.ErrorContentConversionFailed,
    errors.ErrorCorruptData,
    errors.ErrorItemCorrupt,
    errors.ErrorItemPropertyRequestFailed,
    errors.ErrorMessageSizeExceeded,
    errors.ErrorMimeContentConversionFailed,
    errors.ErrorMimeContentInvalid,
    errors.ErrorMimeContentInvalidBase64String,
    errors.ErrorUnsupportedMimeConversion,
)
REFUSED = (errors.ErrorAccessDenied, errors.ErrorInternalServerError)


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where a folder was read: what `state` lists is given up to `last` (received, id), then comes `until`.
    `latest`, `strange`: see reading.strangers; None in a mark of an earlier version."""

    state: str
    until: str = ""
    last: tuple[str, str] = ("", "")
    is_first: bool = False
    latest: tuple[str, ...] | None = None
    strange: tuple[str, ...] = ()


class EwsMailbox:
    """One mailbox on one server. For one thread at a time. `near`: seconds between two looks without a
    stream; `listed`: messages listed before any is given."""

    def __init__(self, name: str, door: Door, *, near: float = NEAR, listed: int = LISTED) -> None:
        self.name = name
        self.server = urlsplit(door.endpoint).netloc
        self._near = near
        self._most = listed
        self._door = door
        self._exchange = Exchange(name, door)
        self._stream = Stream(name, door)
        self._folders: dict[str, Any] = {}
        self._listed: dict[str, Listing] = {}
        self._tips: dict[str, str] = {}  # the state up to which each folder is known to hold no news
        self._withheld, self._refused = Withheld(STRIKES), Withheld(PATIENCE)
        self._went_back: list[str] = []

    def fetch(self, cursor: str, limit: int) -> Batch:
        """See ports.Mailbox. Folder by folder, each in order of arrival. Raises DoorClosed, Throttled."""
        marks = _marks(cursor)
        self._went_back.clear()
        try:
            with self._exchange.account() as account:

                def read(folder: str, mark: Mark | None, limit: int, room: int) -> tuple[list[RawMail], Mark, bool]:
                    return self._read(account, folder, mark, limit, room)

                mails, done, is_first = gather(self._watched(account), marks, limit, read)
        except DoorClosed:
            self._folders = {}  # a mailbox that was made again has others: the next pass asks which there are
            raise
        return Batch(tuple(mails), _cursor(marks), done, is_first, tuple(self._went_back))

    def ack(self, keys: Sequence[str]) -> None:
        """Nothing: the inbox belongs to people, and the work list is our own ledger."""

    def look(self, *, anew: bool = False) -> Look:
        """See ports.Mailbox. A stream tells of something sooner, where one listens. Raises DoorClosed."""
        if anew:
            self._folders = {}
        self._stream.hush()
        with self._exchange.account() as account:
            self._stream.listen(list(self._watched(account).values()))
            if self._has_news(account):
                return NEWS
        return Look(seconds=FAR if self._stream.is_live else self._near, line=self._stream.line)

    def find(self, message_id: str) -> bool:
        """See ports.Mailbox. Compares what it finds with the whole id."""
        sought = message_id.strip("<>")
        if not (sought and sought.isascii() and sought.isprintable()):
            return False
        with self._exchange.account() as account:
            folders = [sent(account, self._door.sent), *self._watched(account).values()]
            return any(_holds(account, folder, f"<{sought}>") for folder in folders)

    def close(self) -> None:
        """Lets go of stream and sessions, without a word to the server."""
        self._stream.close()
        self._exchange.close()

    def _watched(self, account: Any) -> dict[str, Any]:
        if not self._folders:
            self._folders = watched(account, JUNK_NAMES, self._door.folders)
        return self._folders

    # --- listing ----------------------------------------------------------------------------------------------------

    def _read(
        self, account: Any, folder: str, mark: Mark | None, limit: int, room: int
    ) -> tuple[list[RawMail], Mark, bool]:
        """Up to `limit` mails and `room` bytes after `mark`, and whether there is more."""
        mark = mark or Mark("", is_first=True, latest=())
        before = self._listed.get(folder)
        listing, mark = self._listing(account, folder, mark)
        waiting = [head for head in listing.heads if (head.received, head.id) > mark.last]
        chosen = fitting(waiting[: min(limit, MOST_ITEMS)], room, self._door.max_bytes)
        mails = self._bodies(account, folder, chosen)
        if mark.latest is not None:
            mark = replace(mark, latest=latest(mark.latest, ((head.received, head.id) for head in chosen)))
        if len(chosen) < len(waiting):
            last = (chosen[-1].received, chosen[-1].id)
            return mails, replace(mark, until=listing.until, last=last), True
        del self._listed[folder]
        state, more = listing.until, not listing.is_whole
        if listing is before and not more:  # listed a while ago: what came while it was given belongs to this pass
            quiet = self._quiet(account, folder, state)
            state, more = quiet or state, not quiet
        self._tips[folder] = state
        mark = Mark(state, is_first=mark.is_first and more, latest=mark.latest, strange=mark.strange)
        is_still = not listing.heads and not more and room == BATCH_BYTES  # nothing came in another folder either
        return self._still(account, folder, mark) if is_still else (mails, mark, more)

    def _still(self, account: Any, folder: str, mark: Mark) -> tuple[list[RawMail], Mark, bool]:
        """Nothing came, the server says: is that so? See reading.strangers."""
        found = newest(account, self._folders[folder], LOOKED)
        there = latest(None, ((head.received, head.id) for head in found))
        known = there if mark.latest is None else mark.latest
        strange, is_lost = strangers(known, mark.strange, there)
        if is_lost:
            self._went_back.append(folder)
            self._tips.pop(folder, None)
            return [], Mark("", latest=known), True
        return [], replace(mark, latest=known, strange=strange), False

    def _listing(self, account: Any, folder: str, mark: Mark) -> tuple[Listing, Mark]:
        """What is to be given after `mark`: as listed before, or listed now; anew where the state is good no more."""
        known = self._listed.get(folder)
        if known is None or not mark.until or (known.state, known.until) != (mark.state, mark.until):
            try:
                known = listing_after(account, self._folders[folder], mark.state, self._most)
            except LOST:
                self._went_back += [] if mark.is_first else [folder]
                mark = Mark("", is_first=mark.is_first, latest=mark.latest)
                known = listing_after(account, self._folders[folder], "", self._most)
            if mark.until:  # begun by an earlier process: what came since its listing is listed again behind it
                known = replace(known, until=mark.until, is_whole=False)
            self._listed[folder] = known
        return known, mark

    def _has_news(self, account: Any) -> bool:
        """Whether a message has come into a folder since it was last read; flags and moves out are no news."""
        for folder in self._watched(account):
            quiet = self._quiet(account, folder, self._tips.get(folder, ""))
            if not quiet:
                return True
            self._tips[folder] = quiet
        return False

    def _quiet(self, account: Any, folder: str, state: str) -> str:
        """A later state up to which no message came; "" where one has come, or nobody can tell."""
        if not state:
            return ""
        try:
            listing = listing_after(account, self._folders[folder], state, 1)
        except LOST:
            return ""
        return "" if listing.heads else listing.until

    # --- bodies -----------------------------------------------------------------------------------------------------

    def _bodies(self, account: Any, folder: str, heads: Sequence[Head]) -> list[RawMail]:
        most = self._door.max_bytes
        small = [head for head in heads if head.size <= most]
        try:
            found = _mime(account, self._folders[folder], small)
        except (*BROKEN, *REFUSED):
            found = {}  # it is not said which of them: each is asked for alone
        mails = []
        for head in heads:
            raw = found.get(head.id)
            if raw is None:
                raw = self._alone(account, folder, head)
            if raw is not None:
                is_cut = len(raw) > most
                kept = raw[: min(HEAD_BYTES, most)] if is_cut else raw
                received = datetime.fromisoformat(head.received)
                mails.append(RawMail(head.id, folder, kept, received, is_cut or not raw, len(raw) or head.size))
        return mails

    def _alone(self, account: Any, folder: str, head: Head) -> bytes | None:
        """One message by itself. None: it is gone. b"": the server keeps it and never gives it."""
        try:
            found = _mime(account, self._folders[folder], [head], is_alone=True)
        except errors.ErrorItemNotFound:
            return None
        except BROKEN:
            counted, found = self._withheld, {}
        except REFUSED:
            counted, found = self._refused, {}
        else:
            counted = self._refused
        if head.id not in found:
            where = f"{self.name}: {self._door.endpoint} lists a message of {folder!r}"
            counted.strike(head.id, f"{where} but does not give it")
        return found.get(head.id, b"")


def _mime(account: Any, folder: Any, heads: Sequence[Head], *, is_alone: bool = False) -> dict[str, bytes]:
    """The bytes of each message that can be had; of one that is `is_alone` the error is raised."""
    found: dict[str, bytes] = {}
    if not heads:
        return found
    told = list(account.fetch([(head.id, None) for head in heads], folder=folder, only_fields=["mime_content"]))
    if len(told) != len(heads):
        return found  # it cannot be said whose answer is missing
    for head, item in zip(heads, told, strict=True):
        if not isinstance(item, Exception):
            found[head.id] = item.mime_content or b""
        elif is_alone:
            raise item
    return found


def _holds(account: Any, folder: Any, message_id: str) -> bool:
    hits = list(FolderCollection(account=account, folders=[folder]).find_items(Q(message_id=message_id)))
    told = account.fetch(hits, folder=folder, only_fields=["message_id"]) if hits else []
    return any(getattr(hit, "message_id", None) == message_id for hit in told)


def _marks(cursor: str) -> dict[str, Mark]:
    """A cursor of another kind of door tells nothing about this one: everything is seen for the first time."""
    kept = json.loads(cursor).get("ews", {}) if cursor else {}
    return {folder: Mark(**{name: _value(value) for name, value in mark.items()}) for folder, mark in kept.items()}


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _cursor(marks: dict[str, Mark]) -> str:
    return json.dumps({"ews": {folder: asdict(mark) for folder, mark in marks.items()}})
