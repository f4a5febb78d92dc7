"""The mailbox contract on Exchange Web Services, against a server of our own, and what only EWS has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from bot.mailbox import open_mailbox
from bot.ports import Mailbox
from tests.contract.mailbox_contract import MailboxContract
from tests.servers.ews import EwsServer, held
from tests.servers.ews_store import Item

CREWE = "crewe@csc.example"


class EwsRoom:
    """One mailbox of a server that nobody else uses."""

    def __init__(self, server: EwsServer) -> None:
        self.server = server
        self._open: list[Mailbox] = []
        server.add(CREWE)

    def open(self, **changes: Any) -> Mailbox:
        self._open.append(open_mailbox("crewe", self.server.door(CREWE, **changes)))
        return self._open[-1]

    def deliver(self, raw: bytes, folder: str = "INBOX", received: datetime | None = None) -> None:
        self.server.store.put(self.server.store.at(CREWE, folder), raw, received)

    def make_folder(self, folder: str) -> None:
        self.server.store.make(self.server.store.mailboxes[CREWE], folder)

    def held(self, folder: str = "INBOX") -> list[Any]:
        return [held(item) for item in self.server.store.at(CREWE, folder).items.values()]

    def read(self, needle: bytes) -> None:
        self.server.store.change(self.item(needle), read=True)

    def move(self, needle: bytes, target: str) -> None:
        self.server.store.move(self.item(needle), self.server.store.at(CREWE, target))

    def delete(self, needle: bytes) -> None:
        self.server.store.take(self.item(needle))

    def shut(self) -> None:
        self.server.stop()

    def unshut(self) -> None:
        self.server.start()

    @property
    def port(self) -> int:
        return self.server.port

    def open_by(self, port: int, **changes: Any) -> Mailbox:
        return self.open(endpoint=f"https://127.0.0.1:{port}/EWS/Exchange.asmx", **changes)

    def open_slow(self, seconds: int) -> Mailbox:
        self.server.answer("busy", "SyncFolderItems", times=1, milliseconds=1000 * seconds)
        return self.open()

    def restart(self) -> None:
        self.server.restart()

    def refuse(self) -> None:
        self.server.answer("401")

    def admit(self) -> None:
        self.server.behave()

    def close(self) -> None:
        for mailbox in self._open:
            mailbox.close()

    def item(self, needle: bytes) -> Item:
        return next(item for item in self.server.store.items.values() if needle in item.raw)


@pytest.fixture
def room(open_ews: Callable[..., EwsServer]) -> Iterator[EwsRoom]:
    made = EwsRoom(open_ews())
    yield made
    made.close()


class TestEws(MailboxContract):
    """The contract itself."""

    door = "EWS"
