"""A stream of notifications from Exchange, in a thread that can be abandoned: it may ring early, late or never.

It rings when a server says that something came, and once when it begins to listen, as what came before is not told. A
stream that fails or hangs ends by itself and is begun anew after a pause. It knows no mail and changes nothing.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from exchangelib.services import GetStreamingEvents, SubscribeToStreaming

from bot.doors.ews.client import Exchange
from bot.model.errors import DoorClosed
from bot.settings.settings import Door

#: Minutes for which one stream is asked; Exchange allows 30.
MINUTES = 10
#: Seconds between two beginnings: a stream that ends at once must not be begun in a circle.
PAUSE = 60.0

KINDS = ("NewMailEvent", "CreatedEvent", "MovedEvent", "CopiedEvent")


class Stream:
    """`listen` begins, `rest` waits for a ring. For one thread, `ring` excepted."""

    def __init__(self, name: str, door: Door) -> None:
        self._name = name
        self._door = door
        self._bell = threading.Event()
        self._line: _Line | None = None
        self._again = 0.0

    @property
    def is_live(self) -> bool:
        """Whether news would be told of."""
        return self._line is not None and self._line.is_subscribed and self._line.is_alive()

    def listen(self, folders: list[Any]) -> None:
        """Has these folders listened to; returns at once."""
        ids = sorted(folder.id for folder in folders)
        line = self._line
        if line is not None and line.ids == ids and (line.is_alive() or time.monotonic() < self._again):
            return
        self._abandon()
        self._again = time.monotonic() + PAUSE
        self._line = _Line(Exchange(self._name, self._door), ids, folders, self._bell)
        self._line.start()

    def rest(self, seconds: float) -> None:
        """Until somebody rings, or the time is over."""
        self._bell.wait(seconds)
        self._bell.clear()

    def ring(self) -> None:
        self._bell.set()

    def close(self) -> None:
        """Ends the stream. A thread that does not end within a second is left to itself."""
        line = self._abandon()
        if line is not None:
            line.join(1)

    def _abandon(self) -> _Line | None:
        line, self._line = self._line, None
        if line is not None:
            line.abandon()
        return line


class _Line(threading.Thread):
    """One subscription and one stream, on a connection of its own."""

    def __init__(self, exchange: Exchange, ids: list[str], folders: list[Any], bell: threading.Event) -> None:
        super().__init__(name=f"stream of {exchange.name}", daemon=True)
        self.ids = ids
        self.is_subscribed = False
        self._exchange = exchange
        self._folders = folders
        self._bell = bell
        self._is_over = threading.Event()

    def run(self) -> None:
        try:
            with self._exchange.account() as account:
                self._listen(account)
        except DoorClosed:
            self.is_subscribed = False  # the listing goes on without it, and says what is wrong if it lasts
        finally:
            self._exchange.close()
            if not self._is_over.is_set():
                self._bell.set()

    def abandon(self) -> None:
        self._is_over.set()
        self._exchange.cut()

    def _listen(self, account: Any) -> None:
        name = SubscribeToStreaming(account=account).get(folders=self._folders, event_types=KINDS)
        service = GetStreamingEvents(account=account)
        self.is_subscribed = True
        self._bell.set()
        if self._is_over.is_set():
            return
        for _ in service.call(subscription_ids=[name], connection_timeout=MINUTES):
            if self._is_over.is_set():
                return
            self._bell.set()
