"""Many mailboxes and few threads: who is asked, how many lines stay open, how many threads it takes. Maildirs, some of
which give a line to wait for as a server's door does; the clock is the test's."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.daemon.threads import Troubles
from bot.daemon.watch.hands import BRISK
from bot.daemon.watch.watch import Watch
from bot.doors.ports import Batch, Look, Mailbox
from tests.crew import crew
from tests.integration.office import SECOND, Office, raw_mail
from tests.unit.case_samples import CREWE, START
from tests.until import until


class Lined:
    """A door whose looks give a line that says nothing. It counts what is asked of it."""

    def __init__(self, door: Mailbox) -> None:
        self._door = door
        self.line, self._far = socket.socketpair()
        self.fetched = self.closed = self.looked = 0
        self.is_stubborn = False  # it cannot be closed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._door, name)

    def fetch(self, cursor: str, limit: int) -> Batch:
        self.fetched += 1
        return self._door.fetch(cursor, limit)

    def look(self, *, anew: bool = False) -> Look:
        found = self._door.look(anew=anew)
        self.looked += 1
        return found if found.has_news else replace(found, seconds=60.0, line=self.line)

    def close(self) -> None:
        self.closed += 1
        if self.is_stubborn:
            raise TypeError("it cannot be closed")

    def let_go(self) -> None:
        self.line.close()
        self._far.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "in").mkdir()
    made = Office(tmp_path, watched=(CREWE, SECOND, *(f"team{n}@csc.example" for n in range(12))))
    yield made
    made.close()


@pytest.fixture
def lined(office: Office) -> Iterator[dict[str, Lined]]:
    """Every inbox's door, by name."""
    doors = {name: Lined(door) for name, door in office.app.mailboxes.items()}
    office.app.mailboxes.update(doors)  # type: ignore[arg-type]  # doors by delegation
    yield doors
    for door in doors.values():
        door.let_go()


def test_what_is_due_has_the_inboxes_of_its_case_read_alone(office: Office, lined: dict[str, Lined]) -> None:
    """Every inbox at the start; in the minute of a deadline that of its team and our own, and no other is asked."""
    crewe = office.app.alarms.mailboxes[CREWE]
    with crew(office.app, office.clock, lambda post: post.woken.set()) as made:
        office.put(raw_mail())
        made.box(crewe).ask()
        until(lambda: bool(office.letters("acknowledgement")))
        until(lambda: all(door.fetched and door.looked for door in lined.values()))  # each waits at its line now
        before = {name: door.fetched for name, door in lined.items()}
        office.clock.now = START + timedelta(hours=25)

        def is_escalated() -> bool:
            made.desk.woken.set()  # as the daemon's tick does, again and again
            return bool(office.letters("escalation"))

        until(is_escalated)
        asked = {name for name, door in lined.items() if door.fetched > before[name]}
        assert crewe in asked
        assert office.app.alarms.mailboxes[SECOND] not in asked
        assert len(asked) <= 2


def test_lines_beyond_the_setting_are_closed(office: Office, lined: dict[str, Lined]) -> None:
    """So many are held open as it says; the other mailboxes are read all the same, and now and then from then on."""
    config = office.app.settings.config.model_copy(update={"connections": 5})
    office.app.settings = replace(office.app.settings, config=config)
    with crew(office.app, office.clock, lambda post: post.woken.set()):
        until(lambda: sum(door.closed for door in lined.values()) == len(lined) - 5)
        assert all(door.fetched for door in lined.values())
        assert {door.closed for door in lined.values()} == {0, 1}


def test_a_door_that_cannot_be_closed_is_read_on(office: Office, lined: dict[str, Lined]) -> None:
    """What fails while a line too many is closed is told, and neither its mailbox nor the hand is lost for it."""
    config = office.app.settings.config.model_copy(update={"connections": 1})
    office.app.settings = replace(office.app.settings, config=config)
    for door in lined.values():
        door.is_stubborn = True
    with crew(office.app, office.clock, lambda post: post.woken.set()) as made:
        until(lambda: sum(door.closed for door in lined.values()) == len(lined) - 1)
        until(lambda: len(made.told.standing()) == len(lined) - 1)
        for door in lined.values():
            door.is_stubborn = False
        before = {name: door.fetched for name, door in lined.items()}
        for name in lined:
            made.box(name).ask()
        until(lambda: all(door.fetched > before[name] for name, door in lined.items()))
        until(lambda: made.told.standing() == [])


def test_mailboxes_are_no_threads(office: Office) -> None:
    """A watch takes one thread and a few hands, however many mailboxes it has."""
    before = set(threading.enumerate())
    watch = Watch(office.app, office.clock, Troubles(), lambda: None)
    watch.start()
    until(lambda: all(one.heard(1, 0) for one in watch.watchers))
    begun = [thread for thread in threading.enumerate() if thread not in before]
    watch.stop()
    watch.join(10)
    assert not watch.is_alive()
    assert len(begun) <= BRISK + 2 < len(watch.watchers)
