"""A mail server that hangs holds up its own cases and nobody else's: threads of the daemon over Maildirs, one of which
answers no more. The clock is the test's."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.daemon.threads import LISTEN, Desk
from bot.daemon.watch.mailbox import Watcher
from bot.doors.ports import Mailbox
from bot.model import State
from tests import crew as daemon
from tests.integration.office import SECOND, Office, raw_mail
from tests.unit.case_samples import CREWE, FAY, HELEN, START
from tests.until import until


class Hanging:
    """A door whose server gives no more answers from `hang` on."""

    def __init__(self, door: Mailbox) -> None:
        self._door = door
        self._answers = threading.Event()
        self._answers.set()
        self.asked = threading.Event()
        self.hang, self.end = self._answers.clear, self._answers.set

    def __getattr__(self, name: str) -> Any:
        return getattr(self._door, name)

    def fetch(self, *asked: Any, **how: Any) -> Any:
        if not self._answers.is_set():
            self.asked.set()
        self._answers.wait()
        return self._door.fetch(*asked, **how)


class Awaited:
    """A mailbox of which it is known that somebody waits for it."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self.box, self.ask = watcher.box, watcher.ask
        self.awaited = threading.Event()

    def heard(self, wanted: int, until: float) -> bool:
        self.awaited.set()
        return self._watcher.heard(wanted, until)


@contextmanager
def crew(office: Office) -> Iterator[tuple[Desk, dict[str, Awaited]]]:
    """The daemon's threads over this office's inboxes, all of them read once."""
    watched: dict[str, Awaited] = {}

    def seen(watcher: Watcher) -> Awaited:
        return watched.setdefault(watcher.box, Awaited(watcher))

    def end() -> None:
        for door in office.app.mailboxes.values():
            if isinstance(door, Hanging):
                door.end()

    with daemon.crew(office.app, office.clock, lambda post: post.woken.set(), end, seen) as made:
        yield made.desk, watched


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "in").mkdir()
    made = Office(tmp_path, watched=(CREWE, SECOND))
    yield made
    made.close()


def hanging(office: Office, address: str) -> Hanging:
    """That inbox's door, which can hang."""
    name = office.app.alarms.mailboxes[address]
    door = Hanging(office.app.mailboxes[name])
    office.app.mailboxes[name] = door  # type: ignore[assignment]  # a door by delegation
    return door


def test_what_is_due_waits_for_the_inboxes_of_its_case_alone(office: Office) -> None:
    """The stage lapses and its letters go, while another team's server has been silent since before."""
    door = hanging(office, SECOND)
    with crew(office) as (desk, watchers):
        office.put(raw_mail())
        watchers[office.app.alarms.mailboxes[CREWE]].ask()
        until(lambda: bool(office.letters("acknowledgement")))
        door.hang()
        watchers[office.app.alarms.mailboxes[SECOND]].ask()
        assert door.asked.wait(10)
        office.clock.now = START + timedelta(hours=25)
        began = time.monotonic()
        desk.woken.set()
        until(lambda: bool(office.letters("escalation")))
        assert time.monotonic() - began < LISTEN / 3


def test_after_a_jump_of_the_clock_every_inbox_is_waited_for(office: Office) -> None:
    """A reply in another team's inbox, whose server is slow, is read before the stage that it answers lapses."""
    door = hanging(office, SECOND)
    with crew(office) as (desk, watchers):
        office.put(raw_mail())
        watchers[office.app.alarms.mailboxes[CREWE]].ask()
        until(lambda: bool(office.letters("acknowledgement")))
        slow = watchers[office.app.alarms.mailboxes[SECOND]]
        door.hang()
        reply = START + timedelta(hours=5)
        office.put(raw_mail(FAY, "The visit was made today and the child was seen.\n", number="r1", to=HELEN,
                            answers="m1@health.example", at=reply), reply, SECOND)  # fmt: skip
        slow.ask()
        assert door.asked.wait(10)
        slow.awaited.clear()
        office.clock.now = START + timedelta(days=3)
        desk.listen_anew()
        until(slow.awaited.is_set)
        assert office.letters("escalation") == []
        door.end()
        until(lambda: office.case().state is State.AWAITING_CONFIRMATION)
        assert office.letters("escalation") == []


def test_a_server_that_let_somebody_wait_in_vain_is_not_waited_for_again(office: Office) -> None:
    """Its next pass is asked for and not awaited until it has answered; then it is awaited as any other."""
    door = hanging(office, CREWE)
    with crew(office) as (_, watchers):
        watcher = watchers[office.app.alarms.mailboxes[CREWE]]
        assert watcher.heard(watcher.ask(), time.monotonic() + 10)
        door.hang()
        assert not watcher.heard(watcher.ask(), time.monotonic() + 0.2)
        began = time.monotonic()
        assert not watcher.heard(watcher.ask(), time.monotonic() + 10)
        assert time.monotonic() - began < 5
        number = watcher.ask()
        door.end()
        until(lambda: watcher.heard(number, time.monotonic() + 10))
        door.hang()
        assert not watcher.heard(watcher.ask(), time.monotonic() + 0.2)
