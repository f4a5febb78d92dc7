"""Exchange on bad days: gone, full, lost, cut, somebody else. Each says what it is; no mail is lost, none goes twice.

The mailbox alone first, then the whole App with everybody's mailboxes on one Exchange server.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.doors.ews.receive import EwsMailbox
from bot.doors.opened import open_mailbox
from bot.doors.ports import Mailbox
from bot.model.errors import DoorClosed, Throttled
from tests.contract.mailbox_contract import ARRIVED, drain, ids, letter
from tests.integration.office import Office, raw_mail
from tests.integration.test_imap_bad_days import stubborn
from tests.servers.certificates import make_certificate
from tests.servers.ews import EwsServer
from tests.servers.proxy import Proxy
from tests.unit.case_samples import BOT, CREWE, FAY, HELEN, START

OpenEws = Callable[..., EwsServer]


class Line:
    """One mailbox, and what opens it."""

    def __init__(self, server: EwsServer) -> None:
        self.server = server
        self._open: list[Mailbox] = []
        server.add(CREWE)

    def open(self, **changes: Any) -> Mailbox:
        return self.keep(open_mailbox("crewe", self.server.door(CREWE, **changes)))

    def keep(self, mailbox: Mailbox) -> Mailbox:
        self._open.append(mailbox)
        return mailbox

    def deliver(self, *names: str) -> None:
        for name in names:
            self.server.store.put(self.server.store.at(CREWE, "INBOX"), letter(name))

    def close(self) -> None:
        for mailbox in self._open:
            mailbox.close()


@pytest.fixture
def line(ews: EwsServer) -> Iterator[Line]:
    made = Line(ews)
    yield made
    made.close()


# --- what the operator reads ------------------------------------------------------------------------------------------

PLACE = r"^crewe: https://127\.0\.0\.1:\d+/EWS/Exchange\.asmx"


@pytest.mark.parametrize("operation", ["GetFolder", "FindFolder", "SyncFolderItems", "GetItem"])
@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("401", " refused the login: check user and password"),
        ("503", " is out of order just now: it is tried again"),
        ("html", ": what answered is no Exchange server, or something stands between"),
        ("drop", ": the connection was lost: it is tried again"),
        ("truncate", ": the connection was lost: it is tried again"),
        ("ErrorNonExistentMailbox", " knows no mailbox crewe.assessment@csc.example: was it deleted or renamed"),
        ("ErrorMailboxStoreUnavailable", " cannot reach the mailbox crewe.assessment@csc.example just now"),
        (
            "ErrorInternalServerError",
            "(?: answered ErrorInternalServerError| lists a message of 'INBOX' but does not give it): it is tried",
        ),
    ],
)
def test_what_the_operator_reads(line: Line, operation: str, what: str, words: str) -> None:
    """Whatever fails wherever, it is said by the mailbox's name and in plain words, and is got over by itself."""
    line.deliver("one")
    mailbox = line.open()
    line.server.answer(what, operation)
    with pytest.raises(DoorClosed, match=PLACE + words) as told:
        drain(mailbox)
    assert "let me in" not in str(told.value)
    line.server.behave()
    assert ids(drain(mailbox)[0]) == ["one"]


def test_a_mailbox_is_deleted(line: Line) -> None:
    """Really deleted, between two passes: named; no other mailbox is touched."""
    mailbox = line.open()
    _, cursor, _ = drain(mailbox)
    line.server.store.remove(CREWE)
    with pytest.raises(DoorClosed, match=f"knows no mailbox {CREWE}"):
        mailbox.fetch(cursor, 10)


@pytest.mark.parametrize(("asked", "waits"), [(1_500, 1.5), (86_400_000, 900.0), (0, 10.0)])
def test_throttled(line: Line, asked: int, waits: float) -> None:
    """The wait that a server names is told to the caller, who can be woken; a day of it is not believed."""
    line.server.answer("busy", "SyncFolderItems", times=1, milliseconds=asked)
    with pytest.raises(Throttled, match="asks us to slow down") as told:
        line.open().fetch("", 10)
    assert told.value.seconds == waits


def test_a_server_that_hangs(line: Line) -> None:
    """Nobody waits longer than the door's timeout."""
    line.server.answer("hang", "SyncFolderItems")
    with pytest.raises(DoorClosed, match="did not answer in time"):
        line.open(timeout=1).fetch("", 10)


@pytest.mark.parametrize("fault", ["host", "expired", "authority"])
def test_a_wrong_certificate_is_never_ignored(fault: str, tmp_path: Path, open_ews: OpenEws) -> None:
    """Another host's, run out, or by nobody we trust: no login is shown to such a server."""
    host = "other.example" if fault == "host" else "127.0.0.1"
    bad = make_certificate(tmp_path / "bad", host=host, is_expired=fault == "expired")
    trusted = make_certificate(tmp_path / "good").ca if fault == "authority" else bad.ca
    line = Line(open_ews(certificate=bad))
    with pytest.raises(DoorClosed, match=r"no safe connection .*check ca_file"):
        line.open(ca_file=str(trusted)).fetch("", 10)
    assert (line.server.asked, line.server.headers) == ([], [])
    line.close()


def test_the_systems_authorities_do_not_know_ours(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that names other certificates changes nothing about what the door says, either way."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(line.server.certificate.ca))
    with pytest.raises(DoorClosed, match="no safe connection"):
        line.open(ca_file="").fetch("", 10)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    assert line.open().fetch("", 10).done


def test_a_ca_file_that_is_not_there(line: Line) -> None:
    """The file is named."""
    with pytest.raises(DoorClosed, match=r"^crewe: no certificate can be read from ca_file /nowhere/ca\.pem"):
        line.open(ca_file="/nowhere/ca.pem").fetch("", 10)


def test_dns_fails(line: Line) -> None:
    """A name that nobody knows is told as such."""
    with pytest.raises(DoorClosed, match="its name is not known: check the name and this machine's DNS"):
        line.open(endpoint="https://exchange.invalid/EWS/Exchange.asmx").fetch("", 10)


def test_nothing_secret_is_said(line: Line) -> None:
    """Neither password nor login stands in an error or in what it was made from."""
    with pytest.raises(DoorClosed) as told:
        line.open(password=SecretStr("hunter2hunter2")).fetch("", 10)
    error: BaseException | None = told.value
    while error is not None:
        assert "hunter2" not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__


def test_nothing_is_logged(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    """The library would write whole requests, letters and login, into the log when something goes wrong."""
    line.deliver("one")
    mailbox = line.open()
    for what in ("503", "drop", "html", "401"):
        line.server.answer(what, times=1)
        with pytest.raises(DoorClosed):
            mailbox.fetch("", 10)
    assert "exchangelib" not in {record.name.partition(".")[0] for record in caplog.records}


# --- nothing is lost --------------------------------------------------------------------------------------------------


def test_cut_anywhere(line: Line) -> None:
    """A line that is cut after any number of bytes, over and over: every mail comes, by one key each."""
    names = [f"n{number}" for number in range(12)]
    line.deliver(*names)
    chance = random.Random(7)
    with Proxy("127.0.0.1", line.server.port) as proxy:
        mailbox = line.open(endpoint=f"https://127.0.0.1:{proxy.port}/EWS/Exchange.asmx")
        found: dict[str, str] = {}
        cursor = ""
        for _ in range(15):
            proxy.cut_once_after(chance.randrange(12_000))
            try:
                batch = mailbox.fetch(cursor, 3)
            except DoorClosed:
                continue
            cursor = batch.cursor
            found |= dict(zip([mail.key for mail in batch.mails], ids(batch.mails), strict=True))
        proxy.cut_after(None)
        rest = stubborn(mailbox, cursor)
        found |= dict(zip([mail.key for mail in rest], ids(rest), strict=True))
    assert sorted(found.values()) == sorted(names)


def test_more_mail_than_is_listed_at_once(line: Line) -> None:
    """A mailbox larger than what is put into order at once is given piece by piece, all of it at first sight."""
    for number in range(1200):
        line.server.store.put(line.server.store.at(CREWE, "INBOX"), letter(f"n{number}"), ARRIVED)
    mailbox = line.keep(EwsMailbox("crewe", line.server.door(CREWE), listed=1))
    mails, cursor, batches = drain(mailbox, limit=400)
    assert len({mail.key for mail in mails}) == 1200
    assert all(batch.is_first_sight for batch in batches if any(mail.folder == "INBOX" for mail in batch.mails))
    assert drain(mailbox, cursor)[0] == []


@pytest.mark.parametrize("seed", range(5))
def test_people_at_work(line: Line, seed: int) -> None:
    """While people move, read and delete at random and the server fails now and then, what stays is given, by one key
    for as long as it stays where it is."""
    chance = random.Random(seed)
    store, inbox = line.server.store, line.server.store.at(CREWE, "INBOX")
    junk, private = store.at(CREWE, "Junk Email"), store.make(store.mailboxes[CREWE], "Private")
    mailbox, cursor, keys = line.open(), "", set[str]()
    store.order = chance.choice(["newest first", "oldest first"])
    for step in range(60):
        here = [*inbox.items.values(), *junk.items.values()]
        match chance.randrange(7):
            case 0 | 1 | 2:
                line.deliver(f"s{step}")
            case 3 if here:
                store.move(chance.choice(here), chance.choice([inbox, junk, private]))
            case 4 if here:
                store.change(chance.choice(here), read=chance.random() < 0.5)
            case 5 if here:
                store.take(chance.choice(here))
            case _:
                line.server.answer(chance.choice(["503", "drop", "truncate"]), times=chance.randrange(2))
        if chance.random() < 0.5:
            try:
                batch = mailbox.fetch(cursor, chance.randrange(1, 4))
            except DoorClosed:
                continue
            cursor = batch.cursor
            keys |= {mail.key for mail in batch.mails}
    line.server.behave()
    keys |= {mail.key for mail in drain(mailbox, cursor)[0]}
    assert {*inbox.items, *junk.items} <= keys


# --- the whole App ----------------------------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path: Path, ews: EwsServer) -> Iterator[tuple[Office, EwsServer]]:
    """The bot's mailbox and the team's on one Exchange, letters by it too; Fay and Helen have mailboxes there."""
    for address in (BOT, CREWE, FAY, HELEN):
        ews.add(address)
    doors = {BOT: ews.door(BOT), "send": ews.door(BOT), CREWE: ews.door(CREWE)}
    made = Office(tmp_path, doors=doors)
    made.once(made.clock.now)
    yield made, ews
    made.close()
    assert made.faults() == []


def come(server: EwsServer, raw: bytes, at: datetime = START) -> None:
    server.store.put(server.store.at(CREWE, "INBOX"), raw, at)


def received(server: EwsServer, address: str) -> list[bytes]:
    return [item.raw for item in server.store.at(address, "INBOX").items.values()]


def test_a_challenge_by_exchange(office: tuple[Office, EwsServer]) -> None:
    """Read from one mailbox, answered from the other, with nothing changed in the team's."""
    app, server = office
    come(server, raw_mail())
    before = {item.key for item in server.store.at(CREWE, "INBOX").items.values()}
    app.once(START)
    assert [q.status for q in app.letters()] == ["sent"] * len(app.letters()) != []
    assert len(received(server, FAY)) == len(received(server, HELEN)) == 1
    assert before <= {item.key for item in server.store.at(CREWE, "INBOX").items.values()}
    assert len(server.store.at(BOT, "Drafts").items) == 0


@pytest.mark.parametrize("renames", [False, True])
@pytest.mark.parametrize("what", ["drop after", "503 after", "after ErrorTimeoutExpired"])
def test_a_lost_answer_is_proven_by_the_copy_in_sent(
    office: tuple[Office, EwsServer], what: str, renames: bool
) -> None:
    """Nobody gets the letter twice, and the case knows that it went, also where Exchange calls it by another id."""
    app, server = office
    server.office.renames = renames
    come(server, raw_mail())
    server.answer(what, "SendItem", times=1)
    app.once(START)
    app.once(START + timedelta(minutes=1))
    assert app.letters(status="unknown") == []
    app.course(START + timedelta(minutes=25))
    assert [len(received(server, who)) for who in (FAY, HELEN)] == [1, 1]


def test_a_letter_that_never_went_goes_once_more(office: tuple[Office, EwsServer]) -> None:
    """No copy in Sent within the patience: the same bytes go again, once, and no draft is left."""
    app, server = office
    come(server, raw_mail())
    server.answer("drop", "SendItem", times=1)
    app.once(START)
    assert len(app.letters(status="unknown")) == 1
    app.course(START + timedelta(minutes=25))
    assert app.letters(status="unknown") == []
    assert [len(received(server, who)) for who in (FAY, HELEN)] == [1, 1]
    assert len(server.store.at(BOT, "Drafts").items) == 0


def test_exchange_is_away_for_an_hour(office: tuple[Office, EwsServer]) -> None:
    """Nothing is read and nothing sent while it is away; both follow when it is back, once."""
    app, server = office
    come(server, raw_mail())
    server.stop()
    assert len(app.once(START)) == 2
    server.start()
    app.course(START + timedelta(hours=1))
    assert [len(received(server, who)) for who in (FAY, HELEN)] == [1, 1]


def test_a_rebuilt_mailbox_opens_nothing_twice(office: tuple[Office, EwsServer]) -> None:
    """Every item under another id and every sync state lost: the ledger knows the mails by their content."""
    app, server = office
    come(server, raw_mail())
    app.once(START)
    server.store.renumber(CREWE)
    app.once(START + timedelta(minutes=1))
    assert len(app.cases()) == 1
    assert [len(received(server, who)) for who in (FAY, HELEN)] == [1, 1]
