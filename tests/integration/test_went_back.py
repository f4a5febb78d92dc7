"""A mailbox that went back, at every door: put back from a backup, or deleted and made again, while cases are open.

Nothing is lost, nothing is done twice, a mail that waits for a person waits once, and the operator hears of it once.
"""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from bot.doors.maildir.send import deliver
from bot.settings.settings import Door
from bot.store import mailboxes
from tests.integration.office import DAY, Office, raw_mail
from tests.servers.dovecot import Dovecot
from tests.servers.ews import EwsServer
from tests.servers.graph import GraphServer
from tests.unit.case_samples import CREWE, FAY, MANAGER, START

HOUR = timedelta(hours=1)
BOX = "CE Crewe Assessment Team"


class Inbox(Protocol):
    """Crewe's inbox behind one kind of door."""

    def door(self) -> Door: ...

    def deliver(self, raw: bytes, at: datetime) -> None: ...

    def back_up(self) -> None: ...

    def put_back(self) -> None: ...

    def make_anew(self) -> None:
        """It is deleted, and an empty one has its name."""
        ...


class Imap:
    def __init__(self, server: Dovecot) -> None:
        self.server, self.user = server, server.new_user()

    def door(self) -> Door:
        return self.server.door(self.user)

    def deliver(self, raw: bytes, at: datetime) -> None:
        self.server.deliver(self.user, raw, received=at)

    def back_up(self) -> None:
        self.server.back_up(self.user)

    def put_back(self) -> None:
        self.server.put_back(self.user)

    def make_anew(self) -> None:
        self.server.make_anew(self.user)


class Maildir:
    def __init__(self, folder: Path) -> None:
        self.path, self.kept = folder / "in" / "crewe", folder / "kept"
        self.path.parent.mkdir(exist_ok=True)

    def door(self) -> Door:
        return Door(kind="maildir", path=str(self.path))

    def deliver(self, raw: bytes, at: datetime) -> None:
        deliver(self.path, raw, at)

    def back_up(self) -> None:
        shutil.copytree(self.path, self.kept, copy_function=shutil.copy2)

    def put_back(self) -> None:
        self.path.rename(self.path.with_name("broken"))
        shutil.copytree(self.kept, self.path, copy_function=shutil.copy2)

    def make_anew(self) -> None:
        self.path.rename(self.path.with_name("deleted"))


class Exchange:
    """Put back, every mail has another id and no sync state holds."""

    def __init__(self, server: EwsServer) -> None:
        self.server = server
        self.kept: list[tuple[bytes, datetime]] = []
        server.add(CREWE)

    def door(self) -> Door:
        return self.server.door(CREWE)

    def deliver(self, raw: bytes, at: datetime) -> None:
        self.server.store.put(self.server.store.at(CREWE, "INBOX"), raw, at)

    def back_up(self) -> None:
        self.kept = [(one.raw, one.received) for one in self.server.store.at(CREWE, "INBOX").items.values()]

    def put_back(self) -> None:
        self.make_anew()
        for raw, at in self.kept:
            self.deliver(raw, at)

    def make_anew(self) -> None:
        self.server.store.remove(CREWE)
        self.server.add(CREWE)


class Microsoft365:
    """The same: the mails are other items in another mailbox of that address."""

    def __init__(self, server: GraphServer) -> None:
        self.server = server
        self.kept: list[tuple[bytes, datetime]] = []
        server.add(CREWE)

    def door(self) -> Door:
        return self.server.door(CREWE)

    def deliver(self, raw: bytes, at: datetime) -> None:
        self.server.mailboxes[CREWE].add(raw, received=at)

    def back_up(self) -> None:
        self.kept = [(one.raw, one.received) for one in self.server.mailboxes[CREWE].lying_in("inbox")]

    def put_back(self) -> None:
        self.make_anew()
        for raw, at in self.kept:
            self.deliver(raw, at)

    def make_anew(self) -> None:
        self.server.remove(CREWE)
        self.server.add(CREWE)
        self.server.expire()


KINDS: dict[str, Callable[..., Inbox]] = {"maildir": Maildir, "imap": Imap, "ews": Exchange, "graph": Microsoft365}
SERVERS = {"maildir": "tmp_path", "imap": "dovecot", "ews": "ews", "graph": "graph_server"}


@pytest.fixture(params=KINDS)
def inbox(request: pytest.FixtureRequest) -> Inbox:
    return KINDS[request.param](request.getfixturevalue(SERVERS[request.param]))


@pytest.fixture
def office(inbox: Inbox, tmp_path: Path) -> Iterator[Office]:
    """A case, a mail that waits for a person and one of no concern, all in the backup."""
    (tmp_path / "in").mkdir(exist_ok=True)
    made = Office(tmp_path, doors={CREWE: inbox.door()})
    made.once(START - HOUR)
    inbox.deliver(challenge("m1"), START)
    waiting = raw_mail(MANAGER, "As I said.\n", number="w1", subject=f"RE: {DAY}", answers="nobody@knows.example")
    inbox.deliver(waiting, START + timedelta(seconds=1))
    inbox.deliver(raw_mail(FAY, "At noon.\n", number="lunch", subject="Lunch"), START + timedelta(seconds=2))
    made.once(START + timedelta(minutes=1))
    assert standing(made)[1] == 1
    inbox.back_up()
    yield made
    made.close()
    assert made.faults() == []


def challenge(number: str) -> bytes:
    return raw_mail(number=number, text=f"The family called {number} was not seen by anybody at all. {number * 9}\n")


def look(office: Office, at: datetime) -> None:
    """Passes at that instant until every door is open: a server that was put back has put out whoever was logged in."""
    for _ in range(4):
        if not (troubles := office.once(at)):
            return
    pytest.fail(f"still closed: {troubles}")


def standing(office: Office) -> tuple[list[str | None], int, int]:
    """What a mail that is read twice could change: cases, mails that wait, letters of cases."""
    letters = [q for q in office.letters() if q.case is not None]
    return [case.opening_id for case in office.cases()], len(office.listed("holding_pen")), len(letters)


def told(office: Office) -> list[str]:
    return [q.letter.subject for q in office.letters("alert")]


def floor(office: Office) -> datetime:
    with office.app.db.read() as tx:
        found = mailboxes.watched(tx, BOX).floor
    assert found is not None
    return found


def test_put_back_from_its_backup(office: Office, inbox: Inbox) -> None:
    """What came after the backup was read and is in no mailbox now; what it holds does nothing again; what comes then
    opens its case at once; the floor is no lower than it was."""
    inbox.deliver(challenge("m2"), START + HOUR)
    look(office, START + HOUR)
    before, former = standing(office), floor(office)
    inbox.put_back()
    look(office, START + 2 * HOUR)
    assert standing(office) == before
    inbox.deliver(challenge("m3"), START + 3 * HOUR)
    look(office, START + 3 * HOUR)
    assert [case.opening_id for case in office.cases()] == [f"m{n}@health.example" for n in (1, 2, 3)]
    assert standing(office)[1] == before[1]
    assert (told(office), floor(office) >= former) == ([f"Mailbox {BOX} went back"], True)


def test_new_mail_is_there_before_anybody_looks(office: Office, inbox: Inbox) -> None:
    """The mailbox was put back and had new mail, more than was lost, before it was read again."""
    inbox.deliver(challenge("m2"), START + HOUR)
    look(office, START + HOUR)
    inbox.put_back()
    for n in range(3, 6):
        inbox.deliver(challenge(f"m{n}"), START + 2 * HOUR + timedelta(seconds=n))
    look(office, START + 3 * HOUR)
    assert [case.opening_id for case in office.cases()] == [f"m{n}@health.example" for n in range(1, 6)]
    assert (standing(office)[1], told(office)) == (1, [f"Mailbox {BOX} went back"])


def test_put_back_twice_in_a_day(office: Office, inbox: Inbox) -> None:
    """The second time nothing is done again either, and the operator is not told a second time that day."""
    before = standing(office)
    for hours in (1, 2):
        inbox.deliver(raw_mail(FAY, "Soup.\n", number=f"n{hours}", subject="Soup"), START + hours * HOUR)
        look(office, START + hours * HOUR)
        inbox.put_back() if hours == 1 else inbox.make_anew()
        look(office, START + hours * HOUR + HOUR / 2)
    inbox.deliver(challenge("m3"), START + 3 * HOUR)
    look(office, START + 3 * HOUR)
    assert (len(office.cases()), standing(office)[1], told(office)) == (2, before[1], [f"Mailbox {BOX} went back"])


def test_deleted_and_made_again(office: Office, inbox: Inbox) -> None:
    """An empty mailbox of the same name is the same mailbox to us: its new mail is read, and it is told."""
    before = standing(office)
    inbox.make_anew()
    look(office, START + HOUR)
    assert standing(office) == before
    inbox.deliver(challenge("m3"), START + 2 * HOUR)
    look(office, START + 2 * HOUR)
    assert len(office.cases()) == 2
    assert told(office) == [f"Mailbox {BOX} went back"]


def test_a_message_id_that_comes_again_with_other_words_is_another_mail(office: Office, inbox: Inbox) -> None:
    """While everything is compared, only the same bytes are taken for the same mail: a challenge under the id of a mail
    that was of no concern is not lost."""
    inbox.put_back()
    words = "The twins were not seen by anybody at all, and nobody has told us why.\n"
    inbox.deliver(raw_mail(text=words, number="new", Message_ID="<lunch@csc.example>"), START + HOUR)
    look(office, START + HOUR)
    assert [case.opening_id for case in office.cases()] == ["m1@health.example", "lunch@csc.example"]
