"""The mailbox contract on Microsoft Graph, and what only Graph has: links that expire, ids that stay, pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from bot.mailbox.graph import GraphMailbox
from bot.ports import Mailbox
from tests.contract.mailbox_contract import MailboxContract
from tests.servers.graph import GraphServer
from tests.servers.graph_routes import READ
from tests.servers.graph_store import Item

CREWE = "crewe.assessment@csc.example"
#: How the contract calls folders that every mailbox here has.
OWN = {"INBOX": "inbox", "Sent": "sentitems", "Junk": "junkemail", "Spam": "junkemail", "Junk E-mail": "junkemail"}


class GraphRoom:
    """A team's inbox, which we may only read."""

    def __init__(self, server: GraphServer) -> None:
        self.server = server
        self.box = server.add(CREWE, READ)
        self._open: list[Mailbox] = []

    def open(self, **changes: Any) -> Mailbox:
        self._open.append(GraphMailbox("crewe", self.server.door(CREWE, **changes), look=0.05))
        return self._open[-1]

    def deliver(self, raw: bytes, folder: str = "INBOX", received: datetime | None = None) -> None:
        with self.server.lock:
            self.box.add(raw, OWN.get(folder, folder), received)

    def make_folder(self, folder: str) -> None:
        if folder in OWN:
            self.box.named(OWN[folder]).name = folder
        else:
            self.box.make_folder(folder)

    def held(self, folder: str = "INBOX") -> list[Any]:
        lying = self.box.lying_in(OWN.get(folder, folder))
        return [(item.number, item.generation, item.is_read, item.categories) for item in lying]

    def read(self, needle: bytes) -> None:
        with self.server.lock:
            self.box.mark(self._item(needle), True)

    def move(self, needle: bytes, target: str) -> None:
        with self.server.lock:
            self.box.move(self._item(needle), OWN.get(target, target))

    def delete(self, needle: bytes) -> None:
        with self.server.lock:
            self.box.delete(self._item(needle))

    def shut(self) -> None:
        self.server.stop()

    def unshut(self) -> None:
        self.server.start()

    def close(self) -> None:
        for mailbox in self._open:
            mailbox.close()

    def _item(self, needle: bytes) -> Item:
        return next(item for item in self.box.items.values() if needle in item.raw)


@pytest.fixture
def room(graph_server: GraphServer) -> Iterator[GraphRoom]:
    made = GraphRoom(graph_server)
    yield made
    made.close()


class TestGraph(MailboxContract):
    """The contract itself."""
