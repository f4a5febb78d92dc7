"""What a mailbox, a transport and a clock must promise, in prose.

A mailbox gives every message that its folders hold, once each as far as its cursor knows, in order of arrival, with
the server's own arrival time, and never changes a flag, moves or deletes anything. `fetch` may give a message again
(after a lost cursor); the ledger knows. `ack` is called after the commit and may do nothing. A transport hands over in
two steps, so that what cannot be taken back is known to the database before it happens. A clock is a callable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class RawMail:
    """One message as the server holds it. `key` is unique for ever within the mailbox (folder, validity and uid)."""

    key: str
    folder: str
    raw: bytes
    received: datetime  # the server's own arrival time, aware
    is_truncated: bool = False  # larger than the mailbox was told to fetch: `raw` is its beginning
    size: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What one fetch gave, and the cursor that stands after it. An empty batch with `done` ends a pass."""

    mails: tuple[RawMail, ...]
    cursor: str  # opaque JSON text, stored by the caller in the same transaction as the mails
    done: bool = True  # False: there is more to fetch at once
    is_first_sight: bool = False  # these folders were never read before
    #: Folders that do not go on from the cursor (put back from a backup, made again, numbered anew): all they hold is
    #: given anew, by keys that were not given before unless the server's own name the same mail for ever.
    went_back: tuple[str, ...] = ()


class Line(Protocol):
    """What a selector waits for: a socket that can be read when something has happened."""

    def fileno(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found: news, to be fetched now, or that the next look is worth while after `seconds`; sooner when
    `line` can be read or something comes into one of the `folders`, which are hints and never the truth."""

    has_news: bool = False
    seconds: float = 0.0
    line: Line | None = None
    folders: tuple[str, ...] = ()  # directories of this machine


NEWS = Look(has_news=True)


class Mailbox(Protocol):
    """Mail in. Raises DoorClosed when it cannot be read; the caller waits and calls again. For one thread at a time.

    `server`: what it shares with other mailboxes, so that a server that hangs holds up none but its own.
    """

    name: str
    server: str

    def fetch(self, cursor: str, limit: int) -> Batch:
        """The next `limit` messages after `cursor` ("" at first), whatever their flags."""
        ...

    def ack(self, keys: Sequence[str]) -> None:
        """Called when the messages are safe with us. Sets no flag in a shared inbox."""
        ...

    def look(self, *, anew: bool = False) -> Look:
        """Whether something may have come since the last fetch, and what to wait for where nothing has; it never
        waits for mail itself. `anew`: asks which folders there are, too."""
        ...

    def find(self, message_id: str) -> bool:
        """Whether a message with this Message-ID lies in Sent or in any watched folder: proof of a send."""
        ...

    def close(self) -> None:
        """Lets go of what is held open, soon, whatever the server does. Another use opens it anew."""
        ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """A finished letter: exact bytes and exact recipients, already checked against the allow-list.

    `may_leave`: recipients that may be written to although the allow-list does not know them (the stranger's letter).
    Lines of `raw` are at most 998 bytes long.
    """

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    message_id: str
    may_leave: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one address was not accepted. `is_hard` False: it may be tried again later."""

    recipient: str
    status: str
    words: str
    is_hard: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a hand-over, per recipient: `accepted` and `refused` together are all of the envelope's.

    `assigned_id`: the Message-ID the server gave it in place of ours, without brackets, if it told one.
    """

    accepted: tuple[str, ...]
    refused: tuple[Refusal, ...] = ()
    assigned_id: str = ""
    reply: str = ""


class Offer(Protocol):
    """A letter offered: nothing irrevocable has happened yet. `refused` are recipients already known to be refused."""

    id: str
    refused: tuple[Refusal, ...]
    accepted: tuple[str, ...]  # recipients a delivery would reach; () means there is nothing to deliver

    @property
    def assigned_id(self) -> str:
        """The Message-ID that the server has given it already in place of ours, without brackets; else ""."""
        ...

    def deliver(self) -> Outcome:
        """The step that cannot be taken back. Raises Unsure when its answer is lost, DoorClosed if surely not sent."""
        ...

    def abandon(self) -> None:
        """Lets go of it without sending."""
        ...


class Carrier(Protocol):
    """What makes a CarriedOffer, and has its two steps."""

    def deliver(self, offer: CarriedOffer) -> Outcome: ...
    def abandon(self, offer: CarriedOffer) -> None: ...


@dataclass(eq=False, slots=True)
class CarriedOffer:
    """An Offer that holds no state of its server: `carrier` does."""

    carrier: Carrier
    envelope: Envelope
    accepted: tuple[str, ...]
    refused: tuple[Refusal, ...]
    id: str = ""
    assigned_id: str = ""

    def deliver(self) -> Outcome:
        return self.carrier.deliver(self)

    def abandon(self) -> None:
        self.carrier.abandon(self)


class Transport(Protocol):
    """Letters out. `offer` raises DoorClosed when the server cannot be used now."""

    def offer(self, envelope: Envelope) -> Offer: ...

    def find(self, offer_id: str) -> bool:
        """Whether the letter of an earlier offer has left, as the server says: proof of a send whose answer was lost.

        False where it says nothing of an offer; a copy may lie in a mailbox all the same. Raises DoorClosed.
        """
        ...

    def close(self) -> None: ...
