"""What every mailbox promises, as tests; a file per kind brings a `room` and inherits them.

A room is one inbox with the people who share it: mail is delivered to it, they read, move and delete, its server goes
away and comes back. It checks what `fetch`, `wait` and `find` give, and that nothing on the server has changed. What
cannot exist for a kind of mailbox, its class lists with the reason (matrix.py); nothing is skipped.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from bot.daemon.watch.lines import news_within
from bot.doors.ports import Batch, Mailbox, RawMail
from bot.model.errors import DoorClosed, LoginRefused, Throttled
from tests.contract.matrix import Contract
from tests.servers.certificates import make_certificate
from tests.servers.proxy import Proxy
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

    def back_up(self) -> None:
        """Keeps the inbox as it is now."""
        ...

    def put_back(self) -> None:
        """The inbox as it was kept, as its server gives one back from a backup; what came since is gone."""
        ...

    # Where there is a server with a line to it:

    @property
    def port(self) -> int:
        """Where the server listens on 127.0.0.1."""
        ...

    def open_by(self, port: int, **changes: Any) -> Mailbox:
        """The same mailbox by way of another port of 127.0.0.1, where a proxy listens."""
        ...

    def open_slow(self, seconds: int) -> Mailbox:
        """The same mailbox, of which the server asks this much patience at the next request, and none after that."""
        ...

    def restart(self) -> None:
        """The server ends with all its connections, and is there again."""
        ...

    def refuse(self) -> None:
        """Our login is refused from now on, and what was let in is put out."""
        ...

    def admit(self) -> None: ...


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


def patiently(mailbox: Mailbox, cursor: str = "") -> tuple[list[RawMail], str]:
    """One pass by somebody who goes on after a closed door, as the daemon does; gives up at the fifth."""
    mails: list[RawMail] = []
    failures = 0
    while failures < 5:
        try:
            batch = mailbox.fetch(cursor, 100)
        except DoorClosed:
            failures += 1
            continue
        mails += batch.mails
        cursor = batch.cursor
        if batch.done:
            return mails, cursor
    pytest.fail("the mailbox stays closed")


class MailboxContract(Contract):
    """Inherited by one class a kind of mailbox, which has a `room` fixture."""

    title = "Mail in"

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

    def test_arrives_meanwhile(self, room: Room) -> None:
        """A mail that arrives while a pass is going on is given once, in this pass or the next."""
        for name in ("one", "two"):
            room.deliver(letter(name))
        mailbox = room.open()
        batch = mailbox.fetch("", 1)
        room.deliver(letter("three"))
        rest, cursor, _ = drain(mailbox, batch.cursor, limit=1)
        later, _, _ = drain(mailbox, cursor)
        assert sorted(ids([*batch.mails, *rest, *later])) == ["one", "three", "two"]

    def test_twins(self, room: Room) -> None:
        """The same bytes delivered twice are two mails with two keys."""
        for _ in range(2):
            room.deliver(letter("one"))
        mails, _, _ = drain(room.open())
        assert ids(mails) == ["one", "one"]
        assert mails[0].key != mails[1].key

    def test_clock_skew(self, room: Room) -> None:
        """A server whose clock is years behind or days ahead loses no mail, and its times are told as it gives them."""
        mailbox = room.open()
        room.deliver(letter("now"))
        _, cursor, _ = drain(mailbox)
        late, early = datetime(2001, 1, 1, tzinfo=UTC), datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
        room.deliver(letter("late"), received=late)
        room.deliver(letter("early"), received=early)
        mails, cursor, _ = drain(mailbox, cursor)
        assert {ids([mail])[0]: mail.received for mail in mails} == {"late": late, "early": early}
        room.deliver(letter("after"))
        assert ids(drain(mailbox, cursor)[0]) == ["after"]

    def test_backlog(self, room: Room) -> None:
        """Five thousand waiting mails come in batches no larger than asked for, each mail once."""
        for number in range(5000):
            room.deliver(letter(f"n{number:04}"), received=ARRIVED + timedelta(seconds=number))
        mails, _, batches = drain(room.open(), limit=300)
        assert ids(mails) == [f"n{number:04}" for number in range(5000)]
        assert len({mail.key for mail in mails}) == 5000
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
        news_within(mailbox, 0)
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

    def test_moved_after(self, room: Room) -> None:
        """A mail that is moved to another watched folder after it was read comes at most once more, unchanged."""
        room.make_folder("Done")
        mailbox = room.open(folders=("Done",))
        room.deliver(letter("one"))
        _, cursor, _ = drain(mailbox)
        room.move(b"<one@", "Done")
        again, cursor, _ = drain(mailbox, cursor)
        assert [mail.raw for mail in again] in ([], [letter("one")])
        assert drain(mailbox, cursor)[0] == []

    def test_moved_out(self, room: Room) -> None:
        """A mail that a person files where we do not look is theirs, and holds up nothing."""
        room.make_folder("Private")
        for name in ("one", "two"):
            room.deliver(letter(name))
        room.move(b"<one@", "Private")
        assert ids(drain(room.open())[0]) == ["two"]

    def test_deleted_after(self, room: Room) -> None:
        """A mail deleted after it was read is no news, and what comes then is."""
        mailbox = room.open()
        for name in ("one", "two"):
            room.deliver(letter(name))
        _, cursor, _ = drain(mailbox)
        room.delete(b"<one@")
        assert drain(mailbox, cursor)[0] == []
        room.deliver(letter("three"))
        assert ids(drain(mailbox, cursor)[0]) == ["three"]

    def test_two_readers(self, room: Room) -> None:
        """Two who read one mailbox each get everything, by the same keys, and do not disturb one another."""
        one, other = room.open(), room.open()
        room.deliver(letter("one"))
        first, cursor, _ = drain(one)
        second, _, _ = drain(other)
        room.deliver(letter("two"))
        assert [mail.key for mail in first] == [mail.key for mail in second]
        assert ids(drain(one, cursor)[0]) == ids(drain(other, cursor)[0]) == ["two"]

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

    def test_put_back(self, room: Room) -> None:
        """A mailbox that was put back from a backup says so once, and what comes to it then is given."""
        for name in ("one", "two"):
            room.deliver(letter(name))
        _, cursor, _ = drain(room.open())
        room.back_up()
        room.deliver(letter("three"), received=ARRIVED)
        _, cursor, batches = drain(room.open(), cursor)
        assert not any(batch.went_back for batch in batches)
        room.put_back()
        for name in ("four", "five"):
            room.deliver(letter(name), received=ARRIVED + timedelta(days=1))
        mails, cursor, batches = drain(room.open(), cursor)
        assert [folder for batch in batches for folder in batch.went_back].count("INBOX") == 1
        assert not any(batch.is_first_sight for batch in batches)
        assert {"four", "five"} <= set(ids(mails)) <= {"one", "two", "four", "five"}
        mails, _, batches = drain(room.open(), cursor)
        assert (mails, any(batch.went_back for batch in batches)) == ([], False)

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
        waiting = Waiting(mailbox)
        room.deliver(letter("one"))
        assert waiting.result() is True
        assert ids(drain(mailbox, cursor)[0]) == ["one"]

    def test_arrived_before_the_wait(self, room: Room) -> None:
        """A mail that came between the last fetch and the wait is not slept over."""
        mailbox = room.open()
        drain(mailbox)
        room.deliver(letter("one"))
        assert news_within(mailbox, 30) is True

    def test_nothing_comes(self, room: Room) -> None:
        """A wait without mail ends when its time is over."""
        mailbox = room.open()
        drain(mailbox)
        assert news_within(mailbox, 0.3) is False

    def test_close_is_no_end(self, room: Room) -> None:
        """What was let go of, also in a wait, is opened anew by the next use and goes on from the cursor."""
        mailbox = room.open()
        _, cursor, _ = drain(mailbox)
        mailbox.look()
        began = time.monotonic()
        mailbox.close()
        assert time.monotonic() - began < 2
        room.deliver(letter("one"))
        assert mailbox.look().has_news
        assert ids(drain(mailbox, cursor)[0]) == ["one"]

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

    def test_server_restarted(self, room: Room) -> None:
        """A server that was restarted under us costs neither a mail nor a second copy of one."""
        mailbox = room.open()
        room.deliver(letter("one"))
        _, cursor, _ = drain(mailbox)
        room.restart()
        room.deliver(letter("two"))
        mails, cursor = patiently(mailbox, cursor)
        assert ids(mails) == ["two"]
        assert patiently(mailbox, cursor)[0] == []

    def test_cut_anywhere(self, room: Room) -> None:
        """Wherever in the conversation the line is cut, every mail comes once, whole."""
        raws = [letter(f"n{number}", "x" * 2000) for number in range(3)]
        for raw in raws:
            room.deliver(raw)
        with Proxy("127.0.0.1", room.port) as proxy:
            whole = room.open_by(proxy.port)
            assert len(drain(whole)[0]) == 3
            whole.close()
            for point in range(16):
                proxy.cut_once_after(proxy.sent * point // 16 if point else 0)
                mails, cursor = patiently(mailbox := room.open_by(proxy.port))
                assert sorted(mail.raw for mail in mails) == sorted(raws)
                assert patiently(mailbox, cursor)[0] == []
                mailbox.close()
            assert proxy.cuts

    def test_silent(self, room: Room) -> None:
        """A server that takes the connection and says nothing is given up after the door's time."""
        with Proxy("127.0.0.1", room.port) as proxy:
            proxy.blackhole()
            began = time.monotonic()
            with pytest.raises(DoorClosed, match=r"^crewe: "):
                room.open_by(proxy.port, timeout=1).fetch("", 10)
            assert time.monotonic() - began < 10

    def test_login_refused(self, room: Room) -> None:
        """A refused login is told as one, and nothing is lost by the time we are let in again."""
        mailbox = room.open()
        room.deliver(letter("one"))
        _, cursor, _ = drain(mailbox)
        room.deliver(letter("two"))
        room.refuse()
        with pytest.raises(LoginRefused, match=rf"^crewe: .*{LoginRefused.MARK}"):
            _refused(mailbox, cursor)
        room.admit()
        assert ids(patiently(mailbox, cursor)[0]) == ["two"]

    def test_throttled(self, room: Room) -> None:
        """A server that asks for patience is told of with the seconds it asked for, and read when they are over."""
        room.deliver(letter("one"))
        mailbox = room.open_slow(7)
        with pytest.raises(Throttled, match=r"^crewe: ") as told:
            mailbox.fetch("", 10)
        assert told.value.seconds == 7
        assert ids(drain(mailbox)[0]) == ["one"]

    def test_certificate(self, room: Room, tmp_path: Path) -> None:
        """A server whose certificate we cannot trust is not talked to; the sentence says what to check."""
        other = make_certificate(tmp_path / "other")
        with pytest.raises(DoorClosed, match=r"^crewe: .*check .*ca_file"):
            room.open(ca_file=str(other.ca)).fetch("", 10)

    def test_closed(self, room: Room) -> None:
        """Closing takes nothing with it, done twice or before anything was read: the next goes on where it was."""
        room.deliver(letter("one"))
        used, unused = room.open(), room.open()
        _, cursor, _ = drain(used)
        before = room.held()
        for mailbox in (used, used, unused, unused):
            mailbox.close()
        assert room.held() == before
        room.deliver(letter("two"))
        mails, _, _ = drain(room.open(), cursor)
        assert ids(mails) == ["two"]


def _refused(mailbox: Mailbox, cursor: str) -> None:
    """Fetches until the refusal is told: what was connected may first be told as a lost connection."""
    try:
        mailbox.fetch(cursor, 10)
    except LoginRefused:
        raise
    except DoorClosed:
        mailbox.fetch(cursor, 10)


class Waiting:
    """A wait in a thread of its own, as in the daemon; ready when the thread is inside it, as far as can be seen."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._told: list[bool | Exception] = []
        self._mailbox = mailbox
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._told.append(news_within(self._mailbox, 60))
        except Exception as error:
            self._told.append(error)

    def result(self) -> bool | Exception:
        until(lambda: self._told, 30)  # a request that was under way is given up after seconds
        self._thread.join(5)
        return self._told[0]
