"""A server that was put back takes a place of its future for one without news: at Exchange and at Microsoft 365, where
nobody else can tell what the place means. Nothing is lost, nothing is done twice, the operator hears of it once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from bot.settings.settings import Door
from tests.integration.office import Office
from tests.integration.test_went_back import BOX, challenge, standing, told
from tests.servers.ews import EwsServer
from tests.servers.graph import GraphServer
from tests.unit.case_samples import CREWE, START

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Inbox(Protocol):
    def door(self) -> Door: ...

    def deliver(self, raw: bytes, at: datetime) -> None: ...

    def back_up(self) -> None: ...

    def put_back(self) -> None: ...


class Exchange:
    def __init__(self, server: EwsServer) -> None:
        self.server = server
        server.add(CREWE)
        self.inbox = server.store.at(CREWE, "INBOX")

    def door(self) -> Door:
        return self.server.door(CREWE)

    def deliver(self, raw: bytes, at: datetime) -> None:
        self.server.store.put(self.inbox, raw, at)

    def back_up(self) -> None:
        self.place = self.server.store.place(self.inbox)

    def put_back(self) -> None:
        self.server.store.fall_back(self.inbox, self.place)


class Microsoft365:
    def __init__(self, server: GraphServer) -> None:
        self.server = server
        server.add(CREWE)
        self.box = server.mailboxes[CREWE]

    def door(self) -> Door:
        return self.server.door(CREWE)

    def deliver(self, raw: bytes, at: datetime) -> None:
        self.box.add(raw, received=at)

    def back_up(self) -> None:
        self.place = self.box.position

    def put_back(self) -> None:
        with self.server.lock:
            self.box.fall_back(self.box.named("inbox"), self.place)


@pytest.fixture(params=["ews", "graph"])
def inbox(request: pytest.FixtureRequest) -> Inbox:
    if request.param == "ews":
        return Exchange(request.getfixturevalue("ews"))
    return Microsoft365(request.getfixturevalue("graph_server"))


@pytest.fixture
def office(inbox: Inbox, tmp_path: Path) -> Iterator[Office]:
    """Two challenges in the backup, and three that came since and were read."""
    (tmp_path / "in").mkdir()
    made = Office(tmp_path, doors={CREWE: inbox.door()})
    made.once(START - HOUR)
    for n in (1, 2):
        inbox.deliver(challenge(f"m{n}"), START + n * MINUTE)
    made.once(START + HOUR)
    inbox.back_up()
    for n in (3, 4, 5):
        inbox.deliver(challenge(f"m{n}"), START + HOUR + n * MINUTE)
    made.once(START + 2 * HOUR)
    yield made
    made.close()
    assert made.faults() == []


def looks(office: Office, since: datetime, times: int) -> None:
    for n in range(times):
        assert office.once(since + n * MINUTE) == []


def opened(office: Office) -> list[str]:
    return [case.opening_id or "" for case in office.cases()]


@pytest.mark.parametrize("fresh", [1, 5])
def test_what_comes_after_it_is_read(office: Office, inbox: Inbox, fresh: int) -> None:
    """Fewer mails have come than were lost, or more: each opens its case within a few looks, and only once."""
    inbox.put_back()
    for n in range(6, 6 + fresh):
        inbox.deliver(challenge(f"m{n}"), START + 3 * HOUR + n * MINUTE)
    looks(office, START + 4 * HOUR, 5)
    assert sorted(opened(office)) == sorted(f"m{n}@health.example" for n in range(1, 6 + fresh))
    assert told(office) == [f"Mailbox {BOX} went back"]


def test_nothing_has_come_since(office: Office, inbox: Inbox) -> None:
    """What is gone was read; nobody is told of what costs nothing, and nothing is done again."""
    before = standing(office)
    inbox.put_back()
    looks(office, START + 4 * HOUR, 5)
    assert (standing(office), told(office)) == (before, [])


def test_a_quiet_mailbox_is_believed(office: Office) -> None:
    """However often it is looked at, one that was not put back is never said to be."""
    before = standing(office)
    looks(office, START + 4 * HOUR, 8)
    assert (standing(office), told(office)) == (before, [])
