"""The mailbox contract on Microsoft Graph, and what only Graph has: links that expire, ids that stay, pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.daemon.watch.lines import news_within
from bot.doors.graph.receive import GraphMailbox
from bot.doors.ports import Mailbox
from bot.model.errors import DoorClosed
from tests.contract.mailbox_contract import ARRIVED, MailboxContract, drain, ids, letter
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
        self._kept: list[Item] = []

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

    @property
    def port(self) -> int:
        return self.server.port

    def open_by(self, port: int, **changes: Any) -> Mailbox:
        return self.open(endpoint=f"https://127.0.0.1:{port}/v1.0", **changes)

    def open_slow(self, seconds: int) -> Mailbox:
        self.server.answer("*", 429, Retry_After=str(seconds))
        return self.open()

    def restart(self) -> None:
        self.server.stop()
        self.server.start()

    def refuse(self) -> None:
        self.server.granted[CREWE].clear()

    def admit(self) -> None:
        self.server.granted[CREWE].add(READ)

    def back_up(self) -> None:
        self._kept = self.box.lying_in("inbox")

    def put_back(self) -> None:
        with self.server.lock:
            for item in [item for item in self.box.lying_in("inbox") if item not in self._kept]:
                self.box.delete(item)
        self.server.expire()

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

    door = "Graph"


def names(count: int, prefix: str = "n") -> list[str]:
    return [f"{prefix}{number:04}" for number in range(count)]


def fill(room: GraphRoom, *those: str, received: datetime = ARRIVED) -> None:
    for number, name in enumerate(those):
        room.deliver(letter(name), received=received + timedelta(minutes=number))


# --- links that expire -----------------------------------------------------------------------------------------------


def forgetful(cursor: str) -> str:
    """The cursor of a mailbox so busy that it no longer knows what it gave."""
    kept = json.loads(cursor)
    for mark in kept["graph"].values():
        mark["known"] = []
    return json.dumps(kept)


def test_link_expired(room: GraphRoom) -> None:
    """When the service has forgotten our links, all is listed again by the same keys, which is no first sight."""
    fill(room, *names(5))
    mailbox = room.open()
    before, cursor, _ = drain(mailbox)
    room.server.expire()
    room.deliver(letter("new"), received=ARRIVED + timedelta(hours=1))
    after, _, batches = drain(mailbox, forgetful(cursor), limit=2)
    assert ids(after) == [*names(5), "new"]
    assert [mail.key for mail in before] == [mail.key for mail in after][:5]
    assert not any(batch.is_first_sight for batch in batches)


def test_link_expired_lately(room: GraphRoom) -> None:
    """What was given last is known and does not come again."""
    fill(room, *names(5))
    mailbox = room.open()
    _, cursor, _ = drain(mailbox)
    room.server.expire()
    room.deliver(letter("new"))
    assert ids(drain(mailbox, cursor)[0]) == ["new"]


@pytest.mark.parametrize("skip", [1, 2])
def test_link_expired_in_mid_page(room: GraphRoom, skip: int) -> None:
    """A link that expires in the middle of the first count costs a second count and no mail, and it stays first
    sight."""
    fill(room, *names(500))
    room.server.answer("delta", 410, "syncStateNotFound", skip=skip)
    mails, cursor, batches = drain(room.open())
    assert ids(mails) == names(500)
    assert all(batch.is_first_sight for batch in batches)
    assert drain(room.open(), cursor)[0] == []


def test_link_that_expires_among_changes(room: GraphRoom) -> None:
    """The same in the middle of a long list of changes: each comes once."""
    mailbox = room.open()
    _, cursor, _ = drain(mailbox)
    fill(room, *names(250))
    room.server.answer("delta", 410, "syncStateNotFound", skip=1)
    mails, _, batches = drain(mailbox, cursor)
    assert ids(mails) == names(250)
    assert not any(batch.is_first_sight for batch in batches)


def test_link_that_never_holds(room: GraphRoom) -> None:
    """A service that loses its place over and over is a closed door and not asked in a circle."""
    room.server.answer("delta", 410, "syncStateNotFound", times=100)
    with pytest.raises(DoorClosed, match=r"crewe: .* keeps losing its place in 'INBOX'"):
        drain(room.open())
    assert room.server.steps.count("delta") < 10


def test_link_to_somewhere_else(room: GraphRoom, open_graph: Callable[..., GraphServer]) -> None:
    """A link is followed to the server of the door and to no other, which would be shown our token."""
    fill(room, *names(3))
    mailbox = room.open()
    _, cursor, _ = drain(mailbox)
    other = open_graph()
    mails, _, _ = drain(mailbox, forgetful(cursor).replace(room.server.endpoint, other.endpoint))
    assert ids(mails) == names(3)
    assert other.steps == []


# --- while people are at work ----------------------------------------------------------------------------------------


def test_deleted_while_listing(room: GraphRoom) -> None:
    """What people delete between two batches shifts no other mail past us."""
    fill(room, *names(6))
    mailbox = room.open()
    first = mailbox.fetch("", 2)
    for name in names(2):
        room.delete(f"<{name}@".encode())
    assert ids([*first.mails, *drain(mailbox, first.cursor, limit=2)[0]]) == names(6)


def test_moved_in_while_listing(room: GraphRoom) -> None:
    """An old mail that is moved into the folder while it is listed is found by the next pass."""
    room.make_folder("Private")
    fill(room, *names(4))
    room.deliver(letter("old"), "Private", ARRIVED - timedelta(days=400))
    mailbox = room.open()
    first = mailbox.fetch("", 3)
    room.move(b"<old@", "INBOX")
    rest, cursor, _ = drain(mailbox, first.cursor)
    assert news_within(mailbox, 0) is True
    assert ids([*first.mails, *rest, *drain(mailbox, cursor)[0]]) == [*names(4), "old"]


def test_many_of_one_second(room: GraphRoom) -> None:
    """More mails of one second than are remembered come once each."""
    for name in names(1300):
        room.deliver(letter(name), received=ARRIVED)
    mails, _, _ = drain(room.open(), limit=250)
    assert sorted(ids(mails)) == names(1300)


def test_changes_in_order(room: GraphRoom) -> None:
    """Changes come in order of arrival, though the service tells them in none, and in batches as asked for."""
    mailbox = room.open()
    _, cursor, _ = drain(mailbox)
    fill(room, *names(230))
    mails, cursor, batches = drain(mailbox, cursor, limit=50)
    assert ids(mails) == names(230)
    assert max(len(batch.mails) for batch in batches) <= 50
    assert drain(mailbox, cursor)[0] == []


def test_gone_before_it_was_fetched(room: GraphRoom) -> None:
    """A mail that vanishes between list and fetch holds up no other."""
    fill(room, *names(3))
    room.server.answer("value", 404, "ErrorItemNotFound", skip=1)
    assert ids(drain(room.open())[0]) == ["n0000", "n0002"]


def test_key_stays(room: GraphRoom) -> None:
    """A mail that a person moves between two watched folders comes by the key it had."""
    room.make_folder("Done")
    mailbox = room.open(folders=("Done",))
    room.deliver(letter("one"))
    first, cursor, _ = drain(mailbox)
    room.move(b"<one@", "Done")
    again, _, _ = drain(mailbox, cursor)
    assert {mail.key for mail in again} <= {mail.key for mail in first}


def test_key_changes(room: GraphRoom) -> None:
    """Where the service gives ordinary ids all the same, a moved mail comes by another key and none is missed."""
    room.server.routes.ignores_immutable = True
    room.make_folder("Done")
    mailbox = room.open(folders=("Done",))
    fill(room, "one", "two")
    first, cursor, _ = drain(mailbox)
    room.move(b"<one@", "Done")
    again, cursor, _ = drain(mailbox, cursor)
    assert (ids(first), [(mail.folder, *ids([mail])) for mail in again]) == (["one", "two"], [("Done", "one")])
    assert drain(mailbox, cursor)[0] == []


def test_read_mark_of_an_old_mail(room: GraphRoom) -> None:
    """A read mark on a mail we no longer remember brings it again by its key, for the ledger to know."""
    fill(room, *names(3))
    mailbox = room.open()
    first, cursor, _ = drain(mailbox)
    room.read(b"<n0001@")
    again, cursor, _ = drain(mailbox, forgetful(cursor))
    assert [mail.key for mail in again] == [first[1].key]
    assert drain(mailbox, cursor)[0] == []


def test_withheld(room: GraphRoom) -> None:
    """A mail that the service lists and never gives is passed on without its bytes after ten tries, for a person to
    see; the others come whole."""
    fill(room, *names(3))
    mailbox = room.open()
    room.server.answer("value", 500, "ErrorInternalServerError", times=9, skip=1)
    with pytest.raises(DoorClosed, match=r"lists a mail of 2027-01-15T16:46:00Z and does not give it \(500 Err"):
        mailbox.fetch("", 10)
    for _ in range(8):
        room.server.behave()
        room.server.answer("value", 500, "ErrorInternalServerError", skip=1)
        with pytest.raises(DoorClosed):
            mailbox.fetch("", 10)
    room.server.behave()
    room.server.answer("value", 500, "ErrorInternalServerError", skip=1)
    mails = mailbox.fetch("", 10).mails
    assert [(mail.raw, mail.is_truncated) for mail in mails] == [
        (letter("n0000"), False),
        (b"", True),
        (letter("n0002"), False),
    ]


# --- folders ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["Casework", "Inbox/Casework", "Fälle & Akten/2027", "a/b"])
def test_folder_names(room: GraphRoom, folder: str) -> None:
    """A configured folder may lie under another, and have any name that a person gives it."""
    if folder == "Inbox/Casework":
        made = room.box.make_folder("Casework", "inbox").id
    elif folder == "a/b":
        made = room.box.make_folder("a/b").id
    else:
        parent, _, child = folder.partition("/")
        made = room.box.make_folder(parent).id
        made = room.box.make_folder(child, made).id if child else made
    room.deliver(letter("one"), made)
    mails, _, _ = drain(room.open(folders=(folder,)))
    assert [(mail.folder, *ids([mail])) for mail in mails] == [(folder, "one")]


def test_folder_far_down_the_list(room: GraphRoom) -> None:
    """A folder is found among more than a page of them."""
    for number in range(230):
        room.make_folder(f"Team {number}")
    room.deliver(letter("one"), "Team 229")
    assert ids(drain(room.open(folders=("Team 229",)))[0]) == ["one"]


def test_deleted_items(room: GraphRoom) -> None:
    """Deleted Items are read where they are configured, by the service's own word, and nowhere else."""
    room.deliver(letter("one"), "deleteditems")
    assert drain(room.open())[0] == []
    assert ids(drain(room.open(folders=("deleteditems",)))[0]) == ["one"]


def test_folder_replaced(room: GraphRoom) -> None:
    """Another folder under a known name has not been read: it is seen for the first time, and none of it is missed."""
    room.make_folder("Done")
    mailbox = room.open(folders=("Done",))
    room.deliver(letter("one"), "Done")
    _, cursor, _ = drain(mailbox)
    room.box.named("Done").name = "Done in 2026"
    room.make_folder("Done")
    room.deliver(letter("two"), "Done")
    mails, _, batches = drain(room.open(folders=("Done",)), cursor)
    assert (ids(mails), batches[-1].is_first_sight) == (["two"], True)


def test_folder_deleted(room: GraphRoom) -> None:
    """A configured folder that people delete is named, so that its mail is not silently missed."""
    room.make_folder("Done")
    mailbox = room.open(folders=("Done",))
    _, cursor, _ = drain(mailbox)
    room.box.remove_folder("Done")
    with pytest.raises(DoorClosed, match="no folder 'Done'"):
        drain(mailbox, cursor)


def test_folder_replaced_between_two_looks_for_proof(room: GraphRoom) -> None:
    """Who only looks for proof finds the new folder at the second look."""
    room.make_folder("Done")
    mailbox = room.open(folders=("Done",))
    assert not mailbox.find("one@health.example")
    room.box.remove_folder("Done")
    room.make_folder("Done")
    room.deliver(letter("one"), "Done")
    with pytest.raises(DoorClosed):
        mailbox.find("one@health.example")
    assert mailbox.find("one@health.example")


def test_folder_named_twice(room: GraphRoom) -> None:
    """A folder that is watched anyway and configured as well is read once."""
    room.deliver(letter("one"), "junkemail")
    assert ids(drain(room.open(folders=("junkemail", "Inbox")))[0]) == ["one"]


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_one_mail_costs_few_requests(room: GraphRoom) -> None:
    """A new mail: a look at each of the two folders that finds it, a pass over both, its bytes."""
    mailbox = room.open()
    _, cursor, _ = drain(mailbox)
    news_within(mailbox, 0)
    room.server.steps.clear()
    room.deliver(letter("one"))
    assert news_within(mailbox, 1) is True
    drain(mailbox, cursor)
    assert sorted(room.server.steps) == ["delta", "delta", "delta", "value"]


def test_reading_asks_for_reading_only(room: GraphRoom) -> None:
    """Everything a team's inbox is asked for is covered by Mail.Read."""
    fill(room, *names(3))
    mailbox = room.open()
    drain(mailbox)
    mailbox.find("n0001@health.example")
    assert set(room.server.steps) <= {"folder", "delta", "list", "value"}
