"""The EWS transport keeps every transport's promises against a server of our own, and those of drafts and doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import exchangelib
import pytest
from exchangelib import BASIC, DELEGATE, Account, Configuration, Credentials
from exchangelib.protocol import BaseProtocol, FaultTolerance
from exchangelib.version import EXCHANGE_2019, Version
from pydantic import SecretStr

from bot.doors.opened import open_transport
from bot.doors.ports import Transport
from bot.model.errors import DoorClosed, Throttled, Unsure
from tests.contract.transport_contract import RAW, TransportContract, allowed, letter
from tests.servers.certificates import make_certificate
from tests.servers.ews import EwsServer
from tests.servers.proxy import Proxy

CLOCK = "clock@cescp.example"

OpenEws = Callable[..., EwsServer]


class Room:
    """The bot's mailbox on a server, and a transport from it."""

    keeps_recipients = True

    def __init__(self, server: EwsServer, **changes: Any) -> None:
        self.server = server
        if CLOCK not in server.users:
            server.add(CLOCK)
        self.known = changes
        self._others: list[Transport] = []
        self.transport = open_transport(server.door(CLOCK, **changes), allowed)

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def most_at_once(self) -> int:
        return self.server.most_at_once

    def open(self, **changes: Any) -> Transport:
        self._others.append(open_transport(self.server.door(CLOCK, **(self.known | changes)), allowed))
        return self._others[-1]

    def open_by(self, port: int, **changes: Any) -> Transport:
        return self.open(endpoint=f"https://127.0.0.1:{port}/EWS/Exchange.asmx", **changes)

    def close(self) -> None:
        for transport in (self.transport, *self._others):
            transport.close()

    def known_change(self, raw: bytes) -> bytes:
        return raw

    def shut(self) -> None:
        self.server.stop()

    def unshut(self) -> None:
        self.server.start()

    def hang_up(self) -> None:
        self.server.hang_up()

    def refuse(self) -> None:
        self.server.answer("401")

    def admit(self) -> None:
        self.server.behave()

    def refuse_sender(self) -> None:
        self.server.answer("ErrorSendAsDenied", "SendItem", times=1)

    def refuse_size(self) -> None:
        self.server.answer("ErrorMessageSizeExceeded", "CreateItem")

    def throttle(self) -> None:
        self.server.answer("busy", "CreateItem", times=1)

    def lose_answer(self, *, is_kept: bool) -> None:
        self.server.answer("drop after" if is_kept else "drop", "SendItem", times=1)

    def rename(self) -> None:
        self.server.office.renames = True

    def arrived(self) -> list[tuple[tuple[str, ...], bytes]]:
        return [(one.recipients, one.raw) for one in self.server.letters]

    def held(self, folder: str) -> int:
        return len(self.server.store.at(CLOCK, folder).items)


@pytest.fixture
def connect() -> Iterator[Callable[..., Room]]:
    rooms: list[Room] = []

    def to(server: EwsServer, **changes: Any) -> Room:
        rooms.append(Room(server, **changes))
        return rooms[-1]

    yield to
    for room in rooms:
        room.close()


@pytest.fixture
def room(ews: EwsServer, connect: Callable[..., Room]) -> Room:
    return connect(ews)


class TestEws(TransportContract):
    """The contract itself."""

    door = "EWS"
    absent: ClassVar[dict[str, str]] = {
        "test_a_refused_recipient_is_named_and_the_others_are_served": "Exchange takes a letter for all or for nobody; "
        "what does not arrive comes back as a bounce",
    }


# --- the draft --------------------------------------------------------------------------------------------------------


def test_a_letter_is_a_draft_until_it_is_sent(room: Room) -> None:
    """Its id is known before anything has gone; then it lies in Sent, and nowhere else."""
    offer = room.transport.offer(letter())
    assert list(room.server.store.at(CLOCK, "Drafts").items) == [offer.id]
    assert room.arrived() == []
    offer.deliver()
    assert (room.held("Drafts"), room.held("Sent Items"), len(room.arrived())) == (0, 1, 1)


def test_an_abandoned_draft_is_deleted(room: Room) -> None:
    """No draft is left for somebody to send by hand."""
    room.transport.offer(letter()).abandon()
    assert (room.held("Drafts"), room.held("Deleted Items")) == (0, 0)


def test_a_draft_that_an_earlier_try_left_is_deleted(room: Room) -> None:
    """After a crash between draft and commit, the same letter lies in Drafts once; other drafts are left alone."""
    mine = room.server.store.put(room.server.store.at(CLOCK, "Drafts"), RAW.replace(b"<m1@", b"<m2@"))
    room.transport.offer(letter())
    offer = room.transport.offer(letter())
    assert sorted(room.server.store.at(CLOCK, "Drafts").items) == sorted([mine.id, offer.id])


def test_a_doubtful_draft_under_another_id_is_deleted(room: Room) -> None:
    """Where Exchange gave the draft an id of its own, and it turns out not to have gone, it goes but once."""
    room.server.office.renames = True
    room.server.answer("drop", "SendItem", times=1)
    with pytest.raises(Unsure):
        room.transport.offer(letter()).deliver()
    assert room.held("Drafts") == 1
    room.transport.offer(letter()).deliver()
    assert (room.held("Drafts"), len(room.arrived())) == (0, 1)


def test_the_envelope_decides_who_gets_it(room: Room) -> None:
    """Whoever stands in the headers but not in the envelope is taken off the draft; the others keep their place."""
    raw = RAW.replace(b"To: fay@csc.example", b"To: fay@csc.example, Dev <dev@csc.example>\r\nCc: eve@outside.example")
    room.transport.offer(letter("DEV@csc.example", "eve@outside.example", "hid@csc.example", raw=raw)).deliver()
    ((recipients, sent),) = room.arrived()
    assert recipients == ("dev@csc.example", "hid@csc.example")
    assert b"eve@" not in sent
    assert b"fay@" not in sent
    assert b"hid@" not in sent


def test_the_id_that_exchange_gives_is_told(room: Room) -> None:
    """Replies will cite it, and proof is looked for by it."""
    assert room.transport.offer(letter()).deliver().assigned_id == ""
    room.server.office.renames = True
    assigned = room.transport.offer(letter()).deliver().assigned_id
    assert assigned.endswith("@exchange.council.example")
    assert f"<{assigned}>".encode() in room.arrived()[-1][1]


def test_stripped_headers_do_no_harm(room: Room) -> None:
    """A server that takes headers out is no failure: nothing is built on them."""
    room.server.office.strips = ("X-Auto-Response-Suppress", "Auto-Submitted")
    raw = b"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n" + RAW
    assert room.transport.offer(letter(raw=raw)).deliver().accepted == ("fay@csc.example",)
    assert room.arrived()[0][1] == RAW


@pytest.mark.parametrize("operation", ["CreateItem", "SendItem"])
@pytest.mark.parametrize(
    ("code", "status"), [("ErrorMessageSizeExceeded", "5.3.4"), ("ErrorInvalidRecipients", "5.1.3")]
)
def test_a_letter_that_is_not_taken_is_refused_for_everybody(
    room: Room, operation: str, code: str, status: str
) -> None:
    """Too large, or to an address that cannot be: that is about the letter, and waiting would not help."""
    room.server.answer(code, operation)
    offer = room.transport.offer(letter("fay@csc.example", "dev@csc.example"))
    refused = offer.refused if operation == "CreateItem" else offer.deliver().refused
    assert [(r.recipient, r.status, r.is_hard) for r in refused] == [
        ("fay@csc.example", status, True),
        ("dev@csc.example", status, True),
    ]
    assert room.arrived() == []


def test_a_letter_above_the_servers_limit(room: Room) -> None:
    """The server's own limit, met for real."""
    room.server.office.most = 500
    assert [r.status for r in room.transport.offer(letter()).deliver().refused] == ["5.3.4"]


# --- doubt ------------------------------------------------------------------------------------------------------------

LOST = ("drop after", "503 after", "after ErrorInternalServerError", "after ErrorTimeoutExpired", "truncate")


@pytest.mark.parametrize("what", LOST)
def test_a_lost_answer_is_doubt_and_nothing_is_tried_again(room: Room, what: str) -> None:
    """The letter has gone, and the server's word is missing or worthless: Unsure, and one copy."""
    offer = room.transport.offer(letter())
    room.server.answer(what, "SendItem")
    with pytest.raises(Unsure):
        offer.deliver()
    room.server.behave()
    assert len(room.arrived()) == 1
    assert room.server.count()["SendItem"] == 1


@pytest.mark.parametrize("what", ["drop", "503", "html", "500", "ErrorItemNotFound"])
def test_an_answer_that_proves_nothing_is_doubt_too(room: Room, what: str) -> None:
    """It did not go, but nobody can know that: a proxy answers so after the letter as well as before it."""
    offer = room.transport.offer(letter())
    room.server.answer(what, "SendItem")
    with pytest.raises(Unsure):
        offer.deliver()
    assert room.server.count()["SendItem"] == 1


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("401", "refused the login"),
        ("busy", "slow down"),
        ("ErrorSendAsDenied", "grant Send As"),
        ("ErrorQuotaExceeded", "is full"),
        ("ErrorStaleObject", "ErrorStaleObject"),
    ],
)
def test_a_certain_no_waits(room: Room, what: str, words: str) -> None:
    """Refused before anything went: the door is closed, and the next try succeeds."""
    offer = room.transport.offer(letter())
    room.server.answer(what, "SendItem", milliseconds=90_000)
    with pytest.raises(DoorClosed, match=words) as told:
        offer.deliver()
    assert (isinstance(told.value, Throttled), room.arrived()) == (what == "busy", [])
    if isinstance(told.value, Throttled):
        assert told.value.seconds == 90
    room.server.behave()
    room.transport.offer(letter()).deliver()
    assert (len(room.arrived()), room.held("Drafts")) == (1, 0)


def test_a_server_that_is_gone_before_the_letter_is_sent(room: Room) -> None:
    """No connection, no doubt; when it is back the letter goes."""
    offer = room.transport.offer(letter())
    room.server.stop()
    for verb in (offer.deliver, lambda: room.transport.offer(letter())):
        with pytest.raises(DoorClosed, match="nobody listens there"):
            verb()
    room.server.start()
    room.transport.offer(letter()).deliver()
    assert len(room.arrived()) == 1


def test_nobody_elses_patience_is_ours(
    room: Room, monkeypatch: pytest.MonkeyPatch, connect: Callable[..., Room]
) -> None:
    """A patient account for the same address and login in this process changes nothing: one copy, no second try."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(room.server.certificate.ca))
    monkeypatch.setattr(BaseProtocol, "RETRY_WAIT", 0.01)
    config = Configuration(
        service_endpoint=room.server.endpoint, credentials=Credentials(CLOCK, "let me in"), auth_type=BASIC,
        version=Version(EXCHANGE_2019), retry_policy=FaultTolerance(max_wait=60),
    )  # fmt: skip
    assert Account(CLOCK, config=config, autodiscover=False, access_type=DELEGATE).inbox.name == "Inbox"
    ours = connect(room.server)
    offer = ours.transport.offer(letter())
    room.server.answer("503 after", "SendItem", times=1)
    with pytest.raises(Unsure):
        offer.deliver()
    assert (room.server.count()["SendItem"], len(room.arrived())) == (1, 1)
    exchangelib.close_connections()


# --- bad days of the offer --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("503", "is out of order just now"),
        ("401", "refused the login: check user and password"),
        ("html", "is no Exchange server"),
        ("drop", "the connection was lost"),
        ("ErrorNonExistentMailbox", "knows no mailbox clock@cescp.example: was it deleted"),
        ("ErrorMailboxStoreUnavailable", "cannot reach the mailbox"),
    ],
)
def test_bad_days(room: Room, what: str, words: str) -> None:
    """The operator reads what it is, the letter waits, and goes when the day is over."""
    room.server.answer(what)
    with pytest.raises(DoorClosed, match=words) as told:
        room.transport.offer(letter())
    assert "let me in" not in str(told.value)
    room.server.behave()
    room.transport.offer(letter()).deliver()
    assert len(room.arrived()) == 1


@pytest.mark.parametrize("fault", ["host", "expired", "authority"])
def test_a_wrong_certificate_is_never_ignored(
    fault: str, tmp_path: Path, open_ews: OpenEws, connect: Callable[..., Room]
) -> None:
    """Another host's, run out, or signed by nobody we trust: nothing is said to such a server."""
    bad = make_certificate(
        tmp_path / "bad", host="other.example" if fault == "host" else "127.0.0.1", is_expired=fault == "expired"
    )
    trusted = make_certificate(tmp_path / "good").ca if fault == "authority" else bad.ca
    room = connect(open_ews(certificate=bad), ca_file=str(trusted))
    with pytest.raises(DoorClosed, match="certificate"):
        room.transport.offer(letter())
    assert room.server.asked == []


def test_tls_that_is_cut(ews: EwsServer, connect: Callable[..., Room]) -> None:
    """A proxy that ends the line in the middle of the answer to SendItem leaves doubt; before it, a closed door."""
    with Proxy("127.0.0.1", ews.port) as proxy:
        endpoint = f"https://127.0.0.1:{proxy.port}/EWS/Exchange.asmx"
        room = connect(ews, endpoint=endpoint)
        proxy.cut_after(10)
        with pytest.raises(DoorClosed):
            room.transport.offer(letter())
        proxy.cut_after(None)
        offer = room.transport.offer(letter())
        proxy.cut_after(10)
        with pytest.raises(Unsure):
            offer.deliver()


def test_a_name_that_is_not_known(room: Room, connect: Callable[..., Room]) -> None:
    """DNS fails: said as such."""
    other = connect(room.server, endpoint="https://exchange.invalid/EWS/Exchange.asmx")
    with pytest.raises(DoorClosed, match="name is not known"):
        other.transport.offer(letter())


def test_the_password_stands_in_no_error(room: Room, connect: Callable[..., Room]) -> None:
    """Neither in the sentence nor in what it was made from."""
    with pytest.raises(DoorClosed) as told:
        connect(room.server, password=SecretStr("hunter2hunter2")).transport.offer(letter())
    error: BaseException | None = told.value
    while error is not None:
        assert "hunter2" not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__
