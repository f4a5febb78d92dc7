"""The SMTP transport keeps every transport's promises against a real server, and those of SMTP: stages and TLS."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bot.doors.imap_smtp.smtp import SmtpTransport
from bot.doors.opened import open_transport
from bot.letters.mime import body
from bot.model.errors import ConfigError, DoorClosed, LoginRefused, Unsure
from bot.settings.settings import Door
from tests.contract.transport_contract import RAW, TransportContract, allowed, everybody, letter
from tests.servers.certificates import Certificate, make_certificate
from tests.servers.proxy import Proxy
from tests.servers.smtp import SmtpServer
from tests.servers.tokens import TokenServer

OpenSmtp = Callable[..., SmtpServer]


class Wire:
    """A server and a transport to it, with what the contract asks of a room."""

    keeps_recipients = True

    def __init__(self, server: SmtpServer, **door: Any) -> None:
        self.server = server
        self.known = door
        self._others: list[SmtpTransport] = []
        self.transport = SmtpTransport(server.door(**door), allowed, answer=5)

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def most_at_once(self) -> int:
        return self.server.most_at_once

    def open(self, **changes: Any) -> SmtpTransport:
        self._others.append(SmtpTransport(self.server.door(**(self.known | changes)), allowed, answer=5))
        return self._others[-1]

    def open_by(self, port: int, **changes: Any) -> SmtpTransport:
        return self.open(port=port, **changes)

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
        self.server.answer("AUTH", "535 5.7.8 Authentication unsuccessful")
        self.server.hang_up()

    def admit(self) -> None:
        self.server.behave()

    def refuse_sender(self) -> None:
        self.server.answer("MAIL", "550 5.7.60 SMTP; Client does not have permissions to send as this sender", times=1)

    def refuse_recipient(self, address: str, *, is_hard: bool) -> None:
        self.server.answer("RCPT", "550 5.1.1 nobody" if is_hard else "450 4.2.1 later", who=address)

    def refuse_size(self) -> None:
        self.server.answer("MAIL", "552 5.3.4 too large")

    def throttle(self) -> None:
        self.server.answer("MAIL", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", times=1)

    def lose_answer(self, *, is_kept: bool) -> None:
        self.server.drop("DOT" if is_kept else "BODY")

    def rename(self) -> None:
        self.server.renames = True

    def arrived(self) -> list[tuple[tuple[str, ...], bytes]]:
        return [(m.recipients, m.raw) for m in self.server.mails]


@pytest.fixture
def connect() -> Iterator[Callable[..., Wire]]:
    wires: list[Wire] = []

    def to(server: SmtpServer, **door: object) -> Wire:
        wires.append(Wire(server, **door))
        return wires[-1]

    yield to
    for wire in wires:
        wire.close()


@pytest.fixture
def wire(smtp_server: SmtpServer, connect: Callable[..., Wire]) -> Wire:
    return connect(smtp_server)


USERS = {"clock": "opensesame"}


class TestSmtp(TransportContract):
    """The contract itself, in plain text, as a relay on this machine speaks it."""

    door = "SMTP on this machine"
    absent: ClassVar[dict[str, str]] = {
        "test_a_certificate_that_does_not_hold_gets_nothing": "tls: none is for this machine only, which needs none",
    }

    @pytest.fixture
    def room(self, open_smtp: OpenSmtp, connect: Callable[..., Wire]) -> Wire:
        return connect(open_smtp(users=USERS))


class TestSmtpWithTls(TransportContract):
    """The contract once more, encrypted, by either way of starting it."""

    door = "SMTP with TLS"

    @pytest.fixture(params=["starttls", "implicit"])
    def room(self, request: pytest.FixtureRequest, open_smtp: OpenSmtp, connect: Callable[..., Wire]) -> Wire:
        return connect(open_smtp(tls=request.param, users=USERS))


class TestSmtpByToken(TransportContract):
    """The contract once more, with XOAUTH2 in place of a password."""

    door = "SMTP with XOAUTH2"

    @pytest.fixture
    def room(self, by_token: Wire) -> Wire:
        return by_token


# --- TLS and login ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_letters_go_encrypted_and_logged_in(tls: str, open_smtp: OpenSmtp, connect: Callable[..., Wire]) -> None:
    """The server sees TLS and the user, by either way of starting it."""
    room = connect(open_smtp(tls=tls, users={"clock": "opensesame"}))
    room.transport.offer(letter()).deliver()
    assert [(m.is_tls, m.user) for m in room.server.mails] == [(True, "clock")]


def test_a_server_whose_starttls_was_stripped_gets_nothing(
    smtp_server: SmtpServer, connect: Callable[..., Wire]
) -> None:
    """No fallback: neither password nor letter crosses in the clear."""
    room = connect(smtp_server, tls="starttls", user="clock", password="opensesame")
    with pytest.raises(DoorClosed, match="STARTTLS"):
        room.transport.offer(letter())
    assert set(smtp_server.commands) <= {"EHLO", "QUIT"}


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("fault", ["host", "expired", "authority"])
def test_a_certificate_that_does_not_hold_gets_nothing(
    tls: str, fault: str, tmp_path: Path, open_smtp: OpenSmtp, connect: Callable[..., Wire]
) -> None:
    """Another host's, run out, or signed by nobody we trust: the letter waits."""
    bad = make_certificate(
        tmp_path / "bad", host="other.example" if fault == "host" else "127.0.0.1", is_expired=fault == "expired"
    )
    trusted = make_certificate(tmp_path / "good").ca if fault == "authority" else bad.ca
    room = connect(open_smtp(tls=tls, certificate=bad), ca_file=str(trusted))
    with pytest.raises(DoorClosed, match="certificate"):
        room.transport.offer(letter())
    assert "MAIL" not in room.server.commands


class Old(Certificate):
    """Of a server that speaks nothing newer than TLS 1.1."""

    def server_context(self) -> ssl.SSLContext:
        context = super().server_context()
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings(action="ignore"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context


def test_a_server_with_tls_of_the_past_gets_nothing(
    tmp_path: Path, open_smtp: OpenSmtp, connect: Callable[..., Wire]
) -> None:
    """TLS 1.1 can be broken, so it is no encryption: others would talk to that server, and we do not."""
    made = make_certificate(tmp_path / "old")
    server = open_smtp(tls="implicit", certificate=Old(made.ca, made.chain, made.key))
    anyone = ssl.create_default_context(cafile=made.ca)
    anyone.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    anyone.set_ciphers("DEFAULT:@SECLEVEL=0")
    with anyone.wrap_socket(socket.create_connection(("127.0.0.1", server.port)), server_hostname="127.0.0.1") as line:
        assert line.version() == "TLSv1.1"
    room = connect(server)
    with pytest.raises(DoorClosed):
        room.transport.offer(letter())
    assert server.commands == []


def test_a_refused_login_is_a_closed_door(open_smtp: OpenSmtp, connect: Callable[..., Wire]) -> None:
    """The words are the server's; the password is not among them."""
    room = connect(open_smtp(tls="starttls", users={"clock": "opensesame"}), password="wrong-one")
    with pytest.raises(DoorClosed, match="535") as caught:
        room.transport.offer(letter())
    assert "wrong-one" not in str(caught.value)
    assert "MAIL" not in room.server.commands


def test_an_unreadable_authority_file_is_named(tmp_path: Path) -> None:
    """The operator reads which file."""
    with pytest.raises(ConfigError, match=r"missing\.pem"):
        open_transport(Door(kind="smtp", host="mx.council.example", ca_file=str(tmp_path / "missing.pem")), allowed)


@pytest.fixture
def by_token(token_server: TokenServer, open_smtp: OpenSmtp, connect: Callable[..., Wire]) -> Wire:
    server = open_smtp(tls="starttls", authority=token_server.service)
    return connect(server, user="clock@cescp.example", oauth=token_server.oauth())


def test_a_token_logs_in_as_the_mailbox(by_token: Wire, token_server: TokenServer) -> None:
    """One token serves while it is good; one that was revoked is given up for another at once."""
    by_token.transport.offer(letter()).deliver()
    by_token.hang_up()
    token_server.service.revoke()
    by_token.transport.offer(letter()).deliver()
    assert [m.user for m in by_token.server.mails] == ["clock@cescp.example"] * 2
    assert token_server.service.asked == 2


def test_a_token_refused_twice_closes_the_door(by_token: Wire, token_server: TokenServer) -> None:
    """Two are tried and no third; what is said names the permission and holds no token."""
    by_token.refuse()
    with pytest.raises(LoginRefused, match=r"535 .*SMTP\.SendAsApp") as told:
        by_token.transport.offer(letter())
    assert token_server.service.asked == 2
    assert not any(token in str(told.value) for token in token_server.service.grants)


def test_a_login_put_off_is_no_refusal(by_token: Wire, token_server: TokenServer) -> None:
    """4xx at the login is "not now": the token is kept, and nobody is called."""
    by_token.server.answer("AUTH", "454 4.7.0 Temporary authentication failure", times=1)
    with pytest.raises(DoorClosed, match="454") as told:
        by_token.transport.offer(letter())
    assert not isinstance(told.value, LoginRefused)
    by_token.transport.offer(letter()).deliver()
    assert token_server.service.asked == 1


# --- stages ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "RCPT"])
def test_lost_before_data_is_surely_not_sent(wire: Wire, stage: str) -> None:
    """DoorClosed, and the next try connects anew and succeeds."""
    wire.server.drop(stage)
    with pytest.raises(DoorClosed):
        wire.transport.offer(letter())
    wire.transport.offer(letter()).deliver()
    assert len(wire.server.mails) == 1


@pytest.mark.parametrize(("stage", "copies"), [("DATA", 0), ("BODY", 0), ("DOT", 1)])
@pytest.mark.parametrize("fault", ["drop", "stall"])
def test_lost_from_data_on_is_unsure(smtp_server: SmtpServer, stage: str, copies: int, fault: str) -> None:
    """Whether the server kept it (after the final dot) or not: the transport does not know, and says so."""
    transport = SmtpTransport(smtp_server.door(), allowed, answer=0.3)
    getattr(smtp_server, fault)(stage)
    offer = transport.offer(letter())
    with pytest.raises(Unsure):
        offer.deliver()
    assert len(smtp_server.mails) == copies
    transport.offer(letter()).deliver()
    assert len(smtp_server.mails) == copies + 1
    transport.close()


def test_an_answer_cut_at_any_byte_is_unsure(wire: Wire) -> None:
    """A piece of a yes is none: only a whole line says that the server has the letter."""
    go_on, yes = b"354 End data with <CR><LF>.<CR><LF>\r\n", b"250 2.0.0 Ok: queued\r\n"
    with Proxy("127.0.0.1", wire.port) as proxy:
        transport = wire.open_by(proxy.port)
        for count in range(len(yes)):
            proxy.cut_after(None)
            offer = transport.offer(letter())
            proxy.cut_once_after(len(go_on) + count)
            with pytest.raises(Unsure):
                offer.deliver()
        proxy.cut_after(None)
        assert transport.offer(letter()).deliver().reply == yes.decode().strip()
    # cut before the first byte of the yes, the letter may or may not have gone through; later it has
    assert len(wire.server.mails) in (len(yes), len(yes) + 1)


@pytest.mark.parametrize(
    ("line", "status", "is_hard"),
    [
        ("550 5.1.1 no such user", "5.1.1", True),
        ("554 go away", "5.0.0", True),
        ("451 4.7.1 greylisted", "4.7.1", False),
        ("452 too many recipients", "4.0.0", False),
    ],
)
def test_a_refused_recipient_is_named_and_the_others_are_served(
    wire: Wire, line: str, status: str, is_hard: bool
) -> None:
    """4xx may be tried again, 5xx not; the status is the server's own where it gave one."""
    wire.server.answer("RCPT", line, who="bad@csc.example")
    offer = wire.transport.offer(letter("fay@csc.example", "bad@csc.example"))
    (refusal,) = offer.refused
    assert (refusal.recipient, refusal.status, refusal.is_hard) == ("bad@csc.example", status, is_hard)
    assert line in refusal.words
    outcome = offer.deliver()
    assert outcome.accepted == ("fay@csc.example",)
    assert everybody(outcome) == {"fay@csc.example", "bad@csc.example"}
    assert wire.server.mails[0].recipients == ("fay@csc.example",)


def test_everybody_refused_leaves_nothing_to_deliver(wire: Wire) -> None:
    """And the connection serves the next letter."""
    wire.server.answer("RCPT", "550 5.1.1 nobody", times=2)
    offer = wire.transport.offer(letter("a@csc.example", "b@csc.example"))
    assert (offer.accepted, len(offer.refused)) == ((), 2)
    wire.transport.offer(letter()).deliver()
    assert (len(wire.server.mails), wire.server.connections) == (1, 1)


@pytest.mark.parametrize("stage", ["DATA", "DOT"])
@pytest.mark.parametrize(("line", "is_hard"), [("554 5.7.1 spam", True), ("451 4.3.0 try later", False)])
def test_a_letter_refused_at_data_is_refused_for_everybody(wire: Wire, stage: str, line: str, is_hard: bool) -> None:
    """An answer is an answer: refused, not unsure."""
    wire.server.answer(stage, line, times=1)
    outcome = wire.transport.offer(letter("a@csc.example", "b@csc.example")).deliver()
    assert outcome.accepted == ()
    assert [(r.recipient, r.is_hard) for r in outcome.refused] == [
        ("a@csc.example", is_hard),
        ("b@csc.example", is_hard),
    ]
    assert wire.server.mails == []


@pytest.mark.parametrize("line", ["421 4.3.2 shutting down", "530 5.7.0 log in first"])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
def test_a_no_that_is_about_us_closes_the_door(wire: Wire, stage: str, line: str) -> None:
    """The letter is not to blame: nobody is told that it cannot be delivered."""
    wire.server.answer(stage, line, times=1)
    with pytest.raises(DoorClosed, match=line[:3]):
        wire.transport.offer(letter())


def test_a_sender_the_server_does_not_take_closes_the_door(wire: Wire) -> None:
    """Else one wrong permission would turn every letter into an undeliverable one."""
    wire.server.answer("MAIL", "550 5.7.60 may not send as this address", times=1)
    with pytest.raises(DoorClosed, match=r"5\.7\.60"):
        wire.transport.offer(letter())


def test_a_letter_too_big_is_refused_for_everybody(wire: Wire) -> None:
    """552 at MAIL speaks of the letter."""
    wire.server.answer("MAIL", "552 5.3.4 too big", times=1)
    offer = wire.transport.offer(letter("a@csc.example", "b@csc.example"))
    assert offer.accepted == ()
    assert [(r.recipient, r.status, r.is_hard) for r in offer.refused] == [
        ("a@csc.example", "5.3.4", True),
        ("b@csc.example", "5.3.4", True),
    ]


def test_a_drop_at_quit_is_success(wire: Wire) -> None:
    """The letter was accepted before."""
    wire.server.drop("QUIT")
    assert wire.transport.offer(letter()).deliver().accepted
    wire.transport.close()


# --- the connection --------------------------------------------------------------------------------------------------


def test_the_connection_is_kept_and_reused(wire: Wire) -> None:
    """One login serves many letters."""
    for _ in range(3):
        wire.transport.offer(letter()).deliver()
    assert wire.server.connections == 1


def test_it_connects_anew_when_the_server_has_hung_up(wire: Wire) -> None:
    """Between two letters a server may restart; nobody notices."""
    wire.transport.offer(letter()).deliver()
    wire.server.hang_up()
    wire.transport.offer(letter()).deliver()
    assert (len(wire.server.mails), wire.server.connections) == (2, 2)


def test_it_connects_anew_when_the_kept_connection_no_longer_answers_well(wire: Wire) -> None:
    """A 421 to the question whether it still stands costs nothing but a new connection."""
    wire.transport.offer(letter()).deliver()
    wire.server.answer("RSET", "421 4.4.2 idle too long", times=1)
    wire.transport.offer(letter()).deliver()
    assert len(wire.server.mails) == 2


def test_a_server_that_is_away_is_a_closed_door(smtp_server: SmtpServer, connect: Callable[..., Wire]) -> None:
    """And works again when it is back on its port."""
    room = connect(smtp_server)
    smtp_server.stop()
    with pytest.raises(DoorClosed, match=str(smtp_server.port)):
        room.transport.offer(letter())
    smtp_server.start()
    room.transport.offer(letter()).deliver()
    assert len(smtp_server.mails) == 1


def test_closing_ends_an_offer_that_waits(wire: Wire) -> None:
    """A daemon told to stop does not wait for a silent server: surely not sent."""
    wire.server.stall("RCPT")
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(wire.transport.offer, letter())
        wire.server.wait_until("RCPT")
        wire.transport.close()
        assert isinstance(waiting.exception(2), DoorClosed)


def test_closing_ends_a_delivery_that_waits(wire: Wire) -> None:
    """After the final dot nobody knows, not even when it is we who hang up."""
    wire.server.stall("DOT")
    offer = wire.transport.offer(letter())
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(offer.deliver)
        wire.server.wait_for(1)
        wire.transport.close()
        assert isinstance(waiting.exception(2), Unsure)


# --- the letter ------------------------------------------------------------------------------------------------------

DOTS = [a + b"." + c for a in (b"\n", b"\r", b"\r\n", b"\n\r\n") for c in (b"\n", b"\r", b"\r\n", b"\r\n\n")]


@pytest.mark.parametrize("dot", DOTS)
def test_no_line_of_a_letter_ends_it(wire: Wire, dot: bytes) -> None:
    """Quoted text that hides an end of data and a second mail arrives as one mail (SMTP smuggling)."""
    hidden = b"MAIL FROM:<eve@outside.example>\r\nRCPT TO:<fay@csc.example>\r\nDATA\r\nhello\r\n.\r\n"
    wire.transport.offer(letter(raw=RAW + b"quoted" + dot + hidden)).deliver()
    wire.transport.offer(letter()).deliver()
    assert len(wire.server.mails) == 2
    assert b"hello" in wire.server.mails[0].raw


@pytest.mark.parametrize("words", ["x" * 5000, "ß" * 5000, "word " * 5000], ids=["one word", "of two bytes", "words"])
def test_a_line_of_any_length_arrives(wire: Wire, words: str) -> None:
    """A server refuses lines of more than 998 octets (this one does): a letter has none, whatever was written."""
    raw = RAW.partition(b"\r\n\r\n")[0] + b"\r\n" + body(words, f"<p>{words}</p>", (), "m1@cescp.example")
    assert wire.transport.offer(letter(raw=raw)).deliver().accepted == ("fay@csc.example",)
    came = message_from_bytes(wire.server.mails[0].raw, policy=default).get_body(("plain",))
    assert came is not None
    assert came.get_content().strip() == words.strip()


def test_the_id_a_server_gives_instead_of_ours_is_told(open_smtp: OpenSmtp, connect: Callable[..., Wire]) -> None:
    """Exchange Online replaces the Message-ID and says the new one in its answer to DATA; answers will cite it."""
    room = connect(open_smtp(renames=True))
    outcome = room.transport.offer(letter()).deliver()
    assert outcome.assigned_id == "renamed-0@mx.test.example"
    assert "renamed-0@mx.test.example" in outcome.reply
    assert b"renamed-0@mx.test.example" in room.server.mails[0].raw


@pytest.mark.parametrize("line", ["250 2.6.0 <m1@cescp.example> queued", "250 <not an id> ok", "250 fine", "250 <a@b"])
def test_no_id_is_made_up(wire: Wire, line: str) -> None:
    """Our own id repeated, or something else in brackets, is no new id."""
    wire.server.answer("DOT", line)
    assert wire.transport.offer(letter()).deliver().assigned_id in ("", "a@b")


def test_an_address_outside_ascii_needs_a_server_that_takes_it(
    open_smtp: OpenSmtp, connect: Callable[..., Wire]
) -> None:
    """It goes where SMTPUTF8 is spoken and is refused by name where it is not; other letters never ask for it."""
    can, cannot = connect(open_smtp()), connect(open_smtp(utf8=False))
    both = letter("zoë@csc.example", "fay@csc.example")
    assert can.transport.offer(both).deliver().accepted == ("zoë@csc.example", "fay@csc.example")
    refused = cannot.transport.offer(both).refused
    assert [(r.recipient, r.status) for r in refused] == [("zoë@csc.example", "5.6.7")]
    can.transport.offer(letter()).deliver()
    assert ["SMTPUTF8" in m.options for m in can.server.mails] == [True, False]
