"""A stream of notifications from Exchange, in a thread that can be abandoned: it may ring early, late or never.

It rings when a server says that something came, and once when it begins to listen, as what came before is not told. A
stream that fails or hangs ends by itself and is begun anew after a pause. It knows no mail and changes nothing.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import defaultdict
from typing import Any

from exchangelib.services import GetStreamingEvents, SubscribeToStreaming

from bot.doors.ews.client import Exchange
from bot.model.errors import DoorClosed
from bot.settings.door import EWS_STREAMS, Door

#: Minutes for which one stream is asked; Exchange allows 30.
MINUTES = 10
#: Seconds between two beginnings: a stream that ends at once must not be begun in a circle.
PAUSE = 60.0
#: By endpoint. A mailbox for which no place is left is looked at more often.
_PLACES: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(EWS_STREAMS))

KINDS = ("NewMailEvent", "CreatedEvent", "MovedEvent", "CopiedEvent")


class Stream:
    """`listen` begins; `line` can be read when it has rung, until it is hushed. For one thread at a time."""

    def __init__(self, name: str, door: Door) -> None:
        self._name = name
        self._door = door
        self._bell: _Bell | None = None
        self._heard: _Heard | None = None
        self._again = 0.0

    @property
    def is_live(self) -> bool:
        """Whether news would be told of."""
        return self._heard is not None and self._heard.is_subscribed and self._heard.is_alive()

    @property
    def line(self) -> socket.socket | None:
        return None if self._bell is None else self._bell.line

    def listen(self, folders: list[Any]) -> None:
        """Has these folders listened to, where the server has a place for one more stream; returns at once."""
        ids = sorted(folder.id for folder in folders)
        heard = self._heard
        if heard is not None and heard.ids == ids and (heard.is_alive() or time.monotonic() < self._again):
            return
        self._abandon()
        places = _PLACES[self._door.endpoint]
        if not places.acquire(blocking=False):
            return
        self._again = time.monotonic() + PAUSE
        self._bell = self._bell or _Bell()
        heard = _Heard(Exchange(self._name, self._door), ids, folders, self._bell, places)
        try:
            heard.start()
        except RuntimeError:  # the system gives no more threads: it is looked at more often
            places.release()
        else:
            self._heard = heard

    def hush(self) -> None:
        """What has rung up to now was heard."""
        if self._bell is not None:
            self._bell.hush()

    def close(self) -> None:
        """Ends the stream. A thread that does not end within a second is left to itself."""
        heard = self._abandon()
        if heard is not None:
            heard.join(1)
        bell, self._bell = self._bell, None
        if bell is not None:
            bell.close()

    def _abandon(self) -> _Heard | None:
        heard, self._heard = self._heard, None
        if heard is not None:
            heard.abandon()
        return heard


class _Bell:
    """Rung by any thread; `line` can be read from then on."""

    def __init__(self) -> None:
        self.line, self._rope = socket.socketpair()
        self.line.setblocking(False)
        self._rope.setblocking(False)

    def ring(self) -> None:
        # A full pipe has rung already, and behind a closed one nobody listens.
        with contextlib.suppress(OSError):
            self._rope.send(b"!")

    def hush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self.line.recv(4096):
                pass

    def close(self) -> None:
        self.line.close()
        self._rope.close()


class _Heard(threading.Thread):
    """One subscription and one stream, on a connection of its own."""

    def __init__(
        self, exchange: Exchange, ids: list[str], folders: list[Any], bell: _Bell, places: threading.Semaphore
    ) -> None:
        super().__init__(name=f"stream of {exchange.name}", daemon=True)
        self.ids = ids
        self.is_subscribed = False
        self._exchange = exchange
        self._folders = folders
        self._bell = bell
        self._places = places
        self._is_over = threading.Event()

    def run(self) -> None:
        try:
            with self._exchange.account() as account:
                self._listen(account)
        except DoorClosed:
            self.is_subscribed = False  # the listing goes on without it, and says what is wrong if it lasts
        finally:
            self._exchange.close()
            self._places.release()
            if not self._is_over.is_set():
                self._bell.ring()

    def abandon(self) -> None:
        self._is_over.set()
        self._exchange.cut()

    def _listen(self, account: Any) -> None:
        name = SubscribeToStreaming(account=account).get(folders=self._folders, event_types=KINDS)
        service = GetStreamingEvents(account=account)
        self.is_subscribed = True
        self._bell.ring()
        if self._is_over.is_set():
            return
        for _ in service.call(subscription_ids=[name], connection_timeout=MINUTES):
            if self._is_over.is_set():
                return
            self._bell.ring()
