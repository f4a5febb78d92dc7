"""The mailbox contract on Exchange Web Services, against a server of our own, and what only EWS has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import SecretStr

from bot.daemon.watch.lines import news_within
from bot.doors.ews.client import VERSIONS
from bot.doors.ews.receive import NEAR, EwsMailbox
from bot.doors.opened import open_mailbox
from bot.doors.ports import Mailbox
from bot.model.errors import DoorClosed
from bot.settings.door import EWS_STREAMS, EwsVersion
from tests.contract.mailbox_contract import ARRIVED, MailboxContract, Waiting, drain, ids, letter
from tests.servers.certificates import make_certificate
from tests.servers.ews import EwsServer, held
from tests.servers.ews_store import Item
from tests.until import until

CREWE = "crewe@csc.example"


class EwsRoom:
    """One mailbox of a server that nobody else uses."""

    def __init__(self, server: EwsServer) -> None:
        self.server = server
        self._open: list[Mailbox] = []
        self._kept: list[Item] = []
        server.add(CREWE)

    def open(self, **changes: Any) -> Mailbox:
        self.keep(open_mailbox("crewe", self.server.door(CREWE, **changes)))
        return self._open[-1]

    def keep(self, mailbox: Mailbox) -> None:
        """Closes it at the end."""
        self._open.append(mailbox)

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

    def back_up(self) -> None:
        self._kept = list(self.server.store.at(CREWE, "INBOX").items.values())

    def put_back(self) -> None:
        for item in list(self.server.store.at(CREWE, "INBOX").items.values()):
            if item not in self._kept:
                self.server.store.take(item)
        self.server.store.renumber(CREWE)

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


#: What a reader may ask of a server; nothing here changes anything.
READS = {"GetFolder", "FindFolder", "SyncFolderItems", "GetItem", "FindItem", "ConvertId", "Subscribe"}


def test_only_reading(room: EwsRoom) -> None:
    """Whatever it does, no operation is asked for that could change anything."""
    room.deliver(letter("one"))
    mailbox = room.open(folders=("Sent Items",))
    mails, _, _ = drain(mailbox)
    mailbox.ack([mail.key for mail in mails])
    news_within(mailbox, 0.3)
    mailbox.find("one@health.example")
    assert set(room.server.asked) <= READS | {"GetStreamingEvents"}


# --- listing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["newest first", "oldest first"])
def test_any_order(room: EwsRoom, order: str) -> None:
    """In whatever order the server lists a folder, its mails come by their arrival."""
    room.server.store.order = order
    for minute in range(30):
        room.deliver(letter(f"m{minute:02}"), received=ARRIVED + timedelta(minutes=minute))
    mails, cursor, _ = drain(room.open(), limit=7)
    assert ids(mails) == [f"m{minute:02}" for minute in range(30)]
    assert drain(room.open(), cursor)[0] == []


def test_stopped_while_a_listing_was_given(room: EwsRoom) -> None:
    """Another process goes on where the cursor stands: nothing is left out, neither what came meanwhile nor what a
    person moved in with an older date, and what was given before does not come again."""
    for minute in range(9):
        room.deliver(letter(f"m{minute}"), received=ARRIVED + timedelta(minutes=minute))
    batch = room.open().fetch("", 4)
    room.make_folder("Private")
    room.deliver(letter("old"), "Private", ARRIVED - timedelta(days=400))
    room.move(b"<old@", "INBOX")
    room.deliver(letter("new"), received=ARRIVED + timedelta(hours=1))
    mails, cursor, _ = drain(room.open(), batch.cursor, limit=4)
    assert set(ids(mails)) == {"m4", "m5", "m6", "m7", "m8", "old", "new"}
    assert ids(mails)[:5] == ["m4", "m5", "m6", "m7", "m8"]
    assert drain(room.open(), cursor)[0] == []


def test_more_than_a_page(room: EwsRoom) -> None:
    """A folder that takes the server several answers to list is read whole."""
    for number in range(1100):
        room.deliver(letter(f"n{number}"), received=ARRIVED + timedelta(seconds=number))
    assert len(drain(room.open(), limit=500)[0]) == 1100
    assert room.server.count()["SyncFolderItems"] >= 3


def test_bad_state(room: EwsRoom) -> None:
    """When the mailbox was rebuilt on the server all comes again, by new keys, and is no first sight."""
    for number in range(5):
        room.deliver(letter(f"n{number}"))
    mailbox = room.open()
    before, cursor, _ = drain(mailbox)
    room.server.store.renumber(CREWE)
    room.deliver(letter("new"))
    after, cursor, batches = drain(mailbox, cursor, limit=2)
    assert ids(after) == [*ids(before), "new"]
    assert not {mail.key for mail in before} & {mail.key for mail in after}
    assert not any(batch.is_first_sight for batch in batches)
    assert drain(room.open(), cursor)[0] == []


def test_bad_state_at_first_sight(room: EwsRoom) -> None:
    """A state that is lost in the middle of the first pass leaves it the first pass."""
    for number in range(4):
        room.deliver(letter(f"n{number}"))
    cursor = room.open().fetch("", 2).cursor
    room.server.store.renumber(CREWE)
    mails, _, batches = drain(room.open(), cursor, limit=2)
    assert set(ids(mails)) == {"n0", "n1", "n2", "n3"}
    assert batches[0].is_first_sight


def test_bad_state_while_a_listing_is_given(room: EwsRoom) -> None:
    """A mailbox that is rebuilt while its listing is given out loses nothing: what is gone by its old id comes by the
    new one."""
    for number in range(4):
        room.deliver(letter(f"n{number}"))
    mailbox = room.open()
    first = mailbox.fetch("", 2)
    room.server.store.renumber(CREWE)
    mails, cursor, _ = drain(mailbox, first.cursor)
    assert ids(mails) == ["n0", "n1", "n2", "n3"]
    assert drain(mailbox, cursor)[0] == []


def test_state_of_nonsense(room: EwsRoom) -> None:
    """A cursor whose state the server never gave means reading the folder anew, once."""
    room.deliver(letter("one"))
    cursor = '{"ews": {"INBOX": {"state": "bm9uc2Vuc2U=", "until": "", "last": ["", ""], "is_first": false}}}'
    mails, cursor, batches = drain(room.open(), cursor)
    assert (ids(mails), batches[0].is_first_sight) == (["one"], False)
    assert drain(room.open(), cursor)[0] == []


def test_moved_out_and_back(room: EwsRoom) -> None:
    """A mail that a person moves away and back has another key: the ledger knows it by its content."""
    room.make_folder("Private")
    room.deliver(letter("one"))
    (before,), cursor, _ = drain(room.open())
    room.move(b"<one@", "Private")
    room.move(b"<one@", "INBOX")
    (after,), _, _ = drain(room.open(), cursor)
    assert (before.raw, before.received) == (after.raw, after.received)
    assert before.key != after.key


@pytest.mark.parametrize("code", ["ErrorMimeContentConversionFailed", "ErrorContentConversionFailed"])
def test_a_mail_that_is_never_given(room: EwsRoom, code: str) -> None:
    """What the server lists and cannot give is asked for three times, then passed on for a person to see."""
    room.deliver(letter("one"))
    room.server.answer(code, "GetItem")
    mailbox = room.open()
    for _ in range(2):
        with pytest.raises(DoorClosed, match="does not give it"):
            mailbox.fetch("", 10)
    (mail,) = mailbox.fetch("", 10).mails
    assert (mail.raw, mail.is_truncated, mail.size > 0) == (b"", True, True)


@pytest.mark.parametrize("code", ["ErrorInternalServerError", "ErrorAccessDenied"])
def test_a_mail_that_may_only_have_a_bad_moment(room: EwsRoom, code: str) -> None:
    """Where the answer may be of the server and not of the message it is asked for ten times, then passed on."""
    room.deliver(letter("one"))
    room.server.answer(code, "GetItem")
    mailbox = room.open()
    for _ in range(9):
        with pytest.raises(DoorClosed):
            mailbox.fetch("", 10)
    (mail,) = mailbox.fetch("", 10).mails
    assert (mail.raw, mail.is_truncated) == (b"", True)


def test_a_large_mail(room: EwsRoom) -> None:
    """Twelve megabytes come whole: no parser's limit on the way cuts them."""
    raw = letter("large", "\r\n".join(["0123456789" * 7] * 170_000))
    room.deliver(raw)
    assert [mail.raw for mail in drain(room.open())[0]] == [raw]


# --- folders ----------------------------------------------------------------------------------------------------------


def test_junk_by_any_name(room: EwsRoom) -> None:
    """Exchange knows its Junk folder whatever people call it."""
    room.server.store.known(CREWE, "junkemail").name = "Courrier indésirable"
    room.deliver(letter("one"), "Courrier indésirable")
    assert [mail.folder for mail in drain(room.open())[0]] == ["Courrier indésirable"]


@pytest.mark.parametrize("path", ["Team/Done/2027", "inbox/Done"])
def test_folders_below_folders(room: EwsRoom, path: str) -> None:
    """A configured folder is a path from the top; the inbox is called so in every language."""
    room.server.store.known(CREWE, "inbox").name = "Posteingang"
    names = path.replace("inbox", "Posteingang").split("/")
    place = room.server.store.mailboxes[CREWE]
    for name in names:
        place = room.server.store.make(place, name) or room.server.store.at(CREWE, name)
    room.server.store.put(place, letter("one"))
    mails, _, _ = drain(room.open(folders=(path,)))
    assert [(mail.folder, *ids([mail])) for mail in mails] == [(path, "one")]


def test_deleted_items(room: EwsRoom) -> None:
    """What people have deleted is not looked into, unless it is configured."""
    room.deliver(letter("one"), "Deleted Items")
    assert drain(room.open())[0] == []
    assert ids(drain(room.open(folders=("Deleted Items",)))[0]) == ["one"]


def test_proof_lies_in_sent_items(room: EwsRoom) -> None:
    """Where Exchange keeps what was sent is known without being configured."""
    room.deliver(letter("one"), "Sent Items")
    assert room.open().find("one@health.example")


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_the_stream_wakes(room: EwsRoom) -> None:
    """A mail in any watched folder ends a wait through the stream, long before the next look."""
    mailbox = room.open()
    drain(mailbox)
    waiting = Waiting(mailbox)
    until(lambda: room.server.streams)
    room.deliver(letter("one"), "Junk Email")
    assert waiting.result() is True


def test_flags_are_no_news(room: EwsRoom) -> None:
    """People who read and delete end no wait."""
    for name in ("one", "two"):
        room.deliver(letter(name))
    mailbox = room.open()
    drain(mailbox)
    room.read(b"<one@")
    room.delete(b"<two@")
    assert news_within(mailbox, 0.2) is False


@pytest.mark.parametrize("operation", ["Subscribe", "GetStreamingEvents"])
@pytest.mark.parametrize("what", ["hang", "ErrorInvalidSubscription", "html", "503", "drop"])
def test_a_stream_that_is_no_good(room: EwsRoom, operation: str, what: str) -> None:
    """Whatever becomes of the stream, waiting and fetching go on without it."""
    room.server.answer(what, operation)
    mailbox = EwsMailbox("crewe", room.server.door(CREWE), near=0.1)
    room.keep(mailbox)
    drain(mailbox)
    began = time.monotonic()
    assert news_within(mailbox, 0.3) is False
    assert time.monotonic() - began < 3
    waiting = Waiting(mailbox)
    room.deliver(letter("one"))
    assert waiting.result() is True
    assert ids(drain(mailbox)[0]) == ["one"]
    assert room.server.count()["Subscribe"] == 1


def test_no_thread_for_a_stream(room: EwsRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that gives no more threads has its mailboxes looked at more often, and streams when it gives some."""

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    mailbox = room.open()
    drain(mailbox)
    with monkeypatch.context() as short:
        short.setattr(threading.Thread, "start", refused)
        assert {mailbox.look().seconds for _ in range(EWS_STREAMS + 1)} == {NEAR}
        mailbox.close()
    drain(mailbox)
    mailbox.look()
    until(lambda: room.server.streams)


def test_a_restarted_server(room: EwsRoom) -> None:
    """A server that is restarted under a stream costs the caller one closed door at most."""
    # Looked at often once the stream has ended: it may end while a request on another line is answered yet.
    mailbox = EwsMailbox("crewe", room.server.door(CREWE), near=0.1)
    room.keep(mailbox)
    _, cursor, _ = drain(mailbox)
    waiting = Waiting(mailbox)
    until(lambda: room.server.streams)
    room.server.stop()
    assert isinstance(waiting.result(), DoorClosed)
    room.server.start()
    room.deliver(letter("one"))
    assert ids(drain(mailbox, cursor)[0]) == ["one"]


# --- who reads --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("access", ["delegate", "impersonation"])
def test_another_login(room: EwsRoom, access: str) -> None:
    """A service account reads a shared mailbox by either right, and without it is told which one to ask for."""
    service = room.server.add("service@csc.example", user="COUNCIL\\svc")
    room.deliver(letter("one"))
    mailbox = open_mailbox("crewe", room.server.door(CREWE, user="COUNCIL\\svc", access=access))
    room.keep(mailbox)
    with pytest.raises(DoorClosed, match=rf"^crewe: .* does not let us (into|act as) {CREWE}: grant "):
        mailbox.fetch("", 10)
    {"delegate": service.delegate, "impersonation": service.impersonates}[access].add(CREWE)
    assert ids(drain(mailbox)[0]) == ["one"]


def test_a_reviewer_of_two_folders(room: EwsRoom) -> None:
    """Who may look into Inbox and Junk Email and at nothing else reads them; a folder beside them is not silently
    missed."""
    service = room.server.add("service@csc.example", user="COUNCIL\\svc")
    service.reviews |= {(CREWE, "inbox"), (CREWE, "junkemail")}
    room.deliver(letter("one"))
    room.deliver(letter("two"), "Junk Email")
    assert sorted(ids(drain(room.open(user="COUNCIL\\svc"))[0])) == ["one", "two"]
    with pytest.raises(DoorClosed, match="grant full access"):
        room.open(user="COUNCIL\\svc", folders=("Team",)).fetch("", 10)


def test_every_version_is_known() -> None:
    """What a door may call its server's version, the library knows how to speak."""
    assert set(VERSIONS) == set(get_args(EwsVersion)) - {""}


@pytest.mark.parametrize("version", ["Exchange2013_SP1", "ExchangeSE"])
def test_a_version_that_is_named_is_not_asked_for(room: EwsRoom, version: str) -> None:
    """One request fewer at each start, and the same mail."""
    room.deliver(letter("one"))
    assert ids(drain(room.open(version=version))[0]) == ["one"]
    assert "ConvertId" not in room.server.asked


def test_two_mailboxes_of_one_login(room: EwsRoom) -> None:
    """Each has its own connection: closing the one disturbs the other as little as waiting for it does."""
    service = room.server.add("service@csc.example", user="COUNCIL\\svc")
    service.delegate.add(CREWE)
    ours = room.open(user="COUNCIL\\svc")
    theirs = open_mailbox("service", room.server.door("service@csc.example", user="COUNCIL\\svc"))
    room.keep(theirs)
    room.deliver(letter("one"))
    assert drain(theirs)[0] == []
    theirs.close()
    assert ids(drain(ours)[0]) == ["one"]


def test_ntlm(open_ews: Callable[..., EwsServer]) -> None:
    """A real challenge and its answer; streams and all go through it."""
    room = EwsRoom(open_ews(auth=("ntlm",)))
    mailbox = room.open(auth="ntlm")
    try:
        room.deliver(letter("one"))
        assert ids(drain(mailbox)[0]) == ["one"]
        waiting = Waiting(mailbox)
        until(lambda: room.server.streams)
        room.deliver(letter("two"))
        assert waiting.result() is True
        with pytest.raises(DoorClosed, match="refused the login"):
            room.open(auth="ntlm", password=SecretStr("let me out")).fetch("", 10)
    finally:
        room.close()


def test_client_certificate(open_ews: Callable[..., EwsServer], tmp_path: Path) -> None:
    """A key and its certificate in one file open the door; another's do not, and a file that is not there is named."""
    room = EwsRoom(open_ews(auth=("certificate",)))
    try:
        room.deliver(letter("one"))
        ours, theirs = tmp_path / "ours.pem", tmp_path / "theirs.pem"
        made, other = room.server.client_certificate, make_certificate(tmp_path / "other")
        ours.write_bytes(made.key.read_bytes() + made.chain.read_bytes())
        theirs.write_bytes(other.key.read_bytes() + other.chain.read_bytes())
        how = {"auth": "certificate", "user": "", "password": SecretStr("")}
        assert ids(drain(room.open(**how, certificate=str(ours)))[0]) == ["one"]
        with pytest.raises(DoorClosed):
            room.open(**how, certificate=str(theirs)).fetch("", 10)
        with pytest.raises(DoorClosed, match=r"missing\.pem cannot be read"):
            room.open(**how, certificate=str(tmp_path / "missing.pem")).fetch("", 10)
    finally:
        room.close()


def test_tokens(open_ews: Callable[..., EwsServer], tmp_path: Path) -> None:
    """A token opens the door; one that is refused is asked for anew, and the next try has the new one."""
    room = EwsRoom(open_ews(auth=("oauth",)))
    kept = tmp_path / "token"
    kept.write_text("first")
    room.server.tokens["first"] = CREWE
    oauth = {"command": ("/bin/cat", str(kept))}
    mailbox = room.open(auth="oauth", oauth=oauth, user="", password=SecretStr(""))
    try:
        room.deliver(letter("one"))
        assert ids(drain(mailbox)[0]) == ["one"]
        room.server.tokens = {"second": CREWE}
        kept.write_text("second")
        with pytest.raises(DoorClosed, match="refused the login") as told:
            mailbox.fetch("", 10)
        assert "first" not in str(told.value)
        assert ids(drain(mailbox)[0]) == ["one"]
        kept.unlink()
        room.server.tokens = {}
        with pytest.raises(DoorClosed, match="refused the login"):
            mailbox.fetch("", 10)
        with pytest.raises(DoorClosed, match=r"^crewe: the token command cat ended with code 1"):
            mailbox.fetch("", 10)
    finally:
        room.close()
