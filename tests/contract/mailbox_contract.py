"""What every mailbox promises, as tests; a file per kind brings a `room` and inherits them.

A room is one inbox with the people who share it: mail is delivered to it, they read, move and delete, its server goes
away and comes back. It checks what `fetch`, `wait` and `find` give, and that nothing on the server has changed.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from bot.errors import DoorClosed
from bot.ports import Batch, Mailbox, RawMail
from tests.until import until

ARRIVED = datetime(2027, 1, 15, 16, 45, tzinfo=UTC)

UGLY = {
    "bytes above 127 that are no UTF-8": b"Subject: caf\xe9\r\n\r\n\xff\xfe\x80 caf\xe9\r\n",
    "no header at all": b"\r\njust a body\r\n",
    "no line end at the end": b"Subject: x\r\n\r\ncut off",
    "a line of a hundred thousand bytes": b"Subject: " + b"x" * 100_000 + b"\r\n\r\n" + b"y" * 100_000 + b"\r\n",
    "what looks like the protocol": b"Subject: ) UID 7 {12}\r\n\r\n* 3 FETCH (BODY[] {5}\r\n)\r\nA1 OK done\r\n.\r\n",
    "digits only": b"12345",
}


class Room(Protocol):
    """One inbox and its people. `needle` is a piece of the mail that is meant."""

    def open(self, **changes: Any) -> Mailbox: ...

    def deliver(self, raw: bytes, folder: str = "INBOX", received: datetime | None = None) -> None: ...

    def make_folder(self, folder: str) -> None: ...

    def held(self, folder: str = "INBOX") -> list[Any]:
        """Everything about the mails there that a reader could change."""
        ...

    def read(self, needle: bytes) -> None: ...

    def move(self, needle: bytes, target: str) -> None: ...

    def delete(self, needle: bytes) -> None: ...

    def shut(self) -> None:
        """Nobody can read it any more."""
        ...

    def unshut(self) -> None: ...


def letter(name: str, body: str = "Please answer.") -> bytes:
    return (
        f"From: Helen Visser <helen@health.example>\r\nMessage-ID: <{name}@health.example>\r\n\r\n{body}\r\n".encode()
    )


def ids(mails: list[RawMail] | tuple[RawMail, ...]) -> list[str]:
    """The names that `letter` gave them."""
    return [mail.raw.partition(b"Message-ID: <")[2].partition(b"@")[0].decode() for mail in mails]


def drain(mailbox: Mailbox, cursor: str = "", limit: int = 100) -> tuple[list[RawMail], str, list[Batch]]:
    """One pass: everything after `cursor`, the cursor after it, the batches it came in."""
    mails: list[RawMail] = []
    batches: list[Batch] = []
    while not batches or not batches[-1].done:
        batches.append(mailbox.fetch(cursor, limit))
        cursor = batches[-1].cursor
        mails += batches[-1].mails
    return mails, cursor, batches


class MailboxContract:
    """Inherited by one class a kind of mailbox, which has a `room` fixture."""

    # --- what is given -----------------------------------------------------------------------------------------------

    def test_once(self, room: Room) -> None:
        """A new mail is given once, and once only."""
        mailbox = room.open()
        room.deliver(letter("one"))
        first, cursor, _ = drain(mailbox)
        room.deliver(letter("two"))
        second, cursor, _ = drain(mailbox, cursor)
        third, _, _ = drain(mailbox, cursor)
        assert (ids(first), ids(second), ids(third)) == (["one"], ["two"], [])

    def test_restart(self, room: Room) -> None:
        """Another process that goes on from the cursor gives what came since, and nothing else."""
        room.deliver(letter("one"))
        _, cursor, _ = drain(room.open())
        room.deliver(letter("two"))
        assert ids(drain(room.open(), cursor)[0]) == ["two"]

    def test_not_committed(self, room: Room) -> None:
        """A batch whose cursor was not kept is given again, by the same keys."""
        mailbox = room.open()
        room.deliver(letter("one"))
        assert mailbox.fetch("", 10).mails == mailbox.fetch("", 10).mails != ()

    def test_empty(self, room: Room) -> None:
        """An empty mailbox gives an empty batch that ends the pass."""
        batch = room.open().fetch("", 10)
        assert (batch.mails, batch.done, batch.is_first_sight) == ((), True, True)

    def test_order(self, room: Room) -> None:
        """Mails come in order of arrival, with the server's own arrival time."""
        for minute in range(5):
            room.deliver(letter(f"m{minute}"), received=ARRIVED + timedelta(minutes=minute))
        mails, _, _ = drain(room.open(), limit=2)
        assert ids(mails) == ["m0", "m1", "m2", "m3", "m4"]
        assert [mail.received for mail in mails] == [ARRIVED + timedelta(minutes=minute) for minute in range(5)]

    def test_backlog(self, room: Room) -> None:
        """Two thousand waiting mails come in batches no larger than asked for, each mail once."""
        for number in range(2000):
            room.deliver(letter(f"n{number:04}"), received=ARRIVED + timedelta(seconds=number))
        mails, _, batches = drain(room.open(), limit=300)
        assert ids(mails) == [f"n{number:04}" for number in range(2000)]
        assert len({mail.key for mail in mails}) == 2000
        assert max(len(batch.mails) for batch in batches) <= 300

    def test_big(self, room: Room) -> None:
        """A large mail comes whole, and the one behind it, too."""
        body = "\r\n".join(["0123456789" * 7] * 80_000)
        room.deliver(letter("large", body), received=ARRIVED)
        room.deliver(letter("small"), received=ARRIVED + timedelta(seconds=1))
        mails, _, _ = drain(room.open())
        assert [mail.raw for mail in mails] == [letter("large", body), letter("small")]
        assert [(mail.is_truncated, mail.size) for mail in mails] == [(False, len(mail.raw)) for mail in mails]

    def test_too_big(self, room: Room) -> None:
        """Of a mail above the door's limit its beginning is given, said to be one, with the true size."""
        raw = letter("large", "x" * 50_000)
        room.deliver(raw)
        (mail,) = room.open(max_bytes=10_000).fetch("", 10).mails
        assert (mail.raw, mail.is_truncated, mail.size) == (raw[:10_000], True, len(raw))

    def test_big_batches(self, room: Room) -> None:
        """A batch ends early rather than hold more than some 16 MB of mail."""
        for number in range(3):
            room.deliver(letter(f"n{number}", "\r\n".join(["x" * 998] * 7_000)))
        mails, _, batches = drain(room.open())
        assert ids(mails) == ["n0", "n1", "n2"]
        assert [len(batch.mails) for batch in batches] == [2, 1]

    @pytest.mark.parametrize("raw", UGLY.values(), ids=list(UGLY))
    def test_ugly(self, room: Room, raw: bytes) -> None:
        """Bytes come as they were sent, however ugly they are."""
        room.deliver(raw)
        assert [mail.raw for mail in drain(room.open())[0]] == [raw]

    # --- the people who share it -------------------------------------------------------------------------------------

    def test_untouched(self, room: Room) -> None:
        """Reading, acknowledging, waiting and finding change nothing that the people of the inbox can see."""
        for name in ("one", "two"):
            room.deliver(letter(name))
        room.read(b"<two@")
        before = room.held()
        mailbox = room.open()
        mails, _, _ = drain(mailbox)
        mailbox.ack([mail.key for mail in mails])
        mailbox.wait(0)
        assert mailbox.find("one@health.example")
        assert room.held() == before

    def test_read_before(self, room: Room) -> None:
        """A mail that a person has read before us is given all the same."""
        room.deliver(letter("one"))
        room.read(b"<one@")
        assert ids(drain(room.open())[0]) == ["one"]

    def test_read_after(self, room: Room) -> None:
        """A mail that a person reads after us is no new mail."""
        mailbox = room.open()
        room.deliver(letter("one"))
        _, cursor, _ = drain(mailbox)
        room.read(b"<one@")
        assert drain(mailbox, cursor)[0] == []
        assert drain(room.open(), cursor)[0] == []

    def test_moved(self, room: Room) -> None:
        """A mail that is moved to another watched folder before it was read is found there, once."""
        room.make_folder("Done")
        mailbox = room.open(folders=("Done",))
        _, cursor, _ = drain(mailbox)
        room.deliver(letter("old"), received=ARRIVED - timedelta(days=400))
        room.move(b"<old@", "Done")
        mails, cursor, _ = drain(mailbox, cursor)
        assert [(mail.folder, *ids([mail])) for mail in mails] == [("Done", "old")]
        assert drain(mailbox, cursor)[0] == []

    def test_deleted(self, room: Room) -> None:
        """A mail deleted before it was read holds up none of the others."""
        for name in ("one", "two", "three"):
            room.deliver(letter(name))
        room.delete(b"<two@")
        mails, cursor, _ = drain(room.open(), limit=1)
        assert sorted(ids(mails)) == ["one", "three"]
        assert drain(room.open(), cursor)[0] == []

    # --- folders -----------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("folder", ["Junk", "Spam", "Junk E-mail"])
    def test_junk(self, room: Room, folder: str) -> None:
        """What a filter took for spam is read, too."""
        room.make_folder(folder)
        room.deliver(letter("one"))
        room.deliver(letter("two"), folder)
        mails, _, _ = drain(room.open())
        assert sorted((mail.folder, *ids([mail])) for mail in mails) == sorted([("INBOX", "one"), (folder, "two")])

    def test_other_folders(self, room: Room) -> None:
        """A folder that nobody configured is not looked into."""
        room.make_folder("Private")
        room.deliver(letter("one"), "Private")
        mailbox = room.open()
        assert drain(mailbox)[0] == []
        assert not mailbox.find("one@health.example")

    def test_missing_folder(self, room: Room) -> None:
        """A configured folder that is not there is named, so that its mail is not silently missed."""
        with pytest.raises(DoorClosed, match="Casework"):
            room.open(folders=("Casework",)).fetch("", 10)

    # --- first sight -------------------------------------------------------------------------------------------------

    def test_first_sight(self, room: Room) -> None:
        """Every batch of the first pass says that it is first sight, and no later one."""
        for number in range(5):
            room.deliver(letter(f"n{number}"))
        mailbox = room.open()
        _, cursor, batches = drain(mailbox, limit=2)
        assert [batch.is_first_sight for batch in batches] == [True, True, True]
        room.deliver(letter("new"))
        assert [batch.is_first_sight for batch in drain(mailbox, cursor)[2]] == [False]

    def test_first_sight_of_a_folder(self, room: Room) -> None:
        """A folder configured later is seen for the first time, without calling the new mail of INBOX old."""
        room.make_folder("Team")
        _, cursor, _ = drain(room.open())
        room.deliver(letter("new"))
        room.deliver(letter("kept"), "Team")
        _, cursor, batches = drain(room.open(folders=("Team",)), cursor)
        assert [(ids(batch.mails), batch.is_first_sight) for batch in batches] == [(["new"], False), (["kept"], True)]

    def test_lost_cursor(self, room: Room) -> None:
        """When the cursor is lost, everything comes again by the same keys."""
        for name in ("one", "two"):
            room.deliver(letter(name))
        first, _, _ = drain(room.open())
        again, _, _ = drain(room.open())
        assert [mail.key for mail in first] == [mail.key for mail in again]

    def test_foreign_cursor(self, room: Room) -> None:
        """The cursor of another kind of mailbox is as good as none."""
        room.deliver(letter("one"))
        mails, _, batches = drain(room.open(), '{"elsewhere": {"INBOX": 7}}')
        assert (ids(mails), batches[0].is_first_sight) == (["one"], True)

    # --- waiting -----------------------------------------------------------------------------------------------------

    def test_wakes(self, room: Room) -> None:
        """A wait ends soon after a mail has arrived."""
        mailbox = room.open()
        _, cursor, _ = drain(mailbox)
        waiting = _Waiting(mailbox)
        room.deliver(letter("one"))
        assert waiting.result() is True
        assert ids(drain(mailbox, cursor)[0]) == ["one"]

    def test_arrived_before_the_wait(self, room: Room) -> None:
        """A mail that came between the last fetch and the wait is not slept over."""
        mailbox = room.open()
        drain(mailbox)
        room.deliver(letter("one"))
        assert mailbox.wait(30) is True

    def test_nothing_comes(self, room: Room) -> None:
        """A wait without mail ends when its time is over."""
        mailbox = room.open()
        drain(mailbox)
        assert mailbox.wait(0.3) is False

    def test_interrupt(self, room: Room) -> None:
        """An interrupt from another thread ends a wait within a second, and one that has not begun."""
        mailbox = room.open()
        drain(mailbox)
        waiting = _Waiting(mailbox)
        began = time.monotonic()
        mailbox.interrupt()
        assert waiting.result() is False
        mailbox.fetch("", 10)
        mailbox.interrupt()
        assert mailbox.wait(60) is False
        assert time.monotonic() - began < 1

    def test_interrupt_is_spent(self, room: Room) -> None:
        """An interrupt ends one wait; the next one waits again."""
        mailbox = room.open()
        drain(mailbox)
        mailbox.interrupt()
        assert mailbox.wait(60) is False
        drain(mailbox)
        began = time.monotonic()
        assert mailbox.wait(0.3) is False
        assert time.monotonic() - began >= 0.3

    # --- proof of a send ---------------------------------------------------------------------------------------------

    def test_find(self, room: Room) -> None:
        """A message is found by its whole id, in INBOX and in Sent, and no other is taken for it."""
        room.make_folder("Sent")
        room.deliver(letter("one"))
        room.deliver(letter("two").replace(b"Message-ID: <two", b"MESSAGE-Id:\r\n <two"), "Sent")
        room.deliver(b"References: <three@health.example>\r\n\r\nMessage-ID: <three@health.example>\r\n")
        room.deliver(b"Message-ID: <other@health.example> (was <four@health.example>)\r\n\r\nx\r\n")
        mailbox = room.open(sent="Sent")
        names = ["one", "two", "three", "four", "on", "ne", "", 'o"ne', "one@health.example>\r\nA1 LOGOUT"]
        found = [name for name in names if mailbox.find(f"{name}@health.example")]
        assert found == ["one", "two"]

    # --- bad days ----------------------------------------------------------------------------------------------------

    def test_shut(self, room: Room) -> None:
        """A mailbox that cannot be read says so by its name, and has lost nothing when it can be read again."""
        mailbox = room.open()
        room.deliver(letter("one"))
        _, cursor, _ = drain(mailbox)
        room.deliver(letter("two"))
        room.shut()
        for refused in (lambda: mailbox.fetch(cursor, 10), lambda: mailbox.find("one@health.example")):
            with pytest.raises(DoorClosed, match=r"^crewe: "):
                refused()
        room.unshut()
        assert ids(drain(mailbox, cursor)[0]) == ["two"]


class _Waiting:
    """A wait in a thread of its own, as in the daemon; ready when the thread is inside it, as far as can be seen."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._told: list[bool | Exception] = []
        self._mailbox = mailbox
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._told.append(self._mailbox.wait(60))
        except Exception as error:
            self._told.append(error)

    def result(self) -> bool | Exception:
        until(lambda: self._told, 10)
        self._thread.join(5)
        return self._told[0]
